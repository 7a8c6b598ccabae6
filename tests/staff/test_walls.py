"""Nobody sees or touches what is not theirs: every address and every method, as everybody (`walls.py` is the table)."""

import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client, override_settings

from pharmacies.models import AuditEvent, Membership, User

from . import walls, walls_world
from .walls import ENTRANCES, FEEDS, OTHERS, PUBLIC, STAFF
from .walls_world import EVERYBODY, INSIDERS, LOGGED_IN, NOT_IN, STRANGERS, World

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
LET_IN_NOT = {401, 403, 404, 405}


class Browsers:
    """One browser for each person of the world, made when first asked for."""

    def __init__(self, world: World) -> None:
        self.of = cache(lambda name: walls_world.client_of(world, name))


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One world for all questions, in a transaction that is undone: no question outlives itself (`walls.call`)."""
    files = {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    storages = {"default": files | {"OPTIONS": {"location": tmp_path_factory.mktemp("files")}}}
    with django_db_blocker.unblock(), override_settings(STORAGES=settings.STORAGES | storages), transaction.atomic():
        yield walls_world.world()
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def browsers(world: World) -> Browsers:
    return Browsers(world)


@pytest.fixture(autouse=True)
def files_of_their_own(world: World) -> None:
    """The world's, not each test's."""


def outcome(answer: Any) -> str:
    """How an address answered: `login`, `in`, or the refusal's number."""
    if answer.status_code in (301, 302) and "/staff/login?next=" in answer.headers["Location"]:
        return "login"
    if answer.status_code >= 500:
        return "broken"
    return str(answer.status_code) if answer.status_code in LET_IN_NOT else "in"


def expected(wall: walls.Wall, method: str, name: str) -> str:
    if name in NOT_IN:
        return "login"
    if name in wall.methods[method]:
        return wall.let_in
    return "403" if name in wall.sees else "404"


# -- the table is whole -----------------------------------------------------------------------------------------------


def test_every_address_has_a_wall() -> None:
    known = {route for route in walls.routes() if not route.startswith("admin/")}
    assert known == {*STAFF, *ENTRANCES, *PUBLIC, *FEEDS, *OTHERS}, "a new address: say in walls.py who may call it"


def test_everybody_is_somebody() -> None:
    named = {name for wall in STAFF.values() for people in (*wall.methods.values(), wall.sees) for name in people}
    assert named <= EVERYBODY
    assert named >= INSIDERS


# -- pages of those who log in ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("route", STAFF)
def test_a_staff_page_lets_in_whom_it_should_and_nobody_else(world: World, browsers: Browsers, route: str) -> None:
    wall, address = STAFF[route], walls.fill(route, world.own)
    wrong = {}
    for method in wall.methods:
        for name in sorted(EVERYBODY):
            found = outcome(walls.call(browsers.of(name), method, address, wall))
            if found != expected(wall, method, name):
                wrong[method, name] = f"{found}, not {expected(wall, method, name)}"
    assert wrong == {}


@pytest.mark.parametrize("route", [route for route, wall in STAFF.items() if wall.verbs])
def test_each_button_of_a_page_is_for_those_who_may_press_it(world: World, browsers: Browsers, route: str) -> None:
    wall, address = STAFF[route], walls.fill(route, world.own)
    wrong = {}
    for verb, may in wall.verbs.items():
        one = replace(wall, methods={"POST": may}, data={"do": verb})
        for name in sorted(INSIDERS):
            found = outcome(walls.call(browsers.of(name), "POST", address, one))
            if found != expected(one, "POST", name):
                wrong[verb, name] = f"{found}, not {expected(one, 'POST', name)}"
    assert wrong == {}


@pytest.mark.parametrize("route", STAFF)
def test_other_methods_do_nothing_for_anybody(world: World, browsers: Browsers, route: str) -> None:
    wall, address = STAFF[route], walls.fill(route, world.own)
    known = {*wall.methods, "HEAD"} if "GET" in wall.methods else {*wall.methods}
    best = min(set.union(*wall.methods.values()))
    for method in METHODS:
        if method in known:
            continue
        assert outcome(walls.call(browsers.of(best), method, address)) in {"405", "403"}, method
        assert outcome(walls.call(browsers.of("rival_manager"), method, address)) in {"405", "404", "403"}, method
        assert outcome(walls.call(browsers.of("nobody"), method, address)) in {"405", "login"}, method


