"""高于参考价: which mark (黄标, 红标) a price gets by the lines of a document, as a multiple of a reference price."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from django.utils.translation import gettext_lazy as _

from prices.monitoring.parameters import Bounded, number
from prices.monitoring.robust import Floats, Ints

NAME, VERSION = "reference", 1


@dataclass(frozen=True)
class Parameters(Bounded):
    min_yuan: float = number(0.0, 0, 10_000, _("高出参考价至少"), _("元"))


@dataclass(frozen=True, slots=True)
class Tier:
    """A line of a 阈值方案: from `lower` times the reference up to below `upper` times (None: no end)."""

    lower: float
    upper: float | None
    label: str
    document: str = ""
    threshold_id: int | None = None


@dataclass(frozen=True)
class Tiered:
    """For each of n prices the index of its tier (−1: none) and its multiple of the reference (nan: no reference)."""

    tier: Ints
    ratio: Floats
    labels: npt.NDArray[np.str_]  # "" where there is none


def detect(
    price_fen: npt.ArrayLike,
    reference_fen: npt.ArrayLike,
    tiers: Sequence[Tier],
    parameters: Parameters = Parameters(),
) -> Tiered:
    """Into which tier each of n prices falls; at or below its reference a price falls into none, whatever the lines say.

    Prices in 分 per pack (a reference per smallest unit times the pack count may have a fraction), nan where there is no
    reference. No tiers, no marks: an area that has loaded no document. Source: domain.md 2.3, V2.6.
    """
    price = np.asarray(price_fen, np.float64)
    reference = np.broadcast_to(np.asarray(reference_fen, np.float64), price.shape)
    ratio = np.divide(price, reference, out=np.full(price.shape, np.nan), where=reference > 0)
    above = (ratio > 1) & (price - reference >= parameters.min_yuan * 100 - 1e-6)
    found = np.full(price.shape, -1, np.int64)
    for number_, tier in enumerate(tiers):
        inside = above & (ratio >= tier.lower) & (ratio < (np.inf if tier.upper is None else tier.upper))
        found[inside] = number_
    labels = np.array([*(tier.label for tier in tiers), ""])[found]
    return Tiered(found, ratio, labels)
