"""The times of one case by one system, and which of its answers were as the referee has them; tables of many."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from prices.bench import Measured, measured, percentile

WARM, RESTARTED, CHANGED = "warm", "after a restart", "after a day of changes"
ALTERNATIVES = ("redis", "sqlite", "orm")


@dataclass
class Timings:
    """`group` is the line of the summary that the case belongs to; times are milliseconds."""

    case: str
    group: str
    system: str
    when: str
    times: list[float] = field(default_factory=list)
    right: int = 0
    wrong: list[str] = field(default_factory=list)

    def judge(self, got: Sequence[Any], expected: Sequence[Any], asked: str) -> None:
        """Count the answer as right or keep the first place where it is not."""
        if got == expected:
            self.right += 1
            return
        pairs = enumerate(zip(got, expected, strict=False))
        place = next((n for n, (a, b) in pairs if a != b), min(len(got), len(expected)))
        self.wrong.append(f"{asked} row {place}: {got[place : place + 1]}, not {expected[place : place + 1]}")

    def row(self) -> Measured:
        facts = {"asked": len(self.times), "right": self.right, "equal": not self.wrong, "when": self.when}
        return measured(self.case, self.system, self.times, **facts)

    def at(self, part: float) -> float:
        return percentile(self.times, part)


def pooled(found: Iterable[Timings]) -> list[Timings]:
    """All radii, rarities and filters of a sort as one case, `all/<group>`, of our systems and the referee."""
    groups: dict[tuple[str, str, str], Timings] = {}
    for each in found:
        if each.system not in ALTERNATIVES:
            key = each.when, each.group, each.system
            one = groups.setdefault(key, Timings(f"all/{each.group}", each.group, each.system, each.when))
            one.times += each.times
            one.right += each.right
            one.wrong += each.wrong
    return list(groups.values())


def summary(found: list[Timings]) -> list[str]:
    """All radii, rarities and filters of a sort in one line, with the worst of them."""
    told = [
        f"{'sort':<28}{'system':<14}{'p50 ms':>8}{'p95 ms':>8}{'p99 ms':>8}  equal      worst p50; worst p99 of a case"
    ]
    when = ""
    for each in pooled(found):
        if each.when != when:
            when = each.when
            told.append(f"-- {when}")
        told.append(
            _line(
                each,
                [one for one in found if (one.when, one.group, one.system) == (each.when, each.group, each.system)],
            )
        )
    return told


def _line(each: Timings, cases: list[Timings]) -> str:
    middle, worst = max(cases, key=lambda one: one.at(0.5)), max(cases, key=lambda one: one.at(0.99))
    right = f"{each.right}/{len(each.times)}"
    return (
        f"{each.group:<28}{each.system:<14}{each.at(0.5):8.2f}{each.at(0.95):8.2f}{each.at(0.99):8.2f}  {right:<10} "
        f"{middle.at(0.5):.2f} {middle.case}; {worst.at(0.99):.2f} {worst.case}"
    )


def beside(found: Iterable[Timings]) -> list[str]:
    """One drug, no filter: our statements and each alternative, case by case."""
    cells: dict[str, dict[str, Timings]] = {}
    for each in found:
        if each.when == WARM and each.case.count("/") == 2:
            cells.setdefault(each.case, {})[each.system] = each
    systems = ("yaobi", "yaobi find()", "numpy", *ALTERNATIVES)
    told = [f"{'p50 ms of one drug, warm':<28}" + "".join(f"{system:>14}" for system in systems)]
    for case, by in cells.items():
        values = [f"{by[system].at(0.5):14.2f}" if system in by else f"{'':>14}" for system in systems]
        told.append(f"{case:<28}" + "".join(values))
    return told


def wrong(found: Iterable[Timings]) -> list[str]:
    return [f"WRONG {each.system} {each.case} ({each.when}): {text}" for each in found for text in each.wrong[:1]]
