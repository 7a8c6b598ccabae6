"""Until when: office days after a moment, and the days that a state may take (the settings' `CASE_DAYS`)."""

from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.utils import timezone

from prices.models import Case

OFFICE_CLOSES = time(18, 0)
LONGEST = timedelta(days=366)
"""A date further away is a slip of the hand."""


def is_office_day(day: date) -> bool:
    """Monday to Friday but for `PUBLIC_HOLIDAYS`, and the weekends that are worked instead (调休, `WORKED_WEEKENDS`)."""
    if day in settings.WORKED_WEEKENDS:
        return True
    return day.weekday() < 5 and not any(first <= day < end for first, end in settings.PUBLIC_HOLIDAYS)


def after(at: datetime, office_days: int) -> datetime:
    """The close of the office on the n-th office day (n ≥ 1) after the day of `at`, in Shanghai."""
    day = timezone.localdate(at, timezone.get_default_timezone())
    while office_days > 0:
        day += timedelta(days=1)
        office_days -= is_office_day(day)
    return end_of(day)


def end_of(day: date) -> datetime:
    """The close of the office on that day."""
    return datetime.combine(day, OFFICE_CLOSES, timezone.get_default_timezone())


def of_state(state: str, *, at: datetime) -> datetime | None:
    """When a case that comes into `state` at `at` should leave it; None for one that is closed."""
    return None if state == Case.State.CLOSED else after(at, settings.CASE_DAYS[state])
