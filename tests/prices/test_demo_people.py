"""The demo's people: they come in by invitation, and a lost note gives them new passwords."""

import stat
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import authenticate

from pharmacies import today
from pharmacies.models import Membership, User
from prices.demo import people
from tests import factories as f
from tests.factories import AT

pytestmark = pytest.mark.django_db
ROLES = {
    "luru": "editor",
    "dianzhang": "manager",
    "zongbu": "head_office",
    "jingban": "officer",
    "shenhe": "reviewer",
    "fabu": "publisher",
}


@pytest.fixture(autouse=True)
def passwords_are_checked_fast(settings: Any) -> None:
    """Thirty of them are made and tried here."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """Where the log-ins are told, in a province with a shop of its own and a chain."""
    f.region("420000", "湖北省")
    f.pharmacy("自己的店", division=f.wuchang())
    f.pharmacy("连锁店", division=f.wuchang(), chain=f.chain())
    today.rebuild(AT)
    return tmp_path / "demo-logins.txt"


def told(notes: Path) -> dict[str, str]:
    """User name → password."""
    return {line.split()[1]: line.split()[2] for line in notes.read_text().splitlines()}


def test_everybody_gets_in_with_what_the_note_says(notes: Path) -> None:
    people.open_accounts(at=AT, notes=notes)
    assert {name: User.objects.get(username=name).memberships.get().role for name in told(notes)} == ROLES
    assert all(authenticate(username=name, password=password) for name, password in told(notes).items())
    assert stat.S_IMODE(notes.stat().st_mode) == 0o600


def test_the_same_people_keep_their_passwords(notes: Path) -> None:
    people.open_accounts(at=AT, notes=notes)
    before = notes.read_text()
    people.open_accounts(at=AT, notes=notes)
    assert notes.read_text() == before


def test_a_lost_note_gives_new_passwords_to_the_same_people(notes: Path) -> None:
    people.open_accounts(at=AT, notes=notes)
    before = told(notes)
    notes.unlink()
    people.open_accounts(at=AT, notes=notes)
    assert told(notes).keys() == before.keys()
    assert not set(told(notes).values()) & set(before.values())
    assert Membership.objects.count() == len(ROLES)


def test_a_newer_demo_with_more_people_opens_accounts_for_them(notes: Path) -> None:
    notes.write_text("店长  dianzhang  old\n")
    people.open_accounts(at=AT, notes=notes)
    assert told(notes).keys() == ROLES.keys()
