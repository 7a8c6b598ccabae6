"""Seconds after a price is published: nothing is skipped, nothing is found twice, whoever dies in between."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, connections, transaction

from pharmacies.models import User
from prices.models import Lead, Screening, WatchCursor
from prices.monitoring import screen as screening
from prices.monitoring import watch as watching
from prices.monitoring.leads import dismiss
from prices.monitoring.watch import watch
from tests import factories as f
from tests.monitoring.leads_world import (
    DAY,
    change,
    everything,
    market,
    moment,
    night_after,
    sell,
    standing,
    the_lead,
    worked_out,
)
from tests.prices.deliveries import deliver
from tests.prices.ingest_world import Killed, killed_at
from tests.prices.live_worker import until

pytestmark = pytest.mark.usefixtures("committed")
NOON = moment(hour=12)


def settled() -> None:
    """Every change is below the oldest transaction that still runs: other tests share the cluster and its counter."""
    with connection.cursor() as cursor:
        until(lambda: _none_above(cursor), "older transactions have ended")


def _none_above(cursor: Any) -> bool:
    cursor.execute(
        "SELECT NOT EXISTS (SELECT FROM prices_pricechange WHERE xid >= pg_snapshot_xmin(pg_current_snapshot()))"
    )
    return bool(cursor.fetchone()[0])


def look(at: datetime) -> int:
    settled()
    return watch(at)


def test_a_spike_is_found_once() -> None:
    drug, shops = market()
    change(drug, shops[0], "26.90")
    assert look(NOON) == 1
    assert look(NOON) == 0
    assert (the_lead().price_fen, the_lead().on, the_lead().found_at) == (2690, DAY, NOON)
    assert Screening.objects.get().kind == "watch"


@pytest.mark.parametrize(("others", "leads", "slips"), [(30, 0, 1), (15, 1, 0)])
def test_ten_times_a_price_that_fell_with_its_list_is_no_lead(others: int, leads: int, slips: int) -> None:
    """8.5 times the price before is a slip where thirty others fell by 15 %, and a rise where too few did to say so."""
    drug, shops = market(("20.00",) * (others + 1))
    for shop in shops[1:]:
        change(drug, shop, "17.00")
    change(drug, shops[0], "170.00")
    assert look(NOON) == leads
    assert Screening.objects.get().slips == slips


def test_from_the_feeds_file_to_the_lead_and_a_slip_only_to_quarantine() -> None:
    drug, shops = market()
    run = deliver(f.feed(), f"{shops[0].code},{drug.code},26.90", f"{shops[1].code},{drug.code},189.00", at=moment())
    assert (run.state, run.changed, run.refused) == ("published", 1, 1)
    assert look(NOON) == 1
    assert (the_lead().pharmacy_id, the_lead().since) == (shops[0].pk, moment())


def test_what_the_watch_found_is_what_the_sweep_finds() -> None:
    drug, shops = market()
    change(drug, shops[0], "26.90")
    look(NOON)
    change(drug, shops[1], "28.90", moment(hour=13))
    look(moment(hour=13, minute=1))
    found = {(lead.pk, lead.price_fen) for lead in standing()}
    night_after()
    assert {(lead.pk, lead.price_fen) for lead in standing()} == found
    assert len(found) == 2


@pytest.mark.parametrize("meanwhile", ["12.60", "28.40", None])
def test_a_price_that_is_back_where_the_day_began_has_not_changed(meanwhile: str | None) -> None:
    drug, shops = market()
    change(drug, shops[0], meanwhile)
    look(moment(hour=9, minute=1))
    change(drug, shops[0], "18.90", NOON)
    assert look(moment(hour=12, minute=1)) == 0


def test_the_second_change_of_a_day_is_judged_against_the_days_before() -> None:
    drug, shops = market()
    change(drug, shops[0], "12.60")
    look(moment(hour=9, minute=1))
    change(drug, shops[0], "26.90", NOON)
    assert look(moment(hour=12, minute=1)) == 1
    lead = the_lead()
    assert (lead.previous_fen, lead.price_fen) == (1890, 2690)
    assert {fen for _day, fen in lead.findings.get(detector="history").inputs["series"]} == {1890}


def test_a_member_of_a_chains_event_is_taken_back_by_the_sweep() -> None:
    drug, _others = market()
    shops = sell(drug, ("18.90",) * 4, chain=f.chain())
    worked_out()
    change(drug, shops[0], "26.90")
    look(NOON)
    change(drug, shops[1], "26.90", moment(hour=13))
    look(moment(hour=13, minute=1))
    assert len(standing()) == 2
    for shop in shops[2:]:
        change(drug, shop, "26.90", moment(hour=14))
    night_after()
    assert the_lead().event is not None
    assert {lead.withdrawn_because for lead in Lead.objects.filter(state="withdrawn")} == {"event"}


def test_the_first_look_of_all_begins_with_yesterday() -> None:
    drug, shops = market()
    change(drug, shops[1], "27.90", moment(DAY - timedelta(days=40)))
    change(drug, shops[0], "26.90")
    look(NOON)
    assert [lead.pharmacy_id for lead in standing()] == [shops[0].pk]


def test_a_line_from_tomorrow_waits_for_the_sweep_of_tomorrow() -> None:
    drug, shops = market()
    change(drug, shops[0], "26.90", moment(DAY + timedelta(days=1)))
    assert look(NOON) == 0
    assert Screening.objects.count() == 0
    night_after(DAY + timedelta(days=1))
    assert the_lead().on == DAY + timedelta(days=1)


def test_killed_at_any_statement_and_run_again_it_leaves_the_same_rows() -> None:
    drug, shops = market()
    change(drug, shops[0], "26.90")
    change(drug, shops[1], "29.90")
    settled()
    number, died = 1, True
    while died:
        died = False
        try:
            with killed_at(number):
                watch(NOON)
        except Killed:
            died = True
            connection.close()
            assert number < 200
            watch(NOON)
        whole = everything()
        assert [row[2] for row in whole] == [2690, 2990]
        assert watch(NOON) == 0
        assert everything() == whole
        forget()
        number += 2
    assert number > 20


def forget() -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute("TRUNCATE prices_finding, prices_lead, prices_priceevent, prices_watchcursor CASCADE")


def in_threads(*calls: Callable[[], Any]) -> list[Any]:
    results: list[Any] = []

    def run(call: Callable[[], Any]) -> None:
        try:
            results.append(call())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


def test_of_two_workers_at_once_one_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    drug, shops = market()
    change(drug, shops[0], "26.90")
    WatchCursor.objects.create(at=NOON)
    settled()
    both_have_looked = threading.Barrier(2)
    screen = screening.screen

    def slowly(*args: Any, **kwargs: Any) -> Any:
        found = screen(*args, **kwargs)
        both_have_looked.wait(30)
        return found

    monkeypatch.setattr(watching, "screen", slowly)
    assert sorted(in_threads(lambda: watch(NOON), lambda: watch(NOON))) == [0, 1]
    assert len(standing()) == 1
    assert Screening.objects.count() == 1


def test_a_change_whose_transaction_takes_long_is_not_skipped() -> None:
    drug, shops = market()
    slow, may_commit = threading.Event(), threading.Event()

    def publish_slowly() -> None:
        with transaction.atomic():
            change(drug, shops[0], "26.90")
            slow.set()
            may_commit.wait(30)

    def meanwhile() -> list[int]:
        slow.wait(30)
        change(drug, shops[1], "29.90")
        early = watch(NOON)
        may_commit.set()
        return [early]

    in_threads(publish_slowly, meanwhile)
    look(NOON)
    assert sorted(lead.price_fen for lead in standing()) == [2690, 2990]


@pytest.mark.parametrize("later", ["19.00", "26.90"])
def test_what_somebody_decides_while_the_sweep_writes_stays_decided(later: str) -> None:
    """Whether the sweep takes the lead back or finds it again."""
    drug, shops = market()
    change(drug, shops[0], "26.90")
    look(NOON)
    lead, officer = the_lead(), User.objects.create(username="li")
    if later != "26.90":
        change(drug, shops[0], later, moment(hour=20))
    decided = threading.Event()

    def decide() -> None:
        with transaction.atomic():
            dismiss(lead=lead, reason="厂家调价", by=officer, at=NOON)
            decided.set()
            until(_somebody_waits_for_me, "the sweep waits for the lead")

    def meanwhile() -> None:
        decided.wait(30)
        night_after()

    in_threads(decide, meanwhile)
    lead.refresh_from_db()
    assert (lead.state, lead.withdrawn_because, lead.reason) == ("dismissed", "", "厂家调价")


def _somebody_waits_for_me() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid)))"
        )
        return bool(cursor.fetchone()[0])
