"""Nearest and cheapest in the small town, worked out by eye; then one test per plan that it reads what it should."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, connections, transaction

from pharmacies.geo import Wgs84
from pharmacies.hours import SHANGHAI
from pharmacies.models import Pharmacy
from prices.models import Offer, Stock
from prices.search import plans
from prices.search.cells import Cell
from prices.search.offers import find
from prices.search.questions import Answer, Coverage, Filters, Target, Where
from prices.search.survey import FEW_OFFERS, Survey, survey
from tests import factories
from tests.factories import AT, ORIGIN, Town

HERE = Where(Wgs84(*ORIGIN), 5000)
ALL_PLANS = [(sort, plan) for sort in ("nearest", "cheapest") for plan in plans.PLANS[sort]]


def names(answer: Answer) -> list[str]:
    return [found.shop.name for found in answer.results]


@pytest.fixture
def town(db: None) -> Town:
    return factories.small_town()


def test_nearest_first_and_what_is_stale_last(town: Town) -> None:
    answer = find(Target.of_drug(town.drug), HERE, sort="nearest", at=AT)
    assert names(answer) == ["近而贵大药房", "居中大药房", "远而廉大药房", "久未报送药房"]
    assert [found.stale for found in answer.results] == [False, False, False, True]
    assert [round(found.distance_m or 0) for found in answer.results] == [300, 1200, 4000, 800]


def test_cheapest_first_and_what_is_stale_last(town: Town) -> None:
    answer = find(Target.of_drug(town.drug), HERE, sort="cheapest", at=AT)
    assert names(answer) == ["远而廉大药房", "居中大药房", "近而贵大药房", "久未报送药房"]
    assert [found.rank for found in answer.results] == [1, 2, 3, 4]


def test_a_product_counted_in_another_unit_is_not_ranked_by_unit_price(town: Town) -> None:
    of = town.drug.preparation
    unread = factories.drug(of, pack_count=1, unit="盒")  # 0.50 a "盒" would beat every price per tablet
    factories.offer(unread, town.mid, "0.50")
    target = Target.of_preparation(of, (unread, town.drug, factories.drug(of, pack_count=7)))
    answer = find(target, HERE, sort="cheapest", at=AT)
    assert unread.pk not in {found.drug.pk for found in answer.results}
    assert names(answer)[0] == "远而廉大药房"


def test_the_cost_is_the_packs_and_the_way_there(town: Town) -> None:
    answer = find(
        Target.of_drug(town.drug), HERE, sort="cheapest", at=AT, quantity=3, yuan_per_km=Decimal("2.5"), limit=1
    )
    assert answer.results[0].cost == Decimal("47.80")  # 3 × 12.60 and 4.0 km × 2.50


def test_a_radius_includes_its_edge(town: Town) -> None:
    far = find(Target.of_drug(town.drug), HERE, sort="nearest", at=AT).results[2].distance_m
    assert far is not None
    assert "远而廉大药房" in names(find(Target.of_drug(town.drug), replace(HERE, radius_m=far), sort="nearest", at=AT))
    within = replace(HERE, radius_m=far - 1e-6)
    assert "远而廉大药房" not in names(find(Target.of_drug(town.drug), within, sort="nearest", at=AT))


def test_a_radius_means_the_same_as_st_dwithin_without_spheroid(town: Town) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT bool_and(ST_DWithin(location, %(o)s, d, false)), bool_or(ST_DWithin(location, %(o)s, d - 1e-6, false)),
                bool_and(location && _ST_Expand(%(o)s::geography, d))
            FROM (SELECT location, location <-> %(o)s::geography AS d FROM pharmacies_pharmacytoday) t
            """,
            {"o": HERE.ewkt},
        )
        assert cursor.fetchone() == (True, False, True)


def test_the_origin_is_rounded_before_anything_else() -> None:
    where = Where(Wgs84(114.3024999, 30.5445))
    assert where.origin == Wgs84(114.302, 30.545)
    assert where.ewkt == "SRID=4326;POINT(114.302 30.545)"


