"""我的药单 as the server answers it: lines by name, plans that are the API's, and bodies that make no sense."""

import json
from decimal import Decimal

import pytest
from django.utils import timezone, translation

from prices.search import baskets
from prices.search.statements import SearchTimeout
from tests import factories
from tests.factories import small_town

pytestmark = pytest.mark.django_db
HERE = {"lat": 30.545, "lng": 114.302, "radius_m": 5000, "yuan_per_km": "1"}


@pytest.fixture
def town(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: factories.AT)
    with translation.override("zh-hans"):
        yield small_town()


def post(client, path, body):
    text = body if isinstance(body, str) else json.dumps(body)
    return client.post(f"/list/{path}", text, content_type="application/json")


def items(*codes_and_packs):
    return [{"drug": code, "quantity": packs} for code, packs in codes_and_packs]


def test_lines_are_named_in_their_order_and_what_is_gone_says_so(client, town):
    asked = [*items((town.drug.code.lower(), 2), ("X0000000000000", 1))]
    asked += [{"preparation": town.drug.preparation_id, "quantity": 3}, {"preparation": 999_999, "quantity": 1}]
    lines = post(client, "lines", {"items": asked}).context["lines"]
    assert [line.item.quantity for line in lines] == [2, 1, 3, 1]
    assert [line.name for line in lines] == [town.drug.preparation.generic_name, "目录里没有这种药"] * 2
    assert lines[0].url == f"/drugs/{town.drug.code}"
    assert lines[2].maker == "不限厂家"


def test_twenty_lines_are_named_in_two_queries(client, town, django_assert_num_queries):
    asked = [{"preparation": n, "quantity": 1} for n in range(1, 11)] + items(*[(f"X{n:020}", 1) for n in range(10)])
    with django_assert_num_queries(2):
        post(client, "lines", {"items": asked})


def test_a_plan_is_the_answer_of_the_api(client, town):
    asked = {"items": items((town.drug.code, 2)), **HERE}
    page = post(client, "plan", asked)
    api = client.post("/api/v1/baskets", json.dumps(asked), content_type="application/json").json()
    (plan,) = page.context["plans"]
    (told,) = api["plans"]
    assert (plan.price, plan.total, plan.distance_m) == (told["price"], told["total"], told["distance_m"])
    assert Decimal(plan.price) + Decimal(plan.travel) == Decimal(plan.total)
    assert [stop.pharmacy for stop in plan.stops] == [stop["pharmacy"] for stop in told["stops"]]
    assert [link.key for link in plan.stops[0].links] == ["amap", "baidu", "tencent", "apple"]
    assert not page.cookies
    assert "no-store" in page["Cache-Control"]


def test_what_is_gone_from_the_catalogue_is_missing_and_the_rest_is_bought(client, town):
    asked = {"items": items(("X0000000000000", 1), (town.drug.code, 1)), **HERE}
    (plan,) = post(client, "plan", asked).context["plans"]
    assert [each.line.item.drug for each in plan.missing] == ["X0000000000000"]
    assert plan.stops[0].lines[0].name == town.drug.preparation.generic_name
    assert post(client, "plan", {**asked, "items": items(("X0000000000000", 1))}).context["plans"] == []


def test_a_drug_that_no_pharmacy_may_sell_says_why_it_is_missing(client, town):
    never = factories.drug()
    factories.offer(never, town.mid, "5.00")
    factories.drug_list("not_for_retail", factories.region(), never)
    factories.rebuild_today()
    (plan,) = post(client, "plan", {"items": items((town.drug.code, 1), (never.code, 1)), **HERE}).context["plans"]
    assert [each.why for each in plan.missing] == ["本品不在零售药店销售"]


def test_a_pack_of_another_size_says_for_how_many_it_was_reckoned(client, town):
    for maker in "甲乙":
        factories.drug(town.drug.preparation, pack_count=28, manufacturer=maker)  # most packs hold 28 now
    asked = {"items": [{"preparation": town.drug.preparation_id, "quantity": 2}], **HERE}
    (line,) = post(client, "plan", asked).context["plans"][0].stops[0].lines
    assert (line.price, line.subtotal, line.units) == ("12.60", "50.40", "56 片")


def test_a_district_is_started_from_where_its_pharmacies_stand(client, town):
    asked = {"items": items((town.drug.code, 1)), "region": "420106", "radius_m": 5000}
    answer = post(client, "plan", asked)
    assert answer.context["started"] == "武昌区"
    assert answer.context["plans"][0].distance_m < 4_000


@pytest.mark.parametrize("region", ["999999", "420000' --", 420111, ["420106"]])
def test_a_district_without_pharmacies_or_that_is_none_is_refused_with_what_to_do(client, town, region):
    factories.hongshan()
    answer = post(client, "plan", {"items": items((town.drug.code, 1)), "region": region, "radius_m": 5000})
    assert answer.status_code == 400
    assert "请换一个区县" in answer.content.decode()


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[",
        "[]",
        "[" * 15_000,
        '{"items": "x"}',
        '{"items": [1]}',
        '{"items": [{"drug": "X1", "quantity": 0}]}',
        '{"items": [{"drug": "X1", "quantity": 1000000000}]}',
        '{"items": [{"drug": "X1", "quantity": true}]}',
        '{"items": [{"drug": "X1", "preparation": 1, "quantity": 1}]}',
        '{"items": [{"drug": "<b>", "quantity": 1}]}',
        '{"items": [{"drug": "\\u0000", "quantity": 1}]}',
        '{"items": [{"preparation": 1e400, "quantity": 1}]}',
        '{"items": [{"preparation": 99999999999, "quantity": 1}]}',
        json.dumps({"items": [{"preparation": n, "quantity": 1} for n in range(1, 22)]}),
        json.dumps({"items": [], "more": "x" * 30_000}),
    ],
)
@pytest.mark.parametrize("path", ["lines", "plan"])
def test_a_body_that_is_no_list_is_refused(client, town, path, body):
    answer = post(client, path, body)
    assert answer.status_code == 400
    assert "药单无法读取" in answer.content.decode()


@pytest.mark.parametrize(
    "place",
    [
        {},
        {"lat": 30.5},
        {"lat": 91, "lng": 114},
        {"lat": "x", "lng": 114},
        {"radius_m": 0},
        {"radius_m": 1_000_000},
        {"yuan_per_km": "-1"},
        {"yuan_per_km": "Infinity"},
    ],
)
def test_what_the_api_refuses_the_page_refuses(client, town, place):
    asked = {"items": items((town.drug.code, 1)), **(HERE | place if place and "lat" not in place else place)}
    assert post(client, "plan", asked).status_code == 400


def test_a_list_over_the_time_limit_says_so_and_when_to_come_back(client, town, monkeypatch):
    def too_slow(*args, **kwargs):
        raise SearchTimeout

    monkeypatch.setattr(baskets, "run", too_slow)
    answer = post(client, "plan", {"items": items((town.drug.code, 1)), **HERE})
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert "请稍后再试" in answer.content.decode()


def test_the_list_is_asked_for_with_a_body_alone(client, town):
    for path in ("lines", "plan"):
        assert client.get(f"/list/{path}").status_code == 405
    page = client.get("/list")
    assert page.status_code == 200
    assert not page.cookies
