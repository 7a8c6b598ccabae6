"""Sessions: how they end, and that nothing is lost when they do."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from pharmacies.accounts import people
from pharmacies.models import Authenticator, User
from tests.factories import AT

from .accounts_world import OTHER, PASSWORD, Clock, code_now, is_in, log_in, password, text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


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


def test_of_a_form_with_a_file_it_is_said_that_the_file_must_be_chosen_again(
    client: Client, li: User, clock: Clock
) -> None:
    log_in(client)
    clock.forward(minutes=31)
    sheet = SimpleUploadedFile("本周价格.xlsx", b"PK")
    client.post("/staff/password", {"file": sheet}, HTTP_REFERER="http://testserver/staff/password")
    assert log_in(client).headers["Location"] == "/staff/resume"
    page = client.get("/staff/resume").content.decode()
    assert "文件“本周价格.xlsx”没有收到" in page
    assert 'action="/staff/password"' not in page, "without the file there is nothing to send"
    assert client.post("/staff/resume").headers["Location"] == "/staff/password"
    assert client.get("/staff/resume").status_code == 302


def test_what_was_typed_beside_a_file_can_be_sent_without_it(client: Client, li: User, clock: Clock) -> None:
    log_in(client)
    clock.forward(minutes=31)
    client.post("/staff/password", {"text": "已改正", "document": SimpleUploadedFile("x.pdf", b"%PDF")})
    log_in(client)
    page = client.get("/staff/resume").content.decode()
    assert "文件“x.pdf”没有收到" in page
    assert 'name="text" value="已改正"' in page
    assert "不带文件，现在提交" in page


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
    pages: list[Any] = [client.get("/staff"), client.get("/staff/login")]
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
