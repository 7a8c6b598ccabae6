"""What a citizen does, in a real browser on the production server: on a phone, at a desk, with and without scripts."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import world
from tests.browser.conftest import DESK, PHONE

SIZES = pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
CHINESE = re.compile("[\u3000-\u303f\u4e00-\u9fff]+")


def unit_prices(page: Page) -> list[float]:
    """Prices per tablet of the fresh cards, in their order."""
    cards = page.locator("article.card:not(.card-stale) .unit-price").all_inner_texts()
    return [float(re.findall(r"[\d.]+", text)[0]) for text in cards]


def names(page: Page) -> list[str]:
    return page.locator("article.card .card-title").all_inner_texts()


def compare(visit, **options):
    """The comparison of the province's one preparation, reached as a citizen does."""
    made = visit(**options)
    page = made.go("/")
    page.fill("#q", "氨氯地平")
    page.press("#q", "Enter")
    page.locator(".row-link", has_text=world.DRUG).click()
    page.wait_for_url(re.compile(r"/preparations/\d+"))
    return made, page


@SIZES
def test_a_search_leads_to_a_comparison_ordered_by_the_price_of_a_tablet(visit, viewport):
    _made, page = compare(visit, viewport=viewport)
    expect(page.locator("h1")).to_have_text(world.DRUG)
    prices = unit_prices(page)
    assert prices == sorted(prices)
    assert names(page)[:2] == [world.CHEAPEST_BY_TABLET, world.shop_name(0)]
    assert world.SUSPENDED not in names(page)


def test_initials_find_the_drug(visit):
    page = visit().go("/search?q=bhsaldp")
    expect(page.locator(".row-link", has_text=world.DRUG)).to_be_visible()


@SIZES
def test_without_scripts_a_district_is_chosen_and_all_links_work(visit, viewport):
    _made, page = compare(visit, viewport=viewport, java_script_enabled=False)
    page.select_option("#city", "420100")
    page.locator("#choice button[type=submit]").click()
    page.select_option("#county", "420106")
    page.locator("#choice button[type=submit]").click()
    page.wait_for_url(re.compile("county=420106"))
    assert names(page)[0] == world.shop_name(0)
    assert len(names(page)) == 20
    page.locator("#more").click()
    expect(page.locator("article.card")).to_have_count(world.SHOPS + 1)
    assert names(page)[-1] == world.STALE
    assert page.locator("#map-box").is_hidden()
    page.locator("article.card .card-title a").first.click()
    expect(page.locator("h1")).to_have_text(world.shop_name(0))


def test_a_stale_price_stands_last_and_says_for_how_long_it_was_not_updated(visit):
    made, page = compare(visit)
    page.locator("#more").click()
    made.settled()
    last = page.locator("article.card").last
    expect(last).to_contain_text(re.compile("2[01]天未更新"))  # midnight may have come since the shop was made
    expect(last).to_contain_text(world.STALE)


@SIZES
def test_with_a_position_the_list_goes_by_distance_and_no_address_ever_holds_it(visit, viewport, site):
    made, page = compare(visit, viewport=viewport, position=world.ORIGIN)
    page.locator("[data-locate][data-then=nearest]").click()
    expect(page.locator("#sort-nearest")).to_be_checked()
    made.settled()
    assert names(page)[:2] == [world.shop_name(23), world.shop_name(22)]
    expect(page.locator("article.card").first).to_contain_text("直线约 200 米")
    sent = [request.headers.get("x-position") for request in made.requests]
    assert set(sent) == {None, world.ROUNDED}
    for request in made.requests:
        assert not re.search(r"30\.5|114\.3", request.url)
    assert page.evaluate("location.href + JSON.stringify(history.state)").count("30.5") == 0
    assert page.evaluate("sessionStorage.getItem('position')") == world.ROUNDED
    assert page.evaluate("JSON.stringify(localStorage)").count("30.5") == 0
    assert not re.search(r"30\.54|114\.30", site.log.read_text(errors="replace"))


def test_the_position_lasts_over_a_reload_until_it_is_no_longer_wanted(visit):
    _made, page = compare(visit, position=world.ORIGIN)
    page.locator("[data-locate]").first.click()
    page.locator("[data-forget]").wait_for()
    page.reload()
    page.locator("[data-forget]").wait_for()
    expect(page.locator("article.card").first).to_contain_text("直线约")
    page.locator("[data-forget]").click()
    page.locator("[data-locate]").first.wait_for()
    assert page.evaluate("sessionStorage.getItem('position')") is None
    assert "直线约" not in page.locator("#results").inner_text()


def test_a_refused_position_is_said_and_a_district_offered(visit):
    _made, page = compare(visit)
    page.locator("[data-locate]").first.click()
    expect(page.locator("#locate-failed")).to_contain_text("请选一个区县")


