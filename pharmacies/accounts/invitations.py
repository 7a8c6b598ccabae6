"""Invitations (邀请): a link or a printed slip instead of e-mail. One lets one person in once, for a week.

`invite` and `invite_back` are called by those whom `pharmacies.access` let; who may give which role is asked there, and
asked again when the slip is used: it is worth no more than who gave it still is.
"""

import enum
from datetime import datetime, timedelta
from hashlib import sha256

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from pharmacies import access, audit
from pharmacies.access import Place, Role
from pharmacies.accounts import keys, passwords, people
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

GOOD_FOR = timedelta(days=7)
GIVEN = ("invitation.create", "invitation.reset")
LENGTH = 20
"""Twenty signs are 100 bits: more than anybody guesses, few enough to type."""


class Refusal(enum.Enum):
    """Why an invitation cannot be used."""

    UNKNOWN = "unknown"
    USED = "used"
    REVOKED = "revoked"
    EXPIRED = "expired"
    LAPSED = "lapsed"  # who gave it may no longer
    NOT_YOURS = "not_yours"
    MEMBER = "member"


class Unusable(Exception):
    def __init__(self, why: Refusal) -> None:
        super().__init__(why.value)
        self.why = why


# -- giving -----------------------------------------------------------------------------------------------------------


def token(invitation: Invitation) -> str:
    """What stands on the slip, in groups of four. It follows from the row and the SECRET_KEY, so it can be printed again."""
    return keys.grouped(keys.spelled(keys.derived("invitation", invitation.seed), LENGTH))


def _digest(token: str) -> str:
    return sha256(keys.read(token).encode()).hexdigest()


@transaction.atomic
def invite(
    *, place: Place, role: Role, name: str, by: User | str, at: datetime, within: Region | None = None
) -> Invitation:
    """An invitation of `name` to the place in that role; `within` limits a chain's sub-account to a region."""
    invitation = _write(
        Invitation(
            kind=Invitation.Kind.JOIN,
            role=role,
            pharmacy=place if isinstance(place, Pharmacy) else None,
            chain=place if isinstance(place, Chain) else None,
            area=place if isinstance(place, Region) else None,
            within=within,
        ),
        name=name,
        by=by,
        at=at,
    )
    after = {"name": invitation.name, "role": str(role), "within": within.code if within else None}
    audit.record(action="invitation.create", by=by, at=at, after=after, **_about(invitation))
    return invitation


@transaction.atomic
def invite_back(*, user: User, by: User | str, at: datetime, place: Place | None = None) -> Invitation:
    """A slip with which `user` sets a new password and binds a new phone; older ones are void, and so is the session.

    `by` must be one whom `may_invite_back` allows; `place` is where the log tells of it.
    """
    for older in Invitation.objects.filter(kind=Invitation.Kind.RESET, user=user, used_at=None, revoked_at=None):
        revoke(invitation=older, by=by, at=at)
    invitation = _write(Invitation(kind=Invitation.Kind.RESET, user=user), name=user.display_name, by=by, at=at)
    audit.record(
        action="invitation.reset", by=by, at=at, after={"username": user.username}, **_about(invitation, place)
    )
    return invitation


def may_invite_back(by: User, user: User, *, at: datetime) -> bool:
    """Only who manages **every** place that the person speaks for: else a shop could take over an official's account
    by inviting them first. Those with rights in the admin site are reset at the command line."""
    held = list(access.memberships(user, at=at).select_related("pharmacy", "chain", "area"))
    if not held or user.is_staff or user.is_superuser or user == by:
        return False
    places = [(each.pharmacy or each.chain or each.area, Role(each.role)) for each in held]
    return all(place is not None and role in access.may_give(by, place, at=at) for place, role in places)


def may_hand_out(by: User, invitation: Invitation, *, at: datetime) -> bool:
    """Whether they could give this very invitation at that moment."""
    if invitation.place is not None:
        return Role(invitation.role) in access.may_give(by, invitation.place, at=at)
    return invitation.user is not None and may_invite_back(by, invitation.user, at=at)


def _giver(invitation: Invitation) -> User | None:
    """Who gave it, as the log says; None of those made at the command line."""
    told = AuditEvent.objects.filter(subject="pharmacies.Invitation", subject_id=str(invitation.pk), action__in=GIVEN)
    given = told.select_related("actor").order_by("pk").first()
    return given.actor if given else None


def revoke_lapsed(*, giver: User, by: User | str, at: datetime) -> int:
    """What they gave and could not give any more is void; how many. For when they lose a role."""
    told = AuditEvent.objects.filter(
        actor=giver, subject="pharmacies.Invitation", action__in=GIVEN, at__gt=at - GOOD_FOR
    )
    given = Invitation.objects.filter(pk__in=[int(pk) for pk in told.values_list("subject_id", flat=True)])
    waiting = given.filter(used_at=None, revoked_at=None).select_related("pharmacy", "chain", "area", "user")
    lapsed = [each for each in waiting if not may_hand_out(giver, each, at=at)]
    return sum(revoke(invitation=each, by=by, at=at) for each in lapsed)


