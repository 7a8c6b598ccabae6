"""The suite's one database world: real PostGIS with its three roles, real Redis, localhost only."""

import socket
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
from django.apps import apps
from django.core.cache import cache
from django.db import connections
from django.utils import translation
from xdist.scheduler import LoadScopeScheduling

from tests import spreading

FILLED = {"admin", "catalog", "pharmacies", "prices", "sessions"}
LOCAL = {"127.0.0.1", "::1", "localhost"}

# A machine that is busy takes longer over an example: that says nothing about what is tested.
hypothesis.settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("any machine")


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    return spreading.FileByFile(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """One of several processes; a single one keeps the usual order."""
    if hasattr(config, "workerinput"):
        spreading.by_length(items)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Ctrl-C reaches the process that spreads; without a word of its own to them, the others would go on for seconds."""
    if exitstatus == pytest.ExitCode.INTERRUPTED and session.config.getoption("dist") != "no":
        spreading.interrupt_children()


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: Any, worker_id: str) -> Iterator[None]:
    """Create the test database as the owner, migrate it, and point the other roles at it."""
    with django_db_blocker.unblock():
        for connection in connections.all():
            connection.settings_dict["HOST"] = spreading.host(worker_id) or connection.settings_dict["HOST"]
        owner = connections["owner"]
        if worker_id != "master":
            owner.settings_dict["TEST"]["NAME"] += f"_{worker_id}"
        owner.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
        name = owner.settings_dict["NAME"]
        for alias in ("default", "search"):
            connections[alias].close()
            connections[alias].settings_dict["NAME"] = name
    yield
    with django_db_blocker.unblock():
        for connection in connections.all():
            connection.close()
        connections["owner"].settings_dict["NAME"] = name
        owner.creation.destroy_test_db(connections["owner"].settings_dict["TEST"]["NAME"], verbosity=0)


@pytest.fixture(scope="session")
def worker_id(request: pytest.FixtureRequest) -> str:
    return getattr(request.config, "workerinput", {}).get("workerid", "master")


@pytest.fixture(autouse=True)
def search_sees_the_test(request: pytest.FixtureRequest, settings: Any) -> None:
    """Inside a test's rolled-back transaction only its own connection sees its rows; `committed` uses the real role."""
    if "committed" not in request.fixturenames:
        settings.SEARCH_DATABASE = "default"


@pytest.fixture(autouse=True, scope="session")
def a_folder_for_static_files() -> None:
    """WhiteNoise warns, and a warning fails a test, where nothing has been collected yet."""
    from django.conf import settings

    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)


@pytest.fixture(autouse=True)
def files_of_their_own(settings: Any, tmp_path: Any) -> None:
    """Deliveries and the heads of the log are stored below the test's own folder."""
    settings.AUDIT_HEADS = tmp_path / "audit"
    default = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path / "files"}}
    settings.STORAGES = {**settings.STORAGES, "default": default}


@pytest.fixture(autouse=True)
def each_begins_in_chinese() -> Iterator[None]:
    """A request for an English page leaves its language with the thread."""
    yield
    translation.deactivate()


@pytest.fixture(autouse=True)
def nothing_is_remembered() -> None:
    """Tests share the cache of their process, whose keys name days and numbers that every test uses anew."""
    cache.clear()


@pytest.fixture
def committed(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """A database whose rows are really committed, seen by workers and by the read-only role; emptied afterwards."""
    with django_db_blocker.unblock():
        yield
        empty_database()
        for connection in connections.all():
            connection.close()


def empty_database() -> None:
    """TRUNCATE as the owner: the app itself may not."""
    models = apps.get_models(include_auto_created=True)
    tables = sorted({model._meta.db_table for model in models if model._meta.app_label in FILLED})
    names = ", ".join(f'"{table}"' for table in tables)
    with connections["owner"].cursor() as cursor:
        for guarded in ("pharmacies_auditevent", "pharmacies_auditseal"):
            cursor.execute(f"ALTER TABLE {guarded} DISABLE TRIGGER audit_is_append_only")
        cursor.execute(f"TRUNCATE {names} RESTART IDENTITY")
        for guarded in ("pharmacies_auditevent", "pharmacies_auditseal"):
            cursor.execute(f"ALTER TABLE {guarded} ENABLE TRIGGER audit_is_append_only")


@pytest.fixture(autouse=True)
def localhost_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that reaches for the network fails with the address it reached for."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in LOCAL:
            raise AssertionError(f"a test tried to reach {address}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
