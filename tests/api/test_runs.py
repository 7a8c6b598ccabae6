"""Feeds push prices with a token; a stranger learns nothing, not even that a feed exists."""

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from prices.api import private
from prices.ingest import store, tokens
from prices.models import Feed, FeedRun, Rejection
from tests import factories
from tests.factories import Town

CSV = b"pharmacy_code,drug_code,price\nP42010600001,XC08CAB037A001010180517,12.60\n"
ROW = {"pharmacy_code": "P42010600001", "drug_code": "XC08CAB037A001010180517", "price": "12.60"}


@pytest.fixture
def feed(db: None) -> Feed:
    return factories.feed("hankou")


@pytest.fixture
def push(client: Client, feed: Feed) -> Callable[..., Any]:
    """POST a file, or with `rows` JSON, as the feed; `token` replaces its own."""
    own = tokens.issue(feed)

    def send(data: bytes = CSV, *, rows: Any = None, slug: str = "hankou", mode: str = "", **headers: str) -> Any:
        address = f"/api/v1/feeds/{slug}/runs{f'?mode={mode}' if mode else ''}"
        headers = {"authorization": f"Bearer {own}"} | headers
        headers = {name: value for name, value in headers.items() if value}
        if rows is not None:
            body = json.dumps({"rows": rows})
            return client.post(address, body, content_type="application/json", headers=headers)
        return client.post(address, {"file": SimpleUploadedFile("prices.csv", data)}, headers=headers)

    return send


