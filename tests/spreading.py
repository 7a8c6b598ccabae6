"""How the tests are spread over processes (`pytest -n 2`, as `bin/test` calls it): file by file, the longest first.

Every process has a test database of its own (`tests/conftest.py`); all share one Redis. `bin/test` gives each a
PostgreSQL, too (`TEST_HOSTS`): what one holds open would keep the watch of another waiting (prices/monitoring/watch.py).
"""

import os
import signal
from contextlib import suppress
from pathlib import Path

import pytest
from django.conf import settings
from xdist.scheduler import LoadScopeScheduling

TOGETHER = {
    # One site and one Chromium for the whole folder.
    "tests/browser/": "browser",
}
"""Beginnings of paths → the name under which those files run in one process, in their usual order. All else stays
together file by file: worlds are made once for a file."""
FIRST = (
    "browser",
    "tests/staff/test_walls.py",
    "tests/prices/test_ingest_kills.py",
    "tests/prices/test_ingest_machine.py",
    "tests/test_confidential.py",
    "tests/prices/test_search_brute_force.py",
)
"""What takes longest, so that no process ends long after the others."""


def unit(nodeid: str) -> str:
    """What of the tests stays together in one process: a file, or the files of `TOGETHER`."""
    path = nodeid.partition("::")[0]
    return next((name for beginning, name in TOGETHER.items() if path.startswith(beginning)), path)


def host(worker: str) -> str:
    """Where the PostgreSQL of that process (`gw0`, `gw1`, …, or `master`) listens; nothing for the one of the settings."""
    hosts = os.environ.get("TEST_HOSTS", "").split(os.pathsep)
    number = int(worker.removeprefix("gw")) if worker != "master" else 0
    return hosts[number] if number < len(hosts) else ""


def database_log(worker: str) -> Path | None:
    """What that PostgreSQL writes; None where `bin/test` has not started it."""
    number = int(worker.removeprefix("gw")) if worker != "master" else 0
    folder = settings.VAR / f"process-{number}" if number else settings.VAR
    return folder / "log" / "postgres.log" if host(worker) else None


class FileByFile(LoadScopeScheduling):
    """Hands out units in the order of `by_length`; a process that is free takes the next."""

    def _split_scope(self, nodeid: str) -> str:
        return unit(nodeid)


def by_length(items: list[pytest.Item]) -> None:
    """Sort, the longest units first; otherwise nothing moves."""
    order = {name: number for number, name in enumerate(FIRST)}
    items.sort(key=lambda item: order.get(unit(item.nodeid), len(order)))


def interrupt_children() -> None:
    """Ctrl-C for the processes too: what their tests have started is ended by the tests' fixtures, at once."""
    for child in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split():
        with suppress(ProcessLookupError):
            os.kill(int(child), signal.SIGINT)
