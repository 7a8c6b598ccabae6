"""Recording what people did. Every verb that a person can call ends here, inside its own transaction."""

from datetime import datetime
from typing import Any

from django.db import transaction

from pharmacies.models import AuditEvent, User


def record(
    *,
    at: datetime,
    by: User | str,
    action: str,
    subject: str,
    subject_id: object,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str = "",
) -> AuditEvent:
    """Append one event; `by` is a user, or the name of the operator at a command line."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("an audit event belongs into the transaction of the change it tells of")
    return AuditEvent.objects.create(
        at=at,
        actor=by if isinstance(by, User) else None,
        actor_name=by.get_username() if isinstance(by, User) else by,
        action=action,
        subject=subject,
        subject_id=str(subject_id),
        before=before,
        after=after,
        reason=reason,
    )
