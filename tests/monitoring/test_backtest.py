"""历史回测: finds what the screen finds, goes on where it was killed, is compared with what was."""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pharmacies.models import AuditEvent, Pharmacy, Region, User
from prices.models import BackTest, Case, CaseLead, Finding, Lead, PriceChange
from prices.monitoring import backtest, backtests, rules
from prices.monitoring import changes as reading
from prices.monitoring.detectors import MODULES
from prices.monitoring.judging import FINDERS
from prices.monitoring.screen import screen
from prices.monitoring.trying import Look
from tests import factories as f
from tests.monitoring.market_world import DAY, NOW, TODAY, Market, hour, noisy

pytestmark = pytest.mark.django_db


def person() -> User:
    return User.objects.get_or_create(username="shen", defaults={"first_name": "沈审核"})[0]


def draft(detector: str, first: date, last: date, area: Region | None = None, **parameters: Any) -> BackTest:
    stated = MODULES[detector].Parameters(**parameters).stated()
    made: BackTest = BackTest.objects.create(
        area=area or f.region(), detector=detector, version=1, parameters=stated, first=first, last=last,
        by=person(), at=NOW,
    )  # fmt: skip
    return made


# -- a market over weeks ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seed", "least"), [(0, {}), (1, {"min_yuan": 0.5, "min_share": 0.03}), (2, {"direction": "both"})]
)
def test_a_draft_finds_exactly_what_the_screen_would_have_found(
    seed: int, least: dict[str, Any], tmp_path: Path
) -> None:
    """On each of five days the same offers by the same detectors, the same tests, slips and events."""
    market = noisy(seed)
    first = market.first + 29 * DAY
    made = draft("change", first, TODAY - DAY, **least)
    if least:
        rules.change(area=f.region(), detector="change", parameters=made.parameters, active=True, reason="对照",
                     by="测试", at=hour(first - DAY))  # fmt: skip
    look = Look(made, tmp_path, today=TODAY, first=first)
    for n in range(28):
        look.learn(market.first + (n + 1) * DAY)
    seen: set[tuple[int, int, int]] = set()
    found = 0
    for n in range(5):
        on = first + n * DAY
        screened = screen(reading.of_day(on), day=on)
        leads, counts = look.day(on)
        columns = ["drug_id", "pharmacy_id", "old_fen", "new_fen", *FINDERS]
        theirs = {row[:2] + row[3:4]: row for row in screened.candidates.select(columns).iter_rows()}
        mine = {row[:2] + row[3:4]: row for row in leads.select(columns).iter_rows()}
        assert mine == {level: row for level, row in theirs.items() if level not in seen}
        assert (counts["tests"], counts["slips"], counts["events"]) == (
            screened.counts["tests"], screened.counts["slips"], screened.counts["events"],
        )  # fmt: skip
        seen |= set(mine)
        found += len(mine)
    assert found > 8


# -- a small one ------------------------------------------------------------------------------------------------------


@pytest.fixture
def market(db: None) -> Market:
    return spiked()


def spiked(worked_out: date | None = None) -> Market:
    """Three spikes: on the 10th, the 12th and the 15th; a price that only creeps; a slip."""
    made = Market(products=3, shops=12, worked_out=worked_out)
    drug, shops = made.drugs[1], made.shops
    made.set(drug, shops[0], 2600, hour(date(2026, 11, 10)))
    made.set(drug, shops[1], 1720, hour(date(2026, 11, 11)))
    made.set(drug, shops[2], 2700, hour(date(2026, 11, 12)))
    made.set(drug, shops[3], 17000, hour(date(2026, 11, 13)))
    made.set(made.drugs[2], shops[4], 3900, hour(date(2026, 11, 15)))
    made.write()
    return made


def tried(detector: str = "history", area: Region | None = None, **parameters: Any) -> BackTest:
    made = draft(detector, date(2026, 11, 9), date(2026, 11, 16), area, **parameters)
    return backtest.run(made.pk, clock=lambda: NOW)


def totals(made: BackTest) -> dict[date, tuple[int, int, int]]:
    return {day.on: (day.found, day.tests, day.slips) for day in made.days.all() if day.tests or day.slips}


