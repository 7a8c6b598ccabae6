"""药品零售价格指数: month by month from `AreaPrice`, worked out each night. The only writer of `IndexPoint`.

A product's price of a month is what the middle shop asked on the month's last day (of the running month: on the newest
day), where at least MIN_SHOPS shops asked one. The headline is a chain of Jevons links, each over the products priced in
both months: no weights, because nobody tells us what is sold. The appendix weighs a product by its price times the
number of shops that ask it, in place of sales, and says so. What was published of a month that has ended stays,
from when its last day and those of all months before it were worked out.
"""

from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

import numpy as np
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from pharmacies.models import Region
from prices.models import IndexPoint
from prices.monitoring import indices
from prices.monitoring.robust import Floats
from prices.sql import statement
from prices.statistics import nights

Kind, Weights = IndexPoint.Kind, IndexPoint.Weights
Formula = Callable[[Floats, Floats], Floats]

MIN_SHOPS = 3
BASE = 100.0
HEADLINE = (Kind.JEVONS, Weights.EQUAL)


class Month(NamedTuple):
    """`on` its first day, `day` the one whose prices speak for it, `running` while it or a month before it has not ended
    or its last day has not been worked out."""

    on: date
    day: date
    running: bool


@dataclass(frozen=True)
class Panel:
    """Months × products: prices in 分, nan where too few shops asked one; and how many shops asked."""

    months: list[Month]
    prices: Floats
    shops: Floats

    def priced(self, month: int) -> int:
        return int((~np.isnan(self.prices[month])).sum())

    def shared(self, month: int, others: list[int]) -> int:
        """How many products have a price in the month and in one of the others."""
        here, there = ~np.isnan(self.prices[month]), ~np.isnan(self.prices[others])
        return int((here & there.any(axis=0)).sum())


CHAINED: dict[tuple[str, str], Formula] = {
    HEADLINE: lambda prices, _shops: indices.jevons(prices),
    (Kind.TORNQVIST, Weights.SHOPS): indices.tornqvist,
    (Kind.FISHER, Weights.SHOPS): indices.fisher,
}
"""Two months at a time."""

SPLICED: dict[tuple[str, str], Formula] = {
    (Kind.GEKS, Weights.SHOPS): indices.geks_t,
    (Kind.TPD, Weights.EQUAL): lambda prices, _shops: indices.time_dummy(prices),
    (Kind.TPD, Weights.SHOPS): lambda prices, shops: indices.time_dummy(prices, indices.shares(prices, shops)),
}
"""Over a window of 13 months that moves on, joined by the mean splice."""

SERIES = (*CHAINED, *SPLICED)


def areas() -> list[Region]:
    """The province, its cities, and the counties directly below it."""
    top = Q(level=Region.Level.PROVINCE) | Q(level=Region.Level.CITY) | Q(parent__level=Region.Level.PROVINCE)
    return list(Region.objects.filter(top, valid__upper_inf=True).order_by("code"))


def work_out(at: datetime) -> int:
    """The points of every month that has none yet, and of the running one anew. How many were written.

    Follows the last roll-up: call it first.
    """
    months = _months(at)
    return sum(_work_out(area, months, at) for area in areas()) if months else 0


def series(area: Region, kind: str = Kind.JEVONS, weights: str = Weights.EQUAL) -> list[IndexPoint]:
    """The points of one index of the area, oldest first."""
    return list(IndexPoint.objects.filter(area=area, kind=kind, weights=weights).order_by("on"))


def _months(at: datetime) -> list[Month]:
    """Every month of which a day was worked out, oldest first."""
    today, first, last = timezone.localdate(at), nights.first_day(), nights.last_day()
    if first is None or last is None:
        return []
    newest: dict[date, date] = {}
    for day in sorted(nights.covered(first, min(last, today))):
        newest[day.replace(day=1)] = day
    months: list[Month] = []
    for on, day in newest.items():
        end = on.replace(day=monthrange(on.year, on.month)[1])
        # A level follows from those before it: none is final while one of them is not.
        running = today <= end or day < end or bool(months and months[-1].running)
        months.append(Month(on, day, running))
    return months


def _work_out(area: Region, months: list[Month], at: datetime) -> int:
    levels = _published(area)
    settled = levels[HEADLINE]
    begun = max(settled, default=None)
    due = [number for number, month in enumerate(months) if begun is None or month.on > begun]
    if not due:
        return 0
    oldest = max(0, due[0] - indices.WINDOW + 1)
    panel = _panel(area, months[oldest:])
    points: list[IndexPoint] = []
    for number in (each - oldest for each in due):
        points += _points(area, panel, number, levels, at)
    with transaction.atomic():
        IndexPoint.objects.bulk_create(
            points,
            update_conflicts=True,
            unique_fields=["area", "kind", "weights", "on"],
            update_fields=["value", "base", "items", "coverage", "provisional", "at"],
        )
    return len(points)


def _published(area: Region) -> dict[tuple[str, str], dict[date, float]]:
    """What stays: the levels of each series by month."""
    found: dict[tuple[str, str], dict[date, float]] = {each: {} for each in SERIES}
    for point in IndexPoint.objects.filter(area=area, provisional=False):
        found[point.kind, point.weights][point.on] = point.value
    return found


def _panel(area: Region, months: list[Month]) -> Panel:
    parameters: dict[str, Any] = {"area_id": area.pk, "days": [month.day for month in months], "min_shops": MIN_SHOPS}
    with connection.cursor() as cursor:
        cursor.execute(statement("index_months"), parameters)
        rows = np.array(cursor.fetchall(), np.int64).reshape(-1, 4)
    drugs, item = np.unique(rows[:, 0], return_inverse=True)
    prices, shops = (np.full((len(months), len(drugs)), np.nan) for _n in range(2))
    prices[rows[:, 1], item] = rows[:, 2]
    shops[rows[:, 1], item] = rows[:, 3]
    return Panel(months, prices, shops)


def _points(
    area: Region, panel: Panel, number: int, levels: dict[tuple[str, str], dict[date, float]], at: datetime
) -> list[IndexPoint]:
    """The month's point of each series that can be worked out; `levels` learns them."""
    month, priced = panel.months[number], panel.priced(number)
    if not priced:
        return []
    points = []
    for each in SERIES:
        known = levels[each]
        earlier = [index for index in range(number) if panel.months[index].on in known]
        window = earlier[-1:] if each in CHAINED else earlier[-indices.WINDOW + 1 :]
        if window:
            value = _level(CHAINED.get(each) or SPLICED[each], panel, window, number, known)
            items = panel.shared(number, window)
        else:
            value, items = (BASE, priced) if not known else (np.nan, 0)
        if np.isnan(value):
            continue
        known[month.on] = value
        points.append(
            IndexPoint(
                area=area,
                on=month.on,
                kind=each[0],
                weights=each[1],
                value=value,
                base=min(known),
                items=items,
                coverage=items / priced,
                provisional=month.running,
                at=at,
            )
        )
    return points


def _level(formula: Formula, panel: Panel, window: list[int], number: int, known: dict[date, float]) -> float:
    """The geometric mean, over the months of the window, of what links the new month to their published levels."""
    rows = [*window, number]
    moved = formula(panel.prices[rows], panel.shops[rows])
    published = np.array([known[panel.months[index].on] for index in window])
    links = np.log(published) + np.log(moved[-1]) - np.log(moved[:-1])
    return float(np.exp(np.nanmean(links))) if (~np.isnan(links)).any() else float("nan")
