"""药品零售价格指数: months by hand, products that come and go, months that stay as they were published."""

from datetime import date, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from prices.models import AreaPrice, IndexPoint, RollUp
from prices.monitoring import headline
from tests import factories as f
from tests.factories import SHANGHAI

pytestmark = pytest.mark.django_db


def price(drug, on, fen, count=5, area=None):
    AreaPrice.objects.create(
        drug_id=drug.pk, region_id=(area or f.region()).pk, on=on, count=count, mode_fen=fen if count >= 5 else None,
        min_fen=fen, q1_fen=fen, median_fen=fen, q3_fen=fen, max_fen=fen,
    )  # fmt: skip


def worked_out(first, last):
    RollUp.objects.create(first=first, last=last, at=noon(last), drugs=1, written=1, seconds=0)


def noon(day):
    return datetime(day.year, day.month, day.day, 12, tzinfo=SHANGHAI)


def values(area=None, kind="jevons", weights="equal"):
    return [round(point.value, 4) for point in headline.series(area or f.region(), kind, weights)]


@pytest.fixture
def panel(db):
    """V6.6: three months, three products, asked by as many shops as V6.6 sells packs."""
    prices = [[10, 20, 5], [11, 19, 5], [12, 21, 5.5]]
    shops = [[100, 50, 200], [90, 60, 200], [80, 55, 180]]
    f.region()
    drugs = [f.drug() for _n in range(3)]
    for month, (asked, count) in enumerate(zip(prices, shops, strict=True), 1):
        for drug, yuan, n in zip(drugs, asked, count, strict=True):
            price(drug, date(2026, month, 10), int(yuan * 100), n)
    worked_out(date(2026, 1, 1), date(2026, 3, 31))
    return drugs


def test_the_headline_is_a_chain_of_jevons_links(panel):
    """On a balanced panel the chain is the direct index: V6.6."""
    headline.work_out(noon(date(2026, 4, 1)))
    assert values() == [100.0, 101.478, 111.4947]


def test_the_appendix_weighs_by_price_times_shops(panel):
    """V6.6: the links of Törnqvist and Fisher, GEKS and TPD over the months there are."""
    headline.work_out(noon(date(2026, 4, 1)))
    assert values(kind="tornqvist", weights="shops")[1] == 101.3154
    assert values(kind="fisher", weights="shops")[1] == 101.3166
    assert values(kind="tpd", weights="equal") == [100.0, 101.478, 111.4947]
    assert len(values(kind="geks_t", weights="shops")) == 3
    assert {point.weights for point in IndexPoint.objects.exclude(kind__in=["jevons", "tpd"])} == {"shops"}


def test_a_product_that_comes_later_counts_from_its_second_month(panel):
    late = f.drug()
    price(late, date(2026, 2, 1), 1000)
    price(late, date(2026, 3, 1), 2000)
    headline.work_out(noon(date(2026, 4, 1)))
    points = headline.series(f.region())
    assert [(point.items, round(point.coverage, 4)) for point in points] == [(3, 1.0), (3, 0.75), (4, 1.0)]
    assert round(points[2].value / points[1].value, 6) == round((12 / 11 * 21 / 19 * 1.1 * 2) ** 0.25, 6)


def test_a_month_is_priced_on_its_last_day_that_was_worked_out_and_too_few_shops_do_not_count():
    f.region()
    drug, rare = f.drug(), f.drug()
    price(drug, date(2026, 1, 1), 1000)
    price(drug, date(2026, 1, 29), 1100)
    price(drug, date(2026, 1, 31), 9900)
    price(drug, date(2026, 2, 27), 1210)
    price(rare, date(2026, 1, 1), 1000, count=2)
    price(rare, date(2026, 2, 1), 5000, count=2)
    worked_out(date(2026, 1, 1), date(2026, 1, 30))
    worked_out(date(2026, 2, 1), date(2026, 2, 28))
    headline.work_out(noon(date(2026, 3, 1)))
    assert values() == [100.0, 110.0]


