"""本期定稿 by real workers: one is killed with -9 in the middle, the sweep and the next one are all the recovery there is."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from celery import current_app

from pharmacies.models import AuditEvent
from prices.models import Freeze, Freezing, FrozenTable
from prices.monitoring import freezes
from tests import factories as f
from tests.monitoring.test_freezes import FIRST, OCTOBER, contents, reviewer, world
from tests.prices.live_worker import Broker, Lock, Worker, broker_of_our_own, until, until_somebody_waits

pytestmark = pytest.mark.services


@pytest.fixture
def broker(committed: None) -> Iterator[Broker]:
    with broker_of_our_own() as broker:
        yield broker


def is_done(asked: Freezing) -> bool:
    """Beat's sweep is ours to send."""
    asked.refresh_from_db()
    if asked.state in Freezing.WORKING and (asked.lease_until is None or asked.lease_until < datetime.now(UTC)):
        current_app.send_task("prices.tasks.requeue_freezings", queue="small", expires=1)
    return asked.state == Freezing.State.DONE


def test_a_worker_killed_in_the_middle_leaves_nothing_and_the_next_one_freezes_the_month_once(
    broker: Broker, tmp_path: Path
) -> None:
    world()
    asked = freezes.ask(f.wuchang(), OCTOBER, by=reviewer(), at=FIRST)
    # The tables are worked out, and the first of them is about to be written.
    lock = Lock("LOCK TABLE prices_frozentable IN ACCESS EXCLUSIVE MODE")
    first = Worker(broker, tmp_path)
    try:
        until_somebody_waits()
        first.kill()
    finally:
        first.kill()
        lock.let_go()
    until(lambda: not first.sessions(), "its sessions have ended")
    asked.refresh_from_db()
    assert asked.state == "running"
    assert not Freeze.objects.exists()
    assert not FrozenTable.objects.exists()
    second = Worker(broker, tmp_path)
    try:
        until(lambda: is_done(asked), "the month is frozen")
    finally:
        second.kill()
    made = Freeze.objects.get()
    assert asked.made == made
    assert freezes.is_whole(made)
    assert contents(made)["passthrough"][0]["days"] == 9
    assert AuditEvent.objects.filter(action="freeze.make").count() == 1
