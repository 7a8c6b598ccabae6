"""What most pharmacies of an area ask: the small town by eye, who counts, nights run twice, at once, or not at all."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.utils import ProgrammingError

from catalog.models import Drug
from prices import consistency
from prices.models import AreaPrice, Offer, RollUp
from prices.search.offers import find
from prices.search.questions import Target, Where
from prices.sql import statement
from prices.statistics import history, nights
from prices.statistics.roll_up import NotADay, backfill, roll_up
from prices.statistics.usual import usual_prices
from tests import factories as f
from tests.factories import AT, SHANGHAI, Town
from tests.prices.area_world import everything, row, said, sell

DAY = timedelta(days=1)
TODAY = date(2026, 11, 21)

pytestmark = pytest.mark.django_db


@pytest.fixture
def drug(db: None) -> Drug:
    return f.drug()


@pytest.fixture
def town(db: None) -> Town:
    return f.small_town()


# -- by eye -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prices", "mode", "count"),
    [
        (["18.90", "18.90", "19.80", "18.90", "19.80", "21.00"], 1890, 6),
        (["10.00", "10.00", "12.00", "12.00", "15.00"], 1000, 5),
        (["9.00", "9.00", "9.00", "8.00"], None, 4),
    ],
)
def test_the_mode_is_the_most_frequent_price_the_lower_of_two_and_needs_five_shops(drug, prices, mode, count):
    """V2.7."""
    sell(drug, *prices)
    roll_up(AT)
    assert (row(drug).mode_fen, row(drug).count) == (mode, count)


def test_quartiles_are_linear_between_neighbours_and_rounded_half_up(drug):
    """V6.7: 12.0, 12.3, 12.575 yuan."""
    sell(drug, "12.00", "12.50", "11.80", "12.20", "12.00", "13.00", "12.40", "11.50", "12.60", "24.80")
    roll_up(AT)
    assert said(drug) == (1200, 1150, 1200, 1230, 1258, 2480, 10)


def test_the_small_town_counts_who_is_designated_and_fresh(town):
    roll_up(AT)
    for region in (f.region(), f.region("420100"), f.region("420106")):
        assert said(town.drug, region) == (None, 1260, 1380, 1500, 1695, 1890, 3)


def test_an_area_counts_the_shops_that_search_lists_there_as_fresh(town):
    roll_up(AT)
    for region in (f.region(), f.wuchang()):
        found = find(Target.of_drug(town.drug), Where(None, None, region.pk), sort="cheapest", at=AT).results
        fresh = [offer.price_fen for offer in found if not offer.stale]
        assert (row(town.drug, region).count, row(town.drug, region).min_fen) == (len(fresh), min(fresh))


def test_a_county_a_city_and_the_province_each_have_their_own(drug):
    sell(drug, *["10.00"] * 5, division=f.wuchang())
    sell(drug, *["12.00"] * 6, division=f.hongshan())
    directly_below = f.region("429004", "仙桃市", f.region(), level="district")
    sell(drug, *["8.00"] * 5, division=directly_below)
    roll_up(AT)
    modes = {each: (row(drug, f.region(each)).mode_fen, row(drug, f.region(each)).count) for each in
             ("420106", "420111", "420100", "429004", "420000")}  # fmt: skip
    assert modes == {
        "420106": (1000, 5), "420111": (1200, 6), "420100": (1200, 11), "429004": (800, 5), "420000": (1200, 16),
    }  # fmt: skip


# -- who counts -------------------------------------------------------------------------------------------------------


def test_who_does_not_count(drug):
    sell(drug, *["10.00"] * 5)
    sell(drug, "1.00", status="suspended")
    sell(drug, "2.00", designations=("dual_channel",))
    sell(drug, "3.00", kind="hospital")
    old, out, gone = (f.pharmacy() for _n in range(3))
    f.offer(drug, old, "4.00", confirmed=AT - timedelta(days=10, hours=12, seconds=1))
    f.offer(drug, out, "5.00", stock=3)
    f.offer(drug, gone, "6.00", state=Offer.State.WITHDRAWN)
    f.rebuild_today()
    roll_up(AT)
    assert said(drug) == (1000, 1000, 1000, 1000, 1000, 1000, 5)


def test_what_may_not_be_retailed_has_no_statistics(drug):
    """Named by the list of 武昌区 for its shops, then by the province's for all."""
    sell(drug, *["10.00"] * 5, division=f.hongshan())
    sell(drug, "1.00", division=f.wuchang())
    f.drug_list("not_for_retail", f.wuchang(), drug)
    roll_up(AT)
    assert said(drug) == (1000, 1000, 1000, 1000, 1000, 1000, 5)
    f.drug_list("not_for_retail", f.region(), drug)
    roll_up(AT + DAY)
    assert said(drug)[-1] == 0


