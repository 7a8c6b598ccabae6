"""How bin/serve, bin/manage and bin/test begin and end."""

import os
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import NoReturn

import console


def _interrupt(number: int, frame: FrameType | None) -> None:
    """A closed terminal and a polite kill unwind like Ctrl-C does; the number tells the exit status."""
    raise KeyboardInterrupt(number)


def main(run: Callable[[list[str]], int]) -> NoReturn:
    """Run one command; say in plain words why it failed; leave with its status."""
    console.prepare()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        status = run(sys.argv[1:])
    except console.Failed as error:
        console.explain(error)
        status = 1
    except KeyboardInterrupt as error:
        console.say("stopped")
        status = 128 + (error.args[0] if error.args else signal.SIGINT)
    # Threads of an interrupted set-up must not hold us: what they started ends with us.
    sys.stdout.flush()
    os._exit(status)
