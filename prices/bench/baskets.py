"""Baskets of five lines within 10 km at two stops, refereed by a trial of every pharmacy and of every pair in NumPy."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import NamedTuple

import numpy as np
from django.utils import timezone

from prices.bench.asking import Asked, Origin
from prices.bench.clock import timed
from prices.bench.province import Say
from prices.bench.referee import SPHERE_M, Floats, Ints, World, distance, microseconds
from prices.bench.timings import Timings
from prices.search import baskets
from prices.search.baskets import BasketAnswer, Line
from prices.search.questions import Where

RADIUS_M = 10_000.0
MIXES: dict[str, tuple[str, ...]] = {
    "common": ("common",) * 5,
    "mixed": ("common", "common", "mid", "mid", "tail"),
}
HAIR_FEN = 1e-6
"""Totals as near as this are equal: the paths are sums of doubles."""
UNSOLD = np.iinfo(np.int64).max // 64
ROWS = 64


@dataclass(frozen=True, slots=True)
class Basket:
    lines: tuple[Line, ...]
    where: Where
    at: datetime
    yuan_per_km: Decimal = Decimal(1)


class Plan(NamedTuple):
    """What of a plan is compared: the pharmacies in the order of travel, the lines that are missing, the price."""

    stops: tuple[int, ...]
    missing: tuple[int, ...]
    price_fen: int


def measure(world: World, asked: Asked, places: list[Origin], when: str, say: Say) -> list[Timings]:
    found, at = [], timezone.now()
    for mix, rarities in MIXES.items():
        say(f"{when}: baskets, {mix}")
        case = f"basket/{mix}/10km"
        statement, call, scan = (Timings(case, "basket", name, when) for name in ("yaobi", "yaobi fill()", "numpy"))
        for origin in places:
            lines = tuple(Line(asked.drugs[rarity][n], 1 + n % 2) for n, rarity in enumerate(rarities))
            basket = Basket(lines, Where(origin.point, RADIUS_M), at)
            ours(basket)
            got, expected = timed(partial(ours, basket)), timed(partial(answer, world, basket))
            statement.times.append(got.statements_ms)
            call.times.append(got.whole_ms)
            scan.times.append(expected.whole_ms)
            scan.right += 1
            for each in (statement, call):
                each.judge(plans(got.found), expected.found, str(basket.where))
        found += [statement, call, scan]
    return found


def ours(basket: Basket) -> BasketAnswer:
    return baskets.fill(basket.lines, basket.where, at=basket.at, yuan_per_km=basket.yuan_per_km)


def plans(answered: BasketAnswer) -> list[Plan]:
    return [Plan(tuple(stop.shop.id for stop in plan.stops), plan.missing, plan.price_fen) for plan in answered.plans]


def answer(world: World, basket: Basket) -> list[Plan]:
    """The best plan with one stop, then the best with two if that fills more lines or costs less."""
    shops = world.shops
    near = np.flatnonzero(shops.ranked & (shops.kinds == "pharmacy"))
    away = distance(shops, near, basket.where)
    inside = away <= (basket.where.radius_m or 0)
    near, away = near[inside], away[inside]
    costs = np.column_stack([_asked(world, line, near, basket.at) for line in basket.lines])
    selling = (costs < UNSOLD).any(axis=1)
    near, away, costs = near[selling], away[selling], costs[selling]
    if not len(near):
        return []
    per_m = float(basket.yuan_per_km) / 10
    alone = _best(costs, away * per_m, shops.codes[near][:, None])
    pair = _best_pair(world, near, away, costs, per_m)
    found = [_plan(world, near, costs, (alone[2],))]
    if pair and (pair[0] > alone[0] or pair[1] < alone[1] - HAIR_FEN):
        here, there = sorted(pair[2], key=lambda stop: (away[stop], shops.codes[near[stop]]))
        found.append(_plan(world, near, costs, (here, there)))
    return found


def _asked(world: World, line: Line, near: Ints, at: datetime) -> Ints:
    """What each pharmacy asks for the line at least, `UNSOLD` where it has none that is fresh."""
    costs = np.full(len(world.shops.ids), UNSOLD, dtype=np.int64)
    for drug in line.target.drugs:
        shelf = world.shelves[drug.pk]
        fresh = shelf.stale_after >= microseconds(at)
        shop, key = shelf.shop[fresh], shelf.price[fresh] * line.target.weight(drug)
        whole = np.array([line.target.line_fen(each, line.quantity) for each in key.tolist()], dtype=np.int64)
        costs[shop] = np.minimum(costs[shop], whole)
    return costs[near]


def _best(costs: Ints, travel: Floats, codes: Ints) -> tuple[int, float, int]:
    """(lines filled, total, row) of the best row: most lines, then the least total, then the codes."""
    sold = costs < UNSOLD
    filled = sold.sum(axis=1)
    most = np.flatnonzero(filled == filled.max())
    totals = np.where(sold[most], costs[most], 0).sum(axis=1) + travel[most]
    ties = most[totals <= totals.min() + HAIR_FEN]
    row = ties[np.lexsort(tuple(codes[ties].T[::-1]))[0]]
    return int(filled.max()), float(totals.min()), int(row)


def _best_pair(
    world: World, near: Ints, away: Floats, costs: Ints, per_m: float
) -> tuple[int, float, tuple[int, int]] | None:
    """Every pair, a block of rows at a time."""
    unit, codes, count = world.shops.unit[:, near], world.shops.codes[near], len(near)
    best: tuple[int, float, tuple[int, int], tuple[int, int]] | None = None
    for start in range(0, count - 1, ROWS):
        rows = np.arange(start, min(start + ROWS, count))
        first, second = (each.ravel() for each in np.meshgrid(rows, np.arange(start + 1, count), indexing="ij"))
        kept = first < second
        first, second = first[kept], second[kept]
        together = np.minimum(costs[first], costs[second])
        chord = np.sqrt(((unit[:, first] - unit[:, second]) ** 2).sum(axis=0))
        metres = np.minimum(away[first], away[second]) + 2 * SPHERE_M * np.arcsin(np.minimum(chord / 2, 1))
        pairs = np.sort(np.column_stack((codes[first], codes[second])), axis=1)
        filled, total, row = _best(together, metres * per_m, pairs)
        mine = (filled, total, (int(first[row]), int(second[row])), (int(pairs[row, 0]), int(pairs[row, 1])))
        if (
            best is None
            or filled > best[0]
            or (filled == best[0] and total < best[1] - HAIR_FEN)
            or (filled == best[0] and total <= best[1] + HAIR_FEN and mine[3] < best[3])
        ):
            best = mine
    return best and best[:3]


def _plan(world: World, near: Ints, costs: Ints, stops: tuple[int, ...]) -> Plan:
    together = costs[list(stops)].min(axis=0)
    missing = np.flatnonzero(together >= UNSOLD)
    price = together[together < UNSOLD].sum()
    return Plan(tuple(int(world.shops.ids[near[stop]]) for stop in stops), tuple(missing.tolist()), int(price))
