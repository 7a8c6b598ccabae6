"""Robust statistics on arrays: medians that know gaps, distances in spreads, what a distance is worth as a p value."""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

TO_SIGMA = 1.4826
"""MAD of a normal distribution times this is its standard deviation; 0.6745 is one over it."""
MODE_MIN_SHOPS = 5
_BLOCK = 50_000  # rows sorted at once: 50,000 × 28 numbers are 11 MB


@dataclass(frozen=True)
class Judged:
    """What a detector makes of n prices; every array has n entries.

    `score` is the signed distance (positive: dearer), nan where nothing could be said. `p` is that of the direction looked
    for, 1 where nothing could be said, and nan throughout where the detector is a rule and no test. `median_ln` and
    `spread` (log scale) and `count` (days or shops behind them) are what the distance was measured by.
    """

    flagged: Bools
    score: Floats
    p: Floats
    median_ln: Floats
    spread: Floats
    count: Ints


def median_and_mad(rows: npt.ArrayLike) -> tuple[Floats, Floats, Ints]:
    """Of every row of a matrix, nan apart: the median, the median absolute deviation from it, the numbers counted.

    Median and MAD are nan where a row holds no number.
    """
    matrix = np.asarray(rows, dtype=np.float64)
    if matrix.ndim == 1:
        matrix = matrix[None, :]
    n = len(matrix)
    median, mad, count = np.full(n, np.nan), np.full(n, np.nan), np.zeros(n, np.int64)
    for start in range(0, n, _BLOCK):
        part = slice(start, start + _BLOCK)
        median[part], count[part] = _medians(matrix[part])
        mad[part], _ = _medians(np.abs(matrix[part] - median[part, None]))
    return median, mad, count


def _medians(matrix: Floats) -> tuple[Floats, Ints]:
    count = (~np.isnan(matrix)).sum(axis=1)
    found = np.full(len(matrix), np.nan)
    some = count > 0
    ordered = np.sort(matrix[some], axis=1)  # nan last
    low, high = (count[some] - 1) // 2, count[some] // 2
    at = np.arange(len(ordered))
    found[some] = (ordered[at, low] + ordered[at, high]) / 2
    return found, count.astype(np.int64)


def distance(values: npt.ArrayLike, median: npt.ArrayLike, spread: npt.ArrayLike) -> Floats:
    """(value − median) / spread, signed; nan where one of them is missing or the spread is 0."""
    measured = np.asarray(spread, dtype=np.float64)
    usable = np.where(measured > 0, measured, np.nan)
    return np.asarray((np.asarray(values, np.float64) - np.asarray(median, np.float64)) / usable, dtype=np.float64)


def p_value(z: npt.ArrayLike, direction: str) -> Floats:
    """p of a standard normal distance, 1 where z is nan: P(Z ≥ z) if only rises are looked for ("up"), else P(|Z| ≥ |z|).

    Of what is looked for in one direction the other must not be significant: many falls in a day would loosen the bound
    for the rises.
    """
    distances = np.asarray(z, dtype=np.float64)
    scaled = (distances if direction == "up" else np.abs(distances)) / math.sqrt(2)
    found = np.fromiter((math.erfc(each) for each in scaled.ravel()), np.float64, scaled.size).reshape(scaled.shape)
    return np.where(np.isnan(found), 1.0, found / 2 if direction == "up" else found)


def mode(prices_fen: Iterable[int]) -> int | None:
    """众数价: the most frequent price, the lower where two are equally frequent; None for fewer than 5 shops."""
    counts = Counter(prices_fen)
    if counts.total() < MODE_MIN_SHOPS:
        return None
    return min(counts, key=lambda fen: (-counts[fen], fen))


def standardised(series_ln: npt.ArrayLike, baseline: int, floor: float) -> Floats:
    """Each row in spreads of its first `baseline` periods around their median, as `drift.detect` wants it.

    `floor` (log scale) keeps a series that never moved from making every step a thousand spreads.
    """
    rows = np.atleast_2d(np.asarray(series_ln, dtype=np.float64))
    middle, mad, _count = median_and_mad(rows[:, :baseline])
    return distance(rows, middle[:, None], np.maximum(TO_SIGMA * mad, floor)[:, None])
