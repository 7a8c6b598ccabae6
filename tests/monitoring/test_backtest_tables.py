"""Back-tests in the database: what cannot be, and what stays."""

import uuid
from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import ProgrammingError

from prices.models import BackTest, BackTestDay
from tests import factories as f
from tests.monitoring.test_backtest import DAY, NOW, TODAY, draft, person

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("wrong", "constraint"),
    [
        ({"first": date(2026, 11, 17)}, "back_test_days_in_order"),
        ({"first": date(2025, 11, 15)}, "back_test_of_a_year_at_most"),
        ({"detector": "magic"}, "back_test_detector_is_known"),
        ({"finished_at": NOW}, "back_test_ended_when_it_ended"),
        ({"state": "done"}, "back_test_ended_when_it_ended"),
        (
            {"state": "done", "finished_at": NOW, "lease_until": NOW, "lease_token": uuid.uuid4()},
            "back_test_ended_when_it_ended",
        ),
    ],
)
def test_the_database_refuses_back_tests_that_cannot_be(wrong: dict[str, Any], constraint: str) -> None:
    fields = {
        "area": f.region(), "detector": "history", "version": 1, "parameters": {}, "by": person(), "at": NOW,
        "first": date(2026, 11, 1), "last": date(2026, 11, 16),
    }  # fmt: skip
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        BackTest.objects.create(**fields | wrong)


@pytest.mark.parametrize(
    ("wrong", "constraint"),
    [
        ({"known": 4}, "back_test_parts_within_the_whole"),
        ({"were_same": 5}, "back_test_parts_within_the_whole"),
        ({"confirmed": 3}, "back_test_parts_within_the_whole"),
        ({"labelled": 4, "confirmed": 0}, "back_test_parts_within_the_whole"),
        ({"confirmed_were": 3}, "back_test_parts_within_the_whole"),
        ({"labelled_were": 5}, "back_test_parts_within_the_whole"),
        ({}, "back_test_day_once"),
    ],
)
def test_the_database_refuses_days_that_cannot_be(wrong: dict[str, Any], constraint: str) -> None:
    fields = {
        "back_test": draft("history", TODAY - DAY, TODAY - DAY), "on": TODAY, "covered": True, "tests": 9, "slips": 0,
        "events": 0, "found": 3, "known": 2, "were": 4, "were_same": 3, "labelled": 2, "confirmed": 1,
        "labelled_were": 2, "confirmed_were": 2, "seconds": 1,
    }  # fmt: skip
    if not wrong:
        BackTestDay.objects.create(**fields)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        BackTestDay.objects.create(**fields | wrong)


def test_what_a_day_found_can_not_be_changed_nor_a_back_test_be_deleted() -> None:
    made = draft("history", TODAY - DAY, TODAY - DAY)
    for statement in (
        "UPDATE prices_backtestday SET found = 0",
        "DELETE FROM prices_backtestday",
        f"DELETE FROM prices_backtest WHERE id = {made.pk}",
    ):
        with (
            pytest.raises(ProgrammingError, match="permission denied"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
