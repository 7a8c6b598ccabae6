"""Measurements behind `bin/bench`: each on data it generates, with the alternative that it is judged against."""

from dataclasses import dataclass
from math import ceil
from typing import Any


@dataclass(frozen=True, slots=True)
class Measured:
    """One line of a report: what was asked, of which system, how long it took (ms) and how much of it was right."""

    case: str
    system: str
    runs: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float
    right: int | None = None
    asked: int | None = None
    equal: bool | None = None
    when: str | None = None
    requests_per_s: float | None = None
    memory_mb: float | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What a measurement found: rows for machines, lines for people, and what else belongs into the JSON."""

    rows: list[Measured]
    lines: list[str]
    more: dict[str, object]


def percentile(values: list[float], part: float) -> float:
    """The smallest value that at least `part` of all values do not exceed."""
    return sorted(values)[max(0, ceil(len(values) * part) - 1)]


def measured(case: str, system: str, times: list[float], **facts: Any) -> Measured:
    """`times` in milliseconds; `facts` are the optional fields."""
    p50, p95, p99, most = (round(percentile(times, part), 2) for part in (0.5, 0.95, 0.99, 1.0))
    return Measured(case, system, len(times), p50, p95, p99, most, **facts)
