"""Killed in every step: workers with kill -9, Redis, PostgreSQL. Nothing is lost, nothing is published twice, and nobody
lends a hand: the next worker and the sweep are all the recovery there is."""

import os
import signal
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from django.core.files.storage import default_storage
from django.db import connections

from pharmacies.models import Designation, Pharmacy
from prices import consistency
from prices.ingest import receive, runs
from prices.ingest.publish import BATCH_SHOPS
from prices.models import FeedRun, Offer, PriceChange, RunPharmacy
from tests import factories as f
from tests.prices.live_worker import (
    Broker,
    Lock,
    Worker,
    broker_of_our_own,
    until,
    until_somebody_waits,
)
from tests.prices.private_cluster import private_cluster

pytestmark = pytest.mark.services
SHOPS = BATCH_SHOPS + 3  # two batches
PUBLISHED = FeedRun.State.PUBLISHED


@pytest.fixture(scope="module")
def broker(django_db_setup: None, django_db_blocker: Any) -> Iterator[Broker]:
    with broker_of_our_own() as broker:
        yield broker


@pytest.fixture
def workers(committed: None, broker: Broker, tmp_path: Path) -> Iterator[Callable[..., Worker]]:
    """Start a worker; whatever still runs at the end is killed."""
    broker.clear()  # of what the workers of the test before had not got to
    started: list[Worker] = []

    def start(**options: Any) -> Worker:
        started.append(Worker(broker, tmp_path, **options))
        return started[-1]

    yield start
    for worker in started:
        worker.kill()
    until(lambda: not any(worker.sessions() for worker in started), "their sessions have ended")


@pytest.fixture
def delivery(committed: None) -> "Delivery":
    return Delivery()


class Delivery:
    """One file about SHOPS shops, and one row that nobody can read."""

    def __init__(self) -> None:
        model, count = f.pharmacy(), SHOPS
        names = [field.attname for field in Pharmacy._meta.concrete_fields if field.attname not in {"id", "code"}]
        fields = {name: getattr(model, name) for name in names}
        shops = Pharmacy.objects.bulk_create(
            Pharmacy(code=f"P420106{n:05d}", **fields) for n in range(90000, 90000 + count)
        )
        Designation.objects.bulk_create(
            Designation(pharmacy=shop, kind="designated", area_id=shop.insurance_area_id, valid=f.since())
            for shop in shops
        )
        self.shops, self.drug, self.feed = shops, f.drug(), f.feed("chain")

    def receive(self, *, price: str = "12.60", queued: bool = True) -> FeedRun:
        rows = [f"{shop.code},{self.drug.code},{price}" for shop in self.shops]
        data = "\n".join(["pharmacy_code,drug_code,price", *rows, "nobody,nothing,abc", ""]).encode()
        return receive.receive(feed=self.feed, data=data, at=datetime.now(UTC), channel="push", queued=queued)


def sweep() -> None:
    """What beat sends every ten seconds; it expires, so that a busy worker does not find a heap of them."""
    current_app.send_task("prices.tasks.requeue_runs", queue="small", expires=1)


def is_published(run: FeedRun) -> bool:
    run.refresh_from_db()
    if run.state in FeedRun.IN_FLIGHT and (run.lease_until is None or run.lease_until < datetime.now(UTC)):
        sweep()
    return run.state == PUBLISHED


def assert_published_once(run: FeedRun, shops: int = SHOPS) -> None:
    assert (run.state, run.rows, run.accepted, run.refused) == (PUBLISHED, shops + 1, shops, 1)
    assert RunPharmacy.objects.filter(run=run).count() == shops
    assert PriceChange.objects.filter(run_id=run.pk).count() == shops
    assert Offer.objects.filter(state=1).count() == shops
    assert consistency.problems() == []


# -- a worker killed with -9 in each step -----------------------------------------------------------------------------


def blocked_table(name: str) -> Callable[[Delivery, FeedRun], Lock]:
    return lambda delivery, run: Lock(f"LOCK TABLE {name} IN ACCESS EXCLUSIVE MODE")


