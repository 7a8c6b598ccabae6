"""A log that is written, sealed and exported day by day, and what somebody does to it who owns the tables."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.db import connections, transaction

from pharmacies import audit
from pharmacies.audit import heads, seals
from pharmacies.audit.check import Report, check

from ..factories import AT

DAY = timedelta(days=1)


def write(count: int = 1, **fields: Any) -> list[int]:
    """So many committed events; their numbers."""
    base: dict[str, Any] = {
        "at": AT,
        "by": "李",
        "action": "price.edit",
        "subject": "x",
        "subject_id": 1,
        "after": {"price": "1.10"},
    }
    with transaction.atomic():
        return [audit.record(**base | fields).pk for _ in range(count)]


def sealed_days(*counts: int) -> list[list[int]]:
    """So many events on days one after the other, each day sealed and its head exported."""
    found = []
    for number, count in enumerate(counts):
        found.append(write(count))
        seals.seal(at=AT + number * DAY)
        heads.export()
    return found


def as_owner(*statements: str) -> None:
    """What somebody does who owns the tables and has switched the guards off; they are on again afterwards."""
    with unguarded() as cursor:
        for statement in statements:
            cursor.execute(statement)


@contextmanager
def unguarded() -> Iterator[Any]:
    tables = ("pharmacies_auditevent", "pharmacies_auditseal")
    with transaction.atomic("owner"), connections["owner"].cursor() as cursor:
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER audit_is_append_only")
        yield cursor
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER audit_is_append_only")


def checked(days: int = 9) -> Report:
    return check(at=AT + days * DAY)


def found() -> list[tuple[str, int | None, int | None]]:
    return [(problem.kind, problem.seal, problem.event) for problem in checked().problems]
