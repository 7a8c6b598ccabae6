"""A spreadsheet in a real browser: brought, mapped, paired, published, seen by a citizen, taken back; clean for axe."""

import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connections
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from catalog.models import Drug
from pharmacies.models import Chain, Membership, Pharmacy, PharmacyAlias, User
from prices.desk.sheets import work
from prices.ingest.runs import process
from prices.models import FeedRun, Offer, Upload
from tests import factories as f
from tests.browser.conftest import DESK, PATIENCE_MS, PHONE, Site
from tests.browser.test_accessibility import VARIANTS, opened, violations
from tests.factories import since
from tests.staff.sheets_world import HEADER, xlsx
from tests.staff.signing import sign_in

SHOTS = os.environ.get("SHEET_SHOTS", "")
"""A folder to put pictures of the pages into, for those who judge them by eye."""


@pytest.fixture(scope="module")
def unblocked(django_db_blocker: Any) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch, django_db_blocker.unblock():
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield
        connections.close_all()


@pytest.fixture(scope="module")
def shop(site: Site, unblocked: None) -> Pharmacy:
    """A shop with twelve products on its shelf and a clerk who brings spreadsheets."""
    shop = f.pharmacy("楚康大药房（中山路店）")
    clerk = User.objects.create_user("sheets", first_name="李国庆")
    Membership.objects.create(user=clerk, role="manager", pharmacy=shop, valid=since())
    said = timezone.now() - timedelta(days=7)
    run = f.run(f.feed("till-of-sheets"), received_at=said)
    for number, (name, strength) in enumerate(PRODUCTS):
        drug = f.drug(f.preparation(name, "片剂", strength), manufacturer="湖北楚天制药有限公司", pack_count=20)
        f.offer(drug, shop, f"{10 + number}.50", by=run.feed, run_id=run.pk, confirmed=said)
    f.rebuild_today(timezone.now())
    return shop


PRODUCTS = [
    ("厄贝沙坦片", "0.15g"),
    ("缬沙坦片", "80mg"),
    ("二甲双胍片", "0.5g"),
    ("格列美脲片", "2mg"),
    ("阿托伐他汀钙片", "20mg"),
    ("瑞舒伐他汀钙片", "10mg"),
]


@pytest.fixture
def servers_files(site: Site, settings: Any) -> None:
    """The worker of these tests is the test's own process: it finds what the server has stored."""
    default = {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": site.log.parent / "files"},
    }
    settings.STORAGES = {**settings.STORAGES, "default": default}


