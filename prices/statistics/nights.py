"""Which days have been worked out: the log of roll-ups, and the nights that were missed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Min

from prices.models import RollUp

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Gap:
    """Days nobody worked out, both included; `after` is the next day when that one was worked out, else None."""

    first: date
    last: date
    after: date | None


def days(first: date, last: date) -> Iterator[date]:
    """From `first` to `last`, both included."""
    for number in range((last - first).days + 1):
        yield first + number * DAY


def covered(first: date, last: date, *, using: str = "default") -> set[date]:
    """The days of that stretch, both included, that a roll-up has worked out."""
    runs = RollUp.objects.using(using).filter(first__lte=last, last__gte=first).values_list("first", "last").distinct()
    return {day for start, end in runs for day in days(max(start, first), min(end, last))}


def gaps(first: date, last: date) -> list[Gap]:
    """The missed days of that stretch, in order, joined where they follow each other."""
    known = covered(first, last + DAY)
    found: list[Gap] = []
    start: date | None = None
    for day in days(first, last):
        if day not in known:
            start = start or day
            end = day + DAY
            if end in known or end > last:
                found.append(Gap(start, day, end if end in known else None))
                start = None
    return found


def first_day() -> date | None:
    """The oldest day that was worked out."""
    found: date | None = RollUp.objects.aggregate(day=Min("first"))["day"]
    return found


def last_day(*, using: str = "default") -> date | None:
    """The newest day that was worked out."""
    found: date | None = RollUp.objects.using(using).order_by("-last").values_list("last", flat=True).first()
    return found
