"""The ways a search can be answered, and which one to take. Every plan that a sort allows gives the same answer.

No one plan serves all: walking outward finds a common drug after a few shops and a rare one never; walking prices upward
finds the cheapest of a province at once, and that of the few pharmacies open at three in the morning after a thousand
misses. So capped counts decide (docs/adr/0007). The plans themselves are functions of the database (sql/functions),
whose statements stay planned.
"""

from datetime import datetime
from decimal import Decimal
from typing import Literal, NamedTuple

from django.conf import settings

from pharmacies.hours import minute_of_week
from pharmacies.models import Designation
from prices.search.cells import touched
from prices.search.questions import Barred, Coverage, Filters, Place, Target, Where
from prices.search.statements import Parameters, run
from prices.search.survey import FEW_OFFERS, FEW_PHARMACIES, Source, Survey

Sort = Literal["nearest", "cheapest", "value", "frontier"]
SORTS: tuple[Sort, ...] = ("nearest", "cheapest", "value", "frontier")
Plan = Literal["nearest_walk", "cell_walk", "price_walk", "value", "frontier", "few_pharmacies", "few_offers"]
PLANS: dict[Sort, tuple[Plan, ...]] = {
    "nearest": ("nearest_walk", "few_pharmacies", "few_offers"),
    "cheapest": ("cell_walk", "price_walk", "few_pharmacies", "few_offers"),
    "value": ("value", "few_pharmacies", "few_offers"),
    "frontier": ("frontier", "few_pharmacies", "few_offers"),
}

FEW_PROBES = 10_000
"""Up to so many offers (pharmacies × drugs) of a filter's few pharmacies, probing all beats walks that the filter thins."""
FEW_PROBES_NEARBY = 1_000
"""Up to so many of the touched cells, probing all beats bounding first."""
MANY_WALKS = 400
"""From so many lists of prices (drugs × cells) on, walking the prices of the province beats walking theirs."""
EVERYWHERE_M = 25_000_000
"""Farther than any two points are."""
MOST = 0.3
"""Share of the pharmacies from which on a question is about the province."""


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
    open_minutes: str | None


def place_parameters(where: Where, filters: Filters, at: datetime, found: Survey) -> Parameters:
    """What pharmacies must pass, the cells they can be in, and where the fewest of them that can pass are found."""
    reimbursed = Designation.Kind(filters.reimbursed_as).bit if filters.reimbursed_as else 0
    near = touched(found.cells, where.origin, where.reach_m)
    pharmacies = sum(cell.pharmacies for cell, _metres in near)
    shops: dict[Source, int] = {**found.shops, "cells": pharmacies}
    source = min(shops, key=lambda name: shops[name])
    return {
        "origin": where.ewkt,
        "radius_m": where.reach_m,
        "box_m": min(where.reach_m * 1.01 + 1, EVERYWHERE_M),
        "region_id": where.region_id,
        "cells": [cell.id for cell, _metres in near],
        "reach_m": [metres for _cell, metres in near],
        "share": pharmacies / max(1, found.everywhere),
        "kinds": list(filters.kinds),
        "designations": reimbursed,
        "minute": minute_of_week(at) if filters.open_now else None,
        "source": source,
        "shops": shops[source],
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
    target: Target, coverage: Coverage, where: Where, found: Survey, *, sort: Sort, filters: Filters, at: datetime, rows: int,
    after: Place | None, barred: Barred = Barred(), quantity: int = 1, yuan_per_km: Decimal = Decimal(1),  # noqa: B008  both frozen
) -> Parameters:  # fmt: skip
    """Every field of `search_question`. Drugs stand in the order of their codes."""
    start = after or Place(stale=False, distance=-1.0, price_key=-1, pharmacy_code="", drug_code="", position=0, rank=0)
    return (
        place_parameters(where, filters, at, found)
        | list_parameters(coverage, barred)
        | {
            "drugs": [drug.pk for drug in coverage.drugs],
            "weights": [target.weight(drug) for drug in coverage.drugs],
            "at": at,
            "stale_after": settings.STALE_AFTER,
            "hidden_after": settings.HIDDEN_AFTER,
            "in_stock": filters.in_stock,
            "per_pharmacy": filters.per_pharmacy,
            "sort": sort,
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


def choose(sort: Sort, asked: Parameters, found: Survey) -> Plan:
    """The plan that reads least: rare drugs by their offers, few pharmacies by theirs, the rest by a walk."""
    if found.offers <= FEW_OFFERS:
        return "few_offers"
    probes = asked["shops"] * len(asked["drugs"])
    thinned = asked["source"] != "cells" and asked["shops"] <= FEW_PHARMACIES
    if sort == "nearest":
        small = asked["region_id"] is not None and asked["shops"] <= FEW_PHARMACIES
        return "few_pharmacies" if thinned or small else "nearest_walk"
    if thinned and probes <= FEW_PROBES:
        return "few_pharmacies"
    if sort == "cheapest":
        walks = len(asked["drugs"]) * len(asked["cells"])
        whole = asked["region_id"] is None and asked["share"] > MOST
        return "price_walk" if whole or walks > MANY_WALKS else "cell_walk"
    return "few_pharmacies" if probes <= FEW_PROBES_NEARBY else sort
