"""What stands on the demo's shelves and at what price: assortments, chain-wide prices, and how they move. Pure."""

import math
from collections import defaultdict
from collections.abc import Sequence
from random import Random

from prices.demo.facts import DrugFact, Facts
from prices.demo.shops import Condition, Shop

RARE = 0.02
"""A drug that no larger share of the shops carries is in exactly as many as its availability says."""
LEVELS = {"discount": 0.91, "mid": 1.0, "premium": 1.1, "institution": 0.93}
INSTITUTION_CARRIES = 0.5
"""A hospital's dispensary has that share of what a pharmacy has."""
MARKUP = 0.12
"""A shop that follows a procurement price asks at most so much more."""
FOLLOWING = 0.08
STOCKS = (("in", 84), ("low", 7), ("out", 4), ("", 5))


class Line:
    """One product on one shelf. `own`: its price does not follow the chain's."""

    __slots__ = ("fen", "own", "stock")

    def __init__(self, fen: int, stock: str, *, own: bool) -> None:
        self.fen, self.stock, self.own = fen, stock, own


Shelf = dict[int, Line]
"""Number of the drug among the facts → its line."""


def assortments(shops: Sequence[Shop], drugs: Sequence[DrugFact], rng: Random) -> list[list[int]]:
    """For each shop the numbers of the drugs it carries; a big shop carries more than a small one.

    What pharmacies may not sell only institutions carry.
    """
    carried: list[list[int]] = [[] for _shop in shops]
    sizes = [rng.uniform(0.7, 1.3) * (INSTITUTION_CARRIES if shop.style == "institution" else 1) for shop in shops]
    pharmacies = [place for place, shop in enumerate(shops) if shop.style != "institution"]
    ready = [place for place in pharmacies if shops[place].condition == Condition.FINE]
    dual = [place for place in ready if "dual_channel" in shops[place].services]
    institutions = [place for place, shop in enumerate(shops) if shop.style == "institution"]
    for number, drug in enumerate(drugs):
        if not drug.retail:
            for place in sorted(rng.sample(institutions, math.ceil(drug.availability * len(institutions)))):
                carried[place].append(number)
            continue
        wanted = max(1, round(drug.availability * len(pharmacies)))
        if drug.availability <= RARE or (drug.dual_channel and wanted <= len(dual)):
            among = dual if drug.dual_channel and wanted <= len(dual) else ready
            for place in sorted(rng.sample(among, min(wanted, len(among)))):
                carried[place].append(number)
            continue
        for place, size in enumerate(sizes):
            if rng.random() < drug.availability * size:
                carried[place].append(number)
    return carried


def stock_word(rng: Random) -> str:
    return rng.choices([word for word, _weight in STOCKS], [weight for _word, weight in STOCKS])[0]


class Prices:
    """What each chain, and each shop that belongs to none, asks for a drug; chain-wide prices are equal to the fen."""

    def __init__(self, facts: Facts, rng: Random) -> None:
        self.drugs, self.rng = facts.drugs, rng
        self._chain: dict[str, dict[int, int]] = defaultdict(dict)
        self._level: dict[str, float] = {}

    def of_chain(self, chain: str, style: str, number: int) -> int:
        known = self._chain[chain]
        if number not in known:
            known[number] = self.fresh(number, LEVELS[style])
        return known[number]

    def chain_wide(self, chain: str) -> dict[int, int]:
        """The chain's prices by drug; its shops follow when one changes."""
        return self._chain[chain]

    def of_shop(self, shop: Shop, number: int) -> int:
        level = LEVELS.get(shop.style)
        if level is None:
            level = self._level.setdefault(shop.code, self.rng.uniform(0.88, 1.16)) * _county(shop.adcode)
        return self.fresh(number, level)

    def fresh(self, number: int, level: float) -> int:
        """A price of the drug at a price level, in fen. Negotiated drugs cost nearly the same everywhere."""
        drug, rng = self.drugs[number], self.rng
        if drug.kind == "谈判":
            return drug.typical_fen if rng.random() < 0.9 else rounded(drug.typical_fen * rng.uniform(0.98, 1.02), rng)
        return rounded(drug.typical_fen * level * math.exp(rng.gauss(0, 0.06)), rng)

    def moved(self, number: int, fen: int) -> int:
        """The next price after `fen`: a step, back towards what is usual."""
        usual = self.drugs[number].usual_fen(fen)
        pull = math.log(usual / fen) * 0.3
        return rounded(fen * math.exp(pull + self.rng.gauss(0, 0.05)), self.rng)

    def landed(self, number: int, fen: int, rng: Random) -> int:
        """The price of a shop that follows the procurement price of the drug, after `fen`; its own where that is low."""
        won = self.drugs[number].won
        if won is None or fen <= won.fen * (1 + MARKUP):
            return fen
        new = rounded(won.fen * rng.uniform(1, 1 + FOLLOWING), rng)
        return new if new <= won.fen * (1 + MARKUP) else won.fen


def _county(adcode: str) -> float:
    """Counties differ by a few per cent."""
    return 0.97 + int(adcode) * 37 % 61 / 1000


def rounded(fen: float, rng: Random) -> int:
    """The price as it would be written on a label: mostly ending in .50, .80, .90 or .00."""
    habit = rng.random()
    if fen < 300:
        return max(10, round(fen / 10) * 10)
    if habit > 0.9:
        return round(fen)
    if habit > 0.7:
        return round(fen / 10) * 10
    yuan = int(fen // 100) * 100
    return min((yuan + ending for ending in (-10, 0, 50, 80, 90, 100)), key=lambda price: abs(price - fen))
