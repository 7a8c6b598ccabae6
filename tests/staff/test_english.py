"""The staff pages and those of citizens' reports in English: no Chinese is left on them but names from the data."""

import re
from datetime import timedelta
from functools import cache
from html.parser import HTMLParser
from typing import Any

from django.test import Client

from catalog.models import Drug, Preparation
from pharmacies.models import Chain, Invitation, Pharmacy, Region, User
from prices.models import (
    BackTest,
    BackTestDay,
    Case,
    CaseStep,
    Feed,
    Freezing,
    Inquiry,
    InquiryReply,
    Lead,
    ReportGroup,
    Threshold,
    Upload,
)
from prices.models.rules import Detector
from prices.monitoring.detectors import history
from prices.monitoring.reports import answers, codes
from prices.views.console import county_map

from .. import factories as f
from ..console import leads_world, tables_world
from ..factories import AT, since
from ..monitoring import cases_world
from . import walls, walls_world
from .accounts_world import Clock
from .signing import sign_in
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
    *(
        (Inquiry, "title"),
        (InquiryReply, "document"),
        (Case, "title"),
        (CaseStep, "document_number"),
        (Drug, "manufacturer"),
        (Drug, "unit"),
    ),
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


# -- what the console found -------------------------------------------------------------------------------------------


def left_on(client: Client, addresses: list[str]) -> dict[str, list[str]]:
    """Of each page that has any, its own words in Chinese."""
    known, left = names(), {}
    for address in addresses:
        answer = client.get("/en" + address)
        assert answer.status_code == 200, address
        if found := chinese(answer.content.decode(), known):
            left[address] = found
    return left


SEEN: dict[str, dict[str, Any]] = {
    "settled": {"settled_fen": 2990, "settled_at": "2026-11-18T09:30:00+08:00"},
    "reference": {"basis": "listed", "reference_fen": 1500, "document": "No. 1"},
    "mode": {"mode_fen": 1890, "count": 56},
    "drift": {"series": [["2026-09-07", 1000], ["2026-09-14", 1020], ["2026-09-21", 1050]]},
    "change": {"old_fen": 1890, "day": "2026-11-21"},
}
"""What detectors store, besides history and peers, which the world's lead has."""


def test_every_reason_of_a_lead_is_said_in_english(clock: Clock, db: None) -> None:
    world = leads_world.world()
    for detector, seen in SEEN.items():
        made = leads_world.lead(f.drug(), world.shop, agreed=False)
        leads_world.finding(made, detector, p=0.001, score=5.0, **seen)
    Lead.objects.create(
        **{"drug_id": world.drug.pk, "pharmacy_id": None, "area": world.city, "city": world.city, "price_fen": 1100},
        **{
            "since": AT,
            "on": AT.date(),
            "found_at": AT,
            "state": "withdrawn",
            "withdrawn_because": "capped",
            "excess": 0.1,
            "score": 0.1,
        },
    )
    leads_world.screening("sweep", changes=1000, slips=3, collapsed=20, tests=900, rejected=9, leads=6)
    client = leads_world.as_official(Client(), world.city, "reviewer")
    pages = [
        f"/console/420100/leads/{pk}{page}"
        for pk in Lead.objects.values_list("pk", flat=True)
        for page in ("", "/replay")
    ]
    assert left_on(client, [*pages, "/console/420100/leads?state=all"]) == {}