def test_a_weekly_reporter_is_not_stale_on_day_7_nor_hidden_on_day_28(town: Town) -> None:
    def of_stale_shop(days: float) -> list[bool]:
        at = AT - timedelta(days=20) + timedelta(days=days)
        return [
            found.stale
            for found in find(Target.of_drug(town.drug), HERE, sort="nearest", at=at).results
            if found.shop.name == "久未报送药房"
        ]

    assert of_stale_shop(7) == [False]
    assert of_stale_shop(10.5) == [False]
    assert of_stale_shop(10.6) == [True]
    assert of_stale_shop(28) == [True]
    assert of_stale_shop(28.1) == []


def test_ties_share_a_rank_over_pages_and_stale_ones_continue_the_count(town: Town) -> None:
    Offer.objects.filter(pharmacy_id=town.mid.pk).update(price_fen=1260)
    target, ranks, after = Target.of_drug(town.drug), [], None
    for _page in range(4):
        answer = find(target, HERE, sort="cheapest", at=AT, limit=1, after=after)
        ranks.append((answer.results[0].shop.name, answer.results[0].rank))
        after = answer.after
    assert ranks == [("居中大药房", 1), ("远而廉大药房", 1), ("近而贵大药房", 3), ("久未报送药房", 4)]
    assert after is None


@pytest.mark.parametrize(("sort", "plan"), ALL_PLANS)
def test_out_of_stock_is_not_ranked_and_unknown_stock_is_not_in_stock(sort: Any, plan: Any, town: Town) -> None:
    Offer.objects.filter(pharmacy_id=town.near_dear.pk).update(stock=Stock.OUT)
    Offer.objects.filter(pharmacy_id=town.mid.pk).update(stock=Stock.UNKNOWN)
    target = Target.of_drug(town.drug)
    assert "近而贵大药房" not in names(find(target, HERE, sort=sort, at=AT, plan=plan))
    assert "居中大药房" in names(find(target, HERE, sort=sort, at=AT, plan=plan))
    in_stock = find(target, HERE, sort=sort, at=AT, plan=plan, filters=Filters(in_stock=True))
    assert set(names(in_stock)) == {"远而廉大药房", "久未报送药房"}


def test_packs_of_a_preparation_compare_by_the_exact_price_of_a_tablet(db: None) -> None:
    """27.13 / 14 is dearer than 54.25 / 28, though both read 1.9379 and 1.9375; 3 × 9.99 / 30 ties with 9.99 / 10."""
    preparation = factories.preparation("厄贝沙坦片", "片剂", "0.15g")
    small, large = (factories.drug(preparation, pack_count=count) for count in (10, 30))
    shops = [factories.pharmacy(north_m=100 * n) for n in (1, 2, 3)]
    factories.offer(small, shops[0], "9.99")
    factories.offer(large, shops[1], "29.97")
    factories.offer(large, shops[2], "29.96")
    factories.rebuild_today()
    target = Target.of_preparation(preparation, (large, small))
    answer = find(target, HERE, sort="cheapest", at=AT)
    assert [(found.shop.id, found.rank) for found in answer.results] == [
        (shops[2].pk, 1),
        (shops[0].pk, 2),
        (shops[1].pk, 2),
    ]
    # Most drugs have… one each: the smaller pack counts as "a pack".
    assert [found.cost for found in answer.results] == [Decimal("10.29"), Decimal("10.09"), Decimal("10.19")]


@pytest.mark.parametrize(("sort", "plan"), ALL_PLANS)
def test_a_shop_with_two_fresh_packs_leaves_room_for_a_stale_shop(sort: Any, plan: Any, db: None) -> None:
    preparation = factories.preparation()
    drugs = tuple(factories.drug(preparation, pack_count=count) for count in (7, 14))
    both, old = factories.pharmacy(north_m=100), factories.pharmacy(north_m=200)
    for drug in drugs:
        factories.offer(drug, both, "9.90")
    factories.offer(drugs[0], old, "1.00", confirmed=AT - timedelta(days=12))
    factories.rebuild_today()
    target = Target.of_preparation(preparation, drugs)
    answer = find(target, HERE, sort=sort, at=AT, plan=plan, limit=1, filters=Filters(per_pharmacy=True))
    assert [found.shop.id for found in answer.results] == [both.pk]
    assert answer.after is not None


def test_a_disputed_offer_ages_from_its_last_undisputed_word(town: Town) -> None:
    long_ago = AT - timedelta(days=11)
    Offer.objects.filter(pharmacy_id=town.mid.pk).update(disputed_since=long_ago)
    answer = find(Target.of_drug(town.drug), HERE, sort="nearest", at=AT)
    disputed = next(found for found in answer.results if found.shop.name == "居中大药房")
    assert (disputed.stale, disputed.as_of) == (True, long_ago)


