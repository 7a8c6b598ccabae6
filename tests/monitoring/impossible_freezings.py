"""Impossible states of a month that is being frozen: attempts by constraint."""

import uuid
from collections.abc import Callable
from datetime import date
from typing import Any

from prices.models import Freeze, Freezing
from tests import factories as f
from tests.factories import AT
from tests.prices.impossible_desk import clerk

OCTOBER = date(2026, 10, 1)


def freezing(**fields: Any) -> Freezing:
    base = {"area": f.wuchang(), "month": OCTOBER, "by": fields.get("by") or clerk(), "at": AT}
    made: Freezing = Freezing.objects.create(**base | fields)
    return made


def made() -> Freeze:
    return Freeze.objects.create(area=f.wuchang(), month=OCTOBER, at=AT, by=clerk(), sha256="0" * 64)


def ended(state: str, **fields: Any) -> Freezing:
    return freezing(**{"state": state, "finished_at": AT} | fields)


def twice() -> None:
    freezing()
    freezing(state="running")


IMPOSSIBLE: dict[str, list[Callable[[], object]]] = {
    "freezing_of_a_month": [lambda: freezing(month=date(2026, 10, 2))],
    "freezing_progress_is_a_share": [lambda: freezing(progress=101)],
    "freezing_made_or_failed_when_it_ended": [
        lambda: freezing(finished_at=AT),
        lambda: freezing(state="running", made=made()),
        lambda: freezing(failure="gave_up"),
        lambda: freezing(state="paused"),
        lambda: ended("done"),
        lambda: ended("done", made=made(), failure="gave_up"),
        lambda: ended("done", made=made(), finished_at=None),
        lambda: ended("done", made=made(), lease_until=AT, lease_token=uuid.uuid4()),
        lambda: ended("failed"),
        lambda: ended("failed", failure="tired"),
        lambda: ended("failed", failure="gave_up", made=made()),
        lambda: ended("failed", failure="gave_up", finished_at=None),
        lambda: ended("failed", failure="gave_up", lease_until=AT, lease_token=uuid.uuid4()),
    ],
    "freezing_once_at_a_time": [twice],
    "freezing_lease_and_token_together": [
        lambda: freezing(lease_until=AT),
        lambda: freezing(lease_token=uuid.uuid4()),
    ],
}


def twice_made() -> None:
    one = made()
    ended("done", made=one)
    ended("done", made=one)


KEYS: dict[str, Callable[[], object]] = {"what a month became": twice_made}
