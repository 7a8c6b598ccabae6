"""Recording what people did. Every verb that a person can call ends here, inside its own transaction."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypedDict

from django.db import transaction

from pharmacies.models import AuditEvent, AuditUnsealed, Chain, Pharmacy, Region, User

Place = Pharmacy | Chain | Region


class About(TypedDict):
    """What events of one kind are about: `record(..., **about)`."""

    subject: str
    subject_id: object
    place: Place | None


SECRET = frozenset({"password", "secret", "token", "recovery_codes"})
"""Names under which a secret would stand in `before` or `after`; such an event is refused, whatever the value."""


def record(
    *,
    at: datetime,
    by: User | str,
    action: str,
    subject: str,
    subject_id: object,
    place: Place | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
) -> AuditEvent:
    """Append one event; `by` is a user, or the name of the operator at a command line.

    `place` is the pharmacy, chain or area whose people may read it in their log. Raises RuntimeError outside of a
    transaction and ValueError where `before` or `after` names a secret.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("an audit event belongs into the transaction of the change it tells of")
    if named := SECRET & ({*(before or ())} | {*(after or ())}):
        raise ValueError(f"nothing secret in the audit log: {', '.join(sorted(named))}")
    event = AuditEvent.objects.create(
        at=at,
        actor=by if isinstance(by, User) else None,
        actor_name=by.get_username() if isinstance(by, User) else by,
        action=action,
        subject=subject,
        subject_id=str(subject_id),
        pharmacy=place if isinstance(place, Pharmacy) else None,
        chain=place if isinstance(place, Chain) else None,
        area=place if isinstance(place, Region) else None,
        before=None if before is None else dict(before),
        after=None if after is None else dict(after),
        reason=reason,
    )
    AuditUnsealed.objects.create(event=event)
    return event