@pytest.mark.parametrize("route", STAFF)
def test_a_script_without_a_session_is_told_to_log_in_and_nothing_else(world: World, route: str) -> None:
    wall, address = STAFF[route], walls.fill(route, world.own)
    for method in wall.methods:
        answer = walls.call(Client(), method, address, wall, **{"HX-Request": "true"})
        assert answer.status_code == 401
        assert world.shop.name not in answer.content.decode()


@pytest.mark.parametrize("route", [route for route in STAFF if "<" in route])
def test_a_stranger_cannot_tell_what_is_there_from_what_is_not(world: World, browsers: Browsers, route: str) -> None:
    wall, address = STAFF[route], walls.fill(route, world.own)
    nowhere = walls.fill(
        route, {before: 99999999 if isinstance(there, int) else "P42010699999" for before, there in world.own.items()}
    )
    for method in wall.methods:
        there = walls.call(browsers.of("rival_manager"), method, address, wall)
        not_there = walls.call(browsers.of("rival_manager"), method, nowhere, wall)
        assert there.status_code == not_there.status_code == 404, method
        assert strip(there, address) == strip(not_there, nowhere), method


def strip(answer: Any, address: str) -> str:
    """The page without its own address and without the mark of its form, which is another each time."""
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", answer.content.decode().replace(address, ""))


@pytest.mark.parametrize("route", [route for route in STAFF if route.count("<") > 1])
def test_a_number_of_another_place_is_not_found_at_ones_own(world: World, browsers: Browsers, route: str) -> None:
    wall = STAFF[route]
    address = walls.fill(route, world.own, world.foreign)
    if address == walls.fill(route, world.own):
        return  # it names no thing, but a kind of file
    for method, may in wall.methods.items():
        assert outcome(walls.call(browsers.of(min(may)), method, address, wall)) == "404", (method, address)


@pytest.mark.parametrize("route", STAFF)
def test_no_answer_to_a_person_is_kept_by_anybody_else(world: World, browsers: Browsers, route: str) -> None:
    wall, address = STAFF[route], walls.fill(route, world.own)
    best = min(set.union(*wall.methods.values()))
    for method in wall.methods:
        for name in (best, "nobody"):
            assert "no-store" in walls.call(browsers.of(name), method, address, wall).headers["Cache-Control"], name


@pytest.mark.parametrize("route", [route for route, wall in {**STAFF, **dict.fromkeys(ENTRANCES)}.items()])
def test_a_form_of_another_site_does_nothing(world: World, browsers: Browsers, route: str) -> None:
    wall = STAFF.get(route)
    methods = wall.methods if wall else ENTRANCES[route]
    if "POST" not in methods:
        return
    name = min(wall.methods["POST"]) if wall else "nobody"
    browser = Client(enforce_csrf_checks=True)
    browser.cookies = deepcopy(browsers.of(name).cookies)
    before = AuditEvent.objects.count()
    answer = walls.call(browser, "POST", walls.fill(route, world.own), wall)
    assert answer.status_code == 403
    assert AuditEvent.objects.count() == before


def test_the_english_pages_have_the_same_walls(world: World, browsers: Browsers) -> None:
    for route, wall in STAFF.items():
        for method in wall.methods:
            address = "/en" + walls.fill(route, world.own)
            assert outcome(walls.call(browsers.of("nobody"), method, address, wall)) == "login", address
            stranger = outcome(walls.call(browsers.of("rival_manager"), method, address, wall))
            assert stranger == expected(wall, method, "rival_manager"), address


def test_a_removed_membership_ends_access_with_the_next_request(world: World, browsers: Browsers) -> None:
    routes = [route for route in STAFF if route.startswith("desk/")]
    manager = browsers.of("shop_manager")

    def answers() -> dict[str, str]:
        asked = ((route, STAFF[route], walls.fill(route, world.own)) for route in routes)
        return {route: outcome(walls.call(manager, min(wall.methods), address, wall)) for route, wall, address in asked}

    assert answers() == {route: STAFF[route].let_in for route in routes}
    with transaction.atomic():
        Membership.objects.filter(user__username="shop_manager").delete()
        assert answers() == dict.fromkeys(routes, "404")
        transaction.set_rollback(True)


