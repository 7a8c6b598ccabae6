"""The desk in a real browser: prices edited by keyboard alone, warned of, public, taken back; five thousand rows; axe."""

import os
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.gis.geos import Point
from django.db import connections, transaction
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from catalog.models import Drug
from catalog.products import describe, refresh_names
from pharmacies.models import Membership, Pharmacy, PlaceProposal, User
from prices.desk import inquiries, tills
from prices.ingest.publish import ensure_partitions
from prices.ingest.runs import process
from prices.models import FeedRun, Offer
from tests import factories as f
from tests.browser.conftest import DESK, PATIENCE_MS, PHONE, Site, eventually
from tests.browser.quickness import filtered, painted, quickest
from tests.browser.test_accessibility import VARIANTS, opened, violations
from tests.factories import since
from tests.staff.signing import sign_in

SHOTS = os.environ.get("DESK_SHOTS", "")
"""A folder to put pictures of the pages into, for those who judge them by eye."""
MANY = 5_000
FILTERED_MS, SHOWN_MS = 100, 1_000


@pytest.fixture(scope="module")
def unblocked(django_db_blocker: Any) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch, django_db_blocker.unblock():
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield
        connections.close_all()


def shop_with(name: str, products: int, *, editor: str) -> Pharmacy:
    """A shop far from the other tests' citizens, with so many products on its shelf and an editor who manages it."""
    now = timezone.now()
    ensure_partitions(at=now)
    shop = f.pharmacy(name, lng=110.0, lat=31.2, hours="Mo-Su 08:00-21:00")
    user = User.objects.create_user(editor, first_name="李药师")
    Membership.objects.create(user=user, role="manager", pharmacy=shop, valid=since())
    till = f.feed("till-of-desk", name="收银系统")
    run = f.run(till, received_at=now - timedelta(days=1))
    drugs = [_drug(number, name) for number in range(products)]
    Drug.objects.bulk_create(drugs, batch_size=1000)
    refresh_names()
    said = [now - timedelta(days=(0, 1, 3, 12, 40)[number % 5] if number > 3 else 1) for number in range(products)]
    Offer.objects.bulk_create(
        [
            Offer(
                drug_id=drug.pk, pharmacy_id=shop.pk, price_fen=1000 + number, stock=number % 5, as_of=at,
                changed_at=at, confirmed_at=at, feed_id=till.pk, run_id=run.pk, cell=shop.cell,
            )
            for number, (drug, at) in enumerate(zip(drugs, said, strict=True))
        ],
        batch_size=2000,
    )  # fmt: skip
    f.rebuild_today(now)
    return shop


def _drug(number: int, shop: str) -> Drug:
    serial = f"{len(shop):02d}{number:07d}"
    name = ("测速安平片", "测速康胶囊", "测速宁颗粒")[number % 3]
    made = Drug(
        code=f"XC08CAB037A001{serial}",
        preparation=f.preparation(name, "片剂", f"{5 + number // 100}mg"),
        manufacturer="湖北楚天制药有限公司",
        pack_count=14,
        unit="片",
        pack_unit="盒",
    )
    describe(made)
    return made


@pytest.fixture(scope="module")
def small(site: Site, unblocked: None) -> Pharmacy:
    return shop_with("窗口大药房（中山路店）", 30, editor="desk-small")


@pytest.fixture(scope="module")
def large(site: Site, unblocked: None) -> Pharmacy:
    return shop_with("五千种大药房（解放路店）", MANY, editor="desk-large")


@pytest.fixture
def servers_files(site: Site, settings: Any) -> None:
    """The worker of these tests is the test's own process: it finds what the server has stored."""
    where = {"location": site.log.parent / "files"}
    default = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": where}
    settings.STORAGES = {**settings.STORAGES, "default": default}


