"""高于多数药店价: how far a price stands above the most frequent one of the province's shops (众数价)."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from django.utils.translation import gettext_lazy as _

from prices.monitoring.parameters import Bounded, number, whole
from prices.monitoring.robust import Judged

NAME, VERSION = "mode", 1


@dataclass(frozen=True)
class Parameters(Bounded):
    min_share: float = number(0.30, 0.01, 100, _("高出多数药店价的比例（0.30 为 30%）"))
    min_yuan: float = number(1.00, 0.01, 10_000, _("至少高出"), _("元"))
    min_shops: int = whole(10, 5, 100_000, _("至少多少家药店才比较"), _("家"))


def detect(price_fen: npt.ArrayLike, mode_fen: npt.ArrayLike, count: npt.ArrayLike, parameters: Parameters) -> Judged:
    """Which of n prices stand above the mode by at least `min_share` of it and at least `min_yuan`.

    Prices in 分; `mode_fen` nan where there is none (fewer than 5 shops), `count` the shops behind it. `score` is
    ln(price / mode). A rule and no test: `p` is nan. Source: domain.md 2.5 (the notice on 阴阳价格 of 2025-09-26 asks to
    check shops above the province's mode).
    """
    price = np.asarray(price_fen, np.float64)
    mode = np.broadcast_to(np.asarray(mode_fen, np.float64), price.shape)
    shops = np.nan_to_num(np.broadcast_to(np.asarray(count, np.float64), price.shape), nan=0.0).astype(np.int64)
    usable = (shops >= parameters.min_shops) & (mode > 0) & (price > 0)
    above = price - mode
    enough = (above >= parameters.min_share * mode - 1e-6) & (above >= parameters.min_yuan * 100 - 1e-6)
    ratio = np.divide(price, mode, out=np.full(price.shape, np.nan), where=usable)
    nothing = np.full(price.shape, np.nan)
    median = np.log(np.where(mode > 0, mode, np.nan))
    return Judged(np.asarray(usable & enough), np.log(ratio), nothing, median, nothing, shops)
