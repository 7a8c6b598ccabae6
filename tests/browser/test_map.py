"""The map beside the comparison: as many pins as cards, and the list stands without it."""

from playwright.sync_api import expect

from tests.browser import world
from tests.browser.conftest import DESK
from tests.browser.test_pages import compare


def test_the_map_has_as_many_pins_as_the_list_has_cards(visit):
    _made, page = compare(visit, viewport=DESK)
    expect(page.locator(".pin")).to_have_count(20)
    page.locator("#more").click()
    expect(page.locator("article.card")).to_have_count(26)
    expect(page.locator(".pin")).to_have_count(26)
    assert page.locator(".pin").first.inner_text() == "0.65/片"


def test_a_card_under_the_pointer_or_focus_shows_its_pin_and_a_pin_its_card(visit):
    _made, page = compare(visit, viewport=DESK)
    expect(page.locator(".pin")).to_have_count(20)
    page.locator("article.card").nth(2).hover()
    expect(page.locator(".pin-active")).to_have_attribute("title", world.shop_name(1))
    page.locator("article.card .card-title a").nth(3).focus()
    expect(page.locator(".pin-active")).to_have_attribute("title", world.shop_name(2))
    page.locator(f".pin[title='{world.shop_name(5)}']").dispatch_event("click")
    expect(page.locator(".card-active")).to_contain_text(world.shop_name(5))


def test_the_map_draws_county_outlines_that_can_be_switched_off(visit):
    made, page = compare(visit, viewport=DESK)
    page.locator("#map[data-ready]").wait_for()
    assert any(request.url.endswith("/map/outlines.geojson") for request in made.requests)
    expect(page.locator("#map-note")).to_contain_text("示意图")
    page.locator("#map-outlines").uncheck()
    expect(page.locator("#map-outlines")).not_to_be_checked()


def test_on_a_phone_the_map_is_fetched_only_when_it_is_wanted(visit):
    made, page = compare(visit)
    made.settled()
    assert not any("maplibre-gl.mjs" in request.url for request in made.requests)
    page.locator("[data-map-toggle]").click()
    expect(page.locator(".pin")).to_have_count(20)


def test_without_webgl_the_list_stands_and_the_map_says_so(visit):
    made = visit(viewport=DESK)
    made.context.add_init_script(
        "const real = HTMLCanvasElement.prototype.getContext;"
        "HTMLCanvasElement.prototype.getContext = function (kind) {"
        "  return kind.startsWith('webgl') ? null : real.apply(this, arguments); };"
    )
    page = made.go("/search?q=" + world.DRUG)
    page.locator(".row-link").first.click()
    expect(page.locator("#map-failed")).to_be_visible()
    expect(page.locator("article.card")).to_have_count(20)
    made.complaints = [said for said in made.complaints if "WebGL" not in said and "webgl" not in said]