def logged_in(page: Page, site: Site, username: str = "sheets") -> Page:
    client = sign_in(Client(), User.objects.get(username=username))
    cookie = client.cookies[django_settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": django_settings.SESSION_COOKIE_NAME, "value": cookie, "url": site.url}])
    return page


def worked() -> None:
    """What the workers do meanwhile."""
    for upload in Upload.objects.filter(state__in=Upload.WORKING):
        work.work(upload.pk)
    for run in FeedRun.objects.in_flight():
        process(run.pk)


def till_export(shop: Pharmacy, *, name: str = "老产品名") -> bytes:
    """One same, one changed, one ten times too dear, one unreadable, one that nobody knows, and what tills add."""
    sold = Offer.objects.filter(pharmacy_id=shop.pk, state=1).order_by("drug_id").values_list("drug_id", "price_fen")
    codes = dict(Drug.objects.values_list("pk", "code"))
    new = [lambda fen: fen, lambda fen: fen + 120, lambda fen: fen * 10, lambda fen: "面议"]
    rows = [
        [PRODUCTS[n][0], f"{PRODUCTS[n][1]}×20片", "楚天制药", "", "", codes[drug], price(fen), "", 12 - n]
        for n, ((drug, fen), change) in enumerate(zip(sold, new, strict=False))
        for price in [lambda fen, change=change: change(fen) / 100 if change(fen) != "面议" else "面议"]
    ]
    unknown = [name, "10mg×20片", "楚天制药", "", "6900000000008", "", 18.5, "", 3]
    return xlsx(["楚康大药房 商品价格表"], HEADER, *rows, unknown, ["合计", "", "", "", "", "", 61.3, "", 30])


def bring(page: Page, site: Site, shop: Pharmacy, data: bytes) -> None:
    page.goto(f"{site.url}/desk/{shop.code}/uploads")
    page.set_input_files("#file", {"name": "商品价格表.xlsx", "mimeType": "application/zip", "buffer": data})
    page.get_by_role("button", name="上传并预览").click()
    expect(page.get_by_role("status").filter(has_text="正在读取")).to_be_visible()


def picture(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)


@pytest.mark.parametrize(("viewport", "size"), [(PHONE, "phone"), (DESK, "desk")])
def test_a_tills_export_goes_to_the_shelf_and_back(
    browser: Browser, site: Site, shop: Pharmacy, servers_files: None, viewport: Any, size: str
) -> None:
    context = browser.new_context(locale="zh-CN", viewport=viewport)
    context.set_default_timeout(PATIENCE_MS)
    page = logged_in(context.new_page(), site)
    page.goto(f"{site.url}/desk/{shop.code}/uploads")
    picture(page, f"list-{size}")
    bring(page, site, shop, till_export(shop, name=f"老产品名{size}"))
    page.reload()  # the progress survives
    worked()
    if size == "phone":  # the layout is remembered the second time
        expect(page.get_by_text("请看一眼每列是什么")).to_be_visible()
        picture(page, f"columns-{size}")
        page.get_by_role("button", name="就是这样，核对").click()
        worked()
    expect(page.locator(".sheet-summary")).to_contain_text("1 待配对")
    picture(page, f"pairs-{size}")
    page.get_by_role("searchbox", name="换个词查").fill("瑞舒伐他汀")
    page.get_by_role("button", name="查", exact=True).click()
    page.get_by_role("radio", name="瑞舒伐他汀钙片").check()
    page.get_by_role("button", name="记住这些配对").click()
    worked()
    expect(page.locator(".sheet-summary")).not_to_contain_text("待配对")
    page.get_by_role("link", name="改价").click()
    expect(page.locator(".sheet-rows tbody tr").first).to_contain_text("+19.4%")  # the largest step first
    picture(page, f"changed-{size}")
    page.get_by_role("link", name="要核对").click()
    picture(page, f"doubtful-{size}")
    page.get_by_role("button", name="公示", exact=True).click()
    expect(page.get_by_text("正在公示…")).to_be_visible()
    worked()
    expect(page.get_by_text("采用 3 行")).to_be_visible()
    picture(page, f"done-{size}")
    page.get_by_role("button", name="撤回这次上传").click()
    worked()
    expect(page.get_by_text("已撤回 ")).to_be_visible()
    picture(page, f"back-{size}")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    context.close()


def _states(shop: Pharmacy) -> dict[str, Callable[[Page, Site], None]]:
    """How to come to each page of an upload."""

    def columns(page: Page, site: Site) -> None:
        header = ("名称", "单价", "日期")
        bring(page, site, shop, xlsx(header, ["厄贝沙坦片", 10.5, "2026-11-20"]))
        worked()
        expect(page.get_by_text("请看一眼每列是什么")).to_be_visible()

    def preview(page: Page, site: Site) -> None:
        bring(page, site, shop, till_export(shop, name="没人认识的药"))
        worked()
        if page.get_by_role("button", name="就是这样，核对").first.is_visible():
            page.get_by_role("button", name="就是这样，核对").click()
            worked()
        expect(page.locator(".sheet-summary")).to_be_visible()

    def doubtful(page: Page, site: Site) -> None:
        preview(page, site)
        page.goto(page.url.split("?")[0] + "?show=doubtful")

    def failed(page: Page, site: Site) -> None:
        bring(page, site, shop, b"PK\x03\x04")
        worked()
        expect(page.get_by_role("alert")).to_be_visible()

    return {"columns": columns, "preview": preview, "doubtful": doubtful, "failed": failed}


@pytest.fixture(scope="module")
def office(site: Site, shop: Pharmacy) -> Chain:
    """Six shops of a chain, in two districts; one asks another price, one does not sell it."""
    chain = Chain.objects.create(name="楚康大药房连锁有限公司（总部）")
    boss = User.objects.create_user("office", first_name="陈卫东")
    Membership.objects.create(user=boss, role="head_office", chain=chain, valid=since())
    drug = Drug.objects.get(preparation__generic_name="厄贝沙坦片")
    run = f.run(f.feed("till-of-chain"), received_at=timezone.now())
    for number, place in enumerate([f.wuchang(), f.wuchang(), f.hongshan(), f.wuchang(), f.hongshan(), f.wuchang()]):
        each = f.pharmacy(
            f"楚康大药房（{'夷陵徐东珞喻中南光谷水果'[number * 2 : number * 2 + 2]}店）", chain=chain, division=place
        )
        PharmacyAlias.objects.create(chain=chain, store_no=f"W{number + 1:03d}", pharmacy=each)
        if number:
            price = "12.80" if number == 3 else "11.50"
            f.offer(drug, each, price, by=run.feed, run_id=run.pk, confirmed=timezone.now() - timedelta(hours=number))
            f.report(run.feed, each, timezone.now() - timedelta(days=3 * number))
    f.rebuild_today(timezone.now())
    return chain


@pytest.mark.parametrize(("viewport", "size"), [(PHONE, "phone"), (DESK, "desk")])
def test_head_office_changes_all_shops_by_keyboard(
    browser: Browser, site: Site, office: Chain, servers_files: None, viewport: Any, size: str
) -> None:
    context = browser.new_context(locale="zh-CN", viewport=viewport)
    context.set_default_timeout(PATIENCE_MS)
    page = logged_in(context.new_page(), site, "office")
    page.goto(f"{site.url}/chain/{office.pk}")
    picture(page, f"chain-home-{size}")
    page.get_by_role("searchbox").fill("厄贝沙坦")
    page.keyboard.press("Enter")
    picture(page, f"chain-prices-{size}")
    page.get_by_role("link", name="厄贝沙坦片").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".sheet-summary")).to_contain_text("5 家在售")
    picture(page, f"chain-price-{size}")
    page.locator("#price").fill("99")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("属实请写明理由")
    picture(page, f"chain-warned-{size}")
    page.locator("#price").fill("12.00" if size == "phone" else "12.10")
    page.keyboard.press("Enter")
    expect(page.get_by_text("正在公示…")).to_be_visible()
    worked()
    expect(page.get_by_text("改价 5 家")).to_be_visible()
    page.get_by_role("link", name="刷新门店价格").click()
    expect(page.locator(".sheet-summary")).to_contain_text("价格一致")
    picture(page, f"chain-done-{size}")
    page.get_by_role("radio", name="某天零点起").check()
    page.locator("#price").fill("12.50")
    page.keyboard.press("Enter")
    expect(page.get_by_text("已定时：")).to_be_visible()
    worked()
    expect(page.get_by_text("到时自动公示")).to_be_visible()
    page.reload()
    expect(page.get_by_role("button", name="取消定时")).to_be_visible()
    picture(page, f"chain-announced-{size}")
    page.get_by_role("button", name="取消定时").click()
    page.goto(f"{site.url}/chain/{office.pk}/shops")
    picture(page, f"chain-shops-{size}")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    context.close()


