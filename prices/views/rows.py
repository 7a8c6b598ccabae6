"""Preparations as lines of a list: search results and browsing show the same, with the lowest price of each."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from catalog.comparability import ranked_together
from catalog.models import Drug, Preparation
from prices.api.serializers import preparation_json
from prices.money import unit_price
from prices.search.lowest import lowest_and_barred

Found = tuple[Preparation, list[Drug]]


def rows(
    found: Iterable[Found], *, at: datetime, products: Mapping[int, frozenset[int]] | None = None
) -> list[dict[str, Any]]:
    """For each preparation what `_rows.html` shows. `products`: ids of the drugs that were asked for, by preparation.

    `cheapest` is the lowest (price per smallest unit, unit) of the products that its comparison ranks, None when nobody
    has a fresh price for one; `asked` is the same of the products asked for, None where that is all of them or none.
    `institutions_only`: no pharmacy may sell any of them.
    """
    found = list(found)
    prices, barred = lowest_and_barred([drug.pk for _preparation, drugs in found for drug in drugs], at=at)
    return [
        _row(preparation, drugs, prices, (products or {}).get(preparation.pk, frozenset()))
        | {"institutions_only": all(drug.pk in barred for drug in drugs)}
        for preparation, drugs in found
    ]


def _row(preparation: Preparation, drugs: list[Drug], prices: dict[int, int], asked: frozenset[int]) -> dict[str, Any]:
    for drug in drugs:
        drug.preparation = preparation
    compared, _others = ranked_together(drugs)
    each = {
        drug.pk: (unit_price(prices[drug.pk], drug.pack_count), drug.unit) for drug in compared if drug.pk in prices
    }
    some = asked and len(asked) < len(drugs)
    return preparation_json(preparation, drugs) | {
        "makers": len({drug.manufacturer for drug in drugs}),
        "cheapest": min(each.values(), default=None),
        "asked": min((each[pk] for pk in each if pk in asked), default=None) if some else None,
    }
