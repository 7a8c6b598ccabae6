"""A citizen reports and follows it, an official answers: on a cheap phone, in large letters, without JavaScript, by
keyboard, at the desk; clean for axe everywhere, and no cookie at the citizen's."""

import io
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connections, transaction
from django.test import Client
from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize, expect

from pharmacies.models import Membership, Pharmacy, Region, User
from prices.models import Report, ReportGroup
from tests.browser import world
from tests.browser.conftest import Site
from tests.browser.test_accessibility import VARIANTS, opened, violations
from tests.factories import since
from tests.staff.signing import sign_in

PHONE, DESK = ViewportSize(width=390, height=844), ViewportSize(width=1440, height=900)
SHOTS = os.environ.get("REPORT_SHOTS", "")
"""A folder to put pictures of the pages into, for those who judge them by eye."""
SHOP = world.shop_name(3)


@pytest.fixture(scope="module")
def unblocked(django_db_blocker: Any) -> Iterator[None]:
    """The database in the test's own process too: Playwright's loop only waits while a test asks."""
    with pytest.MonkeyPatch.context() as patch, django_db_blocker.unblock():
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield
        connections.close_all()


@pytest.fixture(scope="module")
def shop(site: Site, unblocked: None) -> Pharmacy:
    user = User.objects.create_user("report-officer", first_name="刘经办")
    Membership.objects.create(user=user, role="officer", area=Region.objects.get(code="420106"), valid=since())
    return Pharmacy.objects.get(name=SHOP)


def official(browser: Browser, site: Site, viewport: Any = DESK, variant: dict[str, Any] | None = None) -> Page:
    page = opened(browser, variant) if variant else browser.new_context(viewport=viewport, locale="zh-CN").new_page()
    client = sign_in(Client(), User.objects.get(username="report-officer"))
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": site.url}])
    return page


def a_photo() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (800, 600), "#b04030").save(out, "JPEG")
    return out.getvalue()


def shot(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)


