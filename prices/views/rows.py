"""Preparations as lines of a list: search results and browsing show the same, with the lowest price of each."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from catalog.comparability import ranked_together
from catalog.models import Drug, Preparation
from prices.api.serializers import preparation_json
from prices.money import unit_price
from prices.search.lowest import lowest

Found = tuple[Preparation, list[Drug]]


def rows(found: Iterable[Found], *, at: datetime) -> list[dict[str, Any]]:
    """For each preparation what `_rows.html` shows.

    `cheapest` is the lowest (price per smallest unit, unit) of the products that its comparison ranks, None when nobody
    has a fresh price for one.
    """
    found = list(found)
    prices = lowest([drug.pk for _preparation, drugs in found for drug in drugs], at=at)
    return [_row(preparation, drugs, prices) for preparation, drugs in found]


def _row(preparation: Preparation, drugs: list[Drug], prices: dict[int, int]) -> dict[str, Any]:
    for drug in drugs:
        drug.preparation = preparation
    compared, _others = ranked_together(drugs)
    each = [(unit_price(prices[drug.pk], drug.pack_count), drug.unit) for drug in compared if drug.pk in prices]
    return preparation_json(preparation, drugs) | {
        "makers": len({drug.manufacturer for drug in drugs}),
        "cheapest": min(each, default=None),
    }
