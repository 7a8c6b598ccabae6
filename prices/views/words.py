"""How numbers are said: money, unit price, distance, age, opening hours. Pure; in the active language.

The terms are the glossary's. Each function takes what the API's dicts hold (money as text, metres as a number).
"""

from datetime import date as Day
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import get_language, gettext, gettext_lazy, ngettext, pgettext

from pharmacies import hours as opening
from pharmacies.hours import Intervals

CENT, TENTH = Decimal("0.01"), Decimal("0.1")

UNITS = {
    "片": gettext_lazy("片"),
    "粒": gettext_lazy("粒"),
    "支": gettext_lazy("支"),
    "袋": gettext_lazy("袋"),
    "瓶": gettext_lazy("瓶"),
    "丸": gettext_lazy("丸"),
    "贴": gettext_lazy("贴"),
    "枚": gettext_lazy("枚"),
    "喷": gettext_lazy("喷"),
    "揿": gettext_lazy("揿"),
    "吸": gettext_lazy("吸"),
    "盒": gettext_lazy("盒"),
}
"""Smallest units that a price is said in; one that is not here is said as it was received."""

STOCK = {
    "in": gettext_lazy("有货"),
    "low": gettext_lazy("少量"),
    "out": gettext_lazy("缺货"),
    "order": gettext_lazy("可预订"),
    "unknown": gettext_lazy("未报库存"),
}

SERVICES = {
    "consulting": gettext_lazy("执业药师用药咨询"),
    "night": gettext_lazy("夜间售药窗口"),
    "delivery": gettext_lazy("自送药品上门"),
    "decoction": gettext_lazy("代煎中药"),
    "pressure": gettext_lazy("免费测血压"),
    "recycling": gettext_lazy("过期药品回收"),
    "ramp": gettext_lazy("轮椅通道"),
}
"""What a shop says of itself, in the order in which it is asked (`pharmacies.models.Service`)."""

WEEKDAYS = [
    gettext_lazy("周一"),
    gettext_lazy("周二"),
    gettext_lazy("周三"),
    gettext_lazy("周四"),
    gettext_lazy("周五"),
    gettext_lazy("周六"),
    gettext_lazy("周日"),
]


# -- counts --------------------------------------------------------------------------------------------------------------


class Count(int):
    """A whole number as a sentence says it: `12,345`. It is still a number: plural forms are chosen by it.

    Not for codes, ids, years and form values, which are no counts. Django's own separators would reach those, and
    its Chinese formats have none.
    """

    def __str__(self) -> str:
        return f"{int(self):,}"


def grouped(number: int) -> Count:
    return Count(number)


# -- money ------------------------------------------------------------------------------------------------------------


def money(amount: str | Decimal) -> str:
    """`12.60 元`, `¥12.60`."""
    return gettext("%(amount)s 元") % {"amount": _two_places(Decimal(amount))}


def member(amount: Decimal | None) -> str:
    """`会员价 9.50 元`, empty where there is none."""
    return gettext("会员价 %(money)s") % {"money": money(amount)} if amount is not None else ""


def spoken(amount: str | Decimal) -> str:
    """What a screen reader says: 27元1角3分. Languages without 角 and 分 say the amount."""
    value = Decimal(amount).quantize(CENT, ROUND_HALF_UP)
    if not (get_language() or "").startswith("zh"):
        return gettext("%(amount)s 元") % {"amount": value}
    yuan, fen = divmod(int(value * 100), 100)
    parts = [f"{yuan}元" if yuan or not fen else "", f"{fen // 10}角" if fen >= 10 else "", f"{fen % 10}分"]
    if yuan and 0 < fen < 10:
        parts[1] = "零"
    return "".join(parts[:2] if fen % 10 == 0 else parts)


def unit_price(amount: str | Decimal, unit: str) -> str:
    """`0.90 元/片`; four decimals below 0.10, where two would hide the difference."""
    return gettext("%(amount)s 元/%(unit)s") % {"amount": unit_amount(amount), "unit": unit_name(unit)}


def unit_amount(amount: str | Decimal) -> str:
    value = Decimal(amount)
    return f"{value:.4f}" if value < Decimal("0.10") else _two_places(value)


def unit_name(unit: str) -> str:
    return str(UNITS.get(unit, unit))


def _two_places(value: Decimal) -> str:
    return f"{value.quantize(CENT, ROUND_HALF_UP):,}"


# -- place ------------------------------------------------------------------------------------------------------------


def distance(metres: float) -> str:
    """`850 米` (to 10 m: the position is only good to 100), `1.2 公里`, `36 公里`."""
    tens = int(Decimal(str(metres)).quantize(Decimal("1E1"), ROUND_HALF_UP))
    if tens < 1000:
        return gettext("%(n)s 米") % {"n": max(tens, 10)}
    km = Decimal(str(metres)) / 1000
    said = km.quantize(TENTH, ROUND_HALF_UP) if km < 10 else km.quantize(Decimal(1), ROUND_HALF_UP)
    return gettext("%(n)s 公里") % {"n": said}


def straight(metres: float) -> str:
    """`直线约 1.2 公里`."""
    return gettext("直线约 %(distance)s") % {"distance": distance(metres)}


