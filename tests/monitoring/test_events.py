"""Many changes with one cause: what is one event, what stands out of it, what is nobody's decision."""

import math
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prices.monitoring.events import MARKET_SHOPS, MASS_DRUGS, collapse

Row = tuple[int, int, int | None, int | None, int | None]
"""pharmacy, drug, chain, old, new"""


def frame(*rows: Row) -> pl.DataFrame:
    names = ("pharmacy_id", "drug_id", "chain_id", "old_fen", "new_fen")
    schema: dict[str, Any] = dict.fromkeys(names, pl.Int64)
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(pl.lit(1).alias("feed_id"))


def told(*rows: Row) -> list[tuple[str, str, int | None, int | None, int]]:
    _numbered, events = collapse(frame(*rows))
    return [(each.kind, each.direction, each.chain_id, each.drug_id, each.offers) for each in events]


def test_three_shops_of_a_chain_at_one_price_are_its_decision() -> None:
    rows = [(shop, 1, 7, 1000, 1200) for shop in (1, 2, 3)]
    assert told(*rows) == [("chain_repricing", "up", 7, 1, 3)]
    assert told(*rows[:2]) == []


def test_all_that_a_chain_raised_is_one_event_and_what_it_cut_another() -> None:
    up = [(shop, drug, 7, 1000, 1100 + drug) for shop in (1, 2, 3) for drug in (1, 2)]
    down = [(shop, 9, 7, 1000, 900) for shop in (1, 2, 3)]
    assert told(*up, *down) == [
        ("chain_repricing", "down", 7, 9, 3),
        ("chain_repricing", "up", 7, None, 6),
    ]


def test_shops_of_a_chain_that_go_their_own_ways_are_no_event() -> None:
    assert told(*[(shop, 1, 7, 1000, 1200 + shop) for shop in (1, 2, 3, 4)]) == []


def test_a_product_raised_by_half_stands_out_of_what_went_up_a_little() -> None:
    little = [(shop, drug, 7, 1000, 1030) for shop in (1, 2, 3) for drug in (1, 2, 3)]
    much = [(shop, 9, 7, 1000, 1500) for shop in (1, 2, 3)]
    assert told(*little, *much) == [("chain_repricing", "up", 7, None, 9), ("chain_repricing", "up", 7, 9, 3)]


def test_shops_that_come_to_one_price_from_different_ones_stay_together() -> None:
    rows = [(1, 1, 7, 1000, 1500), (2, 1, 7, 1400, 1500), (3, 1, 7, 1450, 1500)]
    little = [(shop, 2, 7, 1000, 1030) for shop in (1, 2, 3)]
    assert told(*rows, *little) == [("chain_repricing", "up", 7, None, 6)]


def test_a_price_list_that_moves_as_a_whole_is_one_event() -> None:
    rows = [(1, drug, None, 10_000, 9_900 - drug % 50) for drug in range(MASS_DRUGS)]
    assert told(*rows) == [("mass_repricing", "down", None, None, MASS_DRUGS)]
    assert told(*rows[1:]) == []


def test_a_shop_whose_prices_go_up_and_down_has_no_event() -> None:
    rows = [(1, drug, None, 10_000, 10_000 + (100 if drug % 2 else -100)) for drug in range(2 * MASS_DRUGS)]
    assert told(*rows) == []


def test_shops_that_come_to_the_same_price_follow_somebody() -> None:
    rows = [(shop, 1, None, 1000 + shop, 1300) for shop in range(MARKET_SHOPS)]
    assert told(*rows) == [("mass_repricing", "up", None, 1, MARKET_SHOPS)]
    references = pl.DataFrame({"drug_id": [1], "reference_fen": [1280.0]})
    assert collapse(frame(*rows), references)[1][0].kind == "reference_change"
    far = pl.DataFrame({"drug_id": [1, 2], "reference_fen": [800.0, 1300.0]})
    assert collapse(frame(*rows), far)[1][0].kind == "mass_repricing"


def test_first_prices_and_withdrawals_belong_to_no_event() -> None:
    rows = [(shop, 1, 7, None, 1000) for shop in range(20)] + [(shop, 2, 7, 1000, None) for shop in range(20)]
    assert told(*rows) == []


def test_of_nothing_there_is_no_event() -> None:
    numbered, events = collapse(frame())
    assert (len(numbered), events) == (0, [])


ROWS = st.lists(
    st.tuples(
        st.integers(1, 6), st.integers(1, 3), st.sampled_from([None, 7, 8]), st.sampled_from([1000, 1100]),
        st.sampled_from([1000, 1100, 1200, 2000]),
    ),
    max_size=40, unique_by=lambda row: row[:2],
)  # fmt: skip


@settings(deadline=None, max_examples=60)
@given(rows=ROWS, seed=st.randoms(use_true_random=False))
def test_the_order_of_rows_decides_nothing_and_every_member_is_counted_once(rows: list[Row], seed: Any) -> None:
    numbered, events = collapse(frame(*rows))
    shuffled = list(rows)
    seed.shuffle(shuffled)
    again, same = collapse(frame(*shuffled))
    assert same == events
    assert again.sort("pharmacy_id", "drug_id").equals(numbered.sort("pharmacy_id", "drug_id"))
    for place, event in enumerate(events):
        members = numbered.filter(pl.col("event") == place)
        assert len(members) == event.offers >= 3
        assert (event.direction == "up") == (event.ratio > 1)
        ratio = (members["new_fen"] / members["old_fen"]).log().median()
        assert isinstance(ratio, float)
        assert event.ratio == pytest.approx(math.exp(ratio))
    assert sum(event.offers for event in events) == numbered["event"].is_not_null().sum()
