"""Where to buy what: the best stop, and the best two, among shops of which each asks something for some lines. Pure.

Exact: the answer of a trial of all shops and all pairs. Best is most lines filled, then least total (prices and
`yuan_per_km` for the open path from the origin), then the stops' codes. Money is counted in integers. Travel is a
double where it only sorts out what cannot win, and a fraction where it decides.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

Int = NDArray[np.int64]
Score = NDArray[np.signedinteger[Any]]
Float = NDArray[np.float64]

SPHERE_M = 6371008.771415059
"""The radius of the sphere on which PostGIS measures geography."""
NOT_SOLD = -1
ROWS = 32
"""Shops that are tried with all others at a time: what that takes stays in the processor's cache."""
LINES = 7
"""Lines that are divided between two shops in all 2^7 ways to see who cannot be in the best pair."""
SLACK_FEN = 1e-6
"""Totals that come so near to the least as doubles are compared as fractions."""


@dataclass(frozen=True, slots=True)
class Offered:
    """What `n` shops ask for `m` lines. `costs` (n, m): 分 for the whole line, NOT_SOLD where a shop has it not.

    `away` (n): metres from the origin, finite; `spots` (n, 3): where they are, as `on_sphere` gives it;
    `order` (n): the places of their codes in the order of codes, all different.
    """

    costs: Int
    away: Float
    spots: Float
    order: Int

    def take(self, chosen: NDArray[np.intp]) -> "Offered":
        return Offered(self.costs[chosen], self.away[chosen], self.spots[chosen], self.order[chosen])


@dataclass(frozen=True, slots=True)
class Route:
    """Stops (rows of `Offered`) in the order of travel, what they fill, and the length of the open path."""

    stops: tuple[int, ...]
    filled: int
    price_fen: int
    distance_m: float

    def total_fen(self, yuan_per_km: Decimal) -> Fraction:
        return self.price_fen + _fen_per_m(yuan_per_km) * Fraction(self.distance_m)


def on_sphere(lng: Float, lat: Float) -> Float:
    """Points of the unit sphere (n, 3) from degrees."""
    east, north = np.radians(lng), np.radians(lat)
    return np.column_stack((np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north)))


def between(here: Float, there: Float) -> Float:
    """Metres along the great circle between points of the unit sphere; the same double both ways."""
    chords = np.sqrt(((here - there) ** 2).sum(axis=-1))
    metres: Float = 2 * SPHERE_M * np.arcsin(np.minimum(chords / 2, 1.0))
    return metres


def best_routes(offered: Offered, *, yuan_per_km: Decimal, max_stops: int = 2) -> tuple[Route, ...]:
    """The best route with one stop, then the best with two if that is better; none where nobody sells anything.

    Raises `OverflowError` for costs that no shop can ask: sums of them must fit 64 bits.
    """
    if offered.costs.size and int(offered.costs.max()) * 4 * (offered.costs.shape[1] + 1) ** 2 >= 2**63:
        raise OverflowError("costs are too large to be added")
    selling = np.flatnonzero((offered.costs >= 0).any(axis=1))
    if not selling.size:
        return ()
    shops = offered.take(selling)
    alone = _alone(shops, yuan_per_km)
    pair = _together(shops, alone, yuan_per_km) if max_stops > 1 else None
    return tuple(
        Route(tuple(int(selling[stop]) for stop in route.stops), route.filled, route.price_fen, route.distance_m)
        for route in (alone, pair)
        if route
    )


def _fen_per_m(yuan_per_km: Decimal) -> Fraction:
    return Fraction(yuan_per_km) / 10


def _alone(shops: Offered, yuan_per_km: Decimal) -> Route:
    filled = (shops.costs >= 0).sum(axis=1)
    most = np.flatnonzero(filled == filled.max())
    prices = np.where(shops.costs[most] >= 0, shops.costs[most], 0).sum(axis=1)
    stop = most[_least(prices, shops.away[most], (shops.order[most],), yuan_per_km)]
    return Route((int(stop),), int(filled[stop]), _price(shops.costs[stop]), float(shops.away[stop]))


def _price(costs: Int) -> int:
    return int(costs[costs >= 0].sum())


