"""axe-core on every public page: at both widths, in light and dark, in 长辈版, and with what opens opened.

WCAG 2.x A and AA and axe's best practices. The tool is put into the page from outside, past the page's policy.
"""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page

from tests.browser import world
from tests.browser.conftest import DESK, PHONE, Site

AXE = settings.NODE_MODULES / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
DISABLED: dict[str, str] = {}
"""rule: why it cannot hold here. Empty: none is needed."""

PAGES = {
    "home": "/",
    "search, found": f"/search?q={world.DRUG}",
    "search, by trade name": "/search?q=络活喜",
    "search, nothing": "/search?q=zzzz",
    "search, no question": "/search",
    "preparation": "{preparation}",
    "preparation, no price here": "{preparation}?city=420500",
    "drug": "{drug}",
    "pharmacies": "/pharmacies?q=测试",
    "pharmacies, nothing": "/pharmacies?q=zzzz",
    "pharmacy": "{pharmacy}",
    "browse": "/browse",
    "list of drugs": "{list}",
    "tendered": "/browse/tendered",
    "main class": "/browse/classes/XC",
    "class": "/browse/classes/XC08CA",
    "editions": "/catalogue",
    "changes": "/catalogue/changes",
    "list, empty": "/list",
    "list": "/list#p1*2,X9999999999999*1",
    "about": "/about/prices",
    "no such page": "/nowhere",
}
VARIANTS: dict[str, dict[str, Any]] = {
    "phone, light": {"viewport": PHONE, "color_scheme": "light"},
    "desk, dark": {"viewport": DESK, "color_scheme": "dark"},
    "phone, dark, large text": {"viewport": PHONE, "color_scheme": "dark", "elder": True},
    "desk, light, English": {"viewport": DESK, "color_scheme": "light", "english": True},
}
"""Each page in each: both widths meet both schemes, large text stands where there is least room."""


def opened(browser: Browser, options: dict[str, Any]) -> Page:
    """A page that is ready to be examined wherever it goes."""
    settings_of_page = {name: options[name] for name in ("viewport", "color_scheme")}
    context = browser.new_context(locale="zh-CN", bypass_csp=True, reduced_motion="reduce", **settings_of_page)
    context.add_init_script(path=AXE)
    if options.get("elder"):
        context.add_init_script("localStorage.setItem('elder', '1')")
    return context.new_page()


def violations(page: Page) -> list[str]:
    """`rule (help): the elements`, one line for each rule that is broken."""
    rules = {rule: {"enabled": False} for rule in DISABLED}
    found = page.evaluate(
        "(options) => axe.run(document, options)",
        {"runOnly": {"type": "tag", "values": TAGS}, "rules": rules, "resultTypes": ["violations"]},
    )
    return [
        f"{each['id']} ({each['help']}): " + "; ".join(node["html"][:160] for node in each["nodes"][:4])
        for each in found["violations"]
    ]


def addresses(page: Page, site: Site) -> dict[str, str]:
    """Addresses of the world's rows, read off the pages that lead to them."""
    page.goto(f"{site.url}/search?q={world.DRUG}")
    preparation = page.locator(".row-link").first.get_attribute("href") or ""
    page.goto(site.url + preparation)
    pharmacy = page.locator("article.card .card-title a").first.get_attribute("href") or ""
    page.goto(f"{site.url}/browse")
    drug_list = page.locator(".list-link").first.get_attribute("href") or ""
    return {"preparation": preparation, "pharmacy": pharmacy, "list": drug_list, "drug": f"/drugs/{world.CODE}"}


@pytest.mark.parametrize("variant", VARIANTS)
def test_no_page_breaks_a_rule_of_accessibility(browser: Browser, site: Site, variant: str) -> None:
    options = VARIANTS[variant]
    page = opened(browser, options)
    known = addresses(page, site)
    prefix = "/en" if options.get("english") else ""
    broken = []
    for name, address in PAGES.items():
        page.goto(site.url + prefix + address.format(**known))
        broken += [f"{name}: {line}" for line in violations(page)]
    page.context.close()
    assert not broken, "\n".join(broken)


def _suggesting(page: Page) -> None:
    page.locator("#q").press_sequentially("氨氯")
    page.locator("#suggestions [role=option]").first.wait_for()
    page.keyboard.press("ArrowDown")


def _explaining(page: Page) -> None:
    page.locator(".explain summary").first.click()
    page.locator("article.card .menu summary").first.click()


def _filtering(page: Page) -> None:
    page.locator(".filters summary").click()


def _unfolding(page: Page) -> None:
    page.locator("[data-unfold]").click()


def _here(page: Page) -> None:
    page.evaluate(f"sessionStorage.setItem('position', '{world.ROUNDED}')")
    page.reload()


def _near_and_cheap(page: Page) -> None:
    _here(page)
    page.locator(".frontier").wait_for()


def _by_value(page: Page) -> None:
    _here(page)
    page.locator("#travel").wait_for()


def _planned(page: Page) -> None:
    _here(page)
    page.locator(".stops .menu summary").first.click()


OPENED: dict[str, tuple[str, Callable[[Page], None]]] = {
    "suggestions": ("/browse", _suggesting),
    "explanations and ways": ("{preparation}", _explaining),
    "the rest of the head": ("{drug}", _unfolding),
    "filters": ("{preparation}", _filtering),
    "near and cheap": ("{drug}?sort=frontier", _near_and_cheap),
    "with travel cost": ("{preparation}?sort=value", _by_value),
    "list with a plan": ("/list#p1*2,X9999999999999*1", _planned),
}


@pytest.mark.parametrize("variant", ["phone, light", "phone, dark, large text"])
def test_what_is_opened_on_a_page_breaks_none_either(browser: Browser, site: Site, variant: str) -> None:
    page = opened(browser, VARIANTS[variant])
    known = addresses(page, site)
    broken = []
    for name, (address, act) in OPENED.items():
        page.goto(site.url + address.format(**known))
        act(page)
        broken += [f"{name}: {line}" for line in violations(page)]
    page.context.close()
    assert not broken, "\n".join(broken)


def test_the_tool_finds_what_is_wrong(browser: Browser, site: Site) -> None:
    """A page without a language, with a nameless button and faint text: the examination can fail."""
    page = opened(browser, VARIANTS["phone, light"])
    page.goto(site.url + "/about/prices")
    page.evaluate(
        """() => {
          document.documentElement.removeAttribute('lang');
          document.querySelector('main').insertAdjacentHTML('beforeend', '<button></button><p class="faint">几乎看不见</p>');
          document.querySelector('.faint').style.color = '#ccc';
        }"""
    )
    found = " ".join(violations(page))
    page.context.close()
    assert all(rule in found for rule in ("html-has-lang", "button-name", "color-contrast"))
