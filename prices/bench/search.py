"""The five questions on a generated province, beside what could be used instead; every timed answer is refereed.

`yaobi` is the time of the statements on the search connection, planning included; `yaobi find()` that of the whole
call; `numpy` is the referee's scan of everything in memory. The alternatives are asked about one drug without filters.
"""

import gc
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from django.utils import timezone

from prices.bench import Measured, Report, asking, measured, percentile, province, referee
from prices.bench.asking import Case
from prices.bench.clock import timed
from prices.bench.in_redis import Redis
from prices.bench.in_sqlite import Sqlite
from prices.bench.order import Line
from prices.bench.orm import Orm, spheroid
from prices.bench.province import Say
from prices.bench.referee import Question, World
from prices.search.offers import find

ALTERNATIVE_PLACES = 5
"""Alternatives are asked from the first few places only: some take a second a question."""
WARM, RESTARTED, CHANGED = "warm", "after a restart", "after a day of changes"


class System(Protocol):
    name: str

    def load(self, world: World, drug_ids: set[int]) -> None: ...

    def ask(self, question: Question) -> list[Line]: ...


@dataclass
class Timings:
    """All times of one case by one system, and how many answers were as the referee has them."""

    case: str
    group: str
    system: str
    when: str
    times: list[float] = field(default_factory=list)
    right: int = 0
    wrong: list[str] = field(default_factory=list)

    def row(self) -> Measured:
        facts = {"asked": len(self.times), "right": self.right, "equal": not self.wrong, "when": self.when}
        return measured(self.case, self.system, self.times, **facts)


def run(options: dict[str, Any], say: Say) -> Report:
    province.ready(province.FULL if options["full"] else province.SMALL, say)
    say("choosing what to ask …")
    asked = asking.targets()
    asking.list_dual_channel(asked.drug_ids())
    places = asking.origins()
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

    finally:
        say("vacuum …")
        province.vacuum()
    counts = {rarity: [asked.offers[t.drugs[0].pk] for t in group] for rarity, group in asked.drugs.items()}
    facts = {"offers": sum(asked.offers.values()), "offers_of_a_drug": counts, "changed": changed}
    return Report([each.row() for each in found], lines(found, facts), facts)


def ours(question: Question) -> list[Line]:
    answer = find(question.target, question.where, **asking.parameters(question))
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
        if case.radius == "province" and case.filter == "county":
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
        judge(each, question, got.found, expected.found)


def judge(timings: Timings, question: Question, got: list[Line], expected: list[Line]) -> None:
    if got == expected:
        timings.right += 1
    else:
        place = next(
            (n for n, (a, b) in enumerate(zip(got, expected, strict=False)) if a != b), min(len(got), len(expected))
        )
        timings.wrong.append(
            f"{question.where} row {place}: {got[place : place + 1]}, not {expected[place : place + 1]}"
        )


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
            got = timed(lambda question=question: system.ask(question))  # type: ignore[misc]
            timings.times.append(got.whole_ms)
            away = spheroid(world, question) if system.name == Orm.name else None
            judge(timings, question, got.found, referee.answer(world, question, away))
        found.append(timings)
    return found


def group(case: Case) -> str:
    return f"{case.sort}, {'preparation of 30' if case.preparation else 'one drug'}"


# -- for people -------------------------------------------------------------------------------------------------------

Pick = Callable[[Timings], bool]


def lines(found: list[Timings], facts: dict[str, Any]) -> list[str]:
    counts = "; ".join(f"{name} {', '.join(map(str, each))}" for name, each in facts["offers_of_a_drug"].items())
    told = [
        f"{facts['offers']:,} offers; of the drugs asked about: {counts}",
        "",
        *_summary(found),
        "",
        *_beside(found),
    ]
    return told + [
        f"WRONG {each.system} {each.case} ({each.when}): {text}" for each in found for text in each.wrong[:1]
    ]


def _summary(found: list[Timings]) -> list[str]:
    """All radii, rarities and filters of a sort in one line, and the worst of them."""
    told = [
        f"{'sort':<30}{'system':<14}{'p50 ms':>8}{'p95 ms':>8}{'p99 ms':>8}  equal          worst p50, worst p99 of a case"
    ]
    for when in dict.fromkeys(each.when for each in found):
        told.append(f"-- {when}")
        mine = [each for each in found if each.when == when and each.system not in ("orm", "redis", "sqlite")]
        for name, system in dict.fromkeys((each.group, each.system) for each in mine):
            told.append(_pooled(name, [each for each in mine if (each.group, each.system) == (name, system)]))
    return told


def _pooled(name: str, rows: list[Timings]) -> str:
    times = [value for each in rows for value in each.times]
    p50, p95, p99 = (percentile(times, part) for part in (0.5, 0.95, 0.99))
    middle = max(rows, key=lambda each: percentile(each.times, 0.5))
    worst = max(rows, key=lambda each: percentile(each.times, 0.99))
    right = f"{sum(each.right for each in rows)}/{len(times)}"
    return (
        f"{name:<30}{rows[0].system:<14}{p50:8.2f}{p95:8.2f}{p99:8.2f}  {right:<14} "
        f"{percentile(middle.times, 0.5):.2f} {middle.case}, {percentile(worst.times, 0.99):.2f} {worst.case}"
    )


def _beside(found: Iterable[Timings]) -> list[str]:
    """One drug, no filter: our statement and each alternative's p50, case by case."""
    cells: dict[str, dict[str, Timings]] = {}
    for each in found:
        if each.when == WARM and each.case.count("/") == 2:
            cells.setdefault(each.case, {})[each.system] = each
    systems = ("yaobi", "yaobi find()", "numpy", "redis", "sqlite", "orm")
    told = [f"{'p50 ms of one drug':<28}" + "".join(f"{system:>14}" for system in systems)]
    for case, by in cells.items():
        values = [f"{percentile(by[system].times, 0.5):14.2f}" if system in by else f"{'':>14}" for system in systems]
        told.append(f"{case:<28}" + "".join(values))
    return told
