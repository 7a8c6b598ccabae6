"""The one module that decides who may do what where. Every staff view and every call of theirs begins here.

A person speaks for a pharmacy, a chain or an area through a `Membership`, in a role. A chain's role reaches its
pharmacies (a sub-account's only those in its region); an area's role reaches the areas below it, the pharmacies that
any of them manages, and the chains all of whose pharmacies it reaches. Nothing is kept between two questions: a
membership that was ended, or a person who was locked out, is refused on the next request.
"""

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple, TypeVar

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404
from django.utils import timezone

from pharmacies.models import Chain, Membership, Pharmacy, Region, User

Place = Pharmacy | Chain | Region
Role = Membership.Role
Person = User | AnonymousUser
P = TypeVar("P", Pharmacy, Chain, Region)


class Action(enum.Enum):
    """What people do, as far as one may and another may not."""

    SEE = "see"
    EDIT_PRICES = "edit_prices"
    PUBLISH_HELD = "publish_held"
    EDIT_SHOP = "edit_shop"
    MANAGE_TOKENS = "manage_tokens"
    MANAGE_PEOPLE = "manage_people"
    EDIT_CHAIN = "edit_chain"  # many shops at once
    SEE_AUDIT = "see_audit"
    EXPORT = "export"
    VERIFY_SHOP = "verify_shop"  # an official confirms a place
    REPLY = "reply"  # to citizens' reports and officials' inquiries
    OPEN_CASE = "open_case"
    DECIDE_CASE = "decide_case"
    PUBLISH_CASE = "publish_case"
    EDIT_RULES = "edit_rules"


DESK = frozenset({Role.EDITOR, Role.MANAGER, Role.HEAD_OFFICE})
LEADING = frozenset({Role.MANAGER, Role.HEAD_OFFICE})
OFFICIALS = frozenset({Role.ANALYST, Role.OFFICER, Role.REVIEWER, Role.PUBLISHER, Role.AUDITOR})

MAY: dict[Action, frozenset[Role]] = {
    Action.SEE: frozenset(Role),
    Action.EDIT_PRICES: DESK,
    Action.PUBLISH_HELD: LEADING,
    Action.EDIT_SHOP: LEADING,
    Action.MANAGE_TOKENS: LEADING,
    Action.MANAGE_PEOPLE: LEADING | {Role.REVIEWER, Role.AUDITOR},
    Action.EDIT_CHAIN: DESK,
    Action.SEE_AUDIT: LEADING | {Role.AUDITOR},
    Action.EXPORT: DESK | OFFICIALS,
    Action.VERIFY_SHOP: frozenset({Role.OFFICER, Role.REVIEWER}),
    Action.REPLY: DESK,
    Action.OPEN_CASE: frozenset({Role.OFFICER, Role.REVIEWER}),
    Action.DECIDE_CASE: frozenset({Role.REVIEWER}),
    Action.PUBLISH_CASE: frozenset({Role.PUBLISHER}),
    Action.EDIT_RULES: frozenset({Role.REVIEWER}),
}
"""Action × role. Who works and who watches are different people: an auditor reads, and appoints auditors."""

GIVES: dict[Role, frozenset[Role]] = {
    Role.MANAGER: frozenset({Role.VIEWER, Role.EDITOR, Role.MANAGER}),
    Role.HEAD_OFFICE: frozenset({Role.VIEWER, Role.EDITOR, Role.MANAGER, Role.HEAD_OFFICE}),
    Role.REVIEWER: frozenset({Role.VIEWER, *OFFICIALS, Role.MANAGER, Role.HEAD_OFFICE}) - {Role.AUDITOR},
    Role.AUDITOR: frozenset({Role.AUDITOR}),
}
"""Which roles one who manages people may give and take: the first 店长 of a shop is invited by its area, and no official
can put away those who watch them."""

FITS: dict[type[Place], tuple[Role, ...]] = {
    Pharmacy: (Role.VIEWER, Role.EDITOR, Role.MANAGER),
    Chain: (Role.VIEWER, Role.EDITOR, Role.MANAGER, Role.HEAD_OFFICE),
    Region: (Role.VIEWER, Role.ANALYST, Role.OFFICER, Role.REVIEWER, Role.PUBLISHER, Role.AUDITOR),
}
"""Which roles there are at a kind of place, the least first (as the database's constraint on memberships says)."""


@dataclass(frozen=True, slots=True)
class Places:
    """The places that a person speaks for by name, each list in the order of its names."""

    pharmacies: list[Pharmacy]
    chains: list[Chain]
    areas: list[Region]

    def __len__(self) -> int:
        return len(self.pharmacies) + len(self.chains) + len(self.areas)


# -- the tree of regions ----------------------------------------------------------------------------------------------


class _Tree(NamedTuple):
    """The regions: what each hangs under, its code, and all that ever had that code. One that was renamed is a new row of
    the same code: who speaks for the old row speaks for the new one, and the other way round."""

    parents: dict[int, int | None]
    codes: dict[int, str]
    namesakes: dict[str, set[int]]


def _tree() -> _Tree:
    parents: dict[int, int | None] = {}
    codes: dict[int, str] = {}
    namesakes: dict[str, set[int]] = {}
    for pk, parent, code in Region.objects.values_list("pk", "parent_id", "code"):
        parents[pk], codes[pk] = parent, code
        namesakes.setdefault(code, set()).add(pk)
    return _Tree(parents, codes, namesakes)


def _upward(region_id: int | None, tree: _Tree) -> set[int]:
    """The region and everything above it, under whatever names."""
    found: set[int] = set()
    while region_id is not None:
        found |= tree.namesakes[tree.codes[region_id]]
        region_id = tree.parents[region_id]
    return found


