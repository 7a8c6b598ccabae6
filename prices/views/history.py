"""价格走势: how what most pharmacies ask for one drug has moved, in a sentence, a table and (from the table) a chart."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.translation import gettext, ngettext

from catalog.models import Drug
from pharmacies.models import Region
from prices.models.statistics import MODE_MIN_SHOPS
from prices.money import yuan
from prices.statistics.history import Day, daily
from prices.views import words
from prices.views.sentences import name, sentence

DAYS = 90


@dataclass(frozen=True, slots=True)
class Line:
    """From the day `on`: amounts in yuan as text for the chart, empty where there are none, and words for the table."""

    on: date
    mode: str
    q1: str
    q3: str
    mode_words: str
    half_words: str
    count: int


@dataclass(frozen=True, slots=True)
class History:
    """`lines` has one line a change, newest first; it is empty when nothing has been worked out yet."""

    area: str
    sentence: str
    basis: str
    lines: list[Line]
    first: date
    last: date

    @property
    def latest(self) -> Line | None:
        return self.lines[0] if self.lines else None

    @property
    def drawn(self) -> bool:
        """Whether there is a stretch of time to draw."""
        return self.first < self.last and any(line.q1 for line in self.lines)


def history_context(drug: Drug, region: Region, on: date) -> History:
    """The last 90 days of `drug` in `region` up to the day `on`; two or three small queries."""
    days = daily(drug.pk, region.pk, on - timedelta(days=DAYS - 1), on)
    if not days:
        return History(
            name(region.name), gettext("还没有价格走势：每天凌晨统计一次，有了就显示在这里。"), "", [], on, on
        )
    lines = [_line(day) for day in _changes(days)]
    return History(
        name(region.name), _sentence(days, region.name), _basis(days[-1]), lines[::-1], days[0].on, days[-1].on
    )


def _changes(days: list[Day]) -> list[Day]:
    """The days on which something that is shown differs from the day before."""
    shown = [(day.mode_fen, day.q1_fen, day.q3_fen) for day in days]
    return [day for number, day in enumerate(days) if number == 0 or shown[number] != shown[number - 1]]


def _line(day: Day) -> Line:
    half = ""
    if day.q1_fen is not None and day.q3_fen is not None:
        half = f"{yuan(day.q1_fen)}–{yuan(day.q3_fen)}"
    mode = _text(day.mode_fen)
    few = gettext("不足 %(n)s 家") % {"n": MODE_MIN_SHOPS}
    said = words.money(mode) if mode else few if day.count else gettext("无报价")
    return Line(
        on=day.on,
        mode=mode,
        q1=_text(day.q1_fen),
        q3=_text(day.q3_fen),
        mode_words=said,
        half_words=gettext("%(amount)s 元") % {"amount": half} if half else "—",
        count=day.count,
    )


def _text(fen: int | None) -> str:
    return "" if fen is None else str(yuan(fen))


# -- in words ---------------------------------------------------------------------------------------------------------


def _sentence(days: list[Day], area: str) -> str:
    now = days[-1]
    if now.count == 0:
        return sentence(gettext("%(area)s现在没有药店报这种药的价格。"), area=name(area))
    if now.mode_fen is None:
        return _few(now, area)
    known = [day for day in days if day.mode_fen is not None]
    said = _movement([day.mode_fen for day in known if day.mode_fen is not None])
    span = (now.on - known[0].on).days + 1
    amounts = {"then": words.money(_text(known[0].mode_fen)), "now": words.money(_text(now.mode_fen))}
    return sentence(said, area=name(area), days=str(span), **amounts)


def _movement(modes: list[int]) -> str:
    """The sentence for a series of prices, oldest first."""
    if len(modes) == 1:
        return gettext("%(area)s多数药店价是 %(now)s。")
    if modes[-1] > modes[0]:
        return gettext("最近 %(days)s 天，%(area)s多数药店价从 %(then)s涨到 %(now)s。")
    if modes[-1] < modes[0]:
        return gettext("最近 %(days)s 天，%(area)s多数药店价从 %(then)s降到 %(now)s。")
    if len(set(modes)) > 1:
        return gettext("最近 %(days)s 天，%(area)s多数药店价有过变动，现在又是 %(now)s。")
    return gettext("最近 %(days)s 天，%(area)s多数药店价一直是 %(now)s。")


def _few(now: Day, area: str) -> str:
    said = ngettext(
        "%(area)s现在有 %(n)s 家药店报价，不足 %(least)s 家，不算多数药店价；标价 %(prices)s。",
        "%(area)s现在有 %(n)s 家药店报价，不足 %(least)s 家，不算多数药店价；标价 %(prices)s。",
        now.count,
    )
    low, high = words.money(_text(now.min_fen)), words.money(_text(now.max_fen))
    prices = low if low == high else gettext("%(low)s到 %(high)s") % {"low": low, "high": high}
    return sentence(said, area=name(area), n=str(words.grouped(now.count)), least=str(MODE_MIN_SHOPS), prices=prices)


def _basis(now: Day) -> str:
    """What it rests on: how many pharmacies, and the day it was worked out; nothing, where there is none."""
    if not now.count:
        return ""
    said = ngettext("按 %(n)s 家药店的标价统计，%(day)s", "按 %(n)s 家药店的标价统计，%(day)s", now.count)
    return said % {"n": words.grouped(now.count), "day": words.day(now.on)}
