"""How large the generated province is, and the proportions it keeps whatever its size."""

from dataclasses import dataclass

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

CARRIED_BY_MOST = 0.95
"""Share of the pharmacies that carry the commonest drugs."""
FEWEST = 5
"""Pharmacies that carry the rarest drugs."""
RARE_SHARE = 0.02
"""Share of the drugs, the rarest, over which that number falls from the tail's end to the fewest."""
TAIL = 0.6
"""Exponent by which drugs become rarer with their rank."""
OUT_OF_STOCK, LOW, TO_ORDER, UNSAID = 0.10, 0.08, 0.02, 0.10


class Impossible(ValueError):
    """No province is that large; the message says what is possible."""


@dataclass(frozen=True, slots=True)
class Size:
    """`offers_per_pharmacy` is a mean: every drug is in as many shops as its rank says. Raises `Impossible`."""

    pharmacies: int = 30_000
    drugs: int = 15_000
    offers_per_pharmacy: int = 2_000
    seed: int = 1

    def __post_init__(self) -> None:
        if not 200 <= self.pharmacies <= 100_000:
            raise Impossible(_("--pharmacies：200 到 100000"))
        if not 10 <= self.drugs <= 260_000:
            raise Impossible(_("--drugs：10 到 260000"))
        if not 1 <= self.offers_per_pharmacy <= self.drugs * 0.5:
            raise Impossible(_("--offers-per-pharmacy：1 到药品数的一半"))
        if self.seed < 0:
            raise Impossible(_("--seed：不小于 0 的整数"))

    def rng(self, *what: int) -> np.random.Generator:
        """A stream of its own for each part, so that one part can change without moving the others."""
        return np.random.default_rng([self.seed, *what])


def availability(size: Size) -> Floats:
    """Share of the pharmacies that carry each drug, by rank: from nearly all of them down to `FEWEST`.

    A power law, capped above, the rarest drugs rarer still, scaled so that a pharmacy carries `offers_per_pharmacy`
    drugs in the mean.
    """
    falling: Floats = np.arange(1, size.drugs + 1, dtype=np.float64) ** -TAIL
    low, high = 0.0, float(size.drugs)
    for _turn in range(60):
        middle = (low + high) / 2
        enough = _shaped(size, falling, middle).sum() >= size.offers_per_pharmacy
        low, high = (low, middle) if enough else (middle, high)
    return _shaped(size, falling, high)


def _shaped(size: Size, falling: Floats, factor: float) -> Floats:
    fewest = FEWEST / size.pharmacies
    shaped: Floats = np.clip(falling * factor, fewest, CARRIED_BY_MOST)
    rare = max(1, int(size.drugs * RARE_SHARE))
    shaped[-rare:] = np.geomspace(shaped[-rare], fewest, rare)
    shaped[-1] = fewest
    return shaped