def _write(invitation: Invitation, *, name: str, by: User | str, at: datetime) -> Invitation:
    invitation.seed = keys.new_seed()
    invitation.digest = _digest(token(invitation))
    invitation.name = name.strip()
    invitation.created_at, invitation.expires_at = at, at + GOOD_FOR
    invitation.created_by = by.display_name if isinstance(by, User) else by
    invitation.full_clean()
    invitation.save()
    return invitation


@transaction.atomic
def revoke(*, invitation: Invitation, by: User | str, at: datetime) -> bool:
    """Void from now on; False when it was used or revoked before."""
    open_ones = Invitation.objects.filter(pk=invitation.pk, used_at=None, revoked_at=None)
    if not open_ones.update(revoked_at=at):
        return False
    audit.record(action="invitation.revoke", by=by, at=at, after={"name": invitation.name}, **_about(invitation))
    return True


# -- taking -----------------------------------------------------------------------------------------------------------


def find(typed: str, *, at: datetime) -> Invitation:
    """The invitation of that token, usable at that moment. Raises Unusable."""
    related = ("pharmacy", "chain", "area", "within", "user")
    found = Invitation.objects.select_related(*related).filter(digest=_digest(typed)).first()
    if found is None:
        raise Unusable(Refusal.UNKNOWN)
    if found.used_at:
        raise Unusable(Refusal.USED)
    if found.revoked_at:
        raise Unusable(Refusal.REVOKED)
    if found.expires_at <= at:
        raise Unusable(Refusal.EXPIRED)
    giver = _giver(found)
    if giver is not None and not may_hand_out(giver, found, at=at):
        raise Unusable(Refusal.LAPSED)
    return found


def _claim(invitation: Invitation, user: User, *, at: datetime) -> None:
    """Of two who use a slip at once, one does."""
    open_ones = Invitation.objects.filter(pk=invitation.pk, used_at=None, revoked_at=None, expires_at__gt=at)
    if not open_ones.update(used_at=at, used_by=user):
        raise Unusable(Refusal.USED)


@transaction.atomic
def accept(*, invitation: Invitation, user: User, at: datetime) -> Membership:
    """The person joins the place. Raises Unusable; MEMBER when they hold this role there already, or will."""
    if invitation.kind != Invitation.Kind.JOIN:
        raise Unusable(Refusal.NOT_YOURS)
    where = {
        "pharmacy": invitation.pharmacy,
        "chain": invitation.chain,
        "area": invitation.area,
        "within": invitation.within,
    }
    valid = DateRange(access.day(at), None)
    if Membership.objects.filter(user=user, role=invitation.role, valid__overlap=valid, **where).exists():
        raise Unusable(Refusal.MEMBER)
    _claim(invitation, user, at=at)
    membership = Membership.objects.create(user=user, role=invitation.role, valid=valid, **where)
    after = {"name": user.display_name, "username": user.username, "role": invitation.role}
    audit.record(action="invitation.accept", by=user, at=at, after=after, **_about(invitation))
    return membership


@transaction.atomic
def accept_new(*, invitation: Invitation, username: str, name: str, password: str, at: datetime) -> User:
    """The same for a person without an account. Raises Unusable, or ValidationError by field."""
    draft = User(username=people.normal(username), first_name=name.strip())
    try:
        passwords.check(password, draft)
    except ValidationError as error:
        raise ValidationError({"password": error.messages}) from error
    user = people.create(username=username, name=name, password=password, at=at)
    accept(invitation=invitation, user=user, at=at)
    return user


@transaction.atomic
def come_back(*, invitation: Invitation, password: str, at: datetime) -> User:
    """A new password; the old phone, its recovery codes and every session are void. Raises Unusable, ValidationError."""
    if invitation.kind != Invitation.Kind.RESET or invitation.user is None:
        raise Unusable(Refusal.NOT_YOURS)
    user = User.objects.select_for_update().get(pk=invitation.user.pk)
    if not user.is_active:
        raise Unusable(Refusal.REVOKED)
    _claim(invitation, user, at=at)
    passwords.change(user=user, password=password, at=at)
    Authenticator.objects.filter(user=user).delete()
    RecoveryCode.objects.filter(user=user).delete()
    return user


def _about(invitation: Invitation, place: Place | None = None) -> audit.About:
    return {"subject": "pharmacies.Invitation", "subject_id": invitation.pk, "place": invitation.place or place}