@pytest.mark.parametrize("variant", VARIANTS)
def test_axe_finds_nothing_on_the_pages_of_head_office(
    browser: Browser, site: Site, office: Chain, variant: str
) -> None:
    page = logged_in(opened(browser, VARIANTS[variant]), site, "office")
    prefix = "/en" if VARIANTS[variant].get("english") else ""
    code = Drug.objects.get(preparation__generic_name="厄贝沙坦片").code
    found = {}
    for name in ("", "/prices", "/prices?q=厄贝沙坦", f"/prices/{code}", "/shops", "/uploads"):
        page.goto(f"{site.url}{prefix}/chain/{office.pk}{name}")
        found[name] = violations(page)
    page.context.close()
    assert {name: said for name, said in found.items() if said} == {}


@pytest.mark.parametrize("variant", VARIANTS)
def test_axe_finds_nothing_on_the_pages_of_spreadsheets(
    browser: Browser, site: Site, shop: Pharmacy, servers_files: None, variant: str
) -> None:
    page = logged_in(opened(browser, VARIANTS[variant]), site)
    found = {}
    page.goto(f"{site.url}/desk/{shop.code}/uploads")
    found["list"] = violations(page)
    for name, come in _states(shop).items():
        come(page, site)
        if VARIANTS[variant].get("english"):
            page.goto(page.url.replace("/desk/", "/en/desk/"))
        found[name] = violations(page)
        picture(page, f"axe-{name}-{variant.replace(', ', '-')}")
    page.context.close()
    assert {name: said for name, said in found.items() if said} == {}
