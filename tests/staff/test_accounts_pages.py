"""The pages of the way in, as a browser asks for them; time stands still unless a test moves it."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from pharmacies.access import Role
from pharmacies.accounts import invitations, people, recovery, totp
from pharmacies.models import AuditEvent, Authenticator, FailedAttempts, Membership, Pharmacy, User
from tests import factories as f
from tests.factories import AT, since

pytestmark = pytest.mark.django_db

PASSWORD, OTHER, SEED = "three-shops-1", "four-shops-22", "a seed"


@dataclass
class Clock:
    at: datetime = AT

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **by: float) -> None:
        self.at += timedelta(**by)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Clock:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    clock = Clock()
    monkeypatch.setattr(timezone, "now", clock)
    return clock


@pytest.fixture
def shop() -> Pharmacy:
    return f.pharmacy("向阳大药房")


@pytest.fixture
def li(shop: Pharmacy) -> User:
    """店长 of the shop, with a phone."""
    user = User.objects.create_user("li", password=PASSWORD, first_name="李店长")
    Membership.objects.create(user=user, pharmacy=shop, role=Role.MANAGER, valid=since())
    Authenticator.objects.create(user=user, seed=SEED, last_step=0, enrolled_at=AT)
    return user


def code_now(seed: str = SEED, *, step: int = 0) -> str:
    return totp.code_at(seed, totp.step_of(timezone.now()) + step)


def password(client: Client, password: str = PASSWORD, username: str = "li", **extra: Any) -> Any:
    return client.post("/staff/login", {"username": username, "password": password}, **extra)


def log_in(client: Client, goal: str = "/staff") -> Any:
    password(client)
    return client.post("/staff/code", {"code": code_now(), "next": goal})


def text(response: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", response.content.decode()))


def is_in(client: Client) -> bool:
    return client.get("/staff").status_code == 200


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


def test_an_address_is_not_what_a_stranger_writes_into_a_header(client: Client, li: User, settings: Any) -> None:
    forged = {"HTTP_X_FORWARDED_FOR": "10.9.9.9, 10.0.0.1"}
    password(client, "wrong", **forged)
    assert FailedAttempts.objects.get().address == "127.0.0.1"
    settings.PROXIES = 1
    password(client, "wrong", **forged)
    assert FailedAttempts.objects.filter(address="10.0.0.1").exists()
    assert not FailedAttempts.objects.filter(address="10.9.9.9").exists()


def test_all_of_a_customers_ipv6_addresses_are_one(client: Client, li: User) -> None:
    for last in "123":
        password(client, "wrong", REMOTE_ADDR=f"2001:db8::{last}")
    assert FailedAttempts.objects.get().address == "2001:db8::/64"


def test_codes_are_guessed_no_faster_from_many_addresses(client: Client, li: User) -> None:
    password(client)
    answers = [
        client.post("/staff/code", {"code": code_now(step=400)}, REMOTE_ADDR=f"10.0.0.{n}").status_code
        for n in range(12)
    ]
    assert answers == [200] * 10 + [429, 429]


# -- sessions ---------------------------------------------------------------------------------------------------------


def test_log_out_everywhere_ends_a_stolen_session(client: Client, li: User) -> None:
    log_in(client)
    thief = Client()
    thief.cookies["sessionid"] = client.cookies["sessionid"].value
    assert is_in(thief)
    assert client.post("/staff/sessions").headers["Location"] == "/staff/login"
    assert not is_in(thief)
    assert not is_in(client)


def test_log_out_everywhere_at_another_computer_ends_this_session(client: Client, li: User) -> None:
    log_in(client)
    people.log_out_everywhere(user=li, by=li, at=AT)
    assert not is_in(client)


def test_logging_out_is_a_post_and_the_old_cookie_is_dead(client: Client, li: User) -> None:
    log_in(client)
    cookie = client.cookies["sessionid"].value
    assert client.get("/staff/logout").status_code == 405
    client.post("/staff/logout")
    thief = Client()
    thief.cookies["sessionid"] = cookie
    assert not is_in(thief)


def test_half_an_hour_without_a_sign_ends_a_session_work_goes_on(client: Client, li: User, clock: Clock) -> None:
    log_in(client)
    for _ in range(4):
        clock.forward(minutes=25)
        assert client.get("/staff/alive").status_code == 204
    clock.forward(minutes=31)
    assert "expired=1" in client.get("/staff").headers["Location"]
    assert not is_in(client)


def test_a_shift_is_the_longest_a_session_lasts(client: Client, li: User, clock: Clock) -> None:
    log_in(client)
    for _ in range(35):
        clock.forward(minutes=20.5)
        assert is_in(client)
    clock.forward(minutes=20.5)
    assert not is_in(client)


def test_a_form_sent_too_late_waits_and_can_be_sent_again(client: Client, li: User, clock: Clock) -> None:
    log_in(client)
    clock.forward(minutes=31)
    typed = {"note": "￥12.50 <b>", "several": ["1", "2"]}
    late = client.post("/staff/password", typed, HTTP_REFERER="http://testserver/staff/password?x=1")
    assert late.headers["Location"] == "/staff/login?next=%2Fstaff%2Fpassword%3Fx%3D1&expired=1"
    assert log_in(client).headers["Location"] == "/staff/resume"
    page = client.get("/staff/resume").content.decode()
    assert 'action="/staff/password"' in page
    assert page.count('<input type="hidden" name="several"') == 2
    assert 'name="note" value="￥12.50 &lt;b&gt;"' in page
    client.post("/staff/password", typed)
    assert client.get("/staff/resume").status_code == 302, "what has been sent waits no longer"


def test_no_password_waits_in_a_session(client: Client, li: User, clock: Clock) -> None:
    log_in(client)
    clock.forward(minutes=31)
    client.post("/staff/password", {"password": "s3cret", "again": "s3cret", "current": "s3cret", "note": "x"})
    assert "s3cret" not in str(dict(client.session))


def test_somebody_elses_unfinished_work_is_dropped(client: Client, li: User, clock: Clock) -> None:
    wang = User.objects.create_user("wang", password=PASSWORD)
    Authenticator.objects.create(user=wang, seed="w", last_step=0, enrolled_at=AT)
    log_in(client)
    clock.forward(minutes=31)
    client.post("/staff/password", {"note": "private"})
    password(client, username="wang")
    assert client.post("/staff/code", {"code": code_now("w")}).headers["Location"] == "/staff"
    assert "private" not in str(dict(client.session))


@pytest.mark.parametrize("headers", [{"HX-Request": "true"}, {"X-Requested-With": "fetch"}])
def test_a_script_is_told_401_and_where_to_log_in(
    client: Client, li: User, clock: Clock, headers: dict[str, str]
) -> None:
    log_in(client)
    clock.forward(minutes=31)
    page = headers | {"HX-Current-URL": "http://testserver/desk/P1?q=x"}
    answer = client.post("/staff/password", {"note": "x"}, headers=page)
    assert answer.status_code == 401
    assert answer.headers["X-Login"] == "/staff/login?next=%2Fdesk%2FP1%3Fq%3Dx&expired=1"
    assert "HX-Redirect" not in answer.headers, "what was typed stays on the page"
    assert 'target="_blank"' in answer.content.decode()


def test_a_fragment_that_is_only_read_leads_to_the_log_in_page(client: Client) -> None:
    page = {"HX-Request": "true", "HX-Current-URL": "http://testserver/desk/P1"}
    answer = client.get("/staff/sessions", headers=page)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, "/staff/login?next=%2Fdesk%2FP1")


def test_a_page_of_another_site_is_no_place_to_come_back_to(client: Client) -> None:
    page = {"HX-Request": "true", "HX-Current-URL": "https://evil.example/desk"}
    assert client.get("/staff", headers=page).headers["HX-Redirect"] == "/staff/login?next=%2Fstaff"


def test_no_cache_keeps_a_page_of_the_staff(client: Client, li: User) -> None:
    pages: list[HttpResponse] = [client.get("/staff"), client.get("/staff/login")]
    log_in(client)
    pages += [client.get(path) for path in ("/staff", "/staff/sessions", "/staff/password", "/staff/enrol")]
    assert {page.headers["Cache-Control"] for page in pages} == {"no-store"}


def test_a_form_without_our_mark_changes_nothing_and_says_so(li: User) -> None:
    client = Client(enforce_csrf_checks=True)
    answer = client.post("/staff/login", {"username": "li", "password": PASSWORD})
    assert answer.status_code == 403
    assert "什么都没有改" in text(answer)


def test_the_password_is_changed_by_who_knows_it_and_other_sessions_end(client: Client, li: User, clock: Clock) -> None:
    other = Client()
    log_in(other)
    clock.forward(seconds=60)
    log_in(client)
    new = {"password": OTHER, "again": OTHER}
    assert "现在的密码不对" in text(client.post("/staff/password", {"current": "no", **new}))
    assert "不一样" in text(client.post("/staff/password", {"current": PASSWORD, "password": OTHER, "again": "x"}))
    assert client.post("/staff/password", {"current": PASSWORD, **new}).status_code == 302
    assert is_in(client)
    assert not is_in(other)
    assert password(Client(), OTHER).status_code == 302


# -- slips ------------------------------------------------------------------------------------------------------------


def test_an_invitation_leads_to_an_account_a_phone_and_the_shop(client: Client, li: User, shop: Pharmacy) -> None:
    slip = invitations.invite(place=shop, role=Role.EDITOR, name="王芳", by=li, at=AT)
    address = f"/staff/invitation/{invitations.token(slip)}"
    page = text(client.get(address))
    assert "王芳，请开通账号" in page
    assert "向阳大药房" in page
    assert "录入员" in page
    typed = {"username": "wangfang", "name": "王芳", "password": OTHER, "again": OTHER}
    assert "已有人用" in text(client.post(address, typed | {"username": "LI"}))
    assert "太短" in text(client.post(address, typed | {"password": "x", "again": "x"}))
    assert User.objects.count() == 1
    assert client.post(address, typed).headers["Location"] == "/staff/enrol"
    client.get("/staff/enrol")
    client.post("/staff/enrol", {"code": code_now(client.session["enrolling"])})
    assert "向阳大药房" in text(client.get("/staff"))
    gone = Client().get(address)
    assert gone.status_code == 410
    assert "已经用过" in text(gone)


def test_looking_at_a_link_uses_nothing_up(client: Client, li: User, shop: Pharmacy) -> None:
    slip = invitations.invite(place=shop, role=Role.EDITOR, name="王芳", by=li, at=AT)
    for _ in range(3):
        assert client.get(f"/staff/invitation/{invitations.token(slip)}").status_code == 200


def test_somebody_with_an_account_joins_with_it(client: Client, li: User) -> None:
    slip = invitations.invite(place=f.pharmacy("二店"), role=Role.VIEWER, name="李", by="省医保局", at=AT)
    log_in(client)
    address = f"/staff/invitation/{invitations.token(slip)}"
    assert "您现在以 李店长（li）登录" in text(client.get(address))
    assert client.post(address).headers["Location"] == "/staff"
    assert "二店" in text(client.get("/staff"))
    assert Membership.objects.filter(user=li).count() == 2


def test_a_slip_is_typed_from_paper(client: Client, li: User, shop: Pharmacy) -> None:
    slip = invitations.invite(place=shop, role=Role.EDITOR, name="王芳", by=li, at=AT)
    token = invitations.token(slip)
    answer = client.post("/staff/invitation", {"token": f" {token.upper().replace('-', ' ')} "}, follow=True)
    assert "王芳，请开通账号" in text(answer)
    assert "没有这张邀请单" in text(client.post("/staff/invitation", {"token": "../../x"}, follow=True))


def test_a_revoked_and_an_old_slip_say_so(client: Client, li: User, shop: Pharmacy, clock: Clock) -> None:
    slips = [invitations.invite(place=shop, role=Role.EDITOR, name="王芳", by=li, at=AT) for _ in range(2)]
    invitations.revoke(invitation=slips[0], by=li, at=AT)
    clock.forward(days=8)
    said = [text(client.get(f"/staff/invitation/{invitations.token(slip)}")) for slip in slips]
    assert "已被撤回" in said[0]
    assert "超过 7 天" in said[1]


def test_a_reset_slip_gives_a_new_password_and_a_new_phone(client: Client, li: User) -> None:
    slip = invitations.invite_back(user=li, by="省医保局", at=AT)
    address = f"/staff/invitation/{invitations.token(slip)}"
    assert "您的用户名是 li" in text(client.get(address))
    assert client.post(address, {"password": OTHER, "again": OTHER}).headers["Location"] == "/staff/enrol"
    assert "不对" in text(password(Client(), PASSWORD))
    assert password(Client(), OTHER).headers["Location"].startswith("/staff/enrol")


def test_the_slip_is_printed_by_those_who_may_invite_there(client: Client, li: User, shop: Pharmacy) -> None:
    slip = invitations.invite(place=shop, role=Role.EDITOR, name="王芳", by=li, at=AT)
    address = f"/staff/invitations/{slip.pk}/slip"
    assert client.get(address).status_code == 302
    log_in(client)
    page = client.get(address).content.decode()
    assert invitations.token(slip) in page
    assert "<svg" in page
    Membership.objects.update(role=Role.EDITOR)
    assert client.get(address).status_code == 404
    Membership.objects.update(role=Role.MANAGER)
    invitations.revoke(invitation=slip, by=li, at=AT)
    assert invitations.token(slip) not in client.get(address).content.decode()


# -- the start page ---------------------------------------------------------------------------------------------------


def test_the_start_page_lists_the_places_of_today(client: Client, li: User, shop: Pharmacy) -> None:
    log_in(client)
    page = text(client.get("/staff"))
    assert "李店长，您好" in page
    assert "向阳大药房" in page
    assert "店长" in page
    Membership.objects.update(valid=since(AT.date() - timedelta(days=30), AT.date()))
    assert "您现在不属于任何药店" in text(client.get("/staff"))


def test_every_page_exists_in_english(client: Client, li: User) -> None:
    assert client.get("/en/staff").headers["Location"].startswith("/en/staff/login")
    for path in ("login", "invitation"):
        assert client.get(f"/en/staff/{path}").status_code == 200
