"""Who works where: ending a membership and changing a role. Joining is `pharmacies.accounts.invitations`."""

from datetime import datetime

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from pharmacies import access, audit
from pharmacies.accounts import invitations
from pharmacies.models import Chain, Membership, Pharmacy, Region, User


class Refused(ValueError):
    """Why it cannot be done, in words for the person who tried."""


def of(place: access.Place, *, at: datetime) -> QuerySet[Membership]:
    """The memberships of this place itself that hold on the day of `at`, by name; not of those who reach it from above."""
    if isinstance(place, Region):
        there = Q(area__code=place.code)  # also under the name that it had before
    else:
        there = Q(pharmacy=place) if isinstance(place, Pharmacy) else Q(chain=place)
    found = Membership.objects.filter(there, valid__contains=access.day(at))
    return found.select_related("user", "pharmacy", "chain", "area", "within").order_by(
        "user__first_name", "user", "pk"
    )


def above(place: access.Place, *, at: datetime) -> QuerySet[Membership]:
    """Memberships of other places whose people work at this pharmacy too: those of its chain."""
    if not isinstance(place, Pharmacy) or place.chain_id is None:
        return Membership.objects.none()
    regions = access.above(place)
    reaching = Q(within__isnull=True) | Q(within__in=regions)
    return of(place.chain or Chain(pk=place.chain_id), at=at).filter(reaching)


def place_of(membership: Membership) -> access.Place:
    found = membership.pharmacy or membership.chain or membership.area
    if found is None:
        raise ValueError("a membership of no place")  # the database has a constraint against it
    return found


@transaction.atomic
def end(*, membership: Membership, by: User | str, at: datetime, reason: str = "") -> None:
    """From the next request on, this person no longer speaks for the place in this role, and what they invited others to
    by right of it is void. Raises Refused."""
    if isinstance(by, User):
        _allowed(membership, by, at=at)
    today = access.day(at)
    begun = membership.valid.lower
    still = Membership.objects.filter(pk=membership.pk, valid__contains=today)
    if not still.update(valid=DateRange(begun, today)):  # of one day: never
        raise Refused(_("这个人的角色已经结束了。"))
    audit.record(
        at=at,
        by=by,
        action="membership.end",
        subject="pharmacies.Membership",
        subject_id=membership.pk,
        place=place_of(membership),
        before=_told(membership),
        reason=reason,
    )
    invitations.revoke_lapsed(giver=membership.user, by=by, at=at)


@transaction.atomic
def change_role(*, membership: Membership, role: access.Role, by: User, at: datetime, reason: str = "") -> Membership:
    """Another role at the same place from now on; the old one ends. Raises Refused."""
    _allowed(membership, by, at=at)
    place = place_of(membership)
    if role not in access.may_give(by, place, at=at):
        raise Refused(_("您不能给予这个角色。"))
    if role == membership.role:
        return membership
    today = access.day(at)
    where = {name: getattr(membership, name) for name in ("pharmacy", "chain", "area", "within")}
    if Membership.objects.filter(user=membership.user, role=role, valid__contains=today, **where).exists():
        raise Refused(_("这个人已经有这个角色。"))
    end(membership=membership, by=by, at=at, reason=reason)
    changed = Membership.objects.create(user=membership.user, role=role, valid=DateRange(today, None), **where)
    audit.record(
        at=at,
        by=by,
        action="membership.begin",
        subject="pharmacies.Membership",
        subject_id=changed.pk,
        place=place,
        after=_told(changed),
        reason=reason,
    )
    return changed


def may_end(by: User, membership: Membership, *, at: datetime) -> bool:
    """Who may give a role may take it, but nobody their own: the last 店长 must not lock the shop."""
    given = access.may_give(by, place_of(membership), at=at)
    return membership.user_id != by.pk and membership.role in given


def _allowed(membership: Membership, by: User, *, at: datetime) -> None:
    if membership.user_id == by.pk:
        raise Refused(_("不能改动自己的角色，请由另一位负责人来做。"))
    if not may_end(by, membership, at=at):
        raise Refused(_("您不能改动这个角色。"))


def _told(membership: Membership) -> dict[str, str | None]:
    user, within = membership.user, membership.within
    return {
        "name": user.display_name,
        "username": user.username,
        "role": membership.role,
        "within": within.code if within else None,
    }
