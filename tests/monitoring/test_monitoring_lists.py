"""The detectors on real price lists, beside the simple rule."""

import json
import os
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from prices.bench import monitoring_lists
from prices.bench.monitoring_lists import Alarms, Found, Lists, Sown, judge, korea, measure, ours, rule, south_africa

REAL = Path(os.environ.get("REAL_PRICES", Path(__file__).parents[2] / "../shared/data/prices"))
SEEDS = (1, 2, 3)


@pytest.fixture(scope="module")
def found() -> list[Found]:
    if not (REAL / "kr_hira").exists():
        pytest.skip("real price lists (../shared/data/prices) are not here")
    return [each for seed in SEEDS for each in measure(REAL, seed)]


def of(country: str, found: list[Found]) -> list[Found]:
    return [each for each in found if each.country == country]


COUNTRIES = pytest.mark.parametrize("country", ["Korea", "South Africa"])


@COUNTRIES
def test_jumps_of_thirty_per_cent_and_more_are_found(country: str, found: list[Found]) -> None:
    own = of(country, found)
    assert sum(each.ours.jumps for each in own) >= 0.95 * sum(each.jumps for each in own)
    assert all(each.ours.jumps >= 0.95 * each.jumps for each in own), "and in every single list"
    for band in range(len(monitoring_lists.BANDS)):
        sown, seen = (sum(each.bands[band][part] for each in own) for part in (0, 1))
        assert seen >= 0.95 * sown > 0


@COUNTRIES
def test_with_fewer_false_alarms_than_the_rule(country: str, found: list[Found]) -> None:
    own = of(country, found)
    assert sum(each.ours.false for each in own) < 0.05 * sum(each.rule.false for each in own)
    assert all(each.ours.false < each.rule.false for each in own)


def test_every_slip_of_a_price_is_quarantined(found: list[Found]) -> None:
    assert {each.slips for each in found} == {(300, 300)}


def test_slips_of_prices_that_move_with_their_list_are_quarantined_but_for_a_few_that_may_be_rises(
    found: list[Found],
) -> None:
    sown, caught = (sum(each.new_slips[part] for each in found) for part in (0, 1))
    assert caught >= 0.99 * sown > 0
    assert {each.new_slips for each in of("Korea", found) if each.new_slips[0]} == {(300, 300)}
    assert all(each.new_slips[1] >= 0.97 * each.new_slips[0] for each in found)


def test_hardly_a_true_price_is_quarantined(found: list[Found]) -> None:
    """Seven of these twelve are errors of South Africa's list, and the way back from them in a later one."""
    assert {each.on: each.mistaken for each in found if each.mistaken} == {
        date(2015, 12, 22): 6,
        date(2016, 3, 5): 2,
        date(2016, 7, 5): 2,
        date(2016, 12, 21): 2,
    }


def test_a_procurement_cut_of_nine_tenths_passes_and_is_no_alarm(found: list[Found]) -> None:
    assert {each.cuts for each in found} == {(50, 50)}


def test_the_repricing_of_january_2026_is_one_event(found: list[Found]) -> None:
    for january in (each for each in found if each.on == date(2026, 1, 1)):
        (event,) = january.events
        assert (january.changed, event.offers, event.direction) == (3866, 3865, "down")  # one product rose
        assert january.ours.true == 0


def test_the_months_without_a_repricing_hold_no_event(found: list[Found]) -> None:
    assert {each.on for each in of("Korea", found) if each.events} == {date(2026, 1, 1)}


def test_the_table_for_people_has_a_line_for_each_list_and_country(found: list[Found]) -> None:
    lines = monitoring_lists.lines(found[: len(found) // len(SEEDS)])
    assert len(lines) == 1 + 4 + 1 + 6 + 1 + 1
    assert "3865 down" in lines[1]


def test_without_the_lists_one_sentence_says_where_they_should_be(tmp_path: Path) -> None:
    ((line,), facts) = monitoring_lists.report(tmp_path)
    assert (str(tmp_path) in line, facts) == (True, [])


def test_machines_are_told_the_same() -> None:
    if not (REAL / "kr_hira").exists():
        pytest.skip("real price lists (../shared/data/prices) are not here")
    _lines, facts = monitoring_lists.report(REAL)
    assert json.loads(json.dumps(facts))[0]["on"] == "2026-01-01"


# -- by hand, without the lists ---------------------------------------------------------------------------------------


def small(*prices: list[float]) -> Lists:
    """Monthly lists of a few products in yuan."""
    days = [date(2026, 1 + number, 1) for number in range(len(prices))]
    return Lists("here", days, np.array(prices) * 100, np.array([14] * len(prices[0])))


NAN = np.nan
TRUE = small([10, 20, 30, NAN], [10, 20, 30, 5], [10, 20.5, 45, 5])


def as_it_was(lists: Lists, at: int) -> Sown:
    return Sown(lists.prices[at], np.full(lists.prices.shape[1], "", dtype="U16"))


def test_a_rise_is_an_alarm_and_the_rest_is_not() -> None:
    answer = ours(TRUE, 2, as_it_was(TRUE, 2))
    assert answer.alarm.tolist() == [False, False, True, False]
    assert answer.slip.tolist() == [""] * 4


def test_the_rule_wants_three_prices_and_a_factor_of_three() -> None:
    assert rule(TRUE, 2, as_it_was(TRUE, 2)).tolist() == [False] * 4
    wide = small([10, 20, 30, NAN], [10, 20, 30, 5], [31, 6, 89, 100])
    assert rule(wide, 2, as_it_was(wide, 2)).tolist() == [True, True, False, False]


def test_what_moved_by_thirty_per_cent_is_no_false_alarm() -> None:
    assert Alarms(jumps=5, true=4, moved=3, slips=2).false == 3


def test_lists_are_read_as_they_are_published() -> None:
    if not (REAL / "kr_hira").exists():
        pytest.skip("real price lists (../shared/data/prices) are not here")
    own = korea(REAL)
    assert own.prices.shape[0] == 6
    assert (own.days[0], own.days[-1]) == (date(2025, 11, 1), date(2026, 4, 1))
    assert south_africa(REAL).prices.shape == (8, 9219)


def test_a_list_is_judged_alike_whenever_it_is_asked() -> None:
    if not (REAL / "kr_hira").exists():
        pytest.skip("real price lists (../shared/data/prices) are not here")
    lists = korea(REAL)
    assert judge(lists, 3, 7) == judge(lists, 3, 7)