def test_choices_change_the_list_in_place_and_the_address_with_it(visit):
    made, page = compare(visit)
    page.select_option("#city", "420100")
    page.locator("#county").wait_for()
    page.locator("#county").focus()
    page.select_option("#county", "420111")
    expect(page.locator("article.card")).to_have_count(1)
    made.settled()
    assert page.url.endswith("?city=420100&county=420111")
    assert page.evaluate("document.activeElement.id") == "county"
    page.reload()
    assert names(page) == [world.CHEAPEST_BY_TABLET]


def test_a_filter_leaves_out_what_does_not_pass_and_says_that_it_does(visit):
    made, page = compare(visit)
    page.locator(".filters summary").click()
    page.locator(".chip", has_text="现在营业").click()
    page.wait_for_url(re.compile(r"\?open_now=true$"))
    made.settled()
    assert names(page)[0] == world.shop_name(0)
    expect(page.locator(".filters summary")).to_have_text("筛选 · 1")


def test_an_empty_list_says_why_and_what_to_try(visit):
    made, page = compare(visit)
    page.select_option("#city", "420500")
    expect(page.locator(".empty")).to_contain_text("宜昌市现在没有药店报这种药的价格")
    page.locator(".empty .chip-link", has_text="看全省").click()
    made.settled()
    assert len(names(page)) == 20


def test_navigation_links_are_https_and_name_the_destination_only(visit):
    _made, page = compare(visit, position=world.ORIGIN)
    page.locator("[data-locate]").first.click()
    page.locator("[data-forget]").wait_for()
    page.locator("article.card .menu summary").first.click()
    links = page.locator("article.card").first.locator(".bubble a[target=_blank]")
    assert links.all_inner_texts() == ["高德地图", "百度地图", "腾讯地图", "苹果地图"]
    for link in links.all():
        address = link.get_attribute("href") or ""
        assert address.startswith("https://")
        assert world.ROUNDED not in address
        assert "30.545000" not in address


def test_a_badge_explains_itself_when_tapped(visit):
    _made, page = compare(visit)
    page.locator(".explain", has_text="处方药").locator("summary").click()
    expect(page.locator(".explain[open] .bubble")).to_have_text("处方药须凭处方在药师指导下购买和使用")


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/search?q=氨氯地平",
        "/search?q=zzz",
        "/search?q=络活喜",
        "/browse",
        "/browse/tendered",
        "/browse/classes/XC08CA",
        "/catalogue",
        "/catalogue/changes",
        "/comparison",
        "/pharmacy",
        "/about/prices",
        "/list",
        "/list#p1*2",
        "/pharmacies?q=测试",
        "/nope",
    ],
)
def test_an_english_page_has_no_chinese_words_but_names(visit, path):
    made = visit(viewport=DESK, locale="en-GB")
    if path in ("/comparison", "/pharmacy"):
        page = made.go("/en/search?q=" + world.DRUG)
        page.locator(".row-link").first.click()
        if path == "/pharmacy":
            page.locator("article.card .card-title a").nth(1).click()
            page.wait_for_url(re.compile("/en/pharmacies/"))
    else:
        page = made.go("/en" + path)
    made.page.wait_for_load_state("networkidle")
    assert page.locator("html").get_attribute("lang") == "en"
    said = page.evaluate(
        """() => {
          const found = [];
          const walk = (node) => {
            if (node.nodeType === Node.TEXT_NODE) { found.push(node.data); return; }
            if (node.nodeType !== Node.ELEMENT_NODE || (node.lang || '').startsWith('zh')) return;
            if (['SCRIPT', 'STYLE'].includes(node.tagName) || node.closest('.pin')) return;
            for (const name of ['placeholder', 'aria-label', 'title', 'alt']) found.push(node.getAttribute(name) || '');
            node.childNodes.forEach(walk);
          };
          walk(document.body);
          return found.join('\\n');
        }"""
    )
    typed = {"氨氯地平", "络活喜", world.DRUG}  # the title says back what was asked for, and the drug's name
    assert [word for word in CHINESE.findall(said) if word not in typed] == []
    assert page.title().endswith("Yaobi")
    made.complaints = [each for each in made.complaints if path != "/nope" or "404" not in each]


@SIZES
def test_the_other_language_is_the_same_page(visit, viewport):
    _made, page = compare(visit, viewport=viewport)
    page.select_option("#city", "420100")
    page.locator("#county").wait_for()
    page.locator("[data-language]").click()
    page.wait_for_url(re.compile(r"/en/preparations/\d+\?city=420100$"))
    page.locator("[data-language]").click()
    page.wait_for_url(re.compile(r"(?<!/en)/preparations/\d+\?city=420100$"))


def test_the_next_drug_begins_in_the_county_of_the_last_until_the_province_is_chosen_again(visit):
    made, page = compare(visit)
    start = page.url
    page.select_option("#city", "420100")
    page.locator("#county").wait_for()
    page.select_option("#county", "420111")
    expect(page.locator("article.card")).to_have_count(1)
    page.goto(start)
    page.wait_for_url(re.compile(r"\?city=420100&county=420111$"))
    expect(page.locator("article.card")).to_have_count(1)
    assert page.evaluate("localStorage.getItem('area')") == '{"city":"420100","county":"420111"}'
    page.select_option("#city", "")
    expect(page.locator("#county")).to_have_count(0)
    made.settled()
    page.goto(start)
    made.settled()
    assert page.url == start
    assert page.evaluate("localStorage.length") == 0


