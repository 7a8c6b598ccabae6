"""报送合规: what was expected of every pharmacy in a month and what came. The only writer of `ReporterMonth`."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from pharmacies.models import Region
from prices.models import FeedRun, ReporterMonth
from prices.monitoring.changes import midnight
from prices.monitoring.reporters import LOOK_BACK
from prices.sql import statement


@dataclass(frozen=True, slots=True)
class Compliance:
    """Sums over `shops` pharmacies; a share is None where there is nothing to divide by."""

    shops: int
    expected: int
    received: int
    late_days: int
    lines: int
    refused: int
    observed: int
    agreed: int

    @property
    def on_time(self) -> float | None:
        """报送率: received of expected."""
        return self.received / self.expected if self.expected else None

    @property
    def refused_share(self) -> float | None:
        return self.refused / self.lines if self.lines else None

    @property
    def agreed_share(self) -> float | None:
        return self.agreed / self.observed if self.observed else None


def next_month(month: date) -> date:
    return (month.replace(day=1) + timedelta(days=32)).replace(day=1)


def work_out(at: datetime) -> int:
    """Write the month of the day before `at`, up to and with that day, and the month before it where its last night was
    missed; again: the same. Returns the pharmacies × months written."""
    yesterday = timezone.localdate(at) - timedelta(days=1)
    month = yesterday.replace(day=1)
    last = month - timedelta(days=1)
    missed = through(last.replace(day=1)) != last and FeedRun.objects.filter(received_at__lt=midnight(month)).exists()
    return (_work_out(last, at) if missed else 0) + _work_out(yesterday, at)


def _work_out(day: date, at: datetime) -> int:
    month, until = day.replace(day=1), day + timedelta(days=1)
    parameters: dict[str, Any] = {
        "month": month,
        "through": day,
        "start": midnight(month),
        "until": midnight(until),
        "oldest": midnight(month) - LOOK_BACK,
        "is_over": until == next_month(month),
        "at": at,
        "stale_after": settings.STALE_AFTER,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '64MB'")
        cursor.execute(statement("compliance"), parameters)
        return int(cursor.fetchone()[0])


def months() -> list[date]:
    """The months there are figures of, newest first."""
    return list(ReporterMonth.objects.order_by("-month").values_list("month", flat=True).distinct())


def through(month: date) -> date | None:
    """The last day that the month's figures speak of."""
    found = ReporterMonth.objects.filter(month=month).order_by("-through").values_list("through", flat=True)
    return found.first()


def by_area(area: Region, month: date) -> dict[int, Compliance]:
    """Sums by insurance area (those that manage pharmacies themselves) within the area."""
    return {row[0]: Compliance(*row[1:]) for row in _ask("compliance_areas", area, month)}


@dataclass(frozen=True, slots=True)
class Shop:
    """One pharmacy's month."""

    pharmacy_id: int
    code: str
    name: str
    area: str
    chain: str
    sums: Compliance


def by_shop(area: Region, month: date) -> list[Shop]:
    """Every pharmacy of the area, those that reported least of what was expected first."""
    return [_shop(*row) for row in _ask("compliance_shops", area, month)]


def _shop(pharmacy_id: int, code: str, name: str, area: str, chain: str, *sums: int) -> Shop:
    return Shop(pharmacy_id, code, name, area, chain, Compliance(1, *sums))


def _ask(name: str, area: Region, month: date) -> list[tuple[Any, ...]]:
    areas = list(Region.objects.within(area).values_list("pk", flat=True))
    with connection.cursor() as cursor:
        cursor.execute(statement(name), {"areas": areas, "month": month})
        return list(cursor.fetchall())
