"""中选价落地: how many days after a 集采 price came into force each shop followed it."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from django.utils.translation import gettext_lazy as _

from prices.monitoring.parameters import Bounded, number, whole
from prices.monitoring.robust import Bools, Floats

NAME, VERSION = "passthrough", 1


@dataclass(frozen=True)
class Parameters(Bounded):
    markup: float = number(0.15, 0, 2, _("容许的加价率（0.15 为 15%）"))
    late_days: int = whole(30, 1, 366, _("多少天未落地才算逾期"), _("天"))


@dataclass(frozen=True)
class Passed:
    """For each of n offers: the days it took (nan: not yet), whether it is waited for, and whether that is too long."""

    days: Floats
    waiting: Bools
    late: Bools


def days(
    offer: npt.ArrayLike,
    since: npt.ArrayLike,
    price_fen: npt.ArrayLike,
    *,
    start: npt.ArrayLike,
    reference_fen: npt.ArrayLike,
    on: int,
    parameters: Parameters,
) -> Passed:
    """How long each of n offers took to come down to the 集采 price with the allowed mark-up.

    A day is its ordinal (`date.toordinal`). m price levels as flat arrays: `offer` (0…n−1, in order, each offer's levels
    by day), `since` (the day the level began), `price_fen` (nan: off the shelf). Of each offer: `start`, the first day of
    the procurement price, and `reference_fen`, the same per pack. `on` is the day asked about. An offer that was cheap
    enough on the first day took 0 days; one that came onto the shelf later is counted from then on.
    """
    at, level = np.asarray(offer, np.int64), np.asarray(since, np.int64)
    fen = np.asarray(price_fen, np.float64)
    begun = np.asarray(start, np.int64)
    allowed = np.asarray(reference_fen, np.float64) * (1 + parameters.markup)
    n = len(begun)
    until = np.append(level[1:], on + 1)
    until[np.append(at[1:] != at[:-1], True) if len(at) else []] = on + 1
    held = until > begun[at]  # still there on or after the first day
    sold = held & ~np.isnan(fen) & (level <= on)
    never = np.iinfo(np.int64).max
    first_sold, first_low = np.full(n, never), np.full(n, never)
    np.minimum.at(first_sold, at[sold], np.maximum(level, begun[at])[sold])
    low = sold & (fen <= allowed[at] + 0.5)
    np.minimum.at(first_low, at[low], np.maximum(level, begun[at])[low])
    done = first_low < never
    took = np.where(done, first_low - np.where(done, first_sold, 0), 0).astype(np.float64)
    waited = np.where(first_sold < never, on - first_sold, 0)
    waiting = (first_sold < never) & ~done
    return Passed(
        np.where(done, took, np.nan), np.asarray(waiting), np.asarray(waiting & (waited > parameters.late_days))
    )