def test_a_drug_nobody_sells_and_an_empty_preparation_have_no_offers(town: Town) -> None:
    assert find(Target.of_drug(factories.drug()), HERE, sort="nearest", at=AT).results == ()
    empty = Target.of_preparation(factories.preparation("无人生产片"), ())
    assert find(empty, HERE, sort="cheapest", at=AT).results == ()


# -- the plans --------------------------------------------------------------------------------------------------------


@pytest.fixture
def city(committed: None) -> Target:
    """3,000 shops around ORIGIN, all of which carry the same 15 drugs: enough for the planner to mean what it says."""
    town = factories.small_town()
    shop = town.mid
    others = [factories.drug().pk for _drug in range(14)]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO pharmacies_pharmacy (code, kind, level, name, initials, uscc, address, division_id,
                insurance_area_id, location, source_lng, source_lat, source_datum, phone, license_no, hours, cell)
            SELECT 'P429' || lpad(i::text, 8, '0'), 'pharmacy', '', '店' || i, '', '', '', %(area)s, %(area)s,
                ST_MakePoint(114.3 + (i %% 60) * 0.01, 30.5 + (i / 60) * 0.01), 0, 0, 'wgs84', '', '', '', i %% 20
            FROM generate_series(1, 3000) i;
            INSERT INTO pharmacies_pharmacystatus (pharmacy_id, status, valid)
            SELECT id, 'normal', '[2020-01-01,)' FROM pharmacies_pharmacy WHERE code LIKE 'P429%%';
            INSERT INTO pharmacies_designation (pharmacy_id, kind, area_id, valid)
            SELECT id, 'designated', %(area)s, '[2020-01-01,)' FROM pharmacies_pharmacy WHERE code LIKE 'P429%%';
            INSERT INTO prices_offer (drug_id, pharmacy_id, price_fen, as_of, changed_at, confirmed_at, feed_id, run_id,
                stock, state, cell)
            SELECT drug, id, 1000 + id %% 700, %(at)s, %(at)s, %(at)s, %(feed)s, 1, 1, 1, cell
            FROM pharmacies_pharmacy, unnest(%(drugs)s) drug WHERE code LIKE 'P429%%';
            """,
            {"area": shop.division_id, "drugs": [town.drug.pk, *others], "at": AT, "feed": factories.feed().pk},
        )
    factories.rebuild_today()
    factories.settle("pharmacies_pharmacy", "pharmacies_pharmacytoday", "prices_offer", "prices_feed")
    return Target.of_drug(town.drug)


READ = """
SELECT relname, seq_scan, coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)
FROM pg_stat_xact_user_tables WHERE relname IN ('prices_offer', 'pharmacies_pharmacytoday')
"""
"""What this transaction has read so far: a function's own plan does not show in EXPLAIN, but this counts its rows."""


def question(target: Target, where: Where, sort: Any, filters: Filters) -> tuple[dict[str, Any], Survey]:
    found = survey([drug.pk for drug in target.drugs], where, filters, AT.date())
    asked = plans.parameters(
        target, Coverage(target.drugs), where, found, sort=sort, filters=filters, at=AT, rows=21, after=None
    )
    return asked, found


def read(plan: plans.Plan, target: Target, where: Where, sort: Any, **fields: Any) -> dict[str, int]:
    """Rows read of offers and of pharmacies by a plan; that a table is scanned is a mistake."""
    asked, _found = question(target, where, sort, Filters(**fields))
    plans.ask(plan, asked)
    with transaction.atomic(using=settings.SEARCH_DATABASE):
        before = counted()
        assert plans.ask(plan, asked)
        after = counted()
    assert [name for name in after if after[name][0] > before[name][0]] == [], "a table was scanned"
    return {name: after[name][1] - before[name][1] for name in after}


def counted() -> dict[str, tuple[int, int]]:
    with connections[settings.SEARCH_DATABASE].cursor() as cursor:
        cursor.execute(READ)
        return {name: (scans, rows) for name, scans, rows in cursor.fetchall()}


