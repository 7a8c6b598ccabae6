"""The staff pages in English: no Chinese is left on them but names from the data."""

import re
from functools import cache
from html.parser import HTMLParser

from catalog.models import Preparation
from pharmacies.models import Chain, Invitation, Pharmacy, Region, User
from prices.models import Feed, Inquiry, InquiryReply, Upload

from . import walls, walls_world
from .walls import STAFF

HAN = re.compile("[\u3000-\u303f\u4e00-\u9fff\uff01-\uff5e]")
VOID = {"meta", "link", "img", "input", "br", "wbr", "hr"}
SAID = ("aria-label", "placeholder", "alt", "title", "data-offline", "data-label-now")
"""Attributes that people read or hear."""


class Seen(HTMLParser):
    """What a page says in its own language: text and attributes outside elements marked as Chinese."""

    def __init__(self) -> None:
        super().__init__()
        self.depths: list[bool] = []
        self.said: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        inside = bool(self.depths and self.depths[-1])
        foreign = inside or named.get("lang") == "zh-CN" or named.get("translate") == "no"
        if tag not in VOID:
            self.depths.append(foreign)
        if not foreign:
            self.said += [text for name, text in attrs if name in SAID and text]

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID and self.depths:
            self.depths.pop()

    def handle_data(self, data: str) -> None:
        if not (self.depths and self.depths[-1]):
            self.said.append(data.strip())


NAMES = (
    *((model, "name") for model in (Pharmacy, Chain, Region, Feed, Upload, Invitation)),
    *((User, "first_name"), (Preparation, "generic_name"), (Invitation, "created_by")),
    *((Inquiry, "title"), (InquiryReply, "document")),
)
"""On an English page names from the data stand in sentences, in the title and in the log."""


def names() -> list[str]:
    """All there are, longest first."""
    found = {name for model, field in NAMES for name in model._default_manager.values_list(field, flat=True)}
    return sorted(found - {""}, key=len, reverse=True)


def chinese(page: str, known: list[str]) -> list[str]:
    """What is left of a page's own words in Chinese. A quotation is something to be looked for as it is written."""
    seen = Seen()
    seen.feed(page)
    left = []
    for text in seen.said:
        rest = re.sub("“[^”]*”", "", text)
        for name in known:
            rest = rest.replace(name, "")
        if HAN.search(rest):
            left.append(text)
    return left


def test_a_staff_page_in_english_says_nothing_in_chinese(db: None) -> None:
    world = walls_world.world()
    browser = cache(lambda name: walls_world.client_of(world, name))
    known, left, read = names(), {}, 0
    for route, wall in STAFF.items():
        if "GET" not in wall.methods or wall.let_in != "in":
            continue
        person = min(wall.methods["GET"])
        address = "/en" + walls.fill(route, world.own)
        answer = walls.call(browser(person), "GET", address)
        if answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/html"):
            read += 1
            if found := chinese(answer.content.decode(), known):
                left[address] = found
    assert left == {}
    assert read > 20
