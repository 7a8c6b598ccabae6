"""The two steps of a log-in, as a browser asks for them; and who guesses."""

import os
import re
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote

import pytest
from django.test import Client

from pharmacies.accounts import recovery, totp
from pharmacies.accounts.factors import Verdict
from pharmacies.models import AuditEvent, Authenticator, FailedAttempts, User
from tests.factories import AT

from .accounts_world import OTHER, PASSWORD, Clock, code_now, is_in, log_in, password, text

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


# -- two steps --------------------------------------------------------------------------------------------------------


def test_password_and_code_lead_to_where_one_wanted_to_go(client: Client, li: User) -> None:
    asked = client.get("/staff/sessions")
    assert asked.headers["Location"] == f"/staff/login?next={quote('/staff/sessions', safe='')}"
    first = client.post(asked.headers["Location"], {"username": "LI ", "password": PASSWORD, "next": "/staff/sessions"})
    assert first.headers["Location"] == "/staff/code?next=%2Fstaff%2Fsessions"
    assert not is_in(client), "a password is half of it"
    second = client.post(first.headers["Location"], {"code": code_now(), "next": "/staff/sessions"})
    assert second.headers["Location"] == "/staff/sessions"
    assert client.get("/staff/sessions").status_code == 200
    told = AuditEvent.objects.latest("id")
    assert (told.action, told.actor, told.after) == ("account.log_in", li, {"factor": "totp", "address": "127.0.0.1"})


@pytest.mark.parametrize("username", ["li", "nobody"])
def test_a_wrong_password_does_not_tell_whether_the_account_exists(client: Client, li: User, username: str) -> None:
    answer = password(client, "wrong", username)
    assert "用户名或密码不对" in text(answer)
    assert client.get("/staff/code").status_code == 302


@pytest.mark.parametrize(
    ("step", "words"), [(-5, "不是现在的"), (5, "不是现在的"), (400, "动态码不对"), (0, "已经用过")]
)
def test_late_wrong_and_reused_codes_are_refused_in_words(client: Client, li: User, step: int, words: str) -> None:
    if step == 0:
        log_in(Client())
    password(client)
    answer = client.post("/staff/code", {"code": code_now(step=step)})
    assert words in text(answer)
    assert not is_in(client)


def test_a_recovery_code_stands_in_for_the_phone_once(client: Client, li: User) -> None:
    codes = recovery.renew(user=li, at=AT)
    for attempt, expected in ((client, 302), (Client(), 200)):
        password(attempt)
        answer = attempt.post("/staff/recovery", {"code": codes[0]})
        assert answer.status_code == expected
    assert "已经用过" in text(answer)
    assert "9" in text(client.get("/staff/recovery-codes"))
    assert "换绑手机" in text(client.get("/staff/recovery-codes"))


def test_the_code_page_waits_ten_minutes_after_the_password(client: Client, li: User, clock: Clock) -> None:
    password(client)
    clock.forward(minutes=11)
    assert "/staff/login" in client.post("/staff/code", {"code": code_now()}).headers["Location"]
    assert not is_in(client)


def test_a_password_changed_in_between_stops_the_second_step(client: Client, li: User) -> None:
    password(client)
    li.set_password(OTHER)
    li.save()
    assert "/staff/login" in client.post("/staff/code", {"code": code_now()}).headers["Location"]


def test_somebody_who_may_no_longer_come_is_out_with_the_next_request(client: Client, li: User) -> None:
    log_in(client)
    assert is_in(client)
    User.objects.update(is_active=False)
    assert not is_in(client)
    assert "用户名或密码不对" in text(password(client))


@pytest.mark.parametrize(
    "goal", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example", "\x00/"]
)
def test_a_log_in_link_leads_nowhere_else(client: Client, li: User, goal: str) -> None:
    password(client)
    assert client.post("/staff/code", {"code": code_now(), "next": goal}).headers["Location"] == "/staff"
    assert client.get("/staff/login", {"next": goal}).headers["Location"] == "/staff"


@pytest.mark.parametrize(
    "posted",
    [{}, {"username": "li"}, {"username": "\x00", "password": "x"}, {"username": "x" * 999, "password": "\x00"}],
)
def test_odd_forms_are_answered_in_words(client: Client, li: User, posted: dict[str, str]) -> None:
    assert client.post("/staff/login", posted).status_code == 200


