"""Tests in several processes: what must stay together does, and nothing that is named has gone."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests import spreading

ROOT = Path(__file__).resolve().parent.parent


def test_a_file_stays_together_and_so_do_all_of_the_browser() -> None:
    assert spreading.unit("tests/api/test_runs.py::test_a[x::y]") == spreading.unit("tests/api/test_runs.py::test_b")
    assert spreading.unit("tests/api/test_runs.py::test_a") != spreading.unit("tests/api/test_history.py::test_a")
    assert spreading.unit("tests/browser/test_desk.py::test_a") == spreading.unit("tests/browser/test_list.py::test_a")


def test_what_is_named_is_there() -> None:
    assert all((ROOT / folder).is_dir() for folder in spreading.TOGETHER)
    assert all(name in spreading.TOGETHER.values() or (ROOT / name).is_file() for name in spreading.FIRST)


def test_the_longest_come_first_and_nothing_else_moves() -> None:
    names = [
        "tests/api/test_b.py::b",
        "tests/api/test_a.py::a",
        "tests/staff/test_walls.py::w",
        "tests/browser/x.py::x",
    ]
    items: list[Any] = [SimpleNamespace(nodeid=name) for name in names]
    spreading.by_length(items)
    assert [item.nodeid for item in items] == [names[3], names[2], names[0], names[1]]


@pytest.mark.parametrize(
    ("worker", "found"), [("master", "/one/run"), ("gw0", "/one/run"), ("gw1", "/two/run"), ("gw2", "")]
)
def test_each_process_has_a_postgresql_of_its_own_as_far_as_they_go(
    monkeypatch: pytest.MonkeyPatch, worker: str, found: str
) -> None:
    monkeypatch.setenv("TEST_HOSTS", "/one/run:/two/run")
    assert spreading.host(worker) == found
    monkeypatch.delenv("TEST_HOSTS")
    assert spreading.host(worker) == ""
