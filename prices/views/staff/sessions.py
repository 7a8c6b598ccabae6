"""Who is logged in, since when, and when that ends.

Logged in is who gave a password **and** a second factor, was seen within `SESSION_IDLE`, and began less than
`SESSION_LONGEST` ago. Between the two steps the session knows only who gave a right password (`waiting`).
"""

import enum
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from django.conf import settings
from django.contrib import auth
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from pharmacies import audit
from pharmacies.models import User
from prices.views.staff.address import address_of

BACKEND = "django.contrib.auth.backends.ModelBackend"
WAITING_FOR = timedelta(minutes=10)
SEEN_EVERY = timedelta(minutes=1)
"""How exactly the session knows when it was last used: not every request writes."""
WITHOUT = "none"
"""The second factor of a log-in while the setting switched it off; worth nothing once it is on again."""
FACTOR, SINCE, SEEN, WAITING, LAST = "factor", "since", "seen", "waiting", "last_user"


class State(enum.Enum):
    OUT = "out"
    IN = "in"
    EXPIRED = "expired"


def state(request: HttpRequest, *, at: datetime) -> State:
    if not request.user.is_authenticated:
        return State.OUT
    session = request.session
    factor = session.get(FACTOR)
    if not factor or (factor == WITHOUT and settings.SECOND_FACTOR):
        return State.OUT
    idle, long = at - _time(session[SEEN]), at - _time(session[SINCE])
    return State.EXPIRED if idle > settings.SESSION_IDLE or long > settings.SESSION_LONGEST else State.IN


def is_in(request: HttpRequest, *, at: datetime) -> bool:
    return state(request, at=at) is State.IN


def person(request: HttpRequest) -> User:
    """Who is logged in, behind `signed_in`."""
    return cast(User, request.user)


def touch(request: HttpRequest, *, at: datetime) -> None:
    """The person is there: the session goes on."""
    if at - _time(request.session[SEEN]) > SEEN_EVERY:
        request.session[SEEN] = at.timestamp()


def expire(request: HttpRequest) -> None:
    """Log out, but remember who it was: what they were writing waits for the same person (`refusals`)."""
    last = request.user.pk
    for key in (SESSION_KEY, BACKEND_SESSION_KEY, HASH_SESSION_KEY, FACTOR, SINCE, SEEN):
        request.session.pop(key, None)
    request.session[LAST] = last
    request.session.cycle_key()
    request.user = AnonymousUser()


# -- logging in -------------------------------------------------------------------------------------------------------


def wait(request: HttpRequest, user: User, *, at: datetime) -> None:
    """The password was right: this session waits for the second factor of `user`, for ten minutes."""
    if request.session.get(LAST) not in (None, user.pk):
        request.session.flush()  # somebody else's unfinished work
    request.session.cycle_key()
    request.session[WAITING] = {"user": user.pk, "hash": user.get_session_auth_hash(), "at": at.timestamp()}


def waiting(request: HttpRequest, *, at: datetime) -> User | None:
    """Whose second factor this session waits for."""
    found: dict[str, Any] | None = request.session.get(WAITING)
    if not found or at - _time(found["at"]) > WAITING_FOR:
        return None
    user = User.objects.filter(pk=found["user"], is_active=True).first()
    if user is None or not constant_time_compare(user.get_session_auth_hash(), found["hash"]):
        return None
    return user


@transaction.atomic
def complete(request: HttpRequest, user: User, *, factor: str, at: datetime) -> None:
    """Both factors were right: `user` is logged in. Adapters for OIDC or certificates end here too."""
    request.session.pop(WAITING, None)
    auth.login(request, user, backend=BACKEND)
    request.session.pop(LAST, None)
    request.session[FACTOR] = factor
    request.session[SINCE] = request.session[SEEN] = at.timestamp()
    audit.record(
        at=at,
        by=user,
        action="account.log_in",
        subject="pharmacies.User",
        subject_id=user.pk,
        after={"factor": factor, "address": address_of(request)},
    )


def keep(request: HttpRequest, user: User) -> None:
    """This session goes on although the person's others have just been ended."""
    auth.update_session_auth_hash(request, user)


@transaction.atomic
def leave(request: HttpRequest, *, at: datetime) -> None:
    user = request.user
    if isinstance(user, User):
        audit.record(at=at, by=user, action="account.log_out", subject="pharmacies.User", subject_id=user.pk)
    auth.logout(request)


def _time(timestamp: float) -> datetime:
    return datetime.fromtimestamp(timestamp, UTC)
