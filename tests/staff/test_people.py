"""The page of who works here: inviting, changing, ending, and giving somebody a way back in."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from pharmacies import access, members
from pharmacies.accounts import invitations
from pharmacies.models import AuditEvent, Chain, Invitation, Membership, Pharmacy, User

from .. import factories as f
from ..factories import since
from .signing import sign_in

pytestmark = pytest.mark.django_db


def person(role: str, name: str = "", **place: Any) -> User:
    """Somebody new with a role, and with a name to find on a page."""
    n = User.objects.count()
    user = User.objects.create_user(f"user{n}", first_name=name or f"某{n}")
    Membership.objects.create(user=user, role=role, valid=since(), **place)
    return user


@pytest.fixture
def shop() -> Pharmacy:
    return f.pharmacy("甲一店", chain=f.chain())


@pytest.fixture
def boss(shop: Pharmacy) -> User:
    return person("manager", "王店长", pharmacy=shop)


@pytest.fixture
def page(client: Client, boss: User, shop: Pharmacy) -> str:
    """The address, with the boss logged in."""
    sign_in(client, boss)
    return f"/desk/{shop.code}/people"


def text_of(response: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", response.content.decode()))


# -- looking ----------------------------------------------------------------------------------------------------------


def test_everybody_who_works_there_is_listed_and_nobody_else(client: Client, page: str, shop: Pharmacy) -> None:
    person("editor", "李录入", pharmacy=shop)
    person("editor", "别店的人", pharmacy=f.pharmacy())
    former = person("editor", "走了的人", pharmacy=shop)
    members.end(membership=former.memberships.get(), by="测试", at=timezone.now())
    said = text_of(client.get(page))
    assert "李录入" in said
    assert "王店长 您自己" in said
    assert "别店的人" not in said
    assert "走了的人" not in said


def test_head_office_people_are_shown_to_the_shop_as_far_as_they_reach(
    client: Client, page: str, shop: Pharmacy
) -> None:
    person("head_office", "总部人", chain=shop.chain)
    person("editor", "汉口子账号", chain=shop.chain, within=f.hongshan())
    person("editor", "武昌子账号", chain=shop.chain, within=shop.division)
    said = text_of(client.get(page))
    assert "总部人" in said
    assert "武昌子账号" in said
    assert "汉口子账号" not in said


def test_a_telephone_number_as_user_name_is_masked(client: Client, page: str, shop: Pharmacy) -> None:
    user = person("editor", "李录入", pharmacy=shop)
    User.objects.filter(pk=user.pk).update(username="13812345678")
    said = client.get(page).content.decode()
    assert "138****5678" in said
    assert "13812345678" not in said


def test_what_a_name_says_is_text_and_no_mark_up(client: Client, page: str, shop: Pharmacy) -> None:
    person("editor", "<script>x</script>", pharmacy=shop)
    assert "<script>x" not in client.get(page).content.decode()


def test_the_page_costs_few_queries(
    client: Client, page: str, shop: Pharmacy, django_assert_max_num_queries: Any
) -> None:
    for _ in range(5):
        person("editor", pharmacy=shop)
        person("viewer", chain=shop.chain)
    client.get(page)
    with django_assert_max_num_queries(30):
        client.get(page)


# -- inviting ---------------------------------------------------------------------------------------------------------


def test_an_invitation_leads_to_a_slip_and_joins_the_invited(client: Client, page: str, shop: Pharmacy) -> None:
    response = client.post(page, {"name": "张新人", "role": "editor"})
    invitation = Invitation.objects.get()
    assert response.headers["Location"] == f"/staff/invitations/{invitation.pk}/slip"
    assert (invitation.pharmacy, invitation.role, invitation.name) == (shop, "editor", "张新人")
    assert "张新人" in text_of(client.get(page))
    newcomer = User.objects.create_user("new")
    invitations.accept(invitation=invitation, user=newcomer, at=timezone.now())
    assert access.may(newcomer, access.Action.EDIT_PRICES, shop, at=timezone.now())


@pytest.mark.parametrize("role", ["head_office", "officer", "king", ""])
def test_a_role_that_one_may_not_give_is_refused(client: Client, page: str, role: str) -> None:
    response = client.post(page, {"name": "张新人", "role": role})
    assert response.status_code == 422
    assert not Invitation.objects.exists()
    assert "张新人" in response.content.decode()  # what was typed is still there


def test_a_name_is_needed(client: Client, page: str) -> None:
    assert client.post(page, {"name": " ", "role": "editor"}).status_code == 422
    assert not Invitation.objects.exists()


def test_a_chain_may_limit_somebody_to_a_city(client: Client, shop: Pharmacy) -> None:
    far = f.pharmacy(chain=shop.chain, division=f.hongshan())
    sign_in(client, person("head_office", chain=shop.chain))
    page = f"/chain/{shop.chain_id}/people"
    assert "洪山区" in text_of(client.get(page))
    client.post(page, {"name": "子账号", "role": "editor", "within": "420111"})
    user = User.objects.create_user("sub")
    invitations.accept(invitation=Invitation.objects.get(), user=user, at=timezone.now())
    assert list(access.pharmacies(user, access.Action.EDIT_PRICES, at=timezone.now())) == [far]
    assert "限 洪山区" in text_of(client.get(page))


@pytest.mark.parametrize(("role", "within"), [("head_office", "420111"), ("editor", "420500"), ("editor", "x")])
def test_a_limit_that_makes_no_sense_is_refused(client: Client, shop: Pharmacy, role: str, within: str) -> None:
    f.pharmacy(chain=shop.chain, division=f.hongshan())
    f.region("420500", "宜昌市", f.region())
    sign_in(client, person("head_office", chain=shop.chain))
    response = client.post(f"/chain/{shop.chain_id}/people", {"name": "子账号", "role": role, "within": within})
    assert response.status_code == 422
    assert not Invitation.objects.exists()


def test_an_area_invites_officials_and_a_shops_first_manager(client: Client, shop: Pharmacy) -> None:
    sign_in(client, person("reviewer", area=f.wuchang()))
    client.post("/console/420106/people", {"name": "新经办", "role": "officer"})
    client.post(f"/desk/{shop.code}/people", {"name": "新店长", "role": "manager"})
    assert client.post(f"/desk/{shop.code}/people", {"name": "x", "role": "editor"}).status_code == 422
    assert [each.role for each in Invitation.objects.order_by("pk")] == ["officer", "manager"]


def test_an_open_invitation_can_be_revoked_and_is_then_useless(client: Client, page: str) -> None:
    client.post(page, {"name": "张新人", "role": "editor"})
    invitation = Invitation.objects.get()
    client.post(f"{page}/invitations/{invitation.pk}/revoke")
    with pytest.raises(invitations.Unusable):
        invitations.find(invitations.token(invitation), at=timezone.now())
    assert client.post(f"{page}/invitations/{invitation.pk}/revoke").status_code == 404


def test_an_invitation_of_another_place_cannot_be_revoked_from_here(client: Client, page: str) -> None:
    other = invitations.invite(place=f.pharmacy(), role=access.Role.EDITOR, name="x", by="李", at=timezone.now())
    assert client.post(f"{page}/invitations/{other.pk}/revoke").status_code == 404
    other.refresh_from_db()
    assert other.revoked_at is None


# -- changing and ending ----------------------------------------------------------------------------------------------


def test_ending_a_role_shuts_the_door_with_the_next_request(client: Client, page: str, shop: Pharmacy) -> None:
    user = person("manager", "李副店", pharmacy=shop)
    theirs = sign_in(Client(), user)
    assert theirs.get(page).status_code == 200
    membership = user.memberships.get()
    response = client.post(f"{page}/{membership.pk}", {"do": "end", "reason": "离职"}, follow=True)
    assert "李副店 已不能再进入 甲一店" in text_of(response)
    assert theirs.get(page).status_code == 404
    event = AuditEvent.objects.get(action="membership.end")
    assert (event.pharmacy, event.reason, event.before and event.before["role"]) == (shop, "离职", "manager")


def test_a_role_can_be_changed_and_the_old_one_ends(client: Client, page: str, shop: Pharmacy) -> None:
    user = person("editor", "李录入", pharmacy=shop)
    client.post(f"{page}/{user.memberships.get().pk}", {"do": "role", "role": "viewer"})
    assert access.roles(user, shop, at=timezone.now()) == {"viewer"}
    assert AuditEvent.objects.filter(action__in=["membership.end", "membership.begin"], pharmacy=shop).count() == 2


def test_somebody_who_came_today_can_be_changed_and_ended_today(client: Client, page: str, shop: Pharmacy) -> None:
    user = User.objects.create_user("new")
    today = access.day(timezone.now())
    membership = Membership.objects.create(user=user, role="editor", pharmacy=shop, valid=since(today))
    client.post(f"{page}/{membership.pk}", {"do": "role", "role": "manager"})
    (changed,) = access.memberships(user, at=timezone.now())
    assert changed.role == "manager"
    client.post(f"{page}/{changed.pk}", {"do": "end"})
    assert access.roles(user, shop, at=timezone.now()) == frozenset()


def test_nobody_changes_or_ends_their_own_role(client: Client, page: str, boss: User, shop: Pharmacy) -> None:
    own = boss.memberships.get()
    for sent in ({"do": "end"}, {"do": "role", "role": "viewer"}):
        client.post(f"{page}/{own.pk}", sent)
    assert access.roles(boss, shop, at=timezone.now()) == {"manager"}
    assert "您自己" in text_of(client.get(f"{page}/{own.pk}"))


def test_a_role_that_one_may_not_give_one_may_not_take(client: Client, shop: Pharmacy) -> None:
    editor = person("editor", pharmacy=shop)
    sign_in(client, person("reviewer", area=f.wuchang()))
    address = f"/desk/{shop.code}/people/{editor.memberships.get().pk}"
    assert "不由您给予" in text_of(client.get(address))
    client.post(address, {"do": "end"})
    assert access.roles(editor, shop, at=timezone.now()) == {"editor"}


def test_a_chain_manager_cannot_put_away_the_head_office(client: Client, shop: Pharmacy) -> None:
    assert shop.chain
    head = person("head_office", chain=shop.chain)
    sign_in(client, person("manager", chain=shop.chain))
    client.post(f"/chain/{shop.chain_id}/people/{head.memberships.get().pk}", {"do": "end"})
    assert access.roles(head, shop.chain, at=timezone.now()) == {"head_office"}


def test_people_of_other_places_and_people_who_left_are_not_found(client: Client, page: str, shop: Pharmacy) -> None:
    elsewhere = person("editor", pharmacy=f.pharmacy()).memberships.get()
    head = person("viewer", chain=shop.chain).memberships.get()
    left = person("editor", pharmacy=shop).memberships.get()
    members.end(membership=left, by="测试", at=timezone.now())
    for membership in (elsewhere, head, left):
        for sent in ({}, {"do": "end"}):
            assert client.post(f"{page}/{membership.pk}", sent).status_code == 404
    assert access.memberships(elsewhere.user, at=timezone.now()).exists()


def test_ending_twice_says_so(shop: Pharmacy, boss: User) -> None:
    membership = person("editor", pharmacy=shop).memberships.get()
    members.end(membership=membership, by=boss, at=timezone.now())
    with pytest.raises(members.Refused, match="已经结束"):
        members.end(membership=membership, by=boss, at=timezone.now())
    assert AuditEvent.objects.filter(action="membership.end").count() == 1


def test_who_left_may_come_again(shop: Pharmacy, boss: User) -> None:
    user = person("editor", pharmacy=shop)
    at = timezone.now()
    members.end(membership=user.memberships.get(), by=boss, at=at)
    invitation = invitations.invite(place=shop, role=access.Role.EDITOR, name="李", by=boss, at=at)
    invitations.accept(invitation=invitation, user=user, at=at)
    assert access.roles(user, shop, at=at) == {"editor"}
    assert access.roles(user, shop, at=at - timedelta(days=30)) == {"editor"}  # what held then is still known


@pytest.mark.parametrize("do", ["", "fire", "role"])
def test_a_button_that_does_not_exist_changes_nothing(client: Client, page: str, shop: Pharmacy, do: str) -> None:
    user = person("editor", pharmacy=shop)
    assert client.post(f"{page}/{user.memberships.get().pk}", {"do": do}).status_code in (400, 422)
    assert access.roles(user, shop, at=timezone.now()) == {"editor"}


def test_officials_cannot_put_away_who_watches_them(client: Client) -> None:
    watcher = person("auditor", area=f.wuchang())
    sign_in(client, person("reviewer", area=f.wuchang()))
    page = "/console/420106/people"
    client.post(f"{page}/{watcher.memberships.get().pk}", {"do": "end"})
    assert client.post(page, {"name": "x", "role": "auditor"}).status_code == 422
    assert access.roles(watcher, f.wuchang(), at=timezone.now()) == {"auditor"}
    sign_in(client, watcher)
    assert client.post(page, {"name": "x", "role": "auditor"}).status_code == 302
    assert client.post(page, {"name": "x", "role": "officer"}).status_code == 422


# -- the way back -----------------------------------------------------------------------------------------------------


def test_a_colleague_without_a_phone_gets_a_slip(client: Client, page: str, shop: Pharmacy) -> None:
    user = person("editor", pharmacy=shop)
    response = client.post(f"{page}/{user.memberships.get().pk}", {"do": "back"})
    invitation = Invitation.objects.get(kind="reset")
    assert invitation.user == user
    assert response.headers["Location"] == f"/staff/invitations/{invitation.pk}/slip"
    assert AuditEvent.objects.get(action="invitation.reset").pharmacy == shop


def test_a_shop_cannot_take_over_the_account_of_somebody_who_works_elsewhere_too(
    client: Client, page: str, shop: Pharmacy
) -> None:
    user = person("editor", pharmacy=shop)
    Membership.objects.create(user=user, role="officer", area=f.wuchang(), valid=since())
    address = f"{page}/{user.memberships.get(pharmacy=shop).pk}"
    assert client.post(address, {"do": "back"}).status_code == 403
    assert not Invitation.objects.exists()


# -- without rights ---------------------------------------------------------------------------------------------------


def test_an_editor_has_no_page_of_people(client: Client, shop: Pharmacy) -> None:
    sign_in(client, person("editor", pharmacy=shop))
    assert client.get(f"/desk/{shop.code}/people").status_code == 403
    assert client.post(f"/desk/{shop.code}/people", {"name": "x", "role": "viewer"}).status_code == 403
    assert not Invitation.objects.exists()


def test_the_verbs_ask_too(shop: Pharmacy) -> None:
    editor, viewer = person("editor", pharmacy=shop), person("viewer", pharmacy=shop)
    with pytest.raises(members.Refused):
        members.end(membership=viewer.memberships.get(), by=editor, at=timezone.now())
    with pytest.raises(members.Refused):
        members.change_role(membership=viewer.memberships.get(), role=access.Role.EDITOR, by=editor, at=timezone.now())
    stranger = Chain.objects.create(name="别家")
    with pytest.raises(members.Refused):
        members.end(membership=viewer.memberships.get(), by=person("head_office", chain=stranger), at=timezone.now())
    assert access.roles(viewer, shop, at=timezone.now()) == {"viewer"}
