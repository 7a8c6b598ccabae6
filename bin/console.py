"""What the commands say while they work: one line per step with its seconds, on stderr, so that stdout stays clean."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

HEARTBEAT_S = 10
TAIL_LINES = 15

_lock = threading.Lock()


class Failed(Exception):
    """A step that cannot go on. `advice` says in plain words what to do next; `log` is a file whose end explains it."""

    def __init__(self, what: str, *, advice: str = "", log: Path | None = None) -> None:
        super().__init__(what)
        self.what, self.advice, self.log = what, advice, log


def prepare() -> None:
    """Let Chinese text through whatever encoding the terminal claims to have, and buffer by line."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace", line_buffering=True)  # type: ignore[union-attr]  # neither is None in a program that is run


def say(text: str = "") -> None:
    """One line on stderr. A terminal that has gone away is no reason to stop stopping."""
    with _lock:
        try:
            print(text, file=sys.stderr, flush=True)
        except OSError:
            return


def explain(error: Failed) -> None:
    """What failed, the end of its log, and what to do."""
    say(f"\nFAILED: {error.what}")
    if error.log and error.log.exists():
        say(f"The end of {error.log}:")
        say(tail(error.log))
    if error.advice:
        say(f"What to do: {error.advice}")


def tail(path: Path, lines: int = TAIL_LINES) -> str:
    """The last lines of a text file, indented."""
    text = path.read_bytes()[-20_000:].decode(errors="replace")
    return "\n".join(f"    {line}" for line in text.rstrip().splitlines()[-lines:]) or "    (empty)"


@contextmanager
def step(what: str, *, progress: Callable[[], str] | None = None, quiet_below: float = 0.0) -> Iterator[None]:
    """Say how long `what` took; every ten seconds say that it still runs (with `progress()` when given).

    Steps quicker than `quiet_below` seconds are not worth a line.
    """
    began = time.monotonic()
    over = threading.Event()

    def beat() -> None:
        while not over.wait(HEARTBEAT_S):
            more = f", {progress()}" if progress else ""
            say(f"  ..  {what}: {time.monotonic() - began:.0f} s so far{more}")

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    except BaseException:
        over.set()
        say(f"  !!  {what}: stopped after {time.monotonic() - began:.1f} s")
        raise
    over.set()
    took = time.monotonic() - began
    if took >= quiet_below:
        say(f"  ok  {what:<58} {took:6.1f} s")
