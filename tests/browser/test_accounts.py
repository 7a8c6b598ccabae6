"""The way in through a real browser: a slip, a phone, a log-in, and a session that ends in the middle of work."""

from base64 import b32decode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import connections
from django.utils import timezone
from django_otp.oath import hotp
from playwright.sync_api import Browser, Page, expect

from pharmacies.access import Role
from pharmacies.accounts import invitations
from pharmacies.models import Authenticator, Invitation, Membership, Pharmacy, User
from prices.views.staff import sessions
from tests.browser.conftest import DESK, PATIENCE_MS, PHONE, Site
from tests.browser.test_accessibility import opened, violations
from tests.factories import since

PASSWORD = "four-shops-22"


@dataclass
class Staff:
    """A shop with its 店长, and slips for whoever comes."""

    shop: Pharmacy
    manager: User
    made: int = 0

    def slip(self) -> str:
        self.made += 1
        slip = invitations.invite(
            place=self.shop, role=Role.EDITOR, name=f"新人{self.made}", by=self.manager, at=timezone.now()
        )
        return f"/staff/invitation/{invitations.token(slip)}"


@pytest.fixture(scope="module")
def staff(site: Site, django_db_blocker: Any) -> Iterator[Staff]:
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as environment:
        environment.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright's loop runs in this thread, and waits
        shop = Pharmacy.objects.order_by("pk")[0]
        manager, _ = User.objects.get_or_create(username="boss", defaults={"first_name": "店长"})
        Membership.objects.get_or_create(user=manager, pharmacy=shop, role=Role.MANAGER, valid=since())
        yield Staff(shop, manager)
        for each in connections.all(initialized_only=True):
            each.close()  # those of the loop's context, which nobody else closes


@pytest.fixture
def browse(browser: Browser, site: Site) -> Iterator[Callable[..., Page]]:
    """A page with cookies of its own; afterwards nothing may have been complained about."""
    pages, complaints = [], []

    def one(**options: Any) -> Page:
        context = browser.new_context(locale="zh-CN", base_url=site.url, **{"viewport": PHONE} | options)
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if "Content Security" in said.text else None)
        pages.append(page)
        return page

    yield one
    for page in pages:
        page.context.close()
    assert complaints == []


def code(key: str) -> str:
    """What the phone shows now."""
    return f"{hotp(b32decode(key.replace(' ', '')), int(timezone.now().timestamp()) // 30, 6):06d}"


def send(page: Page) -> None:
    page.locator("main button[type=submit]").last.click()


def come_in(page: Page, address: str, username: str) -> str:
    """From the slip to the recovery codes; the key that the phone has now."""
    page.goto(address)
    page.get_by_label("用户名").fill(username)
    page.get_by_label("新密码").fill(PASSWORD)
    page.get_by_label("再输一次").fill(PASSWORD)
    send(page)
    page.locator(".qr-key summary").click()
    key = page.locator("#key").inner_text()
    page.get_by_label("6 位动态码").fill(code(key))
    send(page)
    expect(page.locator(".codes li")).to_have_count(10)
    return key


def end_idle(username: str) -> None:
    """As if this person had not been seen for a day."""
    user = User.objects.get(username=username)
    for row in Session.objects.all():
        data = row.get_decoded()
        if data.get("_auth_user_id") == str(user.pk):
            data[sessions.SEEN] -= 86_400
            row.session_data = Session.objects.encode(data)
            row.save()


def log_in(page: Page, username: str, key: str) -> None:
    Authenticator.objects.filter(user__username=username).update(last_step=0)  # the half minute is not waited for
    page.get_by_label("用户名").fill(username)
    page.get_by_label("密码").fill(PASSWORD)
    send(page)
    page.get_by_label("6 位动态码").fill(code(key))
    send(page)


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
def test_from_the_slip_to_the_shop_out_and_in_again(
    browse: Callable[..., Page], staff: Staff, viewport: dict[str, int]
) -> None:
    page, username = browse(viewport=viewport), f"walker{viewport['width']}"
    key = come_in(page, staff.slip(), username)
    page.get_by_role("link", name="我已收好").click()
    expect(page.locator(".place-card")).to_contain_text(staff.shop.name)
    page.locator(".person summary").click()
    page.get_by_role("button", name="退出登录").click()
    page.goto("/staff/sessions")
    log_in(page, username, key)
    expect(page.get_by_role("heading", name="登录记录")).to_be_visible()
    expect(page.locator("tbody tr")).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_keyboard_alone_suffices(browse: Callable[..., Page], staff: Staff) -> None:
    page = browse(viewport=DESK)
    key = come_in(page, staff.slip(), "keys")
    page.context.clear_cookies()
    page.goto("/staff/login")
    Authenticator.objects.filter(user__username="keys").update(last_step=0)
    expect(page.get_by_label("用户名")).to_be_focused()
    page.keyboard.type("keys")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_label("6 位动态码")).to_be_focused()
    page.keyboard.type(code(key))
    page.keyboard.press("Enter")
    expect(page.locator(".place-card")).to_be_visible()


