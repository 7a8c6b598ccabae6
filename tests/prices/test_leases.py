"""Who works on a row that is work, be it a run, an upload, a back-test or a month to be frozen: one at a time, and never
who was too late."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.db.models import QuerySet

from prices import leases
from prices.desk.sheets import preview, reading, uploads, work
from prices.ingest import receive, runs
from prices.leases import Lease, Lost
from prices.models import (
    BackTest,
    BackTestDay,
    FeedRun,
    Freeze,
    Freezing,
    FrozenTable,
    Offer,
    PriceChange,
    RunPharmacy,
    Upload,
)
from prices.monitoring import backtest, freezing, tabled_months, tabled_prices
from prices.monitoring.trying import Look
from tests import factories as f
from tests.factories import AT
from tests.monitoring.impossible_backtests import back_test
from tests.monitoring.impossible_freezings import freezing as month_to_freeze
from tests.monitoring.test_backtest import NOW, draft, spiked
from tests.monitoring.test_freezes import FIRST, OCTOBER, reviewer, world
from tests.prices.deliveries import csv as delivery
from tests.prices.impossible_desk import upload
from tests.staff.sheets_world import csv, desk, row

pytestmark = pytest.mark.django_db
LENGTH = timedelta(minutes=1)
LATER = AT + LENGTH + timedelta(seconds=1)
Rows = QuerySet[Any]


# -- a lease ----------------------------------------------------------------------------------------------------------


@pytest.fixture(
    params=[
        (FeedRun, FeedRun.IN_FLIGHT, lambda: f.run(state="received")),
        (Upload, Upload.WORKING, upload),
        (BackTest, BackTest.WORKING, back_test),
        (Freezing, Freezing.WORKING, month_to_freeze),
    ],
    ids=["run", "upload", "back_test", "freezing"],
)
def rows(request: pytest.FixtureRequest) -> Rows:
    """The undecided rows of a kind, of which there is one."""
    model, undecided, make = request.param
    make()
    return model.objects.filter(state__in=undecided)  # type: ignore[no-any-return]  # the managers are untyped


def claimed(rows: Rows, at: Any = AT, **fields: Any) -> Lease | None:
    return Lease.claim(rows, rows.get().pk, length=LENGTH, clock=lambda: at, **fields)


def test_one_worker_at_a_time_has_it(rows: Rows) -> None:
    first = claimed(rows)
    assert first is not None
    assert claimed(rows, AT + LENGTH) is None
    assert leases.unclaimed(rows, at=AT + LENGTH, failing={}) == []
    first.finish(attempts=0)
    assert claimed(rows) is not None


def test_who_says_that_it_is_alive_keeps_it(rows: Rows) -> None:
    first = claimed(rows)
    assert first is not None
    Lease(rows, first.pk, LENGTH, lambda: LATER, first.token).renew()
    assert claimed(rows, LATER) is None


def test_who_slept_beyond_the_lease_is_told_before_anything_is_written(rows: Rows) -> None:
    first, second = claimed(rows), claimed(rows, LATER)
    assert first is not None
    assert second is not None
    before = rows.values().get()
    for write in (first.renew, first.finish):
        with pytest.raises(Lost):
            write(attempts=0)
    assert rows.values().get() == before
    second.finish()


def test_what_is_decided_is_nobodys(rows: Rows) -> None:
    first = claimed(rows)
    assert first is not None
    rows.update(**leases.NOBODY)
    with pytest.raises(Lost):
        first.renew()


def test_three_attempts_then_it_is_decided_without_a_worker(rows: Rows) -> None:
    at = AT
    for _attempt in range(settings.MAX_ATTEMPTS):
        (found,) = leases.unclaimed(rows, at=at, failing={})
        assert claimed(rows, at) is not None
        at += LENGTH + timedelta(seconds=1)
    assert claimed(rows, at) is None
    ended = {BackTest: {"error": "x", "finished_at": at}, Freezing: {"failure": "gave_up", "finished_at": at}}
    failing: dict[str, Any] = {"state": "failed", **ended.get(rows.model, {"error": "x"})}
    assert leases.unclaimed(rows, at=at, failing=failing) == []
    found.refresh_from_db()
    assert (found.state, found.lease_until, found.lease_token) == ("failed", None, None)


# -- workers that were asleep -----------------------------------------------------------------------------------------


def everything() -> list[Any]:
    """All that the four kinds of work write."""
    written: list[Any] = [BackTest, BackTestDay, FeedRun, RunPharmacy, Offer, PriceChange, Upload]
    written += [Freezing, Freeze, FrozenTable]
    return [*(list(model.objects.order_by("pk").values()) for model in written), files("uploads")]


def files(folder: str) -> list[str]:
    if not default_storage.exists(folder):
        return []
    folders, names = default_storage.listdir(folder)
    return sorted([*names, *(name for each in folders for name in files(f"{folder}/{each}"))])


class Asleep:
    """The first worker to take `step` falls asleep before it; `meanwhile` happens, and then it wakes up."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, owner: Any, step: str, meanwhile: Callable[[], object]) -> None:
        self.before: list[Any] | None = None
        real = getattr(owner, step)

        def sleeping(*args: Any, **options: Any) -> Any:
            monkeypatch.setattr(owner, step, real)
            meanwhile()
            self.before = everything()
            return real(*args, **options)

        monkeypatch.setattr(owner, step, sleeping)

    def wrote(self) -> bool:
        """Whether it changed anything after it woke up."""
        assert self.before is not None, "the worker never came to that step"
        return everything() != self.before


