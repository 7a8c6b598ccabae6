"""缓慢上涨: small steps that add up, by an exponentially weighted average (EWMA) or a cumulative sum (CUSUM), week by week."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from django.utils.translation import gettext_lazy as _

from prices.monitoring.parameters import DIRECTIONS, Bounded, choice, number, whole
from prices.monitoring.robust import Bools, Floats, Ints

NAME, VERSION = "drift", 1

METHODS = {"ewma": _("指数加权平均"), "cusum": _("累积和")}


@dataclass(frozen=True)
class Parameters(Bounded):
    method: str = choice("ewma", METHODS, _("方法"))
    weight: float = number(0.2, 0.01, 1, _("最近一周的权重（EWMA）"))
    width: float = number(3.0, 1, 20, _("控制限的倍数（EWMA）"))
    slack: float = number(0.5, 0, 10, _("每周容许的变动（CUSUM）"))
    decision: float = number(4.0, 1, 100, _("判定值（CUSUM）"))
    baseline: int = whole(8, 4, 104, _("作为基准的周数"), _("周"))
    floor: float = number(0.01, 0.001, 0.5, _("离散度下限（0.01 约为 1%）"))
    direction: str = choice("up", DIRECTIONS, _("方向"))


@dataclass(frozen=True)
class Drifted:
    """For each of n series: whether it signals, its last statistic (nan: no week at all), the limit, weeks counted."""

    signal: Bools
    last: Floats
    limit: Floats
    count: Ints


def detect(series: npt.ArrayLike, parameters: Parameters) -> Drifted:
    """Which of n series have drifted by their last period.

    `series`: n × periods, standardised (`robust.standardised`: in spreads around the baseline), oldest first; nan is a
    period without a number and is passed over. EWMA: z = weight · x + (1 − weight) · z from 0 against
    width · √(weight / (2 − weight) · (1 − (1 − weight)^(2t))). CUSUM: max(0, s ± x − slack) from 0 against `decision`,
    `last` negative where the fall is the larger. Source: domain.md 6.1, V6.8.
    """
    rows = np.atleast_2d(np.asarray(series, np.float64))
    known = ~np.isnan(rows)
    count = known.sum(axis=1).astype(np.int64)
    up, down = np.zeros(len(rows)), np.zeros(len(rows))
    for x, there in zip(rows.T, known.T, strict=True):
        if parameters.method == "ewma":
            up = np.where(there, parameters.weight * x + (1 - parameters.weight) * up, up)
        else:
            up = np.where(there, np.maximum(0, up + x - parameters.slack), up)
            down = np.where(there, np.maximum(0, down - x - parameters.slack), down)
    if parameters.method == "ewma":
        last, aged = up, 1 - (1 - parameters.weight) ** (2 * count.astype(np.float64))
        limit = parameters.width * np.sqrt(parameters.weight / (2 - parameters.weight) * aged)
    else:
        last = np.where((down > up) & (parameters.direction == "both"), -down, up)
        limit = np.full(len(rows), parameters.decision)
    sized = last if parameters.direction == "up" else np.abs(last)
    return Drifted(np.asarray((count > 0) & (sized > limit)), np.where(count > 0, last, np.nan), limit, count)
