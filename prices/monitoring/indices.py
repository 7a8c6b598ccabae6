"""Price indices and the spread of prices, on plain arrays (domain.md 6.4, V6.6, V6.7).

`prices` and `quantities` are periods × items, nan where an item was not sold; a result is one level per period, the
first being 1. With quantities that nobody has (most shops report none) the weights are equal, and whoever shows the
number says so.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from prices.monitoring.robust import Floats

WINDOW = 13
"""Periods that GEKS looks at: a year of months and the month before."""

Bilateral = Callable[[Floats, Floats, Floats, Floats], float]


@dataclass(frozen=True, slots=True)
class Dispersion:
    """Of one product's prices: percentiles ('linear'), extremes, coefficient of variation, quartile coefficient."""

    count: int
    p5: float
    q1: float
    median: float
    q3: float
    p95: float
    low: float
    high: float
    ratio: float  # highest over lowest
    cv: float  # standard deviation of the sample over the mean; nan for one price
    qcd: float  # (Q3 − Q1) / (Q3 + Q1)


# -- two periods at a time --------------------------------------------------------------------------------------------


def jevons(prices: npt.ArrayLike) -> Floats:
    """exp(mean ln(pₜ / p₀)) over the items sold in both periods; nan where there are none."""
    return _direct(prices, prices, lambda p0, p1, q0, q1: float(np.exp(np.log(p1 / p0).mean())))


def tornqvist(prices: npt.ArrayLike, quantities: npt.ArrayLike) -> Floats:
    """exp(Σ ½ (s₀ + sₜ) ln(pₜ / p₀)), s = share of the turnover of the items sold in both periods."""
    return _direct(prices, quantities, _tornqvist)


def fisher(prices: npt.ArrayLike, quantities: npt.ArrayLike) -> Floats:
    """√(Laspeyres · Paasche) over the items sold in both periods."""
    return _direct(prices, quantities, _fisher)


def _tornqvist(p0: Floats, p1: Floats, q0: Floats, q1: Floats) -> float:
    s0, s1 = p0 * q0 / (p0 * q0).sum(), p1 * q1 / (p1 * q1).sum()
    return float(np.exp((0.5 * (s0 + s1) * np.log(p1 / p0)).sum()))


def _fisher(p0: Floats, p1: Floats, q0: Floats, q1: Floats) -> float:
    return float(np.sqrt((p1 * q0).sum() / (p0 * q0).sum() * (p1 * q1).sum() / (p0 * q1).sum()))