def logged_in(page: Page, site: Site, username: str) -> Page:
    client = sign_in(Client(), User.objects.get(username=username))
    cookie = client.cookies[django_settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": django_settings.SESSION_COOKIE_NAME, "value": cookie, "url": site.url}])
    return page


def desk_of(browser: Browser, site: Site, shop: Pharmacy, *, viewport: Any = DESK) -> Page:
    """The table, ready to be edited."""
    context = browser.new_context(locale="zh-CN", viewport=viewport)
    context.set_default_timeout(PATIENCE_MS)
    page = logged_in(context.new_page(), site, "desk-small" if "窗口" in shop.name else "desk-large")
    page.goto(f"{site.url}/desk/{shop.code}")
    page.locator("#desk[data-ready]").wait_for()
    return page


def worked(page: Page) -> None:
    """What the worker does meanwhile, and until the page has heard of it."""
    expect(page.locator(".has-saving").first).to_be_visible()
    processed(page)
    expect(page.locator(".has-saving")).to_have_count(0)


def processed(page: Page) -> None:
    """What the page hands in, as soon as it has arrived."""
    eventually(page, FeedRun.objects.in_flight().exists, "the page has handed something in")
    for run in FeedRun.objects.in_flight():
        process(run.pk)


def citizens_price(site: Site, page: Page, shop: Pharmacy, name: str) -> str:
    """What a citizen reads on the shop's page, in a browser of their own."""
    assert page.context.browser is not None
    context = page.context.browser.new_context(locale="zh-CN")
    citizen = context.new_page()
    citizen.goto(f"{site.url}/pharmacies/{shop.code}?name={name}")
    text = citizen.locator("#results, .results").first.inner_text()
    context.close()
    return text


def picture(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png")


@pytest.mark.parametrize(("viewport", "size"), [(DESK, "desk"), (PHONE, "phone")])
def test_a_price_is_edited_by_keyboard_alone_seen_by_a_citizen_and_taken_back(
    browser: Browser, site: Site, small: Pharmacy, servers_files: None, viewport: Any, size: str
) -> None:
    page = desk_of(browser, site, small, viewport=viewport)
    page.keyboard.press("/")
    page.keyboard.type("测速康")
    page.keyboard.press("Enter")
    price = page.locator("tr[data-row] [data-price]").first
    expect(price).to_be_focused()
    before = price.input_value()
    dear = f"{float(before) * 10:.2f}"
    page.keyboard.type(dear)
    page.keyboard.press("Enter")
    expect(page.locator("[data-ask]")).to_contain_text("是您上次价格的 10.0 倍")
    expect(page.locator("#desk-reason")).to_be_focused()
    picture(page, f"warned-{size}")
    page.keyboard.press("Enter")  # without a reason nothing happens
    expect(page.locator("[data-ask]")).to_be_visible()
    page.keyboard.type("换了进口包装")
    page.keyboard.press("Enter")
    worked(page)
    expect(page.locator("tr[data-row]").first).to_contain_text("已公示")
    picture(page, f"shown-{size}")
    assert dear in citizens_price(site, page, small, "测速康")
    page.locator("[data-undo]").focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-done]")).to_be_visible()
    processed(page)
    expect(page.locator("[data-done-text]")).to_contain_text("已撤销")
    expect(price).to_have_value(before)
    assert dear not in citizens_price(site, page, small, "测速康")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.context.close()


def test_arrows_move_escape_gives_up_and_drafts_survive_a_reload(browser: Browser, site: Site, small: Pharmacy) -> None:
    page = desk_of(browser, site, small)
    fields = page.locator("tr[data-row] [data-price]")
    fields.nth(2).focus()
    before = fields.nth(2).input_value()
    page.keyboard.type("77.70")
    page.keyboard.press("ArrowDown")
    expect(fields.nth(3)).to_be_focused()
    expect(page.locator("[data-unsaved]")).to_contain_text("1 处改动还没有公示")
    page.reload()
    page.locator("#desk[data-ready]").wait_for()
    expect(fields.nth(2)).to_have_value("77.70")
    expect(page.locator("[data-unsaved]")).to_contain_text("已恢复")
    fields.nth(2).focus()
    page.keyboard.press("Escape")
    expect(fields.nth(2)).to_have_value(before)
    expect(page.locator("[data-unsaved]")).to_be_hidden()
    page.keyboard.press("ArrowRight")
    expect(page.locator("tr[data-row] [data-stock]").nth(2)).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(fields.nth(2)).to_be_focused()
    page.context.close()


def test_several_prices_are_changed_at_once(browser: Browser, site: Site, small: Pharmacy, servers_files: None) -> None:
    page = desk_of(browser, site, small)
    picks = page.locator("tr[data-row] [data-pick]")
    fields = page.locator("tr[data-row] [data-price]")
    before = [float(fields.nth(n).input_value()) for n in (4, 5)]
    picks.nth(4).check()
    picks.nth(5).check()
    expect(page.locator("[data-picked]")).to_contain_text("已选 2 种")
    page.locator("[data-bulk-percent]").fill("-5")
    page.locator("[data-bulk-stock]").select_option("low")
    picture(page, "bulk-desk")
    page.locator("[data-bulk-apply]").click()
    page.locator("[data-save-all]").click()
    worked(page)
    expect(page.locator("[data-done-text]")).to_contain_text("2 处已公示")
    after = [float(fields.nth(n).input_value()) for n in (4, 5)]
    assert after == pytest.approx([round(price * 0.95, 2) for price in before], abs=0.011)
    assert FeedRun.objects.filter(channel="desk").latest("pk").changed == 2
    page.context.close()


def test_of_two_editors_the_second_is_told_and_decides(
    browser: Browser, site: Site, small: Pharmacy, servers_files: None
) -> None:
    slow, fast = desk_of(browser, site, small), desk_of(browser, site, small)
    for page, price in ((fast, "11.11"), (slow, "11.22")):
        page.locator("tr[data-row] [data-price]").nth(8).fill(price)
    fast.locator("tr[data-row] [data-price]").nth(8).press("Enter")
    worked(fast)
    slow.locator("tr[data-row] [data-price]").nth(8).press("Enter")
    expect(slow.locator("[data-ask]")).to_contain_text("已改为 11.11 元")
    picture(slow, "conflict-desk")
    slow.get_by_role("button", name="仍用我的价格").click()
    worked(slow)
    expect(slow.locator("tr[data-row]").nth(8)).to_contain_text("已公示")
    fast.context.close()
    slow.context.close()


def test_a_session_that_ends_in_the_middle_loses_nothing(
    browser: Browser, site: Site, small: Pharmacy, servers_files: None
) -> None:
    page = desk_of(browser, site, small)
    field = page.locator("tr[data-row] [data-price]").nth(10)
    field.fill("12.34")
    page.context.clear_cookies(name=django_settings.SESSION_COOKIE_NAME)
    field.press("Enter")
    expect(page.locator("#signed-out")).to_contain_text("登录")
    expect(field).to_have_value("12.34")
    logged_in(page, site, "desk-small")  # in another tab
    field.press("Enter")
    expect(page.locator("tr[data-row]").nth(10)).to_contain_text("正在公示")
    processed(page)
    page.context.close()


def test_five_thousand_products_are_there_at_once_and_filtered_as_one_types(
    browser: Browser, site: Site, large: Pharmacy
) -> None:
    page = desk_of(browser, site, large)
    assert quickest(partial(painted, page), SHOWN_MS) <= SHOWN_MS
    expect(page.locator("[data-count-of='']")).to_have_text(f"{MANY:,}")
    for typed in ("测", "cska", "xc08cab037a00112", "30mg 测速宁", ""):
        assert quickest(partial(filtered, page, typed), FILTERED_MS) <= FILTERED_MS, typed
    assert page.locator("tr[data-row]").count() < 80
    page.keyboard.press("/")
    page.keyboard.type("测速宁")
    expect(page.locator("[data-said]")).to_have_text(f"{MANY // 3:,} 种")
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    last = page.locator("tr[data-row]").last
    expect(last).to_have_attribute("aria-rowindex", str(MANY // 3 + 1))
    page.context.close()


def test_what_is_stale_or_out_can_be_listed_alone(browser: Browser, site: Site, large: Pharmacy) -> None:
    page = desk_of(browser, site, large)
    for only in ("stale", "out"):
        page.locator(f"[name=only][value={only}]").check()
        count = page.locator(f"[data-count-of={only}]").inner_text()
        expect(page.locator("[data-said]")).to_have_text(f"{count} 种")
        assert 0 < int(count.replace(",", "")) < MANY
    page.context.close()


# -- every page -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def addresses(small: Pharmacy) -> list[str]:
    """Every page of the desk that this part makes, each with something on it."""
    editor = User.objects.get(username="desk-small")
    at = timezone.now()
    tills.create(small, name="一号收银台", mode="delta", cadence_days=7, by=editor, at=at)
    PlaceProposal.objects.create(
        pharmacy=small, location=Point(110.01, 31.21, srid=4326), source_lng=110.01, source_lat=31.21,
        source_datum="wgs84", proposed_by=editor, proposed_at=at,
    )  # fmt: skip
    run = f.run(f.feed("till-of-desk"), received_at=at)
    small.feeds.add(run.feed)
    with transaction.atomic():
        asked = inquiries.open_inquiry(small, kind="report", title="价格不符", text="标签写 28 元", by="平台", at=at)
        inquiries.reply(asked, text="已更换", document=None, by=editor, at=at)
    pages = [
        "",
        "?q=测速康",
        "/catalogue?q=测速",
        "/runs",
        f"/runs/{run.pk}",
        "/tokens",
        "/standing",
        "/shop",
        "/sticker",
        "/reports",
        f"/reports/{asked.pk}",
    ]
    return [f"/desk/{small.code}{page}" for page in pages]


@pytest.mark.parametrize("variant", VARIANTS)
def test_axe_finds_nothing_on_the_desk(browser: Browser, site: Site, addresses: list[str], variant: str) -> None:
    options = VARIANTS[variant]
    page = logged_in(opened(browser, options), site, "desk-small")
    found = {}
    for address in addresses:
        page.goto(site.url + ("/en" if options.get("english") else "") + address)
        if page.locator("#desk").count():
            page.locator("#desk[data-ready]").wait_for()
        if broken := violations(page):
            found[address] = broken
        if SHOTS:
            name = f"{address.split('/', 3)[-1].replace('/', '-')}-{variant.replace(', ', '-')}"
            page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)
    page.context.close()
    assert found == {}


@pytest.mark.parametrize("elder", ["0", "1"], ids=["standard", "elder"])
@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
def test_nothing_at_the_desk_is_wider_than_the_page(
    browser: Browser, site: Site, addresses: list[str], viewport: Any, elder: str
) -> None:
    page = logged_in(browser.new_context(viewport=viewport, locale="zh-CN").new_page(), site, "desk-small")
    page.add_init_script(f"localStorage.setItem('elder', '{elder}')")
    for address in addresses:
        page.goto(site.url + address)
        assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"], address
    page.context.close()


def test_without_javascript_the_table_is_a_form(
    browser: Browser, site: Site, small: Pharmacy, servers_files: None
) -> None:
    width: Any = PHONE
    context = browser.new_context(viewport=width, locale="zh-CN", java_script_enabled=False)
    page = logged_in(context.new_page(), site, "desk-small")
    page.goto(f"{site.url}/desk/{small.code}?q=测速安平")
    page.locator("[name=price]").first.fill("1.23")
    page.get_by_role("button", name="公示改动").click()
    page.get_by_label("为什么是这个价格").fill("清仓")
    page.get_by_role("button", name="属实，公示").click()
    for run in FeedRun.objects.in_flight():
        process(run.pk)
    page.get_by_role("link", name="刷新").click()
    expect(page.locator("tbody")).to_contain_text("已公示")
    page.get_by_role("button", name="撤销这次改动").click()
    for run in FeedRun.objects.in_flight():
        process(run.pk)
    context.close()