# -- the way in -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("route", ENTRANCES)
def test_the_way_in_is_open_and_breaks_for_nobody(world: World, browsers: Browsers, route: str) -> None:
    address = walls.fill(route, world.own)
    for method in METHODS:
        for name in ("nobody", "password_only", "rival_manager", "shop_manager"):
            answer = walls.call(browsers.of(name), method, address)
            if method in ENTRANCES[route] or (method == "HEAD" and "GET" in ENTRANCES[route]):
                assert answer.status_code < 500, (method, name)
            else:
                assert answer.status_code == 405, (method, name)


# -- the public -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("route", PUBLIC)
def test_public_pages_and_calls_are_for_everybody_and_only_for_asking(
    world: World, browsers: Browsers, route: str
) -> None:
    address = "/" + route.replace("<int:pk>", "1").replace("<str:code>", "x").replace("<code:code>", "x")
    known = PUBLIC[route] | ({"HEAD"} if "GET" in PUBLIC[route] else set())
    people = {name: browsers.of(name) for name in ("nobody", "rival_manager")}
    counts = {model: model.objects.count() for model in (User, Membership, AuditEvent)}
    for method in METHODS:
        for name, browser in people.items():
            answer = walls.call(browser, method, address)
            if method == "OPTIONS":  # the framework describes a call of the API
                assert answer.status_code in (
                    (200, 204) if route.startswith("api/") and "docs" not in route else (405,)
                )
                continue
            if method not in known:
                assert answer.status_code == 405, (method, name)
                continue
            assert answer.status_code not in (401, 403, 405), (method, name)
            assert outcome(answer) in {"in", "404"} or route == "readyz", (method, name)
            if name == "nobody":
                assert not answer.cookies, method
    assert counts == {model: model.objects.count() for model in counts}


# -- feeds ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("route", FEEDS)
def test_a_feed_speaks_with_its_token_and_with_nothing_else(world: World, browsers: Browsers, route: str) -> None:
    address = "/" + route.replace("<slug:slug>", world.feed.slug).replace("<int:pk>", str(world.run.pk))
    (method,) = FEEDS[route]

    def status(browser: Client, token: str = "") -> int:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return int(walls.call(browser, method, address, None, **headers).status_code)

    for name in ("nobody", "shop_manager", "chain_head_office", "city_reviewer", "superuser"):
        assert status(browsers.of(name)) == 401, name
        assert status(browsers.of(name), world.tokens["wrong"]) == 404, name
        assert status(browsers.of(name), world.tokens["other"]) == 404, name
    assert status(Client(), world.tokens["feed"]) not in LET_IN_NOT
    for other in set(METHODS) - {method, "HEAD", "OPTIONS"}:
        answer = walls.call(Client(), other, address, Authorization=f"Bearer {world.tokens['feed']}")
        assert answer.status_code == 405, other


def test_a_token_opens_no_page(world: World) -> None:
    for route, wall in STAFF.items():
        for method in wall.methods:
            header = {"Authorization": f"Bearer {world.tokens['feed']}"}
            answer = walls.call(Client(), method, walls.fill(route, world.own), wall, **header)
            assert outcome(answer) == "login", route


# -- the admin site ---------------------------------------------------------------------------------------------------


def test_the_admin_site_is_for_superusers_with_a_second_factor(world: World, browsers: Browsers) -> None:
    pages = [route for route in walls.routes() if route.startswith("admin/") and "<" not in route and "(" not in route]
    assert len(pages) > 20
    closed = sorted(LOGGED_IN - {"superuser"})
    for page in pages:
        for number, name in enumerate(("nobody", "password_only", "rival_manager", *closed[:: len(pages) % 5 + 1])):
            for method in ("GET", "POST") if number < 3 else ("GET",):
                answer = walls.call(browsers.of(name), method, f"/{page}")
                inside = answer.status_code == 200 and page not in ("admin/jsi18n/", "admin/logout/")
                assert not inside, (page, name, method)
                assert answer.status_code < 500, (page, name, method)
    assert walls.call(browsers.of("superuser"), "GET", "/admin/").status_code == 200


def test_a_superuser_who_gave_no_second_factor_stays_outside(world: World) -> None:
    user = User.objects.create_superuser("root", password="x")
    browser = Client()
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    assert settings.SECOND_FACTOR
    for page in ("/admin/", "/admin/pharmacies/auditevent/", "/staff"):
        assert walls.call(browser, "GET", page).status_code in (302, 403), page


def test_strangers_and_outsiders_are_tried_at_all() -> None:
    assert len(STRANGERS) >= 10
    assert len(NOT_IN) >= 5