def test_a_run_that_was_taken_over_is_not_written_by_who_wakes_up(monkeypatch: pytest.MonkeyPatch) -> None:
    shop, drug = f.pharmacy(), f.drug()
    for meanwhile in (taken(FeedRun.objects.in_flight()), lambda pk: runs.process(pk, clock=lambda: LATER)):
        data = delivery(f"{shop.code},{drug.code},{10 + FeedRun.objects.count()}")
        run = receive.receive(feed=f.feed("till"), data=data, at=AT, channel="command")
        first = Asleep(monkeypatch, runs, "_judged", lambda pk=run.pk, act=meanwhile: act(pk))  # type: ignore[misc]  # mypy infers no lambda with a default
        runs.process(run.pk, clock=lambda: AT)
        assert not first.wrote()


@pytest.mark.parametrize(("owner", "step"), [(reading, "read"), (preview, "preview"), (preview, "_warned")])
def test_an_upload_that_was_taken_over_is_not_written_by_who_wakes_up(
    monkeypatch: pytest.MonkeyPatch, owner: Any, step: str
) -> None:
    world = desk()
    for meanwhile in (taken(Upload.objects.all()), lambda pk: work.work(pk, clock=lambda: LATER), given_up):
        made = uploads.bring(world.shop, csv(row(world.drugs[0], "12.60")), name="a.csv", by=world.clerk, at=AT)
        if owner is preview:
            made = work.work(made.pk, clock=lambda: AT)
            uploads.confirm_columns(made, made.mapping, by=world.clerk, at=AT)
        first = Asleep(monkeypatch, owner, step, lambda pk=made.pk, act=meanwhile: act(pk))  # type: ignore[misc]  # mypy infers no lambda with a default
        work.work(made.pk, clock=lambda: AT)
        assert not first.wrote()


def test_a_back_test_that_was_taken_over_is_not_written_by_who_wakes_up(monkeypatch: pytest.MonkeyPatch) -> None:
    spiked()
    later = NOW + backtest.LEASE + timedelta(seconds=1)
    for meanwhile in (taken(BackTest.objects.all(), later), lambda pk: backtest.run(pk, clock=lambda: later)):
        made = draft("history", date(2026, 11, 9), date(2026, 11, 10))
        first = Asleep(monkeypatch, Look, "day", lambda pk=made.pk, act=meanwhile: act(pk))  # type: ignore[misc]  # mypy infers no lambda with a default
        backtest.run(made.pk, clock=lambda: NOW)
        assert not first.wrote()


@pytest.mark.parametrize(("owner", "step"), [(tabled_months, "figures"), (tabled_prices, "landings")])
def test_a_month_that_was_taken_over_is_not_frozen_by_who_wakes_up(
    monkeypatch: pytest.MonkeyPatch, owner: Any, step: str
) -> None:
    world()
    made = month_to_freeze(month=OCTOBER, by=reviewer())
    later = FIRST + LENGTH + timedelta(seconds=1)
    for meanwhile in (taken(Freezing.objects.all(), later), lambda pk: freezing.run(pk, clock=lambda: later + LENGTH)):
        made.lease_until = made.lease_token = None
        made.save()
        first = Asleep(monkeypatch, owner, step, lambda pk=made.pk, act=meanwhile: act(pk))  # type: ignore[misc]  # mypy infers no lambda with a default
        freezing.run(made.pk, clock=lambda: FIRST)
        assert not first.wrote()
    assert Freezing.objects.get().state == "done"


def taken(rows: Rows, at: Any = LATER) -> Callable[[int], object]:
    """Another worker has just begun, so that the row is in the same state as before."""

    def take(pk: int) -> None:
        assert Lease.claim(rows, pk, length=LENGTH, clock=lambda: at) is not None

    return take


def given_up(pk: int) -> None:
    made = Upload.objects.get(pk=pk)
    uploads.discard(made, by=made.by, at=LATER)
