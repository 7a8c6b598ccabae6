"""Is the log what it was? Every seal is worked out again, and the heads outside the database must be found in it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from pharmacies.access import day
from pharmacies.audit import heads as outside
from pharmacies.audit.seals import digest_of_seal, digests_of
from pharmacies.models import AuditEvent, AuditSeal, AuditUnsealed

_SQL = Path(__file__).parents[1] / "sql"
UNSEALED = (_SQL / "audit_unsealed.sql").read_text(encoding="utf-8")
GUARDS = (_SQL / "audit_guards.sql").read_text(encoding="utf-8")
LATE = timedelta(minutes=1)
"""A seal so young may still be without its head."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong: a stable word, the seal and the event if it is about one, and a sentence."""

    kind: str  # edited gone twice forged gap chain seal head tail guard
    text: str
    seal: int | None = None
    event: int | None = None

    def __str__(self) -> str:
        return self.text


@dataclass(slots=True)
class Report:
    events: int = 0  # sealed ones that were looked at
    seals: int = 0
    waiting: int = 0  # events that the next seal will take
    problems: list[Problem] = field(default_factory=list)


def check(*, at: datetime, heads: Path | None = None) -> Report:
    """Look at every seal and every event, and at the heads in that folder (default: where `heads.export` writes)."""
    folder = heads or settings.AUDIT_HEADS
    exported, unreadable = _exported(folder)  # before the seals: none of them may be newer than what is read next
    report = Report(waiting=AuditUnsealed.objects.count())
    report.problems += unreadable
    report.problems += _guards()
    report.problems += _events_without_a_seal()
    digests: dict[int, str] = {}
    newest: dict[str, AuditSeal] = {}
    seen: dict[int, int] = {}
    for seal in _seals(report):
        digests[seal.number] = seal.digest
        newest[day(seal.sealed_at).isoformat()] = seal
        report.seals += 1
        report.events += len(seal.events)
        report.problems += _events_of(seal, seen)
    report.problems += _against(exported, digests)
    for name, seal in newest.items():
        if not (folder / f"{name}.json").exists() and at - seal.sealed_at > LATE:
            text = _("%(day)s 没有日终摘要：%(folder)s 中缺少这一天的文件")
            report.problems.append(Problem("head", text % {"day": name, "folder": folder}, seal.number))
    return report


def _seals(report: Report) -> Iterator[AuditSeal]:
    """Every seal in order; what is wrong with it and with its place in the chain goes into the report."""
    expected, previous = 1, ""
    for seal in AuditSeal.objects.order_by("number").iterator(chunk_size=200):
        if seal.number != expected:
            text = _("封存 %(first)d 至 %(last)d 缺失") % {"first": expected, "last": seal.number - 1}
            report.problems.append(Problem("gap", text, expected))
        elif seal.previous != previous:
            text = _("封存 %(number)d 与前一封存接不上") % {"number": seal.number}
            report.problems.append(Problem("chain", text, seal.number))
        if not _intact(seal):
            text = _("封存 %(number)d 本身被改动（日志 %(first)d 至 %(last)d）")
            span = {"first": min(seal.events, default=0), "last": max(seal.events, default=0)}
            report.problems.append(Problem("seal", text % {"number": seal.number, **span}, seal.number))
        expected, previous = seal.number + 1, seal.digest
        yield seal


def _intact(seal: AuditSeal) -> bool:
    try:
        return len(seal.events) == len(seal.digests) and digest_of_seal(seal) == seal.digest
    except ValueError:  # an algorithm that nobody knows
        return False


def _events_of(seal: AuditSeal, seen: dict[int, int]) -> Iterator[Problem]:
    """Whether the events of a seal are there and as they were; `seen` grows: the seal of every event."""
    try:
        found = digests_of(seal.events, algorithm=seal.algorithm)
    except ValueError:
        return  # said of the seal already
    for event, digest in zip(seal.events, seal.digests, strict=False):
        where = {"event": event, "number": seal.number}
        if event not in found:
            yield Problem("gone", _("日志 %(event)d 不见了（封存 %(number)d 中有它）") % where, seal.number, event)
        elif found[event] != digest:
            yield Problem("edited", _("日志 %(event)d 在封存 %(number)d 之后被改动") % where, seal.number, event)
        if event in seen:
            text = _("日志 %(event)d 被封存了两次：%(first)d 和 %(number)d") % {**where, "first": seen[event]}
            yield Problem("twice", text, seal.number, event)
        seen[event] = seal.number


def _events_without_a_seal() -> Iterator[Problem]:
    with connection.cursor() as cursor:
        cursor.execute(UNSEALED)
        found = [row[0] for row in cursor]
    for event in found:
        yield Problem("forged", _("日志 %(event)d 不在任何封存中，也不在等待封存") % {"event": event}, event=event)
    orphans = AuditUnsealed.objects.exclude(event_id__in=AuditEvent.objects.values("pk"))
    for event in orphans.values_list("event_id", flat=True):
        yield Problem("gone", _("日志 %(event)d 在封存之前就不见了") % {"event": event}, event=event)


def _exported(folder: Path) -> tuple[list[outside.Head], list[Problem]]:
    """The heads that can be read, and a problem for each file that cannot."""
    found, problems = [], []
    for file in sorted(folder.glob("*.json")):
        try:
            found.append(outside.read(file))
        except outside.UnreadableHead:
            problems.append(Problem("head", _("日终摘要 %(file)s 无法读取或被改动") % {"file": file.name}))
    return found, problems


def _against(exported: list[outside.Head], digests: dict[int, str]) -> Iterator[Problem]:
    last = max(digests, default=0)
    for head in exported:
        said = {"day": head.day, "number": head.number, "last": last}
        if head.number > last:
            text = _("日志的尾部被截去：%(day)s 的日终摘要是封存 %(number)d，而日志只到封存 %(last)d")
            yield Problem("tail", text % said, head.number)
        elif digests.get(head.number) != head.digest:
            text = _("封存 %(number)d 与 %(day)s 的日终摘要不符")
            yield Problem("head", text % said, head.number)


def _guards() -> Iterator[Problem]:
    databases = settings.DATABASES
    roles = {"app": databases["default"]["USER"], "owner": databases["owner"]["USER"]}
    with connection.cursor() as cursor:
        cursor.execute(GUARDS, roles)
        for table, guarded, writable in cursor.fetchall():
            if not guarded:
                yield Problem("guard", _("表 %(table)s 的防改保护被关闭或删除") % {"table": table})
            if writable:
                yield Problem("guard", _("应用的数据库角色可以改动表 %(table)s") % {"table": table})