@pytest.mark.parametrize("radius", [None, 20_000, 1_000_000])
def test_nearest_walks_outward_and_stops(radius: float | None, city: Target) -> None:
    rows = read("nearest_walk", city, Where(HERE.origin, radius), "nearest")
    assert rows["pharmacies_pharmacytoday"] < 100  # and once more for each row of the answer
    assert rows["prices_offer"] < 60


def test_cheapest_walks_prices_upward_and_stops(city: Target) -> None:
    rows = read("price_walk", city, Where(HERE.origin), "cheapest")
    assert rows["prices_offer"] < 150


def test_cheapest_nearby_walks_the_prices_of_its_cells(city: Target) -> None:
    rows = read("cell_walk", city, Where(HERE.origin, 100_000), "cheapest")
    # Of 3,000. The guess looks at 63 prices of each of 20 lists, in the index alone where that is known to be up to date.
    assert rows["prices_offer"] < 1_500


def test_few_pharmacies_are_probed_one_by_one(city: Target) -> None:
    for n in range(5):
        factories.offer(city.drugs[0], factories.pharmacy(f"洪山{n}", division=factories.hongshan()), "9.90")
    factories.rebuild_today()
    rows = read("few_pharmacies", city, Where(HERE.origin, None, factories.hongshan().pk), "cheapest")
    assert rows["prices_offer"] == 5


def test_a_rare_drug_is_read_by_its_offers(city: Target) -> None:
    rare = factories.drug()
    factories.offer(rare, Pharmacy.objects.get(code="P42900000007"), "3.00")
    rows = read("few_offers", Target.of_drug(rare), Where(HERE.origin), "nearest")
    assert rows["prices_offer"] == 1


def test_value_reads_what_its_bound_lets_through(city: Target) -> None:
    rows = read("value", city, Where(HERE.origin), "value")
    assert rows["prices_offer"] < 2_700  # most of them by two guesses


def test_the_frontier_reads_the_near_and_what_is_cheaper(city: Target) -> None:
    rows = read("frontier", city, Where(HERE.origin), "frontier")
    assert rows["prices_offer"] < 4000  # the near twice, for few of them are cheap, and what is cheaper


COUNTY = Cell(1, 1_000, 10, 50, 30, west=114.2, south=30.4, east=114.5, north=30.7)
PROVINCE = (COUNTY, *(Cell(n, 300, 3, 15, 9, 108 + n / 10, 29.0, 108.3 + n / 10, 29.3) for n in range(2, 99)))
AT_THREE = datetime(2026, 11, 2, 3, 0, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("sort", "radius", "cells", "filters", "plan"),
    [
        ("nearest", 5_000, [COUNTY], Filters(), "nearest_walk"),
        ("nearest", None, PROVINCE, Filters(open_now=True), "nearest_walk"),
        ("cheapest", 10_000, [COUNTY], Filters(), "cell_walk"),
        ("cheapest", 100, [COUNTY], Filters(), "few_pharmacies"),
        ("cheapest", None, PROVINCE, Filters(), "price_walk"),
        ("cheapest", None, PROVINCE, Filters(open_now=True), "price_walk"),
        ("cheapest", None, PROVINCE, Filters(reimbursed_as="dual_channel"), "few_pharmacies"),
        ("cheapest", None, PROVINCE, Filters(open_now=True, kinds=("hospital",)), "few_pharmacies"),
        ("value", 500, [COUNTY], Filters(), "few_pharmacies"),
        ("value", None, PROVINCE, Filters(), "value"),
        ("frontier", None, PROVINCE, Filters(), "frontier"),
        ("frontier", None, PROVINCE, Filters(reimbursed_as="dual_channel"), "few_pharmacies"),
    ],
)
def test_the_plan_follows_what_there_is_to_read(
    sort: Any, radius: float | None, cells: Sequence[Cell], filters: Filters, plan: str, town: Town
) -> None:
    target = Target.of_drug(town.drug)
    found = Survey({}, sum(cell.pharmacies for cell in PROVINCE), tuple(cells), FEW_OFFERS + 1)
    asked = plans.parameters(
        target, Coverage(target.drugs), Where(HERE.origin, radius), found,
        sort=sort, filters=filters, at=AT_THREE, rows=21, after=None,
    )  # fmt: skip
    assert plans.choose(sort, asked, found) == plan
    assert plans.choose(sort, asked, found._replace(offers=FEW_OFFERS)) == "few_offers"
