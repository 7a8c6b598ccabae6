"""`roll_up_prices` and its task, as an operator and the clock call them."""

import io
import json
from datetime import date, timedelta

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.utils import timezone

from prices import tasks
from prices.models import AreaPrice, RollUp
from tests import factories as f
from tests.factories import AT
from tests.prices.area_world import changed, sell

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def frozen(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: AT)


@pytest.fixture
def drug():
    made = f.drug()
    for shop in sell(made, *["10.00"] * 5):
        changed(made, shop, None, "10.00", AT - 40 * DAY)
    return made


def roll_up_prices(*arguments):
    out = io.StringIO()
    call_command("roll_up_prices", *arguments, stdout=out)
    return out.getvalue()


def test_one_json_line_tells_what_was_done(drug):
    told = json.loads(roll_up_prices("--since", "2026-11-01", "--json"))
    assert told.pop("seconds") >= 0
    assert told == {"day": "2026-11-21", "days": 21, "drugs": 1, "written": 3, "missed": []}
    assert AreaPrice.objects.earliest("on").on == date(2026, 11, 1)


def test_a_missed_night_is_named_with_what_to_do(drug, monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: AT - 3 * DAY)
    roll_up_prices()
    monkeypatch.setattr(timezone, "now", lambda: AT)
    assert "漏了 2026-11-19 至 2026-11-20：用 --since 2026-11-19 补上" in roll_up_prices()
    assert "漏了" not in roll_up_prices("--since", "2026-11-19")


@pytest.mark.parametrize("since", ["2026-11-21", "2027-01-01", "2019-01-01", "gestern"])
def test_a_day_that_cannot_be_worked_out_is_refused(drug, since):
    with pytest.raises(CommandError, match=r"2026|2027|2019|gestern"):
        roll_up_prices("--since", since)
    assert not RollUp.objects.exists()


def test_the_task_runs_every_night_on_the_bulk_queue(drug):
    entry = settings.CELERY_BEAT_SCHEDULE["night"]
    assert (entry["schedule"].hour, entry["schedule"].minute) == ({3}, {15})
    assert settings.CELERY_TASK_ROUTES[entry["task"]] == {"queue": "bulk"}
    tasks.work_at_night()
    assert RollUp.objects.get().last == date(2026, 11, 21)