def radius(metres: int) -> str:
    """`5 公里`: a radius has no decimals."""
    return gettext("%(n)s 公里") % {"n": metres // 1000}


# -- time -------------------------------------------------------------------------------------------------------------


def moment(value: str | datetime) -> datetime:
    """The API's time as an aware datetime in Shanghai."""
    read = value if isinstance(value, datetime) else parse_datetime(value)
    if read is None:
        raise ValueError(f"not a time: {value!r}")
    return timezone.localtime(read)


def days_since(value: str | datetime, at: datetime) -> int:
    """Calendar days in Shanghai between the two moments, never negative."""
    return max((timezone.localdate(at) - moment(value).date()).days, 0)


def age(value: str | datetime, at: datetime) -> str:
    """`今天`, `昨天`, `12天前`; from 30 days on the date."""
    days = days_since(value, at)
    if days >= 30:
        return date(moment(value))
    if days == 0:
        return gettext("今天")
    if days == 1:
        return gettext("昨天")
    return ngettext("%(n)s天前", "%(n)s天前", days) % {"n": days}


def stale(value: str | datetime, at: datetime) -> str:
    """`31天未更新`."""
    days = days_since(value, at)
    return ngettext("%(n)s天未更新", "%(n)s天未更新", days) % {"n": days}


def date(value: datetime) -> str:
    """The day of a moment in Shanghai: `2026年11月21日`, `21 Nov 2026`."""
    return day(moment(value).date())


def day(value: Day) -> str:
    if (get_language() or "").startswith("zh"):
        return f"{value.year}年{value.month}月{value.day}日"
    return f"{value.day} {value:%b} {value.year}"


def month(value: Day) -> str:
    """`2026年11月`, `Nov 2026`."""
    if (get_language() or "").startswith("zh"):
        return f"{value.year}年{value.month}月"
    return f"{value:%b} {value.year}"


def last_day(valid: DateRange) -> Day | None:
    """The last day of a half-open range, which is what people are told; None when it is open."""
    return valid.upper - timedelta(days=1) if valid.upper else None


def validity(valid: DateRange) -> str:
    """`自 2026年1月1日起`, `2026年1月1日至2026年12月31日`, `至 2026年12月31日`, `长期有效`."""
    last = last_day(valid)
    if valid.lower is None:
        return gettext("至 %(day)s") % {"day": day(last)} if last else gettext("长期有效")
    if last is None:
        return gettext("自 %(day)s起") % {"day": day(valid.lower)}
    return gettext("%(first)s至%(last)s") % {"first": day(valid.lower), "last": day(last)}


def minute(value: datetime) -> str:
    """The date and `08:00`."""
    return f"{date(value)} {moment(value):%H:%M}"


# -- opening hours ----------------------------------------------------------------------------------------------------


def open_now(intervals: Intervals | None, at: datetime) -> tuple[str, bool]:
    """What a card says and whether the shop is open: `营业中 · 至22:00`, `休息中 · 明天08:00开门`, `24小时`."""
    if intervals is None:
        return gettext("未登记营业时间"), False
    status = opening.describe(intervals, at)
    if status.state == "always":
        return gettext("24小时"), True
    if status.state == "open":
        if status.days > 1:
            return gettext("营业中"), True
        said = gettext("营业中 · 至%(clock)s") if not status.days else gettext("营业中 · 至次日%(clock)s")
        return said % {"clock": status.clock}, True
    if not status.clock:
        return gettext("休息中"), False
    if status.days == 0:
        return gettext("休息中 · %(clock)s开门") % {"clock": status.clock}, False
    if status.days == 1:
        return gettext("休息中 · 明天%(clock)s开门") % {"clock": status.clock}, False
    day = WEEKDAYS[(timezone.localdate(at).weekday() + status.days) % 7]
    return gettext("休息中 · %(day)s%(clock)s开门") % {"day": day, "clock": status.clock}, False


def week(intervals: Intervals | None) -> list[tuple[str, str]]:
    """Days with equal hours together: [(`周一至周五`, `08:00–21:30`), (`周六至周日`, `09:00–21:00`)].

    Nothing for unknown hours and for a shop that never closes: `open_now` has said it all.
    """
    if intervals is None or intervals == ((0, opening.WEEK),):
        return []
    days = [_day(intervals, number) for number in range(7)]
    groups: list[tuple[int, int]] = []
    for number in range(7):
        if groups and days[groups[-1][0]] == days[number]:
            groups[-1] = (groups[-1][0], number)
        else:
            groups.append((number, number))
    return [(_days(first, last), days[first]) for first, last in groups]


def _days(first: int, last: int) -> str:
    if (first, last) == (0, 6):
        return gettext("每天")
    if first == last:
        return str(WEEKDAYS[first])
    return gettext("%(first)s至%(last)s") % {"first": WEEKDAYS[first], "last": WEEKDAYS[last]}


def _day(intervals: Intervals, number: int) -> str:
    """Hours that begin on that day; what runs past midnight is said with its end on the next day."""
    start_of_day, end_of_day = number * opening.DAY, (number + 1) * opening.DAY
    said = []
    for start, end in intervals:
        if start == 0 and intervals[-1][1] == opening.WEEK and end <= opening.DAY // 2:
            continue  # the rest of Sunday night
        if start_of_day <= start < end_of_day:
            tail = intervals[0][1] if end == opening.WEEK and intervals[0][0] == 0 else 0
            closes = end + (tail if tail <= opening.DAY // 2 else 0)
            said.append(f"{_clock(start - start_of_day)}–{_clock(closes - start_of_day)}")
    return pgettext("times of a day", "、").join(said) or gettext("休息")


def _clock(minutes: int) -> str:
    if minutes > opening.DAY:
        return gettext("次日%(clock)s") % {"clock": _clock(minutes - opening.DAY)}
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
