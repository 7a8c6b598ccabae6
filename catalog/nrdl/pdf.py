"""The pages of a PDF, read by a process with limits (`pages.py`)."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Timer
from typing import IO, Any

from django.utils.translation import gettext as _

from pharmacies.files import FileProblem
from pharmacies.importers.outcome import Progress, quiet

MAX_SECONDS = 300
MAX_OUTPUT = 100_000_000  # characters; the list of 2024 has one million
_READER = Path(__file__).with_name("pages.py")
_END = b"%%EOF"
_ENVIRONMENT = ("PATH", "LANG", "LD_LIBRARY_PATH", "PYTHONPATH")  # where its libraries are, and no secret


@dataclass(frozen=True, slots=True)
class RuledTable:
    """Cells of the ruled lines; `names`: row index -> text right of a row's classification code."""

    rows: list[list[str]]
    names: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Page:
    number: int
    text: str
    tables: list[RuledTable]


def is_pdf(data: bytes) -> bool:
    return data.startswith(b"%PDF-")


def pages(data: bytes, *, progress: Progress = quiet, seconds: float = MAX_SECONDS) -> list[Page]:
    """All pages of the PDF. Raises `FileProblem` when it is cut, encrypted, broken, or takes too long to read."""
    if _END not in data[-2048:]:
        raise FileProblem(_("PDF 不完整：文件末尾缺失，请重新下载完整的文件"))
    with tempfile.NamedTemporaryFile(suffix=".pdf") as file:
        file.write(data)
        file.flush()
        found = list(_read(Path(file.name), progress, seconds))
    return found


def _read(path: Path, progress: Progress, seconds: float) -> Iterator[Page]:
    # -P: the reader's neighbours must not shadow the standard library; -B: it writes no file.
    command = [sys.executable, "-P", "-B", str(_READER), str(path)]
    environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    with subprocess.Popen(  # noqa: S603 - our own interpreter and module, no shell
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
    ) as process:
        deadline = Timer(seconds, process.kill)
        deadline.start()
        try:
            complete = False
            for line in _lines(process.stdout):
                said = json.loads(line)
                if error := said.get("error"):
                    raise _problem(error)
                progress(_("读取 PDF 页"), said["page"], said["pages"])
                complete = said["page"] == said["pages"]
                yield _page(said)
            if process.wait() != 0 or not complete:
                raise _problem("limits" if process.returncode < 0 else "broken")  # below zero: killed
        finally:
            deadline.cancel()
            process.kill()


def _lines(source: IO[str] | None) -> Iterator[str]:
    """Whole lines, and no more of them than memory is for."""
    left = MAX_OUTPUT
    while source is not None and (line := source.readline(left)):
        left -= len(line)
        if not line.endswith("\n"):
            raise _problem("limits")
        yield line


def _page(said: dict[str, Any]) -> Page:
    tables = [
        RuledTable(table["rows"], {int(row): name for row, name in table["names"].items()}) for table in said["tables"]
    ]
    return Page(said["page"], said["text"], tables)


def _problem(word: str) -> FileProblem:
    return FileProblem(
        {
            "encrypted": _("PDF 有密码或已加密：请换成没有密码的文件"),
            "broken": _("PDF 读不通，可能已损坏：请重新下载完整的文件"),
        }.get(word, _("PDF 读取超过时间或内存上限，可能已损坏：请重新下载，或改用核对过的 CSV 导入"))
    )
