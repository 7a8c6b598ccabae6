"""我的药单 in a browser: kept there and nowhere else, bought with one stop or two, sent to the family, printed."""

import json
import re
import urllib.request
from collections.abc import Callable
from pathlib import Path
from urllib.error import HTTPError

import pytest
from playwright.sync_api import Page, expect

from tests.browser import world
from tests.browser.conftest import DESK, PHONE, Site, Visit, environment, serving
from tests.browser.test_logs import leaks
from tests.browser.test_pages import overflow, targets

SIZES = pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])


def kept(page: Page) -> list[dict[str, object]]:
    found = page.evaluate("localStorage.getItem('list')")
    return json.loads(found) if found else []


def large_pack(page: Page, url: str) -> str:
    """The code of the other product: its one shop stands 10 km away."""
    page.goto(f"{url}/drugs/{world.CODE}")
    address = page.locator("#others .row-link").first.get_attribute("href") or ""
    return address.rsplit("/", 1)[1]


def with_lines(made: Visit, path: str = "/list") -> Page:
    """Two packs of what 24 shops sell, one of what only the far shop sells, both added as a citizen does."""
    page = made.page
    other = large_pack(page, made.url)
    for code in (world.CODE, other):
        made.go(f"/drugs/{code}").locator("[data-add]").click()
    page = made.go(path)
    page.locator("[data-line='0'] [data-more]").click()
    return page


def planned(made: Visit, radius: str = "20000") -> Page:
    page = with_lines(made)
    page.select_option("#plan-radius", radius)
    page.locator("[data-locate]").click()
    page.locator("#plan #results").wait_for()
    return page


def shown_plan(page: Page) -> str:
    return page.locator(".plan:not(.plan-off)").inner_text()


@SIZES
def test_a_drug_is_added_on_its_page_and_stands_on_the_list_by_name(visit, viewport):
    made = visit(viewport=viewport)
    page = made.go(f"/drugs/{world.CODE}")
    page.locator("[data-add]").click()
    expect(page.locator("[data-added]")).to_be_focused()
    expect(page.locator("[data-list-count]")).to_have_text("1")
    page.locator("[data-added]").click()
    expect(page.locator(".line")).to_have_count(1)
    expect(page.locator(".line-name")).to_contain_text("辉瑞制药有限公司")
    assert kept(page) == [{"drug": world.CODE, "quantity": 1}]


def test_of_a_preparation_any_maker_will_do_and_no_line_stands_twice(visit):
    made = visit()
    page = made.go("/preparations/1")
    page.locator("[data-add]").click()
    page = made.go("/preparations/1")
    expect(page.locator("[data-add]")).to_be_hidden()
    expect(page.locator("[data-added]")).to_be_visible()
    page = made.go("/list")
    expect(page.locator(".line-name")).to_contain_text("不限厂家")
    assert kept(page) == [{"preparation": 1, "quantity": 1}]


def test_quantities_change_and_what_is_taken_away_can_be_put_back(visit):
    made = visit()
    page = with_lines(made)
    first = page.locator("[data-line='0'] [data-quantity]")
    assert kept(page)[0]["quantity"] == 2
    first.fill("5")
    first.press("Tab")
    assert kept(page)[0]["quantity"] == 5
    first.fill("0")
    first.press("Tab")
    expect(first).to_have_value("5")
    page.locator("[data-line='0'] [data-remove]").click()
    expect(page.locator(".line")).to_have_count(1)
    page.locator("[data-undo]").click()
    expect(page.locator(".line")).to_have_count(2)
    page.locator("[data-clear]").click()
    expect(page.locator("#no-lines")).to_be_visible()
    assert kept(page) == []
    assert page.evaluate("localStorage.length") == 0
    page.locator("[data-undo]").click()
    assert [line["quantity"] for line in kept(page)] == [5, 1]


