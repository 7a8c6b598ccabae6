"""The work of a back-test: day after day, each stored when it is done, so that a killed worker's test goes on where it
stood. Nobody's leads, cases or rules are touched."""

import logging
import math
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any

import polars as pl
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from pharmacies.access import day as today_of
from prices import leases
from prices.leases import Clock, Lease, Lost
from prices.models import BackTest, BackTestDay, Case, CaseLead, Finding, Lead
from prices.monitoring.trying import EXAMPLES, REPEATS, Look
from prices.statistics.nights import DAY, days

log = logging.getLogger(__name__)
State = BackTest.State
Level = tuple[int, int, int]

LEASE = timedelta(minutes=3)
"""Longer than a day of a million changes takes on a slow machine; renewed with each day."""
SLICE = timedelta(minutes=3)
"""Large files wait in the same queue: after so long a back-test lets them go first."""


def run(pk: int, *, clock: Clock = timezone.now, at_most: timedelta | None = None) -> BackTest:
    """Take the back-test to its end, if it is free; return it as it is then.

    With `at_most` it is left free for others after the day that takes it beyond so much time.
    """
    lease = Lease.claim(_undecided(), pk, length=LEASE, clock=clock, state=State.RUNNING)
    if lease is not None:
        until = clock() + at_most if at_most else None
        try:
            with TemporaryDirectory(prefix="yaobi-back-test-") as folder:
                _work(_back_test(pk), Path(folder), lease, until)
        except Lost:  # to another worker, or to a person who has stopped it
            log.warning("back-test %s was stopped or taken over; this worker stops", pk)
    return _back_test(pk)


def unclaimed(*, at: datetime) -> list[BackTest]:
    """Back-tests that nobody works on, oldest first; those that three workers gave up on the same day are failed on the
    way."""
    error = _("处理三次均未完成：已算好的日子都在，可以缩短日期重新回测，仍不行请联系管理员")
    return leases.unclaimed(_undecided(), at=at, failing={"state": State.FAILED, "finished_at": at, "error": error})


def _undecided() -> QuerySet[BackTest]:
    found: QuerySet[BackTest] = BackTest.objects.filter(state__in=BackTest.WORKING)
    return found


def _back_test(pk: int) -> BackTest:
    found: BackTest = BackTest.objects.select_related("area").get(pk=pk)
    return found


def _work(back_test: BackTest, folder: Path, lease: Lease, until: datetime | None) -> None:
    done = dict(back_test.days.values_list("on", "levels"))
    due = [on for on in days(back_test.first, back_test.last) if on not in done]
    if due:
        look = Look(back_test, folder, today=today_of(back_test.at), first=due[0])
        for on, levels in done.items():
            if on > due[0] - REPEATS:
                look.remember(on, levels)
        for on in days(due[0] - look.window_days * DAY, due[0] - DAY):
            look.learn(on)
            lease.renew()
    for on in due:
        began = monotonic()
        leads, counts = look.day(on)
        result = compared(back_test, on, leads)
        seconds = round(monotonic() - began, 3)
        with transaction.atomic():
            lease.renew(attempts=1)
            BackTestDay.objects.create(back_test=back_test, on=on, seconds=seconds, **counts, **result)
        if until and on != due[-1] and lease.clock() >= until:
            lease.finish(attempts=0)
            return
    lease.finish(state=State.DONE, attempts=0, finished_at=lease.clock())


# -- against what was -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Were:
    """The leads of a day that stand, by level: those of the same detector, and what a concluded case said of them."""

    all: set[Level]
    same: set[Level]
    concluded: dict[Level, bool]


def compared(back_test: BackTest, on: date, leads: pl.DataFrame) -> dict[str, Any]:
    """The fields of `BackTestDay` that the leads of the draft give; `leads` as `trying.Look.day` says."""
    were = _were(back_test, on)
    levels: list[Level] = list(leads.select("drug_id", "pharmacy_id", "new_fen").iter_rows())
    found = set(levels)
    concluded = [right for level, right in were.concluded.items() if level in found]
    return {
        "found": len(levels),
        "known": len(found & were.all),
        "were": len(were.all),
        "were_same": len(were.same),
        "labelled": len(concluded),
        "confirmed": sum(concluded),
        "labelled_were": len(were.concluded),
        "confirmed_were": sum(were.concluded.values()),
        "levels": [list(level) for level in levels],
        "examples": _examples(back_test.detector, on, leads, were.all),
    }


def _were(back_test: BackTest, on: date) -> Were:
    then = Lead.objects.within(back_test.area).standing().filter(on=on, pharmacy_id__isnull=False)
    level_of = {pk: level for pk, *level in then.values_list("pk", "drug_id", "pharmacy_id", "price_fen")}
    levels: dict[int, Level] = {pk: (drug, shop, fen) for pk, (drug, shop, fen) in level_of.items()}
    same = Finding.objects.filter(lead__in=then, detector=back_test.detector).values_list("lead_id", flat=True)
    ended = CaseLead.objects.filter(lead__in=then, case__state=Case.State.CLOSED)
    outcomes = ended.values_list("lead_id", "case__outcome")
    return Were(
        all=set(levels.values()),
        same={levels[pk] for pk in same},
        concluded={levels[pk]: outcome in Case.CONFIRMED for pk, outcome in outcomes},
    )


def _examples(detector: str, on: date, leads: pl.DataFrame, were: set[Level]) -> list[dict[str, Any]]:
    """The leads with the most excess."""
    if leads.is_empty():
        return []
    best = leads.sort(["excess", "drug_id", "pharmacy_id"], descending=[True, False, False]).head(EXAMPLES)
    return [
        {
            "on": on.isoformat(),
            "drug": row["drug_id"],
            "pharmacy": row["pharmacy_id"],
            "old_fen": row["old_fen"],
            "new_fen": row["new_fen"],
            "excess": round(row["excess"], 4),
            "score": _finite(row[f"{detector}_score"]),
            "known": (row["drug_id"], row["pharmacy_id"], row["new_fen"]) in were,
        }
        for row in best.iter_rows(named=True)
    ]


def _finite(score: float | None) -> float | None:
    """Of a first price nothing can be said against the price before."""
    return round(score, 4) if score is not None and math.isfinite(score) else None
