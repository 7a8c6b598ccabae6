"""Feed errors before anything else: is this price a slip of the decimal point, the unit or the pack? (domain.md 6.2)

A price is compared with a reference (the pharmacy's own last good price, else the peers' median). It is a slip when it
lies within 5 % of the reference times one of the factors that people get wrong, and not within 5 % of a price that
somebody official published: a real procurement cut is about −90 %.
"""

import math

import polars as pl

TOLERANCE = math.log(1.05)
FACTORS = ("x10", "x100", "div10", "div100", "per_unit", "times_pack")


def _factor(name: str) -> pl.Expr:
    pack = pl.col("pack_count").cast(pl.Float64)
    return {
        "x10": pl.lit(10.0),
        "x100": pl.lit(100.0),
        "div10": pl.lit(0.1),
        "div100": pl.lit(0.01),
        "per_unit": 1 / pack,
        "times_pack": pack,
    }[name]


def near(price: pl.Expr, other: pl.Expr) -> pl.Expr:
    """Within 5 % either way, on the log scale."""
    return (price.cast(pl.Float64).log() - other.cast(pl.Float64).log()).abs() <= TOLERANCE + 1e-12


def classify(rows: pl.DataFrame) -> pl.Series:
    """`rows` with `price`, `reference` (same unit; null: nothing to compare with) and `pack_count`.

    Returns for each row "" or suspected_<kind>; suspected_ambiguous where several factors fit equally (a pack of 10
    makes ÷10 and per-unit the same).
    """
    price, reference = pl.col("price"), pl.col("reference")
    unusual = ~near(price, reference)

    def fits(name: str) -> pl.Expr:
        # A pack of one has no unit to confuse it with.
        confusable = pl.col("pack_count") > 1 if name in {"per_unit", "times_pack"} else pl.lit(True)
        return (unusual & confusable & near(price, reference * _factor(name))).fill_null(False)

    kinds = [pl.when(fits(name)).then(pl.lit(f"suspected_{name}")) for name in FACTORS]
    hits = pl.sum_horizontal(fits(name).cast(pl.Int8) for name in FACTORS)
    verdict = pl.when(hits > 1).then(pl.lit("suspected_ambiguous")).otherwise(pl.coalesce(*kinds, pl.lit("")))
    return rows.select(verdict.alias("slip")).to_series()
