"""What bin/serve tells the processes it starts: the second factor goes with the demo, and with nothing else."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

BIN = Path(__file__).resolve().parent.parent / "bin"
SAY = f"""
import json, sys
sys.path.insert(0, {str(BIN)!r})
from types import SimpleNamespace
from pathlib import Path
from serving import Site
var = Path(sys.argv[1])
place = SimpleNamespace(var=var, logs=var, python=sys.executable, root=var)
application = SimpleNamespace(place=place, env=json.loads(sys.argv[3]))
site = Site(application, None, port=None, demo=sys.argv[2] == "demo")
print(json.dumps({{k: v for k, v in site._web().env.items() if k in ("SECOND_FACTOR", "DEMO_NOTICE")}}))
"""


def told(var: Path, what: str, **env: str) -> dict[str, str]:
    (var / "demo-loaded").touch()
    done = subprocess.run(
        [sys.executable, "-c", SAY, str(var), what, json.dumps(env)], capture_output=True, text=True, check=True
    )
    said: dict[str, str] = json.loads(done.stdout)
    return said


def test_a_demo_that_was_looked_at_before_does_not_open_a_real_database(tmp_path: Path) -> None:
    assert told(tmp_path, "own data") == {}


def test_the_demo_says_so_and_needs_no_phone(tmp_path: Path) -> None:
    assert told(tmp_path, "demo") == {"DEMO_NOTICE": "1", "SECOND_FACTOR": "0"}


@pytest.mark.parametrize("what", ["demo", "own data"])
def test_a_second_factor_that_was_asked_for_stays(tmp_path: Path, what: str) -> None:
    assert told(tmp_path, what, SECOND_FACTOR="1")["SECOND_FACTOR"] == "1"