def test_the_running_month_is_provisional_and_an_ended_one_stays():
    f.region()
    drug = f.drug()
    price(drug, date(2026, 1, 1), 1000)
    price(drug, date(2026, 2, 5), 1100)
    worked_out(date(2026, 1, 1), date(2026, 2, 10))
    headline.work_out(noon(date(2026, 2, 10)))
    assert [point.provisional for point in headline.series(f.region())] == [False, True]
    price(drug, date(2026, 2, 20), 1200)
    worked_out(date(2026, 2, 11), date(2026, 2, 28))
    headline.work_out(noon(date(2026, 3, 1)))
    assert values() == [100.0, 120.0]
    AreaPrice.objects.filter(drug_id=drug.pk, on=date(2026, 2, 20)).update(
        mode_fen=1300, min_fen=1300, q1_fen=1300, median_fen=1300, q3_fen=1300, max_fen=1300
    )
    assert headline.work_out(noon(date(2026, 3, 1))) == 0
    assert values() == [100.0, 120.0]
    price(drug, date(2026, 3, 1), 1320)
    worked_out(date(2026, 3, 1), date(2026, 3, 1))
    headline.work_out(noon(date(2026, 3, 1)))
    assert values() == [100.0, 120.0, round(120 * 1320 / 1300, 4)]


def test_a_month_whose_last_night_is_missing_is_not_final_until_it_is_made_up():
    """Nor is the one after it, whose level follows from its own."""
    f.region()
    drug = f.drug()
    price(drug, date(2026, 1, 1), 1000)
    price(drug, date(2026, 2, 5), 1100)
    worked_out(date(2026, 1, 1), date(2026, 2, 27))
    worked_out(date(2026, 3, 1), date(2026, 4, 1))
    headline.work_out(noon(date(2026, 4, 1)))
    assert [point.provisional for point in headline.series(f.region())] == [False, True, True, True]
    assert values() == [100.0, 110.0, 110.0, 110.0]
    price(drug, date(2026, 2, 28), 1200)
    worked_out(date(2026, 2, 28), date(2026, 2, 28))
    headline.work_out(noon(date(2026, 4, 2)))
    assert [point.provisional for point in headline.series(f.region())] == [False, False, False, True]
    assert values() == [100.0, 120.0, 120.0, 120.0]


def test_the_province_its_cities_and_the_counties_directly_below_it_have_an_index_of_their_own():
    f.wuchang()
    xiantao = f.region("429004", "仙桃市", f.region(), level="district")
    assert [area.code for area in headline.areas()] == ["420000", "420100", "429004"]
    drug = f.drug()
    for month, fen in ((1, 1000), (2, 1500)):
        price(drug, date(2026, month, 1), fen, area=xiantao)
    worked_out(date(2026, 1, 1), date(2026, 2, 28))
    headline.work_out(noon(date(2026, 3, 1)))
    assert (values(xiantao), values(f.region("420100"))) == ([100.0, 150.0], [])


def test_without_a_roll_up_there_is_no_index():
    f.region()
    assert headline.work_out(noon(date(2026, 3, 1))) == 0


@pytest.mark.parametrize(
    ("wrong", "constraint"),
    [
        ({"value": 0.0}, "index_point_above_zero"),
        ({"items": 0}, "index_point_above_zero"),
        ({"value": 101.0, "on": date(2026, 1, 1)}, "index_point_base_is_100"),
        ({"base": date(2026, 3, 1)}, "index_point_base_is_100"),
        ({"on": date(2026, 2, 2)}, "index_point_of_a_month"),
        ({"coverage": 1.01}, "index_point_coverage_is_a_share"),
        ({}, "index_point_once"),
    ],
)
def test_the_database_refuses_points_that_cannot_be(wrong, constraint):
    at = datetime(2026, 2, 28, tzinfo=SHANGHAI) + timedelta(hours=3)
    fields = {
        "area": f.region(), "on": date(2026, 2, 1), "kind": "jevons", "weights": "equal", "value": 101.0,
        "base": date(2026, 1, 1), "items": 3, "coverage": 0.5, "at": at,
    }  # fmt: skip
    IndexPoint.objects.create(**fields)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        IndexPoint.objects.create(**fields | wrong)
