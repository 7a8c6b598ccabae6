"""Impossible states of back-tests and their days: attempts by constraint."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from prices.models import BackTest, BackTestDay
from prices.models.backtests import LONGEST_DAYS
from tests import factories as f
from tests.factories import AT
from tests.prices.impossible_desk import clerk

DAY = AT.date()


def back_test(**fields: Any) -> BackTest:
    base = {"area": f.wuchang(), "detector": "peers", "version": 1, "parameters": {}, "first": DAY, "last": DAY}
    return BackTest.objects.create(**base | {"by": clerk(), "at": AT} | fields)


def ended(state: str = "done", **fields: Any) -> BackTest:
    return back_test(**{"state": state, "finished_at": AT} | fields)


def day(of: BackTest | None = None, **fields: Any) -> BackTestDay:
    names = ("tests", "slips", "events", "found", "known", "were", "were_same", "labelled", "confirmed")
    base: dict[str, Any] = {"back_test": of or back_test(), "on": DAY, "covered": True, "seconds": 0.1}
    return BackTestDay.objects.create(**base | dict.fromkeys((*names, "labelled_were", "confirmed_were"), 1) | fields)


def two_days() -> None:
    one = back_test()
    day(one)
    day(one)


IMPOSSIBLE: dict[str, list[Callable[[], object]]] = {
    "back_test_days_in_order": [lambda: back_test(last=DAY - timedelta(days=1))],
    "back_test_of_a_year_at_most": [lambda: back_test(last=DAY + timedelta(days=LONGEST_DAYS))],
    "back_test_detector_is_known": [lambda: back_test(detector="guess")],
    "back_test_ended_when_it_ended": [
        lambda: back_test(finished_at=AT),
        lambda: back_test(state="running", finished_at=AT),
        lambda: back_test(state="paused"),
        lambda: ended(finished_at=None),
        lambda: ended("stopped", finished_at=None),
        lambda: ended("failed", lease_until=AT, lease_token=uuid.uuid4()),
    ],
    "back_test_lease_and_token_together": [
        lambda: back_test(lease_until=AT),
        lambda: back_test(lease_token=uuid.uuid4()),
    ],
    "back_test_day_once": [two_days],
    "back_test_parts_within_the_whole": [
        lambda: day(known=2),
        lambda: day(were_same=2),
        lambda: day(confirmed=2),
        lambda: day(labelled=2),
        lambda: day(confirmed_were=2),
        lambda: day(labelled_were=2),
    ],
}
