"""The heads of the log (日终摘要), kept outside the database: who shortens the log there cannot shorten these.

One file for each day, `2026-11-21.json`, holds number and digest of the newest seal of that day. It is replaced as the
day goes on and stays as it is afterwards. Copy the folder to where the administrators of the database cannot write.
"""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from pharmacies.access import day
from pharmacies.models import AuditSeal


class BrokenLog(Exception):
    """The log in the database no longer holds what an exported head says it held."""


class UnreadableHead(ValueError):
    """A file among the heads is none."""


@dataclass(frozen=True, slots=True)
class Head:
    day: str  # of the calendar in Asia/Shanghai, as in the name of the file
    number: int
    sealed_at: str  # ISO 8601
    algorithm: str
    digest: str


def export(*, folder: Path | None = None) -> int:
    """Write the head of every day that has seals newer than the newest head; how many files were written.

    Raises BrokenLog, and writes nothing over the evidence, where the log does not hold the newest head any more;
    UnreadableHead where that head is none.
    """
    folder = folder or settings.AUDIT_HEADS
    files = sorted(folder.glob("*.json"))
    newest = read(files[-1]) if files else None  # days sort as their names do
    if newest and not holds(newest):
        raise BrokenLog(
            _("操作日志与 %(day)s 的日终摘要不符：封存 %(number)d 不在或已被改动")
            % {"day": newest.day, "number": newest.number}
        )
    fresh: dict[str, Head] = {}
    later = AuditSeal.objects.filter(number__gt=newest.number if newest else 0).order_by("number")
    for number, at, algorithm, digest in later.values_list("number", "sealed_at", "algorithm", "digest").iterator():
        name = day(at).isoformat()
        fresh[name] = Head(name, number, at.isoformat(), algorithm, digest)
    for head in fresh.values():
        _write(folder, head)
    return len(fresh)


def holds(head: Head) -> bool:
    """Whether the log still has the seal that the head names, unchanged."""
    return AuditSeal.objects.filter(number=head.number, digest=head.digest).exists()


def heads(folder: Path) -> list[Head]:
    """Those in the folder, by number; UnreadableHead for a file that is none."""
    return sorted((read(file) for file in folder.glob("*.json")), key=lambda head: head.number)


def read(file: Path) -> Head:
    try:
        head = Head(**json.loads(file.read_text(encoding="utf-8")))
        fits = head.day == file.stem and head.number > 0 and isinstance(head.digest, str)
    except (OSError, ValueError, TypeError) as error:
        raise UnreadableHead(file.name) from error
    if not fits:
        raise UnreadableHead(file.name)
    return head


def _write(folder: Path, head: Head) -> None:
    """Whole or not at all, and on the disk before anybody relies on it."""
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / f".{head.day}.{os.getpid()}"
    with unfinished.open("w", encoding="utf-8") as file:
        json.dump(asdict(head), file, ensure_ascii=False)
        file.flush()
        os.fsync(file.fileno())
    unfinished.chmod(0o440)
    unfinished.replace(folder / f"{head.day}.json")
