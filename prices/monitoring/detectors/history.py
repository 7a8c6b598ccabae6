"""与本店过去的价格相比: Hampel's identifier on the offer's own log prices of the days before."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from django.utils.translation import gettext_lazy as _

from prices.monitoring.parameters import DIRECTIONS, Bounded, choice, number, whole
from prices.monitoring.robust import TO_SIGMA, Judged, distance, median_and_mad, p_value

NAME, VERSION = "history", 1


@dataclass(frozen=True)
class Parameters(Bounded):
    window_days: int = whole(28, 7, 366, _("往回看的天数"), _("天"))
    limit: float = number(5.0, 2, 50, _("偏离多少倍离散度才算异常"))
    floor: float = number(0.02, 0.001, 0.5, _("离散度下限（0.02 约为 2%）"))
    min_days: int = whole(7, 3, 366, _("至少有价格的天数"), _("天"))
    direction: str = choice("up", DIRECTIONS, _("方向"))

    def problems(self) -> list[str]:
        found = super().problems()
        if not found and self.min_days > self.window_days:
            found.append(str(_("至少有价格的天数不能多于往回看的天数")))
        return found


def detect(windows: npt.ArrayLike, price_ln: npt.ArrayLike, parameters: Parameters) -> Judged:
    """Which of n prices lie further than `limit` spreads from the median of their own past.

    `windows`: n × days, ln of the price shown on each of the days BEFORE the tested one, nan where there was none.
    `price_ln`: ln of the tested prices. The spread is 1.4826 · MAD, at least `floor`: retail prices are sticky and their
    MAD is mostly 0. Fewer than `min_days` days with a price: nothing is said. Source: domain.md 6.1 (Hampel).
    """
    price = np.asarray(price_ln, np.float64)
    median, mad, days = median_and_mad(windows)
    spread = np.maximum(TO_SIGMA * mad, parameters.floor)
    score = np.where(days >= parameters.min_days, distance(price, median, spread), np.nan)
    sized = score if parameters.direction == "up" else np.abs(score)
    return Judged(
        flagged=np.asarray(np.nan_to_num(sized, nan=0.0) > parameters.limit),
        score=score,
        p=p_value(score, parameters.direction),
        median_ln=median,
        spread=spread,
        count=days,
    )
