"""The ways a search can be answered, and which one to take. Every plan that a sort allows gives the same answer.

No one plan serves all: walking outward finds a common drug after a few shops and a rare one never; walking prices upward
through the province finds its cheapest at once and a village's after 30,000 misses. So capped counts decide
(docs/adr/0007). The plans themselves are functions of the database (sql/functions), whose statements stay planned.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from django.conf import settings
from django.db import OperationalError, connections
from psycopg.errors import QueryCanceled
from psycopg.types.multirange import Multirange

from pharmacies.hours import minute_of_week
from pharmacies.models import Designation
from prices.search.cells import Cell, touched
from prices.search.questions import Barred, Coverage, Filters, Place, Target, Where
from prices.sql import statement

Sort = Literal["nearest", "cheapest", "value", "frontier"]
SORTS: tuple[Sort, ...] = ("nearest", "cheapest", "value", "frontier")
Plan = Literal[
    "nearest_walk",
    "near_first",
    "drug_first",
    "cell_walk",
    "price_walk",
    "value",
    "value_of_few",
    "frontier",
    "frontier_of_few",
]
PLANS: dict[Sort, tuple[Plan, ...]] = {
    "nearest": ("nearest_walk", "near_first", "drug_first"),
    "cheapest": ("cell_walk", "price_walk", "near_first", "drug_first"),
    "value": ("value", "value_of_few"),
    "frontier": ("frontier", "frontier_of_few"),
}

FEW_OFFERS = 600
"""Up to so many live offers of the drugs, reading them all beats any walk."""
FEW_PHARMACIES = 2000
"""Up to so many pharmacies of a region or a designation, probing them all beats walking past the others."""
MANY_WALKS = 400
"""From so many lists of prices (drugs × cells) on, walking the prices of the province beats walking theirs."""
EVERYWHERE_M = 25_000_000
"""Farther than any two points are."""
MOST = 0.3
"""Share of the pharmacies from which on a question is about the province."""

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
    """What pharmacies must pass, and the cells they can be in."""
    reimbursed = Designation.Kind(filters.reimbursed_as).bit if filters.reimbursed_as else 0
    radius_m = float("inf") if where.radius_m is None else where.radius_m
    every = [Cell(*row) for row in run("cells", {"region_id": where.region_id})]
    near = touched(every, where.origin, radius_m)
    return {
        "origin": where.ewkt,
        "radius_m": radius_m,
        "box_m": min(radius_m * 1.01 + 1, EVERYWHERE_M),
        "region_id": where.region_id,
        "cells": [cell.id for cell, _metres in near],
        "reach_m": [metres for _cell, metres in near],
        "pharmacies": sum(cell.pharmacies for cell, _metres in near),
        "share": sum(cell.pharmacies for cell, _metres in near) / max(1, sum(cell.pharmacies for cell in every)),
        "kinds": list(filters.kinds),
        "designations": reimbursed,
        "minute": minute_of_week(at) if filters.open_now else None,
    }


def list_parameters(coverage: Coverage, barred: Barred) -> Parameters:
    """Where lists let which of the drugs be shown."""
    return {
        "anywhere": coverage.areas is None and not barred.pairs,
        "list_areas": None if coverage.areas is None else list(coverage.areas),
        "listed": [f"{area}:{drug}" for area, drug in coverage.pairs],
        "bar_areas": list(barred.areas),
        "barred": [f"{area}:{drug}" for area, drug in barred.pairs],
    }


def parameters(
    target: Target, coverage: Coverage, where: Where, *, sort: Sort, filters: Filters, at: datetime, rows: int,
    after: Place | None, barred: Barred = Barred(), quantity: int = 1, yuan_per_km: Decimal = Decimal(1),  # noqa: B008  both frozen
) -> Parameters:  # fmt: skip
    """Every field of `search_question`. Drugs stand in the order of their codes."""
    start = after or Place(stale=False, distance=-1.0, price_key=-1, pharmacy_code="", drug_code="", position=0, rank=0)
    return (
        place_parameters(where, filters, at)
        | list_parameters(coverage, barred)
        | {
            "drugs": [drug.pk for drug in coverage.drugs],
            "weights": [target.weight(drug) for drug in coverage.drugs],
            "at": at,
            "stale_after": settings.STALE_AFTER,
            "hidden_after": settings.HIDDEN_AFTER,
            "in_stock": filters.in_stock,
            "per_pharmacy": filters.per_pharmacy,
            "by_price": sort == "cheapest",
            "rows": rows,
            "packs": quantity * (target.pack_count if target.multiple else 1),
            "units": target.multiple or 1,
            "fen_per_m": float(yuan_per_km) / 10,
            "first_page": after is None,
            "after_stale": start.stale,
            "after_distance": start.distance,
            "after_price": start.price_key,
            "after_code": start.pharmacy_code,
            # How many of the drugs stand up to that code: the ordinal of the last one seen.
            "after_n": sum(drug.code <= start.drug_code for drug in coverage.drugs),
        }
    )


def ask(plan: Plan, parameters: Parameters) -> list[Row]:
    """The rows of a page by that plan (offers.sql)."""
    return [Row(*row) for row in run("offers", parameters | {"plan": plan})]


def choose(sort: Sort, parameters: Parameters) -> Plan:
    """The plan that reads least: rare drugs by their offers, few pharmacies by theirs, the rest by a walk."""
    few = _count("count_offers", FEW_OFFERS, drugs=parameters["drugs"])
    if sort == "value":
        return "value_of_few" if few else "value"
    if sort == "frontier":
        return "frontier_of_few" if few else "frontier"
    if few:
        return "drug_first"
    if parameters["designations"] == Designation.Kind.DUAL_CHANNEL.bit and _count("count_dual_channel", FEW_PHARMACIES):
        return "near_first"
    if sort == "nearest":
        small = parameters["region_id"] is not None and parameters["pharmacies"] <= FEW_PHARMACIES
        return "near_first" if small else "nearest_walk"
    walks = len(parameters["drugs"]) * len(parameters["cells"])
    whole = parameters["region_id"] is None and parameters["share"] > MOST
    return "price_walk" if whole or walks > MANY_WALKS else "cell_walk"


def _count(name: str, few: int, **parameters: Any) -> bool:
    """Whether there are no more than a few."""
    return int(run(name, parameters | {"most": few + 1})[0][0]) <= few
