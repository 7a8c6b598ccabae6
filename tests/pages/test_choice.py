"""What a citizen chooses, read from the address; the position, from the header alone."""

import pytest
from django.test import RequestFactory
from django.utils import timezone, translation

from pharmacies.geo import Wgs84
from prices.views.choice import Choice
from prices.views.places import Places
from tests.factories import AT, hongshan, region, wuchang

pytestmark = pytest.mark.django_db
FRAGMENT = {"HX-Request": "true", "X-Position": "30.544612,114.302437"}


@pytest.fixture
def places():
    wuchang(), hongshan()
    region("429004", "仙桃市", region())
    region("420500", "宜昌市", region())
    with translation.override("zh-hans"):
        yield Places.on(timezone.localdate(AT))


def choice(places, query="", **headers):
    return Choice.of(RequestFactory().get(f"/preparations/1?{query}", headers=headers), places)


def test_without_a_choice_the_whole_province_is_compared_by_price(places):
    asked = choice(places)
    assert (asked.where.region_id, asked.where.origin, asked.sort) == (places.province.id, None, "cheapest")
    assert asked.place_words() == "湖北省"


def test_a_county_counts_only_in_its_own_city(places):
    assert choice(places, "city=420100&county=420106").region.name == "武昌区"
    assert choice(places, "city=420500&county=420106").region.name == "宜昌市"
    assert choice(places, "county=420106").region.name == "湖北省"


def test_a_county_below_the_province_is_chosen_like_a_city(places):
    asked = choice(places, "city=429004")
    assert asked.region.name == "仙桃市"
    assert asked.counties == []


def test_cities_and_the_counties_of_the_chosen_one_are_offered(places):
    asked = choice(places, "city=420100")
    assert [option.label for option in asked.cities] == ["全省", "武汉市", "宜昌市", "仙桃市"]
    assert [(option.label, option.chosen) for option in asked.counties] == [("武昌区", False), ("洪山区", False)]


def test_a_position_in_the_header_of_a_fragment_request_is_rounded_and_searched_around(places):
    asked = choice(places, "radius=10000&sort=nearest", **FRAGMENT)
    assert asked.where.origin == Wgs84(114.302, 30.545)
    assert (asked.where.radius_m, asked.where.region_id, asked.sort) == (10_000, None, "nearest")
    assert asked.place_words() == "您附近 10 公里内"


def test_with_a_position_a_chosen_city_limits_instead_of_the_radius(places):
    asked = choice(places, "city=420100", **FRAGMENT)
    assert asked.where.origin == Wgs84(114.302, 30.545)
    assert (asked.where.radius_m, asked.region.name) == (None, "武汉市")


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Position": "30.544612,114.302437"},
        {"HX-Request": "true"},
        {"HX-Request": "true", "X-Position": "here"},
        {"HX-Request": "true", "X-Position": "91,114.3"},
        {"HX-Request": "true", "X-Position": "nan,inf"},
        {"HX-Request": "true", "X-Position": "30.5,114.3,1"},
    ],
)
def test_a_page_or_nonsense_has_no_position(places, headers):
    asked = choice(places, "sort=nearest&lat=30.5&lng=114.3", **headers)
    assert (asked.origin, asked.sort) == (None, "cheapest")


@pytest.mark.parametrize(
    "query",
    ["radius=1", "radius=-5", "radius=abc", "radius=²", "radius=99999999999999999999", "limit=0", "limit=1000000"],
)
def test_an_address_that_asks_for_what_is_not_offered_gets_the_defaults(places, query):
    asked = choice(places, query + "&sort=dearest&city=%27%3B--&county=<b>")
    assert (asked.radius_m, asked.limit, asked.sort, asked.city) == (5_000, 20, "cheapest", None)


def test_the_address_says_what_differs_from_the_defaults_and_never_the_position(places):
    asked = choice(
        places, "city=420100&county=420106&radius=5000&sort=nearest&open_now=true&limit=50&in_stock=", **FRAGMENT
    )
    address = asked.address("/preparations/1")
    assert address == "/preparations/1?city=420100&county=420106&sort=nearest&open_now=true&limit=50"
    assert asked.address("/p", city=None, county=None, sort="cheapest", open_now=False, limit=20) == "/p"


def test_places_come_in_one_query(places, django_assert_num_queries):
    with django_assert_num_queries(1):
        Places.on(timezone.localdate(AT))


def test_the_other_channel_is_medical_institutions_instead_of_pharmacies(places):
    asked = choice(places, "institutions=hospital,clinic")
    assert asked.filters.kinds == ("hospital", "clinic")
    assert asked.address("/p") == "/p?institutions=hospital,clinic"
    for text in ("hospital", "pharmacy,hospital,clinic", "x", ""):
        assert choice(places, f"institutions={text}").filters.kinds == ("pharmacy",)


def test_a_way_to_be_paid_that_means_nothing_for_the_drug_is_let_go(places):
    asked = choice(places, "reimbursed_as=dual_channel")
    assert asked.filters.reimbursed_as == "dual_channel"
    assert asked.only(["dual_channel"], institutions=False) == asked
    assert asked.only(["chronic_disease"], institutions=False).filters.reimbursed_as is None
    assert asked.only(["dual_channel"], institutions=True).filters.kinds == ("hospital", "clinic")
    assert choice(places, "reimbursed_as=free").filters.reimbursed_as is None
