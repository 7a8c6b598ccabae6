"""Pages rendered in the test's own process: no collected static files are needed (tests/browser has them)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone, translation

from pharmacies.access import Role
from pharmacies.models import Authenticator, Membership, Pharmacy, User
from prices import tasks
from tests import factories as f
from tests.factories import AT, since
from tests.staff.accounts_world import PASSWORD, SEED, Clock

assert tasks  # with all that workers do: what has the clock as a default must see the real one, not a test's


@pytest.fixture(autouse=True)
def plain_static_files(settings: Any, tmp_path: Path) -> None:
    settings.STATIC_ROOT = tmp_path  # WhiteNoise warns when there is none
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }


@pytest.fixture(autouse=True)
def in_chinese() -> Iterator[None]:
    """The language of the last page asked for stays with the thread: a test begins with none of another's."""
    with translation.override("zh-hans"):
        yield


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Clock:
    """Time stands still unless a test moves it; passwords are checked fast."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    clock = Clock()
    monkeypatch.setattr(timezone, "now", clock)
    return clock


@pytest.fixture
def shop(db: None) -> Pharmacy:
    return f.pharmacy("向阳大药房")


@pytest.fixture
def li(clock: Clock, shop: Pharmacy) -> User:
    """店长 of the shop, with a phone."""
    user = User.objects.create_user("li", password=PASSWORD, first_name="李店长")
    Membership.objects.create(user=user, pharmacy=shop, role=Role.MANAGER, valid=since())
    Authenticator.objects.create(user=user, seed=SEED, last_step=0, enrolled_at=AT)
    return user
