"""Probes for operators."""

import re
from datetime import timedelta
from typing import Any

from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from tests import factories
from tests.factories import AT, Town


def test_the_process_answers_without_a_database(client: Client) -> None:
    response = client.get("/healthz")
    assert (response.status_code, response.content) == (200, b"ok\n")


def test_ready_means_database_broker_and_migrations(client: Client, db: None) -> None:
    response = client.get("/readyz")
    assert (response.status_code, response.json()) == (200, {"database": "ok", "broker": "ok", "migrations": "ok"})


def test_a_lost_broker_or_a_waiting_migration_is_not_ready(client: Client, db: None, settings: Any) -> None:
    settings.REDIS_URL = "unix:///nowhere/redis.sock?db=0"
    last = MigrationRecorder.Migration.objects.filter(app="prices").latest("name")
    assert last.delete()[0] == 1
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json() == {"database": "ok", "broker": "unreachable", "migrations": "1 waiting"}


def test_metrics_count_what_is_worth_an_alarm(client: Client, town: Town) -> None:
    factories.run(state="received", received_at=AT - timedelta(minutes=5))
    factories.run(state="published")
    factories.report(factories.feed(), town.mid, AT - timedelta(days=11))
    text = client.get("/metrics").content.decode()
    values = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert values["yaobi_offers"] == "5"
    assert values['yaobi_runs{state="received"}'] == "1"
    assert values['yaobi_runs{state="held"}'] == "0"
    assert values["yaobi_oldest_run_in_flight_seconds"] == "300.0"
    assert (values["yaobi_feeds"], values["yaobi_feeds_late"]) == ("1", "1")
    assert all(
        re.fullmatch(r'[a-z_]+(\{[a-z]+="[a-z]+"\})? -?[0-9.]+', line) for line in text.splitlines() if line[0] != "#"
    )
