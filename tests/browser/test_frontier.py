"""划算 and 又近又便宜 in a browser: four orders, what the way costs, and the chart that leads to the cards."""

import re
from itertools import pairwise

import pytest
from playwright.sync_api import Page, expect

from tests.browser import world
from tests.browser.conftest import DESK, PHONE, Visit
from tests.browser.test_pages import overflow, targets

SIZES = pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])


def ordered(made: Visit, sort: str, path: str = f"/drugs/{world.CODE}") -> Page:
    page = made.go(path)
    page.locator(f"[data-then={sort}]").click()
    expect(page.locator(f"#sort-{sort}")).to_be_checked()
    made.settled()
    return page


def names(page: Page) -> list[str]:
    return page.locator("article.card .card-title").all_inner_texts()


def test_the_four_orders_have_their_names_and_each_its_line(visit):
    made = visit(position=world.ORIGIN)
    page = ordered(made, "nearest")
    labels = page.locator(".orders label")
    assert [label.inner_text() for label in labels.all()] == ["最便宜", "最近", "划算(药价+路费)", "又近又便宜"]
    lines = set()
    for label in labels.all():
        label.click()
        made.settled()
        lines.add(page.locator(".sorts .why").inner_text())
    assert len(lines) == 4


def test_what_the_way_costs_is_chosen_and_said_on_the_cards(visit):
    made = visit(position=world.ORIGIN)
    page = ordered(made, "value")
    first = page.locator("article.card").first
    expect(first).to_contain_text(world.shop_name(0))
    expect(first).to_contain_text("连路费 12.50 元")  # 10.00 and 2.5 km at 1 yuan
    for travel, total in (("2.5", "16.25"), ("0.5", "11.25"), ("0", "10.00")):
        page.select_option("#travel", travel)
        expect(page.locator("article.card").first).to_contain_text(f"连路费 {total} 元")
        made.settled()
        assert page.url.endswith(f"?sort=value&travel={travel}")


@SIZES
def test_near_and_cheap_says_what_every_further_shop_saves(visit, viewport):
    made = visit(viewport=viewport, position=world.ORIGIN)
    page = ordered(made, "frontier")
    assert names(page) == [world.shop_name(n) for n in reversed(range(world.SHOPS))]
    assert page.locator(".step").all_inner_texts() == ["再走 100 米便宜 1.00 元"] * (world.SHOPS - 1)
    assert page.locator(".frontier-dot").count() == world.SHOPS
    assert overflow(page) <= 0
    assert min(targets(page)) >= 44


def test_every_point_of_the_chart_is_reached_by_key_and_leads_to_a_card(visit):
    made = visit(position=world.ORIGIN)
    page = ordered(made, "frontier")
    points = page.locator(".frontier a")
    assert points.count() >= 5
    ids = set(page.locator("article.card").evaluate_all("cards => cards.map(card => card.id)"))
    led_to = [address[1:] for address in points.evaluate_all("links => links.map(link => link.getAttribute('href'))")]
    assert set(led_to) <= ids
    points.first.focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#" + led_to[1]
    page.keyboard.press("Enter")
    card = page.locator("#" + led_to[1])
    expect(card).to_be_in_viewport()
    assert re.match(r"(.+，)?直线约|\d+ 家", points.nth(1).get_attribute("aria-label") or "")


def test_points_lie_apart_so_that_a_finger_meets_one(visit):
    page = ordered(visit(position=world.ORIGIN), "frontier")
    boxes = [box.bounding_box() for box in page.locator(".frontier-hit").all()]
    centres = [(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2) for box in boxes if box]
    for (x, y), (u, v) in pairwise(centres):
        assert max(abs(x - u), abs(y - v)) >= 24


def test_one_product_in_a_row_of_packs_is_compared_by_the_tablet(visit):
    made = visit(position=world.ORIGIN)
    page = made.go("/preparations/1?radius=20000")
    page.locator("[data-then=frontier]").click()
    expect(page.locator("#sort-frontier")).to_be_checked()
    made.settled()
    assert names(page)[-1] == world.CHEAPEST_BY_TABLET
    assert page.locator(".step").last.inner_text() == "再走 7.5 公里便宜 0.0643 元/片"
    expect(page.locator(".frontier figcaption")).to_contain_text("元/片")


def test_one_shop_alone_has_no_chart(visit):
    made = visit(position=world.ORIGIN)
    page = ordered(made, "frontier")
    page = made.go("/preparations/1?city=420100&county=420111&sort=frontier")
    expect(page.locator("#sort-frontier")).to_be_checked()
    made.settled()
    assert names(page) == [world.CHEAPEST_BY_TABLET]
    assert page.locator(".frontier").count() == 0
