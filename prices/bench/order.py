"""What comes first, of rows in memory: shared by the referee and by the alternatives that sort outside a database."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from pharmacies.geo import Wgs84
    from prices.bench.referee import Question
    from prices.search.questions import Where

Array = NDArray[Any]


class Line(NamedTuple):
    """One offer of an answer, as far as answers are compared: distances are floats and follow from the pharmacy."""

    pharmacy_id: int
    drug_id: int
    price_fen: int
    stale: bool


@dataclass(frozen=True, slots=True)
class Rows:
    """Offers that pass, column by column. `code` sorts as the pharmacies' codes do, `n` as the drugs' do."""

    pharmacy: Array
    code: Array
    n: Array
    price: Array
    key: Array
    stale: Array
    distance: Array

    def take(self, which: Array) -> Rows:
        return Rows(*(getattr(self, field.name)[which] for field in fields(self)))


def circle(where: Where) -> tuple[Wgs84, float]:
    """Origin and radius. The alternatives are asked about circles only: `ValueError` for another place."""
    if where.origin is None or where.radius_m is None:
        raise ValueError("an alternative answers questions about a circle")
    return where.origin, where.radius_m


def first(question: Question, rows: Rows) -> list[Line]:
    """The first page in the question's order; the whole frontier."""
    if question.filters.per_pharmacy:
        rows = rows.take(_best_of_each(rows))
    rows = frontier(rows) if question.sort == "frontier" else rows.take(_sorted(question, rows)[: question.limit])
    drugs = question.target.drugs
    return [
        Line(pharmacy, drugs[n].pk, price, stale)
        for pharmacy, n, price, stale in zip(
            rows.pharmacy.tolist(), rows.n.tolist(), rows.price.tolist(), rows.stale.tolist(), strict=True
        )
    ]


def _sorted(question: Question, rows: Rows) -> Array:
    """`np.lexsort` reads its keys from the last to the first."""
    if question.sort == "nearest":
        return np.lexsort((rows.n, rows.code, rows.key, rows.distance, rows.stale))
    if question.sort == "cheapest":
        return np.lexsort((rows.n, rows.code, rows.distance, rows.key, rows.stale))
    return np.lexsort((rows.n, rows.code, rows.distance, cost(question, rows), rows.stale))


def cost(question: Question, rows: Rows) -> Array:
    """分: the line, rounded half up once, and the way there."""
    target, quantity = question.target, question.quantity
    line = rows.key * quantity
    if target.multiple:
        line = (2 * rows.key * target.pack_count * quantity + target.multiple) // (2 * target.multiple)
    return line + rows.distance * float(question.yuan_per_km) / 10


def frontier(rows: Rows) -> Rows:
    """Fresh rows to which no other is at least as near and at least as cheap, and better in one."""
    rows = rows.take(~rows.stale)
    rows = rows.take(np.lexsort((rows.n, rows.code, rows.key, rows.distance)))
    if not len(rows.key):
        return rows
    begins = np.flatnonzero(np.concatenate(([True], rows.distance[1:] != rows.distance[:-1])))
    lowest = rows.key[begins]  # of each distance: they are in the order of prices
    before = np.concatenate(([np.iinfo(np.int64).max], np.minimum.accumulate(lowest)[:-1]))
    group = np.cumsum(np.isin(np.arange(len(rows.key)), begins)) - 1
    return rows.take((rows.key == lowest[group]) & (lowest < before)[group])


def _best_of_each(rows: Rows) -> Array:
    """One row a pharmacy: fresh before stale, then the cheapest, then the first drug."""
    order = np.lexsort((rows.n, rows.key, rows.stale, rows.pharmacy))
    pharmacy = rows.pharmacy[order]
    return order[np.concatenate(([True], pharmacy[1:] != pharmacy[:-1]))] if len(order) else order
