"""变动幅度: a change is worth looking at when it is large in yuan AND as a share of what was asked before."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from django.utils.translation import gettext_lazy as _

from prices.monitoring.parameters import DIRECTIONS, Bounded, choice, number
from prices.monitoring.robust import Bools

NAME, VERSION = "change", 1


@dataclass(frozen=True)
class Parameters(Bounded):
    min_yuan: float = number(1.00, 0.01, 10_000, _("至少变动"), _("元"))
    min_share: float = number(0.15, 0.01, 10, _("至少变动的比例（0.15 为 15%）"))
    direction: str = choice("up", DIRECTIONS, _("方向"))


def detect(old_fen: npt.ArrayLike, new_fen: npt.ArrayLike, parameters: Parameters) -> Bools:
    """Which of n changes are large enough: at least `min_yuan` and at least `min_share` of the old price.

    Prices in 分, nan for a price that was not there: a first price or a withdrawal is no change. Both bounds count as
    reached. Falls count only where `direction` is "both".
    """
    old, new = np.asarray(old_fen, np.float64), np.asarray(new_fen, np.float64)
    step = new - old
    size = step if parameters.direction == "up" else np.abs(step)
    # A bound that is reached exactly counts, though binary cannot write 0.15.
    enough = (size >= parameters.min_yuan * 100 - 1e-6) & (size >= parameters.min_share * old - 1e-6)
    return np.asarray(enough & (old > 0) & (new > 0), dtype=np.bool_)
