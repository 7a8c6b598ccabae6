"""What the generated province sells: the generated catalogue, from its commonest drug to its rarest, with usual prices.

The catalogue yields its names in the order of how much is sold of them, and of each name its leading makers first. A
drug's rank follows both, so a common preparation has twenty to forty drugs from everywhere to rare, as in a real shop.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from catalog import generated
from catalog.generated import Product
from catalog.models import Drug, DrugList, DrugListEntry
from prices.generated.size import Floats, Ints, Size

LEAST_FEN, MOST_FEN = 100, 500_000
LISTED_EVERY = 50
"""Every so many ranks a drug is on the province's dual-channel list."""


@dataclass(frozen=True)
class Assortment:
    """By rank, the commonest first: ids of the drugs, and what they usually cost (分, not yet round)."""

    ids: Ints
    usual_fen: Floats

    def __len__(self) -> int:
        return len(self.ids)


def load(size: Size) -> Assortment:
    """Write the catalogue; raises `catalog.generated.NotEmpty` when there is one."""
    rows = list(generated.products(size.drugs, seed=size.seed))
    generated.load(rows)
    ids = dict(Drug.objects.values_list("code", "pk"))
    ranked = by_rank(size, rows)
    return Assortment(np.array([ids[rows[n].code] for n in ranked]), usual_fen(size, rows)[ranked])


def name_dual_channel(assortment: Assortment, drug_list: DrugList) -> int:
    """Put every fiftieth drug on the list, common and rare ones; how many."""
    named = assortment.ids[LISTED_EVERY // 2 :: LISTED_EVERY].tolist()
    rows = [DrugListEntry(drug_list=drug_list, drug_id=pk, valid=drug_list.valid) for pk in named]
    return len(DrugListEntry.objects.bulk_create(rows))


def by_rank(size: Size, rows: list[Product]) -> Ints:
    """Numbers of the rows, the commonest first: by the place of their name and their place within it, with some luck."""
    name, within = _places([row.generic_name for row in rows])
    luck = size.rng(7).normal(0, 0.5, len(rows))
    return np.argsort(np.log(name + 5) + 0.6 * np.log(within + 1) + luck, kind="stable")


def usual_fen(size: Size, rows: list[Product]) -> Floats:
    """Drugs of a preparation cost alike: by their maker more or less, and a larger pack more, though not in proportion."""
    preparation, _within = _places([(row.generic_name, row.dosage_form, row.strength) for row in rows])
    packs = np.log([row.pack_count for row in rows])
    mean_pack = (np.bincount(preparation, packs) / np.bincount(preparation))[preparation]
    rng = size.rng(4)
    alike = rng.normal(3.2, 0.9, preparation.max() + 1)[preparation]  # logarithm of yuan
    logarithm = alike + rng.normal(0, 0.3, len(rows)) + 0.85 * (packs - mean_pack)
    fen: Floats = np.clip(np.exp(logarithm) * 100, LEAST_FEN, MOST_FEN)
    return fen


def _places(keys: Sequence[Hashable]) -> tuple[Ints, Ints]:
    """Of each entry: the number of its key in order of first appearance, and how many equal keys stand before it."""
    numbers: dict[Hashable, int] = {}
    counts: list[int] = []
    found = np.zeros((2, len(keys)), dtype=np.int64)
    for n, key in enumerate(keys):
        number = numbers.setdefault(key, len(numbers))
        if number == len(counts):
            counts.append(0)
        found[:, n] = number, counts[number]
        counts[number] += 1
    return found[0], found[1]
