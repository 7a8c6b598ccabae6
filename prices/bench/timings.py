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


def summary(found: list[Timings]) -> list[str]:
    """All radii, rarities and filters of a sort in one line, with the worst of them."""
    told = [
        f"{'sort':<28}{'system':<14}{'p50 ms':>8}{'p95 ms':>8}{'p99 ms':>8}  equal      worst p50; worst p99 of a case"
    ]
    for when in dict.fromkeys(each.when for each in found):
        told.append(f"-- {when}")
        mine = [each for each in found if each.when == when and each.system not in ALTERNATIVES]
        for name, system in dict.fromkeys((each.group, each.system) for each in mine):
            told.append(_pooled(name, [each for each in mine if (each.group, each.system) == (name, system)]))
    return told


def _pooled(name: str, rows: list[Timings]) -> str:
    times = [value for each in rows for value in each.times]
    p50, p95, p99 = (percentile(times, part) for part in (0.5, 0.95, 0.99))
    middle, worst = max(rows, key=lambda each: each.at(0.5)), max(rows, key=lambda each: each.at(0.99))
    right = f"{sum(each.right for each in rows)}/{len(times)}"
    return (
        f"{name:<28}{rows[0].system:<14}{p50:8.2f}{p95:8.2f}{p99:8.2f}  {right:<10} "
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
