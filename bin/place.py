"""Where things lie, and the locks that keep two commands in one checkout from treading on each other."""

import fcntl
import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import console

ROOT = Path(__file__).resolve().parent.parent
# A unix socket's path has 107 bytes; leave room for the names of the sockets.
LONGEST_RUN_DIR = 80


@dataclass(frozen=True)
class Place:
    """`tools`: downloaded programs, shared by all commands of a checkout. `var`: services, data and logs of one of them."""

    root: Path
    tools: Path
    var: Path
    test: bool = False

    @property
    def logs(self) -> Path:
        return self.var / "log"

    @property
    def pg(self) -> Path:
        return self.var / "pg"

    @property
    def sys(self) -> Path:
        return self.tools / "sys"

    @property
    def venv(self) -> Path:
        return self.tools / "venv"

    @property
    def python(self) -> Path:
        return self.venv / "bin" / "python"

    @property
    def node_modules(self) -> Path:
        return self.root / "node_modules"


def find(*, test: bool = False) -> Place:
    """The place of this checkout; `YAOBI_VAR` moves services and data (not the downloaded programs) elsewhere."""
    tools = ROOT / "var"
    var = Path(os.environ.get("YAOBI_VAR") or tools).resolve()
    place = Place(root=ROOT, tools=tools, var=var / "test" if test else var, test=test)
    for folder in (place.tools, place.var, place.logs):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise console.Failed(
                f"cannot make {folder}: {error.strerror}",
                advice="run the command as the user that owns the checkout, or set YAOBI_VAR to a folder you may write to",
            ) from error
    return place


@contextmanager
def locked(path: Path, *, shared: bool = False, waiting: str = "") -> Iterator[None]:
    """Hold a file lock; when somebody else has it, say `waiting` once and wait. The kernel frees it when we die."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    mode = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    try:
        try:
            fcntl.flock(handle, mode | fcntl.LOCK_NB)
        except BlockingIOError:
            if waiting:
                console.say(f"  ..  {waiting}")
            fcntl.flock(handle, mode)
        yield
    finally:
        os.close(handle)


def try_lock(path: Path, *, shared: bool = False) -> int | None:
    """A lock as an open file descriptor, or None when somebody holds it."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    return handle


def is_locked(path: Path) -> bool:
    """Whether a living process holds the lock."""
    handle = try_lock(path)
    if handle is None:
        return True
    os.close(handle)
    return False


def digest(*parts: Path | str) -> str:
    """A fingerprint of texts and of file contents."""
    total = hashlib.sha256()
    for part in parts:
        data = part.read_bytes() if isinstance(part, Path) else part.encode()
        total.update(len(data).to_bytes(8, "big") + data)
    return total.hexdigest()


@dataclass(frozen=True)
class Stamp:
    """Remembers in a small file for which input a step was last done."""

    path: Path

    def holds(self, value: str) -> bool:
        return self.path.is_file() and self.path.read_text() == value

    def set(self, value: str) -> None:
        self.path.write_text(value)

    def clear(self) -> None:
        self.path.unlink(missing_ok=True)


def wait_for(check: Callable[[], bool], *, seconds: float, every: float = 0.05) -> bool:
    """Poll until `check()` is true; False when it never was."""
    end = time.monotonic() + seconds
    while not check():
        if time.monotonic() > end:
            return False
        time.sleep(every)
    return True
