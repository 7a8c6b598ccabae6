"""The program that reads a hostile file knows nothing worth telling."""

from pathlib import Path
from types import ModuleType

import pytest

from prices import apart

SECRETS = ("SECRET_KEY", "DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "AWS_ANYTHING")


def test_no_key_and_no_address_of_a_database_is_handed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SECRETS:
        monkeypatch.setenv(name, "a secret")
    program = ModuleType("program")
    program.__file__ = str(tmp_path / "program.py")
    Path(program.__file__).write_text("import os, sys; print(sys.stdin.read(), sorted(os.environ.items()))")
    done = apart.run(program, b"data", seconds=30)
    assert done.stdout.startswith(b"data [")
    assert b"a secret" not in done.stdout
