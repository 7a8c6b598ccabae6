"""Who may do what where, worked out by eye in a small world.

湖北省 > 武汉市 > 武昌区 (shop, sister, lone), 洪山区 (branch); 湖北省 > 宜昌市 > 西陵区 (far).
shop, sister, branch and far belong to one chain; lone to none; other to another chain, in 洪山区.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.http import Http404

from pharmacies import access, members
from pharmacies.access import FITS, GIVES, MAY, Action, Role
from pharmacies.models import Chain, Membership, Pharmacy, Region, User

from .. import factories as f
from ..factories import AT, since

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class World:
    shop: Pharmacy
    sister: Pharmacy
    branch: Pharmacy
    far: Pharmacy
    lone: Pharmacy
    other: Pharmacy
    chain: Chain
    rival: Chain

    def shops(self) -> dict[str, Pharmacy]:
        return {name: getattr(self, name) for name in ("shop", "sister", "branch", "far", "lone", "other")}


@pytest.fixture
def world() -> World:
    chain, rival = f.chain("甲连锁"), f.chain("乙连锁")
    xiling = f.region("420502", "西陵区", f.region("420500", "宜昌市", f.region()))
    return World(
        shop=f.pharmacy("甲一店", chain=chain),
        sister=f.pharmacy("甲二店", chain=chain),
        branch=f.pharmacy("甲三店", chain=chain, division=f.hongshan()),
        far=f.pharmacy("甲四店", chain=chain, division=xiling),
        lone=f.pharmacy("独一店"),
        other=f.pharmacy("乙一店", chain=rival, division=f.hongshan()),
        chain=chain,
        rival=rival,
    )


def member(role: str, *, valid: DateRange | None = None, **place: Any) -> User:
    """A new person with one membership."""
    user = User.objects.create_user(f"u{User.objects.count()}")
    Membership.objects.create(user=user, role=role, valid=since() if valid is None else valid, **place)
    return user


def reached(world: World, user: User, action: Action = Action.SEE, at: datetime = AT) -> set[str]:
    """Names of the shops at which the user may do this; the three ways to ask must agree."""
    listed = set(access.pharmacies(user, action, at=at))
    asked = {name for name, shop in world.shops().items() if access.may(user, action, shop, at=at)}
    assert {name for name, shop in world.shops().items() if shop in listed} == asked
    for name, shop in world.shops().items():
        if name in asked:
            assert access.pharmacy_for(user, action, shop.code, at=at) == shop
        else:
            with pytest.raises((Http404, PermissionDenied)):
                access.pharmacy_for(user, action, shop.code, at=at)
    return asked


# -- where a role reaches ---------------------------------------------------------------------------------------------


def test_staff_reach_their_own_pharmacy(world: World) -> None:
    assert reached(world, member("editor", pharmacy=world.shop)) == {"shop"}


def test_a_chains_people_reach_its_pharmacies(world: World) -> None:
    assert reached(world, member("head_office", chain=world.chain)) == {"shop", "sister", "branch", "far"}


@pytest.mark.parametrize(
    ("code", "shops"),
    [
        ("420100", {"shop", "sister", "branch"}),
        ("420111", {"branch"}),
        ("420500", {"far"}),
        ("420000", {"shop", "sister", "branch", "far"}),
    ],
)
def test_a_sub_account_reaches_the_chains_pharmacies_in_its_region(world: World, code: str, shops: set[str]) -> None:
    user = member("editor", chain=world.chain, within=Region.objects.get(code=code))
    assert reached(world, user, Action.EDIT_PRICES) == shops


@pytest.mark.parametrize(
    ("code", "shops"),
    [
        ("420106", {"shop", "sister", "lone"}),
        ("420100", {"shop", "sister", "lone", "branch", "other"}),
        ("420500", {"far"}),
        ("420000", {"shop", "sister", "lone", "branch", "other", "far"}),
    ],
)
def test_an_areas_people_reach_what_it_and_the_areas_below_it_manage(world: World, code: str, shops: set[str]) -> None:
    assert reached(world, member("officer", area=Region.objects.get(code=code))) == shops


def test_the_insurance_area_counts_and_not_where_the_pharmacy_stands(world: World) -> None:
    world.lone.insurance_area = f.hongshan()
    world.lone.save()
    assert "lone" not in reached(world, member("officer", area=f.wuchang()))
    assert "lone" in reached(world, member("officer", area=f.hongshan()))


def test_several_memberships_add_up(world: World) -> None:
    user = member("viewer", pharmacy=world.shop)
    Membership.objects.create(user=user, role="editor", pharmacy=world.lone, valid=since())
    assert reached(world, user) == {"shop", "lone"}
    assert reached(world, user, Action.EDIT_PRICES) == {"lone"}


def test_nobody_a_superuser_and_a_stranger_reach_nothing(world: World) -> None:
    boss = User.objects.create_superuser("root", password="x")
    for user in (AnonymousUser(), boss, User.objects.create_user("stranger")):
        assert not access.pharmacies(user, Action.SEE, at=AT).exists()
        assert access.roles(user, world.shop, at=AT) == frozenset()
        assert len(access.places(user, at=AT)) == 0


# -- when a membership counts -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("valid", "counts"),
    [
        (DateRange(date(2026, 11, 21), None), True),
        (DateRange(date(2026, 11, 21), date(2026, 11, 22)), True),
        (DateRange(date(2026, 1, 1), date(2026, 11, 21)), False),
        (DateRange(date(2026, 11, 22), None), False),
        (DateRange(empty=True), False),
    ],
)
def test_a_membership_counts_on_its_days_only(world: World, valid: DateRange, counts: bool) -> None:
    user = member("editor", pharmacy=world.shop, valid=valid)
    assert (reached(world, user) == {"shop"}) is counts
    assert (len(access.places(user, at=AT)) == 1) is counts


def test_a_day_begins_at_midnight_in_shanghai(world: World) -> None:
    user = member("editor", pharmacy=world.shop, valid=since(date(2026, 11, 21)))
    midnight = AT.replace(hour=0, minute=0)
    assert reached(world, user, at=midnight) == {"shop"}
    assert reached(world, user, at=midnight - timedelta(seconds=1)) == set()


def test_who_is_locked_out_reaches_nothing_at_once(world: World) -> None:
    user = member("editor", pharmacy=world.shop)
    User.objects.filter(pk=user.pk).update(is_active=False)  # the object in hand does not know yet
    assert reached(world, user) == set()


def test_who_leaves_reaches_nothing_at_once(world: World) -> None:
    user = member("editor", pharmacy=world.shop)
    assert reached(world, user) == {"shop"}
    user.memberships.all().delete()
    assert reached(world, user) == set()


# -- what a role may do -----------------------------------------------------------------------------------------------

SHOP = {
    "viewer": {"SEE"},
    "editor": {"SEE", "EDIT_PRICES", "EDIT_CHAIN", "EXPORT", "REPLY"},
    "manager": {
        *("SEE", "EDIT_PRICES", "EDIT_CHAIN", "EXPORT", "REPLY"),
        *("PUBLISH_HELD", "EDIT_SHOP", "MANAGE_TOKENS", "MANAGE_PEOPLE", "SEE_AUDIT"),
    },
}
AREA = {
    "viewer": {"SEE"},
    "analyst": {"SEE", "EXPORT"},
    "officer": {"SEE", "EXPORT", "VERIFY_SHOP", "OPEN_CASE"},
    "reviewer": {"SEE", "EXPORT", "VERIFY_SHOP", "OPEN_CASE", "DECIDE_CASE", "EDIT_RULES", "MANAGE_PEOPLE"},
    "publisher": {"SEE", "EXPORT", "PUBLISH_CASE"},
    "auditor": {"SEE", "EXPORT", "SEE_AUDIT", "MANAGE_PEOPLE"},
}


@pytest.mark.parametrize("role", SHOP)
def test_roles_at_a_pharmacy(world: World, role: str) -> None:
    user = member(role, pharmacy=world.shop)
    assert {action.name for action in Action if access.may(user, action, world.shop, at=AT)} == SHOP[role]


def test_head_office_may_all_that_a_manager_may(world: World) -> None:
    user = member("head_office", chain=world.chain)
    for place in (world.shop, world.chain):
        assert {action.name for action in Action if access.may(user, action, place, at=AT)} == SHOP["manager"]


@pytest.mark.parametrize("role", AREA)
def test_roles_of_an_area(world: World, role: str) -> None:
    user = member(role, area=f.wuchang())
    for place in (world.shop, f.wuchang()):
        assert {action.name for action in Action if access.may(user, action, place, at=AT)} == AREA[role]


def test_no_official_touches_a_price_and_no_pharmacy_touches_a_case() -> None:
    desk, officials = access.DESK, access.OFFICIALS
    for action in (Action.EDIT_PRICES, Action.EDIT_CHAIN, Action.PUBLISH_HELD, Action.MANAGE_TOKENS, Action.REPLY):
        assert MAY[action].isdisjoint(officials)
    for action in (Action.OPEN_CASE, Action.DECIDE_CASE, Action.PUBLISH_CASE, Action.EDIT_RULES, Action.VERIFY_SHOP):
        assert MAY[action].isdisjoint(desk)


def test_one_official_cannot_decide_and_publish() -> None:
    assert MAY[Action.DECIDE_CASE].isdisjoint(MAY[Action.PUBLISH_CASE])


def test_who_watches_does_nothing_else() -> None:
    assert {action for action in Action if Role.AUDITOR in MAY[action]} == {
        Action.SEE,
        Action.EXPORT,
        Action.SEE_AUDIT,
        Action.MANAGE_PEOPLE,
    }
    assert GIVES[Role.AUDITOR] == {Role.AUDITOR}
    assert not any(Role.AUDITOR in given for role, given in GIVES.items() if role != Role.AUDITOR)


def test_every_action_is_in_the_table_and_who_may_anything_may_see() -> None:
    assert set(MAY) == set(Action)
    assert all(holders and holders <= MAY[Action.SEE] for holders in MAY.values())


# -- chains and areas -------------------------------------------------------------------------------------------------


def test_an_area_reaches_a_chain_when_it_reaches_all_its_pharmacies(world: World) -> None:
    wuhan, province = Region.objects.get(code="420100"), Region.objects.get(code="420000")
    officer = member("officer", area=wuhan)
    assert access.chain_for(officer, Action.SEE, world.rival.pk, at=AT) == world.rival
    with pytest.raises(Http404):
        access.chain_for(officer, Action.SEE, world.chain.pk, at=AT)
    assert access.chain_for(member("officer", area=province), Action.SEE, world.chain.pk, at=AT) == world.chain
    empty = Chain.objects.create(name="无店连锁")
    assert not access.may(member("officer", area=province), Action.SEE, empty, at=AT)


def test_staff_of_one_pharmacy_do_not_see_its_chain(world: World) -> None:
    with pytest.raises(Http404):
        access.chain_for(member("manager", pharmacy=world.shop), Action.SEE, world.chain.pk, at=AT)


def test_a_sub_account_only_sees_the_chain_itself(world: World) -> None:
    user = member("manager", chain=world.chain, within=f.wuchang())
    assert access.chain_for(user, Action.SEE, world.chain.pk, at=AT) == world.chain
    assert {action for action in Action if access.may(user, action, world.chain, at=AT)} == {Action.SEE}
    assert access.may(user, Action.MANAGE_PEOPLE, world.shop, at=AT)
    assert not access.may(user, Action.SEE, world.far, at=AT)


def test_officials_see_their_area_and_below_but_not_above_or_beside(world: World) -> None:
    user = member("officer", area=Region.objects.get(code="420100"))
    assert access.area_for(user, Action.SEE, "420100", at=AT).code == "420100"
    assert access.area_for(user, Action.SEE, "420106", at=AT).code == "420106"
    for code in ("420000", "420500", "999999"):
        with pytest.raises(Http404):
            access.area_for(user, Action.SEE, code, at=AT)


def test_who_spoke_for_an_area_speaks_for_it_under_its_new_name(world: World) -> None:
    old = f.wuchang()
    before = member("reviewer", area=old)
    new = f.renamed(old, "新武昌区")
    after = member("officer", area=new)
    for user in (before, after):
        assert access.area_for(user, Action.SEE, "420106", at=AT) == new
        assert access.places(user, at=AT).areas == [new]
        assert access.pharmacy_for(user, Action.SEE, world.shop.code, at=AT) == world.shop  # not imported anew yet
        assert set(access.pharmacies(user, Action.SEE, at=AT)) == {world.shop, world.sister, world.lone}
        with pytest.raises(Http404):
            access.area_for(user, Action.SEE, "420111", at=AT)
    Pharmacy.objects.filter(pk=world.shop.pk).update(insurance_area=new, division=new)
    world.shop.refresh_from_db()
    assert access.may(before, Action.SEE, world.shop, at=AT)
    assert access.may(after, Action.SEE, world.shop, at=AT)
    assert [each.user for each in members.of(new, at=AT)] == [before, after]


def test_a_city_under_its_new_name_keeps_what_hangs_under_the_old_row(world: World) -> None:
    city = Region.objects.get(code="420100")
    user = member("officer", area=city)
    new = f.renamed(city, "新武汉市")
    assert access.area_for(user, Action.SEE, "420106", at=AT) == f.wuchang()
    assert access.may(member("officer", area=new), Action.SEE, world.shop, at=AT)
    assert not access.may(member("officer", area=new), Action.SEE, world.far, at=AT)


# -- strangers and the wrong role -------------------------------------------------------------------------------------


def test_a_stranger_learns_no_more_of_a_pharmacy_than_of_none(world: World) -> None:
    user = member("manager", pharmacy=world.lone)
    for code in (world.shop.code, "P42010699999", "nonsense"):
        with pytest.raises(Http404):
            access.pharmacy_for(user, Action.SEE, code, at=AT)


def test_who_may_see_but_not_do_is_told_so(world: World) -> None:
    user = member("viewer", pharmacy=world.shop)
    with pytest.raises(PermissionDenied):
        access.pharmacy_for(user, Action.EDIT_PRICES, world.shop.code, at=AT)


# -- giving roles -----------------------------------------------------------------------------------------------------


def test_roles_fit_their_places_as_the_database_says(world: World) -> None:
    places: dict[Any, Any] = {
        Pharmacy: {"pharmacy": world.lone},
        Chain: {"chain": world.rival},
        Region: {"area": f.hongshan()},
    }
    for kind, place in places.items():
        for role in Role:
            if role in FITS[kind]:
                member(role, **place)
            else:
                with pytest.raises(IntegrityError), transaction.atomic():
                    member(role, **place)


@pytest.mark.parametrize(
    ("role", "place", "at_place", "gives"),
    [
        ("manager", "shop", "shop", ["viewer", "editor", "manager"]),
        ("editor", "shop", "shop", []),
        ("head_office", "chain", "shop", ["viewer", "editor", "manager"]),
        ("head_office", "chain", "chain", ["viewer", "editor", "manager", "head_office"]),
        ("manager", "chain", "chain", ["viewer", "editor", "manager"]),
        ("reviewer", "area", "shop", ["viewer", "manager"]),
        ("reviewer", "area", "area", ["viewer", "analyst", "officer", "reviewer", "publisher"]),
        ("officer", "area", "shop", []),
        ("auditor", "area", "area", ["auditor"]),
        ("auditor", "area", "shop", []),
        ("manager", "lone", "shop", []),
    ],
)
def test_who_may_give_which_role(world: World, role: str, place: str, at_place: str, gives: list[str]) -> None:
    places: dict[str, Any] = {"area": f.wuchang(), "chain": world.chain} | world.shops()
    kind = place if place in {"area", "chain"} else "pharmacy"
    user = member(role, **{kind: places[place]})
    assert access.may_give(user, places[at_place], at=AT) == gives


def test_nobody_gives_more_than_their_place_has() -> None:
    assert set(GIVES) == set(MAY[Action.MANAGE_PEOPLE])
    assert Role.HEAD_OFFICE not in GIVES[Role.MANAGER]
    assert not GIVES[Role.HEAD_OFFICE] & access.OFFICIALS


# -- the start page ---------------------------------------------------------------------------------------------------


def test_the_start_page_lists_the_places_of_ones_own_memberships(world: World) -> None:
    user = member("editor", pharmacy=world.shop)
    Membership.objects.create(user=user, role="viewer", pharmacy=world.lone, valid=since())
    Membership.objects.create(user=user, role="head_office", chain=world.chain, valid=since())
    Membership.objects.create(user=user, role="viewer", chain=world.chain, valid=since())
    Membership.objects.create(user=user, role="officer", area=f.wuchang(), valid=since())
    found = access.places(user, at=AT)
    assert [shop.name for shop in found.pharmacies] == ["独一店", "甲一店"]
    assert found.chains == [world.chain]
    assert [area.code for area in found.areas] == ["420106"]
    assert len(found) == 4


def test_a_question_costs_few_queries(world: World, django_assert_max_num_queries: Any) -> None:
    user = member("head_office", chain=world.chain)
    with django_assert_max_num_queries(3):
        access.pharmacy_for(user, Action.EDIT_PRICES, world.shop.code, at=AT)
    with django_assert_max_num_queries(3):
        list(access.pharmacies(user, Action.EDIT_PRICES, at=AT))