def test_a_server_with_too_much_to_do_is_not_called_a_broken_network(visit):
    made, page = compare(visit)
    page.route("**/preparations/**", lambda route: route.fulfill(status=503, body=""))
    page.select_option("#city", "420100")
    expect(page.locator("#request-failed")).to_contain_text("现在查的人太多")
    page.unroute("**/preparations/**")
    page.route("**/preparations/**", lambda route: route.abort())
    page.select_option("#city", "")
    expect(page.locator("#request-failed")).to_contain_text("请检查网络")
    made.complaints.clear()  # the browser's own word for both


def test_on_paper_each_shop_has_its_address_and_nothing_can_be_pressed(visit):
    made, page = compare(visit, position=world.ORIGIN)
    page.locator("[data-locate]").first.click()
    page.locator("[data-forget]").wait_for()
    made.settled()
    card = page.locator("article.card").first
    expect(card.locator(".print-only")).to_be_hidden()
    page.emulate_media(media="print")
    expect(card.locator(".print-only")).to_be_visible()
    for gone in (".search-top", ".controls", ".tabs", ".add-to-list", ".actions", ".top-link"):
        expect(page.locator(gone).first).to_be_hidden()


def test_large_text_makes_everything_a_third_larger_and_stays_on_this_device(visit):
    _made, page = compare(visit)
    before = page.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize)")
    page.locator("[data-elder]").click()
    page.go_back()
    after = page.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize)")
    assert after == pytest.approx(before * 1.3, abs=0.1)
    assert page.locator("[data-elder]").inner_text() == "标准版"
    assert page.evaluate("JSON.stringify(localStorage)") == '{"elder":"1"}'
    page.go_forward()
    assert min(targets(page)) >= 60
    assert overflow(page) <= 0


@pytest.mark.parametrize("width", [320, 390, 899, 1440])
def test_nothing_is_wider_than_the_window(visit, width):
    _made, page = compare(visit, viewport={"width": width, "height": 800})
    assert overflow(page) <= 0


def test_what_is_pressed_is_as_large_as_a_finger(visit):
    _made, page = compare(visit)
    assert min(targets(page)) >= 44


def overflow(page: Page) -> int:
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


def targets(page: Page) -> list[float]:
    """Heights of everything visible that is pressed; links inside a sentence and card titles are text."""
    return page.evaluate(
        """() => [...document.querySelectorAll('button, summary, select, .button, .chip, .segments label, input[type=search]')]
          .filter((each) => each.offsetParent && !each.closest('.map-box'))
          .map((each) => each.getBoundingClientRect().height)"""
    )


@SIZES
def test_a_suspended_pharmacy_is_found_by_name_and_says_so(visit, viewport):
    page = visit(viewport=viewport).go("/pharmacies?q=已暂停")
    expect(page.locator(".badge-alarm")).to_have_text("已暂停医保结算")
    page.locator(".row-link").click()
    expect(page.locator(".notice-alarm")).to_contain_text("已暂停医保结算")
    expect(page.locator(".notice-alarm")).to_contain_text("它的价格不参加比价")


def test_a_pharmacy_shows_its_hours_its_services_and_its_prices(visit):
    _made, page = compare(visit, viewport=DESK)
    page.locator("article.card .card-title a").nth(1).click()
    expect(page.locator("h1")).to_have_text(world.shop_name(0))
    expect(page.locator("main")).to_contain_text("24小时")
    expect(page.locator(".explain")).to_contain_text("医保定点")
    expect(page.locator(".rows .row-link")).to_contain_text(world.DRUG)
    expect(page.locator(".pin")).to_have_count(1)
    page.fill("#name", "二甲双胍")
    page.press("#name", "Enter")
    expect(page.locator(".empty")).to_contain_text("没有报过“二甲双胍”的价格")


def test_a_drug_of_one_maker_compares_by_the_box(visit):
    _made, page = compare(visit, viewport=DESK)
    page.locator(".jumps a", has_text="同药其他厂家／规格").click()
    page.locator("#others .row-link", has_text="辉瑞").click()
    expect(page.locator("#list-words")).to_contain_text("按每盒价格从低到高")
    assert page.locator(".pin").first.inner_text() == "10.00"


def test_demonstration_data_are_named_on_every_page(visit):
    made = visit()
    for path in ("/", "/search?q=x", "/about/prices", "/pharmacies"):
        expect(made.go(path).locator(".demo")).to_contain_text("演示数据")


def test_a_reader_without_eyes_hears_the_price_in_words(visit):
    _made, page = compare(visit)
    assert page.locator("article.card .price .visually-hidden").nth(1).inner_text() == "10元"
    assert page.locator("article.card .price [aria-hidden]").nth(1).inner_text() == "10.00元"
