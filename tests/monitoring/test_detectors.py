"""The detectors: every vector of the reference, and what they do with little, with nothing and with nonsense."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prices.models.rules import Detector
from prices.monitoring import detectors, robust
from prices.monitoring.detectors import change, drift, history, mode, passthrough, peers, reference, settled
from prices.monitoring.detectors.reference import Tier
from prices.monitoring.robust import Judged
from prices.monitoring.screening import two_level

NAN = math.nan
JIANGSU = [Tier(1, 2, "Y"), Tier(2, 5, "R1"), Tier(5, 10, "R2"), Tier(10, None, "R3")]
SHOPS = [12, 12.5, 11.8, 12.2, 12, 13, 12.4, 11.5, 12.6, 24.8]


def fen(*yuan: float) -> list[int]:
    return [round(each * 100) for each in yuan]


def test_a_rule_may_name_every_detector_and_no_other() -> None:
    assert list(detectors.MODULES) == Detector.values
    for name, module in detectors.MODULES.items():
        assert (module.NAME, module.VERSION, module.Parameters().problems()) == (name, 1, [])
        assert module.__doc__


# -- robust statistics ------------------------------------------------------------------------------------------------


def test_v6_1_one_price_among_eight() -> None:
    median, mad, count = robust.median_and_mad([10, 10.2, 9.8, 10.1, 10, 9.9, 10, 15])
    assert (median[0], round(mad[0], 10), count[0]) == (10, 0.1, 8)
    assert peers.QUARTER * robust.distance([15], median, mad)[0] == pytest.approx(33.725)


def test_v2_7_the_mode_needs_five_shops_and_takes_the_lower_of_two() -> None:
    assert robust.mode(fen(18.9, 18.9, 19.8, 18.9, 19.8, 21.0)) == 1890
    assert robust.mode(fen(10, 10, 12, 12, 15)) == 1000
    assert robust.mode(fen(9, 9, 9, 8)) is None
    assert robust.mode([]) is None


@given(st.lists(st.lists(st.none() | st.integers(-1000, 1000), min_size=7, max_size=7), min_size=1, max_size=8))
def test_medians_know_gaps(rows: list[list[int | None]]) -> None:
    matrix = np.array([[NAN if each is None else each for each in row] for row in rows], np.float64)
    median, mad, count = robust.median_and_mad(matrix)
    for row, middle, spread, n in zip(matrix, median, mad, count, strict=True):
        known = row[~np.isnan(row)]
        assert n == len(known)
        if not n:
            assert np.isnan(middle)
            assert np.isnan(spread)
        else:
            assert middle == np.median(known)
            assert spread == np.median(np.abs(known - np.median(known)))


def test_p_of_a_distance() -> None:
    both = robust.p_value([0, 1.959964, -1.959964, 38, NAN], "both")
    assert both[:4] == pytest.approx([1, 0.05, 0.05, 0], abs=1e-6)
    assert both[4] == 1
    up = robust.p_value([0, 1.644854, -1.644854, 38, NAN], "up")
    assert up[:4] == pytest.approx([0.5, 0.05, 0.95, 0], abs=1e-6)
    assert up[4] == 1


def test_many_falls_do_not_loosen_the_bound_for_a_rise() -> None:
    scores = np.array([3.6, *[-30.0] * 2000, *[0.0] * 8000])
    groups = np.arange(len(scores))
    only_rises = two_level(groups, robust.p_value(scores, "up"), 0.05)
    assert not only_rises.rejected.any()
    assert two_level(groups, robust.p_value(scores, "both"), 0.05).rejected[0]


# -- change -----------------------------------------------------------------------------------------------------------

CHANGES = {
    "enough of both": (10, 11.5, True),
    "a yuan exactly, and more than the share": (5, 6, True),
    "the share exactly, in numbers binary cannot write": (20, 23, True),
    "too little in yuan": (2, 2.9, False),
    "too little as a share": (100, 114, False),
    "a fall": (20, 10, False),
    "none": (10, 10, False),
    "a first price": (NAN, 50, False),
    "a withdrawal": (50, NAN, False),
}


@pytest.mark.parametrize(("old", "new", "flagged"), CHANGES.values(), ids=CHANGES.keys())
def test_a_change_counts_from_a_yuan_and_fifteen_per_cent(old: float, new: float, flagged: bool) -> None:
    assert change.detect([old * 100], [new * 100], change.Parameters()).tolist() == [flagged]


def test_falls_count_where_both_directions_are_asked_for() -> None:
    both = change.Parameters(direction="both")
    assert change.detect(fen(20, 20, 20), fen(10, 18, 26), both).tolist() == [True, False, True]


# -- history ----------------------------------------------------------------------------------------------------------


def centred(prices: list[float], k: int) -> list[int]:
    """Where a window of k days either way, and the minimum effect against its median, both flag."""
    n = len(prices)
    windows = np.full((n, 2 * k + 1), NAN)
    for at in range(n):
        near = prices[max(0, at - k) : at + k + 1]
        windows[at, : len(near)] = np.log(near)
    judged = history.detect(windows, np.log(prices), history.Parameters(min_days=3, direction="both"))
    large = change.detect(np.exp(judged.median_ln) * 100, np.array(prices) * 100, change.Parameters(direction="both"))
    return np.flatnonzero(judged.flagged & large).tolist()


def test_v6_3_hampel_around_the_day() -> None:
    assert centred([5, 5.1, 5, 4.9, 5, 9, 5, 5.1, 4.9, 5], 3) == [5]
    assert centred([18.9] * 13 + [19.1] + [18.9] * 3, 7) == []
    assert centred([18.9] * 13 + [26.9] + [18.9] * 3, 7) == [13]


def trailing(prices: list[float], days: int = 28) -> Judged:
    """Each day against the days before it."""
    windows = np.full((len(prices), days), NAN)
    for at in range(len(prices)):
        before = prices[max(0, at - days) : at]
        windows[at, days - len(before) :] = np.log(before) if before else []
    return history.detect(windows, np.log(prices), history.Parameters())


def test_v6_3_a_level_shift_goes_on_alerting_for_fourteen_days() -> None:
    judged = trailing([10.0] * 28 + [14.0] * 20)
    assert np.flatnonzero(judged.flagged).tolist() == list(range(28, 42))


def test_the_tested_day_is_no_part_of_its_own_past() -> None:
    judged = trailing([10.0] * 28 + [14.0])
    assert judged.median_ln[-1] == pytest.approx(math.log(10))
    assert judged.count[-1] == 28


def test_a_sticky_price_has_a_floor_under_its_spread() -> None:
    judged = trailing([10.0] * 28 + [10.9])
    assert (judged.spread[-1], bool(judged.flagged[-1])) == (0.02, False)


def test_of_three_observations_nothing_is_said() -> None:
    judged = trailing([10.0, 10.0, 10.0, 30.0])
    assert judged.flagged.tolist() == [False] * 4
    assert np.isnan(judged.score).all()
    assert judged.p.tolist() == [1.0] * 4


def test_history_of_no_offers_is_no_judgement() -> None:
    judged = history.detect(np.empty((0, 28)), [], history.Parameters())
    assert judged.flagged.shape == (0,)


@settings(max_examples=50)
@given(st.lists(st.integers(100, 100_000), min_size=7, max_size=28), st.integers(100, 100_000), st.integers(2, 50))
def test_history_does_not_depend_on_the_unit_of_money(past: list[int], now: int, times: int) -> None:
    def judged(factor: int) -> Any:
        window = np.log(np.array([past]) * factor)
        return history.detect(window, np.log([now * factor]), history.Parameters())

    assert judged(1).score == pytest.approx(judged(times).score, abs=1e-6)


# -- peers ------------------------------------------------------------------------------------------------------------


def test_v6_2_one_shop_among_ten() -> None:
    ln = np.log(SHOPS)
    median, mad, count = robust.median_and_mad(ln)
    assert math.exp(median[0]) == pytest.approx(12.299593, abs=1e-6)
    judged = peers.detect(ln, median, mad, count, peers.Parameters())
    assert judged.score[SHOPS.index(24.8)] == pytest.approx(19.1817, abs=1e-4)
    assert judged.score[SHOPS.index(13)] == pytest.approx(1.5149, abs=1e-4)
    assert np.flatnonzero(judged.flagged).tolist() == [SHOPS.index(24.8)]


def test_where_all_ask_the_same_a_little_more_is_no_finding() -> None:
    median = [math.log(10)] * 3
    judged = peers.detect(np.log([10, 10.5, 12]), median, [0.0] * 3, [30] * 3, peers.Parameters())
    assert judged.flagged.tolist() == [False, False, True]
    assert judged.score[0] == 0


@pytest.mark.parametrize(("median", "mad", "count"), [(math.log(10), 0.0, 1), (NAN, NAN, 0), (math.log(10), NAN, 9)])
def test_one_seller_or_too_few_are_no_peers(median: float, mad: float, count: int) -> None:
    judged = peers.detect([math.log(50)], [median], [mad], [count], peers.Parameters())
    assert (judged.flagged.tolist(), judged.p.tolist()) == ([False], [1.0])


def test_a_much_cheaper_shop_counts_only_where_both_directions_are_asked_for() -> None:
    def flagged(parameters: peers.Parameters) -> bool:
        return bool(peers.detect([math.log(2)], [math.log(10)], [0.1], [20], parameters).flagged[0])

    assert not flagged(peers.Parameters())
    assert flagged(peers.Parameters(direction="both"))


# -- rules without a test ---------------------------------------------------------------------------------------------


def test_above_the_mode_by_a_share_and_in_yuan() -> None:
    found = mode.detect(fen(13, 12.9, 2.5, 13), fen(10, 10, 1.9, 10), [10, 10, 10, 9], mode.Parameters())
    assert found.flagged.tolist() == [True, False, False, False]
    assert found.score[0] == pytest.approx(math.log(1.3))
    assert np.isnan(found.p).all()


def test_without_a_mode_nothing_stands_above_it() -> None:
    found = mode.detect(fen(99), [NAN], [4], mode.Parameters())
    assert (found.flagged.tolist(), bool(np.isnan(found.score[0]))) == ([False], True)


def test_v2_6_the_tiers_of_a_document() -> None:
    multiples = [1, 1.01, 1.99, 2, 4.99, 5, 9.99, 10]
    found = reference.detect(np.array(multiples) * 1000, [1000] * 8, JIANGSU)
    assert found.labels.tolist() == ["", "Y", "Y", "R1", "R1", "R2", "R2", "R3"]
    assert found.tier.tolist() == [-1, 0, 0, 1, 1, 2, 2, 3]


@given(st.integers(1, 100_000), st.integers(10_000, 99_999))
def test_a_line_is_reached_exactly_where_the_multiple_is(base: int, ten_thousandths: int) -> None:
    line = [Tier(ten_thousandths / 10_000, None, "X")]
    reached = reference.detect([base * ten_thousandths], [base * 10_000], line)
    below = reference.detect([base * ten_thousandths - 1], [base * 10_000], line)
    assert reached.labels.tolist() == ["X" if ten_thousandths > 10_000 else ""]
    assert below.labels.tolist() == [""]


def test_no_document_no_mark_and_no_reference_no_mark() -> None:
    assert reference.detect([9000], [1000], []).labels.tolist() == [""]
    found = reference.detect([9000, 9000, 900], [NAN, 0, 1000], JIANGSU)
    assert found.labels.tolist() == ["", "", ""]
    assert reference.detect([], [], JIANGSU).labels.tolist() == []


def test_a_mark_may_want_an_amount_as_well() -> None:
    found = reference.detect([110, 1100], [100, 1000], JIANGSU, reference.Parameters(min_yuan=0.5))
    assert found.labels.tolist() == ["", "Y"]


def test_v2_8_settled_above_the_shelf() -> None:
    found = settled.detect(fen(20, 16), fen(16, 16), settled.Parameters())
    assert found.flagged.tolist() == [True, False]


def test_a_rounded_total_or_an_unknown_shelf_price_is_no_lead() -> None:
    found = settled.detect([1600.4, 5000, 1500], [1600, NAN, 1600], settled.Parameters())
    assert found.flagged.tolist() == [False, False, False]


# -- drift ------------------------------------------------------------------------------------------------------------

WEEKS = [0.2, -0.1, 0, 0.3, 1.5, 1.8, 2.0]


def test_v6_8_small_steps_that_do_not_yet_add_up() -> None:
    found = drift.detect([WEEKS], drift.Parameters())
    assert found.last[0] == pytest.approx(0.9147, abs=1e-4)
    assert found.limit[0] == pytest.approx(0.9778, abs=1e-4)
    assert not found.signal[0]
    summed = drift.detect([WEEKS], drift.Parameters(method="cusum"))
    assert (round(summed.last[0], 10), summed.limit[0], bool(summed.signal[0])) == (3.8, 4, False)


@pytest.mark.parametrize("method", ["ewma", "cusum"])
def test_one_more_week_of_the_same_signals(method: str) -> None:
    found = drift.detect([[*WEEKS, 2.0], [*WEEKS, NAN]], drift.Parameters(method=method))
    assert (found.signal.tolist(), found.count.tolist()) == ([True, False], [8, 7])


@pytest.mark.parametrize("method", ["ewma", "cusum"])
def test_a_fall_signals_only_where_both_directions_are_asked_for(method: str) -> None:
    falling = [[-each for each in (*WEEKS, 2.0, 2.0)]]
    assert not drift.detect(falling, drift.Parameters(method=method)).signal[0]
    both = drift.detect(falling, drift.Parameters(method=method, direction="both"))
    assert both.signal[0]
    assert both.last[0] < 0


def test_a_series_without_a_week_says_nothing() -> None:
    found = drift.detect([[NAN, NAN]], drift.Parameters())
    assert (found.signal.tolist(), found.count.tolist()) == ([False], [0])
    assert np.isnan(found.last[0])


def test_a_series_that_never_moved_is_measured_by_the_floor() -> None:
    ln = np.log([[10.0] * 8 + [10.1, 10.3]])
    steps = robust.standardised(ln, 8, 0.01)
    assert steps[0, :8].tolist() == [0.0] * 8
    assert steps[0, 8:] == pytest.approx(np.log([1.01, 1.03]) / 0.01)


# -- passthrough ------------------------------------------------------------------------------------------------------


def passed(levels: list[tuple[int, int, float]], *, start: list[int], reference_fen: list[float], on: int) -> Any:
    offer, since, price = (np.array(column) for column in zip(*levels, strict=True))
    return passthrough.days(
        offer, since, price, start=start, reference_fen=reference_fen, on=on, parameters=passthrough.Parameters()
    )


def test_days_from_the_procurement_price_to_the_shelf() -> None:
    levels = [
        *((0, 50, 1500), (0, 107, 1150)),  # comes down a week later, to the price with its mark-up
        (1, 50, 1100),  # was cheap enough before
        (2, 50, 1500),  # not yet
        *((3, 50, 1500), (3, 103, NAN), (3, 120, 900)),  # off the shelf, back and cheap
        (4, 110, 1000),  # came onto the shelf later
        *((5, 50, 900), (5, 90, NAN)),  # was gone before
    ]
    found = passed(levels, start=[100] * 6, reference_fen=[1000] * 6, on=125)
    assert found.days[[0, 1, 3, 4]].tolist() == [7, 0, 20, 0]
    assert np.isnan(found.days[[2, 5]]).all()
    assert found.waiting.tolist() == [False, False, True, False, False, False]
    assert not found.late.any()
    later = passed(levels, start=[100] * 6, reference_fen=[1000] * 6, on=131)
    assert later.late.tolist() == [False, False, True, False, False, False]


def test_a_shop_whose_price_is_known_only_later_is_not_counted_before() -> None:
    found = passed([(0, 130, 900)], start=[100], reference_fen=[1000], on=125)
    assert np.isnan(found.days[0])
    assert not found.waiting[0]
