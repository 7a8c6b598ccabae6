"""What is wrong is refused with one clear sentence; nothing anybody sends makes the server fail."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from prices.models import Offer
from tests.factories import Town

Get = Callable[..., Any]
HERE = {"lat": "30.545", "lng": "114.302"}

BAD_NUMBERS = [
    "abc",
    "NaN",
    "nan",
    "inf",
    "-inf",
    "Infinity",
    "1e400",
    "1e3",
    "0x10",
    "１２",
    "٣",
    "1_000",
    "1;2",
    "--1",
]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("lat", value) for value in [*BAD_NUMBERS, "91", "-90.001", "1e9"]),
        *(("lng", value) for value in [*BAD_NUMBERS, "181", "-180.5"]),
        *(("radius_m", value) for value in [*BAD_NUMBERS, "-1", "0", "0.99", "1000000.5", "1000000000"]),
        *(("limit", value) for value in [*BAD_NUMBERS, "0", "-1", "101", "1000000", "1.5", "9" * 40]),
        *(("quantity", value) for value in [*BAD_NUMBERS, "0", "1000", "1000000000", "1.5"]),
        *(("yuan_per_km", value) for value in [*BAD_NUMBERS, "-1", "100.01", "101", "1.234"]),
        *(("sort", value) for value in ["best", "distance", "NEAREST", "'; --", "<b>"]),
        *(("per_pharmacy", value) for value in ["2", "maybe", "<script>"]),
        *(("in_stock", value) for value in ["2", "ja"]),
        *(("open_now", value) for value in ["2", "jetzt"]),
        *(("reimbursed_as", value) for value in ["designated", "x", "dual-channel"]),
        *(("institutions", value) for value in ["shop", "pharmacy,shop", "pharmacy;hospital", ","]),
        *(("region", value) for value in ["999999", "abc def", "武昌区", "4201061234567", "'", "-1"]),
        *(("cursor", value) for value in ["abc", "!!!", "bnVsbA", "W10", "WzFd", "e30", "W" * 599, "W" * 700, "中"]),
    ],
)
def test_a_bad_value_of_offers_is_refused_by_name(field: str, value: str, get: Get, db: None) -> None:
    error = get("offers", status=400, **{"drug": "XC08CAB037A001010180517", **HERE, field: value})["error"]
    assert error["code"] == "invalid"
    assert list(error["fields"]) == [field]
    assert error["fields"][field][0] in error["message"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({}, "drug"),
        ({"drug": "X", "preparation": 1}, "drug"),
        ({"drug": ""}, "drug"),
        ({"preparation": "0"}, "preparation"),
        ({"preparation": "2147483648"}, "preparation"),
        ({"preparation": "seven"}, "preparation"),
        ({"drug": "X" * 31}, "drug"),
        ({"drug": "\x00"}, "drug"),
    ],
)
def test_exactly_one_target_is_asked_for(query: dict[str, Any], field: str, get: Get, db: None) -> None:
    assert field in get("offers", status=400, **HERE, **query)["error"]["fields"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({}, "lat"),
        ({"lat": "30.5"}, "lng"),
        ({"lng": "114.3"}, "lat"),
        ({"region": "420106", "radius_m": "500"}, "radius_m"),
        ({"region": "420106", "sort": "nearest"}, "sort"),
    ],
)
def test_a_place_is_a_position_or_a_region(query: dict[str, Any], field: str, get: Get, db: None) -> None:
    assert list(get("offers", status=400, drug="XC08CAB037A001010180517", **query)["error"]["fields"]) == [field]


def test_a_position_abroad_or_at_the_pole_finds_nothing_nearby(get: Get, town: Town) -> None:
    for lat, lng in (("48.857", "2.352"), ("90", "0"), ("-90", "180"), ("0", "-180")):
        assert get("offers", drug=town.drug.code, lat=lat, lng=lng)["results"] == []
        assert get("pharmacies", lat=lat, lng=lng)["results"] == []


def test_unknown_parameters_are_ignored(get: Get, town: Town) -> None:
    assert get("offers", drug=town.drug.code, utm_source="x", **HERE)["results"]


NASTY = [
    "'; DROP TABLE prices_offer; --",
    "1 OR 1=1",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "../../etc/passwd",
    "%00",
    "%s%(a)s{0}",
    "\\",
    "💊",
    "\u202e",
    "药" * 100,
]


@pytest.mark.parametrize("nasty", NASTY)
def test_sql_and_html_in_any_field_break_nothing(nasty: str, client: Client, town: Town) -> None:
    fields = ["drug", "lat", "radius_m", "region", "sort", "limit", "cursor", "institutions", "reimbursed_as"]
    for field in fields:
        query = {"drug": town.drug.code, **HERE, field: nasty}
        response = client.get("/api/v1/offers", query)
        assert response.status_code in (400, 404), (field, nasty)
        assert response["Content-Type"] == "application/json"
        assert response.json()["error"]["message"]
    for address in ("drugs", "preparations", "pharmacies"):
        response = client.get(f"/api/v1/{address}", {"q": nasty})
        assert response.status_code == 200
        assert response["Content-Type"] == "application/json"
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response.json()["results"] == []
    assert Offer.objects.count() == 5


@pytest.mark.parametrize("address", ["drugs", "preparations"])
@pytest.mark.parametrize("q", ["", "   ", "\u3000", "x" * 101, "a\x00b", None])
def test_a_text_search_needs_some_text(address: str, q: str | None, get: Get, db: None) -> None:
    query = {} if q is None else {"q": q}
    assert list(get(address, status=400, **query)["error"]["fields"]) == ["q"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({}, "q"),
        ({"bbox": "1,2,3"}, "bbox"),
        ({"bbox": "a,b,c,d"}, "bbox"),
        ({"bbox": "115,30,114,31"}, "bbox"),
        ({"bbox": "114,31,115,30"}, "bbox"),
        ({"bbox": "114,30,115,91"}, "bbox"),
        ({"bbox": "nan,30,115,31"}, "bbox"),
        ({"bbox": "114,30,115,31", "q": "x"}, "bbox"),
        ({"lat": "30"}, "lng"),
        ({"lat": "30", "lng": "114", "radius_m": "-1"}, "radius_m"),
        ({"q": "x" * 101}, "q"),
        ({"q": "x", "cursor": "abc"}, "cursor"),
        ({"bbox": "114,30,115,31", "cursor": "WzFd"}, "cursor"),
    ],
)
def test_a_bad_question_for_pharmacies_is_refused(query: dict[str, str], field: str, get: Get, db: None) -> None:
    assert list(get("pharmacies", status=400, **query)["error"]["fields"]) == [field]


@pytest.mark.parametrize(
    "address",
    [
        "drugs/XC00000000000000000000",
        "drugs/%00",
        "drugs/<script>",
        "preparations/0",
        "preparations/99999999999999999999",
        "preparations/x",
        "pharmacies/P00000000000",
        "pharmacies/%27%3B--",
        "pharmacies/P00000000000/offers",
        "nothing/here",
        "",
        "offers/extra",
        "drugs/a/b",
        "line%0Abreak",
    ],
)
def test_what_is_not_there_is_a_404_in_json(address: str, get: Get, db: None) -> None:
    error = get(address, status=404)["error"]
    assert (error["code"], error["fields"]) == ("not_found", {})
    assert error["message"]


def test_an_unknown_drug_or_preparation_of_offers_is_a_404(get: Get, town: Town) -> None:
    assert "药品代码" in get("offers", status=404, drug="XC99", **HERE)["error"]["message"]
    assert "制剂" in get("offers", status=404, preparation=2**31 - 1, **HERE)["error"]["message"]


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_a_public_call_takes_get_only(method: str, client: Client, db: None) -> None:
    response = getattr(client, method)("/api/v1/offers", {"a": 1}, content_type="application/json")
    assert response.status_code == 405
    assert response.json()["error"]["code"] == "method_not_allowed"
    assert "GET" in response["Allow"]


def test_head_and_options_are_answered(client: Client, db: None) -> None:
    assert client.head("/api/v1/status").status_code == 200
    assert client.options("/api/v1/offers").status_code == 200


def test_a_browser_gets_json_too(client: Client, db: None) -> None:
    response = client.get("/api/v1/status", HTTP_ACCEPT="text/html,application/xhtml+xml,*/*;q=0.8")
    assert json.loads(response.content)["version"]
