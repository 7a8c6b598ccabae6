"""`POST baskets` as a client sees it: the shapes of interfaces.md, and what is refused by name."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections, transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, ValidationError

from catalog.models import Drug, Preparation
from tests import factories
from tests.factories import Town

Ask = Callable[..., Any]
HERE = {"lat": 30.545, "lng": 114.302}
CODE = "XC08CAB037A001010180517"


@pytest.fixture
def ask(client: Client) -> Ask:
    """POST a basket and return the parsed answer; `status` is what it must be."""

    def post(items: Any, *, status: int = 200, **fields: Any) -> Any:
        body = {"items": items, **HERE, **fields}
        body = {name: value for name, value in body.items() if value is not None}
        response = client.post("/api/v1/baskets", body, content_type="application/json")
        assert response.status_code == status, response.content.decode()
        return response.json()

    return post


@pytest.fixture
def other(town: Town) -> Drug:
    """Sold by the near shop only."""
    other = factories.drug(factories.preparation("阿司匹林肠溶片", "肠溶片", "100mg"), pack_count=30)
    factories.offer(other, town.near_dear, "4.00")
    return other


def test_a_basket_reads_as_written(ask: Ask, town: Town, other: Drug) -> None:
    unheard = factories.drug()
    items = [
        {"drug": town.drug.code, "quantity": 8},
        {"preparation": unheard.preparation_id, "quantity": 1},
        {"drug": other.code, "quantity": 1},
        {"drug": factories.drug().code, "quantity": 1},
    ]
    answer = ask(items, radius_m=5000, max_stops=2, yuan_per_km="1")
    assert list(answer) == ["origin", "plans", "unsold"]
    assert answer["origin"] == HERE
    one_stop, two_stops = answer["plans"]
    assert list(one_stop) == ["stops", "missing", "price", "distance_m", "total"]
    assert [stop["pharmacy"]["name"] for stop in one_stop["stops"]] == ["近而贵大药房"]
    near, far = two_stops["stops"]
    assert list(near) == ["pharmacy", "lines"]
    assert list(near["pharmacy"]) == [
        *["code", "name", "kind", "address", "phone", "lng", "lat", "designations", "open_now"],
    ]
    assert (near["pharmacy"]["code"], near["pharmacy"]["open_now"]) == (town.near_dear.code, None)
    assert near["lines"] == [{"item": 2, "drug": other.code, "price": "4.00", "subtotal": "4.00"}]
    assert far["lines"][0] == {"item": 0, "drug": town.drug.code, "price": "12.60", "subtotal": "100.80"}
    assert two_stops["missing"] == [3]
    assert (two_stops["price"], two_stops["distance_m"], two_stops["total"]) == ("117.40", 4000.0, "121.40")
    assert [(each["item"], each["reason"]) for each in answer["unsold"]] == [(3, "not_sold")]


def test_the_defaults_are_one_pack_5_km_two_stops_and_one_yuan(ask: Ask, town: Town, other: Drug) -> None:
    items = [{"drug": town.drug.code}, {"drug": other.code}]
    said = ask([{"quantity": 1} | each for each in items], radius_m=5000, max_stops=2, yuan_per_km=1)
    assert ask(items) == said
    assert ask([{"drug": town.drug.code}], lat=30.63)["plans"] == []  # 5.5 km from the northernmost


def test_the_position_is_rounded_half_up_before_anything_else(ask: Ask, town: Town) -> None:
    item = [{"drug": town.drug.code, "quantity": 1}]
    assert ask(item, lat=30.5445, lng="114.3024999") == ask(item)


def test_one_stop_is_one_plan(ask: Ask, town: Town, other: Drug) -> None:
    items = [{"drug": town.drug.code, "quantity": 8}, {"drug": other.code, "quantity": 1}]
    assert len(ask(items)["plans"]) == 2
    assert len(ask(items, max_stops=1)["plans"]) == 1


def test_a_preparation_without_drugs_and_one_barred_from_retail_say_why(ask: Ask, town: Town, other: Drug) -> None:
    empty = Preparation.objects.create(generic_name="空制剂", dosage_form="片剂", strength="1g")
    factories.drug_list("not_for_retail", factories.region(), other)
    answer = ask([{"preparation": empty.pk, "quantity": 1}, {"drug": other.code, "quantity": 999}])
    assert answer["plans"] == []
    assert [(each["item"], each["reason"]) for each in answer["unsold"]] == [(0, "no_products"), (1, "not_for_retail")]
    assert all(each["message"] for each in answer["unsold"])


def test_a_full_basket_of_the_largest_quantities_is_answered(ask: Ask, town: Town) -> None:
    items = [{"drug": town.drug.code, "quantity": 999}]
    items += [{"drug": factories.drug().code, "quantity": 999} for _line in range(19)]
    (plan,) = ask(items)["plans"]
    assert (plan["missing"], plan["price"]) == (list(range(1, 20)), "12587.40")


@pytest.mark.parametrize(
    ("items", "said"),
    [
        ([], "1 到 20"),
        ([{"drug": f"{CODE[:-2]}{n:02d}", "quantity": 1} for n in range(21)], "20 行"),
        ({"drug": CODE}, "列表"),
        ("x", "列表"),
        (None, ""),
        ([{}], "items[0]"),
        ([7], "items[0]"),
        ([{"drug": CODE, "preparation": 1, "quantity": 1}], "items[0]"),
        ([{"drug": CODE, "quantity": 0}], "items[0].quantity"),
        ([{"drug": CODE, "quantity": 1000}], "items[0].quantity"),
        ([{"drug": CODE, "quantity": 10**9}], "items[0].quantity"),
        ([{"drug": CODE, "quantity": -1}], "items[0].quantity"),
        ([{"drug": CODE, "quantity": 1.5}], "items[0].quantity"),
        ([{"drug": CODE, "quantity": "many"}], "items[0].quantity"),
        ([{"drug": CODE, "quantity": True}], "items[0].quantity"),
        ([{"drug": CODE, "quantity": None}], "items[0].quantity"),
        ([{"drug": "X" * 31, "quantity": 1}], "items[0].drug"),
        ([{"drug": "\x00", "quantity": 1}], "items[0].drug"),
        ([{"drug": ["a"], "quantity": 1}], "items[0].drug"),
        ([{"preparation": 0, "quantity": 1}], "items[0].preparation"),
        ([{"preparation": 2**31, "quantity": 1}], "items[0].preparation"),
        ([{"drug": CODE, "quantity": 1}, {"drug": CODE.lower(), "quantity": 2}], "items[0] 和 items[1]"),
        ([{"preparation": n, "quantity": 1} for n in (3, 5, 3)], "items[0] 和 items[2]"),
        ([{"drug": "XC99", "quantity": 1}], "items[0]：没有这个药品代码"),
        ([{"preparation": 2**31 - 1, "quantity": 1}], "items[0]：没有这个制剂编号"),
    ],
)
def test_a_bad_line_is_refused_by_its_number(items: Any, said: str, ask: Ask, db: None) -> None:
    error = ask(items, status=400)["error"]
    assert (error["code"], list(error["fields"])) == ("invalid", ["items"])
    assert said in error["message"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("lat", value) for value in [91, "abc", True, [], "1e1"]),
        *(("lng", value) for value in [181, "", {}]),
        *(("radius_m", value) for value in [0, -1, 50_001, "1e3", "NaN"]),
        *(("max_stops", value) for value in [0, 3, "two", 1.5]),
        *(("yuan_per_km", value) for value in [-1, 100.01, "Infinity", "NaN", "-0.01", "1e2", "0.001", "x"]),
    ],
)
def test_a_bad_value_is_refused_by_name(field: str, value: Any, ask: Ask, db: None) -> None:
    error = ask([{"drug": CODE, "quantity": 1}], status=400, **{field: value})["error"]
    assert (error["code"], list(error["fields"])) == ("invalid", [field])


@pytest.mark.parametrize("field", ["lat", "lng"])
def test_a_basket_needs_a_position(field: str, ask: Ask, db: None) -> None:
    fields: dict[str, Any] = {field: None}
    assert list(ask([{"drug": CODE, "quantity": 1}], status=400, **fields)["error"]["fields"]) == [field]


@pytest.mark.parametrize(("lat", "lng"), [(48.857, 2.352), (90, 0), (-90, 180), (0, -180)])
def test_a_position_abroad_or_at_the_pole_is_an_empty_answer(lat: float, lng: float, ask: Ask, town: Town) -> None:
    answer = ask([{"drug": town.drug.code, "quantity": 1}], lat=lat, lng=lng, radius_m=50_000)
    assert (answer["plans"], answer["unsold"][0]["reason"]) == ([], "not_sold")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=6,
)
PLAUSIBLE = {
    "lat": 30.545, "lng": "114.302", "radius_m": 5000, "max_stops": 2, "yuan_per_km": "0.5",
    "items": [{"drug": CODE, "quantity": 2}, {"preparation": 7, "quantity": 1}],
}  # fmt: skip


@pytest.mark.django_db
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changed=st.dictionaries(st.sampled_from([*PLAUSIBLE, "x"]), VALUES, max_size=3), line=VALUES)
def test_no_body_makes_the_server_fail(changed: dict[str, Any], line: Any, client: Client) -> None:
    for body in (PLAUSIBLE | changed, PLAUSIBLE | {"items": [line]}, PLAUSIBLE | {"items": [{"drug": line}]}, line):
        response = client.post("/api/v1/baskets", json.dumps(body), content_type="application/json")
        assert response.status_code == 400, response.content.decode()
        assert response.json()["error"]["fields"] or response.json()["error"]["code"] == "unreadable"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("", 400),
        ("{", 400),
        ("[]", 400),
        ("null", 400),
        ('{"items": [{"drug": "X"}], "lat": NaN, "lng": 1}', 400),
        ('{"items": [{"drug": "\\ud800"}], "lat": 30, "lng": 114}', 400),
        ("[" * 30_000, 400),
        (json.dumps({"items": ["x" * 70_000]}), 413),
    ],
)
def test_a_body_that_is_no_basket_is_refused(body: str, status: int, client: Client, db: None) -> None:
    response = client.post("/api/v1/baskets", body, content_type="application/json")
    assert response.status_code == status, response.content.decode()
    assert response.json()["error"]["message"]


def test_only_json_is_taken_and_only_posted(client: Client, db: None) -> None:
    assert client.post("/api/v1/baskets", {"lat": "1"}).status_code == 415
    assert client.get("/api/v1/baskets").status_code == 405
    assert client.put("/api/v1/baskets", "{}", content_type="application/json").status_code == 405


def test_any_site_may_ask_without_a_cookie_and_nobody_keeps_the_answer(client: Client, town: Town) -> None:
    asked = client.options("/api/v1/baskets")
    assert (asked.status_code, asked["Access-Control-Allow-Headers"]) == (204, "Content-Type")
    body = {"items": [{"drug": town.drug.code, "quantity": 1}], **HERE}
    for response in (asked, client.post("/api/v1/baskets", body, content_type="application/json")):
        assert response["Access-Control-Allow-Origin"] == "*"
        assert response["Cache-Control"] == "private, no-store"
        assert not response.cookies


def test_the_answer_is_what_the_description_says(client: Client, ask: Ask, town: Town, other: Drug) -> None:
    schema = client.get("/api/v1/schema/", HTTP_ACCEPT="application/json").json()
    described = schema["paths"]["/api/v1/baskets"]["post"]
    for shape in schema["components"]["schemas"].values():
        if shape.get("type") == "object" and "properties" in shape:
            shape["additionalProperties"] = False
    answer = ask([{"drug": each.code, "quantity": 8} for each in (town.drug, other, factories.drug())])
    assert len(answer["plans"]) == 2
    shape = described["responses"]["200"]["content"]["application/json"]["schema"]
    Draft202012Validator(shape | {"components": schema["components"]}).validate(answer)
    body = described["requestBody"]["content"]["application/json"]["schema"] | {"components": schema["components"]}
    Draft202012Validator(body).validate({"items": [{"drug": CODE, "quantity": 2}], **HERE, "yuan_per_km": "1"})
    with pytest.raises(ValidationError):
        Draft202012Validator(body).validate({"items": [{"drug": CODE, "quantity": 2}]})


def test_a_basket_over_the_time_limit_is_a_503_that_says_when_to_come_back(committed: None, client: Client) -> None:
    town = factories.small_town()
    body = {"items": [{"drug": town.drug.code, "quantity": 1}], **HERE}
    with connections["search"].cursor() as cursor:
        cursor.execute("SET statement_timeout = '50ms'")
    try:
        with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
            cursor.execute("LOCK TABLE prices_offer IN ACCESS EXCLUSIVE MODE")
            response = client.post("/api/v1/baskets", body, content_type="application/json")
            assert (response.status_code, response.json()["error"]["code"]) == (503, "busy")
            assert int(response["Retry-After"]) > 0
    finally:
        connections["search"].close()
    response = client.post("/api/v1/baskets", body, content_type="application/json")
    assert response.json()["plans"][0]["stops"][0]["pharmacy"]["code"]