def test_the_session_gets_a_new_key_at_each_step(client: Client, li: User) -> None:
    keys = set()
    client.get("/staff/login")
    password(client)
    keys.add(client.session.session_key)
    client.post("/staff/code", {"code": code_now()})
    keys.add(client.session.session_key)
    assert len(keys) == 2


# -- first log-in -----------------------------------------------------------------------------------------------------


def test_who_has_no_phone_yet_must_bind_one_before_anything_else(client: Client, li: User) -> None:
    Authenticator.objects.all().delete()
    assert password(client).headers["Location"] == "/staff/enrol?next=%2Fstaff"
    assert client.get("/staff/code").headers["Location"].startswith("/staff/enrol")
    page = client.get("/staff/enrol")
    for named in ("腾讯身份验证器", "数盾OTP", "<svg"):
        assert named in page.content.decode()
    seed = client.session["enrolling"]
    assert totp.spelled(seed) in page.content.decode()
    assert not is_in(client)
    wrong = client.post("/staff/enrol", {"code": code_now(seed, step=400)})
    assert "动态码不对" in text(wrong)
    assert totp.spelled(seed) in wrong.content.decode(), "the same key as on the phone"
    done = client.post("/staff/enrol", {"code": code_now(seed)})
    assert len(re.findall(r"<li>\w{4}-\w{4}-\w{4}</li>", done.content.decode())) == 10
    assert is_in(client)


def test_who_has_a_phone_does_not_bind_another_with_the_password_alone(client: Client, li: User) -> None:
    password(client)
    assert client.get("/staff/enrol").status_code == 302
    assert client.post("/staff/enrol", {"code": "123456"}).status_code == 302


def test_another_phone_needs_the_password_and_ends_other_sessions(client: Client, li: User, clock: Clock) -> None:
    other = Client()
    log_in(other)
    clock.forward(seconds=60)
    log_in(client)
    client.get("/staff/enrol")
    seed = client.session["enrolling"]
    assert "现在的密码不对" in text(client.post("/staff/enrol", {"code": code_now(seed), "current": "no"}))
    assert "恢复码" in text(client.post("/staff/enrol", {"code": code_now(seed), "current": PASSWORD}))
    assert is_in(client)
    assert not is_in(other)


def test_without_the_second_factor_the_demo_says_so(client: Client, li: User, settings: Any) -> None:
    settings.SECOND_FACTOR, settings.DEMO_NOTICE = False, True
    assert password(client).headers["Location"] == "/staff"
    assert "没有启用第二因素" in text(client.get("/staff"))
    settings.SECOND_FACTOR = True
    assert not is_in(client), "such a session is worth nothing once the factor is on"


# -- guessing ---------------------------------------------------------------------------------------------------------


def test_guessing_is_slowed_down_and_the_right_password_waits_too(client: Client, li: User, clock: Clock) -> None:
    for _ in range(3):
        assert password(client, "wrong").status_code == 200
    refused = password(client)
    assert refused.status_code == 429
    assert "秒后再试" in text(refused)
    clock.forward(seconds=3)
    assert password(client).status_code == 302
    assert not FailedAttempts.objects.exists()


def test_who_is_locked_out_here_gets_in_from_elsewhere(client: Client, li: User, clock: Clock) -> None:
    for _ in range(12):
        password(client, "wrong", REMOTE_ADDR="10.0.0.66")
        clock.forward(seconds=600)
    clock.forward(seconds=-600)
    assert "分钟后" in text(password(client, REMOTE_ADDR="10.0.0.66"))
    assert password(client, REMOTE_ADDR="10.0.0.1").status_code == 302


def test_guessing_is_in_the_log_once_and_told_to_whoever_logs_in_there(client: Client, li: User, clock: Clock) -> None:
    for _ in range(12):
        password(client, "wrong")
        password(client, "wrong", "nobody")
        clock.forward(seconds=600)
    told = AuditEvent.objects.get(action="account.locked")
    assert (told.subject_id, told.after) == (str(li.pk), {"address": "127.0.0.1", "failures": 8})
    clock.forward(seconds=600)
    log_in(client)
    assert "您登录之前，这里有 12 次没有成功" in text(client.get("/staff"))


