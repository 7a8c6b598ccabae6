"""Offers for binary COPY: drug after drug in the order of the key, so that the indexes are built over sorted rows.

Prices are round and sticky: a chain has one price for all its shops, single shops scatter around the usual one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from prices.generated.drugs import Assortment
from prices.generated.shops import SINGLE, Shops
from prices.generated.size import LOW, OUT_OF_STOCK, TO_ORDER, UNSAID, Floats, Ints, Size, availability
from prices.models import Offer, Stock

COLUMNS: tuple[tuple[str, str], ...] = (
    ("as_of", ">i8"),
    ("changed_at", ">i8"),
    ("confirmed_at", ">i8"),
    ("drug_id", ">i4"),
    ("pharmacy_id", ">i4"),
    ("price_fen", ">i4"),
    ("feed_id", ">i4"),
    ("run_id", ">i4"),
    ("cell", ">i4"),
    ("stock", ">i2"),
    ("state", ">i2"),
)
"""The columns of prices_offer that are written, and how COPY sends them; `disputed_since` is NULL."""

HEAD = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TAIL = b"\xff\xff"
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)  # of PostgreSQL's timestamps
BATCH = 500_000
FRESH_DAYS, SILENT_DAYS, CHANGED_DAYS = 2.0, (12.0, 26.0), 120.0


@dataclass(frozen=True)
class Keys:
    """Ids of the pharmacies in the database, and of each its cell, its feed and the feed's run."""

    pharmacies: Ints
    cells: Ints
    feeds: Ints
    runs: Ints


def row_type() -> np.dtype[np.void]:
    """One tuple of COPY: the number of columns, then each with its length before it."""
    fields: list[tuple[str, str]] = [("columns", ">i2")]
    for name, kind in COLUMNS:
        fields += [(f"{name}_bytes", ">i4"), (name, kind)]
    return np.dtype(fields)


def batches(size: Size, assortment: Assortment, shops: Shops, keys: Keys, at: datetime) -> Iterator[tuple[bytes, Ints]]:
    """Chunks for COPY, each with the pharmacies (numbers) its rows belong to. Offers are in the order of their key."""
    shares = availability(size)
    stocks = _Stock(size)
    seen = (at - EPOCH) // timedelta(microseconds=1) - silence(size, shops)
    waiting: list[NDArray[np.void]] = []
    carriers: list[Ints] = []
    rows = 0
    for rank in np.argsort(assortment.ids):
        rng = size.rng(5, int(rank))
        shop = _carriers(rng, shares[rank], len(shops))
        table = _template(len(shop))
        table["drug_id"], table["pharmacy_id"] = assortment.ids[rank], keys.pharmacies[shop]
        table["feed_id"], table["run_id"] = keys.feeds[shop], keys.runs[shop]
        table["cell"] = keys.cells[shop]
        table["price_fen"] = _prices(rng, assortment.usual_fen[rank], shops.chain[shop])
        table["stock"] = stocks.draw(rng, len(shop))
        # As in a province that has reported for months: the price was said once, the shop's mark vouches for it since.
        said = seen[shop] - _microseconds(rng.random(len(shop)) * CHANGED_DAYS)
        table["as_of"] = table["confirmed_at"] = table["changed_at"] = said
        waiting.append(table)
        carriers.append(shop)
        rows += len(shop)
        if rows >= BATCH:
            yield b"".join(each.tobytes() for each in waiting), np.concatenate(carriers)
            waiting, carriers, rows = [], [], 0
    if rows:
        yield b"".join(each.tobytes() for each in waiting), np.concatenate(carriers)


def _template(count: int) -> NDArray[np.void]:
    table = np.zeros(count, row_type())
    table["columns"] = len(COLUMNS)
    for name, kind in COLUMNS:
        table[f"{name}_bytes"] = np.dtype(kind).itemsize
    table["state"] = Offer.State.LIVE
    return table


def _carriers(rng: np.random.Generator, share: float, count: int) -> Ints:
    """Numbers of the pharmacies that carry a drug, ascending; never none."""
    if share * count > 200:
        found = np.flatnonzero(rng.random(count) < share)
    else:
        found = np.sort(rng.choice(count, max(1, round(share * count)), replace=False))
    return found.astype(np.int64)


def _prices(rng: np.random.Generator, usual: float, chain: Ints) -> Ints:
    """分. A chain's price is one draw, a single shop's its own, both round; every fiftieth shop deviates from its chain."""
    of_chain = _round(usual * np.exp(rng.normal(0, 0.15, int(chain.max(initial=0)) + 1)))
    own = _round(usual * np.exp(rng.normal(0, 0.20, len(chain))))
    alone = (chain == SINGLE) | (rng.random(len(chain)) < 0.02)
    return np.where(alone, own, of_chain[np.maximum(chain, 0)])


def _round(fen: Floats) -> Ints:
    """As price tags have it: to 10 分 below 10 yuan, to 50 分 below 100, else to a yuan."""
    step = np.select([fen < 1_000, fen < 10_000], [10, 50], 100)
    tagged: Ints = np.maximum(np.round(fen / step) * step, step).astype(np.int64)
    return tagged


class _Stock:
    """Words of stock by their shares."""

    def __init__(self, size: Size) -> None:
        self.words = np.array([Stock.OUT, Stock.LOW, Stock.ORDER, Stock.UNKNOWN, Stock.IN])
        self.bounds = np.cumsum([OUT_OF_STOCK, LOW, TO_ORDER, UNSAID])

    def draw(self, rng: np.random.Generator, count: int) -> Ints:
        words: Ints = self.words[np.searchsorted(self.bounds, rng.random(count), side="right")]
        return words


def silence(size: Size, shops: Shops) -> Ints:
    """For how many microseconds each pharmacy has not reported."""
    rng = size.rng(6)
    fresh, silent = rng.uniform(0.05, FRESH_DAYS, len(shops)), rng.uniform(*SILENT_DAYS, len(shops))
    return _microseconds(np.where(shops.silent, silent, fresh))


def _microseconds(days: Floats) -> Ints:
    return (days * 86_400_000_000).astype(np.int64)
