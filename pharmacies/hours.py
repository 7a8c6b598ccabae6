"""Opening hours: OpenStreetMap's simple forms read into minutes of the week, and what to say about them at a moment.

The normal form is a tuple of half-open intervals `(start, end)` in minutes of the week, 0 = Monday 00:00 in Shanghai,
10080 = the week's end: sorted, disjoint, not touching; what runs past the week's end is split. `24/7` is
`((0, 10080),)` and a shop that never opens is `()`.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Literal, NoReturn

from django.utils.translation import gettext as _

Intervals = tuple[tuple[int, int], ...]

DAY = 24 * 60
WEEK = 7 * DAY
SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
"""China has had one zone and no summer time since 1992; a fixed offset needs no time zone database."""

NIGHT: Intervals = ((0, 390), *((day * DAY + 1350, (day + 1) * DAY + 390) for day in range(6)), (6 * DAY + 1350, WEEK))
"""From 22:30 to 06:30, every night: when few pharmacies are open."""

_DAYS = {name: number for number, name in enumerate(("mo", "tu", "we", "th", "fr", "sa", "su"))}
_RULE = re.compile(r"(?P<days>[a-z]{2}(?:[-,][a-z]{2})*)?\s*(?P<times>[0-9:,\-\s]+|off|closed|24/7)?")
_SPAN = re.compile(r"([0-9]{1,2}):([0-9]{2})\s*-\s*([0-9]{1,2}):([0-9]{2})")


class HoursError(ValueError):
    """Opening hours that cannot be read. `reason` is stable; the message says what to write."""

    reason = "hours"


def parse(text: str) -> Intervals:
    """Intervals of `Mo-Fr 08:00-21:30;Sa,Su 20:00-02:00`, `08:00-12:00,14:00-18:00; We off`, `24/7`.

    Rules are separated by `;`; a later rule replaces the hours of the days it names; without days it means every day.
    An end before its start (or past 24:00) runs into the next day and belongs to the day it began on.
    Raises `HoursError`.
    """
    week = enumerate(_week(text))
    return _normal((day * DAY + start, day * DAY + end) for day, spans in week for start, end in spans)


def by_day(text: str) -> list[str]:
    """The hours of Monday to Sunday as people fill them in: `08:00-12:00,14:00-18:00`; empty for a day off.

    Raises `HoursError`, as `of_days` does.
    """
    return [",".join(f"{_clock(start)}-{_clock(end)}" for start, end in spans) for spans in _week(text)]


def of_days(days: Sequence[str]) -> str:
    """The text of such hours, days with equal ones together: `Mo-Fr 08:00-21:30;Sa-Su off`."""
    plain = [day.strip() or "off" for day in days]
    for day in plain:
        _week(day)  # a day's own hours and nothing else
        if ";" in day or re.match(r"[a-z]{2}[ ,-]", day.lower()):
            _refuse(day)
    names, rules, first = [name.title() for name in _DAYS], [], 0
    for last in range(7):
        if last == 6 or plain[last + 1] != plain[first]:
            rules.append(f"{names[first]}{f'-{names[last]}' if last > first else ''} {plain[first]}")
            first = last + 1
    return ";".join(rules)


def with_days(text: str, days: Mapping[int, str]) -> str:
    """`text` with the hours of some days of the week (0 = Monday) replaced."""
    names = list(_DAYS)
    return ";".join([text, *(f"{names[day].title()} {hours}" for day, hours in sorted(days.items()))])


def _week(text: str) -> list[list[tuple[int, int]]]:
    plain = re.sub(r"[–—~〜]", "-", unicodedata.normalize("NFKC", text)).replace("、", ",").lower().strip().rstrip(";")
    week: list[list[tuple[int, int]]] = [[] for _day in range(7)]
    for rule in plain.split(";"):
        days, spans = _read_rule(rule.strip(), text)
        for day in days:
            week[day] = spans
    return week


def _clock(minute: int) -> str:
    """Of an end past midnight its clock time; a day that is open for 24 hours ends at 24:00."""
    minute = minute if minute <= DAY else minute - DAY
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _read_rule(rule: str, text: str) -> tuple[set[int], list[tuple[int, int]]]:
    match = _RULE.fullmatch(rule)
    if not rule or match is None or match["times"] is None:
        _refuse(text)
    days = _read_days(match["days"], text) if match["days"] else set(range(7))
    times = match["times"].strip()
    if times in ("off", "closed"):
        return days, []
    if times == "24/7":
        return days, [(0, DAY)]
    return days, [_read_span(span.strip(), text) for span in times.split(",")]


def _read_days(names: str, text: str) -> set[int]:
    """Days of `mo,we,fr-su`; a range may run over the week's end (`sa-mo`)."""
    days: set[int] = set()
    for part in names.split(","):
        ends = [_DAYS.get(name) for name in part.split("-")]
        first, last = ends[0], ends[-1]
        if len(ends) > 2 or first is None or last is None:
            _refuse(text)
        days.update((first + n) % 7 for n in range((last - first) % 7 + 1))
    return days


