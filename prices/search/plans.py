"""The statements a search can be answered by, and which one to take. Every plan gives the same answer.

No one plan serves all: walking outward finds a common drug after a few shops and a rare one never; walking
prices upward finds the province's cheapest at once and a village's after 30,000 misses. So two capped counts decide.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal, NamedTuple

from django.conf import settings
from django.db import OperationalError, connections
from psycopg.errors import QueryCanceled
from psycopg.types.multirange import Multirange

from pharmacies.hours import minute_of_week
from pharmacies.models import Designation
from prices.search.questions import Barred, Coverage, Filters, Place, Target, Where
from prices.sql import statement

Sort = Literal["nearest", "cheapest"]
SORTS: tuple[Sort, ...] = ("nearest", "cheapest")

FEW_OFFERS = 300
"""Up to so many live offers of the drugs, reading them all beats any walk."""
FEW_PHARMACIES = 1000
"""Up to so many pharmacies that pass, probing them all beats walking prices through the province."""

Parameters = dict[str, Any]


class SearchTimeout(Exception):
    """The database's time limit for searches was hit: nothing is wrong with the question."""


class Row(NamedTuple):
    """What every plan returns, in this order; `distance` is 0 without an origin."""

    pharmacy_id: int
    drug_id: int
    price_fen: int
    price_key: int
    stock: int
    generated: bool
    as_of: datetime
    stale: bool
    distance: float
    designations: int
    lng: float
    lat: float
    code: str
    name: str
    kind: str
    address: str
    phone: str
    hours: str
    open_minutes: Multirange[Any] | None


Plan = Callable[[Parameters], list[Row]]


def run(name: str, parameters: Parameters) -> list[tuple[Any, ...]]:
    """All rows of `prices/sql/<name>.sql` on the search connection. Raises `SearchTimeout`."""
    try:
        with connections[settings.SEARCH_DATABASE].cursor() as cursor:
            cursor.execute(statement(name), parameters)
            return list(cursor.fetchall())
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise SearchTimeout from error
        raise


def place_parameters(where: Where, filters: Filters, at: datetime) -> Parameters:
    """What pharmacies must pass."""
    reimbursed = Designation.Kind(filters.reimbursed_as).bit if filters.reimbursed_as else 0
    return {
        "origin": where.ewkt,
        "radius_m": where.radius_m,
        "region_id": where.region_id,
        "kinds": list(filters.kinds),
        "designations": reimbursed,
        "minute": minute_of_week(at) if filters.open_now else None,
    }


def parameters(
    target: Target, coverage: Coverage, where: Where, *, sort: Sort, filters: Filters, at: datetime, rows: int,
    after: Place | None, barred: Barred = Barred(),  # noqa: B008  frozen
) -> Parameters:  # fmt: skip
    """Every named parameter of the four plans. Drugs stand in the order of their codes."""
    start = after or Place(stale=False, distance=-1.0, price_key=-1, pharmacy_code="", drug_code="", position=0, rank=0)
    return (
        place_parameters(where, filters, at)
        | barred.parameters
        | {
            "drugs": [drug.pk for drug in coverage.drugs],
            "weights": [target.weight(drug) for drug in coverage.drugs],
            "listed": coverage.areas is not None,
            "list_areas": list(coverage.areas or ()),
            "covered_areas": [area for area, _drug in coverage.pairs],
            "covered_drugs": [drug for _area, drug in coverage.pairs],
            "at": at,
            "stale_after": settings.STALE_AFTER,
            "hidden_after": settings.HIDDEN_AFTER,
            "in_stock": filters.in_stock,
            "per_pharmacy": filters.per_pharmacy,
            "by_price": sort == "cheapest",
            "rows": rows,
            "first_page": after is None,
            "after_stale": start.stale,
            "after_distance": start.distance,
            "after_price": start.price_key,
            "after_code": start.pharmacy_code,
            # How many of the drugs stand up to that code: the ordinal of the last one seen.
            "after_drug": sum(drug.code <= start.drug_code for drug in coverage.drugs),
        }
    )


def nearest_walk(parameters: Parameters) -> list[Row]:
    """Pharmacies outward, each one's offers probed (nearest_walk.sql). By distance only."""
    return [Row(*row) for row in run("nearest_walk", parameters)]


def price_walk(parameters: Parameters) -> list[Row]:
    """Prices upward, each one's pharmacy looked up (price_walk.sql). By price only."""
    return [Row(*row) for row in run("price_walk", parameters)]


def near_first(parameters: Parameters) -> list[Row]:
    """All pharmacies that pass, each one's offers probed (near_first.sql)."""
    return [Row(*row) for row in run("near_first", parameters)]


def drug_first(parameters: Parameters) -> list[Row]:
    """All offers of the drugs, each one's pharmacy looked up (drug_first.sql)."""
    return [Row(*row) for row in run("drug_first", parameters)]


def count_offers(parameters: Parameters, most: int) -> int:
    """Live offers of the drugs, counted up to `most` (count_offers.sql)."""
    return int(run("count_offers", parameters | {"most": most})[0][0])


def count_pharmacies(parameters: Parameters, most: int) -> int:
    """Pharmacies that pass, counted up to `most` (count_pharmacies.sql)."""
    return int(run("count_pharmacies", parameters | {"most": most})[0][0])


def choose(sort: Sort, parameters: Parameters) -> Plan:
    """The plan that reads least: rare drugs by their offers, small places by their pharmacies, the rest by a walk."""
    if count_offers(parameters, FEW_OFFERS + 1) <= FEW_OFFERS:
        return drug_first
    if sort == "nearest" and not _selective(parameters):
        return nearest_walk  # a common drug is a few shops away
    if count_pharmacies(parameters, FEW_PHARMACIES + 1) <= FEW_PHARMACIES:
        return near_first
    return nearest_walk if sort == "nearest" else price_walk


def _selective(parameters: Parameters) -> bool:
    """Whether pharmacies must pass more than being near: then a walk may pass by thousands."""
    asked = (parameters["region_id"], parameters["minute"], parameters["designations"] or None)
    return any(value is not None for value in asked) or "pharmacy" not in parameters["kinds"]
