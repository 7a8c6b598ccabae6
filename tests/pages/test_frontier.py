"""The chart and the steps of 又近又便宜, worked out by hand."""

import pytest
from django.utils import translation

from prices.models import Stock
from prices.search.questions import Answer, Found, Shop, Target
from prices.views.frontier import APART, chart, steps
from tests import factories
from tests.factories import AT

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def chinese():
    with translation.override("zh-hans"):
        yield


@pytest.fixture
def drug():
    return factories.drug(pack_count=14)


def found(drug, n: int, metres: float, fen: int, key: int | None = None) -> Found:
    shop = Shop(n, f"P4201060000{n}", f"第{n}大药房", "pharmacy", "", "", "", None, (), 114.3, 30.5)
    return Found(shop, drug, fen, key or fen, None, metres, Stock.IN, False, AT, False, n)


def answer(*offers: Found) -> Answer:
    return Answer(offers, None, None, AT)


def test_every_further_shop_says_what_it_saves(drug):
    asked = answer(found(drug, 1, 300, 1890), found(drug, 2, 1500, 1040), found(drug, 3, 1500, 1040))
    target = Target.of_drug(drug)
    assert steps(asked, target) == ["", "再走 1.2 公里便宜 8.50 元", "一样近，一样便宜"]


def test_packs_of_different_size_are_compared_by_the_tablet(drug):
    other = factories.drug(drug.preparation, pack_count=28)
    target = Target.of_preparation(drug.preparation, (drug, other))
    asked = answer(
        found(drug, 1, 300, 1400, 1400 * target.weight(drug)), found(other, 2, 1300, 1400, 1400 * target.weight(other))
    )
    assert steps(asked, target)[1] == "再走 1.0 公里便宜 0.50 元/片"
    made = chart(asked, target)
    assert made.unit == "元/片"
    assert [stop.label for stop in made.stops] == ["1.00", "0.50"]


def test_points_stand_by_distance_and_price_and_lead_to_their_cards(drug):
    asked = answer(found(drug, 1, 500, 2000), found(drug, 2, 1000, 1500), found(drug, 3, 2000, 1000))
    made = chart(asked, Target.of_drug(drug))
    xs, ys = [stop.x for stop in made.stops], [stop.y for stop in made.stops]
    assert xs == sorted(xs)
    assert ys == sorted(ys)
    assert xs[2] - xs[1] == pytest.approx(2 * (xs[1] - xs[0]), abs=2)
    assert ys[1] - ys[0] == ys[2] - ys[1]
    assert made.stops[1].href == f"#offer-{drug.code}-P42010600002"
    assert made.stops[1].said == "第2大药房，直线约 1.0 公里，15.00 元"
    assert made.farthest == "2.0 公里"


def test_what_stands_too_close_shares_a_link_that_says_how_many(drug):
    asked = answer(
        found(drug, 1, 300, 1200), found(drug, 2, 310, 1199), found(drug, 3, 320, 1198), found(drug, 4, 5000, 600)
    )
    made = chart(asked, Target.of_drug(drug))
    assert [len(stop.dots) for stop in made.stops] == [3, 1]
    assert made.stops[0].said == "3 家，直线约 300 米起，12.00 元到 11.98 元"


def test_links_are_apart_however_many_there_are(drug):
    asked = answer(*[found(drug, n, 100.0 * n, 5000 - 10 * n) for n in range(1, 60)])
    made = chart(asked, Target.of_drug(drug))
    assert sum(len(stop.dots) for stop in made.stops) == 59
    for one, other in zip(made.stops, made.stops[1:], strict=False):
        assert max(abs(one.x - other.x), abs(one.y - other.y)) >= APART


@pytest.mark.parametrize("prices", [[], [1000], [1000, 1000]])
def test_with_nothing_to_weigh_there_is_no_chart(drug, prices):
    asked = answer(*[found(drug, n, 100.0 * n, fen) for n, fen in enumerate(prices, start=1)])
    assert chart(asked, Target.of_drug(drug)) is None


def test_a_shop_at_the_door_is_a_point_too(drug):
    asked = answer(found(drug, 1, 0.0, 1000), found(drug, 2, 0.0, 900))
    assert len(chart(asked, Target.of_drug(drug)).stops) == 2