def test_a_price_counts_as_long_as_search_calls_it_fresh(drug):
    disputed, vouched, doubtful = (f.pharmacy() for _n in range(3))
    f.offer(drug, disputed, "4.00", confirmed=AT, disputed_since=AT - timedelta(days=11))
    f.offer(drug, vouched, "5.00", confirmed=AT - timedelta(days=30))
    mark = {"snapshot_as_of": AT, "snapshot_received_at": AT, "snapshot_run_id": 1}
    mine = f.report(f.feed(), vouched, AT)
    type(mine).objects.filter(pk=mine.pk).update(**mark)
    f.offer(drug, doubtful, "6.00", confirmed=AT - timedelta(days=10, hours=12))
    f.rebuild_today()
    roll_up(AT)
    assert (row(drug).min_fen, row(drug).max_fen, row(drug).count) == (500, 600, 2)


def test_a_shop_suspended_since_yesterday_leaves_the_statistics_today(drug):
    shops = sell(drug, *["10.00"] * 5, "12.00")
    roll_up(AT)
    shops[-1].statuses.update(valid=f.since(date(2020, 1, 1), TODAY + DAY))
    f.PharmacyStatus.objects.create(pharmacy=shops[-1], status="suspended", valid=f.since(TODAY + DAY))
    roll_up(AT + DAY)
    assert said(drug) == (1000, 1000, 1000, 1000, 1000, 1000, 5)


# -- rows only where something differs --------------------------------------------------------------------------------


def test_a_quiet_night_writes_no_row_but_its_run(drug):
    sell(drug, *["10.00"] * 5)
    assert roll_up(AT).written == 3
    assert roll_up(AT + DAY).written == 0
    assert [row.on for row in AreaPrice.objects.all()] == [TODAY] * 3
    assert list(RollUp.objects.order_by("pk").values_list("first", "last")) == [
        (TODAY, TODAY),
        (TODAY + DAY, TODAY + DAY),
    ]


def test_a_series_closes_when_nobody_sells_and_opens_again(drug):
    sell(drug, *["10.00"] * 5)
    roll_up(AT)
    Offer.objects.update(state=Offer.State.WITHDRAWN)
    roll_up(AT + DAY)
    assert said(drug) == (None, None, None, None, None, None, 0)
    assert roll_up(AT + 2 * DAY).written == 0
    Offer.objects.update(state=Offer.State.LIVE)
    roll_up(AT + 3 * DAY)
    assert said(drug)[-1] == 5
    assert [day.count for day in history.daily(drug.pk, f.region().pk, TODAY, TODAY + 3 * DAY)] == [5, 0, 0, 5]


def test_a_drug_nobody_ever_sold_has_no_rows(drug):
    f.rebuild_today()
    roll_up(AT)
    assert everything() == []
    assert RollUp.objects.get().drugs == 0


def test_twice_on_one_day_is_once_with_the_newest_prices(drug):
    sell(drug, *["10.00"] * 5)
    roll_up(AT)
    before = everything()
    assert roll_up(AT).written == 0
    assert everything() == before
    Offer.objects.update(price_fen=1100)
    roll_up(AT + timedelta(hours=1))
    assert [row.mode_fen for row in AreaPrice.objects.all()] == [1100] * 3
    Offer.objects.update(price_fen=1000)
    roll_up(AT + timedelta(hours=2))
    assert everything() == before


