"""Vectors V6.4: what is a slip, what is ambiguous, what is merely dear."""

import polars as pl
import pytest

from prices.ingest.slips import classify


@pytest.mark.parametrize(
    ("price", "reference", "pack", "verdict"),
    [
        (189.0, 18.90, 14, "suspected_x10"),
        (1.35, 18.90, 14, "suspected_per_unit"),
        (264.6, 18.90, 14, "suspected_times_pack"),
        (1.89, 18.90, 10, "suspected_ambiguous"),
        (26.9, 18.90, 14, ""),
        (1890.0, 18.90, 14, "suspected_x100"),
        (0.19, 18.90, 14, "suspected_div100"),
        (1.89, 18.90, 1, "suspected_div10"),
        (18.90, 18.90, 1, ""),
        (18.90, None, 14, ""),
        (198.44, 18.90, 14, "suspected_x10"),  # just inside 5 %
        (198.50, 18.90, 14, ""),  # just outside
    ],
)
def test_a_slip_is_named_and_an_ambiguous_one_says_so(
    price: float, reference: float | None, pack: int, verdict: str
) -> None:
    rows = pl.DataFrame(
        {"price": [price], "reference": [reference], "pack_count": [pack]},
        schema={"price": pl.Float64, "reference": pl.Float64, "pack_count": pl.Int32},
    )
    assert classify(rows).to_list() == [verdict]
