"""What `bin/bench http` measures beside the product, and its own load generator."""

import os
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from pharmacies.geo import Wgs84
from prices.bench.http import children, path, resident_mb
from prices.bench.load import CONNECTIONS, SCRIPT, drive
from prices.bench.referee import Question
from prices.search.questions import Target, Where
from tests import factories
from tests.factories import AT, ORIGIN


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(500 if self.path == "/broken" else 200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: Any) -> None:
        return


@pytest.fixture
def port() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


def test_our_own_load_counts_what_was_answered_and_what_was_not(
    port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WRK", raising=False)
    driven = drive(port, ["/one", "/broken"], 1, tmp_path)
    assert driven.requests >= CONNECTIONS
    assert driven.errors == pytest.approx(driven.requests / 2, abs=CONNECTIONS)
    assert 0 < driven.p50_ms <= driven.p95_ms <= driven.p99_ms <= driven.max_ms
    assert driven.per_second == pytest.approx(driven.requests / driven.seconds)


def test_wrk_is_told_where_the_paths_are() -> None:
    script = SCRIPT.format(paths="/somewhere/paths.txt")
    assert 'io.lines("/somewhere/paths.txt")' in script
    assert "{{" not in script


def test_the_memory_of_a_worker_is_read_from_the_system() -> None:
    child = subprocess.Popen(["sleep", "30"])
    try:
        assert child.pid in children(os.getpid())
        assert 0 < resident_mb(child.pid) < resident_mb(os.getpid())
    finally:
        child.kill()
        child.wait()


@pytest.mark.django_db
@pytest.mark.urls("prices.bench.urls")
def test_the_bare_view_shows_what_the_complete_one_shows(client: Client, time_machine: Any) -> None:
    time_machine.move_to(AT, tick=False)
    town = factories.small_town()
    question = Question(Target.of_drug(town.drug), Where(Wgs84(*ORIGIN), 5000.0), "nearest", AT)
    complete = client.get(path(reverse("api:offers"), question)).json()["results"]
    bare = client.get(path("/bench/bare", question)).json()
    assert [row["code"] for row in bare] == [row["pharmacy"]["code"] for row in complete] != []
    assert client.get("/bench/empty").json() == {}


def test_the_product_has_no_address_of_a_measurement(client: Client) -> None:
    assert client.get("/bench/empty").status_code == 404