def _least(prices: Int, metres: Float, codes: tuple[Int, ...], yuan_per_km: Decimal) -> int:
    """Which has the least total, the earliest codes among equals: doubles first, fractions among the nearest."""
    if per_metre := _fen_per_m(yuan_per_km):
        totals = prices + float(per_metre) * metres
        close = np.flatnonzero(totals <= totals.min() + _slack(totals.min()))
        sums = [(int(prices[one]), float(metres[one])) for one in close]
        exact = {pair: pair[0] + per_metre * Fraction(pair[1]) for pair in set(sums)}
        least = min(exact.values())
        ties = close[[exact[pair] == least for pair in sums]]
    else:
        ties = np.flatnonzero(prices == prices.min())
    return int(ties[np.lexsort(tuple(code[ties] for code in reversed(codes)))[0]])


def _slack(total: float) -> float:
    return SLACK_FEN + abs(total) * 1e-12


# -- two stops --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Scores:
    """Shops nearest first, and what they ask as numbers of which the least sum is best.

    `scores` (lines that somebody sells, n): 分 above the least that anybody asks for the line; where a shop has it not,
    so much that one line outweighs all prices and travel. `own` (n): the sum of a shop alone. `travel` (n): whole 分
    that the way to a shop costs at least.
    """

    shops: Offered
    scores: Score
    travel: Score
    own: Score
    per_metre: float

    @classmethod
    def of(cls, shops: Offered, yuan_per_km: Decimal) -> "_Scores":
        per_metre = float(_fen_per_m(yuan_per_km))
        costs = shops.costs[:, (shops.costs >= 0).any(axis=0)]
        sold = costs >= 0
        least = np.where(sold, costs, np.iinfo(np.int64).max).min(axis=0)
        extra = np.where(sold, costs - least, 0)
        missing = int((least + extra.max(axis=0)).sum() + np.ceil(3 * per_metre * shops.away.max())) + 2
        number = np.int32 if missing * (len(least) + 1) < 2**31 else np.int64
        scores: Score = np.ascontiguousarray(np.where(sold, extra, missing - least).T.astype(number))
        travel: Score = np.floor(np.maximum(per_metre * shops.away - SLACK_FEN, 0)).astype(number)
        return cls(shops, scores, travel, scores.sum(axis=0, dtype=number), per_metre)

    def take(self, chosen: NDArray[np.intp]) -> "_Scores":
        scores: Score = np.ascontiguousarray(self.scores[:, chosen])
        return _Scores(self.shops.take(chosen), scores, self.travel[chosen], self.own[chosen], self.per_metre)

    def with_anybody(self) -> Score:
        """What no pair with that shop can ask less than (n): it sells some lines, the shop that is cheapest for just
        these sells the rest, whichever way the lines are divided; a few lines at a time.
        """
        least = np.zeros_like(self.own)
        for start in range(0, len(self.scores), LINES):
            sums = np.zeros((1, len(self.own)), dtype=self.own.dtype)  # of every set of the lines
            for line in self.scores[start : start + LINES]:
                sums = np.concatenate((sums, sums + line))
            rest = sums.min(axis=1)[::-1]  # the least for the other lines: sets count upward, complements downward
            least += (sums + rest[:, None]).min(axis=0)
        return least

    def of_pairs(self, rows: NDArray[np.intp] | slice, columns: slice) -> Score:
        """What each shop of `rows` and each of `columns` ask together, (rows, columns)."""
        there = self.scores[:, columns]
        together: Score = np.minimum(self.scores[0, rows, None], there[0])
        step = np.empty_like(together)
        for line in range(1, len(self.scores)):
            together += np.minimum(self.scores[line, rows, None], there[line], out=step)
        return together

    def metres(self, near: NDArray[np.intp], far: NDArray[np.intp]) -> Float:
        """The path to the nearer shop and on to the other one."""
        spots = self.shops.spots
        there: Float = self.shops.away[np.minimum(near, far)] + between(spots[near], spots[far])
        return there


def _together(shops: Offered, alone: Route, yuan_per_km: Decimal) -> Route | None:
    """The best pair of which both are needed, if it beats the best shop alone."""
    chosen = _distinct(shops, free=not yuan_per_km)
    chosen = chosen[_in_fullest_pairs(shops.costs[chosen] >= 0)]
    chosen = chosen[np.lexsort((shops.order[chosen], shops.away[chosen]))]
    if chosen.size < 2:
        return None
    scores = _Scores.of(shops.take(chosen), yuan_per_km)
    best = _first_bound(scores)
    able = np.flatnonzero(scores.with_anybody() + scores.travel <= best + _slack(best))
    chosen, scores = chosen[able], scores.take(able)
    winners = list(_winners(scores, best, yuan_per_km))
    if not winners:
        return None
    routes = [_route(scores, near, far) for near, far in winners]
    codes = [sorted(int(scores.shops.order[stop]) for stop in pair) for pair in winners]
    first = min(range(len(routes)), key=lambda i: (-routes[i].filled, routes[i].total_fen(yuan_per_km), codes[i]))
    route = routes[first]
    if (-route.filled, route.total_fen(yuan_per_km)) >= (-alone.filled, alone.total_fen(yuan_per_km)):
        return None
    return Route(tuple(int(chosen[stop]) for stop in route.stops), route.filled, route.price_fen, route.distance_m)


