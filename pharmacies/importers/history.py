"""Dated facts of a pharmacy: what a file states, and what becomes of what is stored. Pure; days are half-open ranges.

A file speaks about now and the future and may correct what it dates; the past it does not mention stays.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise

from django.db.models import TextChoices
from django.utils.translation import gettext as _

from pharmacies.importers.reading import CellError, day, plain, word


@dataclass(frozen=True, slots=True)
class Period:
    """`word` holds on [start, end); None is open. `dated` says whether the file named a day."""

    word: str
    start: date | None
    end: date | None
    dated: bool = True

    def overlaps(self, other: "Period") -> bool:
        apart = (self.end and other.start and self.end <= other.start) or (
            other.end and self.start and other.end <= self.start
        )
        return not apart

    def holds(self, on: date) -> bool:
        return (self.start is None or self.start <= on) and (self.end is None or on < self.end)

    def until(self, end: date | None) -> "list[Period]":
        """The part before `end`; nothing of it may be left."""
        if end is None or (self.start and self.start >= end):
            return []
        return [replace(self, end=min(self.end, end) if self.end else end)]


# -- what a cell states -----------------------------------------------------------------------------------------------


def stated(choices: type[TextChoices]) -> Callable[[str], tuple[Period, ...]]:
    """A reader of `designated;dual_channel@2025-01-01..2026-12-31`: words with optional days, both inclusive.

    `@2025-01-01` and `@2025-01-01..` mean from that day on. Raises `CellError`.
    """
    read_word = word(choices)

    def read(text: str) -> tuple[Period, ...]:
        parts = [part.strip() for part in plain(text).split(";")]
        return tuple(_period(part, read_word) for part in parts if part)

    return read


def _period(text: str, read_word: Callable[[str], str]) -> Period:
    name, at_sign, days = text.partition("@")
    if not at_sign:
        return Period(read_word(name), None, None, dated=False)
    first_text, _dots, last_text = (part.strip() for part in days.partition(".."))
    first = day(first_text) if first_text else None
    last = day(last_text) if last_text else None
    if first is None and last is None:
        raise CellError("date", _("“%(text)s”的 @ 后面没有日期：请写成 @2026-01-31 或去掉 @") % {"text": text[:60]})
    if first and last and last < first:
        raise CellError("range", _("“%(text)s”的止日早于起日：请改正") % {"text": text[:60]})
    return Period(read_word(name), first, last + timedelta(days=1) if last else None)


def stated_designations(choices: type[TextChoices]) -> Callable[[str], tuple[Period, ...]]:
    """As `stated`; one kind may be named several times for different days. Raises `CellError`."""
    read = stated(choices)

    def checked(text: str) -> tuple[Period, ...]:
        periods = read(text)
        for number, period in enumerate(periods):
            if any(other.word == period.word and other.overlaps(period) for other in periods[:number]):
                raise CellError("repeated_kind", _("资格 %(kind)s 的日期重叠：请只写一次") % {"kind": period.word})
        return periods

    return checked


def stated_statuses(choices: type[TextChoices]) -> Callable[[str], tuple[Period, ...]]:
    """Statuses in the order of their first days: each lasts until the next. Only the first may be without a day."""
    read = stated(choices)

    def checked(text: str) -> tuple[Period, ...]:
        periods = read(text)
        starts = [period.start for period in periods]
        in_order = all(later and (earlier is None or earlier < later) for earlier, later in pairwise(starts))
        if not in_order or any(period.end for period in periods) or any(p.dated and not p.start for p in periods):
            raise CellError(
                "status_order", _("状态应写成 suspended@2026-11-01;normal@2026-12-01：每个一个起日，由早到晚")
            )
        ends = [*starts[1:], None]
        return tuple(replace(period, end=end) for period, end in zip(periods, ends, strict=True))

    return checked


# -- what becomes of what is stored -----------------------------------------------------------------------------------


def designations_after(stored: Iterable[Period], said: Iterable[Period], *, on: date, new: bool) -> list[Period]:
    """Periods after a file says which designations the pharmacy has.

    A kind with days replaces what it overlaps. Without days it goes on as it is, or begins on the day of import
    (a pharmacy nobody knew has always had it). A kind no longer named ends on the day of import.
    """
    before, wanted = list(stored), list(said)
    result = []
    for period in wanted:
        if not period.dated:
            held = [old for old in before if old.word == period.word and old.holds(on)]
            period = replace(period, start=held[0].start if held else None if new else on)
        result.append(replace(period, dated=True))
    for old in before:
        if not any(old.word == period.word and old.overlaps(period) for period in result):
            ends = old.end is None or old.end > on
            result += old.until(on) if ends else [old]
    return result


def statuses_after(stored: Iterable[Period], said: tuple[Period, ...], *, on: date) -> list[Period]:
    """Periods after a file states the status: from its first day (without one, the day of import) only what it says.

    No period at all means normal, so that saying "normal" of such a pharmacy changes nothing.
    """
    before = sorted(stored, key=lambda period: period.start or date.min)
    if not said:
        return before
    first = said[0]
    start = first.start if first.dated or len(said) > 1 else on if before else None
    past = [part for old in before for part in old.until(start)]
    after = _joined([*past, replace(first, start=start), *said[1:]])
    return before if _abnormal(after) == _abnormal(before) else after


def _joined(periods: list[Period]) -> list[Period]:
    """Neighbours that say the same, as one."""
    joined: list[Period] = []
    for period in periods:
        period = replace(period, dated=True)
        if joined and joined[-1].word == period.word and joined[-1].end == period.start:
            joined[-1] = replace(joined[-1], end=period.end)
        else:
            joined.append(period)
    return joined


def _abnormal(periods: list[Period]) -> list[Period]:
    return [period for period in _joined(periods) if period.word != "normal"]