def _read_span(span: str, text: str) -> tuple[int, int]:
    match = _SPAN.fullmatch(span)
    if match is None:
        _refuse(text)
    hour, minute, end_hour, end_minute = (int(part) for part in match.groups())
    start, end = hour * 60 + minute, end_hour * 60 + end_minute
    if minute > 59 or end_minute > 59 or start >= DAY or end > start + DAY:
        _refuse(text)
    if start == end:
        raise HoursError(
            _("营业时间“%(text)s”的开始和结束相同：整天营业请写 00:00-24:00，不营业请写 off") % {"text": text[:80]}
        )
    return (start, end) if end > start else (start, end + DAY)


def _refuse(text: str) -> NoReturn:
    raise HoursError(
        _("营业时间“%(text)s”无法识别：请写成 Mo-Fr 08:00-21:30;Sa-Su 09:00-21:00 或 24/7；不营业的日子写 off")
        % {"text": text[:80]}
    )


def _normal(spans: Iterable[tuple[int, int]]) -> Intervals:
    """The normal form: cut at the week's end, sorted, merged."""
    cut = []
    for start, end in spans:
        cut.append((start, min(end, WEEK)))
        if end > WEEK:
            cut.append((0, end - WEEK))
    return _merged(sorted(cut))


def _merged(spans: Iterable[tuple[int, int]]) -> Intervals:
    """Sorted spans with those that touch or overlap made one."""
    merged: list[tuple[int, int]] = []
    for start, end in spans:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


# -- at a moment ------------------------------------------------------------------------------------------------------


def minute_of_week(at: datetime) -> int:
    """Minutes since Monday 00:00 in Shanghai. `at` must be aware."""
    if at.tzinfo is None:
        raise ValueError("opening hours need an aware datetime")
    local = at.astimezone(SHANGHAI)
    return local.weekday() * DAY + local.hour * 60 + local.minute


def is_open(intervals: Intervals, at: datetime) -> bool:
    """Whether the shop is open at the moment; the minute it closes it is closed."""
    minute = minute_of_week(at)
    return any(start <= minute < end for start, end in intervals)


@dataclass(frozen=True, slots=True)
class Status:
    """What to say: 营业中 · 至22:00 / 休息中 · 08:00 开门 / 24小时 / 休息中.

    `clock` is when it closes (open) or opens (closed), `HH:MM`, `24:00` for closing at midnight, empty for `always`
    and for a shop that never opens; `days` counts the midnights between now and then, 24:00 being today's.
    """

    state: Literal["open", "closed", "always"]
    clock: str = ""
    days: int = 0


def describe(intervals: Intervals, at: datetime) -> Status:
    """The shop's state at the moment and when that changes next."""
    if intervals == ((0, WEEK),):
        return Status("always")
    now = minute_of_week(at)
    # This week twice: whatever is open or opens next lies within it, joined over the week's end.
    ahead = _merged(intervals + tuple((start + WEEK, end + WEEK) for start, end in intervals))
    for start, end in ahead:
        if start <= now < end:
            return _status("open", now, end)
        if start > now:
            return _status("closed", now, start)
    return Status("closed")


def _status(state: Literal["open", "closed"], now: int, change: int) -> Status:
    day, minute = divmod(change, DAY)
    if state == "open" and minute == 0:
        day, minute = day - 1, DAY
    return Status(state, f"{minute // 60:02d}:{minute % 60:02d}", day - now // DAY)
