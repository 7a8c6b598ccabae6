"""The nights before the demo was loaded: what a service that had been there would have worked out from the shelves as they
were. They come between the deliveries, each when its hour has come in the story.
"""

from datetime import date, datetime, timedelta

from django.utils import timezone

from prices.models import AreaFigure, FeedRun
from prices.monitoring import access_gaps, compliance, figures
from prices.monitoring.changes import midnight
from prices.statistics.roll_up import HOUR

NIGHTS = 31
"""So many nights have their figures: enough for a line, and for the end of the month before."""
MONDAY = 1
"""The comparison of shelves takes longest and is made once a week; its newest is of the night of the load."""
DAY = timedelta(days=1)


def nights(at: datetime) -> list[datetime]:
    """Their moments, oldest first, all before `at`."""
    today = timezone.localdate(at)
    days = [today - number * DAY for number in range(NIGHTS, -1, -1)]
    return [moment for moment in (midnight(day) + HOUR for day in days) if moment < at]


def work(night: datetime) -> None:
    """From the shelves as they are, so nothing once a later delivery is there: a load that was killed goes on."""
    if FeedRun.objects.filter(received_at__gt=night).exists():
        return
    figures.begin(night)
    if timezone.localdate(night).isoweekday() == MONDAY:
        access_gaps.work_out(night)
    if timezone.localdate(night).day == 1:
        compliance.work_out(night)


def complete(today: date) -> None:
    """What those nights could not know yet: the day's usual prices and leads, which the load makes up for at its end."""
    days = AreaFigure.objects.filter(on__lt=today).order_by("on").values_list("on", flat=True).distinct()
    for day in days:
        figures.follow(day)
