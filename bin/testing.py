"""bin/test: every check and every test, on services of their own below var/test; a summary at the end."""

import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import console
import install
import place as places
from application import Application, environment
from keeper import Services
from place import Place
from processes import Guard, clear, tied

MOST_PROCESSES = 4
"""Of pytest. More do not end sooner: the browser's tests are one after the other."""
SKIPPED = re.compile(r"^SKIPPED \[(\d+)\] (.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Check:
    """`aside`: it takes one processor and long, so that the next checks begin beside it."""

    name: str
    command: list[str | Path]
    env: dict[str, str]
    aside: bool = False


Result = tuple[str, int, float]
"""(name, exit status, seconds)"""


def test(arguments: list[str]) -> int:
    """0 when every check passed. Arguments go to pytest; with any, only pytest runs."""
    place = places.find(test=True)
    if places.try_lock(place.var / "test.lock") is None:
        raise console.Failed("bin/test is already running in this checkout", advice="wait for it, or stop it")
    programs = install.install(place, services=True, test=True)
    with ExitStack() as running:
        services = running.enter_context(Services(place, programs))
        hosts = [services.run]
        for number in range(1, 1 if arguments else processes()):
            more = replace(place, var=place.var / f"process-{number}")
            more.logs.mkdir(parents=True, exist_ok=True)
            hosts.append(running.enter_context(Services(more, programs)).run)
        env = environment(place, programs, services) | programs.browser
        env |= {"XDG_CACHE_HOME": str(place.tools / "cache"), "TEST_HOSTS": os.pathsep.join(map(str, hosts))}
        application = Application(place, env, private=True)
        application.collect_static()
        env["STATIC_COLLECTED"] = "1"
        runner = Runner(place)
        try:
            results = runner.run_all(checks(place, application, env, arguments))
        finally:
            runner.close()
    return summary(results, runner.skipped)


def checks(place: Place, application: Application, env: dict[str, str], arguments: list[str]) -> list[Check]:
    """What is run, in this order."""
    python = place.python
    production = env | {"DEBUG": "0", "ALLOWED_HOSTS": "yaobi.example", "HTTPS": "1"}
    pytest: list[str | Path] = [python, "-m", "pytest", "-ra"]
    if arguments:
        return [Check("pytest", [*pytest, *arguments], env)]
    return [
        Check("ruff check", [python, "-m", "ruff", "check", "."], env),
        Check("ruff format", [python, "-m", "ruff", "format", "--check", "."], env),
        Check("mypy", [python, "-m", "mypy", "."], env, aside=True),
        Check("makemigrations --check", application.command("makemigrations", "--check", "--dry-run"), env),
        Check("check --deploy", application.command("check", "--deploy", "--fail-level", "WARNING"), production),
        Check("pytest", [*pytest, "-n", str(processes())], env),
    ]


def processes() -> int:
    """How many run the tests (tests/spreading.py): one on each processor; 0 means that pytest itself does."""
    usable = len(os.sched_getaffinity(0))
    return min(usable, MOST_PROCESSES) if usable > 1 else 0


class Runner:
    """Runs checks one after the other, showing their output; nothing they start survives them."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.guard = Guard()
        self.skipped: list[str] = []

    def run_all(self, given: list[Check]) -> list[Result]:
        """All results, in the order of the checks."""
        beside = ThreadPoolExecutor(1)
        waiting = {check.name: beside.submit(self._aside, check) for check in given if check.aside}
        done = {check.name: self.run(check) for check in given if not check.aside}
        done |= {name: running.result() for name, running in waiting.items()}
        return [done[check.name] for check in given]

    def run(self, check: Check) -> Result:
        console.say(f"\n=== {check.name}")
        return self._run(check, lambda line: print(line, end="", flush=True))

    def _aside(self, check: Check) -> Result:
        """Its output is shown whole when it has ended, between lines of what runs in front."""
        said: list[str] = []
        result = self._run(check, said.append)
        print(f"\n=== {check.name}, beside the others\n{''.join(said)}===\n", flush=True)
        return result

    def _run(self, check: Check, show: Callable[[str], None]) -> Result:
        began = time.monotonic()
        read, write = os.pipe()
        process = subprocess.Popen(
            tied(check.command), stdin=subprocess.DEVNULL, stdout=write, stderr=write,
            env=check.env, cwd=self.place.root, start_new_session=True,
        )  # fmt: skip
        os.close(write)
        self.guard.add(process.pid, signal.SIGINT)
        # What a check leaves running would keep the pipe open for ever: clear it away as soon as the check ends.
        clearing = threading.Thread(target=_clear_after, args=[process])
        clearing.start()
        try:
            with os.fdopen(read, errors="replace") as output:
                for line in output:
                    show(line)
                    self.skipped += [f"{count} x {why}" for count, why in SKIPPED.findall(line)]
        except KeyboardInterrupt:  # only the one in front hears of it
            clear(dict(self.guard.children), grace=20)
            raise
        finally:
            clearing.join()
            self.guard.remove(process.pid)
        status = process.wait()
        return check.name, status, time.monotonic() - began

    def close(self) -> None:
        self.guard.close()


def _clear_after(process: subprocess.Popen[bytes]) -> None:
    process.wait()
    clear({process.pid: signal.SIGTERM}, grace=2)


def summary(results: list[Result], skipped: list[str]) -> int:
    """Print what passed, what failed and what was skipped and why; 1 when anything failed."""
    print("\n=== skipped")
    print("\n".join(f"  {line}" for line in skipped) if skipped else "  nothing")
    print("\n=== summary")
    for name, status, seconds in results:
        print(f"  {'passed' if status == 0 else 'FAILED'}  {name:<26} {seconds:6.1f} s")
    failed = [name for name, status, _ in results if status]
    print(f"\nFAILED: {', '.join(failed)}" if failed else "\nall checks passed", flush=True)
    return 1 if failed else 0
