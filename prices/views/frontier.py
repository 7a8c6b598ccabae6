"""又近又便宜 as a picture and in words: price over distance, and what each further shop saves.

Both are made from the answer that the list shows, so that chart and list cannot disagree. Lengths are units of the
drawing, of which about one is a pixel on a phone.
"""

from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext

from prices.money import unit_price, yuan
from prices.search.questions import Answer, Found, Target
from prices.views import words

WIDTH = 360
LEFT, RIGHT, TOP, BOTTOM = 18, 336, 40, 126
APART = 28
"""Points nearer than this share one link: a finger could not tell them apart."""
LABEL_WIDTH, LABEL_HEIGHT = 64, 24


@dataclass(frozen=True, slots=True)
class Dot:
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Stop:
    """One link of the chart: a shop of the list, or some that stand too close together, led to by their first."""

    href: str
    x: int
    y: int
    said: str  # to whoever cannot see it
    label: str  # the price, or nothing where it would cover another; beside the line, which comes down and goes right
    label_x: int
    anchor: str
    dots: tuple[Dot, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    stops: tuple[Stop, ...]
    line: str
    """The path through all points: along at the price, then down to the next."""
    farthest: str
    unit: str
    """What the prices are for: `元/片`, or nothing for a pack."""


def chart(answer: Answer, target: Target) -> Chart | None:
    """None where there is nothing to weigh: fewer than two different offers. All offers have a distance."""
    offers = [found for found in answer.results if not found.stale]
    keys = [found.price_key for found in offers]
    if len(set(keys)) < 2:
        return None
    far = max(_metres(offers[-1]), 1.0)
    low, high = min(keys), max(keys)
    dots = [
        Dot(
            round(LEFT + (RIGHT - LEFT) * _metres(found) / far),
            round(BOTTOM - (BOTTOM - TOP) * (found.price_key - low) / (high - low)),
        )
        for found in offers
    ]
    unit = gettext("元/%(unit)s") % {"unit": words.unit_name(offers[0].drug.unit)} if target.multiple else ""
    return Chart(_stops(offers, dots, target), _line(dots), words.distance(far), unit)


def steps(answer: Answer, target: Target) -> list[str]:
    """For each offer what going on to it from the one before saves: `再走 1.2 公里便宜 8.50 元`; empty for the first."""
    said = [""] * len(answer.results)
    for n, (before, after) in enumerate(zip(answer.results, answer.results[1:], strict=False), start=1):
        farther = words.distance(_metres(after) - _metres(before))
        if after.price_key >= before.price_key:
            said[n] = gettext("一样近，一样便宜")
        elif target.multiple:
            saved = words.unit_price(_saved(before, after), after.drug.unit)
            said[n] = gettext("再走 %(distance)s便宜 %(money)s") % {"distance": farther, "money": saved}
        else:
            saved = words.money(yuan(before.price_fen - after.price_fen))
            said[n] = gettext("再走 %(distance)s便宜 %(money)s") % {"distance": farther, "money": saved}
    return said


def _metres(found: Found) -> float:
    return found.distance_m or 0.0


def _saved(before: Found, after: Found) -> Decimal:
    """By the smallest unit."""
    prices = [unit_price(found.price_fen, found.drug.pack_count) for found in (before, after)]
    return prices[0] - prices[1]


def _price(found: Found, target: Target) -> str:
    if target.multiple:
        return words.unit_amount(unit_price(found.price_fen, found.drug.pack_count))
    return f"{yuan(found.price_fen):.2f}"


def _line(dots: list[Dot]) -> str:
    path = f"M{dots[0].x} {dots[0].y}"
    return path + "".join(f"H{dot.x}V{dot.y}" for dot in dots[1:])


def _stops(offers: list[Found], dots: list[Dot], target: Target) -> tuple[Stop, ...]:
    groups: list[list[int]] = []
    for n, dot in enumerate(dots):
        if groups and _close(dots[groups[-1][0]], dot):
            groups[-1].append(n)
        else:
            groups.append([n])
    made: list[Stop] = []
    labelled: list[Dot] = []
    for group in groups:
        first, dot = offers[group[0]], dots[group[0]]
        at_edge = dot.x > WIDTH - LABEL_WIDTH
        room = 2 * LABEL_WIDTH if at_edge else LABEL_WIDTH
        clear = not any(abs(dot.x - other.x) < room and abs(dot.y - other.y) < LABEL_HEIGHT for other in labelled)
        if clear:
            labelled.append(dot)
        made.append(
            Stop(
                href=f"#offer-{first.drug.code}-{first.shop.code}",
                x=dot.x,
                y=dot.y,
                said=_said([offers[n] for n in group], target),
                label=_price(first, target) if clear else "",
                label_x=dot.x - 9 if at_edge else dot.x + 9,
                anchor="end" if at_edge else "start",
                dots=tuple(dots[n] for n in group),
            )
        )
    return tuple(made)


def _close(one: Dot, other: Dot) -> bool:
    return abs(one.x - other.x) < APART and abs(one.y - other.y) < APART


def _said(offers: list[Found], target: Target) -> str:
    """`近而贵大药房，直线约 300 米，18.90 元`, `3 家，从 12.60 元到 12.10 元，直线约 1.2 公里起`."""
    first, last = offers[0], offers[-1]
    prices = [_money(first, target), _money(last, target)]
    if len(offers) == 1:
        said = {"name": first.shop.name, "distance": words.straight(_metres(first)), "price": prices[0]}
        return gettext("%(name)s，%(distance)s，%(price)s") % said
    return gettext("%(n)s 家，%(distance)s起，%(high)s到 %(low)s") % {
        "n": len(offers),
        "distance": words.straight(_metres(first)),
        "high": prices[0],
        "low": prices[1],
    }


def _money(found: Found, target: Target) -> str:
    if target.multiple:
        return words.unit_price(unit_price(found.price_fen, found.drug.pack_count), found.drug.unit)
    return words.money(yuan(found.price_fen))