class Fifo:
    """The stored file as a pipe that never says anything: a reader waits at it."""

    def __init__(self, delivery: Delivery, run: FeedRun) -> None:
        self.path = Path(default_storage.path(f"feeds/{run.sha256[:2]}/{run.sha256}.gz"))
        self.kept = self.path.with_suffix(".kept")
        self.path.rename(self.kept)
        os.mkfifo(self.path)
        self.writer = -1

    def wait(self) -> None:
        self.writer = until(self._open, "the worker reads the file")

    def _open(self) -> int:
        try:
            return os.open(self.path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:  # nobody reads yet
            return 0

    def let_go(self) -> None:
        os.close(self.writer)
        self.kept.replace(self.path)


STEPS: dict[str, Callable[[Delivery, FeedRun], Any]] = {
    "claiming": lambda delivery, run: Lock("SELECT FROM prices_feedrun WHERE id = %s FOR UPDATE", run.pk),
    "reading": Fifo,
    "checking": blocked_table("catalog_alias"),
    "comparing": blocked_table("prices_offer"),
    "noting refusals": blocked_table("prices_rejection"),
    "publishing the first batch": blocked_table("prices_runpharmacy"),
    "publishing the second batch": lambda delivery, run: Lock(
        "SELECT FROM pharmacies_pharmacy WHERE id = %s FOR UPDATE", delivery.shops[-1].pk
    ),
}


@pytest.mark.parametrize("step", STEPS)
def test_a_worker_killed_in_any_step_is_replaced_by_the_next(
    step: str, workers: Callable[..., Worker], delivery: Delivery
) -> None:
    worker = workers().ready()
    run = delivery.receive(queued=False)
    lock = STEPS[step](delivery, run)
    receive.enqueue(run)
    lock.wait() if isinstance(lock, Fifo) else until_somebody_waits()
    worker.kill()
    following = workers()
    lock.let_go()
    until(lambda: not worker.sessions(), "the database has noticed")
    assert RunPharmacy.objects.filter(run=run).count() == (BATCH_SHOPS if "second" in step else 0)
    run.refresh_from_db()
    assert (run.state in FeedRun.IN_FLIGHT, run.attempts) == (True, 1)
    following.ready()
    until(lambda: is_published(run), "the run is published")
    assert_published_once(run)
    assert run.attempts == 2


def test_a_worker_killed_between_the_last_shop_and_the_sum_leaves_nothing_to_publish(
    workers: Callable[..., Worker], delivery: Delivery
) -> None:
    worker = workers().ready()
    run = delivery.receive(queued=False)
    last = STEPS["publishing the second batch"](delivery, run)
    receive.enqueue(run)
    until_somebody_waits()
    rejections = Lock("LOCK TABLE prices_rejection IN ACCESS EXCLUSIVE MODE")
    last.let_go()
    until(lambda: RunPharmacy.objects.filter(run=run).count() == SHOPS, "all shops are published")
    until_somebody_waits()
    worker.kill()
    rejections.let_go()
    workers().ready()
    until(lambda: is_published(run), "the run is published")
    assert_published_once(run)


def test_a_killed_child_of_a_worker_is_replaced_by_the_worker(
    workers: Callable[..., Worker], delivery: Delivery
) -> None:
    if not os.access("/dev/shm", os.W_OK):
        pytest.skip("a prefork pool needs /dev/shm; bin/serve uses threads here")
    worker = workers(pool="prefork").ready()
    run = delivery.receive(queued=False)
    lock = STEPS["publishing the second batch"](delivery, run)
    receive.enqueue(run)
    until_somebody_waits()
    (child,) = worker.children()
    os.kill(child, signal.SIGKILL)
    lock.let_go()
    until(lambda: is_published(run), "the run is published")
    assert_published_once(run)


# -- two at once ------------------------------------------------------------------------------------------------------


def test_a_message_delivered_twice_is_one_publication(workers: Callable[..., Worker], delivery: Delivery) -> None:
    run = delivery.receive()
    receive.enqueue(run)
    worker = workers().ready()
    until(lambda: is_published(run), "the run is published")
    until(lambda: worker.log.read_text().count("succeeded") >= 2, "both messages are worked off")
    assert_published_once(run)
    assert run.attempts == 1


def test_a_worker_that_was_asleep_while_another_took_over_writes_nothing(
    workers: Callable[..., Worker], delivery: Delivery
) -> None:
    worker = workers().ready()
    run = delivery.receive(queued=False)
    lock = STEPS["comparing"](delivery, run)
    receive.enqueue(run)
    until_somebody_waits()
    worker.pause()
    lock.let_go()
    run.refresh_from_db()
    until(lambda: run.lease_until and run.lease_until < datetime.now(UTC), "its lease has expired")
    assert runs.process(run.pk).state == PUBLISHED
    before = list(RunPharmacy.objects.order_by("pk").values())
    worker.go_on()
    until(lambda: worker.said("taken over by another attempt"), "it notices")
    until(lambda: worker.said("succeeded"), "it is done")
    assert list(RunPharmacy.objects.order_by("pk").values()) == before
    run.refresh_from_db()
    assert_published_once(run)


def test_two_runs_about_the_same_shops_follow_each_other(workers: Callable[..., Worker], delivery: Delivery) -> None:
    first, second = workers(), workers()
    first.ready(), second.ready()
    older = delivery.receive(queued=False)
    lock = STEPS["publishing the second batch"](delivery, older)
    receive.enqueue(older)
    until_somebody_waits()
    newer = delivery.receive(price="13.00")
    until(lambda: FeedRun.objects.get(pk=newer.pk).state == "publishing", "the newer one is at it, too")
    lock.let_go()
    until(lambda: is_published(older) and is_published(newer), "both are published")
    assert Offer.objects.filter(price_fen=1300, run_id=newer.pk).count() == SHOPS
    assert consistency.problems() == []


# -- Redis ------------------------------------------------------------------------------------------------------------


def test_redis_restarted_empty_between_receive_and_process(
    broker: Broker, workers: Callable[..., Worker], delivery: Delivery
) -> None:
    run = delivery.receive()
    assert broker.waiting() == 1
    broker.kill()
    assert broker.answers() is False
    other = delivery.receive(price="13.00")  # nobody takes the message; the delivery is safe all the same
    assert other.state == FeedRun.State.RECEIVED
    broker.start()
    assert broker.waiting() == 0
    workers().ready()
    until(lambda: is_published(run) and is_published(other), "the sweep has found both")
    assert Offer.objects.filter(price_fen=1300).count() == SHOPS
    assert consistency.problems() == []


def test_a_worker_survives_the_loss_of_redis(
    broker: Broker, workers: Callable[..., Worker], delivery: Delivery
) -> None:
    workers().ready()
    run = delivery.receive(queued=False)
    lock = STEPS["comparing"](delivery, run)
    receive.enqueue(run)
    until_somebody_waits()
    broker.kill()
    broker.start()
    lock.let_go()
    until(lambda: is_published(run), "the run is published")
    other = delivery.receive(price="13.00")
    until(lambda: is_published(other), "the next one is, too")
    assert Offer.objects.filter(price_fen=1300).count() == SHOPS


# -- PostgreSQL -------------------------------------------------------------------------------------------------------


def test_postgresql_killed_during_publish(
    django_db_setup: None, django_db_blocker: Any, broker: Broker, tmp_path: Path
) -> None:
    with django_db_blocker.unblock(), private_cluster(tmp_path / "cluster") as cluster:
        delivery, worker = Delivery(), Worker(broker, tmp_path).ready()
        try:
            run = delivery.receive(queued=False)
            lock = STEPS["publishing the second batch"](delivery, run)
            receive.enqueue(run)
            until_somebody_waits()
            cluster.kill()
            lock.let_go()
            connections.close_all()
            cluster.start()
            assert RunPharmacy.objects.filter(run=run).count() == BATCH_SHOPS
            until(lambda: is_published(run), "the same worker has finished the run")
            assert_published_once(run)
        finally:
            worker.kill()
