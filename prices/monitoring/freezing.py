"""The work of 本期定稿: a month's tables worked out as they stood when the month ended, and kept, all of them or none.

Of a whole province the landings of the month's last day alone take about a minute, so a worker does it; one that is
killed leaves nothing, and the next one begins anew.
"""

import json
import logging
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone, translation

from pharmacies import audit
from pharmacies.models import Region
from prices import leases
from prices.leases import Clock, Lease, Lost
from prices.models import Freeze, Freezing, FrozenTable
from prices.monitoring import brief, freezes, passthrough, reporters, tabled, tabled_months, tabled_prices
from prices.monitoring.changes import midnight
from prices.monitoring.compliance import next_month
from prices.monitoring.tables import Table, stored

log = logging.getLogger(__name__)
State, Failure = Freezing.State, Freezing.Failure
Text = tuple[Table, str]

LANDINGS = 80
"""Per cent of the work that the landings are taken for; each table then is `A_TABLE`."""
A_TABLE = 2


def run(pk: int, *, clock: Clock = timezone.now) -> Freezing:
    """Freeze what was asked for, if nobody is at it; return it as it is then. The figures are of the moment of the claim."""
    lease = Lease.claim(_undecided(), pk, length=settings.LEASE, clock=clock, state=State.RUNNING, progress=0)
    if lease is not None:
        try:
            _work(_asked(pk), lease)
        except Lost:
            log.warning("freezing %s was taken over; this worker stops", pk)
    return _asked(pk)


def unclaimed(*, at: datetime) -> list[Freezing]:
    """What nobody works on, oldest first; what three workers gave up on is failed on the way."""
    failing = {"state": State.FAILED, "failure": Failure.GAVE_UP, "finished_at": at}
    return leases.unclaimed(_undecided(), at=at, failing=failing)


def _undecided() -> QuerySet[Freezing]:
    found: QuerySet[Freezing] = Freezing.objects.filter(state__in=Freezing.WORKING)
    return found


def _asked(pk: int) -> Freezing:
    found: Freezing = Freezing.objects.select_related("area", "by", "made").get(pk=pk)
    return found


def _work(asked: Freezing, lease: Lease) -> None:
    at = lease.clock()
    if failure := freezes.refusal(asked.area, asked.month, at=at):
        lease.finish(state=State.FAILED, failure=failure, finished_at=at)
        return
    texts: list[Text] = []
    with translation.override("zh-hans"):
        for table in tables(asked.area, asked.month, at, lambda share: lease.renew(progress=int(LANDINGS * share))):
            texts.append((table, json.dumps(stored(table), ensure_ascii=False, separators=(",", ":"))))
            lease.renew(progress=min(LANDINGS + A_TABLE * len(texts), 99))
    try:
        with transaction.atomic():
            made = _keep(asked, texts, at)
            lease.finish(state=State.DONE, progress=100, made=made, finished_at=lease.clock())
    except IntegrityError:
        if freezes.refusal(asked.area, asked.month, at=at) != Failure.FROZEN:
            raise
        lease.finish(state=State.FAILED, failure=Failure.FROZEN, finished_at=lease.clock())


def tables(area: Region, month: date, at: datetime, told: Callable[[float], object]) -> Iterator[Table]:
    """Everything that is frozen of a month, in its order, as it was when the month ended. `told` hears meanwhile which
    share of the landings, which take longest, is done."""
    end = midnight(next_month(month)) - timedelta(seconds=1)
    last = timezone.localdate(end)
    landed = passthrough.landings_then(area, last, told)
    yield brief.table(area, month, landed=landed)
    yield brief.worst(area, last)
    yield tabled_months.figures(area, month)
    yield tabled_months.index(area, month)
    yield tabled_months.work(area, month, at)
    yield tabled.compliance_by_area(area, month)
    yield tabled.compliance_by_shop(area, month)
    late = reporters.survey_past(area, at=end, states=set(reporters.STATES) - {reporters.ON_TIME}).shops
    yield tabled.late(late, at=end, past=True)
    yield tabled.access(area, last, kept=True)
    yield tabled_prices.landings(area, landed, last)


def _keep(asked: Freezing, texts: list[Text], at: datetime) -> Freeze:
    """The frozen month with its tables and its line in the log; in the transaction of the lease's end."""
    digests = [freezes.digest(text) for _table, text in texts]
    made = Freeze.objects.create(
        area=asked.area, month=asked.month, at=at, by=asked.by, note=asked.note, sha256=freezes.whole(digests)
    )
    FrozenTable.objects.bulk_create(
        FrozenTable(
            freeze=made, position=n, name=table.name, title=str(table.title), rows=len(table.rows),
            content=text, sha256=digest,
        )
        for n, ((table, text), digest) in enumerate(zip(texts, digests, strict=True))
    )  # fmt: skip
    audit.record(
        at=at, by=asked.by, action="freeze.make", subject="prices.Freeze", subject_id=made.pk, place=asked.area,
        after={"month": f"{asked.month:%Y-%m}", "tables": len(texts), "sha256": made.sha256}, reason=asked.note,
    )  # fmt: skip
    return made
