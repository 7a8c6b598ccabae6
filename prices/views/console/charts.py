"""What the console's charts draw: lines over days with a band behind them, and the table of the same numbers.

One value makes the drawing (`plan`, read by console-chart.js), its title, what it rests on, and the table one click away.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext

from prices.money import yuan
from prices.monitoring.tables import Table
from prices.views import words

Words = str | Promise
Values = Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Line:
    """One value a day, None where there is none; `label` stands at its end; the main line is drawn full, others dashed."""

    label: Words
    values: Values
    main: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """`name` is that of its picture; `days` and the values of every line go together, oldest first.

    `step`: a value holds until the next; `zero`: the axis begins at 0 (else `caveat` says that it does not). `band` are
    the lower and the upper edge. `mark`: a day and its words. `months`: each day stands
    for its month.
    """

    name: str
    title: Words
    days: Sequence[date]
    lines: Sequence[Line]
    table: Table
    unit: Words = ""
    step: bool = False
    zero: bool = True
    band: tuple[Values, Values] | None = None
    mark: tuple[date, Words] | None = None
    months: bool = False

    @property
    def drawn(self) -> bool:
        """Whether there is a stretch of time to draw."""
        return len(self.days) > 1 and any(value is not None for line in self.lines for value in line.values)

    @property
    def plan(self) -> str:
        """JSON for the script."""
        return json.dumps(
            {
                "x": [day.isoformat() for day in self.days],
                "lines": [
                    {"label": str(line.label), "values": list(line.values), "main": line.main} for line in self.lines
                ],
                "band": self.band and {"low": list(self.band[0]), "high": list(self.band[1])},
                "mark": self.mark and {"x": self.mark[0].isoformat(), "label": str(self.mark[1])},
                "unit": str(self.unit),
                "step": self.step,
                "zero": self.zero,
                "months": self.months,
            },
            ensure_ascii=False,
        )

    @property
    def said(self) -> str:
        """What a screen reader says instead of the picture: each line's first and last value."""
        parts = []
        for line in self.lines:
            known = [value for value in line.values if value is not None]
            if known:
                values = {"label": line.label, "first": _plain(known[0]), "last": _plain(known[-1])}
                parts.append(gettext("%(label)s：从 %(first)s 到 %(last)s") % values)
        return pgettext("list", "；").join(parts)


def _plain(value: float) -> str:
    return f"{value:,.2f}"


# -- how many shops ask how much --------------------------------------------------------------------------------------

WIDE, HIGH = 360, 150
LEFT, RIGHT, TOP, GROUND = 14, 346, 40, 118
BINS = 24


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar in drawing units, with its words."""

    x: float
    y: float
    width: float
    height: float
    said: str


@dataclass(frozen=True, slots=True)
class Strip:
    """The prices of the peers as bars over an axis of prices, drawn on the server, and where the price in question is.

    `own_x` is its place, `own_words` what is written there, `own_anchor` so that the words stay inside.
    """

    name: str
    title: Words
    said: str
    bars: Sequence[Bar]
    ticks: Sequence[tuple[float, str, str]]  # x, words, text-anchor
    own_x: float
    own_words: str
    own_anchor: str
    table: Table


def strip(peers: Sequence[Sequence[int]], own_fen: int, middle_fen: int, *, name: str, table: Table) -> Strip:
    """`peers` are [分, shops]. Prices that lie too close to be told apart share a bar."""
    fens = [fen for fen, _shops in peers] + [own_fen]
    low, high = min(fens), max(fens)
    reach = max(high - low, 1)

    def x(fen: float) -> float:
        return round(LEFT + (RIGHT - LEFT) * (fen - low) / reach, 1)

    heights: dict[int, list[int]] = {}
    for fen, shops in peers:
        bin_ = round((fen - low) / reach * (BINS - 1))
        heights.setdefault(bin_, []).extend([fen] * shops)
    most = max((len(each) for each in heights.values()), default=1)
    width = round((RIGHT - LEFT) / (BINS - 1) * 0.8, 1)
    bars = []
    for place, members in heights.items():
        height = max(3.0, (GROUND - TOP) * len(members) / most)
        centre = x(low + reach * place / (BINS - 1))
        bars.append(
            Bar(round(centre - width / 2, 1), round(GROUND - height, 1), width, round(height, 1), _bar(members))
        )
    return Strip(
        name=name,
        title=gettext("同城药店的标价"),
        said=gettext("同城药店标价从 %(low)s 元到 %(high)s 元，这个价 %(own)s 元")
        % {
            "low": yuan(min(fens[:-1], default=own_fen)),
            "high": yuan(max(fens[:-1], default=own_fen)),
            "own": yuan(own_fen),
        },
        bars=bars,
        ticks=_ticks(x, low, middle_fen, high),
        own_x=x(own_fen),
        own_words=gettext("这个价 %(price)s 元") % {"price": f"{yuan(own_fen):,}"},
        own_anchor="end" if x(own_fen) > WIDE * 0.7 else "start" if x(own_fen) < WIDE * 0.3 else "middle",
        table=table,
    )


def _bar(members: Sequence[int]) -> str:
    values = {"n": words.grouped(len(members)), "low": f"{yuan(min(members)):,}", "high": f"{yuan(max(members)):,}"}
    if min(members) == max(members):
        return gettext("%(low)s 元：%(n)s 家") % values
    return gettext("%(low)s 元到 %(high)s 元：%(n)s 家") % values


def _ticks(x: Callable[[float], float], low: int, middle: int, high: int) -> list[tuple[float, str, str]]:
    """The ends of the axis, and the middle price where there is room for it."""
    found = [(x(low), str(yuan(low)), "start")]
    if high > low:
        found.append((x(high), str(yuan(high)), "end"))
    if low < middle < high and x(middle) - LEFT > 60 and RIGHT - x(middle) > 60:
        found.append((x(middle), gettext("中间价 %(price)s") % {"price": yuan(middle)}, "middle"))
    return found
