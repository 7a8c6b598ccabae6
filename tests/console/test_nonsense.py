"""Whatever is typed into an address or a form of the console, it answers in words; and who only looks takes nothing away."""

from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from tests.staff import walls, walls_world
from tests.staff.accounts_world import Clock

pytestmark = pytest.mark.django_db
NAMES = (
    *("q", "state", "detector", "area", "kind", "class", "month", "on", "name", "valid", "recorded", "table", "page"),
    *("packs", "by", "freeze", "lead", "report", "pharmacy", "first", "last"),
)
NONSENSE = {
    "nothing": "",
    "what no database takes": "\x00",
    "a long number": "9" * 5000,
    "mark-up": "<script>alert(1)</script>",
    "quotes": "'\";--%_\\",
    "emoji": "😀" * 100,
    "the last day": "9999-12-31",
    "the last month": "9999-12",
    "the first day": "0001-01-01T00:00",
    "no day": "2026-02-30",
}
ADDRESSES = [route for route in walls.STAFF if route.startswith("console/")]
BUTTONS = {
    "rules/<str:detector>": ("test", "review", "change"),
    "reports/<int:pk>": ("answer", "ask", "x"),
    "cases/<int:pk>": ("note", "interview", "accept", "assign", "report", "propose", "x"),
    "people/<int:pk>": ("end", "change", "x"),
}
FIELDS = (
    *("reason", "document_number", "due", "seen", "to", "group", "named", "text", "ready", "month", "note", "on"),
    *("first", "last", "document", "active", "p_limit", "lead", "report", "pharmacy", "role"),
)


@pytest.fixture
def world(clock: Clock) -> walls_world.World:
    return walls_world.world()


def fails(answer: Any) -> bool:
    return answer.status_code >= 500 or b"<script>alert" in answer.content


def asked(client: Client, world: Any, route: str, said: str) -> Any:
    return walls.call(client, "GET", f"{walls.fill(route, world.own)}?{said}", walls.STAFF[route])


def test_no_address_of_the_console_breaks(world: walls_world.World) -> None:
    client = walls_world.client_of(world, "city_reviewer")
    broken: list[tuple[str, ...]] = []
    for route in (each for each in ADDRESSES if "GET" in walls.STAFF[each].methods):
        for what, nonsense in NONSENSE.items():
            answer = asked(client, world, route, urlencode(dict.fromkeys(NAMES, nonsense)))
            broken += [(route, what)] if fails(answer) else []
        for kind in ("csv", "", "\x00"):
            answer = asked(client, world, route, urlencode({"format": kind}))
            broken += [(route, "format", kind)] if fails(answer) else []
    assert not broken, "\n".join(map(str, broken))


@pytest.mark.parametrize("place", ["%00", "420106%00", "9" * 300, "%F0%9F%98%80", "..", "%E2%80%AE"])
def test_no_place_that_there_is_not_breaks(world: walls_world.World, place: str) -> None:
    client = walls_world.client_of(world, "city_reviewer")
    for address in ("leads", "pharmacies/{}", "drugs/products/{}", "rules/{}", "cases"):
        for at in (f"/console/{place}/{address}", f"/console/420106/{address}"):
            answer = walls.call(client, "GET", at.format(place))
            assert answer.status_code in ((404, 200) if "{}" not in at and "420106/" in at else (404,)), at


def test_no_form_of_the_console_breaks(world: walls_world.World) -> None:
    client = walls_world.client_of(world, "city_reviewer")
    broken: list[tuple[str, ...]] = []
    for route in (each for each in ADDRESSES if "city_reviewer" in walls.STAFF[each].methods.get("POST", set())):
        for button in BUTTONS.get(route.removeprefix("console/<str:adcode>/"), ("",)):
            for what, nonsense in NONSENSE.items():
                sent = walls.Wall({}, data=dict.fromkeys(FIELDS, nonsense) | {"do": button})
                answer = walls.call(client, "POST", walls.fill(route, world.own), sent)
                broken += [(route, button, what)] if fails(answer) else []
    assert not broken, "\n".join(map(str, broken))


def test_who_only_looks_takes_nothing_away(world: walls_world.World) -> None:
    client = walls_world.client_of(world, "city_viewer")
    for route in ADDRESSES:
        if "city_viewer" not in walls.STAFF[route].methods.get("GET", set()) or walls.STAFF[route].let_in != "in":
            continue
        for kind in ("csv", "xlsx"):
            answer = asked(client, world, route, f"format={kind}")
            assert answer["Content-Type"].startswith("text/html"), (route, kind)
            assert "Content-Disposition" not in answer, (route, kind)