def test_each_day_is_counted_and_examples_are_kept(market: Market) -> None:
    made = tried()
    assert (made.state, made.finished_at, made.lease_until) == ("done", NOW, None)
    assert totals(made) == {
        date(2026, 11, 10): (1, 1, 0),
        date(2026, 11, 11): (0, 1, 0),
        date(2026, 11, 12): (1, 1, 0),
        date(2026, 11, 13): (0, 0, 1),
        date(2026, 11, 15): (1, 1, 0),
    }
    answer = backtests.answer(made)
    assert (answer.days, answer.all_days, answer.progress, answer.total.found) == (8, 8, 100, 3)
    best = answer.examples[0]
    assert (best["drug"], best["pharmacy"], best["old_fen"], best["new_fen"]) == (
        market.drugs[2].pk, market.shops[4].pk, 2400, 3900,
    )  # fmt: skip
    assert best["excess"] == 0.625
    assert not best["known"]


def test_a_stricter_draft_finds_less_and_another_rule_finds_by_its_own_measure(market: Market) -> None:
    assert backtests.answer(tried(limit=24.0)).total.found == 1
    assert backtests.answer(tried("change", min_yuan=10.0)).total.found == 2
    assert backtests.answer(tried("mode", min_share=0.6)).total.found == 1
    assert backtests.answer(tried("peers", min_shops=31)).total.found == 0


def test_a_draft_of_an_area_sees_its_shops_alone(market: Market) -> None:
    assert backtests.answer(tried(area=f.wuchang())).total.found == sum(
        market.shops[n].insurance_area_id == f.wuchang().pk for n in (0, 2, 4)
    )


def test_a_level_that_was_found_is_not_found_again(market: Market) -> None:
    drug, shop = market.drugs[1], market.shops[0]
    market.lines = list(PriceChange.objects.order_by("id"))
    count = len(market.lines)
    market.set(drug, shop, 1700, hour(date(2026, 11, 11)))
    market.set(drug, shop, 2600, hour(date(2026, 11, 14)))
    market.lines = market.lines[count:]
    market.write()
    assert tried().days.get(on=date(2026, 11, 14)).found == 0


def test_a_first_price_is_an_example_without_a_distance_from_the_price_before(market: Market) -> None:
    new = f.pharmacy(division=f.wuchang())
    f.rebuild_today(NOW)
    market.price[market.drugs[1].pk, new.pk] = None
    market.lines = list(PriceChange.objects.order_by("id"))
    count = len(market.lines)
    market.set(market.drugs[1], new, 2900, hour(date(2026, 11, 14)))
    market.lines = market.lines[count:]
    market.write()
    example = tried("change").days.get(on=date(2026, 11, 14)).examples[0]
    assert (example["old_fen"], example["new_fen"], example["score"]) == (None, 2900, None)


def test_days_without_statistics_are_told_apart() -> None:
    spiked(worked_out=date(2026, 11, 14))
    made = tried()
    assert [day.covered for day in made.days.order_by("on")] == [False] * 5 + [True] * 3
    assert backtests.answer(made).total.found == 1


# -- what was ---------------------------------------------------------------------------------------------------------


def lead(market: Market, shop: Pharmacy, fen: int, on: date, detector: str = "history", **fields: Any) -> Lead:
    base: dict[str, Any] = {
        "drug_id": market.drugs[1].pk, "pharmacy_id": shop.pk, "area": shop.insurance_area,
        "city": f.region("420100"), "price_fen": fen, "previous_fen": 1700, "since": hour(on), "on": on,
        "found_at": hour(on), "excess": 0.5, "score": 1,
    }  # fmt: skip
    made = Lead.objects.create(**base | fields)
    Finding.objects.create(lead=made, detector=detector, version=1, parameters={}, inputs={}, excess=0.5)
    return made


def concluded(about: Lead, outcome: str) -> None:
    shop = Pharmacy.objects.get(pk=about.pharmacy_id or 0)
    case = Case.objects.create(
        number=f"核{about.pk}", pharmacy=shop, area=shop.insurance_area, title="核查", state="closed",
        outcome=outcome, owner=person(), opened_at=NOW, closed_at=NOW,
    )  # fmt: skip
    CaseLead.objects.create(case=case, lead=about)


