"""随到随检: changed prices are looked at seconds after they are published. The nightly sweep has the last word.

The watch reads the change history behind its cursor, below the oldest transaction that still runs, so that nothing is
skipped however long a publication takes. What it found and how far it got are written in one transaction: killed in
the middle it has done nothing; two at once, the second finds the cursor gone on and drops its work.
"""

from collections.abc import Iterator
from datetime import date, datetime
from time import monotonic
from typing import Any

import polars as pl
from django.conf import settings
from django.db import connection
from django.db.models import Sum
from django.utils import timezone

from prices.models import Screening, WatchCursor
from prices.monitoring import changes as reading
from prices.monitoring import found, keep
from prices.monitoring.screen import screen
from prices.sql import statement

MOST = 50_000
"""Lines of the history looked at in one go: a few seconds."""
LINES: dict[str, Any] = {"id": pl.Int64, "xid": pl.Int64} | reading.ROWS


def watch(at: datetime) -> int:
    """Look at what has changed since the last time; how many leads are new. Does nothing while nothing has changed.

    Lines received on a day after that of `at` (a clock went wrong) are passed over: the sweep of that day sees them.
    """
    leads = 0
    while True:
        cursor = WatchCursor.objects.first() or _begin(at)
        lines = reading.copied("monitoring_new", {"xid": cursor.xid, "change": cursor.change_id, "most": MOST}, LINES)
        if lines.is_empty():
            return leads
        written = _look(cursor, lines, at)
        leads += written or 0
        if written is None or len(lines) < MOST:
            return leads


def _begin(at: datetime) -> WatchCursor:
    """The first look of all: at what came in yesterday or today, not at years of history."""
    with connection.cursor() as found:
        found.execute(statement("monitoring_begin"), {"before": reading.midnight(timezone.localdate(at) - reading.DAY)})
        xid, change = found.fetchone() or (0, 0)
    return WatchCursor.objects.get_or_create(pk=1, defaults={"at": at, "xid": xid, "change_id": change})[0]


def _look(cursor: WatchCursor, lines: pl.DataFrame, at: datetime) -> int | None:
    """None when somebody else was faster."""
    began = monotonic()
    looks = [
        (day, screen(reading.from_the_morning(rows, day), day=day, prior_tests=_tested(day)))
        for day, rows in _by_day(lines)
        if day <= timezone.localdate(at)
    ]
    picked = []
    for day, screened in looks:
        rows, capped = found.chosen(screened.candidates, day=day, taken=found.taken(day))
        picked.append((found.described(rows, screened, day=day, at=at), capped))
    with keep.alone():
        if not _forward(cursor, lines, at):
            return None
        leads = 0
        for (day, screened), (leads_to_be, capped) in zip(looks, picked, strict=True):
            stored = keep.events(screened.events, on=day, final=False)
            new = keep.leads(leads_to_be, stored)
            keep.ended(screened.moved)
            counts = screened.counts | {"leads": new, "capped": capped, "withdrawn": 0}
            keep.log(Screening.Kind.WATCH, on=day, at=at, counts=counts, seconds=monotonic() - began)
            leads += new
    return leads


def _by_day(lines: pl.DataFrame) -> Iterator[tuple[date, pl.DataFrame]]:
    """The lines by the day in Shanghai on which they were received, oldest first."""
    received = pl.col("received_us").cast(pl.Datetime("us", "UTC")).dt.convert_time_zone(settings.TIME_ZONE)
    for (day,), rows in (
        lines.with_columns(received.dt.date().alias("day")).sort("day").group_by("day", maintain_order=True)
    ):
        assert isinstance(day, date)  # noqa: S101  of a column of days
        yield day, rows.drop("day")


def _tested(day: date) -> int:
    """How many prices of the day earlier looks have tested."""
    rows = Screening.objects.filter(kind=Screening.Kind.WATCH, on=day)
    return rows.aggregate(tests=Sum("tests"))["tests"] or 0


def _forward(cursor: WatchCursor, lines: pl.DataFrame, at: datetime) -> bool:
    """Move the cursor behind the last line; False when it is no longer where these lines began."""
    here = WatchCursor.objects.filter(pk=1, xid=cursor.xid, change_id=cursor.change_id)
    return bool(here.update(xid=lines["xid"][-1], change_id=lines["id"][-1], at=at))
