"""The nightly roll-up of shelf prices by drug and area, and the same for past days. The only writer of `AreaPrice`.

Some drugs at a time, one transaction each under one lock: memory is bounded, a killed run leaves whole drugs, and who
runs it again, or twice at once, ends with the same rows.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from time import monotonic
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from pharmacies import today
from prices.models import RollUp
from prices.models.statistics import MODE_MIN_SHOPS
from prices.search.lists import at_no_pharmacy, not_for_retail
from prices.sql import statement
from prices.statistics import nights

HOUR = timedelta(hours=3, minutes=15)
"""After midnight in Shanghai: when the roll-up runs, and so the moment of the day that past days are looked at."""
DRUGS_AT_ONCE, DRUGS_AT_ONCE_IN_THE_PAST = 200, 100
LONGEST = timedelta(days=366 * 3)


class NotADay(ValueError):
    """The day cannot be worked out; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Days `first` to `last` of so many drugs, `written` rows that are new or different."""

    first: date
    last: date
    drugs: int
    written: int
    seconds: float


def roll_up(at: datetime) -> Counts:
    """Work out the day of `at` in Shanghai from the offers as they are now; again the same day: anew.

    `at` must be aware. Raises `NotADay` when a later day is there already.
    """
    day = timezone.localdate(at)
    newest = nights.last_day()
    if newest and newest > day:
        raise NotADay(_("%(day)s 之后的 %(newest)s 已经汇总：请检查系统时间") % {"day": day, "newest": newest})
    today.rebuild(at)
    return _work_out("statistics_tonight", nights.Gap(day, day, None), at, DRUGS_AT_ONCE)


def backfill(since: date, at: datetime) -> list[Counts]:
    """Work out the days from `since` to the day before `at` that no roll-up has seen, from the change history.

    Raises `NotADay` for a `since` that is not in the past, or more than three years back.
    """
    yesterday = timezone.localdate(at) - nights.DAY
    if since > yesterday:
        raise NotADay(_("%(since)s 不是过去的日子：请给出昨天或更早的日期") % {"since": since})
    if since < yesterday - LONGEST:
        raise NotADay(_("%(since)s 太早：最多补三年") % {"since": since})
    return [_work_out("statistics_past", gap, at, DRUGS_AT_ONCE_IN_THE_PAST) for gap in nights.gaps(since, yesterday)]


def _work_out(counting: str, gap: nights.Gap, at: datetime, drugs_at_once: int) -> Counts:
    """All drugs for the days of `gap`; `counting` names the statement that counts shops by price."""
    started = monotonic()
    drugs = written = 0
    for chunk in _chunks(drugs_at_once):
        drugs += len(chunk)
        written += _work_out_chunk(counting, gap, at, chunk)
    counts = Counts(gap.first, gap.last, drugs, written, round(monotonic() - started, 3))
    RollUp.objects.create(at=at, **asdict(counts))
    return counts


def _chunks(size: int) -> Iterator[list[int]]:
    """Ids of all drugs that have or had a price, `size` at a time."""
    with connection.cursor() as cursor:
        cursor.execute(statement("statistics_drugs"))
        ids = [row[0] for row in cursor.fetchall()]
    for start in range(0, len(ids), size):
        yield ids[start : start + size]


def _work_out_chunk(counting: str, gap: nights.Gap, at: datetime, drugs: list[int]) -> int:
    """Rows written about these drugs. What may not be retailed today is not counted, whenever a shop offered it."""
    barred = not_for_retail(drugs, timezone.localdate(at))
    nowhere = at_no_pharmacy(barred)
    counted = {"drugs": [drug for drug in drugs if drug not in nowhere]} | barred.parameters
    parameters: dict[str, Any] = {
        "drugs": drugs,
        "first": gap.first,
        "last": gap.last,
        "after": gap.after,
        "at": at,
        "zone": settings.TIME_ZONE,
        "hour": HOUR,
        "stale_after": settings.STALE_AFTER,
        "min_shops": MODE_MIN_SHOPS,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('prices.statistics'))")
        cursor.execute("SET LOCAL work_mem = '64MB'")
        cursor.execute(statement("statistics_tables"))
        cursor.execute(statement(counting), parameters | counted)
        cursor.execute("ANALYZE area_count")
        cursor.execute(statement("statistics_written"), parameters)
        return int(cursor.fetchone()[0])
