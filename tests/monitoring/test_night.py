"""The night as a whole: what follows what, what a part that fails leaves to the others, and two workers at once."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.utils import timezone

from prices import tasks
from prices.models import AreaFigure, Lead, ReporterMonth, RollUp, Screening
from prices.monitoring import night
from prices.monitoring.night import NightProblem
from tests import factories as f
from tests.monitoring import leads_world as w

AFTER = w.moment(w.DAY + timedelta(days=1), 3, 15)


def counts() -> dict[str, int]:
    return {each.__name__: each.objects.count() for each in (AreaFigure, Lead, ReporterMonth)}


@pytest.mark.django_db
def test_a_night_works_out_everything_and_again_the_same() -> None:
    drug, shops = w.market()
    w.change(drug, shops[0], "26.90")
    answers = night.work(AFTER)
    assert list(answers) == list(night.PARTS)
    assert RollUp.objects.latest("pk").last == AFTER.date()
    assert Screening.objects.get().on == w.DAY
    (figure,) = AreaFigure.objects.filter(area=f.wuchang())
    assert (figure.on, figure.shops) == (AFTER.date(), len(shops))
    assert figure.open_leads == 1  # what the sweep found is in it
    once, leads = counts(), w.everything()
    night.work(AFTER + timedelta(hours=1))
    assert (counts(), w.everything()) == (once, leads)


@pytest.mark.django_db
def test_a_part_that_fails_is_named_and_the_others_work(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(at: Any) -> None:
        raise RuntimeError("no disk")

    w.market()
    monkeypatch.setitem(night.PARTS, "sweep", breaks)
    monkeypatch.setitem(night.PARTS, "access", breaks)
    with pytest.raises(NightProblem, match=r"^sweep, access$"):
        night.work(AFTER)
    assert RollUp.objects.latest("pk").last == AFTER.date()
    assert AreaFigure.objects.filter(on=AFTER.date()).exists()


@pytest.mark.django_db
def test_which_parts_are_behind_is_said_until_the_night_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    assert night.behind(AFTER) == []  # nothing has ever been worked out: the page says that itself
    w.market()
    night.work(AFTER)
    tomorrow = AFTER + timedelta(days=1)
    assert night.behind(AFTER + timedelta(hours=20)) == []
    assert night.behind(tomorrow + timedelta(hours=2)) == []  # it is not due yet
    everything = night.behind(tomorrow + timedelta(hours=3))
    assert everything == ["多数药店价", "每夜复检", "报送合规", "地区指标"]  # no procurement price, no landing

    def breaks(at: Any) -> None:
        raise RuntimeError("no disk")

    with monkeypatch.context() as broken:
        broken.setitem(night.PARTS, "sweep", breaks)
        broken.setitem(night.PARTS, "figures", breaks)
        with pytest.raises(NightProblem):
            night.work(tomorrow)
    assert night.behind(tomorrow + timedelta(hours=3)) == ["每夜复检", "地区指标"]
    night.work(tomorrow + timedelta(hours=4))
    assert night.behind(tomorrow + timedelta(hours=5)) == []


def test_every_part_has_words() -> None:
    assert night.WORDS.keys() == night.PARTS.keys()
    assert night.LATEST.keys() <= night.PARTS.keys()


def test_a_part_whose_connection_broke_leaves_the_others_a_new_one(
    committed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(at: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    w.market()
    monkeypatch.setitem(night.PARTS, "sweep", breaks)
    with pytest.raises(NightProblem, match=r"^sweep$"):
        night.work(AFTER)
    assert AreaFigure.objects.filter(on=AFTER.date()).exists()


@pytest.mark.django_db(databases=["default", "owner"])
def test_of_two_workers_the_second_leaves_the_night_to_the_first() -> None:
    w.market()
    nights = RollUp.objects.count()
    with connections["owner"].cursor() as elsewhere:
        elsewhere.execute("SELECT pg_advisory_lock(hashtext(%s))", [night.LOCK])
        try:
            assert night.work(AFTER) == {}
            assert RollUp.objects.count() == nights
        finally:
            elsewhere.execute("SELECT pg_advisory_unlock(hashtext(%s))", [night.LOCK])
    assert len(night.work(AFTER)) == len(night.PARTS)
    assert len(night.work(AFTER)) == len(night.PARTS)  # the first has given it back


@pytest.mark.django_db
def test_the_task_and_the_command_do_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    w.market()
    monkeypatch.setattr(timezone, "now", lambda: AFTER)
    assert tasks.work_at_night() == len(night.PARTS)
    said = StringIO()
    call_command("work_at_night", stdout=said)
    assert [row.split("：")[0] for row in said.getvalue().splitlines()] == list(night.PARTS)
    Screening.objects.create(
        kind="sweep", on=AFTER.date() + timedelta(days=9), at=AFTER, seconds=1,
        **dict.fromkeys(("changes", "slips", "collapsed", "tests", "groups", "rejected", "events", "leads", "capped", "withdrawn"), 0),
    )  # fmt: skip
    with pytest.raises(CommandError, match="sweep"):
        call_command("work_at_night", stdout=StringIO())
