"""Sealing the log: every few seconds what was committed since goes into one seal that leans on the seal before it.

A chain inside the transaction of each change would make every editor wait for every other; so an event is written with
a row in `AuditUnsealed`, and one task takes those rows away in the transaction that writes their seal. An event whose
transaction was still open is simply in the next seal. Who changes, removes or adds a sealed event afterwards would have
to rewrite all later seals, and the heads that lie outside the database (`pharmacies.audit.heads`).
"""

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from pharmacies.models import AuditEvent, AuditSeal, AuditUnsealed

BATCH = 5_000
"""Events in a seal at most."""
COLUMNS = (
    *("id", "at", "actor_id", "actor_name", "action", "subject", "subject_id", "pharmacy_id", "chain_id", "area_id"),
    *("before", "after", "reason"),
)
"""What is sealed of an event: every column it has."""
_LOCK = 0x79616F626A  # one sealer at a time


def seal(*, at: datetime, batch: int = BATCH) -> int:
    """Seal every committed event that has no seal; how many that were."""
    sealed = 0
    while count := _seal_one(at=at, batch=batch):
        sealed += count
    return sealed


def _seal_one(*, at: datetime, batch: int) -> int:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        waiting = list(AuditUnsealed.objects.order_by("event_id").values_list("event_id", flat=True)[:batch])
        if not waiting:
            return 0
        digests = digests_of(waiting, algorithm=settings.AUDIT_DIGEST)
        before = AuditSeal.objects.order_by("-number").first()
        row = AuditSeal(
            number=before.number + 1 if before else 1,
            sealed_at=at,
            algorithm=settings.AUDIT_DIGEST,
            events=waiting,
            digests=[digests[event] for event in waiting],
            previous=before.digest if before else "",
        )
        row.digest = digest_of_seal(row)
        row.save(force_insert=True)
        AuditUnsealed.objects.filter(event_id__in=waiting).delete()
        return len(waiting)


def digests_of(events: Iterable[int], *, algorithm: str) -> dict[int, str]:
    """The digest of each of these events that exists, by its number."""
    rows = AuditEvent.objects.filter(pk__in=events).values_list(*COLUMNS)
    return {row[0]: _digest(algorithm, [*row]) for row in rows.iterator()}


def digest_of_seal(seal: AuditSeal) -> str:
    """The digest of everything a seal says, the digest of the seal before it included."""
    said = [seal.number, seal.sealed_at, seal.algorithm, seal.previous, list(seal.events), list(seal.digests)]
    return _digest(seal.algorithm, said)


def _digest(algorithm: str, values: list[Any]) -> str:
    """Hexadecimal digest of the values as JSON in one spelling: sorted keys, no spaces, times in UTC."""
    text = json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_spell)
    return hashlib.new(algorithm, text.encode()).hexdigest()


def _spell(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    raise TypeError(f"an audit event holds a {type(value).__name__}")
