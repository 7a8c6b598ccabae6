"""PharmacyToday, what searches need of every pharmacy on one day, and the boxes of its cells. Their only writer."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from django.db import connection
from django.utils import timezone

from pharmacies.holidays import weeks_with_special_days
from pharmacies.hours import NIGHT
from pharmacies.models import Designation

_FOLDER = Path(__file__).parent / "sql"
_TODAY = (_FOLDER / "today.sql").read_text(encoding="utf-8")
_NIGHT = "{" + ",".join(f"[{start},{end})" for start, end in NIGHT) + "}"
_CELLS = (_FOLDER / "cells.sql").read_text(encoding="utf-8")


def rebuild(at: datetime, pharmacy_ids: Iterable[int] | None = None) -> int:
    """Write the rows of the calendar day of `at` in Shanghai, of all pharmacies or of those named; count the changed.

    Call it inside the transaction that changes what the rows are made of, and after midnight. `at` must be aware.
    """
    kinds = list(Designation.Kind)
    named = None if pharmacy_ids is None else list(pharmacy_ids)
    special = weeks_with_special_days(timezone.localdate(at))
    with connection.cursor() as cursor:
        cursor.execute(
            _TODAY,
            {
                "day": timezone.localdate(at),
                "kinds": [kind.value for kind in kinds],
                "bits": [kind.bit for kind in kinds],
                "night": _NIGHT,
                "pharmacy_ids": named,
                "special_ids": list(special),
                "special_minutes": [
                    f"{{{','.join(f'[{start},{end})' for start, end in minutes)}}}" for minutes in special.values()
                ],
            },
        )
        written = int(cursor.rowcount)
        if written:
            cursor.execute(_CELLS, {"pharmacy_ids": named})
        return written