def test_a_row_of_today_that_is_no_longer_different_goes(drug):
    sell(drug, *["10.00"] * 5)
    roll_up(AT)
    before = everything()
    Offer.objects.update(price_fen=1100)
    roll_up(AT + DAY)
    Offer.objects.update(price_fen=1000)
    roll_up(AT + DAY + timedelta(hours=1))
    assert everything() == before


def test_a_killed_run_leaves_whole_drugs_and_no_run_and_is_made_good(drug, monkeypatch):
    from prices.statistics import roll_up as module

    others = [f.drug() for _n in range(3)]
    for each in (drug, *others):
        sell(each, *["10.00"] * 5)
    monkeypatch.setattr(module, "DRUGS_AT_ONCE", 1)
    with killed_after_chunks(2), pytest.raises(Killed):
        roll_up(AT)
    assert set(AreaPrice.objects.values_list("drug_id", flat=True)) == {drug.pk, others[0].pk}
    assert not RollUp.objects.exists()
    assert usual_prices([(drug.pk, f.region().pk)], TODAY) == {}
    roll_up(AT)
    assert AreaPrice.objects.count() == 4 * 3
    assert RollUp.objects.count() == 1


class Killed(BaseException):
    """What kill -9 is: nothing runs after it."""


def killed_after_chunks(chunks: int) -> Any:
    seen = 0

    def wrapper(execute: Any, sql: Any, parameters: Any, many: Any, context: Any) -> Any:
        nonlocal seen
        seen += "pg_advisory_xact_lock" in sql
        if seen > chunks:
            raise Killed
        return execute(sql, parameters, many, context)

    return connection.execute_wrapper(wrapper)


# -- midnight, missed nights ------------------------------------------------------------------------------------------


def test_the_day_begins_at_midnight_in_shanghai(drug):
    sell(drug, *["10.00"] * 5)
    roll_up(datetime(2026, 11, 21, 23, 59, 59, tzinfo=SHANGHAI))
    roll_up(datetime(2026, 11, 22, 0, 0, tzinfo=SHANGHAI))
    assert list(RollUp.objects.order_by("pk").values_list("last", flat=True)) == [TODAY, TODAY + DAY]


def test_a_missed_night_is_missing_and_can_be_worked_out_later(drug):
    sell(drug, *["10.00"] * 5)
    roll_up(AT)
    roll_up(AT + 2 * DAY)
    assert nights.gaps(TODAY, TODAY + 2 * DAY) == [nights.Gap(TODAY + DAY, TODAY + DAY, TODAY + 2 * DAY)]
    assert [day.on for day in history.daily(drug.pk, f.region().pk, TODAY, TODAY + 5 * DAY)] == [
        TODAY,
        TODAY + 2 * DAY,
    ]
    backfill(TODAY, AT + 3 * DAY)
    days = history.daily(drug.pk, f.region().pk, TODAY, TODAY + 5 * DAY)
    assert [(day.on, day.mode_fen) for day in days] == [(TODAY + n * DAY, 1000) for n in range(3)]
    assert AreaPrice.objects.count() == 3


def test_the_clock_may_not_go_back(drug):
    roll_up(AT)
    with pytest.raises(NotADay, match="系统时间"):
        roll_up(AT - DAY)


def test_the_app_may_not_rewrite_the_log_of_nights(db):
    with pytest.raises(ProgrammingError, match="permission denied"), connection.cursor() as cursor:
        cursor.execute("UPDATE prices_rollup SET drugs = 0")


# -- what cards ask ---------------------------------------------------------------------------------------------------