def test_an_address_is_not_what_a_stranger_writes_into_a_header(client: Client, li: User, settings: Any) -> None:
    forged = {"HTTP_X_FORWARDED_FOR": "10.9.9.9, 10.0.0.1"}
    password(client, "wrong", **forged)
    assert FailedAttempts.objects.get().address == "127.0.0.1"
    settings.PROXIES = 1
    password(client, "wrong", **forged)
    assert FailedAttempts.objects.filter(address="10.0.0.1").exists()
    assert not FailedAttempts.objects.filter(address="10.9.9.9").exists()


def test_names_in_turn_from_one_address_are_slowed_down(client: Client, li: User, settings: Any) -> None:
    settings.PROXIES, settings.PASSWORD_HASHERS = 1, ["django.contrib.auth.hashers.MD5PasswordHasher"]
    there = {"X-Forwarded-For": "198.51.100.7"}
    answers = [password(client, "wrong", f"name{n}", headers=there).status_code for n in range(61)]
    assert answers == [200] * 60 + [429]
    assert password(client, headers=there).status_code == 429
    assert password(client, headers={"X-Forwarded-For": "198.51.100.8"}).status_code == 302


def test_all_of_a_customers_ipv6_addresses_are_one(client: Client, li: User) -> None:
    for last in "123":
        password(client, "wrong", REMOTE_ADDR=f"2001:db8::{last}")
    assert FailedAttempts.objects.get(account="li").address == "2001:db8::/64"


def test_codes_are_guessed_no_faster_from_many_addresses(client: Client, li: User) -> None:
    password(client)
    answers = [
        client.post("/staff/code", {"code": code_now(step=400)}, REMOTE_ADDR=f"10.0.0.{n}").status_code
        for n in range(12)
    ]
    assert answers == [200] * 10 + [429, 429]


# -- the seam ---------------------------------------------------------------------------------------------------------


class TextMessage:
    """Another second factor, as an adapter for text messages would be written."""

    name, enrol_page = "sms", "staff:invitation-typed"
    sent: ClassVar[dict[str, str]] = {}

    def prompt(self, user: User) -> str:
        return "短信验证码已发出"

    def enrolled(self, user: User) -> bool:
        return bool(user.email)  # where one's number would stand

    def challenge(self, user: User, *, at: datetime) -> None:
        self.sent[user.username] = "4711"

    def verify(self, user: User, code: str, *, at: datetime) -> Verdict:
        return Verdict.RIGHT if self.sent.pop(user.username, None) == code else Verdict.WRONG


def test_another_second_factor_takes_the_place_of_the_phone(client: Client, li: User, settings: Any) -> None:
    settings.SECOND_FACTOR_CLASS = f"{__name__}.TextMessage"
    assert password(client).headers["Location"].startswith("/staff/invitation"), "where this factor is enrolled"
    User.objects.update(email="li@example.org")
    assert password(client).headers["Location"].startswith("/staff/code")
    assert "短信验证码已发出" in text(client.get("/staff/code"))
    assert "不对" in text(client.post("/staff/code", {"code": "1"}))
    client.get("/staff/code")
    assert client.post("/staff/code", {"code": "4711"}).headers["Location"] == "/staff"
    assert AuditEvent.objects.latest("id").after == {"factor": "sms", "address": "127.0.0.1"}


def test_the_second_factor_is_switched_off_for_a_demo_only() -> None:
    for demo, fine in (("0", False), ("1", True)):
        environment = os.environ | {"SECOND_FACTOR": "0", "DEMO_NOTICE": demo}
        asked = subprocess.run(
            [sys.executable, "-c", "import config.settings"], env=environment, cwd=ROOT, capture_output=True, text=True
        )
        assert (asked.returncode == 0) is fine, asked.stderr
        assert fine or "for the demo only" in asked.stderr


@pytest.mark.parametrize("file", sorted((ROOT / "templates" / "staff").glob("*.html")), ids=lambda file: file.name)
def test_templates_have_no_inline_style_or_script(file: Path) -> None:
    source = file.read_text(encoding="utf-8")
    assert re.findall(r"\sstyle=|<style|\son\w+=|javascript:|<script(?![^>]*\ssrc=)|https?://", source) == []
