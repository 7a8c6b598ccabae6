"""A slip is worth no more than who gave it still is: neither who was put away nor who lent a hand early gains by one."""

from datetime import timedelta
from typing import Any

import pytest

from pharmacies import members
from pharmacies.access import Role
from pharmacies.accounts import invitations
from pharmacies.accounts.invitations import Refusal, Unusable
from pharmacies.models import Chain, Invitation, Membership, Pharmacy, Region, User
from tests import factories as f
from tests.factories import AT, since

pytestmark = pytest.mark.django_db

LATER = AT + timedelta(days=1)


def member(of: Any, role: Role, username: str) -> User:
    user = User.objects.filter(username=username).first() or User.objects.create_user(username, password="x")
    kind = {Pharmacy: "pharmacy", Chain: "chain", Region: "area"}[type(of)]
    Membership.objects.create(user=user, role=role, valid=since(), **{kind: of})
    return user


def why(invitation: Invitation) -> Refusal | None:
    try:
        invitations.find(invitations.token(invitation), at=LATER)
    except Unusable as refused:
        return refused.why
    return None


def test_who_was_put_away_does_not_come_back_by_a_slip_of_their_own() -> None:
    shop = f.pharmacy()
    boss, other = member(shop, Role.MANAGER, "boss"), member(shop, Role.MANAGER, "other")
    slip = invitations.invite(place=shop, role=Role.MANAGER, name="王", by=boss, at=AT)
    kept = invitations.invite(place=shop, role=Role.EDITOR, name="李", by=other, at=AT)
    members.end(membership=Membership.objects.get(user=boss), by=other, at=AT)
    assert why(slip) is Refusal.REVOKED, "the list of open invitations must not show it either"
    assert why(kept) is None


def test_a_slip_of_who_still_manages_elsewhere_stays_good_there() -> None:
    one, two = f.pharmacy(), f.pharmacy()
    boss, other = member(one, Role.MANAGER, "boss"), member(one, Role.MANAGER, "other")
    member(two, Role.MANAGER, "boss")
    gone, stays = (invitations.invite(place=shop, role=Role.EDITOR, name="王", by=boss, at=AT) for shop in (one, two))
    members.end(membership=Membership.objects.get(user=boss, pharmacy=one), by=other, at=AT)
    assert (why(gone), why(stays)) == (Refusal.REVOKED, None)


def test_a_demoted_manager_has_no_slips_out_any_more() -> None:
    shop = f.pharmacy()
    boss, other = member(shop, Role.MANAGER, "boss"), member(shop, Role.MANAGER, "other")
    slip = invitations.invite(place=shop, role=Role.MANAGER, name="王", by=boss, at=AT)
    members.change_role(membership=Membership.objects.get(user=boss), role=Role.VIEWER, by=other, at=AT)
    assert why(slip) is Refusal.REVOKED


def test_an_account_that_was_switched_off_lets_nobody_in() -> None:
    shop = f.pharmacy()
    boss = member(shop, Role.MANAGER, "boss")
    slip = invitations.invite(place=shop, role=Role.MANAGER, name="王", by=boss, at=AT)
    User.objects.filter(pk=boss.pk).update(is_active=False)
    assert why(slip) is Refusal.LAPSED


def test_no_shop_takes_over_an_official_by_a_slip_made_before_they_were_one() -> None:
    shop = f.pharmacy()
    boss, clerk = member(shop, Role.MANAGER, "boss"), member(shop, Role.VIEWER, "clerk")
    slip = invitations.invite_back(user=clerk, by=boss, at=AT)
    assert why(slip) is None
    member(f.wuchang(), Role.OFFICER, "clerk")
    assert why(slip) is Refusal.LAPSED


def test_no_slip_takes_over_an_account_that_got_rights_in_the_admin_site_since() -> None:
    shop = f.pharmacy()
    boss, clerk = member(shop, Role.MANAGER, "boss"), member(shop, Role.VIEWER, "clerk")
    slip = invitations.invite_back(user=clerk, by=boss, at=AT)
    User.objects.filter(pk=clerk.pk).update(is_staff=True)
    assert why(slip) is Refusal.LAPSED


def test_slips_of_the_command_line_are_good_whoever_made_them() -> None:
    shop = f.pharmacy()
    clerk = member(shop, Role.VIEWER, "clerk")
    assert why(invitations.invite(place=shop, role=Role.MANAGER, name="王", by="root", at=AT)) is None
    assert why(invitations.invite_back(user=clerk, by="root", at=AT)) is None