def _route(scores: _Scores, near: int, far: int) -> Route:
    one, other = scores.shops.costs[near], scores.shops.costs[far]
    best = np.where((one >= 0) & ((other < 0) | (one <= other)), one, other)
    metres = scores.metres(np.array([near]), np.array([far]))
    return Route((near, far), int((best >= 0).sum()), _price(best), float(metres[0]))


def _distinct(shops: Offered, *, free: bool) -> NDArray[np.intp]:
    """Of shops that ask the same, at the same place unless travel is free, the one with the earliest code."""
    by_code = np.argsort(shops.order)
    facts = (
        shops.costs if free else np.column_stack((shops.costs, shops.spots.view(np.int64), shops.away.view(np.int64)))
    )
    facts = np.ascontiguousarray(facts[by_code])
    whole = facts.view(np.dtype((np.void, facts.dtype.itemsize * facts.shape[1]))).ravel()
    _values, first = np.unique(whole, return_index=True)
    return by_code[first]


def _in_fullest_pairs(sold: NDArray[np.bool_]) -> NDArray[np.intp]:
    """The shops that belong to a pair which fills as many lines as any pair does."""
    bits = sold @ (1 << np.arange(sold.shape[1], dtype=np.int64))
    masks, of_shop = np.unique(bits.astype(np.uint32), return_inverse=True)
    counts = np.bitwise_count(masks).astype(int)
    if counts.max() == sold.any(axis=0).sum():
        return np.arange(len(sold))
    reached = np.bitwise_count(masks | masks[counts.argmax()]).max()
    worth = np.flatnonzero(counts >= int(reached) - counts.max())
    best = np.zeros(len(masks), dtype=np.uint8)
    for start in range(0, len(worth), ROWS):
        rows = worth[start : start + ROWS]
        best[rows] = np.bitwise_count(masks[rows, None] | masks[worth]).max(axis=1)
    return np.flatnonzero((best == best.max())[of_shop])


def _winners(scores: _Scores, best: float, yuan_per_km: Decimal) -> Iterator[tuple[int, int]]:
    """The best pair of every block of rows that has one no worse than `best`, the least score known so far.

    A pair's path is no shorter than the way to its farther shop: what asks more with that alone is never measured.
    """
    for start in range(0, len(scores.own), ROWS):
        bound = int(np.floor(best + _slack(best)))
        if bound < scores.travel[start]:
            break
        end = int(np.searchsorted(scores.travel, bound, side="right"))
        rows = slice(start, min(start + ROWS, end))
        together = scores.of_pairs(rows, slice(start, end))
        rough = np.flatnonzero(together + scores.travel[start:end] <= bound)
        near, far = np.divmod(rough, end - start)
        asked = together.ravel()[rough]
        near, far = near + start, far + start
        kept = (near < far) & (asked < scores.own[near]) & (asked < scores.own[far])
        near, far, asked = near[kept], far[kept], asked[kept].astype(np.int64)
        if not near.size:
            continue
        metres = scores.metres(near, far)
        totals = asked + scores.per_metre * metres
        if totals.min() > best + _slack(best):
            continue
        best = min(best, float(totals.min()))
        first, second = scores.shops.order[near], scores.shops.order[far]
        codes = (np.minimum(first, second), np.maximum(first, second))
        winner = _least(asked, metres, codes, yuan_per_km)
        yield int(near[winner]), int(far[winner])


def _first_bound(scores: _Scores) -> float:
    """What no better pair is above: the least of the shops alone, and of promising shops with each of the others."""
    alone = scores.own + scores.per_metre * scores.shops.away
    promising = np.unique([*np.argsort(alone)[:4], *(scores.scores + scores.travel).argmin(axis=1)])
    count = len(scores.own)
    near, far = promising.repeat(count), np.tile(np.arange(count), promising.size)
    totals = scores.of_pairs(promising, slice(0, count)).ravel() + scores.per_metre * scores.metres(near, far)
    return float(min(alone.min(), totals[near != far].min()))
