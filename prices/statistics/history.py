"""The statistics of a drug in an area day by day, filled forward from the rows that differ."""

from dataclasses import dataclass, replace
from datetime import date

from django.conf import settings

from prices.models import AreaPrice
from prices.statistics import nights


@dataclass(frozen=True, slots=True)
class Day:
    """Prices in 分; all None when `count` is 0, the mode also with fewer than 5 shops."""

    on: date
    mode_fen: int | None
    min_fen: int | None
    q1_fen: int | None
    median_fen: int | None
    q3_fen: int | None
    max_fen: int | None
    count: int

    @property
    def says(self) -> tuple[int | None, ...]:
        """Everything but the day."""
        return (self.mode_fen, self.min_fen, self.q1_fen, self.median_fen, self.q3_fen, self.max_fen, self.count)


def daily(drug_id: int, region_id: int, first: date, last: date) -> list[Day]:
    """One line for each day from `first` to `last`, both included, that a roll-up has worked out; none before the
    first price."""
    using = settings.SEARCH_DATABASE
    known = nights.covered(first, last, using=using)
    rows = iter(_rows(drug_id, region_id, first, last))
    upcoming, current = next(rows, None), None
    found = []
    for day in nights.days(first, last):
        while upcoming and upcoming.on <= day:
            current, upcoming = upcoming, next(rows, None)
        if current and day in known:
            found.append(replace(current, on=day))
    return found


def _rows(drug_id: int, region_id: int, first: date, last: date) -> list[Day]:
    """The row in force on `first` and those after it up to `last`, oldest first."""
    series = AreaPrice.objects.using(settings.SEARCH_DATABASE).filter(drug_id=drug_id, region_id=region_id)
    begun = series.filter(on__lte=first).order_by("-on").values_list("on", flat=True).first()
    rows = series.filter(on__gte=begun or first, on__lte=last).order_by("on")
    return [
        Day(row.on, row.mode_fen, row.min_fen, row.q1_fen, row.median_fen, row.q3_fen, row.max_fen, row.count)
        for row in rows
    ]