def test_cards_ask_for_all_pairs_in_one_statement(drug, django_assert_num_queries):
    sell(drug, *["10.00"] * 5)
    sell(other := f.drug(), "9.00")
    roll_up(AT)
    pairs = [(each.pk, region.pk) for each in (drug, other, f.drug()) for region in (f.region(), f.wuchang())]
    with django_assert_num_queries(1):
        found = usual_prices(pairs, TODAY)
    assert {key: (usual.mode_fen, usual.count, usual.on) for key, usual in found.items()} == {
        (drug.pk, f.region().pk): (1000, 5, TODAY),
        (drug.pk, f.wuchang().pk): (1000, 5, TODAY),
        (other.pk, f.region().pk): (None, 1, TODAY),
        (other.pk, f.wuchang().pk): (None, 1, TODAY),
    }


def test_what_is_usual_is_forgotten_a_week_after_the_last_night(drug):
    sell(drug, *["10.00"] * 5)
    roll_up(AT)
    pair = (drug.pk, f.region().pk)
    assert usual_prices([pair], TODAY + 7 * DAY)[pair].on == TODAY
    assert usual_prices([pair], TODAY + 8 * DAY) == {}
    assert usual_prices([pair], TODAY - DAY) == {}
    assert usual_prices([], TODAY) == {}


def test_a_card_costs_a_probe_of_the_key_however_long_the_history(drug):
    """Of 400 days of 50 areas one row is read for the pair asked about."""
    prices = dict.fromkeys(("mode_fen", "min_fen", "q1_fen", "median_fen", "q3_fen", "max_fen"), 1000)
    rows = [
        AreaPrice(drug_id=drug.pk, region_id=region, on=TODAY - back * DAY, count=back + 5, **prices)
        for region in range(50)
        for back in range(400)
    ]
    AreaPrice.objects.bulk_create(rows)
    RollUp.objects.create(first=TODAY, last=TODAY, at=AT, drugs=1, written=1, seconds=0)
    asked = {"drugs": [drug.pk], "regions": [7], "on": TODAY, "oldest": TODAY}
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + statement("usual"), asked)
        (node,) = _scans(cursor.fetchone()[0][0]["Plan"])
    assert node["Index Name"] == "prices_areaprice_pkey"
    assert (node["Scan Direction"], node["Actual Rows"], node.get("Rows Removed by Filter", 0)) == ("Backward", 1, 0)


def _scans(plan: dict[str, Any]) -> list[dict[str, Any]]:
    """The nodes that read prices_areaprice."""
    below = [node for part in plan.get("Plans", []) for node in _scans(part)]
    return below + [plan] * (plan.get("Relation Name") == "prices_areaprice")


# -- what check_prices proves -----------------------------------------------------------------------------------------


def broken() -> list[str]:
    """The promises about statistics that do not hold."""
    return [problem.promise for problem in consistency.problems() if "地区药价" in problem.promise]


def test_what_the_roll_up_wrote_is_consistent(drug):
    sell(drug, *["10.00"] * 5)
    roll_up(AT)
    Offer.objects.update(state=Offer.State.WITHDRAWN)
    roll_up(AT + DAY)
    assert broken() == []


@pytest.mark.parametrize(
    ("wrong", "promise"),
    [
        ({"region_id": 10**6}, "有药品和地区"),
        ({"drug_id": 10**6}, "有药品和地区"),
        ({"on": TODAY + DAY}, "只在有变化的日子"),
        ({"on": TODAY + DAY, "count": 6}, "不超出"),
        ({"on": TODAY + DAY, "min_fen": 999}, "不超出"),
        ({"on": TODAY + DAY, "max_fen": 1001}, "不超出"),
    ],
)
def test_a_row_that_cannot_be_right_is_found(drug, wrong, promise):
    sell(drug, *["10.00"] * 5)
    roll_up(AT)
    prices = dict.fromkeys(("mode_fen", "min_fen", "q1_fen", "median_fen", "q3_fen", "max_fen"), 1000)
    row = {"drug_id": drug.pk, "region_id": f.region().pk, "on": TODAY, "count": 5}
    AreaPrice.objects.create(**row | prices | wrong)
    assert any(promise in found for found in broken())
