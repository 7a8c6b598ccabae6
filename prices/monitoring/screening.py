"""Many tests at once: which of the small p values are worth a person's time (domain.md 6.3)."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from prices.monitoring.robust import Bools, Floats, Ints

Tested = tuple[Bools, Floats]
"""rejected, and p adjusted for the number of tests: rejected where that is at most q."""


@dataclass(frozen=True)
class TwoLevel:
    """`rejected` and `adjusted` for each of n tests; `groups` and `rejected_groups` count for the log."""

    rejected: Bools
    adjusted: Floats
    groups: int
    rejected_groups: int


def bonferroni(p: npt.ArrayLike, q: float) -> Tested:
    """No false alarm at all with probability 1 − q."""
    values = np.asarray(p, np.float64)
    return _against(np.minimum(values * values.size, 1.0), q)


def benjamini_hochberg(p: npt.ArrayLike, q: float) -> Tested:
    """Of those rejected at most a share q is false in the long run. A test not carried out has p = 1 and counts."""
    values = np.asarray(p, np.float64)
    return _against(_stepped(values, np.zeros(values.size, np.int64), 1.0), q)


def benjamini_yekutieli(p: npt.ArrayLike, q: float) -> Tested:
    """The same whatever the dependence between the tests, at the price of 1 + 1/2 + … + 1/n."""
    values = np.asarray(p, np.float64)
    harmonic = float((1 / np.arange(1, values.size + 1)).sum())
    return _against(_stepped(values, np.zeros(values.size, np.int64), harmonic), q)


def two_level(groups: npt.ArrayLike, p: npt.ArrayLike, q: float) -> TwoLevel:
    """First which groups hold anything at all, then which tests in those (Benjamini and Bogomolov 2014).

    `groups`: for each test the number of its product × city, any integers. A group's p is Simes' (the smallest
    n · p₍ᵢ₎ / i); groups are judged by Benjamini-Hochberg at q, the tests of R rejected groups out of G again at
    q · R / G. The family is what is handed in: every changed price, with p = 1 where no test was carried out.
    """
    values = np.asarray(p, np.float64)
    if not values.size:
        return TwoLevel(np.zeros(0, np.bool_), values, 0, 0)
    _names, group = np.unique(np.asarray(groups), return_inverse=True)
    inside = _stepped(values, group.astype(np.int64), 1.0)
    simes = np.ones(int(group.max()) + 1)
    np.minimum.at(simes, group, inside)  # the smallest adjusted p of a group IS its Simes p
    group_rejected, group_adjusted = benjamini_hochberg(simes, q)
    count, passed = len(simes), int(group_rejected.sum())
    adjusted = np.minimum(np.maximum(inside * count / max(passed, 1), group_adjusted[group]), 1.0)
    return TwoLevel(group_rejected[group] & (adjusted <= q), adjusted, count, passed)


def _against(adjusted: Floats, q: float) -> Tested:
    return np.asarray(adjusted <= q, np.bool_), adjusted


def _stepped(p: Floats, group: Ints, factor: float) -> Floats:
    """Benjamini-Hochberg's adjusted p within each group: the running minimum, from the largest p on, of n · p₍ᵢ₎ / i."""
    if not p.size:
        return p.copy()
    order = np.lexsort((p, group))
    size = np.bincount(group)
    first = np.cumsum(size) - size
    rank = np.arange(p.size) - first[group[order]] + 1
    raw = p[order] * size[group[order]] / rank * factor
    # A running minimum from the right that starts anew in every group: later groups are lifted out of reach. By whole
    # numbers in the order of the values, because a p of 1e-12 would drown in a lift.
    place = np.empty(p.size, np.int64)
    by_value = np.argsort(raw, kind="stable")
    place[by_value] = np.arange(p.size)
    lift = group[order] * p.size
    ordered = np.minimum.accumulate((place + lift)[::-1])[::-1] - lift
    found = np.empty_like(p)
    found[order] = np.minimum(raw[by_value[ordered]], 1.0)
    return found
