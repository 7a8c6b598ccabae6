"""A search over its time limit is a clean 503, and no log repeats where somebody was or what they looked for."""

import logging

import pytest
from django.db import connections, transaction
from django.test import Client

from config.logs import WithoutQuery
from tests import factories

SECRETS = ("30.5451", "114.3021", "30.545", "114.302", "氨氯地平")


def test_a_search_that_takes_too_long_is_a_503_that_says_when_to_come_back(
    committed: None, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    town = factories.small_town()
    with connections["search"].cursor() as cursor:
        cursor.execute("SET statement_timeout = '50ms'")
    try:
        with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
            cursor.execute("LOCK TABLE prices_offer, catalog_drug IN ACCESS EXCLUSIVE MODE")
            for address in (f"offers?preparation={town.drug.preparation_id}", "drugs?q=氨氯地平"):
                response = client.get(f"/api/v1/{address}&lat=30.5451&lng=114.3021")
                assert (response.status_code, response.json()["error"]["code"]) == (503, "busy")
                assert int(response["Retry-After"]) > 0
    finally:
        connections["search"].close()
    assert client.get(f"/api/v1/offers?drug={town.drug.code}&lat=30.5451&lng=114.3021").status_code == 200
    assert caplog.records
    assert not any(secret in line for line in _logged(caplog.records) for secret in SECRETS)


@pytest.mark.parametrize("query", ["lat=30.5451&lng=114.3021&radius_m=x", "lat=30.5451&lng=114.3021&drug=x"])
def test_a_refused_request_is_logged_without_its_query(
    query: str, db: None, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    assert client.get(f"/api/v1/offers?{query}").status_code in (400, 404)
    assert caplog.records
    assert not any(secret in line for line in _logged(caplog.records) for secret in SECRETS)


def _logged(records: list[logging.LogRecord]) -> list[str]:
    """The lines as the handler of the settings would write them."""
    formatter = logging.Formatter()
    private = WithoutQuery()
    for record in records:
        private.filter(record)
    return [formatter.format(record) for record in records]
