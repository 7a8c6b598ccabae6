"""The work of a back-test: day after day, each stored when it is done, so that a killed worker's test goes on where it
stood. Nobody's leads, cases or rules are touched."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any

import polars as pl
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from pharmacies.access import day as today_of
from prices.models import BackTest, BackTestDay, Case, CaseLead, Finding, Lead
from prices.monitoring.trying import EXAMPLES, REPEATS, Look
from prices.statistics.nights import DAY, days

State = BackTest.State
Clock = Callable[[], datetime]
Level = tuple[int, int, int]

LEASE = timedelta(minutes=3)
"""Longer than a day of a million changes takes on a slow machine; renewed with each day."""
ATTEMPTS = 3
SLICE = timedelta(minutes=3)
"""Large files wait in the same queue: after so long a back-test lets them go first."""


class Lost(Exception):
    """Somebody stopped it, or another worker has taken it over."""


def run(pk: int, *, clock: Clock = timezone.now, at_most: timedelta | None = None) -> BackTest:
    """Take the back-test to its end, if it is free; return it as it is then.

    With `at_most` it is left free for others after the day that takes it beyond so much time.
    """
    mine = _claim(pk, clock())
    if mine is not None:
        back_test = BackTest.objects.select_related("area").get(pk=pk)
        try:
            with TemporaryDirectory(prefix="yaobi-back-test-") as folder:
                _work(back_test, Path(folder), mine, clock, mine - LEASE + at_most if at_most else None)
        except Lost:
            pass
    found: BackTest = BackTest.objects.select_related("area").get(pk=pk)
    return found


def unclaimed(*, at: datetime) -> list[BackTest]:
    """Back-tests that nobody works on; those that three workers gave up on the same day are failed on the way."""
    free = BackTest.objects.filter(_free(at), state__in=BackTest.WORKING)
    free.filter(attempts__gte=ATTEMPTS).update(
        state=State.FAILED,
        claimed_until=None,
        finished_at=at,
        error=_("处理三次均未完成：已算好的日子都在，可以缩短日期重新回测，仍不行请联系管理员"),
    )
    return list(free.order_by("pk"))


def _free(at: datetime) -> Q:
    return Q(claimed_until__isnull=True) | Q(claimed_until__lt=at)


def _claim(pk: int, at: datetime) -> datetime | None:
    """Until when it is ours; None where it is not free."""
    free = BackTest.objects.filter(_free(at), pk=pk, state__in=BackTest.WORKING, attempts__lt=ATTEMPTS)
    until = at + LEASE
    taken = free.update(state=State.RUNNING, claimed_until=until, attempts=F("attempts") + 1)
    return until if taken else None


def _renew(back_test: BackTest, mine: datetime, at: datetime, **fields: Any) -> datetime:
    """Hold it for longer. Raises `Lost`."""
    held = BackTest.objects.filter(pk=back_test.pk, state=State.RUNNING, claimed_until=mine)
    until = at + LEASE
    if not held.update(claimed_until=until, **fields):
        raise Lost
    return until


def _work(back_test: BackTest, folder: Path, mine: datetime, clock: Clock, until: datetime | None) -> None:
    done = dict(back_test.days.values_list("on", "levels"))
    due = [on for on in days(back_test.first, back_test.last) if on not in done]
    if due:
        look = Look(back_test, folder, today=today_of(back_test.at), first=due[0])
        for on, levels in done.items():
            if on > due[0] - REPEATS:
                look.remember(on, levels)
        for on in days(due[0] - look.window_days * DAY, due[0] - DAY):
            look.learn(on)
            mine = _renew(back_test, mine, clock())
    for on in due:
        began = monotonic()
        leads, counts = look.day(on)
        result = compared(back_test, on, leads)
        seconds = round(monotonic() - began, 3)
        with transaction.atomic():
            mine = _renew(back_test, mine, clock(), attempts=1)
            BackTestDay.objects.create(back_test=back_test, on=on, seconds=seconds, **counts, **result)
        if until and on != due[-1] and clock() >= until:
            _leave(back_test, mine, attempts=0)
            return
    _leave(back_test, mine, state=State.DONE, attempts=0, finished_at=clock())


def _leave(back_test: BackTest, mine: datetime, **fields: Any) -> None:
    held = BackTest.objects.filter(pk=back_test.pk, state=State.RUNNING, claimed_until=mine)
    held.update(claimed_until=None, **fields)


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
