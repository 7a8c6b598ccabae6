"""本期定稿: a month of an area declared final. Its tables are kept as they are; later corrections change only the live ones.

Here it is asked for and read; the work is a worker's (`freezing`).
"""

import hashlib
import json
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from celery import current_app
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from pharmacies import audit
from pharmacies.models import Region, User
from prices.models import Freeze, Freezing, FrozenTable, ReporterMonth
from prices.monitoring import written
from prices.monitoring.compliance import next_month
from prices.monitoring.tables import Table, restored

OFFERED = 12
LONGEST_NOTE = 200
Failure = Freezing.Failure


class NotFrozen(ValueError):
    """The month cannot be frozen; the message says why and what to do."""


class Tampered(ValueError):
    """A frozen table is no longer what was frozen."""


def of(area: Region) -> QuerySet[Freeze]:
    """The frozen months of the area, under whatever name it had."""
    return Freeze.objects.filter(area__code=area.code)


def asked_of(area: Region) -> QuerySet[Freezing]:
    """What has been asked for of the area, under whatever name it had."""
    found: QuerySet[Freezing] = Freezing.objects.filter(area__code=area.code)
    return found


def open_asked(area: Region) -> list[Freezing]:
    """What is not a frozen month yet, newest first: asked for and being worked on, or failed and not asked for again."""
    done = of(area).values("month")
    newest: dict[date, Freezing] = {}
    for each in asked_of(area).exclude(month__in=done).select_related("by").order_by("-pk"):
        newest.setdefault(each.month, each)
    return sorted(newest.values(), key=lambda each: each.month, reverse=True)


def open_months(area: Region, on: date) -> list[date]:
    """Months that are over and can be frozen, newest first; not those that are being frozen."""
    done = {*of(area).values_list("month", flat=True)}
    done |= {*asked_of(area).filter(state__in=Freezing.WORKING).values_list("month", flat=True)}
    known = set(ReporterMonth.objects.order_by().values_list("month", flat=True).distinct())
    found: list[date] = []
    month = on.replace(day=1)
    for _number in range(OFFERED):
        month = (month - timedelta(days=1)).replace(day=1)
        if month in known and month not in done:
            found.append(month)
    return found


def refusal(area: Region, month: date, *, at: datetime) -> Failure | None:
    """Why the month cannot be frozen at `at`; None if it can."""
    if of(area).filter(month=month).exists():
        return Failure.FROZEN
    if month.day != 1 or month >= timezone.localdate(at).replace(day=1):
        return Failure.NOT_OVER
    through = ReporterMonth.objects.filter(month=month).order_by("-through").values_list("through", flat=True).first()
    if through is None or through + timedelta(days=1) != next_month(month):
        return Failure.INCOMPLETE
    return None


def ask(area: Region, month: date, *, by: User, at: datetime, note: str = "") -> Freezing:
    """Have the month's tables kept for ever; a worker does it. What is being done already (a double click, another
    official) is not done twice. Raises `NotFrozen` for a month that is not over, has no figures, or is frozen."""
    note = written.line(note)
    if len(note) > LONGEST_NOTE:
        raise NotFrozen(_("说明最多 {n} 个字").format(n=LONGEST_NOTE))
    with transaction.atomic():
        # One after the other, under whatever name they know the area.
        same = Region.objects.filter(code=area.code).order_by("pk").select_for_update(no_key=True)
        list(same.values_list("pk", flat=True))
        working: Freezing | None = asked_of(area).filter(month=month, state__in=Freezing.WORKING).first()
        if working is not None:
            return working
        if failure := refusal(area, month, at=at):
            raise NotFrozen(str(failure.label))
        asked: Freezing = Freezing.objects.create(area=area, month=month, at=at, by=by, note=note)
        audit.record(
            at=at, by=by, action="freeze.start", subject="prices.Freezing", subject_id=asked.pk, place=area,
            after={"month": f"{month:%Y-%m}"}, reason=note,
        )  # fmt: skip
        enqueue(asked)
    return asked


def enqueue(asked: Freezing, *, expires: float | None = None) -> None:
    """Tell a worker once the row is there; if that fails the sweep finds it."""

    def send() -> None:
        current_app.send_task("prices.tasks.freeze_month", [asked.pk], queue="bulk", retry=False, expires=expires)

    transaction.on_commit(send, robust=True)


# -- what was frozen --------------------------------------------------------------------------------------------------


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def whole(digests: Iterable[str]) -> str:
    """The digest of a freeze, of those of its tables in their order."""
    return digest("\n".join(digests))


def read(kept: FrozenTable) -> Table:
    """The table as it was frozen. Raises `Tampered`."""
    if digest(kept.content) != kept.sha256:
        raise Tampered(kept.name)
    return restored(json.loads(kept.content))


def is_whole(made: Freeze) -> bool:
    """Whether its tables still say, letter for letter, what was frozen."""
    contents = made.tables.order_by("position").values_list("content", flat=True)
    return whole(digest(content) for content in contents.iterator()) == made.sha256
