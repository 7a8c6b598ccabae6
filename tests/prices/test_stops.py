"""The best one and two stops against a trial of every shop and every pair, and the rules a citizen would notice."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prices.search.stops import NOT_SOLD, Offered, Route, best_routes, between, on_sphere

HOME = on_sphere(np.array([114.302]), np.array([30.545]))
EAST_M = 1 / 95_760
"""Degrees of longitude in a metre, there."""


def offered(costs: Sequence[Sequence[int]], east_m: Sequence[float], codes: Sequence[int] | None = None) -> Offered:
    """Shops on a line to the east of the origin; `codes` as they would sort."""
    spots = on_sphere(114.302 + np.array(east_m, dtype=float) * EAST_M, np.full(len(east_m), 30.545))
    order = np.array(range(len(east_m)) if codes is None else codes, dtype=np.int64)
    return Offered(np.array(costs, dtype=np.int64).reshape(len(east_m), -1), between(spots, HOME), spots, order)


def routes(shops: Offered, yuan_per_km: str = "1", max_stops: int = 2) -> list[tuple[int, ...]]:
    return [route.stops for route in best_routes(shops, yuan_per_km=Decimal(yuan_per_km), max_stops=max_stops)]


# -- a trial of everything --------------------------------------------------------------------------------------------


def trial(shops: Offered, yuan_per_km: Decimal, max_stops: int) -> list[tuple[int, ...]]:
    """The same by brute force: every shop; every two of which both are needed, the nearer one first."""
    per_metre = Fraction(yuan_per_km) / 10
    order, away = [int(code) for code in shops.order], [float(metres) for metres in shops.away]
    count = len(order)

    def filled(*stops: int) -> tuple[int, int]:
        lines = [[int(shops.costs[s, n]) for s in stops if shops.costs[s, n] >= 0] for n in range(shops.costs.shape[1])]
        return sum(map(bool, lines)), sum(min(asked) for asked in lines if asked)

    def key(metres: float, *stops: int) -> tuple[Any, ...]:
        lines, price = filled(*stops)
        return -lines, price + per_metre * Fraction(metres), sorted(order[stop] for stop in stops), stops

    ones = [key(away[shop], shop) for shop in range(count) if filled(shop)[0]]
    twos = [
        key(away[near] + float(between(shops.spots[near], shops.spots[far])), near, far)
        for near in range(count)
        for far in range(count)
        if (away[near], order[near]) < (away[far], order[far]) and filled(near, far) not in (filled(near), filled(far))
    ]
    found = [min(ones)] if ones else []
    if max_stops == 2 and twos and min(twos)[:2] < found[0][:2]:
        found.append(min(twos))
    return [each[3] for each in found]


PRICES = st.one_of(
    st.sampled_from([100, 200]), st.integers(1, 5000), st.sampled_from([10**12, 10**12 + 1]), st.just(NOT_SOLD)
)
TRAVEL = st.sampled_from(["0", "0", "0.01", "0.3", "1", "10", "100"])


@st.composite
def towns(draw: st.DrawFn) -> Offered:
    """Shops that share few places, so that ties abound; chains with one list of prices."""
    count, lines = draw(st.integers(1, 25)), draw(st.integers(1, 9))
    places = draw(st.lists(st.integers(-9000, 9000), min_size=1, max_size=6))
    east = draw(st.lists(st.sampled_from(places), min_size=count, max_size=count))
    lists = draw(
        st.lists(st.lists(PRICES, min_size=lines, max_size=lines), min_size=1, max_size=draw(st.integers(1, 25)))
    )
    costs = draw(st.lists(st.sampled_from(lists), min_size=count, max_size=count))
    return offered(costs, east, draw(st.permutations(range(count))))


@settings(max_examples=400, deadline=None)
@given(shops=towns(), yuan_per_km=TRAVEL, max_stops=st.sampled_from([1, 2, 2, 2]))
def test_the_best_stops_are_those_of_a_trial_of_everything(shops: Offered, yuan_per_km: str, max_stops: int) -> None:
    assert routes(shops, yuan_per_km, max_stops) == trial(shops, Decimal(yuan_per_km), max_stops)


@pytest.mark.parametrize("yuan_per_km", ["0", "0.5", "20"])
@pytest.mark.parametrize("sold", [0.15, 0.5, 0.95])
def test_more_shops_than_a_block_of_rows_are_tried_as_exactly(sold: float, yuan_per_km: str) -> None:
    random = np.random.default_rng(5)
    costs = np.where(random.random((90, 12)) < sold, random.integers(500, 3000, (90, 12)), NOT_SOLD)
    shops = offered(costs.tolist(), random.uniform(-9000, 9000, 90).tolist(), random.permutation(90).tolist())
    assert routes(shops, yuan_per_km) == trial(shops, Decimal(yuan_per_km), 2)


# -- the rules, by eye ------------------------------------------------------------------------------------------------


def test_more_lines_are_better_than_any_saving() -> None:
    assert routes(offered([[1, NOT_SOLD], [999999, 999999]], [10, 9000]), max_stops=1) == [(1,)]


def test_a_second_stop_is_answered_only_when_it_pays() -> None:
    shops = offered([[1000, 1000], [1400, 400]], [1000, 2000])
    assert routes(shops, "1") == [(1,), (0, 1)]  # 18 + 2 alone; 10 + 4 + 2 by way of the first
    assert routes(offered([[1000, 1000], [1500, 970]], [-1000, 1000]), "1") == [(0,)]  # 0.30 saved, 2 km more
    assert routes(shops, "1", 1) == [(1,)]


def test_a_second_stop_that_sells_what_the_first_has_not_is_always_answered() -> None:
    (_alone, both) = best_routes(offered([[100, NOT_SOLD], [NOT_SOLD, 100]], [100, -9000]), yuan_per_km=Decimal(100))
    assert (both.stops, both.filled, both.price_fen, round(both.distance_m)) == ((0, 1), 2, 200, 9200)


def test_one_more_line_may_cost_cheaper_lines() -> None:
    """The pair of most lines need not hold the best shop, nor the cheapest of any line."""
    shops = offered([[1, 1, NOT_SOLD], [500, NOT_SOLD, NOT_SOLD], [NOT_SOLD, 500, 500]], [10, 20, 30], [0, 1, 2])
    assert routes(shops, "0") == [(0,), (0, 2)]


def test_equals_are_told_apart_by_their_codes() -> None:
    assert routes(offered([[100]] * 3, [500, 500, 500], [2, 0, 1])) == [(1,)]
    halves = [[100, 900], [100, 900], [900, 100], [900, 100]]
    assert routes(offered(halves, [500] * 4, [3, 1, 2, 0]), "0") == [(3,), (3, 1)]


def test_free_travel_still_visits_the_nearer_shop_first() -> None:
    assert routes(offered([[100, 900], [900, 100]], [5000, 300], [0, 1]), "0") == [(0,), (1, 0)]


def test_nobody_who_sells_anything_is_no_route() -> None:
    assert routes(offered([[NOT_SOLD, NOT_SOLD]], [10])) == []
    assert routes(Offered(np.zeros((0, 2), np.int64), np.zeros(0), np.zeros((0, 3)), np.zeros(0, np.int64))) == []


def test_the_total_counts_the_open_path_and_not_the_way_back() -> None:
    route = Route((0, 1), 2, 1234, 2500.0)
    assert route.total_fen(Decimal("0.5")) == 1234 + 125


def test_costs_beyond_all_sense_are_refused_and_not_miscounted() -> None:
    with pytest.raises(OverflowError):
        best_routes(offered([[2**62]], [10]), yuan_per_km=Decimal(1))
