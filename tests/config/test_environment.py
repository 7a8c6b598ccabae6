"""A bad environment is refused at boot, in one line that says what to do."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
KEY = "pyQ7c3nXw9vE2rT5yU8iO1pA4sD6fG0hJzKxLmBqNwMe"


def refusal(**environment: str) -> str:
    asked = subprocess.run(
        [sys.executable, "-c", "import config.settings"],
        env=os.environ | {"DEBUG": "0", "SECRET_KEY": KEY, "HTTPS": "1"} | environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return asked.stderr.strip().splitlines()[-1] if asked.returncode else ""


def test_a_site_of_its_own_key_behind_tls_starts() -> None:
    assert refusal() == ""


@pytest.mark.parametrize("key", ["", "secret", "a" * 60, "change-me-change-me"])
def test_a_key_that_keeps_nothing_is_refused(key: str) -> None:
    assert "SECRET_KEY is too short" in refusal(SECRET_KEY=key)
    assert refusal(SECRET_KEY=key or "x", HTTPS="0") == "", "what the world does not see may have any"


def test_pages_that_show_the_source_are_not_for_the_world() -> None:
    assert "DEBUG=1" in refusal(DEBUG="1")
