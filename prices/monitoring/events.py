"""Many changes with one cause: a chain that reprices its shops, a list that moves as a whole, a market that follows a price.

They are one event, tested once and giving one lead at most; without this a chain's decision would look like a thousand
spikes (domain.md 6.3). What stands out of its event stays apart: a product raised by half on the day everything else
went up by three per cent is an event of its own.
"""

import math
from dataclasses import dataclass

import polars as pl

from prices.models import PriceEvent

Kind, Direction = PriceEvent.Kind, PriceEvent.Direction

CHAIN_SHOPS = 3
"""A price that at least so many shops of a chain take on the same day is the chain's decision."""
MASS_DRUGS, MASS_SHARE = 500, 0.90
"""One shop that moves so many products on one day, nearly all of them the same way, has a new price list."""
MARKET_SHOPS = 10
"""So many shops that belong to no event and come to exactly the same price follow somebody's price."""
APART = math.log(1.15)
"""A rise that exceeds the middle one of its event by more than 15 % stands out of it."""
NEAR = math.log(1.05)
"""A new price within 5 % of a reference price follows that reference (domain.md 6.2)."""


@dataclass(frozen=True, slots=True)
class Event:
    """`key` tells it from the other events of its day; the fields are those of `PriceEvent`."""

    kind: str
    key: str
    feed_id: int | None
    chain_id: int | None
    drug_id: int | None
    direction: str
    ratio: float
    offers: int
    shops: int
    drugs: int


def collapse(changes: pl.DataFrame, references: pl.DataFrame | None = None) -> tuple[pl.DataFrame, list[Event]]:
    """The changes of one day with a column `event` (the place in the list that is returned with them; null: its own).

    `changes`: pharmacy_id, drug_id, chain_id (null: none), feed_id, old_fen, new_fen, one row an offer, in any order,
    which is kept. Rows without an old or a new price belong to no event. `references`: drug_id, reference_fen of prices
    that came into force lately.
    """
    rows = changes.lazy().select(
        *("pharmacy_id", "drug_id", "chain_id", "feed_id", "new_fen"),
        (pl.col("new_fen").cast(pl.Float64).log() - pl.col("old_fen").cast(pl.Float64).log()).alias("step"),
    )
    rows = rows.with_columns(up=pl.col("step") > 0)
    moved = pl.col("step").is_not_null() & (pl.col("step") != 0)
    rows = _chains(rows, moved)
    rows = _lists(rows, moved)
    rows = _markets(rows, moved)
    keyed = rows.with_columns(key=pl.coalesce("of_chain", "of_list", "of_market")).collect()
    told = _told(keyed, references)
    events = [Event(**row) for row in told.select(*Event.__dataclass_fields__).sort("key").iter_rows(named=True)]
    places = pl.DataFrame(
        {"key": [each.key for each in events], "event": range(len(events))},
        schema={"key": pl.String, "event": pl.Int32},
    )
    numbered = keyed.select("key").join(places, on="key", how="left", maintain_order="left")
    return changes.with_columns(numbered["event"]), events


def _way() -> pl.Expr:
    return pl.when("up").then(pl.lit(Direction.UP.value)).otherwise(pl.lit(Direction.DOWN.value))


def _chains(rows: pl.LazyFrame, moved: pl.Expr) -> pl.LazyFrame:
    """What a chain's shops took together is one event for each direction, what stands out of it one for each product."""
    together = pl.len().over("chain_id", "drug_id", "new_fen", "up") >= CHAIN_SHOPS
    rows = rows.with_columns(decided=moved & pl.col("chain_id").is_not_null() & together)
    middle = pl.col("step").filter("decided").median().over("chain_id", "up")
    # Of the decision as a whole: its shops may have come from different prices.
    apart = pl.col("up") & (pl.col("step").median().over("chain_id", "drug_id", "new_fen", "up") > middle + APART)
    chain, way = pl.col("chain_id").cast(pl.String), _way()
    whole = pl.concat_str(pl.lit("chain:"), chain, pl.lit(":"), way)
    alone = pl.concat_str(
        pl.lit("chain:"), chain, pl.lit(":"), way, pl.lit(":drug:"), pl.col("drug_id").cast(pl.String)
    )
    return rows.with_columns(of_chain=pl.when("decided").then(pl.when(apart).then(alone).otherwise(whole)))


def _lists(rows: pl.LazyFrame, moved: pl.Expr) -> pl.LazyFrame:
    """A shop of no chain event that moves its whole list: a national price list is such a shop."""
    free = moved & pl.col("of_chain").is_null()
    same_way = free.sum().over("pharmacy_id", "up")
    middle = pl.col("step").filter(free).median().over("pharmacy_id", "up")
    apart = pl.col("up") & (pl.col("step") > middle + APART)
    mass = (same_way >= MASS_DRUGS) & (same_way >= MASS_SHARE * free.sum().over("pharmacy_id"))
    key = pl.concat_str(pl.lit("shop:"), pl.col("pharmacy_id").cast(pl.String), pl.lit(":"), _way())
    return rows.with_columns(of_list=pl.when(free & mass & ~apart).then(key))


def _markets(rows: pl.LazyFrame, moved: pl.Expr) -> pl.LazyFrame:
    """Shops of no other event that come to the same price of a product on the same day."""
    free = moved & pl.col("of_chain").is_null() & pl.col("of_list").is_null()
    many = free.sum().over("drug_id", "new_fen", "up") >= MARKET_SHOPS
    fen = pl.col("new_fen").cast(pl.String)
    key = pl.concat_str(pl.lit("drug:"), pl.col("drug_id").cast(pl.String), pl.lit(":"), fen, pl.lit(":"), _way())
    return rows.with_columns(of_market=pl.when(free & many).then(key))


def _told(keyed: pl.DataFrame, references: pl.DataFrame | None) -> pl.DataFrame:
    """One row for each event, with the columns of `Event`."""

    def of_all(name: str) -> pl.Expr:
        """What is the same for all of the event, else null."""
        return pl.when(pl.col(name).n_unique() == 1).then(pl.col(name).first()).cast(pl.Int64).alias(name)

    told = (
        keyed.filter(pl.col("key").is_not_null())
        .group_by("key")
        .agg(
            *(of_all(name) for name in ("feed_id", "chain_id", "drug_id")),
            pl.col("step").median().exp().alias("ratio"),
            pl.col("new_fen").median().alias("new_fen"),
            pl.len().cast(pl.Int64).alias("offers"),
            pl.col("pharmacy_id").n_unique().cast(pl.Int64).alias("shops"),
            pl.col("drug_id").n_unique().cast(pl.Int64).alias("drugs"),
            _way().first().alias("direction"),
        )
    )
    if references is None:
        references = pl.DataFrame(schema={"drug_id": pl.Int64, "reference_fen": pl.Float64})
    nearest = references.select(pl.col("drug_id").cast(pl.Int64), pl.col("reference_fen").cast(pl.Float64))
    near = (pl.col("new_fen").log() - pl.col("reference_fen").log()).abs() <= NEAR
    followed = told.join(nearest, on="drug_id").filter(near)["key"].unique()
    return told.with_columns(
        kind=pl.when(pl.col("key").is_in(followed.implode()))
        .then(pl.lit(Kind.REFERENCE.value))
        .when(pl.col("key").str.starts_with("chain:"))
        .then(pl.lit(Kind.CHAIN.value))
        .otherwise(pl.lit(Kind.MASS.value))
    )
