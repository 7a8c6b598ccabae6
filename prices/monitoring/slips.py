"""Is a published change a feed error? Asked before any detector: what is one becomes no lead (domain.md 6.2).

The one door has already quarantined what it knew to be a slip. What is left are the ways round it: a slip that a named
person let pass and its way back, the first correct price after one, a price that changed because the pack size or the
meaning of a code was corrected, and a date that has not come yet.
"""

import polars as pl

from prices.ingest import slips
from prices.ingest.slips import Movement

WAY_BACK = "way_back"
PACK_CORRECTED = "pack_corrected"
CODE_REUSED = "code_reused"
FUTURE = "future"
CLOCK_SKEW = pl.duration(minutes=10)

OPTIONAL: dict[str, pl.DataType] = {
    "before_fen": pl.Float64(),  # the price before `old_fen`, where the change before this one is known
    "usual_fen": pl.Float64(),  # the median of the city's shops
    "official_fen": pl.List(pl.Float64()),  # reference prices in force, per pack
    "feed_id": pl.Int32(),  # with a `movement`: who sent it
    "accepted": pl.Boolean(),  # a named person at the desk said, with a reason, that this is the price
    "pack_was": pl.Int64(),  # the pack count when the old price was set, where it was another
    "code_changed": pl.Boolean(),  # the feed's code has come to mean this product since the old price was set
    "effective_at": pl.Datetime("us", "UTC"),
    "received_at": pl.Datetime("us", "UTC"),
}
"""Columns that `classify` uses where they are there; null says that nothing is known."""


def movement(changes: pl.DataFrame) -> Movement:
    """How feeds moved their prices on a day: `changes` (`feed_id`, `old_fen`, `new_fen`, `pack_count`) are all that changed,
    whether or not anybody asks about them. What a feed sends on a day is taken for one delivery."""
    price, reference = pl.col("new_fen").alias("price"), pl.col("old_fen").alias("reference")
    return Movement.of(changes.select(pl.col("feed_id").alias("delivery"), price, reference, "pack_count"))


def classify(changes: pl.DataFrame, moved: Movement | None = None) -> pl.Series:
    """For each change "" (a real one, as far as can be known) or what kind of error it is.

    `changes`: `old_fen` (null: first price), `new_fen`, `pack_count`, and any of OPTIONAL. Kinds, the first that fits:
    `future` (effective more than 10 minutes after it was received), `code_reused`, `pack_corrected`, `way_back` (from a
    slip to what was asked before it, or to what others ask), `suspected_…` as `prices.ingest.slips` names them. A price
    within 5 % of an official one, or of what the city's shops ask, is no slip, however far it moved. On the day of a new
    price list a slip is ten times the new price and not the old one: hence `moved` (of `movement`). What a person has
    accepted is the price, so that ten times of it is a rise to be looked at and no way around being looked at.
    """
    rows = changes.with_columns(
        pl.lit(None, kind).alias(name) for name, kind in OPTIONAL.items() if name not in changes.columns
    )
    new, old = pl.col("new_fen"), pl.col("old_fen")
    reference = pl.coalesce(old.cast(pl.Float64), pl.col("usual_fen").cast(pl.Float64))
    rows = rows.with_columns(
        _factor(rows, new, reference, moved).alias("_slip"),
        _factor(rows, old, pl.col("before_fen")).alias("_old_slip"),
    )
    official = pl.col("official_fen").list.eval(pl.element().cast(pl.Float64).log())
    closest = (official - new.cast(pl.Float64).log()).list.eval(pl.element().abs()).list.min()
    is_official = (closest <= slips.TOLERANCE + 1e-12).fill_null(False)
    is_usual = slips.near(new, pl.col("usual_fen")).fill_null(False)
    undone = (pl.col("_old_slip") != "") & slips.near(new, pl.col("before_fen")).fill_null(False)
    slipped = pl.col("_slip") != ""
    late = pl.col("effective_at") > pl.col("received_at") + CLOCK_SKEW
    kind = (
        pl.when(late.fill_null(False))
        .then(pl.lit(FUTURE))
        .when(pl.col("code_changed").fill_null(False))
        .then(pl.lit(CODE_REUSED))
        .when((pl.col("pack_was") != pl.col("pack_count")).fill_null(False))
        .then(pl.lit(PACK_CORRECTED))
        .when(undone | (slipped & is_usual & old.is_not_null()))
        .then(pl.lit(WAY_BACK))
        .when(slipped & ~is_official & ~is_usual & ~pl.col("accepted").fill_null(False))
        .then(pl.col("_slip"))
        .otherwise(pl.lit(""))
    )
    return rows.select(kind.alias("slip")).to_series()


def _factor(rows: pl.DataFrame, price: pl.Expr, reference: pl.Expr, moved: Movement | None = None) -> pl.Series:
    delivery = pl.when(pl.col("old_fen").is_not_null()).then("feed_id")
    asked = rows.select(price.alias("price"), reference.alias("reference"), "pack_count", delivery.alias("delivery"))
    return slips.classify(asked, moved).fill_null("")
