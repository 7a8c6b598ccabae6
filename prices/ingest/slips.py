"""Feed errors before anything else: is this price a slip of the decimal point, the unit or the pack? (domain.md 6.2)

A price is compared with a reference (the pharmacy's own last good price, else the peers' median). It is a slip when it
lies within 5 % of the reference times one of the factors that people get wrong, and not within 5 % of a price that
somebody official published: a real procurement cut is about −90 %.

On the day a list or a chain reprices, a slip is of the new price: ten times a price that fell by 15 % is 8.5 times the
last one. By what the list moved its prices is seen in its own other rows (`Movement`).
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

TOLERANCE = math.log(1.05)
FACTORS = ("x10", "x100", "div10", "div100", "per_unit", "times_pack")

ENOUGH = 20
"""From so many changed prices on (as many as for holding one) a delivery says how it moved: a few that fell alike may be
three decisions of one morning."""
RARER = 4
"""A slip is so many times rarer in its delivery than the move that explains it: what as many prices did is a move itself."""
FAR = math.log(8)
"""Prices that really go eight times up or down are so rare that the few of RARER explain one well enough. Nearer, a slip
and a rise look alike: the delivery must have moved so ENOUGH of its prices, and the share COMMON of them."""
COMMON = 0.02
NEAREST = math.log(2) / 2
"""A slip goes further than its list did, and the smallest factor is a pack of two: nothing nearer can be one."""
APART = 100.0
"""Further than any two prices on the log scale: keeps deliveries apart in one sorted line."""


@dataclass(frozen=True)
class Movement:
    """By what deliveries multiplied the prices that they changed: ln of each, plus APART × its delivery, in order.

    What is a slip of the price before is no movement, however many they are.
    """

    line: Floats

    @classmethod
    def of(cls, rows: pl.DataFrame) -> "Movement":
        """`rows`: `delivery` (int), `price`, `reference` (the price before; null: none) and `pack_count` of all that was
        delivered, or of all that changed. Rows without a delivery or a reference say nothing."""
        ratio = pl.col("ratio")
        changed = rows.select("delivery", "price", "reference", "pack_count", _ratio().alias("ratio"))
        changed = changed.filter(pl.col("delivery").is_not_null() & ratio.is_not_null() & (ratio != 0))
        large = ratio.abs() > NEAREST
        far = changed.filter(large)
        kept = pl.concat([changed.filter(~large), far.filter(classify(far) == "")])
        return cls(np.sort(kept["delivery"].to_numpy() * APART + kept["ratio"].to_numpy()))

    def changed(self, delivery: Floats) -> Ints:
        """How many prices the delivery moved."""
        return self._within(delivery * APART, APART / 2)

    def by(self, delivery: Floats, step: Floats) -> Ints:
        """How many prices the delivery multiplied by exp(step), within 5 %; none where `step` is nan."""
        return self._within(delivery * APART + step, TOLERANCE + 1e-9)

    def _within(self, middle: Floats, reach: float) -> Ints:
        return np.searchsorted(self.line, middle + reach, "right") - np.searchsorted(self.line, middle - reach)


def classify(rows: pl.DataFrame, movement: Movement | None = None) -> pl.Series:
    """`rows` with `price`, `reference` (same unit; null: nothing to compare with) and `pack_count`; with a `movement` also
    `delivery`, one of those it was made of, or null where the reference is not the offer's own price before.

    Returns for each row "" or suspected_<kind>; suspected_ambiguous where several factors fit equally (a pack of 10
    makes ÷10 and per-unit the same). The movement is asked about what the reference does not explain.
    """
    price, reference = pl.col("price"), pl.col("reference")
    unusual = ~near(price, reference)
    fits = rows.select(
        (unusual & _confusable(name) & near(price, reference * _factor(name))).fill_null(False).alias(name)
        for name in FACTORS
    )
    if movement is not None:
        fits = _of_new_prices(rows, fits, movement)
    kinds = [pl.when(name).then(pl.lit(f"suspected_{name}")) for name in FACTORS]
    hits = pl.sum_horizontal(pl.col(name).cast(pl.Int8) for name in FACTORS)
    verdict = pl.when(hits > 1).then(pl.lit("suspected_ambiguous")).otherwise(pl.coalesce(*kinds, pl.lit("")))
    return fits.select(verdict.alias("slip")).to_series()


def near(price: pl.Expr, other: pl.Expr) -> pl.Expr:
    """Within 5 % either way, on the log scale."""
    return (price.cast(pl.Float64).log() - other.cast(pl.Float64).log()).abs() <= TOLERANCE + 1e-12


def _ratio() -> pl.Expr:
    return pl.col("price").cast(pl.Float64).log() - pl.col("reference").cast(pl.Float64).log()


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


def _confusable(name: str) -> pl.Expr:
    """A pack of one has no unit to confuse it with."""
    return pl.col("pack_count") > 1 if name in {"per_unit", "times_pack"} else pl.lit(True)


def _of_new_prices(rows: pl.DataFrame, fits: pl.DataFrame, movement: Movement) -> pl.DataFrame:
    """`fits` (a column for each factor), with the prices that are a factor times what they would have come to with
    others of their delivery."""
    asked = rows.select("pack_count", "delivery", _ratio().alias("ratio")).with_row_index("row")
    asked = asked.filter(~fits.select(pl.any_horizontal(FACTORS)).to_series())
    asked = asked.filter(pl.col("delivery").is_not_null() & (pl.col("ratio").abs() > NEAREST))
    asked = asked.sort("delivery", "ratio")  # what is looked up side by side is found faster
    row, delivery, ratio = (asked[name].to_numpy() for name in ("row", "delivery", "ratio"))
    factors = asked.select(pl.when(_confusable(name)).then(_factor(name).log()).alias(name) for name in FACTORS)
    steps = [ratio - factors[name].fill_null(np.nan).to_numpy() for name in FACTORS]
    alike = np.array([np.where(np.abs(step) < np.abs(ratio), movement.by(delivery, step), 0) for step in steps])
    changed = movement.changed(delivery)
    least = np.where(np.abs(ratio) > FAR, 0, np.maximum(ENOUGH, COMMON * changed))
    least = np.maximum(least, RARER * np.maximum(movement.by(delivery, ratio), 1))
    # Of several explanations those count that are not RARER times rarer than the commonest.
    slip = (changed >= ENOUGH) & (alike >= least) & (RARER * alike > alike.max(axis=0))
    found = {name: fits[name].to_numpy().copy() for name in FACTORS}
    for name, slips in zip(FACTORS, slip, strict=True):
        found[name][row] = slips
    return pl.DataFrame(found)
