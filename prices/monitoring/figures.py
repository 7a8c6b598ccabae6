"""The figures of every area for a day, worked out each night after the roll-up. The only writer of `AreaFigure`."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count
from django.utils import timezone

from pharmacies.models import Region
from prices.models import AreaFigure, Lead
from prices.models.statistics import MODE_MIN_SHOPS
from prices.monitoring.areas import added_upward
from prices.sql import statement

FLOW = timedelta(hours=24)
FIELDS = (
    *("at", "shops", "reporting", "late", "silent", "offers", "fresh", "products", "covered", "received", "refused"),
    *("dispersed", "dispersion", "leads", "open_leads"),
)


class Shops(NamedTuple):
    """A row of `figures_shops.sql`."""

    area_id: int
    shops: int
    reporting: int
    late: int
    silent: int
    offers: int
    fresh: int
    received: int
    refused: int


class Products(NamedTuple):
    """What `figures_products.sql` says of an area."""

    products: int
    covered: int
    dispersed: int
    dispersion: float | None


def work_out(at: datetime) -> int:
    """The figures of the day of `at` in Shanghai, from what is known now; again the same day: anew. How many areas.

    Coverage and dispersion follow the last roll-up: call it first.
    """
    day = timezone.localdate(at)
    with transaction.atomic():
        shops = _shops(at)
        products = _products([row.area_id for row in shops], day)
        new, unseen = leads(at - FLOW, at)
        found = [
            AreaFigure(
                on=day,
                at=at,
                leads=new.get(row.area_id, 0),
                open_leads=unseen.get(row.area_id, 0),
                **row._asdict() | products[row.area_id]._asdict(),
            )
            for row in shops
        ]
        _write(found)
    return len(found)


def begin(at: datetime) -> int:
    """What the shelves of this moment alone say, where the day's roll-up comes later (`follow`). How many areas."""
    with transaction.atomic():
        nothing = Products(products=0, covered=0, dispersed=0, dispersion=None)._asdict()
        rows = [
            AreaFigure(on=timezone.localdate(at), at=at, leads=0, open_leads=0, **row._asdict() | nothing)
            for row in _shops(at)
        ]
        _write(rows)
    return len(rows)


def follow(day: date) -> int:
    """What the figures of a past day say of products and leads, once its roll-up has been made up for and its prices have
    been screened; by what is known now. How many areas.
    """
    with transaction.atomic():
        rows = list(AreaFigure.objects.filter(on=day))
        products = _products([row.area_id for row in rows], day)
        nights: dict[datetime, tuple[dict[int, int], dict[int, int]]] = {}
        for row in rows:
            if row.at not in nights:
                nights[row.at] = leads(row.at - FLOW, row.at)
            new, unseen = nights[row.at]
            row.leads, row.open_leads = new.get(row.area_id, 0), unseen.get(row.area_id, 0)
            for name, value in products[row.area_id]._asdict().items():
                setattr(row, name, value)
            row.pk = None  # it is known by area and day
        _write(rows)
    return len(rows)


def _write(rows: list[AreaFigure]) -> None:
    AreaFigure.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["area", "on"], update_fields=list(FIELDS)
    )


def latest(area: Region) -> AreaFigure | None:
    """The newest figures of the area."""
    return AreaFigure.objects.filter(area=area).order_by("-on").first()


def series(area: Region, first: date, last: date) -> list[AreaFigure]:
    """The area's figures of the days from `first` to `last`, both included, oldest first; days without are left out."""
    return list(AreaFigure.objects.filter(area=area, on__gte=first, on__lte=last).order_by("on"))


def _shops(at: datetime) -> list[Shops]:
    parameters: dict[str, Any] = {
        "at": at,
        "since": at - FLOW,
        "stale_after": settings.STALE_AFTER,
        "hidden_after": settings.HIDDEN_AFTER,
    }
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '64MB'")
        cursor.execute(statement("figures_shops"), parameters)
        return [Shops(*row) for row in cursor.fetchall()]


def _products(areas: list[int], day: date) -> dict[int, Products]:
    """For each of the areas."""
    parameters: dict[str, Any] = {"areas": areas, "day": day, "min_shops": MODE_MIN_SHOPS}
    with connection.cursor() as cursor:
        cursor.execute(statement("figures_products"), parameters)
        rows = {row[0]: Products(*row[1:]) for row in cursor.fetchall()}
    nothing = rows[None]
    return {area: rows.get(area, nothing) for area in areas}


def leads(since: datetime, until: datetime) -> tuple[dict[int, int], dict[int, int]]:
    """For each area with all below it: leads found in (since, until], and those of any day that wait to be looked at."""
    standing = Lead.objects.standing()
    new = standing.filter(found_at__gt=since, found_at__lte=until)
    unseen = standing.filter(state=Lead.State.NEW, found_at__lte=until)
    return added_upward(_by_area(new)), added_upward(_by_area(unseen))


def found_between(start: datetime, end: datetime) -> dict[int, int]:
    """For each area with all below it: leads found in [start, end) that still stand."""
    return added_upward(_by_area(Lead.objects.standing().filter(found_at__gte=start, found_at__lt=end)))


def _by_area(rows: Any) -> Iterable[tuple[int, int]]:
    counted: Iterable[tuple[int, int]] = rows.order_by().values_list("area_id").annotate(n=Count("pk"))
    return counted
