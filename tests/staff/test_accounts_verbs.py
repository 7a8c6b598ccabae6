"""Coming in, without pages: second factor, recovery codes, locks, invitations, passwords."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from pharmacies import access
from pharmacies.access import Role
from pharmacies.accounts import invitations, keys, locks, passwords, people, recovery, totp
from pharmacies.accounts.factors import Verdict, second_factor
from pharmacies.accounts.invitations import Refusal, Unusable
from pharmacies.models import (
    AuditEvent,
    Authenticator,
    Chain,
    Invitation,
    Membership,
    Pharmacy,
    RecoveryCode,
    Region,
    User,
)
from tests import factories as f
from tests.factories import AT, since

pytestmark = pytest.mark.django_db

PASSWORD, OTHER = "three-shops-1", "four-shops-22"
SEED = "a seed"
STEP = totp.step_of(AT)


def person(username: str = "li", **fields: Any) -> User:
    return User.objects.create_user(username, password=PASSWORD, **fields)


def member(of: Any, role: Role, username: str = "li") -> User:
    user = User.objects.filter(username=username).first() or person(username)
    kind = {Pharmacy: "pharmacy", Chain: "chain", Region: "area"}[type(of)]
    Membership.objects.create(user=user, role=role, valid=since(), **{kind: of})
    return user


# -- six digits -------------------------------------------------------------------------------------------------------


@pytest.fixture
def enrolled() -> User:
    user = person()
    code = totp.code_at(SEED, STEP - 10)
    assert totp.enrol(user=user, seed=SEED, code=code, at=AT - timedelta(seconds=300)) is Verdict.RIGHT
    return user


@pytest.mark.parametrize(("seconds", "code"), [(59, "94287082"), (1111111109, "07081804"), (20000000000, "65353130")])
def test_codes_are_those_of_rfc_6238(monkeypatch: pytest.MonkeyPatch, seconds: int, code: str) -> None:
    monkeypatch.setattr(totp, "key", lambda seed: b"12345678901234567890")
    assert totp.code_at(SEED, seconds // totp.STEP_S) == code[-6:]


@pytest.mark.parametrize("late", [-1, 0, 1])
def test_a_code_is_right_half_a_minute_around_its_time(enrolled: User, late: int) -> None:
    assert second_factor().verify(enrolled, totp.code_at(SEED, STEP + late), at=AT) is Verdict.RIGHT


@pytest.mark.parametrize("late", [-9, -2, 2, 20])
def test_a_code_of_another_minute_is_refused_and_told_from_a_wrong_one(enrolled: User, late: int) -> None:
    assert second_factor().verify(enrolled, totp.code_at(SEED, STEP + late), at=AT) is Verdict.LATE


def test_a_code_counts_once_and_so_do_those_before_it(enrolled: User) -> None:
    code = totp.code_at(SEED, STEP)
    assert second_factor().verify(enrolled, code, at=AT) is Verdict.RIGHT
    assert second_factor().verify(enrolled, code, at=AT) is Verdict.REUSED
    assert second_factor().verify(enrolled, totp.code_at(SEED, STEP - 1), at=AT) is Verdict.REUSED
    assert second_factor().verify(enrolled, totp.code_at(SEED, STEP + 1), at=AT) is Verdict.RIGHT


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "０" * 6, "-12345", "１２３４５６７８９０" * 9])
def test_what_is_no_code_is_wrong_and_breaks_nothing(enrolled: User, typed: str) -> None:
    assert totp.code_at(SEED, STEP) != "000000"
    assert second_factor().verify(enrolled, typed, at=AT) is Verdict.WRONG


def test_full_width_digits_and_blanks_are_read(enrolled: User) -> None:
    code = totp.code_at(SEED, STEP)
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in code)
    assert second_factor().verify(enrolled, f" {wide[:3]}　{wide[3:]} ", at=AT) is Verdict.RIGHT


def test_the_key_is_not_in_the_database_and_needs_the_secret_of_the_installation(settings: Any) -> None:
    before = totp.key(SEED)
    assert len(before) == 20
    settings.SECRET_KEY = "another one"
    assert totp.key(SEED) != before


def test_a_new_phone_replaces_the_old(enrolled: User) -> None:
    assert totp.enrol(user=enrolled, seed="new", code=totp.code_at("new", STEP), at=AT) is Verdict.RIGHT
    assert second_factor().verify(enrolled, totp.code_at(SEED, STEP), at=AT) is Verdict.WRONG
    assert Authenticator.objects.count() == 1
    assert AuditEvent.objects.latest("id").after == {"factor": "totp", "replaced": True}


def test_a_wrong_code_binds_no_phone() -> None:
    user = person()
    assert totp.enrol(user=user, seed=SEED, code=totp.code_at(SEED, STEP - 5), at=AT) is Verdict.LATE
    assert not second_factor().enrolled(user)
    assert second_factor().verify(user, totp.code_at(SEED, STEP), at=AT) is Verdict.WRONG


def test_the_qr_code_says_what_authenticators_read() -> None:
    address = totp.uri(SEED, "王 店长")
    assert address.startswith("otpauth://totp/%E8%8D%AF%E6%AF%94%E4%B8%89%E5%AE%B6%3A%E7%8E%8B%20%E5%BA%97%E9%95%BF?")
    assert f"secret={totp.spelled(SEED).replace(' ', '')}&" in address
    assert all(len(group) == 4 for group in totp.spelled(SEED).split())


# -- recovery codes ---------------------------------------------------------------------------------------------------


def test_a_recovery_code_lets_its_owner_in_once_however_it_is_typed() -> None:
    user, other = person(), person("wang")
    codes = recovery.renew(user=user, at=AT)
    typed = codes[3].upper().replace("-", " ").replace("0", "O").replace("1", "l")
    assert len(set(codes)) == 10
    assert not recovery.use(user=other, typed=codes[3], at=AT)
    assert recovery.use(user=user, typed=typed, at=AT)
    assert not recovery.use(user=user, typed=codes[3], at=AT)
    assert recovery.left(user) == 9


def test_recovery_codes_are_kept_as_digests_and_new_ones_void_the_old() -> None:
    user = person()
    old = recovery.renew(user=user, at=AT)
    assert not RecoveryCode.objects.filter(digest__contains=keys.read(old[0])).exists()
    recovery.renew(user=user, at=AT)
    assert not recovery.use(user=user, typed=old[0], at=AT)


# -- locks ------------------------------------------------------------------------------------------------------------


def attempt(account: str = "li", address: str = "10.0.0.1", after: float = 0) -> float:
    return locks.attempt(account=account, address=address, at=AT + timedelta(seconds=after)).total_seconds()


def test_two_slips_are_free_then_every_failure_doubles_the_wait_up_to_a_quarter_of_an_hour() -> None:
    at, waits = 0.0, []
    assert attempt() == attempt() == 0
    for _ in range(11):
        assert attempt(after=at) == 0
        waits.append(attempt(after=at))
        at += waits[-1]
    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]


def test_a_refused_attempt_does_not_make_the_wait_longer() -> None:
    for _ in range(3):
        attempt()
    assert attempt() == 2
    assert attempt() == 2
    assert attempt(after=2) == 0


def test_the_lock_is_of_account_and_address_never_of_the_account() -> None:
    for after in range(0, 4000, 1000):
        attempt(after=after)
    assert attempt(after=3001) > 0
    assert attempt(address="10.0.0.2", after=3001) == 0
    assert attempt(account="wang", after=3001) == 0


def test_success_and_a_day_of_rest_forget_failures() -> None:
    for _ in range(3):
        attempt()
    assert locks.succeeded(account="li", address="10.0.0.1") == 2
    assert attempt() == 0
    for after in (10, 20):
        attempt(after=after)
    assert attempt(after=20) > 0
    assert attempt(after=20 + 25 * 3600) == 0
    assert locks.failures(account="li", address="10.0.0.1") == 1


def knock(after: float = 0, address: str = "10.0.0.1") -> float:
    return locks.knock(address=address, at=AT + timedelta(seconds=after)).total_seconds()


def test_names_in_turn_are_guessed_no_faster_than_one() -> None:
    assert [knock() for _ in range(locks.KNOCKS)] == [0] * locks.KNOCKS
    assert knock() == 10
    assert knock() == 10, "what was not looked at does not make the wait longer"
    assert knock(address="10.0.0.2") == 0
    assert [knock(10), knock(10), knock(25)] == [0, 10, 0]


def test_an_office_that_logs_in_rightly_is_not_slowed_down() -> None:
    for _ in range(5 * locks.KNOCKS):
        assert knock() == 0
        locks.knocked_right(address="10.0.0.1")
    locks.knocked_right(address="10.0.0.1")
    assert [knock() for _ in range(locks.KNOCKS)] == [0] * locks.KNOCKS
    assert knock() > 0, "nobody saves up for later"


def test_behind_a_proxy_that_was_not_declared_nobody_locks_out_everybody() -> None:
    assert {knock(address=address) for _ in range(2 * locks.KNOCKS) for address in locks.UNDECLARED} == {0}


def test_old_failures_are_deleted() -> None:
    attempt(account="made up")
    attempt(account="fresh", after=3600 * 20)
    assert locks.forget(at=AT + timedelta(hours=25)) == 1


# -- passwords and sessions -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "password",
    ["short-1", "1234567890123", "password123", "aaaaaaaaaaaa", "ababababab12", "zhangsan-01", "张三丰张三丰张三丰12"],
)
def test_weak_passwords_are_refused(password: str) -> None:
    with pytest.raises(ValidationError):
        passwords.check(password, User(username="zhangsan-1", first_name="张三丰张三丰"))


def test_a_new_password_ends_every_session_and_is_logged_without_itself() -> None:
    user = person()
    before = user.get_session_auth_hash()
    passwords.change(user=user, password=OTHER, at=AT)
    assert User.objects.get().get_session_auth_hash() != before
    assert OTHER not in str(AuditEvent.objects.values())
    with pytest.raises(ValidationError, match="一样"):
        passwords.change(user=user, password=OTHER, at=AT)


def test_log_out_everywhere_changes_what_sessions_are_checked_against() -> None:
    user = person()
    before = user.get_session_auth_hash()
    people.log_out_everywhere(user=user, by=user, at=AT)
    assert user.get_session_auth_hash() == User.objects.get().get_session_auth_hash() != before


def test_a_user_name_is_one_whatever_its_case_and_width() -> None:
    people.create(username=" Ｌi ", name="李", password=PASSWORD, at=AT)
    assert people.stored_name("LI") == "li"
    with pytest.raises(ValidationError, match="已有人用"):
        people.create(username="LI", name="李", password=PASSWORD, at=AT)
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create(username="LI")


# -- invitations ------------------------------------------------------------------------------------------------------


@pytest.fixture
def invited() -> Invitation:
    return invitations.invite(place=f.pharmacy(), role=Role.EDITOR, name="王", by="店长", at=AT)


def take(invitation: Invitation, username: str = "wang", **fields: Any) -> User:
    said: dict[str, Any] = {"name": "王", "password": PASSWORD, "at": AT} | fields
    return invitations.accept_new(invitation=invitation, username=username, **said)


def test_an_invitation_makes_an_account_and_a_membership(invited: Invitation) -> None:
    found = invitations.find(invitations.token(invited).upper().replace("-", " "), at=AT)
    user = take(found)
    membership = Membership.objects.get()
    assert (membership.user, membership.pharmacy, membership.role) == (user, invited.pharmacy, "editor")
    assert access.roles(user, Pharmacy.objects.get(), at=AT) == {Role.EDITOR}
    told = AuditEvent.objects.filter(action="invitation.accept").get()
    assert (told.pharmacy, told.actor) == (invited.pharmacy, user)


def why(act: Any) -> Refusal:
    with pytest.raises(Unusable) as refused:
        act()
    return refused.value.why


def test_an_invitation_is_good_once(invited: Invitation) -> None:
    take(invited)
    token = invitations.token(invited)
    assert why(lambda: invitations.find(token, at=AT)) is Refusal.USED
    assert why(lambda: take(invited, "other")) is Refusal.USED
    assert not User.objects.filter(username="other").exists()


def test_an_invitation_is_good_for_a_week(invited: Invitation) -> None:
    token, week = invitations.token(invited), timedelta(days=7)
    assert invitations.find(token, at=AT + week - timedelta(seconds=1)) == invited
    assert why(lambda: invitations.find(token, at=AT + week)) is Refusal.EXPIRED
    assert why(lambda: take(invited, at=AT + week)) is Refusal.USED


def test_a_revoked_invitation_and_an_unknown_one_are_told_apart(invited: Invitation) -> None:
    assert invitations.revoke(invitation=invited, by="店长", at=AT)
    assert not invitations.revoke(invitation=invited, by="店长", at=AT)
    assert why(lambda: invitations.find(invitations.token(invited), at=AT)) is Refusal.REVOKED
    assert why(lambda: invitations.find("0000-0000-0000-0000-0000", at=AT)) is Refusal.UNKNOWN


def test_a_weak_password_uses_no_invitation_up(invited: Invitation) -> None:
    with pytest.raises(ValidationError) as refused:
        take(invited, password="short")
    assert "password" in refused.value.message_dict
    assert not User.objects.exists()
    assert invitations.find(invitations.token(invited), at=AT)


@pytest.mark.parametrize("first", [AT.date() - timedelta(days=9), AT.date() + timedelta(days=9)])
def test_who_has_the_role_already_or_will_keeps_the_slip(invited: Invitation, first: date) -> None:
    assert invited.pharmacy is not None
    user = member(invited.pharmacy, Role.EDITOR)
    Membership.objects.update(valid=since(first))
    assert why(lambda: invitations.accept(invitation=invited, user=user, at=AT)) is Refusal.MEMBER
    assert invitations.find(invitations.token(invited), at=AT)


def test_no_token_is_in_the_database(invited: Invitation) -> None:
    token = invitations.token(invited)
    assert token not in str(Invitation.objects.values())
    assert keys.read(token) not in str(Invitation.objects.values())
    assert token not in str(AuditEvent.objects.values())


@pytest.mark.parametrize(
    "flaw",
    [
        {"role": "head_office"},
        {"role": "officer"},
        {"kind": "reset"},
        {"pharmacy": None},
        {"used_at": AT},
        {"expires_at": AT - timedelta(days=1)},
    ],
)
def test_impossible_invitations_are_refused_by_the_database(invited: Invitation, flaw: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Invitation.objects.filter(pk=invited.pk).update(**flaw)


# -- back into one's account ------------------------------------------------------------------------------------------


def test_a_reset_voids_password_phone_recovery_codes_and_sessions(enrolled: User) -> None:
    recovery.renew(user=enrolled, at=AT)
    before = enrolled.get_session_auth_hash()
    slip = invitations.invite_back(user=enrolled, by="店长", at=AT)
    assert second_factor().enrolled(enrolled), "nothing is void before the slip is used"
    user = invitations.come_back(invitation=slip, password=OTHER, at=AT)
    assert user.check_password(OTHER)
    assert not second_factor().enrolled(user)
    assert recovery.left(user) == 0
    assert user.get_session_auth_hash() != before
    assert why(lambda: invitations.come_back(invitation=slip, password=PASSWORD, at=AT)) is Refusal.USED


def test_a_second_reset_slip_voids_the_first() -> None:
    user = person()
    first = invitations.invite_back(user=user, by="店长", at=AT)
    invitations.invite_back(user=user, by="店长", at=AT)
    assert why(lambda: invitations.find(invitations.token(first), at=AT)) is Refusal.REVOKED


def test_only_who_manages_every_place_of_a_person_may_reset_them() -> None:
    shop, other = f.pharmacy(), f.pharmacy()
    boss, user = member(shop, Role.MANAGER, "boss"), member(shop, Role.EDITOR)
    assert invitations.may_invite_back(boss, user, at=AT)
    member(other, Role.VIEWER)
    assert not invitations.may_invite_back(boss, user, at=AT)
    member(other, Role.MANAGER, "boss")
    assert invitations.may_invite_back(boss, user, at=AT)
    assert not invitations.may_invite_back(boss, boss, at=AT)


def test_no_shop_takes_over_an_official_by_inviting_them_first() -> None:
    shop = f.pharmacy()
    boss, official = member(shop, Role.MANAGER, "boss"), member(f.wuchang(), Role.OFFICER, "official")
    member(shop, Role.VIEWER, "official")
    assert not invitations.may_invite_back(boss, official, at=AT)
    assert invitations.may_invite_back(member(f.region(), Role.REVIEWER, "head"), official, at=AT)


def test_nobody_resets_those_with_rights_in_the_admin_site_or_without_a_place() -> None:
    shop = f.pharmacy()
    boss = member(shop, Role.MANAGER, "boss")
    assert not invitations.may_invite_back(boss, person("nobody"), at=AT)
    root = member(shop, Role.VIEWER, "root")
    User.objects.filter(pk=root.pk).update(is_staff=True)
    assert not invitations.may_invite_back(boss, User.objects.get(pk=root.pk), at=AT)