@SIZES
def test_one_stop_and_two_are_offered_and_the_one_that_fills_most_is_shown(visit, viewport, site):
    made = visit(viewport=viewport, position=world.ORIGIN)
    page = planned(made)
    assert page.locator("[data-plan]").count() == 2
    expect(page.locator("[data-plan='2']")).to_have_attribute("aria-pressed", "true")
    said = shown_plan(page)
    assert "能配齐" in said
    assert "药费 38.20 元 + 路费 12.81 元" in said  # 2 × 10.00 at the farthest of the row, 18.20 beyond it
    assert re.search(r"第 1 站.*第00分店.*第 2 站.*珞喻路店", said, re.S)
    page.locator("[data-plan='1']").click()
    said = shown_plan(page)
    assert "还缺 1 种" in said
    assert "第 2 站" not in said
    sent = [request for request in made.requests if request.url.endswith("/list/plan")]
    assert sent
    assert {(request.post_data_json["lat"], request.post_data_json["lng"]) for request in sent} == {(30.545, 114.302)}
    assert not any(re.search(r"30\.5|114\.3", request.url) for request in made.requests)
    assert "30.5" not in page.evaluate("location.href + JSON.stringify(localStorage)")
    assert leaks(site.log) == []


def test_the_map_shows_the_stops_of_the_chosen_plan_in_their_order(visit):
    page = planned(visit(viewport=DESK, position=world.ORIGIN))
    expect(page.locator(".pin")).to_have_count(2)
    assert page.locator(".pin").all_inner_texts() == ["1", "2"]
    page.locator("[data-plan='1']").click()
    expect(page.locator(".pin")).to_have_count(1)


def test_a_stop_is_navigated_to_by_links_that_name_it_alone(visit):
    page = planned(visit(position=world.ORIGIN))
    stop = page.locator(".plan:not(.plan-off) .stops article").first
    stop.locator(".menu summary").first.click()
    links = stop.locator(".bubble a[target=_blank]")
    assert links.all_inner_texts() == ["高德地图", "百度地图", "腾讯地图", "苹果地图"]
    assert all(world.ROUNDED not in (link.get_attribute("href") or "") for link in links.all())


def test_without_travel_cost_the_total_is_what_the_shops_ask(visit):
    page = planned(visit(position=world.ORIGIN))
    page.select_option("#plan-travel", "0")
    expect(page.locator(".plan:not(.plan-off) .plan-total")).to_contain_text("药费 38.20 元 + 路费 0.00 元")


def test_a_district_serves_who_gives_no_position(visit):
    made = visit()
    page = with_lines(made)
    page.locator("#plan-form [type=submit]").click()
    expect(page.locator("#needs-place")).to_be_visible()
    page.select_option("#from-region", "420106")
    page.locator("#plan-form [type=submit]").click()
    expect(page.locator("#plan")).to_contain_text("从武昌区药店最多的一带算起")
    expect(page.locator(".plan")).to_have_count(1)
    sent = made.requests[-1].post_data_json
    assert sent["region"] == "420106"
    assert "lat" not in sent


def test_where_nothing_is_sold_the_plan_says_so(visit):
    made = visit()
    page = with_lines(made)
    page.select_option("#from-region", "420500")
    page.locator("#plan-form [type=submit]").click()
    expect(page.locator("#plan")).to_contain_text("这个范围里一种也配不到")


def test_a_list_that_was_sent_is_not_this_browsers_until_it_is_kept(visit):
    made = visit()
    with_lines(made)
    page = made.go(f"/list#{world.CODE}*3,p1*2")
    page.reload()  # behind the # alone nothing is loaded anew
    expect(page.locator("#shared")).to_be_visible()
    expect(page.locator(".line")).to_have_count(2)
    expect(page.locator("[data-line='0'] [data-quantity]")).to_have_value("3")
    assert [line["quantity"] for line in kept(page)] == [2, 1]
    page.locator("[data-line='0'] [data-more]").click()
    assert page.url.endswith(f"/list#{world.CODE}*4,p1*2")
    assert page.locator("#share-address").input_value() == page.url
    page.locator("[data-keep]").click()
    assert kept(page) == [{"drug": world.CODE, "quantity": 4}, {"preparation": 1, "quantity": 2}]
    assert page.url.endswith("/list")
    assert not any("*" in request.url for request in made.requests)


def test_the_own_list_comes_back_from_under_one_that_was_sent(visit):
    made = visit()
    with_lines(made)
    page = made.go("/about/prices")
    page = made.go("/list#p1*2")
    expect(page.locator(".line")).to_have_count(1)
    page.locator("[data-own]").click()
    expect(page.locator(".line")).to_have_count(2)
    expect(page.locator("#shared")).to_be_hidden()


