"""The page of a drug in a real browser: what insurance says, both channels, what stands below the list."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser import world
from tests.browser.conftest import DESK
from tests.browser.test_pages import SIZES, names, overflow, targets


def unfolded(page):
    """A phone keeps what stands in the head beyond name, price and badges behind one button."""
    page.locator("[data-unfold]").click()
    return page


def found(visit, name, **options):
    """The comparison of the preparation of that name."""
    made = visit(**options)
    page = made.go("/search?q=" + name)
    page.locator(".row-link", has_text=name).first.click()
    page.wait_for_url(re.compile(r"/preparations/\d+"))
    return made, page


@SIZES
def test_a_dual_channel_drug_says_at_each_shop_whether_it_is_reimbursed_there(visit, viewport):
    made, page = found(visit, world.DUAL, viewport=viewport)
    assert names(page) == [world.OTHER_SHOP, world.DUAL_SHOP]
    dearer = page.locator("article.card", has_text=world.DUAL_SHOP)
    dearer.locator("summary", has_text="✔ 可按双通道报销").click()
    expect(dearer).to_contain_text("药品和药店都在名单内（湖北省")
    expect(page.locator("article.card", has_text=world.OTHER_SHOP)).to_contain_text("此店不能按双通道报销")
    page.locator("#paid-dual_channel").click()
    page.wait_for_url(re.compile(r"reimbursed_as=dual_channel"))
    made.settled()
    assert names(page) == [world.DUAL_SHOP]
    assert page.evaluate("document.activeElement.id") == "paid-dual_channel"


def test_the_other_channel_is_one_tap_away_and_keeps_the_place(visit):
    made, page = found(visit, world.DUAL)
    page.select_option("#city", "420500")
    page.wait_for_url(re.compile(r"city=420500$"))
    made.settled()
    page.locator("#tab-institutions").click()
    page.wait_for_url(re.compile(r"city=420500&institutions=hospital,clinic$"))
    made.settled()
    assert names(page) == [world.HOSPITAL]
    page.select_option("#city", "")
    page.wait_for_url(re.compile(r"\?institutions=hospital,clinic$"))
    page.locator("#tab-shops").click()
    made.settled()
    assert names(page) == [world.OTHER_SHOP, world.DUAL_SHOP]


def test_both_channels_work_without_scripts(visit):
    _made, page = found(visit, world.DUAL, java_script_enabled=False)
    page.locator("#tab-institutions").click()
    expect(page.locator("article.card .card-title")).to_have_text([world.HOSPITAL])
    page.locator("#tab-shops").click()
    page.locator("#paid-dual_channel").click()
    expect(page.locator("article.card .card-title")).to_have_text([world.DUAL_SHOP])


@pytest.mark.parametrize("options", [{"viewport": DESK}, {"java_script_enabled": False}], ids=["desk", "no scripts"])
def test_a_restriction_is_read_without_tapping(visit, options):
    _made, page = found(visit, world.DUAL, **options)
    expect(page.locator(".restriction")).to_be_visible()
    expect(page.locator(".restriction")).to_contain_text(world.RESTRICTION)
    expect(page.locator("[data-unfold]")).to_be_hidden()


def test_on_a_phone_a_restriction_is_named_and_read_with_one_tap(visit):
    _made, page = found(visit, world.DUAL)
    more = page.locator("[data-unfold]")
    expect(page.locator(".restriction")).to_be_hidden()
    expect(more).to_contain_text("限定支付范围")
    expect(more).to_have_attribute("aria-expanded", "false")
    more.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".restriction")).to_contain_text(world.RESTRICTION)
    expect(more).to_have_attribute("aria-expanded", "true")
    expect(page.locator(".explain", has_text="双通道药品")).to_be_visible()
    more.click()
    expect(page.locator(".restriction")).to_be_hidden()


@pytest.mark.parametrize("query", ["", "?city=420100&county=420106"], ids=["province", "county"])
@pytest.mark.parametrize("elder", [False, True], ids=["standard", "large"])
def test_on_a_phone_the_first_price_and_its_shop_begin_on_the_first_screen(visit, elder, query):
    made = visit()
    if elder:
        made.context.add_init_script("localStorage.setItem('elder', '1')")
    page = made.go(f"/drugs/{world.CODE}{query}")
    made.settled()
    for whole in ("h1", ".spec", ".explain", ".orders", ".card .price"):
        expect(page.locator(whole).first).to_be_in_viewport(ratio=1)
    expect(page.locator(".card .card-title a").first).to_be_in_viewport(ratio=0.5)


def test_a_badge_names_its_document(visit):
    _made, page = found(visit, world.DUAL)
    unfolded(page)
    badge = page.locator(".explain", has_text="双通道药品")
    badge.locator("summary").click()
    expect(badge.locator(".source")).to_have_text("湖北省，鄂医保发〔2026〕1号，自2020年1月1日起")


def test_a_confidential_standard_says_only_that(visit):
    _made, page = found(visit, world.DUAL)
    unfolded(page).locator(".jumps a", has_text="参考价").click()
    row = page.locator(".references tr", has_text="医保支付标准")
    expect(row).to_contain_text("支付标准保密，不公布")
    assert "元" not in row.inner_text()
    expect(page.locator(".references")).to_contain_text("478.50 元/盒")


def test_what_no_pharmacy_may_sell_is_compared_among_institutions_alone(visit):
    _made, page = found(visit, world.NOT_FOR_RETAIL)
    expect(page.locator(".notice-warn").first).to_contain_text("本品不在零售药店销售")
    assert page.locator(".tab").all_inner_texts() == ["医疗机构"]
    assert names(page) == [world.HOSPITAL]


@pytest.mark.parametrize("elder", [False, True])
@pytest.mark.parametrize("width", [320, 390, 1440])
def test_a_page_with_everything_fits_and_can_be_pressed(visit, width, elder):
    made = visit(viewport={"width": width, "height": 800})
    if elder:
        made.context.add_init_script("localStorage.setItem('elder', '1')")
    page = made.go("/search?q=" + world.DUAL)
    page.locator(".row-link", has_text=world.DUAL).first.click()
    page.locator(".restriction").wait_for(state="attached")
    if width < 560:
        unfolded(page)
    expect(page.locator(".restriction")).to_be_visible()
    assert overflow(page) <= 0
    assert min(targets(page)) >= (60 if elder else 44)


def test_below_the_list_of_one_product_stand_its_history_its_others_and_its_reference_prices(visit):
    _made, page = found(visit, world.DRUG)
    unfolded(page).locator(".jumps a", has_text="同药其他厂家／规格").click()
    expect(page.locator("#others")).to_contain_text("换药请先问医生或药师")
    expect(page.locator("#references")).to_contain_text("0.50 元/片")
    page.locator("#others .row-link", has_text="华润赛科").click()
    unfolded(page).locator(".jumps a", has_text="价格走势").click()
    expect(page.locator("#history")).to_be_in_viewport()
    expect(page.locator(".explain", has_text="集采中选")).to_be_visible()


def test_what_the_next_edition_changes_is_announced_with_its_day(visit):
    _made, page = found(visit, world.DRUG)
    unfolded(page).locator(".jumps a", has_text="起有变化").click()
    expect(page.locator("#changes")).to_contain_text("限定支付范围为：限高血压患者。")
