"""Who has not reported (催报清单): every designated retail pharmacy and how it stands with its reports at a moment.

A shop is `late` (逾期未报送) when its newest report is older than its feed's cadence × STALE_AFTER: its prices are marked
and stand below fresh ones. It is `silent` (长期未报送) when that is older than cadence × HIDDEN_AFTER, and citizens no
longer see its prices, or when it never reported.
"""

import math
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


@dataclass(frozen=True, slots=True)
class Found:
    """`shops` in the wanted states, and how many shops there are in all: by (area's code, its name) and state."""

    shops: list[Reporter]
    by_area: dict[tuple[str, str], dict[str, int]]

    @property
    def counts(self) -> dict[str, int]:
        """By state, in the order of `STATES`."""
        return {state: sum(of[state] for of in self.by_area.values()) for state in STATES}


def survey(area: Region, *, at: datetime, states: Iterable[str] = STATES) -> Found:
    """Of the area and those below it, as things are known now; the longest behind first, those who never did before all."""
    return _ask("reporters_now", area, at, states, {})


def survey_past(area: Region, *, at: datetime, states: Iterable[str] = STATES) -> Found:
    """The same as it was at a moment in the past, by what had been received by then."""
    parameters: dict[str, Any] = {"day": timezone.localdate(at), "oldest": at - LOOK_BACK}
    return _ask("reporters_past", area, at, states, parameters)


def _ask(told: str, area: Region, at: datetime, states: Iterable[str], parameters: dict[str, Any]) -> Found:
    asked: dict[str, Any] = {
        "areas": list(Region.objects.within(area).values_list("pk", flat=True)),
        "states": list(states),
        "stale_after": settings.STALE_AFTER,
        "hidden_after": settings.HIDDEN_AFTER,
        "at": at,
    }
    found = Found([], {})
    with connection.cursor() as cursor:
        cursor.execute(f"WITH told AS (\n{statement(told)})\n{statement('reporters')}", asked | parameters)
        for *named, feed, as_of, due, state, n, is_first, wanted in cursor:
            days = None if due is None else max(math.ceil((at - due) / timedelta(days=1)), 0)
            shop = Reporter(*(*named, feed or "", as_of, due, days, state))
            if is_first:
                found.by_area.setdefault((shop.area_code, shop.area), dict.fromkeys(STATES, 0))[state] = n
            if wanted:
                found.shops.append(shop)
    return found
