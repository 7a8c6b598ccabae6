"""Which of the judged prices are left when so many are tested at once; of an event one stands for all."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from prices.monitoring import screening
from prices.monitoring.judging import FINDERS, TESTS

Q = 0.05
"""Of the leads of a day that come from a test, at most this share is false in the long run."""


@dataclass(frozen=True)
class Controlled:
    """`candidates`: the rows that a detector still stands for, with `score` (what they are ranked by), `excess` (the
    largest of their detectors') and the p values adjusted for the day; `counts`: tests, groups, rejected."""

    candidates: pl.DataFrame
    counts: dict[str, int]


def control(judged: pl.DataFrame, *, prior_tests: int = 0, q: float = Q) -> Controlled:
    """Of `judged` (drug_id, city_id, shops, event, columns of `judging.judge`) those that remain.

    The family is every changed price, an event counting as one: its best candidate, whose p is multiplied by the
    products × cities it was chosen from. `prior_tests` others that were tested earlier that day make the bound smaller
    (as if none of them had been significant). The least change is no test; rules with bounds are not controlled.
    """
    rows = _ranked(judged)
    family = rows.filter(pl.col("stands"))
    n = len(family)
    share = n / (n + prior_tests) if n else 1.0
    group = np.where(
        family["event"].is_null().to_numpy(),
        family["drug_id"].cast(pl.Int64).to_numpy() * (1 << 32) + family["city_id"].to_numpy(),
        -1 - family["event"].fill_null(0).to_numpy().astype(np.int64),
    )
    columns, rejected, groups = {}, np.zeros(n, np.bool_), 0
    for name in TESTS:
        p = np.minimum(family[f"{name}_p"].to_numpy() * family["among"].to_numpy(), 1.0)
        tested = screening.two_level(group, p, q * share)
        columns[name] = family[name].to_numpy() & tested.rejected
        columns[f"{name}_adjusted"] = np.minimum(tested.adjusted / share, 1.0)
        rejected |= tested.rejected
        groups = tested.groups
    family = family.with_columns(pl.Series(name, values) for name, values in columns.items())
    family = _scored(family).filter(pl.any_horizontal(FINDERS))
    counts = {"tests": n, "groups": groups, "rejected": int(rejected.sum())}
    return Controlled(family.drop("stands", "among"), counts)


def _ranked(judged: pl.DataFrame) -> pl.DataFrame:
    """With `stands` (alone, or for its event) and `among` (the products × cities it stands for)."""
    scored = _scored(judged)
    of_event = pl.col("event").is_not_null()
    best = pl.struct("score", "drug_id", "pharmacy_id").rank("ordinal", descending=True).over("event")
    among = pl.struct("drug_id", "city_id").n_unique().over("event")
    return scored.with_columns(
        (~of_event | (best == 1)).alias("stands"), pl.when(of_event).then(among).otherwise(1).alias("among")
    )


def _scored(rows: pl.DataFrame) -> pl.DataFrame:
    """`excess`: the largest (without sign) of the detectors that stand for the row, 0 for none; `score`: that × shops."""
    shares = [pl.when(pl.col(name)).then(pl.col(f"{name}_excess").abs().fill_nan(0)).otherwise(0) for name in FINDERS]
    rows = rows.with_columns(pl.max_horizontal(shares).fill_null(0).alias("excess"))
    return rows.with_columns((pl.col("excess") * pl.col("shops").fill_null(1).clip(1)).alias("score"))
