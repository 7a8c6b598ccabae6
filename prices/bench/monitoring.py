"""Monitoring on a generated province: the detectors over a day's changes, the night with roll-ups, sweep and index, a
back-test of 90 days, the console's pages; then the detectors on real price lists (`monitoring_lists`)."""

import multiprocessing
import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

import django
import httpx
from django.urls import resolve
from django.utils import timezone

from pharmacies.access import Role
from pharmacies.models import Region, User
from prices.bench import Measured, Report, day_of_changes, desk, measured, monitoring_lists, province
from prices.bench.http import served
from prices.models import BackTest, Screening
from prices.monitoring import backtest, changes
from prices.monitoring.changes import midnight
from prices.monitoring.detectors import peers
from prices.monitoring.night import PARTS
from prices.monitoring.screen import screen
from prices.statistics.roll_up import HOUR

Say = Callable[[str], Any]

HISTORY_DAYS = 90
PROCURED = 1_000
PAGES = 20
NAME = "bench-official"
FIRST = "the first roll-up, not counted"


def run(options: dict[str, Any], say: Say) -> Report:
    province.ready(province.size_of(options), say)
    at = timezone.now()
    today = timezone.localdate(at)
    top = Region.objects.get(level=Region.Level.PROVINCE)
    desk.open_account(NAME, Role.REVIEWER, top)
    day_of_changes.empty()
    night(FIRST, at, say)
    procured = day_of_changes.procure(today, top.pk, PROCURED)
    made = day_of_changes.make_past(today, HISTORY_DAYS, say)
    changed = day_of_changes.make_today(today, top.pk)
    say(f"{made:,} changes in {HISTORY_DAYS} days before, {changed:,} today")
    day_of_changes.show(today, "new_fen")
    day_of_changes.settle()
    after = midnight(today + timedelta(days=1)) + HOUR
    rows = [night(step, after, say) for step in ("detectors", *PARTS)]
    day_of_changes.show(today, "old_fen")
    rows.append(together(rows))
    day_of_changes.statistics_of_before(today - timedelta(days=HISTORY_DAYS), today)
    rows.append(back_test(top, today, at, say))
    rows += pages(top, say)
    table, lists = monitoring_lists.report()
    log = Screening.objects.filter(kind=Screening.Kind.SWEEP).latest("pk")
    facts: dict[str, Any] = {
        "changes_of_the_day": changed,
        "changes_before": made,
        "procurement_prices": procured,
        **{name: getattr(log, name) for name in ("slips", "collapsed", "tests", "rejected", "leads", "capped")},
    }
    return Report(rows, [*lines(rows, facts), *table], facts | {"real_lists": lists})


# -- the night --------------------------------------------------------------------------------------------------------


def night(step: str, at: datetime, say: Say) -> Measured:
    """A step of the night in a process of its own, whose memory is measured."""
    with multiprocessing.get_context("spawn").Pool(1, initializer=django.setup) as pool:
        seconds, memory = pool.apply(_step, (step, at))
    say(f"{step}: {seconds:.1f} s, {memory:.0f} MB")
    return measured(step, "yaobi", [seconds * 1000], equal=True, memory_mb=round(memory))


def _step(step: str, at: datetime) -> tuple[float, float]:
    """Seconds it took, and the most memory (MB) this process ever had."""

    def detectors(at: datetime) -> None:
        day = timezone.localdate(at) - changes.DAY
        screen(changes.of_day(day), day=day)

    steps: dict[str, Callable[[datetime], object]] = {**PARTS, "detectors": detectors, FIRST: PARTS["roll_up"]}
    began = perf_counter()
    steps[step](at)
    took = perf_counter() - began
    # Not ru_maxrss: that begins with what the parent had.
    peak = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return took, int(peak[1]) / 1024 if peak else 0


def together(rows: list[Measured]) -> Measured:
    """The night: all its steps but the detectors alone, which the sweep holds."""
    return measured("night, all", "yaobi", [sum(each.max_ms for each in rows if each.case != "detectors")], equal=True)


# -- a back-test ------------------------------------------------------------------------------------------------------


def back_test(area: Region, today: date, at: datetime, say: Say) -> Measured:
    by = User.objects.get(username=NAME)
    test = BackTest.objects.create(
        area=area, detector=peers.NAME, version=peers.VERSION, parameters=peers.Parameters().stated(),
        first=today - timedelta(days=HISTORY_DAYS), last=today - timedelta(days=1), by=by, at=at,
    )  # fmt: skip
    began = perf_counter()
    done = backtest.run(test.pk)
    took = perf_counter() - began
    if done.state != BackTest.State.DONE:
        raise RuntimeError(f"the back-test is {done.state}: {done.error}")
    say(f"back-test of {HISTORY_DAYS} days: {took:.1f} s")
    return measured(f"back-test of {HISTORY_DAYS} days", "yaobi", [took * 1000], equal=True)


# -- the console ------------------------------------------------------------------------------------------------------


def pages(area: Region, say: Say) -> list[Measured]:
    """One page of every kind that links lead to from the overview."""
    with served(say, **desk.WITHOUT_PHONE) as (port, _process):
        client = desk.signed_in(port, NAME)
        found = []
        for name, address in linked(client, f"/console/{area.code}").items():
            times = [desk.timed(client, address) for _time in range(PAGES)]
            found.append(measured(f"page/{name}", "yaobi", times, equal=True))
    say(f"{len(found)} pages")
    return found


def linked(client: httpx.Client, start: str) -> dict[str, str]:
    """The first address of each view that can be looked at, in the order in which they are met."""
    waiting, found = [start], {}
    while waiting:
        address = waiting.pop(0)
        name = resolve(address).url_name or address
        if name in found:
            continue
        page = client.get(address)
        if page.status_code != 200:
            continue
        found[name] = address
        waiting += re.findall(rf'href="({re.escape(start)}/[^"#?]+)"', page.text)
    return found


def lines(rows: list[Measured], facts: dict[str, Any]) -> list[str]:
    told = [", ".join(f"{name} {value:,}" for name, value in facts.items())]
    told.append(f"{'case':<36}{'p50 ms':>10}{'p95 ms':>10}{'max ms':>10}{'memory MB':>11}")
    for each in rows:
        memory = "" if each.memory_mb is None else f"{each.memory_mb:.0f}"
        told.append(f"{each.case:<36}{each.p50_ms:10.0f}{each.p95_ms:10.0f}{each.max_ms:10.0f}{memory:>11}")
    return told
