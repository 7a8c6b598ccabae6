"""Hostile files are read by a program of its own, with limits that it sets itself, and without what the server knows."""

import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

NEEDED = ("PATH", "LD_LIBRARY_PATH", "LANG", "TMPDIR")
"""What a Python without packages of its own needs; keys and addresses of databases are not among it."""


def run(program: ModuleType, data: bytes, *, seconds: float) -> subprocess.CompletedProcess[bytes]:
    """Run the module as a program: `data` is its standard input. Raises `subprocess.TimeoutExpired`."""
    environment = {name: os.environ[name] for name in NEEDED if name in os.environ}
    command = [sys.executable, "-I", str(Path(str(program.__file__)))]
    return subprocess.run(  # noqa: S603  # ours
        command, input=data, capture_output=True, timeout=seconds, check=False, env=environment
    )
