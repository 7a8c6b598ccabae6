"""How bin/test runs its checks: side by side or not, whatever fails is told and fails the whole."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "bin"))

from place import Place  # noqa: E402
from testing import Check, Runner, summary  # noqa: E402

# The guard is a fork. bin/test forks it before it has threads; a process of the tests has some (from Python 3.12 a warning).
pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")


def check(name: str, code: str, *, aside: bool = False) -> Check:
    return Check(name, [sys.executable, "-c", code], {}, aside=aside)


@pytest.fixture
def runner(tmp_path):
    made = Runner(Place(root=tmp_path, tools=tmp_path, var=tmp_path))
    yield made
    made.close()


def test_a_long_check_runs_beside_the_others_and_all_are_told_in_order(runner, capfd, tmp_path):
    wait = f"import pathlib, time\nwhile not pathlib.Path({str(tmp_path / 'went')!r}).exists(): time.sleep(0.02)\n"
    go = f"import pathlib; pathlib.Path({str(tmp_path / 'went')!r}).touch(); print('in front')"
    results = runner.run_all([check("long", wait + "print('at last')", aside=True), check("short", go)])
    assert [(name, status) for name, status, _ in results] == [("long", 0), ("short", 0)]
    assert "=== long, beside the others\nat last\n" in capfd.readouterr().out
    assert summary(results, runner.skipped) == 0


@pytest.mark.parametrize("failing", ["beside", "in front"])
def test_one_check_that_fails_fails_the_whole(runner, capfd, failing):
    results = runner.run_all(
        [
            check(name, f"raise SystemExit({name == failing:d})", aside=name == "beside")
            for name in ("beside", "in front")
        ]
    )
    assert summary(results, []) == 1
    assert f"FAILED: {failing}\n" in capfd.readouterr().out


def test_what_pytest_skipped_is_told_with_its_reason(runner, capfd):
    results = runner.run_all([check("pytest", "print('SKIPPED [2] tests/test_x.py:5: no such file')")])
    assert summary(results, runner.skipped) == 0
    assert "=== skipped\n  2 x tests/test_x.py:5: no such file\n" in capfd.readouterr().out