def _arrays(prices: npt.ArrayLike, quantities: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Both as matrices of one shape, nan where there is no price above 0 or no quantity above 0."""
    p, q = np.asarray(prices, np.float64), np.asarray(quantities, np.float64)
    if p.ndim != 2 or p.shape != q.shape:
        raise ValueError("prices and quantities are periods × items, of one shape")
    sold = (p > 0) & (q > 0) & np.isfinite(p) & np.isfinite(q)
    return np.where(sold, p, np.nan), np.where(sold, q, np.nan)


def _between(p: Floats, q: Floats, base: int, period: int, formula: Bilateral) -> float:
    both = ~np.isnan(p[base]) & ~np.isnan(p[period])
    if not both.any():
        return float("nan")
    return formula(p[base, both], p[period, both], q[base, both], q[period, both])


def _direct(prices: npt.ArrayLike, quantities: npt.ArrayLike, formula: Bilateral) -> Floats:
    p, q = _arrays(prices, quantities)
    return np.array([_between(p, q, 0, period, formula) for period in range(len(p))])


# -- many periods at a time -------------------------------------------------------------------------------------------


def geks_t(prices: npt.ArrayLike, quantities: npt.ArrayLike) -> Floats:
    """GEKS on Törnqvist over all periods given: Π_k [T(0,k) · T(k,t)]^(1/n), over the k linked to both; transitive."""
    p, q = _arrays(prices, quantities)
    n = len(p)
    ln = np.full((n, n), np.nan)
    for one in range(n):
        for other in range(one, n):
            ln[one, other] = np.log(_between(p, q, one, other, _tornqvist))
            ln[other, one] = -ln[one, other]
    linked = ln[0][None, :] + ln.T  # [t, k]: ln T(0,k) + ln T(k,t)
    return np.array([np.exp(np.nanmean(row)) if (~np.isnan(row)).any() else np.nan for row in linked])


def geks_t_spliced(prices: npt.ArrayLike, quantities: npt.ArrayLike, window: int = WINDOW) -> Floats:
    """GEKS over a window that moves on with each new period, joined by the mean splice: published levels never change.

    The new level is the geometric mean, over the periods the two windows share, of what links it to each.
    """
    if window < 2:
        raise ValueError("a window holds at least two periods")
    p, q = _arrays(prices, quantities)
    levels = np.full(len(p), np.nan)
    levels[:window] = geks_t(p[:window], q[:window])
    for last in range(window, len(p)):
        first = last - window + 1
        moved = geks_t(p[first : last + 1], q[first : last + 1])
        links = np.log(levels[first:last]) + np.log(moved[-1]) - np.log(moved[:-1])
        if (~np.isnan(links)).any():
            levels[last] = np.exp(np.nanmean(links))
    return levels


def time_dummy(prices: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> Floats:
    """Time-product dummy (TPD): exp(αₜ − α₀) of the least squares fit ln p = αₜ + γᵢ; items come and go.

    `weights`, periods × items: each period's shares of the turnover (or turnover: they are scaled to 1 a period); None:
    every price counts once. A period that shares no item with the first one, directly or through others, is nan.
    """
    given = np.asarray(prices, np.float64)
    equal = weights is None
    p, w = _arrays(given, np.ones_like(given) if weights is None else weights)
    periods, items = p.shape
    sold = ~np.isnan(p)
    if not equal:
        w = w / np.nansum(w, axis=1, keepdims=True)
    share = np.where(sold, w, 0.0)
    ln = np.where(sold, np.log(np.where(sold, p, 1.0)), 0.0)
    # The items' fixed effects are swept out, so that what is solved has one unknown per period.
    per_item = share.sum(axis=0)
    inverse = np.divide(1.0, per_item, out=np.zeros(items), where=per_item > 0)
    left = np.diag(share.sum(axis=1)) - (share * inverse) @ share.T
    right = (share * ln).sum(axis=1) - (share * inverse) @ (share * ln).sum(axis=0)
    reached = _linked(sold)
    found = np.full(periods, np.nan)
    solved = np.flatnonzero(reached)[1:]
    found[0] = 0.0 if reached[0] else np.nan
    if len(solved):
        found[solved] = np.linalg.solve(left[np.ix_(solved, solved)], right[solved])
    return np.asarray(np.exp(found), np.float64)


def shares(prices: npt.ArrayLike, quantities: npt.ArrayLike) -> Floats:
    """Each period's shares of the turnover, as `time_dummy` weighs by; nan where an item was not sold."""
    p, q = _arrays(prices, quantities)
    turnover = p * q
    return np.asarray(turnover / np.nansum(turnover, axis=1, keepdims=True), np.float64)


def _linked(sold: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Which periods are tied to the first by items sold in both, or by way of others."""
    reached = np.zeros(len(sold), np.bool_)
    reached[0] = bool(sold[0].any())
    while True:
        items = sold[reached].any(axis=0)
        wider = sold[:, items].any(axis=1)
        if (wider <= reached).all():
            return reached
        reached |= wider


# -- one period -------------------------------------------------------------------------------------------------------


def dispersion(prices: npt.ArrayLike) -> Dispersion | None:
    """The spread of one product's prices; None where there is none. Missing prices are left out."""
    values = np.asarray(prices, np.float64)
    values = values[np.isfinite(values) & (values > 0)]
    if not values.size:
        return None
    p5, q1, median, q3, p95 = (float(each) for each in np.percentile(values, [5, 25, 50, 75, 95]))
    low, high = float(values.min()), float(values.max())
    cv = float(values.std(ddof=1) / values.mean()) if values.size > 1 else float("nan")
    return Dispersion(int(values.size), p5, q1, median, q3, p95, low, high, high / low, cv, (q3 - q1) / (q3 + q1))