def test_it_is_held_against_the_leads_and_the_concluded_cases_of_those_days(market: Market) -> None:
    """Found: the 10th, 12th and 15th. Then there were a right one and a wrong one of these, and a right one beside."""
    shops = market.shops
    concluded(lead(market, shops[0], 2600, date(2026, 11, 10)), "corrected")
    concluded(lead(market, shops[2], 2700, date(2026, 11, 12), "peers"), "explained")
    concluded(lead(market, shops[5], 1990, date(2026, 11, 12)), "handed_over")
    lead(market, shops[6], 1990, date(2026, 11, 12))
    lead(market, shops[7], 1990, date(2026, 11, 12), state="withdrawn", withdrawn_because="slip")
    total = backtests.answer(tried()).total
    assert (total.found, total.known, total.were, total.were_same) == (3, 2, 4, 3)
    assert (total.labelled, total.confirmed, total.labelled_were, total.confirmed_were) == (2, 1, 3, 2)
    assert (total.precision, total.recall) == (0.5, 0.5)


# -- workers ----------------------------------------------------------------------------------------------------------


def test_a_killed_test_goes_on_behind_the_last_day_and_ends_the_same(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = list(tried().days.order_by("on").values("on", "found", "tests", "slips", "levels", "examples"))
    made = draft("history", date(2026, 11, 9), date(2026, 11, 16))
    looked, real = [], Look.day

    def until_the_12th(look: Look, on: date) -> Any:
        looked.append(on)
        if on == date(2026, 11, 12) and len(looked) == 4:
            raise MemoryError
        return real(look, on)

    monkeypatch.setattr(Look, "day", until_the_12th)
    with pytest.raises(MemoryError):
        backtest.run(made.pk, clock=lambda: NOW)
    assert backtest.run(made.pk, clock=lambda: NOW).state == "running"  # still claimed by the dead worker
    assert made.days.count() == 3
    later = NOW + backtest.LEASE + timedelta(seconds=1)
    assert [each.pk for each in backtest.unclaimed(at=later)] == [made.pk]
    assert backtest.run(made.pk, clock=lambda: later).state == "done"
    assert looked[4:] == [date(2026, 11, day) for day in range(12, 17)]
    assert list(made.days.order_by("on").values("on", "found", "tests", "slips", "levels", "examples")) == whole


def test_what_three_workers_gave_up_on_the_same_day_is_failed_and_told(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, at = draft("history", date(2026, 11, 9), date(2026, 11, 16)), NOW

    def broken(look: Look, on: date) -> Any:
        raise MemoryError

    monkeypatch.setattr(Look, "day", broken)
    for _n in range(3):
        assert backtest.unclaimed(at=at) == [made]
        with pytest.raises(MemoryError):
            backtest.run(made.pk, clock=lambda at=at: at)  # type: ignore[misc]  # mypy infers no lambda with a default
        at += 2 * backtest.LEASE
    assert backtest.unclaimed(at=at) == []
    made.refresh_from_db()
    assert (made.state, made.finished_at) == ("failed", at)
    assert "处理三次均未完成" in made.error


def test_one_that_was_stopped_meanwhile_writes_no_further_day(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    made, real = draft("history", date(2026, 11, 9), date(2026, 11, 16)), Look.day

    def stopped_on_the_11th(look: Look, on: date) -> Any:
        if on == date(2026, 11, 11):
            assert backtests.stop(made, by=person(), at=NOW)
        return real(look, on)

    monkeypatch.setattr(Look, "day", stopped_on_the_11th)
    assert backtest.run(made.pk, clock=lambda: NOW).state == "stopped"
    assert made.days.count() == 2
    assert AuditEvent.objects.filter(action="backtest.stop").count() == 1
    assert not backtests.stop(made, by=person(), at=NOW)
    assert backtest.run(made.pk, clock=lambda: NOW).state == "stopped"


def test_a_long_one_lets_others_go_first_and_goes_on(market: Market) -> None:
    made, at = draft("history", date(2026, 11, 9), date(2026, 11, 16)), NOW

    def clock() -> datetime:
        nonlocal at
        at += timedelta(seconds=1)
        return at

    found = backtest.run(made.pk, clock=clock, at_most=timedelta(seconds=33))  # 28 days of history, then three
    assert (found.state, found.lease_until, found.days.count()) == ("running", None, 3)
    assert backtest.unclaimed(at=at) == [made]
    for _n in range(2):
        found = backtest.run(made.pk, clock=clock, at_most=timedelta(seconds=33))
    assert (found.state, found.days.count(), backtests.answer(found).total.found) == ("done", 8, 3)


def test_a_back_test_touches_no_lead_and_no_case(market: Market) -> None:
    tried()
    assert not Lead.objects.exists()
    assert not Case.objects.exists()
