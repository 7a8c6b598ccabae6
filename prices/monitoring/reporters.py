"""Who has not reported (催报清单): every designated retail pharmacy and how it stands with its reports at a moment.

A shop is `late` (逾期未报送) when its newest report is older than its feed's cadence × STALE_AFTER: its prices are marked
and stand below fresh ones. It is `silent` (长期未报送) when that is older than cadence × HIDDEN_AFTER, and citizens no
longer see its prices, or when it never reported.
"""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from pharmacies.models import Region
from prices.sql import statement

ON_TIME, LATE, SILENT, NEVER = "on_time", "late", "silent", "never"
STATES: dict[str, Promise] = {
    ON_TIME: _("按时报送"),
    LATE: _("逾期未报送"),
    SILENT: _("长期未报送"),
    NEVER: _("从未报送"),
}
LOOK_BACK = timedelta(days=120)
"""Of the past, an older report counts as none."""


@dataclass(frozen=True, slots=True)
class Reporter:
    """`last`, `due` and `days_late` are None for a shop that never reported; a part of a day late is a whole one."""

    pharmacy_id: int
    code: str
    name: str
    phone: str
    address: str
    area: str
    area_code: str
    chain: str
    feed: str
    last: datetime | None
    due: datetime | None
    days_late: int | None
    state: str


def reporters(area: Region, *, at: datetime) -> list[Reporter]:
    """Of the area and those below it, as things are known now; the longest behind first, those who never did before all."""
    return _ask("reporters", area, at, {})


def reporters_past(area: Region, *, at: datetime) -> list[Reporter]:
    """The same as it was at a moment in the past, by what had been received by then."""
    parameters: dict[str, Any] = {"day": timezone.localdate(at), "oldest": at - LOOK_BACK}
    return _ask("reporters_past", area, at, parameters)


def _ask(name: str, area: Region, at: datetime, parameters: dict[str, Any]) -> list[Reporter]:
    areas = list(Region.objects.within(area).values_list("pk", flat=True))
    shared: dict[str, Any] = {
        "areas": areas,
        "stale_after": settings.STALE_AFTER,
        "hidden_after": settings.HIDDEN_AFTER,
        "at": at,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement(name), shared | parameters)
        return [_reporter(*row, at=at) for row in cursor]


def _reporter(
    pharmacy_id: int,
    code: str,
    name: str,
    phone: str,
    address: str,
    area: str,
    area_code: str,
    chain: str,
    feed: str | None,
    active: bool | None,
    last: datetime | None,
    due: datetime | None,
    hidden: datetime | None,
    *,
    at: datetime,
) -> Reporter:
    days: int | None = None
    state = NEVER
    if due is not None and hidden is not None:
        days = max(math.ceil((at - due) / timedelta(days=1)), 0)
        state = SILENT if at > hidden or not active else LATE if at > due else ON_TIME
    return Reporter(pharmacy_id, code, name, phone, address, area, area_code, chain, feed or "", last, due, days, state)


def counts(found: Iterable[Reporter]) -> dict[str, int]:
    """How many shops are in each state, in the order of `STATES`."""
    counted = Counter(each.state for each in found)
    return {state: counted[state] for state in STATES}