def _below(regions: Iterable[int], tree: _Tree) -> set[int]:
    """The regions and everything below them."""
    tops = set(regions)
    return {each for each in tree.parents if not tops.isdisjoint(_upward(each, tree))} if tops else set()


def below(area: Region) -> set[int]:
    """The region and everything below it, all levels, under whatever names."""
    return _below([area.pk], _tree())


def above(place: Pharmacy) -> set[int]:
    """The regions in which the pharmacy stands or by which it is managed, all levels."""
    tree = _tree()
    return _upward(place.insurance_area_id, tree) | _upward(place.division_id, tree)


# -- questions --------------------------------------------------------------------------------------------------------


def day(at: datetime) -> date:
    """The calendar day in Asia/Shanghai."""
    return timezone.localtime(at, timezone.get_default_timezone()).date()


def memberships(user: Person, *, at: datetime) -> QuerySet[Membership]:
    """Those of the user that hold on the day of `at`; none of a person who is not logged in or locked out."""
    if user.pk is None:
        return Membership.objects.none()
    return Membership.objects.filter(user_id=user.pk, user__is_active=True, valid__contains=day(at))


def roles(user: Person, place: Place, *, at: datetime) -> frozenset[Role]:
    """In which roles the user reaches the place. A sub-account of a chain is, at the chain itself, a 查看员."""
    held = list(memberships(user, at=at))
    if not held:
        return frozenset()
    tree = _tree()
    if isinstance(place, Region):
        above = _upward(place.pk, tree)
        return frozenset(Role(each.role) for each in held if each.area_id in above)
    if isinstance(place, Chain):
        above = _over(place, tree)
        return frozenset(
            Role(each.role) if each.within_id is None else Role.VIEWER
            for each in held
            if each.chain_id == place.pk or each.area_id in above
        )
    above = _upward(place.insurance_area_id, tree)
    around = above | _upward(place.division_id, tree)
    return frozenset(
        Role(each.role)
        for each in held
        if each.pharmacy_id == place.pk
        or each.area_id in above
        or (
            each.chain_id is not None
            and each.chain_id == place.chain_id
            and (each.within_id is None or each.within_id in around)
        )
    )


def _over(chain: Chain, tree: _Tree) -> set[int]:
    """The areas that reach every pharmacy of the chain; none where it has no pharmacy."""
    areas = Pharmacy.objects.filter(chain=chain).values_list("insurance_area_id", flat=True).distinct()
    found = [_upward(area, tree) for area in areas]
    return set.intersection(*found) if found else set()


def may(user: Person, action: Action, place: Place, *, at: datetime) -> bool:
    return not MAY[action].isdisjoint(roles(user, place, at=at))


def may_give(user: Person, place: Place, *, at: datetime) -> list[Role]:
    """Which roles the user may give and take at the place, the least first."""
    held = roles(user, place, at=at) & MAY[Action.MANAGE_PEOPLE]
    given = frozenset().union(*(GIVES[role] for role in held))
    return [role for role in FITS[type(place)] if role in given]


def pharmacies(user: Person, action: Action, *, at: datetime) -> QuerySet[Pharmacy]:
    """Every pharmacy at which the user may do this."""
    held = [each for each in memberships(user, at=at) if each.role in MAY[action]]
    if not held:
        return Pharmacy.objects.none()
    tree = _tree()
    reached = Q(pk__in=[each.pharmacy_id for each in held if each.pharmacy_id])
    reached |= Q(chain__in=[each.chain_id for each in held if each.chain_id and each.within_id is None])
    reached |= Q(insurance_area__in=_below((each.area_id for each in held if each.area_id), tree))
    for each in held:
        if each.within_id is not None:
            regions = _below([each.within_id], tree)
            around = Q(division__in=regions) | Q(insurance_area__in=regions)
            reached |= Q(chain=each.chain_id) & around
    return Pharmacy.objects.filter(reached)


def places(user: Person, *, at: datetime) -> Places:
    """What the start page lists: the places of the user's own memberships, not all that they reach."""
    held = memberships(user, at=at)
    return Places(
        pharmacies=list(Pharmacy.objects.filter(pk__in=held.values("pharmacy")).order_by("name", "code")),
        chains=list(Chain.objects.filter(pk__in=held.values("chain")).order_by("name")),
        areas=list(Region.objects.valid(day(at)).filter(code__in=held.values("area__code")).order_by("code")),
    )


# -- fetch and authorise in one call ----------------------------------------------------------------------------------


def pharmacy_for(user: Person, action: Action, code: str, *, at: datetime) -> Pharmacy:
    """The pharmacy of that code. Http404 for who may not see it, PermissionDenied for who may see but not do this."""
    found = Pharmacy.objects.select_related("chain", "division", "insurance_area").filter(code=_known(code)).first()
    return _allowed(user, action, found, at=at)


def chain_for(user: Person, action: Action, pk: int, *, at: datetime) -> Chain:
    """The chain of that number, or Http404 or PermissionDenied as `pharmacy_for` says."""
    return _allowed(user, action, Chain.objects.filter(pk=pk).first(), at=at)


def area_for(user: Person, action: Action, code: str, *, at: datetime) -> Region:
    """The region that has this code on the day of `at`, or Http404 or PermissionDenied as `pharmacy_for` says."""
    return _allowed(user, action, Region.objects.valid(day(at)).filter(code=_known(code)).first(), at=at)


def _known(code: str) -> str:
    """The code as a database can be asked for it: none holds a NUL."""
    return "" if "\x00" in code else code


def _allowed(user: Person, action: Action, place: P | None, *, at: datetime) -> P:
    held = roles(user, place, at=at) if place is not None else frozenset()
    if place is None or MAY[Action.SEE].isdisjoint(held):
        raise Http404
    if MAY[action].isdisjoint(held):
        raise PermissionDenied
    return place
