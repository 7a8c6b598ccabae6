"""Impossible states of accounts, invitations and of what a shop says about itself: attempts by constraint."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.contrib.gis.geos import Point
from django.db.backends.postgresql.psycopg_any import DateRange

from pharmacies.models import (
    Chain,
    FailedAttempts,
    Invitation,
    Pharmacy,
    PlaceProposal,
    RecoveryCode,
    SpecialHours,
    User,
)

from ..factories import AT, chain, pharmacy, wuchang

DAY = DateRange(date(2026, 10, 1), date(2026, 10, 2))


def user(name: str = "li") -> User:
    return User.objects.filter(username=name).first() or User.objects.create_user(name)


def invitation(**fields: Any) -> Invitation:
    base: dict[str, Any] = {"kind": "join", "name": "李", "role": "viewer", "seed": "x", "created_by": "王"}
    base |= {"digest": str(Invitation.objects.count()), "created_at": AT, "expires_at": AT + timedelta(days=7)}
    return Invitation.objects.create(**base | fields)


def reset(**fields: Any) -> Invitation:
    return invitation(**{"kind": "reset", "role": "", "user": user()} | fields)


def attempts(**fields: Any) -> FailedAttempts:
    base = {"account": "li", "address": "10.0.0.1", "failures": 1, "last_at": AT, "not_before": AT}
    return FailedAttempts.objects.create(**base | fields)


def special(valid: DateRange, of: Pharmacy | None = None) -> SpecialHours:
    return SpecialHours.objects.create(pharmacy=of or pharmacy(), valid=valid, hours="off")


def proposal(**fields: Any) -> PlaceProposal:
    base = {"location": Point(114.3, 30.5, srid=4326), "source_lng": 114.3, "source_lat": 30.5, "source_datum": "wgs84"}
    base |= {"proposed_by": user(), "proposed_at": AT}
    shop = fields.pop("pharmacy", None) or pharmacy()
    return PlaceProposal.objects.create(pharmacy=shop, **base | fields)


def twice(make: Callable[..., object], **fields: Any) -> None:
    make(**fields)
    make(**fields)


def two_special_days() -> None:
    shop = pharmacy()
    special(DAY, shop)
    special(DateRange(date(2026, 9, 30), date(2026, 10, 8)), shop)


IMPOSSIBLE: dict[str, list[Callable[[], object]]] = {
    "user_name_once_in_any_case": [lambda: (User.objects.create_user("Li"), User.objects.create_user("lI"))],
    "invitation_to_one_place_or_for_one_account": [
        invitation,
        lambda: invitation(pharmacy=pharmacy(), chain=chain()),
        lambda: invitation(chain=chain(), area=wuchang()),
        lambda: invitation(pharmacy=pharmacy(), user=user()),
        lambda: reset(user=None),
        lambda: reset(pharmacy=pharmacy()),
    ],
    "invitation_role_fits_its_place": [
        lambda: invitation(area=wuchang(), role="manager"),
        lambda: invitation(pharmacy=pharmacy(), role="head_office"),
        lambda: invitation(chain=Chain.objects.create(name="甲"), role="auditor"),
        lambda: invitation(pharmacy=pharmacy(), role="king"),
    ],
    "invitation_only_a_chain_is_limited": [
        lambda: invitation(pharmacy=pharmacy(), within=wuchang()),
        lambda: invitation(area=wuchang(), within=wuchang()),
    ],
    "invitation_used_or_revoked_once": [
        lambda: invitation(pharmacy=pharmacy(), used_at=AT, used_by=user(), revoked_at=AT),
        lambda: invitation(pharmacy=pharmacy(), used_at=AT),
        lambda: invitation(pharmacy=pharmacy(), used_by=user()),
    ],
    "invitation_expires_later": [lambda: invitation(pharmacy=pharmacy(), expires_at=AT)],
    "recovery_code_once": [lambda: twice(RecoveryCode.objects.create, user=user(), digest="x")],
    "failed_attempts_once": [lambda: twice(attempts)],
    "pharmacy_services_are_known": [lambda: pharmacy(services=["massage"]), lambda: pharmacy(services=["night", ""])],
    "special_hours_begin_and_end": [
        lambda: special(DateRange(date(2026, 10, 1), None)),
        lambda: special(DateRange(None, date(2026, 10, 1))),
        lambda: special(DateRange(empty=True)),
    ],
    "special_hours_once_a_day": [two_special_days],
    "place_proposed_once_at_a_time": [lambda: twice(proposal, pharmacy=pharmacy())],
    "place_decided_by_somebody": [
        lambda: proposal(state="accepted"),
        lambda: proposal(state="refused", decided_at=AT),
        lambda: proposal(decided_by=user("wang"), decided_at=AT),
    ],
    "place_decided_by_another_person": [lambda: proposal(state="accepted", decided_by=user(), decided_at=AT)],
}
