"""The five questions on a generated province, beside what could be used instead; every timed answer is refereed.

`yaobi` is the time of the statements on the search connection, planning included; `yaobi find()` that of the whole
call; `numpy` is the referee's scan of everything in memory. The alternatives are asked about one drug without filters.
"""

import gc
from functools import partial
from typing import Any, Protocol

from django.utils import timezone

from prices.bench import Report, asking, baskets, province, referee
from prices.bench.asking import Case
from prices.bench.clock import timed
from prices.bench.in_redis import Redis
from prices.bench.in_sqlite import Sqlite
from prices.bench.order import Line
from prices.bench.orm import Orm, spheroid
from prices.bench.province import Say
from prices.bench.referee import Question, World
from prices.bench.timings import CHANGED, RESTARTED, WARM, Timings, beside, pooled, summary, wrong
from prices.search.offers import find
from prices.search.statements import SearchTimeout

ALTERNATIVE_PLACES = 5
"""Alternatives are asked from the first few places only: some take a second a question."""
TIMED_OUT = Line(0, 0, 0, False)


class System(Protocol):
    name: str

    def load(self, world: World, drug_ids: set[int]) -> None: ...

    def ask(self, question: Question) -> list[Line]: ...


def run(options: dict[str, Any], say: Say) -> Report:
    province.ready(province.size_of(options), say)
    say("choosing what to ask …")
    asked = asking.targets()
    asking.list_dual_channel(asked.drug_ids())
    places = asking.origins(asking.QUICK_PLACES if options["quick"] else asking.PLACES)
    world = referee.load(asked.drug_ids())
    gc.freeze()
    alternatives: list[System] = [Orm(), Redis(), Sqlite()]
    for system in alternatives:
        system.load(world, {target.drugs[0].pk for group in asked.drugs.values() for target in group})
    found = measure(world, asked, places, WARM, say)
    for system in alternatives:
        found += compare(world, asked, places, system, say)
    if options["restart"]:
        say("restarting PostgreSQL …")
        province.restart()
        found += measure(world, asked, places, RESTARTED, say, passes=1)
    say(f"changing {province.DAY_PERCENT} of 100 offers …")
    changed = province.a_day_of_changes(timezone.now())
    try:
        world = referee.load(asked.drug_ids())
        found += measure(world, asked, places, CHANGED, say)
        found += baskets.measure(world, asked, places, CHANGED, say)

    finally:
        say("vacuum …")
        province.vacuum()
    counts = {rarity: [asked.offers[t.drugs[0].pk] for t in group] for rarity, group in asked.drugs.items()}
    facts = {"offers": sum(asked.offers.values()), "offers_of_a_drug": counts, "changed": changed}
    return Report([each.row() for each in (*found, *pooled(found))], lines(found, facts), facts)


def ours(question: Question) -> list[Line]:
    """Equal to no answer where the database's time limit is hit, so that it is told and the measurement goes on."""
    try:
        answer = find(question.target, question.where, **asking.parameters(question))
    except SearchTimeout:
        return [TIMED_OUT]
    return [Line(each.shop.id, each.drug.pk, each.price_fen, each.stale) for each in answer.results]


def measure(
    world: World, asked: asking.Asked, places: list[asking.Origin], when: str, say: Say, *, passes: int = 2
) -> list[Timings]:
    """Every case: the statement, the whole call and NumPy. With one pass nothing was asked before."""
    found = []
    for case in asking.cases(asked, places, timezone.now()):
        statement, call, scan = (
            Timings(case.name, group(case), system, when) for system in ("yaobi", "yaobi find()", "numpy")
        )
        for n in range(passes):
            for question in case.questions:
                if n < passes - 1:
                    ours(question)
                    continue
                one(world, question, statement, call, scan)
        found += [statement, call, scan]
        if case.radius == "province" and case.filter == asking.FILTERS[-1]:
            say(f"{when}: {group(case)}, {case.rarity}")
    return found


def one(world: World, question: Question, statement: Timings, call: Timings, scan: Timings) -> None:
    got = timed(lambda: ours(question))
    expected = timed(lambda: referee.answer(world, question))
    statement.times.append(got.statements_ms)
    call.times.append(got.whole_ms)
    scan.times.append(expected.whole_ms)
    scan.right += 1
    for each in (statement, call):
        each.judge(got.found, expected.found, str(question.where))


def compare(world: World, asked: asking.Asked, places: list[asking.Origin], system: System, say: Say) -> list[Timings]:
    """One alternative: the cases of one drug without filters."""
    say(f"{system.name} …")
    found = []
    for case in asking.cases(asked, places[:ALTERNATIVE_PLACES], timezone.now()):
        if case.preparation or case.filter:
            continue
        timings = Timings(case.name, group(case), system.name, WARM)
        for question in case.questions:
            system.ask(question)
            got = timed(partial(system.ask, question))
            timings.times.append(got.whole_ms)
            away = spheroid(world, question) if system.name == Orm.name else None
            timings.judge(got.found, referee.answer(world, question, away), str(question.where))
        found.append(timings)
    return found


def group(case: Case) -> str:
    return f"{case.sort}, {'preparation of 30' if case.preparation else 'one drug'}"


# -- for people -------------------------------------------------------------------------------------------------------


def lines(found: list[Timings], facts: dict[str, Any]) -> list[str]:
    counts = "; ".join(f"{name} {', '.join(map(str, each))}" for name, each in facts["offers_of_a_drug"].items())
    told = [f"{facts['offers']:,} offers; of the drugs asked about: {counts}"]
    return [*told, "", *summary(found), "", *beside(found), *wrong(found)]