def test_what_was_typed_survives_a_reload_passwords_do_not(browse: Callable[..., Page], staff: Staff) -> None:
    page = browse()
    page.goto(staff.slip())
    page.get_by_label("用户名").fill("half-written")
    page.get_by_label("新密码").fill("a-secret-of-mine")
    page.reload()
    expect(page.get_by_label("用户名")).to_have_value("half-written")
    expect(page.get_by_label("新密码")).to_have_value("")
    assert "a-secret-of-mine" not in page.evaluate("JSON.stringify(sessionStorage)")


def test_a_script_s_request_after_the_end_keeps_the_page_and_says_where_to_log_in(
    browse: Callable[..., Page], staff: Staff
) -> None:
    page = browse(viewport=DESK)
    key = come_in(page, staff.slip(), "typist")
    page.goto("/staff/password")
    page.get_by_label("新密码").fill("not lost")
    end_idle("typist")
    asking = """async () => {
      const staff = await import(document.querySelector('script[src*="js/staff"]').src);
      return staff.signedOut(await fetch('/staff/resume', staff.asked({method: 'POST'})));
    }"""
    assert page.evaluate(asking) is True
    expect(page.locator("#signed-out")).to_contain_text("这一步还没有保存")
    with page.context.expect_page() as other:
        page.get_by_role("link", name="在新窗口重新登录").click()
    log_in(other.value, "typist", key)
    expect(other.value.get_by_role("heading", name="修改密码")).to_be_visible()
    assert page.evaluate(asking) is False, "the same page goes on, with the new mark of the new log-in"
    expect(page.get_by_label("新密码")).to_have_value("not lost")


def test_a_form_that_came_too_late_is_sent_after_the_next_log_in(browse: Callable[..., Page], staff: Staff) -> None:
    page = browse(viewport=DESK)
    key = come_in(page, staff.slip(), "late")
    Membership.objects.filter(user__username="late").update(role=Role.MANAGER)
    page.goto(f"/desk/{staff.shop.code}/people")
    page.get_by_label("姓名").fill("迟到的人")
    page.locator("input[name=role][value=viewer]").check()
    end_idle("late")
    send(page)
    expect(page.get_by_text("登录已超时")).to_be_visible()
    log_in(page, "late", key)
    expect(page.get_by_role("heading", name="上次没有提交完")).to_be_visible()
    assert not Invitation.objects.filter(name="迟到的人").exists()
    page.get_by_role("button", name="现在提交").click()
    page.wait_for_load_state()
    assert Invitation.objects.filter(name="迟到的人").count() == 1
    page.goto("/staff/resume")
    assert page.url.endswith("/staff")


def test_without_scripts_one_gets_in_too(browse: Callable[..., Page], staff: Staff) -> None:
    page = browse(java_script_enabled=False)
    come_in(page, staff.slip(), "no-scripts")
    page.get_by_role("link", name="我已收好").click()
    page.locator(".person summary").click()
    page.get_by_role("button", name="退出登录").click()
    expect(page.get_by_role("heading", name="登录工作台")).to_be_visible()


@pytest.mark.parametrize(
    "variant",
    [
        {"viewport": PHONE, "color_scheme": "light"},
        {"viewport": PHONE, "color_scheme": "dark"},
        {"viewport": DESK, "color_scheme": "light", "english": True},
    ],
    ids=["phone, light", "phone, dark", "desk, English"],
)
def test_no_page_of_the_way_in_breaks_a_rule_of_accessibility(
    browser: Browser, site: Site, staff: Staff, variant: dict[str, Any]
) -> None:
    page = opened(browser, variant)
    prefix = "/en" if variant.get("english") else ""
    broken: list[str] = []

    def look(name: str, path: str = "") -> None:
        if path:
            page.goto(f"{site.url}{prefix}{path}")
        broken.extend(f"{name}: {line}" for line in violations(page))

    slip, username = staff.slip(), f"axe{staff.made}"
    for path in ("/staff/login", "/staff/invitation", slip, "/staff/invitation/0000-0000-0000-0000-0000"):
        look(path, path)
    page.goto(f"{site.url}{slip}")
    send(page)
    look("invitation with errors")
    come_in(page, f"{site.url}{slip}", username)
    look("codes")
    Membership.objects.filter(user__username=username).update(role=Role.MANAGER)
    pending = Invitation.objects.filter(used_at=None).latest("pk") if staff.slip() else None
    assert pending is not None
    for path in ("", "/sessions", "/password", "/enrol", "/recovery-codes", f"/invitations/{pending.pk}/slip"):
        look(path, f"/staff{path}")
    page.locator(".person summary").click()
    look("menu")
    page.context.close()
    assert not broken, "\n".join(broken)
