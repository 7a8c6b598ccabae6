"""The description of the API is valid, complete and true."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from prices.api import answers
from tests import factories
from tests.factories import Town

Get = Callable[..., Any]


@pytest.fixture
def schema(get: Get, db: None) -> dict[str, Any]:
    found: dict[str, Any] = get("schema/")
    return found


def test_it_is_openapi_3_1_and_names_every_call(schema: dict[str, Any]) -> None:
    assert schema["openapi"].startswith("3.1")
    described = {path.removeprefix("/api/v1/") for path in schema["paths"]}
    routes = {str(pattern.pattern) for pattern in get_resolver("prices.api.urls").url_patterns}
    named = {route.replace("<code:code>", "{code}").replace("<int:pk>", "{id}") for route in routes}
    named = {route.replace("<slug:slug>", "{slug}") for route in named}
    assert described == {route for route in named if "(" not in route} - {"schema/", "docs/"}
    assert schema["components"]["securitySchemes"]["feedToken"]["scheme"] == "bearer"
    assert schema["paths"]["/api/v1/feeds/{slug}/runs"]["post"]["security"] == [{"feedToken": []}]
    assert "security" not in schema["paths"]["/api/v1/offers"]["get"]


def test_the_sorts_described_are_those_that_work(schema: dict[str, Any], get: Get, town: Town) -> None:
    parameters = schema["paths"]["/api/v1/offers"]["get"]["parameters"]
    sorts = next(parameter["schema"]["enum"] for parameter in parameters if parameter["name"] == "sort")
    for sort in sorts:
        assert get("offers", drug=town.drug.code, lat=30.545, lng=114.302, sort=sort)["results"]


def test_answers_are_what_the_description_says(schema: dict[str, Any], get: Get, town: Town) -> None:
    drug, shop, preparation = town.drug.code, town.mid.code, town.drug.preparation_id
    factories.report(factories.feed(), town.mid, factories.AT)
    asked = {
        "/api/v1/drugs": get("drugs", q="氨氯地平"),
        "/api/v1/drugs/{code}": get(f"drugs/{drug}"),
        "/api/v1/preparations": get("preparations", q="氨氯地平"),
        "/api/v1/preparations/{id}": get(f"preparations/{preparation}"),
        "/api/v1/offers": get("offers", drug=drug, lat=30.545, lng=114.302, limit=2),
        "/api/v1/pharmacies": get("pharmacies", lat=30.545, lng=114.302, limit=2),
        "/api/v1/pharmacies/{code}": get(f"pharmacies/{shop}"),
        "/api/v1/pharmacies/{code}/offers": get(f"pharmacies/{shop}/offers"),
        "/api/v1/status": get("status"),
    }
    for path, answer in asked.items():
        described = schema["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        _closed(schema)
        Draft202012Validator(described | {"components": schema["components"]}).validate(answer)
    refused = get("offers", status=400)
    Draft202012Validator({"$ref": "#/components/schemas/Problem", "components": schema["components"]}).validate(refused)


def _closed(schema: dict[str, Any]) -> None:
    """No field may be missing from the description either."""
    for shape in schema["components"]["schemas"].values():
        if shape.get("type") == "object" and "properties" in shape:
            shape["additionalProperties"] = False


def test_every_described_field_of_an_offer_is_answered(get: Get, town: Town) -> None:
    (row,) = get("offers", drug=town.drug.code, lat=30.545, lng=114.302, limit=1)["results"]
    assert list(row) == list(answers.Offer().fields)
    assert list(row["pharmacy"]) == list(answers.Pharmacy().fields)


def test_the_viewer_comes_from_local_files_under_a_strict_policy(client: Client, db: None) -> None:
    response = client.get("/api/v1/docs/")
    page = response.content.decode()
    assert "http://" not in page
    assert "https://" not in page
    policy = dict(part.strip().split(" ", 1) for part in response["Content-Security-Policy"].split(";"))
    assert policy["script-src"] == "'self'"
    assert policy["default-src"] == "'none'"
    assert "<script>" not in page
    other = client.get("/api/v1/status")["Content-Security-Policy"]
    assert "unsafe-inline" not in other


# -- whatever anybody sends -------------------------------------------------------------------------------------------

PARAMETERS = [
    *["drug", "preparation", "lat", "lng", "radius_m", "region", "sort", "limit", "quantity", "yuan_per_km", "cursor"],
    *["per_pharmacy", "in_stock", "open_now", "reimbursed_as", "institutions", "q", "bbox", "format"],
]
PLAUSIBLE = ["1", "0", "-1", "30.545", "114.302", "1e308", "nan", "true", "nearest", "cheapest", "420106", "pharmacy"]
VALUES = st.one_of(st.sampled_from(PLAUSIBLE), st.text(max_size=40), st.floats().map(str), st.integers().map(str))
QUERIES = st.dictionaries(st.sampled_from(PARAMETERS), VALUES, max_size=8)
CALLS = ["offers", "drugs", "preparations", "pharmacies", "status", "drugs/x", "pharmacies/P42010600001/offers"]


@pytest.mark.django_db
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(call=st.sampled_from(CALLS), query=QUERIES, complete=st.booleans())
def test_no_query_makes_the_server_fail(call: str, query: dict[str, str], complete: bool, client: Client) -> None:
    if complete:
        query = {"drug": "XC08CAB037A001010180517", "lat": "30.545", "lng": "114.302"} | query
    response = client.get(f"/api/v1/{call}", query)
    assert response.status_code in (200, 400, 404)
    assert response["Content-Type"] == "application/json"


@pytest.mark.django_db
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=st.text(max_size=60))
def test_no_address_makes_the_server_fail(path: str, client: Client) -> None:
    response = client.get("/api/v1/" + path.replace("#", "").replace("?", ""))
    assert response.status_code in (200, 301, 400, 404)
