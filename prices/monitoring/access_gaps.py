"""Where a dual-channel drug is nowhere in stock, and how far the nearest is. The only writer of `AccessGap`."""

from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from pharmacies.models import Designation, Region
from prices.models import AccessGap
from prices.sql import statement


def work_out(at: datetime) -> int:
    """Compare the counties with the shelves of this moment; again the same day: anew. How many gaps there are."""
    parameters: dict[str, Any] = {
        "day": timezone.localdate(at),
        "at": at,
        "stale_after": settings.STALE_AFTER,
        "dual": Designation.Kind.DUAL_CHANNEL.bit,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '64MB'")
        cursor.execute(statement("access_gaps"), parameters)
        return int(cursor.fetchone()[0])


def gaps(area: Region, on: date) -> QuerySet[AccessGap]:
    """Of the counties of the area, as they were on that day; the farthest first, those nobody can help before all."""
    counties = Region.objects.within(area).filter(level=Region.Level.DISTRICT)
    held = Q(until=None, seen__gte=on) | Q(until__gt=on)
    found = AccessGap.objects.filter(held, region__in=counties, since__lte=on)
    farthest = F("distance_m").desc(nulls_first=True)
    named = found.select_related("region", "preparation", "nearest")
    return named.order_by(farthest, "region__code", "pk")


def last_look() -> date | None:
    """The day of the newest comparison."""
    found: date | None = AccessGap.objects.order_by("-seen").values_list("seen", flat=True).first()
    return found


def first_look() -> date | None:
    """The day of the oldest comparison that found a gap anywhere: of days before it nothing is known."""
    found: date | None = AccessGap.objects.order_by("since").values_list("since", flat=True).first()
    return found
