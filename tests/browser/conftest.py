"""A real server, as in production, and a real Chromium in front of it; both are gone after this package's tests."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import URLError

import pytest
from django.conf import settings
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect, sync_playwright

from tests import spreading
from tests.browser import world
from tests.conftest import empty_database

ROOT = Path(__file__).resolve().parents[2]
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1440, "height": 900}
FLAGS = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
]
PATIENCE_S = 60
PATIENCE_MS = PATIENCE_S * 1000
"""How long anything is waited for before it counts as missing. Only a test that fails waits so long; a machine that has
other work needs more than the few seconds that Playwright gives by itself."""
expect.set_options(timeout=PATIENCE_MS)
NOT_OURS = ("drf_spectacular_sidecar", "admin", "gis", "rest_framework")
"""Static files that no citizen's page loads: collecting them would take most of a minute."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


def chromium() -> str:
    """The browser's path: `CHROMIUM`, else the system's; a skip that says so when there is none."""
    named = os.environ.get("CHROMIUM", "")
    found = named or shutil.which("chromium") or shutil.which("chromium-headless-shell") or ""
    if not found or not Path(found).exists():
        pytest.skip("no Chromium for the browser tests: install chromium or set CHROMIUM to its path")
    return found


def environment(var: Path) -> dict[str, str]:
    """What the server needs to be the production server on the test database."""
    name = {"DATABASE_URL": "default", "DATABASE_OWNER_URL": "owner", "DATABASE_SEARCH_URL": "search"}
    return os.environ | {
        **{variable: _url(settings.DATABASES[alias]) for variable, alias in name.items()},
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DEBUG": "0",
        "DEMO_NOTICE": "1",
        "ALLOWED_HOSTS": "127.0.0.1",
        "YAOBI_VAR": str(var),
        "SECRET_KEY": settings.SECRET_KEY,
        "REDIS_URL": settings.REDIS_URL,
        "SEARCH_TIMEOUT_MS": str(PATIENCE_MS),  # a busy machine is no reason for a page without prices
    }


def _url(database: dict[str, Any]) -> str:
    from django.db import connections

    name = connections["owner"].settings_dict["NAME"]
    host = f"host={database['HOST']}" + (f"&port={database['PORT']}" if database["PORT"] else "")
    login = database["USER"] + (f":{database['PASSWORD']}" if database["PASSWORD"] else "")
    return f"postgresql://{login}@/{name}?{host}"


@dataclass(frozen=True)
class Site:
    url: str
    log: Path


@pytest.fixture(scope="package")
def site(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The server on a free loopback port, with `world` really committed in the test database."""
    chromium()
    var = tmp_path_factory.mktemp("site")
    with django_db_blocker.unblock():
        empty_database()  # other tests have used up numbers: here the first preparation is number 1
        world.build()
    env = environment(var)
    _collect_static(env, var)
    try:
        with serving(env, var / "server.log") as url:
            yield Site(url, var / "server.log")
    finally:
        with django_db_blocker.unblock():
            empty_database()


def _collect_static(env: dict[str, str], var: Path) -> None:
    """What `bin/test` has collected a moment ago (STATIC_COLLECTED) is used as it is."""
    if os.environ.get("STATIC_COLLECTED"):
        (var / "static").symlink_to(settings.STATIC_ROOT)
        return
    ignored = [word for name in NOT_OURS for word in ("--ignore", name)]
    manage = [sys.executable, str(ROOT / "manage.py"), "collectstatic", "--no-input", "-v0", *ignored]
    subprocess.run(manage, env=env, cwd=ROOT, check=True)


@contextmanager
def serving(env: dict[str, str], log: Path) -> Iterator[str]:
    """The production server on a free loopback port, writing to `log`; yields its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    granian = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)]
    with log.open("wb") as output:
        server = subprocess.Popen(
            [*granian, "config.wsgi:application"], env=env, cwd=ROOT, stdout=output, stderr=output
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(url, server, log)
        yield url
    finally:
        server.terminate()
        server.wait(timeout=PATIENCE_S)


def _wait(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + PATIENCE_S
    while server.poll() is None and time.monotonic() < end:
        try:
            with urllib.request.urlopen(url + "/healthz", timeout=PATIENCE_S):
                return
        except (URLError, OSError):
            time.sleep(0.2)
    pytest.fail(f"the server did not answer:\n{log.read_text(errors='replace')[-3000:]}")


@pytest.fixture(scope="package")
def browser(site: Site) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield browser
        browser.close()


@dataclass
class Visit:
    """One citizen's browser: a page, and everything it asked for or complained about."""

    page: Page
    context: BrowserContext
    url: str
    requests: list[Request] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def go(self, path: str) -> Page:
        self.page.goto(self.url + path)
        return self.page

    def settled(self) -> None:
        """Until the list is no longer being fetched."""
        self.page.wait_for_load_state("networkidle")
        self.page.locator("#results:not(.htmx-request)").wait_for()


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Callable[..., Visit]]:
    """Open a citizen's browser; afterwards nothing may have been complained about, stored or asked elsewhere."""
    visits: list[Visit] = []

    def open_one(*, position: tuple[float, float] | None = None, **options: Any) -> Visit:
        options.setdefault("viewport", PHONE)
        options.setdefault("locale", "zh-CN")
        if position:
            options |= {"geolocation": {"latitude": position[0], "longitude": position[1]}}
            options |= {"permissions": ["geolocation"]}
        context = browser.new_context(**options)
        context.set_default_timeout(PATIENCE_MS)
        made = Visit(context.new_page(), context, site.url)
        made.page.on("request", lambda request: made.requests.append(request))
        made.page.on("console", lambda message: _complain(made, message))
        made.page.on("pageerror", lambda error: made.complaints.append(str(error)))
        visits.append(made)
        return made

    yield open_one
    for each in visits:
        cookies = each.context.cookies()
        each.context.close()
        assert each.complaints == []
        assert cookies == []
        elsewhere = [
            request.url for request in each.requests if not request.url.startswith((site.url, "data:", "blob:"))
        ]
        assert elsewhere == []


def eventually(page: Page, holds: Callable[[], Any], what: str) -> None:
    """Wait for what `expect` has no word for; `page` goes on meanwhile."""
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end, f"waited {PATIENCE_S} s until {what}"
        page.wait_for_timeout(50)


def _complain(visit: Visit, message: ConsoleMessage) -> None:
    """Errors, policy violations among them; the software renderer's remarks on its own speed are warnings."""
    if message.type == "error":
        visit.complaints.append(message.text)


@pytest.fixture
def said_by_database(worker_id: str, tmp_path: Path) -> Callable[[], Path]:
    """Gives what PostgreSQL has written since the test began, as a file of its own; empty where it writes elsewhere."""
    log, said = spreading.database_log(worker_id), tmp_path / "postgres.log"
    begun = log.stat().st_size if log else 0

    def new_lines() -> Path:
        said.write_bytes(log.read_bytes()[begun:] if log else b"")
        return said

    return new_lines
