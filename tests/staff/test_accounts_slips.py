"""Slips: what one does with them; and the start page they lead to."""

from datetime import timedelta

import pytest
from django.test import Client

from pharmacies.access import Role
from pharmacies.accounts import invitations
from pharmacies.models import Membership, Pharmacy, User
from tests import factories as f
from tests.factories import AT, since

from .accounts_world import OTHER, PASSWORD, Clock, code_now, log_in, password, text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


# -- slips ------------------------------------------------------------------------------------------------------------


def test_an_invitation_leads_to_an_account_a_phone_and_the_shop(client: Client, li: User, shop: Pharmacy) -> None:
    slip = invitations.invite(place=shop, role=Role.EDITOR, name="王芳", by=li, at=AT)
    address = f"/staff/invitation/{invitations.token(slip)}"
    page = text(client.get(address))
    assert "王芳，请开通账号" in page
    assert "向阳大药房" in page
    assert "录入员" in page
    typed = {"username": "wangfang", "name": "王芳", "password": OTHER, "again": OTHER}
    assert "已有人用" in text(client.post(address, typed | {"username": "LI"}))
    assert "太短" in text(client.post(address, typed | {"password": "x", "again": "x"}))
    assert User.objects.count() == 1
    assert client.post(address, typed).headers["Location"] == "/staff/enrol"
    client.get("/staff/enrol")
    client.post("/staff/enrol", {"code": code_now(client.session["enrolling"])})
    assert "向阳大药房" in text(client.get("/staff"))
    gone = Client().get(address)
    assert gone.status_code == 410
    assert "已经用过" in text(gone)


def test_looking_at_a_link_uses_nothing_up(client: Client, li: User, shop: Pharmacy) -> None:
    slip = invitations.invite(place=shop, role=Role.EDITOR, name="王芳", by=li, at=AT)
    for _ in range(3):
        assert client.get(f"/staff/invitation/{invitations.token(slip)}").status_code == 200


def test_somebody_with_an_account_joins_with_it(client: Client, li: User) -> None:
    slip = invitations.invite(place=f.pharmacy("二店"), role=Role.VIEWER, name="李", by="省医保局", at=AT)
    log_in(client)
    address = f"/staff/invitation/{invitations.token(slip)}"
    assert "您现在以 李店长（li）登录" in text(client.get(address))
    assert client.post(address).headers["Location"] == "/staff"
    assert "二店" in text(client.get("/staff"))
    assert Membership.objects.filter(user=li).count() == 2


def test_a_slip_is_typed_from_paper(client: Client, li: User, shop: Pharmacy) -> None:
    slip = invitations.invite(place=shop, role=Role.EDITOR, name="王芳", by=li, at=AT)
    token = invitations.token(slip)
    answer = client.post("/staff/invitation", {"token": f" {token.upper().replace('-', ' ')} "}, follow=True)
    assert "王芳，请开通账号" in text(answer)
    assert "没有这张邀请单" in text(client.post("/staff/invitation", {"token": "../../x"}, follow=True))


def test_a_revoked_and_an_old_slip_say_so(client: Client, li: User, shop: Pharmacy, clock: Clock) -> None:
    slips = [invitations.invite(place=shop, role=Role.EDITOR, name="王芳", by=li, at=AT) for _ in range(2)]
    invitations.revoke(invitation=slips[0], by=li, at=AT)
    clock.forward(days=8)
    said = [text(client.get(f"/staff/invitation/{invitations.token(slip)}")) for slip in slips]
    assert "已被撤回" in said[0]
    assert "超过 7 天" in said[1]


def test_a_reset_slip_gives_a_new_password_and_a_new_phone(client: Client, li: User) -> None:
    slip = invitations.invite_back(user=li, by="省医保局", at=AT)
    address = f"/staff/invitation/{invitations.token(slip)}"
    assert "您的用户名是 li" in text(client.get(address))
    assert client.post(address, {"password": OTHER, "again": OTHER}).headers["Location"] == "/staff/enrol"
    assert "不对" in text(password(Client(), PASSWORD))
    assert password(Client(), OTHER).headers["Location"].startswith("/staff/enrol")


def test_the_slip_is_printed_by_those_who_may_invite_there(client: Client, li: User, shop: Pharmacy) -> None:
    slip = invitations.invite(place=shop, role=Role.EDITOR, name="王芳", by=li, at=AT)
    address = f"/staff/invitations/{slip.pk}/slip"
    assert client.get(address).status_code == 302
    log_in(client)
    page = client.get(address).content.decode()
    assert invitations.token(slip) in page
    assert "<svg" in page
    Membership.objects.update(role=Role.EDITOR)
    assert client.get(address).status_code == 404
    Membership.objects.update(role=Role.MANAGER)
    invitations.revoke(invitation=slip, by=li, at=AT)
    assert invitations.token(slip) not in client.get(address).content.decode()


# -- the start page ---------------------------------------------------------------------------------------------------


def test_the_start_page_lists_the_places_of_today(client: Client, li: User, shop: Pharmacy) -> None:
    log_in(client)
    page = text(client.get("/staff"))
    assert "李店长，您好" in page
    assert "向阳大药房" in page
    assert "店长" in page
    Membership.objects.update(valid=since(AT.date() - timedelta(days=30), AT.date()))
    assert "您现在不属于任何药店" in text(client.get("/staff"))


def test_every_page_exists_in_english(client: Client, li: User) -> None:
    assert client.get("/en/staff").headers["Location"].startswith("/en/staff/login")
    for path in ("login", "invitation"):
        assert client.get(f"/en/staff/{path}").status_code == 200
