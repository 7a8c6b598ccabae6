"""The command that lets the first person in; what logs and the nightly task keep of log-ins."""

import io
import json
import logging
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from config.logs import WithoutQuery
from pharmacies.accounts import invitations, locks
from pharmacies.models import AuditEvent, FailedAttempts, Invitation, User
from prices import tasks
from tests import factories as f

pytestmark = pytest.mark.django_db


def invite(*arguments: str) -> dict[str, str]:
    out = io.StringIO()
    call_command("invite", *arguments, "--by", "root", "--json", stdout=out)
    said: dict[str, str] = json.loads(out.getvalue())
    return said


def test_the_first_official_is_invited_at_the_command_line() -> None:
    f.wuchang()
    said = invite("--area", "420106", "--role", "reviewer", "--name", "赵科长", "--url", "https://yaobi.example/")
    assert said["link"] == f"https://yaobi.example/staff/invitation/{said['token']}"
    found = invitations.find(said["token"], at=timezone.now())
    assert (found.area, found.role, found.created_by) == (f.wuchang(), "reviewer", "root")
    assert said["token"] not in str(AuditEvent.objects.values())


def test_a_pharmacy_and_a_chain_are_named_by_code_and_name() -> None:
    shop, chain = f.pharmacy(), f.chain()
    invite("--pharmacy", shop.code, "--role", "manager", "--name", "李")
    invite("--chain", chain.name, "--role", "head_office", "--name", "王")
    assert [each.place for each in Invitation.objects.order_by("pk")] == [shop, chain]


def test_somebody_who_lost_everything_gets_a_reset_slip() -> None:
    user = User.objects.create_superuser("root")
    said = invite("--reset", "ROOT")
    assert invitations.find(said["token"], at=timezone.now()).user == user


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--area", "420106", "--role", "manager", "--name", "x"], "没有“店长”这个角色"),
        (["--area", "999999", "--role", "officer", "--name", "x"], "没有找到"),
        (["--area", "420106"], "请写明"),
        (["--reset", "nobody"], "没有这个账号"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(arguments: list[str], words: str) -> None:
    f.wuchang()
    with pytest.raises(CommandError, match=words):
        invite(*arguments)
    assert not Invitation.objects.exists()


def test_no_log_keeps_the_token_of_an_invitation() -> None:
    record = logging.makeLogRecord({"msg": "GET %s", "args": ("/en/staff/invitation/k7q2-9fmw-3xbt?next=/x HTTP/1.1",)})
    WithoutQuery().filter(record)
    assert record.getMessage() == "GET /en/staff/invitation/…?… HTTP/1.1"


def test_at_night_old_failures_go() -> None:
    locks.attempt(account="made up", address="10.0.0.1", at=timezone.now() - timedelta(days=2))
    locks.attempt(account="fresh", address="10.0.0.1", at=timezone.now())
    assert tasks.tidy_accounts() == 1
    assert FailedAttempts.objects.get().account == "fresh"
