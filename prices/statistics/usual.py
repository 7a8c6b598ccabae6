"""What most pharmacies of an area ask (多数药店价), for all cards of a page in one statement."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from prices.search.statements import run

MAX_AGE = timedelta(days=7)
"""An older roll-up says nothing about what is usual today."""

Pair = tuple[int, int]
"""(drug id, region id)"""


@dataclass(frozen=True, slots=True)
class Usual:
    """Shelf prices of a drug in an area, in 分, worked out on the day `on`; no mode with fewer than 5 shops."""

    mode_fen: int | None
    q1_fen: int
    median_fen: int
    q3_fen: int
    min_fen: int
    max_fen: int
    count: int
    on: date


def usual_prices(pairs: Iterable[Pair], on: date) -> dict[Pair, Usual]:
    """By (drug id, region id) what the last roll-up up to the day `on` said; pairs nobody sells in are missing, and
    all are when that roll-up is more than a week older than `on`. Any region: county, city, province, insurance area.

    Raises `SearchTimeout`.
    """
    wanted = sorted(set(pairs))
    if not wanted:
        return {}
    drugs, regions = zip(*wanted, strict=True)
    rows = run("usual", {"drugs": list(drugs), "regions": list(regions), "on": on, "oldest": on - MAX_AGE})
    return {(row[0], row[1]): Usual(*row[2:]) for row in rows}
