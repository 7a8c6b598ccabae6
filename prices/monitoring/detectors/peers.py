"""与同城药店相比: the modified z score (Iglewicz and Hoaglin) of a log price among the same product in the city that day."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from django.utils.translation import gettext_lazy as _

from prices.monitoring.parameters import DIRECTIONS, Bounded, choice, number, whole
from prices.monitoring.robust import Judged, distance, p_value

NAME, VERSION = "peers", 1

QUARTER = 0.6745
"""The upper quartile of a standard normal distribution: what a MAD is of a standard deviation."""


@dataclass(frozen=True)
class Parameters(Bounded):
    limit: float = number(3.5, 2, 50, _("偏离多少倍离散度才算异常"))
    min_shops: int = whole(10, 5, 10_000, _("至少多少家药店才比较"), _("家"))
    floor: float = number(0.0135, 0.0005, 0.5, _("离散度下限（绝对中位差，0.0135 约为 1.35%）"))
    direction: str = choice("up", DIRECTIONS, _("方向"))


def detect(
    price_ln: npt.ArrayLike,
    median_ln: npt.ArrayLike,
    mad_ln: npt.ArrayLike,
    count: npt.ArrayLike,
    parameters: Parameters,
) -> Judged:
    """Which of n prices stand further than `limit` from what the other shops of the city ask for the same product.

    All on the log scale, nan where unknown: `median_ln` and `mad_ln` of the city's shelf prices on that day, `count` the
    shops behind them. z = 0.6745 · (ln p − median) / MAD with a MAD of at least `floor`: where all ask the same it is 0.
    Fewer than `min_shops` shops: nothing is said. Source: domain.md 6.1.
    """
    price = np.asarray(price_ln, np.float64)
    median = np.broadcast_to(np.asarray(median_ln, np.float64), price.shape)
    mad = np.maximum(np.broadcast_to(np.asarray(mad_ln, np.float64), price.shape), parameters.floor)
    shops = np.nan_to_num(np.broadcast_to(np.asarray(count, np.float64), price.shape), nan=0.0).astype(np.int64)
    score = np.where(shops >= parameters.min_shops, QUARTER * distance(price, median, mad), np.nan)
    sized = score if parameters.direction == "up" else np.abs(score)
    return Judged(
        flagged=np.asarray(np.nan_to_num(sized, nan=0.0) > parameters.limit),
        score=score,
        p=p_value(score, parameters.direction),
        median_ln=np.array(median),
        spread=mad / QUARTER,
        count=shops,
    )
