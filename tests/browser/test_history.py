"""The chart of 价格走势 under the real policy: drawn, in both colour schemes, at both widths, never without scripts."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone
from playwright.sync_api import Page, expect

from catalog.models import Drug
from prices.models import Offer, PriceChange, RollUp
from prices.statistics.roll_up import backfill, roll_up
from tests.browser.conftest import DESK, PHONE, eventually
from tests.browser.test_accessibility import VARIANTS, opened, violations

SIZES = pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
SCHEMES = pytest.mark.parametrize("scheme", ["light", "dark"])
COLOURS = """frame => {
    const canvas = frame.querySelector("canvas");
    if (!canvas || !canvas.width || !canvas.height) return {};  // it is being drawn anew
    const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    const found = new Map();
    for (let at = 0; at < pixels.length; at += 4) {
        if (pixels[at + 3] === 255) {
            const colour = "#" + [0, 1, 2].map(n => pixels[at + n].toString(16).padStart(2, "0")).join("");
            found.set(colour, (found.get(colour) || 0) + 1);
        }
    }
    return Object.fromEntries(found);
}"""
LINE = {"light": "#0b6b4f", "dark": "#62d0a6"}
BAND = {"light": "#e3f1ea", "dark": "#123527"}


@pytest.fixture(scope="module")
def address(site: Any, django_db_blocker: Any) -> Iterator[str]:
    """The page of a drug that every shop made 2 yuan cheaper ten days ago; 40 days are worked out."""
    with django_db_blocker.unblock(), ThreadPoolExecutor(1) as elsewhere:  # Playwright's loop runs in this thread
        code, earlier = elsewhere.submit(work_out_forty_days).result()
        yield f"/drugs/{code}"
        elsewhere.submit(leave_as_found, earlier).result()


def work_out_forty_days() -> tuple[str, bool]:
    """The drug's code, and whether a roll-up had been there before."""
    now, earlier = timezone.now(), RollUp.objects.exists()
    drug = Drug.objects.get(trade_name="络活喜")
    for number, offer in enumerate(Offer.objects.filter(drug_id=drug.pk)):
        dear = offer.price_fen + 200
        for old, new, back in ((None, dear, 60), (dear, offer.price_fen, 10)):
            at = now - timedelta(days=back)
            PriceChange.objects.create(
                drug_id=offer.drug_id, pharmacy_id=offer.pharmacy_id, old_fen=old, new_fen=new, effective_at=at,
                reported_at=at, received_at=at, feed_id=offer.feed_id, run_id=number + 1,
            )  # fmt: skip
    backfill(timezone.localdate(now) - timedelta(days=40), now)
    roll_up(now)
    connections.close_all()
    return drug.code, earlier


def leave_as_found(earlier: bool) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute("TRUNCATE prices_areaprice, prices_rollup, prices_pricechange")
    if earlier:
        roll_up(timezone.now())
    connections.close_all()


def chart(page: Page) -> Any:
    page.locator("#history").scroll_into_view_if_needed()
    frame = page.locator("[data-history-chart]")
    frame.locator("canvas").wait_for()
    return frame


@SIZES
@SCHEMES
def test_the_line_and_the_band_are_drawn_in_the_colours_of_the_page(visit, address, viewport, scheme):
    page = visit(viewport=viewport, color_scheme=scheme).go(address)
    frame = chart(page)
    for colour, pixels in ((LINE[scheme], 300), (BAND[scheme], 3000)):
        eventually(page, lambda c=colour, n=pixels: frame.evaluate(COLOURS).get(c, 0) > n, f"{colour} is drawn")
    box = frame.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= viewport["width"]


def test_the_chart_follows_the_colour_scheme_and_the_elder_mode(visit, address):
    page = visit(color_scheme="light").go(address)
    frame = chart(page)
    height = frame.bounding_box()["height"]
    page.emulate_media(color_scheme="dark")
    eventually(page, lambda: frame.evaluate(COLOURS).get(LINE["dark"], 0) > 300, "the line is drawn for the dark")
    page.locator("[data-elder]").click()
    eventually(page, lambda: frame.bounding_box()["height"] > 1.2 * height, "the chart has grown")
    expect(frame.locator("canvas")).to_have_count(1)


def test_the_words_and_the_table_say_what_the_chart_shows(visit, address):
    page = visit().go(address)
    expect(page.locator("#history")).to_contain_text("最近 41 天，湖北省多数药店价从")
    page.locator(".history-table summary").focus()
    page.keyboard.press("Enter")
    rows = page.locator(".history-table tbody tr")
    expect(rows.first).to_be_visible()
    assert 2 <= rows.count() <= 12
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_without_scripts_there_is_the_table_and_no_empty_frame(visit, address):
    page = visit(java_script_enabled=False).go(address)
    expect(page.locator("[data-history-chart]")).to_be_hidden()
    page.locator(".history-table summary").click()
    expect(page.locator(".history-table tbody tr").first).to_be_visible()


@pytest.mark.parametrize("variant", ["phone, light", "phone, dark, large text", "desk, light, English"])
def test_the_opened_table_and_the_drawn_chart_break_no_rule_of_accessibility(browser, site, address, variant):
    page = opened(browser, VARIANTS[variant])
    page.goto(site.url + ("/en" if "English" in variant else "") + address)
    chart(page)
    page.locator(".history-table summary").click()
    found = violations(page)
    page.context.close()
    assert found == []