def code_of(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


def test_a_file_is_received_once(push: Callable[..., Any], feed: Feed) -> None:
    response = push()
    run = FeedRun.objects.get()
    assert response.status_code == 202
    assert response.json() == {"run": run.pk, "state": "received"}
    assert response["Location"] == f"/api/v1/runs/{run.pk}"
    assert (run.channel, run.mode, run.format, store.load(run)) == ("push", "delta", "csv", CSV)
    assert push().json()["run"] == run.pk


def test_rows_are_kept_as_json_lines(push: Callable[..., Any]) -> None:
    rows = [ROW, {**ROW, "price": 9.9, "备注": "新\u2028店"}]
    assert push(rows=rows, mode="snapshot").status_code == 202
    run = FeedRun.objects.get()
    assert (run.mode, run.format) == ("snapshot", "jsonl")
    assert [json.loads(line) for line in store.load(run).splitlines()] == rows


def test_the_same_key_and_body_is_the_same_run_and_another_body_is_refused(push: Callable[..., Any]) -> None:
    first = push(**{"idempotency-key": "till-7"})
    again = push(**{"idempotency-key": "till-7"})
    assert (again.status_code, again.json()) == (202, first.json())
    other = push(CSV.replace(b"12.60", b"12.70"), **{"idempotency-key": "till-7"})
    assert code_of(other) == (422, "idempotency_key_reused")
    assert FeedRun.objects.count() == 1


@pytest.mark.parametrize("key", ["k" * 151, "k\x7f"])
def test_an_odd_key_is_refused(key: str, push: Callable[..., Any]) -> None:
    assert code_of(push(**{"idempotency-key": key})) == (400, "invalid_key")


def test_without_a_token_401_and_with_a_wrong_one_404(push: Callable[..., Any], feed: Feed) -> None:
    missing = push(authorization="")
    assert code_of(missing) == (401, "not_authenticated")
    assert missing["WWW-Authenticate"] == "Bearer"
    assert code_of(push(authorization="Bearer ")) == (401, "not_authenticated")
    assert code_of(push(authorization="Bearer wrong")) == (404, "not_found")
    assert code_of(push(authorization="Basic d3Jvbmc6")) == (404, "not_found")
    other = tokens.issue(factories.feed("wuchang"))
    assert code_of(push(authorization=f"Bearer {other}")) == (404, "not_found")
    assert code_of(push(slug="nobody")) == (404, "not_found")
    tokens.revoke(feed)
    assert code_of(push()) == (404, "not_found")
    assert not FeedRun.objects.exists()


@pytest.mark.parametrize("rows", [[], "x", {"a": 1}, [1], [["a"]], None, 7])
def test_rows_are_a_list_of_objects(rows: Any, client: Client, feed: Feed) -> None:
    response = client.post(
        "/api/v1/feeds/hankou/runs",
        json.dumps({"rows": rows}),
        content_type="application/json",
        headers={"authorization": f"Bearer {tokens.issue(feed)}"},
    )
    assert code_of(response) == (400, "invalid")


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        ('{"rows": [', "application/json", (400, "unreadable")),
        ('{"rows": [{"price": NaN}]}', "application/json", (400, "unreadable")),
        ('{"rows": [{"price": "\\ud800"}]}', "application/json", (400, "unreadable")),
        ("[]", "application/json", (400, "invalid")),
        ("null", "application/json", (400, "invalid")),
        ("{}", "application/json", (400, "invalid")),
        ("", "application/json", (400, "invalid")),
        ("a,b", "text/csv", (415, "unsupported_media_type")),
        ("a=b", "application/x-www-form-urlencoded", (415, "unsupported_media_type")),
        ("--x\r\nbroken", "multipart/form-data; boundary=x", (400, "invalid")),
        ("--x", "multipart/form-data", (400, "unreadable")),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(
    body: str, content_type: str, expected: tuple[int, str], client: Client, feed: Feed
) -> None:
    headers = {"authorization": f"Bearer {tokens.issue(feed)}"}
    response = client.post("/api/v1/feeds/hankou/runs", body, content_type=content_type, headers=headers)
    assert code_of(response) == expected
    assert not FeedRun.objects.exists()


def test_an_empty_file_a_wrong_mode_and_too_much_are_refused(
    push: Callable[..., Any], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert code_of(push(b"")) == (400, "empty")
    assert code_of(push(mode="full")) == (400, "invalid")
    settings.FEED_MAX_BYTES = 40
    assert code_of(push()) == (413, "too_large")
    monkeypatch.setattr(private, "MAX_JSON_BYTES", 20)
    assert code_of(push(rows=[ROW])) == (413, "too_large")


def test_a_run_tells_its_own_feed_what_became_of_it(push: Callable[..., Any], client: Client, feed: Feed) -> None:
    run = FeedRun.objects.get(pk=push().json()["run"])
    FeedRun.objects.filter(pk=run.pk).update(
        state="published", rows=3, accepted=2, changed=1, unchanged=1, refused=1, seconds=0.414, columns=["店", "价"]
    )
    Rejection.objects.create(run=run, line=3, raw={"店": "汉口店", "价": "12,6"}, reasons=["price_unreadable"])
    headers = {"authorization": f"Bearer {tokens.issue(feed)}"}
    answer = client.get(f"/api/v1/runs/{run.pk}", headers=headers).json()
    assert answer == {
        **{"run": run.pk, "state": "published", "rows": 3, "accepted": 2, "changed": 1, "unchanged": 1},
        **{"withdrawn": 0, "refused": 1, "seconds": 0.41},
    }
    response = client.get(f"/api/v1/runs/{run.pk}/rejections.csv", headers=headers)
    assert response["Content-Type"].startswith("text/csv")
    (row,) = csv.DictReader(io.StringIO(response.getvalue().decode()))
    assert list(row) == ["店", "价", "line", "reason", "advice"]
    assert (row["店"], row["价"], row["line"]) == ("汉口店", "12,6", "3")
    assert row["reason"]
    assert row["advice"]


@pytest.mark.parametrize("address", ["runs/{run}", "runs/{run}/rejections.csv"])
def test_a_run_is_nobody_elses(address: str, push: Callable[..., Any], client: Client) -> None:
    path = f"/api/v1/{address.format(run=push().json()['run'])}"
    stranger = {"authorization": f"Bearer {tokens.issue(factories.feed('wuchang'))}"}
    assert code_of(client.get(path)) == (401, "not_authenticated")
    assert code_of(client.get(path, headers=stranger)) == (404, "not_found")
    assert code_of(client.get("/api/v1/runs/999999", headers=stranger)) == (404, "not_found")


def test_a_failed_run_says_why(push: Callable[..., Any], client: Client, feed: Feed) -> None:
    run = push().json()["run"]
    FeedRun.objects.filter(pk=run).update(state="failed", error="缺少列 price", notes=["忽略了列 备注"])
    answer = client.get(f"/api/v1/runs/{run}", headers={"authorization": f"Bearer {tokens.issue(feed)}"}).json()
    assert (answer["error"], answer["notes"]) == ("缺少列 price", ["忽略了列 备注"])


def test_the_public_calls_ask_for_no_token(client: Client, town: Town) -> None:
    response = client.get("/api/v1/drugs", {"q": "氨氯地平"}, headers={"authorization": "Bearer wrong"})
    assert response.status_code == 200
