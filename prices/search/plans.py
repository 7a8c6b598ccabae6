"""The ways a search can be answered, and which one to take. Every plan that a sort allows gives the same answer.

No one plan serves all: walking outward finds a common drug after a few shops and a rare one never; walking prices upward
finds the cheapest of a province at once, and that of the few pharmacies open at three in the morning after a thousand
misses. So capped counts decide (docs/adr/0007). The plans themselves are functions of the database (sql/functions),
whose statements stay planned.
"""

from datetime import datetime
from decimal import Decimal
from math import prod
from typing import Literal, NamedTuple

from django.conf import settings

from pharmacies.hours import NIGHT, minute_of_week
from pharmacies.models import Designation, Pharmacy
from prices.search.cells import touched
from prices.search.questions import Barred, Coverage, Filters, Place, Target, Where
from prices.search.statements import Parameters, run
from prices.search.survey import FEW_OFFERS, Survey

Sort = Literal["nearest", "cheapest", "value", "frontier"]
SORTS: tuple[Sort, ...] = ("nearest", "cheapest", "value", "frontier")
Source = Literal["circle", "dual_channel", "night", "institutions", "cells"]
"""By which index pharmacies are found: around the origin, those of a filter alone, or all of the touched cells."""
Plan = Literal["nearest_walk", "cell_walk", "price_walk", "value", "frontier", "few_pharmacies", "few_offers"]
PLANS: dict[Sort, tuple[Plan, ...]] = {
    "nearest": ("nearest_walk", "few_pharmacies", "few_offers"),
    "cheapest": ("cell_walk", "price_walk", "few_pharmacies", "few_offers"),
    "value": ("value", "few_pharmacies", "few_offers"),
    "frontier": ("frontier", "few_pharmacies", "few_offers"),
}

SMALL_REGION = 2000
"""Up to so many pharmacies in the cells of a region, looking at each beats walking outward past others."""
LOOK_US, PROBE_US = 2.5, 3.0
"""What it takes to look at a pharmacy, and to probe one for one drug: microseconds, as measured (docs/performance.md)."""
WALKS_US: dict[Sort, tuple[float, float]] = {"cheapest": (500, 120), "value": (1500, 300), "frontier": (2000, 150)}
"""What a walk takes at least, and what for a page of which everything passes: a filter that leaves a hundredth makes it
read a hundred times as much. Five more drugs cost as much again."""
EVERYWHERE_M = 25_000_000
"""Farther than any two points are."""
LEAST_SHARE = 0.001
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
    """What pharmacies must pass, the cells they can be in, where the fewest others are among them, and about how many pass."""
    near = touched(found.cells, where.origin, where.reach_m)
    cells = [cell for cell, _metres in near]
    pharmacies = sum(cell.pharmacies for cell in cells)
    left = {name: sum(getattr(cell, name) for cell in cells) for name in _sources(filters, at)}
    share = prod((count / max(1, pharmacies) for count in left.values()), start=1.0)
    inside = sum(cell.pharmacies * cell.share_of_circle(where.reach_m) for cell in cells)
    looked_at: dict[Source, float] = {name: inside * count / max(1, pharmacies) for name, count in left.items()}
    looked_at["circle"] = inside
    if where.origin is None or (where.region_id is not None and pharmacies <= SMALL_REGION):
        looked_at = {"cells": pharmacies}
    whole = pharmacies > MOST * found.everywhere
    source = min(looked_at, key=lambda name: looked_at[name])
    return {
        "origin": where.ewkt,
        "radius_m": where.reach_m,
        "box_m": min(where.reach_m * 1.01 + 1, EVERYWHERE_M),
        "region_id": where.region_id,
        "cells": [cell.id for cell in cells],
        "reach_m": [metres for _cell, metres in near],
        "kinds": list(filters.kinds),
        "designations": Designation.Kind(filters.reimbursed_as).bit if filters.reimbursed_as else 0,
        "minute": minute_of_week(at) if filters.open_now else None,
        "share": max(share * inside / max(1, found.everywhere if whole else pharmacies), LEAST_SHARE),
        "source": source,
        "looked_at": looked_at[source],
        "passing": inside * share,
        "whole": whole,
    }


def _sources(filters: Filters, at: datetime) -> list[Source]:
    """The filters that leave so few pharmacies that these have an index of their own."""
    sources: list[Source] = []
    if filters.reimbursed_as == Designation.Kind.DUAL_CHANNEL:
        sources.append("dual_channel")
    if filters.open_now and any(start <= minute_of_week(at) < end for start, end in NIGHT):
        sources.append("night")
    if Pharmacy.Kind.PHARMACY not in filters.kinds:
        sources.append("institutions")
    return sources


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
    if sort == "nearest":
        return "nearest_walk"
    drugs = len(asked["drugs"])
    least, page = WALKS_US[sort]
    walk = least + page / asked["share"] * (1 + (drugs - 1) / 5)
    if asked["looked_at"] * LOOK_US + asked["passing"] * drugs * PROBE_US <= walk:
        return "few_pharmacies"
    if sort == "cheapest":
        return "price_walk" if asked["whole"] else "cell_walk"
    return sort
