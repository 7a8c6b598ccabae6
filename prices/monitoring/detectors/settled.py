"""阴阳价格线索: the insured were charged more (医保结算价) than the shelf says."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from django.utils.translation import gettext_lazy as _

from prices.monitoring.parameters import Bounded, number
from prices.monitoring.robust import Judged

NAME, VERSION = "settled", 1


@dataclass(frozen=True)
class Parameters(Bounded):
    min_yuan: float = number(0.50, 0.01, 10_000, _("至少高出"), _("元"))
    min_share: float = number(0.05, 0.01, 10, _("高出标价的比例（0.05 为 5%）"))


def detect(settled_fen: npt.ArrayLike, shelf_fen: npt.ArrayLike, parameters: Parameters) -> Judged:
    """Which of n settlements were dearer than the shelf by at least `min_yuan` and `min_share` of the shelf price.

    `settled_fen`: 分 per pack (total / quantity, fractions allowed). `shelf_fen`: the shelf price that held when it was
    settled, nan where none did. `score` is ln(settled / shelf). A rule and no test: `p` is nan. Source: domain.md 2.5.
    """
    settled = np.asarray(settled_fen, np.float64)
    shelf = np.broadcast_to(np.asarray(shelf_fen, np.float64), settled.shape)
    usable = (settled > 0) & (shelf > 0)
    above = settled - shelf
    enough = (above >= parameters.min_yuan * 100 - 1e-6) & (above >= parameters.min_share * shelf - 1e-6)
    ratio = np.divide(settled, shelf, out=np.full(settled.shape, np.nan), where=usable)
    nothing = np.full(settled.shape, np.nan)
    median = np.log(np.where(shelf > 0, shelf, np.nan))
    return Judged(np.asarray(usable & enough), np.log(ratio), nothing, median, nothing, usable.astype(np.int64))