@pytest.mark.parametrize("text", ["<img src=x>", "p0*1", "p1*0", "p9999999999*1", "X*1", "p1*1000", "%00*1", "," * 500])
def test_nonsense_behind_the_sign_is_no_list(visit, text):
    page = visit().go(f"/list#{text}")
    expect(page.locator("#no-lines")).to_be_visible()
    expect(page.locator("#shared")).to_be_hidden()


def test_a_drug_that_is_gone_is_said_and_can_be_taken_away(visit):
    page = visit().go("/list#X9999999999999*1,p1*1")
    expect(page.locator("[data-line='0']")).to_contain_text("目录里没有这种药")
    page.locator("[data-line='0'] [data-remove]").click()
    expect(page.locator(".line")).to_have_count(1)


@SIZES
def test_without_scripts_the_page_says_what_it_needs_and_leads_to_the_search(visit, viewport):
    page = visit(viewport=viewport, java_script_enabled=False).go("/list")
    expect(page.locator("main .notice.nojs-only")).to_contain_text("要打开 JavaScript 才能用")
    expect(page.locator("#plan-form")).to_be_hidden()
    page.locator("main .notice.nojs-only a").click()
    page.wait_for_url("**/search")


def test_on_paper_stand_the_lines_and_both_plans_and_nothing_to_press(visit):
    page = planned(visit(position=world.ORIGIN))
    page.emulate_media(media="print")
    expect(page.locator(".line").first).to_be_visible()
    assert page.locator(".plan").all_inner_texts() != []
    for n in range(2):
        expect(page.locator(".plan").nth(n)).to_be_visible()
    pressed = page.locator("main button, main select, main summary")
    assert [each.inner_text() for each in pressed.all() if each.is_visible()] == []


@pytest.mark.parametrize("width", [320, 390, 1440])
def test_nothing_is_wider_than_the_window_nor_smaller_than_a_finger(visit, width):
    page = planned(visit(viewport={"width": width, "height": 800}, position=world.ORIGIN))
    assert overflow(page) <= 0
    assert min(targets(page)) >= 44
    page.locator("[data-elder]").click()
    assert overflow(page) <= 0
    assert min(targets(page)) >= 60


def test_a_network_that_went_away_is_said(visit):
    made = visit(position=world.ORIGIN)
    page = with_lines(made)
    made.context.set_offline(True)
    page.locator("[data-locate]").click()
    expect(page.locator("#request-failed")).to_be_visible()
    made.complaints = [said for said in made.complaints if "ERR_INTERNET_DISCONNECTED" not in said]


# -- what is sent is kept by nobody -----------------------------------------------------------------------------------

LINES = [{"preparation": 1, "quantity": 2}]
BODIES = (
    {"items": LINES, "lat": 30.544612, "lng": 114.302437, "radius_m": 5000},
    {"items": LINES, "lat": 91.30544612, "lng": 114.302437, "radius_m": 5000},
    {"items": [{"preparation": "30.544612", "quantity": 1}], "lat": 30.544612, "lng": 114.302437},
)


def post(url: str) -> list[int]:
    said = []
    for body in BODIES:
        for path in ("/list/plan", "/en/list/plan"):
            request = urllib.request.Request(
                url + path, json.dumps(body).encode(), {"Content-Type": "application/json"}
            )
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:
                    assert "no-store" in answer.headers["Cache-Control"]
                    assert answer.headers["Set-Cookie"] is None
                    said.append(answer.status)
            except HTTPError as error:
                said.append(error.code)
    return said


def test_no_log_holds_where_a_list_was_planned_from(
    site: Site, tmp_path: Path, said_by_database: Callable[[], Path]
) -> None:
    assert post(site.url) == [200, 200, 400, 400, 400, 400]
    timed_out, crashed = tmp_path / "timed-out.log", tmp_path / "crashed.log"
    with serving(environment(tmp_path) | {"SEARCH_TIMEOUT_MS": "1", "LOG_LEVEL": "DEBUG"}, timed_out) as url:
        post(url)
    elsewhere = environment(tmp_path)
    for name in ("DATABASE_URL", "DATABASE_SEARCH_URL"):
        elsewhere[name] = re.sub(r"/[^/?]+\?", "/postgres?", elsewhere[name])
    with serving(elsewhere | {"LOG_LEVEL": "DEBUG"}, crashed) as url:
        assert 500 in post(url)
    assert leaks(site.log, timed_out, crashed, said_by_database()) == []
