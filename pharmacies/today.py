"""PharmacyToday: what searches need of every pharmacy on one day. This is its only writer."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from django.db import connection
from django.utils import timezone

from pharmacies.models import Designation

_SQL = (Path(__file__).parent / "sql" / "today.sql").read_text(encoding="utf-8")


def rebuild(at: datetime, pharmacy_ids: Iterable[int] | None = None) -> int:
    """Write the rows of the calendar day of `at` in Shanghai, of all pharmacies or of those named; count the changed.

    Call it inside the transaction that changes what the rows are made of, and after midnight. `at` must be aware.
    """
    kinds = list(Designation.Kind)
    with connection.cursor() as cursor:
        cursor.execute(
            _SQL,
            {
                "day": timezone.localdate(at),
                "kinds": [kind.value for kind in kinds],
                "bits": [kind.bit for kind in kinds],
                "pharmacy_ids": None if pharmacy_ids is None else list(pharmacy_ids),
            },
        )
        return int(cursor.rowcount)
