"""Vectors V6.4: what is a slip, what is ambiguous, what is merely dear."""

import polars as pl
import pytest

from prices.ingest.slips import ENOUGH, Movement, classify


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


def moved(*more: tuple[float, float, int], fall: float = 0.85, rows: int = 2 * ENOUGH) -> list[str]:
    """What `more` (price, reference, pack) are in a delivery of so many other rows that all fell alike."""
    frame = pl.DataFrame(
        [(20.0 * fall, 20.0, 14)] * rows + list(more), schema=["price", "reference", "pack_count"], orient="row"
    ).with_columns(delivery=pl.lit(0))
    return classify(frame, Movement.of(frame)).to_list()[rows:]


@pytest.mark.parametrize(
    ("price", "pack", "verdict"),
    [
        (85.0, 14, "suspected_x10"),
        (850.0, 14, "suspected_x100"),
        (0.85, 14, "suspected_div10"),
        (0.085, 14, "suspected_div100"),
        (8.5 / 14, 14, "suspected_per_unit"),
        (8.5 * 14, 14, "suspected_times_pack"),
        (17.0, 2, "suspected_times_pack"),
        (85.0, 10, "suspected_ambiguous"),
        (8.5, 14, ""),  # with its list
        (13.0, 14, ""),  # a rise
        (60.0, 14, ""),  # a large one
        (85.0 * 1.06, 14, ""),  # just outside
        (100.0, 14, "suspected_x10"),  # of the price that did not move
    ],
)
def test_a_slip_of_a_price_that_moved_with_its_delivery(price: float, pack: int, verdict: str) -> None:
    assert moved((price, 10.0, pack)) == [verdict]


def test_a_delivery_that_moved_another_way_explains_nothing() -> None:
    assert moved((85.0, 10.0, 14), fall=0.7) == [""]
    assert moved((70.0, 10.0, 14), fall=0.7) == ["suspected_x10"]


def test_of_two_explanations_the_far_commoner_one_is_named() -> None:
    """8.5 times is ten times what fell by 15 %, and twelve times what five others fell by."""
    fell_more = [(20.0 * 8.5 / 12, 20.0, 14)] * 5
    assert moved(*fell_more, (85.0, 10.0, 12))[-1] == "suspected_x10"


def test_slips_of_the_price_before_are_no_movement() -> None:
    """Forty tenfold prices do not turn the price that stayed nearly the same into a tenth of a tenfold one."""
    verdicts = moved(*[(200.0, 20.0, 14)] * 40, (19.5, 20.0, 14))
    assert verdicts == [*["suspected_x10"] * 40, ""]


def test_nothing_is_said_of_a_price_whose_own_price_before_is_not_known() -> None:
    frame = pl.DataFrame(
        {"price": [17.0] * 40, "reference": [20.0] * 40, "pack_count": [14] * 40, "delivery": [0] * 40}
    )
    first = pl.DataFrame({"price": [85.0], "reference": [10.0], "pack_count": [14], "delivery": [None]}, frame.schema)
    assert classify(first, Movement.of(frame)).to_list() == [""]
    assert classify(first.with_columns(delivery=pl.lit(0)), Movement.of(frame)).to_list() == ["suspected_x10"]