def test_figures_are_said_in_english(clock: Clock, db: None) -> None:
    world = leads_world.world()
    for area in (f.wuchang(), world.city, f.region()):
        leads_world.figure(area, on=leads_world.TODAY - timedelta(days=1))
        leads_world.figure(area)
    for month, value in ((8, 100.0), (9, 100.0), (10, 101.2), (11, 99.8)):
        on = AT.date().replace(month=month, day=1)
        leads_world.index(world.city, on, value, provisional=month == 11)
        leads_world.index(world.city, on, value, kind="geks_t", weights="shops")
    client = leads_world.as_official(Client(), world.city, "reviewer")
    maps = [f"/console/{code}/map?by={by}" for code in ("420100", "420106") for by in county_map.BY]
    pages = [
        "",
        "/index",
        "/late",
        "/compliance",
        "/passthrough",
        "/access",
        "/freezes",
        "/drugs?q=氨氯地平",
        "/pharmacies",
    ]
    past = [f"/as-of?q={world.drug.code}", f"/as-of?q={world.shop.code}", "/as-of?q=没有", "/late?on=2026-11-01"]
    assert left_on(client, [*maps, *(f"/console/420100{page}" for page in (*pages, *past))]) == {}
    october = AT.date().replace(month=10, day=1)
    asked = Freezing.objects.create(area=world.city, month=october, at=AT, by=tables_world.as_user(client))
    for failure in ("", *Freezing.Failure.values):
        Freezing.objects.update(**({"state": "failed", "failure": failure, "finished_at": AT} if failure else {}))
        assert left_on(client, ["/console/420100/freezes", f"/console/420100/freezes/asked/{asked.pk}"]) == {}


STEPS = (
    *("verify", "notice", "reply", "interview", "rectify", "recheck", "corrected", "propose", "send_back", "propose"),
    *("publish", "reopen", "explained"),
)


def test_a_case_is_followed_in_english_to_its_end(clock: Clock, db: None) -> None:
    world = cases_world.world()
    clock.at = cases_world.LATER
    page = f"/console/420106/cases/{world.case.pk}"
    client = {role: sign_in(Client(), person) for role, person in world.people.items()}
    ReportGroup.objects.create(
        pharmacy=world.shop, kind="price", drug_id=world.drug.pk, price_fen=2690, first_at=AT, last_at=AT
    )
    every = {"reason": "reason", "document_number": "No. 1"}
    assert (
        left_on(
            client["reviewer"],
            [page, "/console/420106/cases", f"/console/420106/cases/open?pharmacy={world.shop.code}"],
        )
        == {}
    )
    for step in STEPS:
        clock.at += timedelta(minutes=1)
        if step == "reply":
            world.reply("reason")
        else:
            world.case.refresh_from_db()
            who = client["publisher" if step in ("publish", "send_back") else "reviewer"]
            sent = {"do": step, "seen": world.case.revision, **every}
            late = chinese(who.post("/en" + page, sent | {"seen": 99}).content.decode(), names())
            empty = chinese(
                who.post("/en" + page, sent | {"reason": "", "document_number": ""}, follow=True).content.decode(),
                names(),
            )
            assert (late, empty) == ([], []), step
            who.post("/en" + page, sent)
        assert left_on(client["reviewer"], [page]) == {}, step
        assert left_on(client["publisher"], [page]) == {}, step
    world.case.refresh_from_db()
    assert (world.case.state, world.case.outcome) == ("closed", "explained")


def test_rules_and_back_tests_are_said_in_english(clock: Clock, db: None) -> None:
    area, days = f.wuchang(), {"first": AT.date() - timedelta(days=10), "last": AT.date() - timedelta(days=1)}
    Threshold.objects.create(
        area=area, basis="listed", lower="1.8", upper=None, label="红标", document="文件", valid=since()
    )
    draft = history.Parameters(limit=7.0).stated()
    made = BackTest.objects.create(
        **{"area": area, "detector": "history", "version": 1, "parameters": draft, "at": AT, "state": "done"},
        **{"finished_at": AT, "by": User.objects.create_user("tester", first_name="张三")},
        **days,
    )
    counts = {
        "tests": 100,
        "slips": 2,
        "events": 1,
        "were_same": 2,
        "confirmed": 1,
        "found": 3,
        "known": 2,
        "were": 4,
        "labelled": 1,
        "labelled_were": 2,
        "confirmed_were": 2,
    }
    BackTestDay.objects.create(back_test=made, on=days["first"], covered=True, seconds=0.5, **counts)
    BackTestDay.objects.create(back_test=made, on=days["last"], covered=False, seconds=0.5, **dict.fromkeys(counts, 0))
    client = leads_world.as_official(Client(), area, "reviewer")
    base = "/console/420106"
    pages = [
        "/rules",
        "/thresholds",
        "/backtests",
        f"/backtests/{made.pk}",
        *(f"/rules/{each}" for each in Detector.values),
    ]
    assert left_on(client, [base + page for page in pages]) == {}
    fields = {f"p_{name}": value for name, value in draft.items()} | {"active": "True"}
    for said in (
        {"do": "review"},
        {"do": "review", "p_limit": "9"},
        {"do": "test", "p_limit": "0", "p_min_days": "60"},
        {"do": "test", "first": "2020-01-01", "last": "2026-12-31"},
        {"do": "change", "on": "2020-01-01", "reason": ""},
    ):
        page = client.post(f"/en{base}/rules/history", fields | said).content.decode()
        assert chinese(page, names()) == [], said


