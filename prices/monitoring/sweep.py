"""每夜复检: after the roll-up every day is looked at as a whole, and what no longer stands is taken back.

False alarms are a matter of a whole day: the watch has seen it piece by piece. Here too belongs what needs more than
changed prices: settlements dearer than the shelf (阴阳价格线索), and, on Mondays, products that slowly drift up in a city.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from time import monotonic

from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from prices.models import Screening
from prices.monitoring import changes as reading
from prices.monitoring import drifting, found, keep, settling
from prices.monitoring.screen import screen
from prices.statistics.roll_up import NotADay

MOST_DAYS = 7
"""After a longer silence only the last days are looked at."""


@dataclass(frozen=True, slots=True)
class Swept:
    """How many days, and over all of them: prices that changed, leads that are new, leads taken back."""

    days: int
    changes: int
    leads: int
    withdrawn: int


def sweep(at: datetime) -> Swept:
    """Look at yesterday as a whole, and at days before it that no sweep has seen. Again the same night: the same rows.

    `at` must be aware. Raises `NotADay` when a later day has been looked at: a clock is or was wrong.
    """
    days = list(_due(timezone.localdate(at) - reading.DAY))
    logs = [_sweep_day(day, at) for day in days]
    with keep.alone():
        keep.follow()
    return Swept(
        len(logs), sum(each.changes for each in logs), sum(each.leads for each in logs),
        sum(each.withdrawn for each in logs),
    )  # fmt: skip


def _due(yesterday: date) -> Iterator[date]:
    last = Screening.objects.filter(kind=Screening.Kind.SWEEP).aggregate(last=Max("on"))["last"]
    if last and last > yesterday:
        raise NotADay(_("%(day)s 之后的 %(newest)s 已经复检：请检查系统时间") % {"day": yesterday, "newest": last})
    first = max(last + reading.DAY, yesterday - (MOST_DAYS - 1) * reading.DAY) if last else yesterday
    day = min(first, yesterday)
    while day <= yesterday:
        yield day
        day += reading.DAY


def _sweep_day(day: date, at: datetime) -> Screening:
    began = monotonic()
    screened = screen(reading.of_day(day), day=day)
    rows, capped = found.chosen(screened.candidates, day=day, taken={})
    leads_to_be = found.described(rows, screened, day=day, at=at)
    extra = [*settling.settled(day, at), *(drifting.drifted(day, at) if day.isoweekday() == 7 else [])]
    with keep.alone():
        withdrawn = keep.withdraw(screened, {each.level for each in leads_to_be}, on=day)
        stored = keep.events(screened.events, on=day, final=True)
        leads = keep.leads(leads_to_be, stored) + keep.more(extra)
        keep.ended(screened.moved)
        counts = screened.counts | {"leads": leads, "capped": capped, "withdrawn": withdrawn}
        return keep.log(Screening.Kind.SWEEP, on=day, at=at, counts=counts, seconds=monotonic() - began)
