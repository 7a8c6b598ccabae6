"""Start-up checks refuse what would go wrong silently."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.core.checks import run_checks
from django.db import connections

from config.checks import collation_errors, trigram_errors

BLIND = "test_yaobi_lc_ctype_c"


def test_a_database_as_bin_serve_makes_it_passes(committed: None) -> None:
    assert run_checks(tags=["database"], databases=["default"]) == []


def test_a_database_without_the_order_of_pinyin_is_refused(db: None) -> None:
    with connections["default"].cursor() as cursor:
        assert collation_errors(cursor, "zh-x-icu") == []
        assert [error.id for error in collation_errors(cursor, "nowhere-x-icu")] == ["yaobi.E003"]


def test_one_role_for_everything_is_warned_about(db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("config.checks._user", lambda alias: "yaobi")
    assert [message.id for message in run_checks(tags=["database"], databases=["default"])] == ["yaobi.W001"]


@pytest.mark.parametrize(("hosts", "warned"), [("*", True), (".example.cn", True), ("yaobi.example.cn", False)])
def test_a_name_that_anybody_may_choose_is_warned_about(settings: Any, hosts: str, warned: bool) -> None:
    settings.ALLOWED_HOSTS, settings.DEBUG = [hosts], False
    assert [each.id for each in run_checks(tags=["security"]) if each.id == "yaobi.W002"] == ["yaobi.W002"] * warned


@pytest.fixture
def blind_database(db: None) -> Iterator[Any]:
    """A database whose LC_CTYPE knows no Chinese letters."""
    owner = connections["owner"].settings_dict
    where = {"user": owner["USER"], "password": owner["PASSWORD"], "host": owner["HOST"], "port": owner["PORT"]}
    where = {name: value for name, value in where.items() if value} | owner["OPTIONS"]
    with psycopg.connect(dbname="postgres", autocommit=True, **where) as server:
        server.execute(f"DROP DATABASE IF EXISTS {BLIND}")
        server.execute(f"CREATE DATABASE {BLIND} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'")
        try:
            with psycopg.connect(dbname=BLIND, autocommit=True, **where) as blind, blind.cursor() as cursor:
                yield cursor
        finally:
            server.execute(f"DROP DATABASE {BLIND}")


def test_a_database_that_breaks_trigrams_is_refused_before_and_after_migrating(blind_database: Any) -> None:
    assert [error.id for error in trigram_errors(blind_database)] == ["yaobi.E001"]
    blind_database.execute("CREATE EXTENSION pg_trgm")
    (error,) = trigram_errors(blind_database)
    assert error.id == "yaobi.E001"
    assert "C.UTF-8" in str(error.hint)