def fits(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url


def refused(citizen: Any, times: int) -> None:
    """The browser itself notes that an answer was no success: that is the only thing it may have noted."""
    assert len(citizen.complaints) == times
    assert all("422" in each for each in citizen.complaints)
    citizen.complaints.clear()


def code_of(page: Page) -> str:
    code = page.locator("#code").inner_text()
    assert re.fullmatch(r"[0-9A-Z]{5} [0-9A-Z]{5}", code)
    return code


def forget() -> None:
    """Row by row, as the owner: a TRUNCATE would wait for requests that still wait for it."""
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        for table in ("prices_report", "prices_reportgroup", "prices_reportquota", "prices_sourceprice"):
            cursor.execute(f"DELETE FROM {table}")


@pytest.fixture(autouse=True)
def nothing_reported_yet(shop: Pharmacy) -> None:
    forget()


@pytest.mark.parametrize("javascript", [True, False])
def test_a_price_is_reported_from_the_shops_page_and_followed(
    visit: Callable[..., Any], site: Site, shop: Pharmacy, javascript: bool
) -> None:
    citizen = visit(java_script_enabled=javascript)
    page = citizen.go(f"/pharmacies/{shop.code}")
    page.get_by_role("link", name="我要纠错").click()
    fits(page)
    shot(page, f"kinds-{javascript}")
    page.get_by_role("link", name="价格不符").first.click()
    page.get_by_label("在这家店里找药").fill("氨氯地平")
    page.get_by_role("button", name="查找").click()
    shot(page, f"product-{javascript}")
    page.locator(".row-link").first.click()
    expect(page.locator(".report-drug")).to_contain_text("药店申报的价：13.00 元")
    page.get_by_label("店里标的价（元）").fill("０")
    page.get_by_label("还想说的").fill("价签上是十八元")
    shot(page, f"form-{javascript}")
    page.get_by_role("button", name="发送").click()
    expect(page.locator("#price-wrong")).to_contain_text("价格要大于 0")
    shot(page, f"wrong-{javascript}")
    refused(citizen, 1)
    page.get_by_label("店里标的价（元）").fill("￥18.00")
    page.get_by_label("照片").set_input_files({"name": "a.jpg", "mimeType": "image/jpeg", "buffer": a_photo()})
    page.get_by_role("button", name="发送").click()
    code = code_of(page)
    fits(page)
    shot(page, f"thanks-{javascript}")
    assert code.replace(" ", "") not in page.url
    page.get_by_role("link", name="查处理结果").first.click()
    page.get_by_label("查询码").fill(code.lower())
    page.get_by_role("button", name="查看").click()
    expect(page.locator(".report-outcome")).to_contain_text("已收到")
    expect(page.locator(".report-outcome")).not_to_contain_text(SHOP)
    shot(page, f"track-{javascript}")
    log = site.log.read_text(encoding="utf-8", errors="replace")
    assert [each for each in (code, code.replace(" ", ""), "十八元", world.CODE) if each in log] == []
    report = Report.objects.get()
    assert (report.group.price_fen, report.text, bool(report.photo)) == (1800, "价签上是十八元", True)


def test_a_double_click_sends_one_and_going_back_lets_one_send_again(visit: Callable[..., Any], shop: Pharmacy) -> None:
    page = visit().go(f"/report/{shop.code}?kind=closed")
    page.get_by_role("button", name="发送").dblclick()
    code_of(page)
    assert Report.objects.count() == 1
    page.go_back()
    page.get_by_label("还想说的").fill("门上贴着转让")
    page.get_by_role("button", name="发送").click()
    code_of(page)
    assert Report.objects.count() == 2


def test_a_reload_of_the_thanks_shows_the_same_code_and_it_can_be_copied(
    browser: Browser, site: Site, shop: Pharmacy
) -> None:
    context = browser.new_context(viewport=PHONE, locale="zh-CN", permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(f"{site.url}/report/{shop.code}?kind=closed")
    page.get_by_role("button", name="发送").click()
    code = code_of(page)
    page.get_by_role("button", name="复制").click()
    expect(page.locator("[data-copied]")).to_have_text("已复制")
    assert page.evaluate("navigator.clipboard.readText()") == code
    page.reload()
    assert code_of(page) == code
    assert Report.objects.count() == 1
    assert context.cookies() == []
    context.close()


def test_the_whole_way_can_be_gone_by_keyboard(visit: Callable[..., Any], shop: Pharmacy) -> None:
    page = visit().go(f"/report/{shop.code}")

    def tab_to(selector: str) -> None:
        for _ in range(40):
            page.keyboard.press("Tab")
            if page.evaluate("(s) => document.activeElement.matches(s)", selector):
                return
        raise AssertionError(f"the keyboard does not reach {selector}")

    tab_to("a[href$='kind=hours']")
    page.keyboard.press("Enter")
    page.wait_for_url("**kind=hours")
    tab_to("#text")
    page.keyboard.type("八点关门")
    tab_to("[type=submit]")
    page.keyboard.press("Enter")
    page.locator("#code").wait_for()
    assert ReportGroup.objects.get().kind == "hours"


def test_a_photo_that_is_no_photo_and_one_of_fifty_megabytes_are_refused_in_words(
    visit: Callable[..., Any], shop: Pharmacy, tmp_path: Path
) -> None:
    citizen = visit(java_script_enabled=False)
    page = citizen.go(f"/report/{shop.code}?kind=closed")
    huge = tmp_path / "huge.jpg"
    huge.write_bytes(b"\xff\xd8\xff" + bytes(49_000_000))
    for file, words in (
        ({"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"%PDF-1.4"}, "不是照片"),
        (huge, "照片太大"),
    ):
        page.get_by_label("还想说的").fill("字还在")
        page.get_by_label("照片").set_input_files(file)
        page.get_by_role("button", name="发送").click()
        expect(page.locator("#photo-wrong")).to_contain_text(words)
        expect(page.get_by_label("还想说的")).to_have_value("字还在")
    refused(citizen, 2)
    assert not Report.objects.exists()


def test_a_photo_that_will_be_refused_is_not_sent_first(
    visit: Callable[..., Any], shop: Pharmacy, tmp_path: Path
) -> None:
    citizen = visit()
    page = citizen.go(f"/report/{shop.code}?kind=closed")
    huge = tmp_path / "huge.jpg"
    huge.write_bytes(b"\xff\xd8\xff" + bytes(20_000_000))
    page.get_by_label("照片").set_input_files(huge)
    page.get_by_role("button", name="发送").click()
    assert "照片太大" in page.locator("#photo").evaluate("(field) => field.validationMessage")
    assert [request.method for request in citizen.requests if request.method == "POST"] == []
    page.get_by_label("照片").set_input_files([])
    page.get_by_role("button", name="发送").click()
    code_of(page)


def report_by_hand(shop: Pharmacy, site: Site, browser: Browser) -> None:
    page = browser.new_context(locale="zh-CN").new_page()
    for text in ("门锁着", "门上贴着转让"):
        page.goto(f"{site.url}/report/{shop.code}?kind=closed")
        page.get_by_label("还想说的").fill(text)
        page.get_by_label("照片").set_input_files({"name": "a.jpg", "mimeType": "image/jpeg", "buffer": a_photo()})
        page.get_by_role("button", name="发送").click()
        page.locator("#code").wait_for()
    page.context.close()


@pytest.mark.parametrize(("name", "viewport"), [("phone", PHONE), ("desk", DESK)])
def test_an_official_asks_the_pharmacy_and_answers(
    browser: Browser, site: Site, shop: Pharmacy, name: str, viewport: Any
) -> None:
    report_by_hand(shop, site, browser)
    page = official(browser, site, viewport)
    page.goto(f"{site.url}/console/420106/reports")
    fits(page)
    shot(page, f"queue-{name}")
    page.get_by_role("link", name=SHOP).click()
    fits(page)
    assert page.locator(".report-photo img").first.evaluate("(i) => i.decode().then(() => i.naturalWidth)") == 800
    page.locator("summary", has_text="请药店说明").click()
    shot(page, f"group-{name}")
    page.get_by_role("button", name="发给药店").click()
    expect(page.locator(".flash")).to_have_text("已请药店说明")
    page.locator("#ready").select_option("已核实，药店正常营业。")
    shot(page, f"answering-{name}")
    page.get_by_role("button", name="答复", exact=True).click()
    expect(page.locator(".flash")).to_have_text("已答复")
    shot(page, f"answered-{name}")
    page.context.close()
    assert ReportGroup.objects.get().answer == "已核实，药店正常营业。"


CITIZEN = {
    "kinds": "/report/{shop}",
    "product": "/report/{shop}?kind=price&name=氨氯地平",
    "no product": "/report/{shop}?kind=price&name=zzzz",
    "price": "/report/{shop}?kind=price&drug={drug}",
    "own words": "/report/{shop}?kind=price&other=1",
    "place": "/report/{shop}?kind=place",
    "track": "/track",
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_no_page_breaks_a_rule_of_accessibility(browser: Browser, site: Site, shop: Pharmacy, variant: str) -> None:
    options = VARIANTS[variant]
    broken: list[str] = []
    page = opened(browser, options)
    prefix = site.url + ("/en" if options.get("english") else "")

    def look(name: str) -> None:
        broken.extend(f"{name}: {line}" for line in violations(page))
        fits(page)
        shot(page, f"axe-{variant.replace(', ', '-')}-{name}")

    for name, address in CITIZEN.items():
        page.goto(prefix + address.format(shop=shop.code, drug=world.CODE))
        look(name)
    page.goto(f"{prefix}/report/{shop.code}?kind=price&drug={world.CODE}")
    page.locator("#price").fill("x")
    page.locator(".report-send").click()
    page.locator("#price-wrong").wait_for()
    look("wrong")
    page.locator("#price").fill("18")
    page.locator(".report-send").click()
    page.locator("#code").wait_for()
    look("thanks")
    code = page.locator("#code").inner_text()
    for name, typed, shown in (("not known", "00000 00000", "#code-wrong"), ("outcome", code, ".report-outcome")):
        page.goto(f"{prefix}/track")
        page.locator("#code").fill(typed)
        page.locator("main [type=submit]").click()
        page.locator(shown).wait_for()
        look(name)
    page.context.close()
    page = official(browser, site, variant=options)
    group = ReportGroup.objects.get()
    for name, address in (("queue", ""), ("none", "?state=answered"), ("group", f"/{group.pk}")):
        page.goto(f"{prefix}/console/420106/reports{address}")
        look(name)
    page.context.close()
    assert not broken, "\n".join(broken)
