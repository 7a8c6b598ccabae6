"""The search field as a combobox: with keys, a finger, an input method, a slow network, and without scripts."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import world
from tests.browser.conftest import DESK, PHONE, eventually

SIZES = pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
A_PAUSE_MS = 200
"""After so long without a key a suggestion is asked for."""


def asked(made) -> list[str]:
    """What was asked of /suggest, in order."""
    return [request.url for request in made.requests if "/suggest?" in request.url]


def type_slowly(page: Page, text: str) -> None:
    page.locator("#q").press_sequentially(text, delay=20)


def options(page: Page):
    return page.locator("#suggestions [role=option]")


def standing_still(made) -> Page:
    """The start page, where no time passes but what `page.clock` is told: no timer goes off between two slow keys."""
    made.page.clock.install()
    page = made.go("/")
    page.clock.pause_at(page.evaluate("Date.now()") + 3_600_000)
    return page


def open_list(visit, path: str = "/", text: str = "氨氯", **settings):
    made = visit(**settings)
    page = made.go(path)
    type_slowly(page, text)
    options(page).first.wait_for()
    return made, page


@SIZES
def test_typing_suggests_and_the_arrows_and_enter_choose(visit, viewport):
    _made, page = open_list(visit, viewport=viewport)
    field = page.get_by_role("combobox")
    expect(field).to_have_attribute("aria-expanded", "true")
    expect(field).not_to_have_attribute("aria-activedescendant", re.compile("."))
    field.press("ArrowDown")
    expect(field).to_have_attribute("aria-activedescendant", "suggestion-1")
    expect(page.get_by_role("option", selected=True)).to_contain_text(world.DRUG)
    field.press("Enter")
    page.wait_for_url(re.compile(r"/preparations/\d+$"))
    expect(page.locator("h1")).to_have_text(world.DRUG)


def test_the_arrows_go_round_through_the_field(visit):
    _made, page = open_list(visit)
    field = page.get_by_role("combobox")
    field.press("ArrowUp")
    expect(field).to_have_attribute("aria-activedescendant", f"suggestion-{options(page).count()}")
    field.press("ArrowDown")
    expect(field).not_to_have_attribute("aria-activedescendant", re.compile("."))
    expect(page.get_by_role("option", selected=True)).to_have_count(0)
    assert page.evaluate("document.activeElement.id") == "q"


def test_enter_without_a_choice_searches_for_what_was_typed(visit):
    _made, page = open_list(visit)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/search\?q="))
    assert page.locator("#q").input_value() == "氨氯"


def test_escape_closes_the_list_and_keeps_the_text(visit):
    _made, page = open_list(visit)
    page.keyboard.press("Escape")
    expect(page.locator("#suggestions")).to_be_hidden()
    expect(page.get_by_role("combobox")).to_have_attribute("aria-expanded", "false")
    assert page.locator("#q").input_value() == "氨氯"
    page.keyboard.press("ArrowDown")
    expect(options(page).first).to_be_visible()


def test_a_press_on_a_suggestion_opens_it_and_a_press_elsewhere_closes_the_list(visit):
    _made, page = open_list(visit, has_touch=True)
    page.locator("footer").click(position={"x": 4, "y": 4})
    expect(page.locator("#suggestions")).to_be_hidden()
    type_slowly(page, "地")
    options(page).first.tap()
    page.wait_for_url(re.compile(r"/preparations/\d+$"))


def test_a_screen_reader_hears_how_many_there_are(visit):
    _made, page = open_list(visit)
    said = page.locator("#suggestions-said")
    expect(said).to_have_text(f"{options(page).count()} 条建议，按上下键选择")
    page.fill("#q", "zzzzzz")
    expect(said).to_have_text("没有建议，可以直接查价")
    expect(page.locator("#suggestions")).to_be_hidden()
    page.fill("#q", "")
    expect(said).to_have_text("")


def test_quick_typing_asks_once(visit):
    made = visit()
    page = standing_still(made)
    type_slowly(page, "bhsaldp")
    assert asked(made) == []
    page.clock.run_for(A_PAUSE_MS)
    expect(options(page)).to_have_count(1)
    assert len(asked(made)) == 1
    assert asked(made)[0].endswith("/suggest?q=bhsaldp")


def test_an_input_method_asks_nothing_until_it_has_composed(visit):
    made = visit()
    page = standing_still(made)
    page.locator("#q").focus()
    method = made.context.new_cdp_session(page)
    for letters in ("a", "an", "an l", "an lv"):
        method.send("Input.imeSetComposition", {"text": letters, "selectionStart": 0, "selectionEnd": len(letters)})
        page.clock.run_for(A_PAUSE_MS)
    page.keyboard.press("ArrowDown")
    assert asked(made) == []
    method.send("Input.insertText", {"text": "氨氯"})
    page.clock.run_for(A_PAUSE_MS)
    options(page).first.wait_for()
    assert len(asked(made)) == 1


def test_an_answer_that_was_overtaken_is_dropped(visit):
    """The first answer arrives last, whatever was done to stop it."""
    made = visit()
    made.context.add_init_script(
        """const real = window.fetch;
        window.overtaken = null;
        window.fetch = (address) => address.endsWith('q=x')
          ? new Promise((later) => { window.overtaken = later; }).then(() => real(address)) : real(address);"""
    )
    page = made.go("/")
    type_slowly(page, "x")
    eventually(page, lambda: page.evaluate("window.overtaken !== null"), "the first has been asked")
    page.fill("#q", "氨氯")
    options(page).first.wait_for()
    with page.expect_response(re.compile(r"/suggest\?q=x$")) as late:
        page.evaluate("window.overtaken()")
    late.value.finished()
    page.evaluate("new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
    expect(options(page).first).to_contain_text(world.DRUG)


def test_a_network_that_is_away_leaves_the_form_as_it_is(visit):
    made = visit()
    page = made.go("/")
    page.route(re.compile(r"/suggest\?"), lambda route: route.abort())
    with page.expect_event("requestfailed"):
        type_slowly(page, "氨氯")
    expect(page.locator("#suggestions")).to_be_hidden()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/search\?q="))
    made.complaints.clear()


def test_what_was_typed_is_in_no_address_history_or_store(visit):
    made, page = open_list(visit)
    assert page.url == made.url + "/"
    assert page.evaluate("history.length") == 2
    assert page.evaluate("JSON.stringify([Object.keys(localStorage), Object.keys(sessionStorage)])") == "[[],[]]"
    answer = page.request.get(made.url + "/suggest?q=氨氯")
    assert "no-store" in answer.headers["cache-control"]


@SIZES
def test_without_scripts_the_form_searches_and_every_list_can_be_browsed(visit, viewport):
    page = visit(viewport=viewport, java_script_enabled=False).go("/")
    assert page.locator("#q").get_attribute("role") is None
    assert page.locator("#suggestions").is_hidden()
    page.fill("#q", "络活喜")
    page.press("#q", "Enter")
    expect(page.locator(".row-link")).to_contain_text("商品名 络活喜")
    page.goto(page.url.split("/search")[0] + "/browse")
    page.locator(".list-link").first.click()
    page.locator(".row-link").click()
    expect(page.locator("h1")).to_have_text(world.DRUG)


def test_a_drug_is_reached_by_its_class(visit):
    page = visit().go("/browse")
    page.get_by_role("link", name="心血管系统").click()
    page.get_by_role("link", name="二氢吡啶衍生物类").click()
    expect(page.locator(".row-link", has_text=world.DRUG)).to_be_visible()
    page.locator("a.crumb").click()
    expect(page.locator("h1")).to_have_text("心血管系统")


def test_the_change_of_a_restriction_is_read_word_by_word(visit):
    page = visit().go("/about/prices")
    page.get_by_role("link", name="医保药品目录").click()
    page.get_by_role("link", name="看两个年版有什么不同").click()
    page.get_by_role("link", name="限定支付范围变化").click()
    expect(page.locator(".change")).to_have_count(1)
    expect(page.locator(".change")).to_contain_text("限高血压患者。")


@pytest.mark.parametrize("width", [320, 390, 899, 1440])
@pytest.mark.parametrize("elder", [False, True], ids=["standard", "large text"])
def test_nothing_is_wider_than_the_window(visit, width, elder):
    made = visit(viewport={"width": width, "height": 800})
    if elder:
        made.context.add_init_script("localStorage.setItem('elder', '1')")
    wide = {}
    for path in ("/", "/search?q=络活喜", "/search?q=zzzz", "/browse", "/browse/tendered", "/browse/classes/XC", "/catalogue", "/catalogue/changes", "/about/prices"):  # fmt: skip
        page = made.go(path)
        over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if over > 0:
            wide[path] = over
    assert wide == {}


def test_what_is_pressed_is_as_large_as_a_finger(visit):
    made, page = open_list(visit)
    heights = "(all) => all.map((each) => each.getBoundingClientRect().height)"
    assert min(options(page).evaluate_all(heights)) >= 44
    for path in ("/browse", "/catalogue/changes", "/"):
        page = made.go(path)
        for pressed in page.locator(".way, .list-link, .chip-link, .tile, .tile-head a").all():
            assert pressed.bounding_box()["height"] >= 44
