"""Feeds fetched over HTTP, from a real server on this machine."""

import gzip
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from prices.ingest import pull, runs
from prices.models import Feed, FeedRun, PharmacyFeed
from tests import factories as f
from tests.factories import AT
from tests.prices.deliveries import csv

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


class Publisher(ThreadingHTTPServer):
    """Serves one body with an ETag, answers 304 to those who have it, and counts what it sent."""

    body, status, sent = b"", 200, 0
    encoding, asked_for = "", ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/prices.csv"


class Handler(BaseHTTPRequestHandler):
    server: Publisher

    def do_GET(self) -> None:
        etag = f'"{hash(self.server.body)}"'
        known = self.headers.get("If-None-Match") == etag
        self.send_response(304 if known else self.server.status)
        self.send_header("ETag", etag)
        self.server.asked_for = self.headers["Host"]
        if self.server.encoding:
            self.send_header("Content-Encoding", self.server.encoding)
        self.end_headers()
        if not known:
            self.server.sent += 1
            self.wfile.write(self.server.body)

    def log_message(self, *args: Any) -> None:
        """Silence."""


@pytest.fixture
def publisher(settings: Any) -> Iterator[Publisher]:
    settings.FEED_PULL_PRIVATE = True
    with Publisher(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def feed(publisher: Publisher) -> Feed:
    return f.feed("pulled", url=publisher.url, every=DAY, mode="snapshot", cadence=DAY)


def test_a_due_feed_is_handed_out_once(feed: Feed) -> None:
    assert pull.claim_due(at=AT) == [feed.pk]
    assert pull.claim_due(at=AT) == []
    assert pull.claim_due(at=AT + DAY) == [feed.pk]


def test_a_pulled_file_is_published_and_a_304_confirms_it(feed: Feed, publisher: Publisher) -> None:
    shop, drug = f.pharmacy(), f.drug()
    publisher.body = csv(f"{shop.code},{drug.code},12.60")
    for day in (0, 1):
        assert pull.pull(feed.pk, at=AT + day * DAY) == "received"
        runs.process(FeedRun.objects.latest("pk").pk)
    assert publisher.sent == 1
    assert FeedRun.objects.latest("pk").confirms is not None
    assert PharmacyFeed.objects.get().snapshot_as_of == AT + DAY


@pytest.mark.parametrize(("status", "words"), [(404, "404"), (500, "500"), (302, "302")])
def test_a_server_that_refuses_leaves_no_run(feed: Feed, publisher: Publisher, status: int, words: str) -> None:
    publisher.status = status
    assert words in pull.pull(feed.pk, at=AT)
    assert not FeedRun.objects.exists()


def test_a_file_over_the_limit_is_not_taken(feed: Feed, publisher: Publisher, settings: Any) -> None:
    settings.FEED_MAX_BYTES = 10
    publisher.body = b"x" * 11
    assert "上限" in pull.pull(feed.pk, at=AT)
    assert not FeedRun.objects.exists()


def test_an_address_inside_is_refused(feed: Feed, settings: Any) -> None:
    settings.FEED_PULL_PRIVATE = False
    assert "内部网络" in pull.pull(feed.pk, at=AT)


@pytest.mark.parametrize(
    "url", ["ftp://a.example/x", "http:///x", "http://[::1", "http://a.example:99999/x", "http://a.example:x/", "//a/x"]
)
def test_what_is_no_address_is_refused_in_words(feed: Feed, settings: Any, url: str) -> None:
    settings.FEED_PULL_PRIVATE = False
    Feed.objects.update(url=url)
    assert pull.pull(feed.pk, at=AT)
    assert not FeedRun.objects.exists()


@pytest.mark.parametrize(
    ("address", "outside"),
    [
        ("203.0.114.5", True),
        ("2400:3200::1", True),
        ("64:ff9b::8.8.8.8", True),
        ("10.0.0.1", False),
        ("127.0.0.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1", False),
        ("fd00::1", False),
        ("::ffff:127.0.0.1", False),
        ("64:ff9b::10.0.0.1", False),
        ("2002:7f00:1::", False),
    ],
)
def test_an_address_of_our_own_is_known_however_it_is_written(address: str, outside: bool) -> None:
    assert pull._is_outside(address) is outside


def test_the_address_that_was_looked_at_is_the_one_connected_to(
    feed: Feed, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pull, "_address", lambda url: "127.0.0.1")
    port = publisher.server_address[1]
    Feed.objects.update(url=f"http://nowhere.invalid:{port}/prices.csv?of=a")
    publisher.body = b"drug_code,price\n"
    assert pull.pull(feed.pk, at=AT) == "received"
    assert publisher.asked_for == f"nowhere.invalid:{port}"
    asked = pull._asked(f.feed("other", url="https://药店.example/a", every=DAY))
    assert asked["extensions"]["sni_hostname"].startswith("xn--")
    assert asked["headers"]["Host"] == asked["extensions"]["sni_hostname"]
    assert str(asked["url"]) == "https://127.0.0.1/a"


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "deflate"])
def test_an_answer_that_unfolds_without_end_is_not_unfolded(feed: Feed, publisher: Publisher, encoding: str) -> None:
    publisher.body, publisher.encoding = b"x", encoding
    assert "压缩" in pull.pull(feed.pk, at=AT)
    assert not FeedRun.objects.exists()


def test_gzip_is_read_and_counted_unfolded(feed: Feed, publisher: Publisher, settings: Any) -> None:
    settings.FEED_MAX_BYTES = 100_000
    publisher.encoding, publisher.body = "gzip", gzip.compress(b"drug_code,price\n")
    assert pull.pull(feed.pk, at=AT) == "received"
    publisher.body = gzip.compress(bytes(200_000))
    assert "上限" in pull.pull(feed.pk, at=AT)


def test_a_server_that_drips_does_not_keep_the_worker(
    feed: Feed, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pull, "LONGEST", timedelta(0))
    publisher.body = b"drug_code,price\n"
    assert "太慢" in pull.pull(feed.pk, at=AT)


def test_a_server_that_is_gone_says_what_to_check(feed: Feed, publisher: Publisher) -> None:
    Feed.objects.update(url="http://127.0.0.1:9/prices.csv")
    assert "网络" in pull.pull(feed.pk, at=AT)


def test_a_304_about_a_file_that_never_came_is_forgotten(feed: Feed, publisher: Publisher) -> None:
    Feed.objects.update(etag=f'"{hash(publisher.body)}"')
    assert "没有收到过" in pull.pull(feed.pk, at=AT)
    feed.refresh_from_db()
    assert feed.etag == ""