# -- citizens' reports ------------------------------------------------------------------------------------------------


def test_a_report_is_sent_and_followed_in_english(client: Client, clock: Clock, db: None) -> None:
    town = f.small_town()
    path = f"/report/{town.mid.code}"
    asked = ("", "?kind=closed", "?kind=hours", "?kind=place", "?kind=price", "?kind=price&other=1")
    chosen = (f"?kind=price&drug={town.drug.code}", "?kind=price&name=氨氯地平", "?kind=price&name=x")
    about = ["/about/prices", f"/pharmacies/{town.mid.code}", "/track"]
    assert left_on(client, [*about, *(path + each for each in (*asked, *chosen))]) == {}
    price = {"kind": "price", "drug": town.drug.code}
    for status, said in (
        *((422, price | {"price": text, "text": "x" * 2000}) for text in ("", "x", "0", "1.234", "999999999", "15.00")),
        *((422, {"kind": kind}) for kind in ("hours", "place", "price", "nonsense")),
        *((200, {"kind": kind, "text": "words"}) for kind in ("closed", "hours", "place")),
    ):
        answer = client.post("/en" + path, said)
        assert (answer.status_code, chinese(answer.content.decode(), names())) == (status, []), said
    elsewhere = client.post("/en" + path, price, headers={"Origin": "https://example.org"})
    assert (elsewhere.status_code, chinese(elsewhere.content.decode(), names())) == (403, [])


def test_what_became_of_a_report_is_said_in_english(client: Client, clock: Clock, db: None) -> None:
    town, officer = f.small_town(), leads_world.official(f.wuchang())
    sent = client.post(f"/en/report/{town.mid.code}", {"kind": "price", "drug": town.drug.code, "price": "18.00"})
    code = re.search(r'id="code"[^>]*>([0-9A-Z ]+)<', sent.content.decode())
    assert code
    group = ReportGroup.objects.get()
    official, queue = (
        sign_in(Client(), officer),
        ["/console/420106/reports?state=all", f"/console/420106/reports/{group.pk}"],
    )

    def waiting() -> None:
        told = client.post("/en/track", {"code": code[1]})
        assert (told.status_code, chinese(told.content.decode(), names())) == (200, [])
        assert left_on(official, queue) == {}

    waiting()
    answers.ask(group, text="why", by=officer, at=clock.at)
    waiting()
    group.refresh_from_db()
    answers.answer(group, text="corrected", by=officer, at=clock.at)
    waiting()
    for typed in ("", "0000000000"):
        page = client.post("/en/track", {"code": typed}).content.decode()
        assert chinese(page, names()) == []


def test_too_many_reports_are_refused_in_english(client: Client, clock: Clock, settings: Any, db: None) -> None:
    shop = f.pharmacy()
    assert client.post(f"/en/report/{shop.code}", {"kind": "closed", "mark": codes.fresh_mark()}).status_code == 200
    for limit in ("REPORTS_AN_HOUR", "REPORTS_AN_HOUR_PER_ADDRESS", "REPORTS_A_DAY_PER_ADDRESS"):
        setattr(settings, limit, 1)
        answer = client.post(f"/en/report/{shop.code}", {"kind": "closed", "mark": codes.fresh_mark()})
        assert (answer.status_code, chinese(answer.content.decode(), names())) == (429, []), limit
