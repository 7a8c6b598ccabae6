"""What the demo's tills hold and how it changes from delivery to delivery, with their slips. Pure.

A till reports for a chain, for the members of a platform, for the institutions or for one shop. Its shelves are right;
slips are in the file only.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random

from prices.demo.files import PLAIN, Cell, Format, write
from prices.demo.shelves import Line, Prices, Shelf, stock_word
from prices.demo.shops import Shop

# Shares of what changes between two deliveries: a chain's prices, those of a shop on its own, a chain shop's
# deviations, stock words, products dropped and taken up.
REPRICED, REPRICED_ALONE, DEVIATING, RESTOCKED, REPLACED = 0.02, 0.02, 0.003, 0.03, 0.012
OWN_PRICE = 0.03
ROWS_PER_SLIP, MOST_SLIPS = 30, 4
"""A delivery with more than a tenth of bad rows would be held."""
SPIKE = (1.6, 1.85)
PLANTED = (1.62, 1.78)
COMMON_HERE = 0.3
"""So many shops have it that a city has enough of them to compare."""
COMMON = 0.05
NEVER = 100_000
MOST_DROPPED = 0.03
"""A snapshot that drops a twentieth of a feed's products would be held, too."""

FOLLOWS = ((2, 40), (5, 30), (14, 15), (23, 8), (NEVER, 7))
"""So many days after a procurement price came into force a chain, or a shop that belongs to none, follows it; weights."""
UNMOVED = "汉水堂大药房"
"""This chain does not follow at all."""

Changed = dict[tuple[int, int], Line]
"""(place of the shop among the till's, number of the drug) → the line as it is now."""


@dataclass
class Till:
    slug: str
    name: str
    chain: str  # or empty: it reports for the shops it names
    shops: Sequence[Shop]
    shelves: list[Shelf]
    prices: Prices
    rng: Random
    other: Random  # for what befalls few: the rest of the story stays as it is
    number: int  # among the tills
    codes: list[str]  # of the drugs, by number
    format: Format = PLAIN

    @property
    def rows(self) -> int:
        return sum(map(len, self.shelves))

    # -- what happens between two deliveries --------------------------------------------------------------------------

    def move(self, *, spike: bool = False) -> Changed:
        """Prices and stocks move a little; the lines that did."""
        changed: Changed = {}
        for place, shop in enumerate(self.shops):
            self._reprice_alone(place, DEVIATING if shop.chain else REPRICED_ALONE, changed)
            self._restock(place, changed)
        for chain in sorted({shop.chain for shop in self.shops if shop.chain}):
            known = self.prices.chain_wide(chain)
            for number in self.rng.sample(sorted(known), round(REPRICED * len(known))):
                self._set_chain(chain, number, self.prices.moved(number, known[number]), changed)
        if spike:
            self._spike(changed)
        return changed

    def follow(self, days_ago: float, changed: Changed) -> None:
        """Who follows the procurement prices by now, `days_ago` before the load, comes down to them; a chain everywhere
        at once."""
        won = [(number, price) for number, drug in enumerate(self.prices.drugs) if (price := drug.won)]
        for number, price in won:
            passed = price.days_ago - days_ago
            for chain in sorted({shop.chain for shop in self.shops if shop.chain}):
                known = self.prices.chain_wide(chain)
                if number in known and passed >= _follows_after(chain):
                    self._set_chain(chain, number, self.prices.landed(number, known[number], self.other), changed)
            for place, shop in enumerate(self.shops):
                line = self.shelves[place].get(number)
                if line and line.own and passed >= _follows_after(shop.chain or shop.code):
                    fen = self.prices.landed(number, line.fen, self.other)
                    if fen != line.fen:
                        line.fen = fen
                        changed[place, number] = line

    def replace_products(self, changed: Changed) -> None:
        """A few products leave the shelves and others come: a snapshot tells by silence."""
        drugs = enumerate(self.prices.drugs)
        common = {number for number, drug in drugs if drug.retail and drug.availability > COMMON}
        room = int(MOST_DROPPED * self.rows)
        for place, shop in enumerate(self.shops):
            shelf = self.shelves[place]
            gone = set([number for number in self._sample(place, REPLACED) if number in common][:room])
            room -= len(gone)
            for number in sorted(gone):
                del shelf[number]
                changed.pop((place, number), None)
            for number in self.rng.sample(sorted(common), min(len(gone), len(common))):
                if number not in shelf and number not in gone:
                    shelf[number] = changed[place, number] = self.stocked(shop, number)

    def stocked(self, shop: Shop, number: int) -> Line:
        """A product as it comes onto the shelf."""
        own = not shop.chain or self.rng.random() < OWN_PRICE
        fen = self.prices.of_shop(shop, number) if own else self.prices.of_chain(shop.chain, shop.style, number)
        return Line(fen, stock_word(self.rng), own=own)

    def _sample(self, place: int, share: float) -> list[int]:
        numbers = list(self.shelves[place])
        return self.rng.sample(numbers, int(share * len(numbers) + self.rng.random()))

    def _reprice_alone(self, place: int, share: float, changed: Changed) -> None:
        for number in self._sample(place, share):
            line = self.shelves[place][number]
            line.fen, line.own = self.prices.moved(number, line.fen), True
            changed[place, number] = line

    def _restock(self, place: int, changed: Changed) -> None:
        for number in self._sample(place, RESTOCKED):
            line = self.shelves[place][number]
            line.stock = stock_word(self.rng)
            changed[place, number] = line

    def _set_chain(self, chain: str, number: int, fen: int, changed: Changed) -> None:
        self.prices.chain_wide(chain)[number] = fen
        for place, shop in enumerate(self.shops):
            line = self.shelves[place].get(number)
            if shop.chain == chain and line and not line.own and line.fen != fen:
                line.fen = fen
                changed[place, number] = line

    def _spike(self, changed: Changed) -> None:
        """Somebody makes a drug much dearer: a real price, for people to look into. Not a factor that a slip has."""
        place = self.rng.randrange(len(self.shops))
        numbers = [number for number in self.shelves[place] if self.prices.drugs[number].pack_count > 3]
        if not numbers:
            return
        number = self.rng.choice(numbers)
        line = self.shelves[place][number]
        fen = round(line.fen * self.rng.uniform(*SPIKE) / 10) * 10
        if self.chain and not line.own:
            self._set_chain(self.chain, number, fen, changed)
        else:
            line.fen, line.own = fen, True
            changed[place, number] = line

    def plant(self, adcode: str, changed: Changed) -> None:
        """Shops of one county ask much more for a drug that all their neighbours have: leads that officials will find."""
        alone = [place for place, shop in enumerate(self.shops) if shop.adcode == adcode and not shop.chain]
        for place, times in zip([each for each in alone if not self.shops[each].condition], PLANTED, strict=False):
            shelf = self.shelves[place]
            known = {number: self.prices.drugs[number] for number in shelf}
            common = [
                number for number, drug in known.items() if drug.availability > COMMON_HERE and drug.pack_count > 3
            ]
            if not common:
                continue
            line = shelf[number := max(common, key=lambda each: (known[each].typical_fen, each))]
            line.fen, line.own = round(known[number].typical_fen * times / 10) * 10, True
            changed[place, number] = line

    # -- what it sends ------------------------------------------------------------------------------------------------

    def snapshot(self, at: datetime, silent: set[int], changed: Changed, *, slips: int = 0) -> bytes:
        """Every line of every shop that still reports; `slips` of those that did not change are written wrongly."""
        wrong = self._slips(slips, silent, changed)
        return self._write(
            at,
            (
                (place, number, wrong.get((place, number), line))
                for place, shelf in enumerate(self.shelves)
                if place not in silent
                for number, line in shelf.items()
            ),
        )

    def delta(self, at: datetime, silent: set[int], changed: Changed) -> bytes:
        """The lines that changed, and a few bad rows; empty when nothing did."""
        cells: list[Cell] = [
            (place, number, line) for (place, number), line in sorted(changed.items()) if place not in silent
        ]
        if not cells:
            return b""
        bad = min(MOST_SLIPS, len(cells) // ROWS_PER_SLIP)
        wrong = self._slips(bad // 2, silent, changed)
        cells += [(place, number, line) for (place, number), line in wrong.items()]
        return self._write(at, [*cells, *self._unknown(bad - bad // 2, silent)])

    def in_fen(self, at: datetime) -> bytes:
        """The whole shelf with prices in 分, as after a wrong setting."""
        return self._write(
            at,
            (
                (place, number, Line(line.fen * 100, line.stock, own=True))
                for place, shelf in enumerate(self.shelves)
                for number, line in shelf.items()
            ),
        )

    def _slips(self, count: int, silent: set[int], changed: Changed) -> Changed:
        """Lines with a slip of the decimal point, all of them known before and unchanged."""
        places = [place for place in range(len(self.shops)) if place not in silent and self.shelves[place]]
        wrong: Changed = {}
        for place in self.rng.choices(places, k=count) if places else ():
            number = self.rng.choice(list(self.shelves[place]))
            line = self.shelves[place][number]
            if (place, number) not in changed:
                fen = line.fen // 10 if line.fen >= 1000 and self.rng.random() < 0.4 else line.fen * 10
                wrong[place, number] = Line(fen, line.stock, own=True)
        return wrong

    def _unknown(self, count: int, silent: set[int]) -> Iterator[Cell]:
        """Rows with a drug code of the till's own that nobody knows."""
        places = [place for place in range(len(self.shops)) if place not in silent]
        for place in self.rng.choices(places, k=count) if places else ():
            line = Line(self.rng.randint(500, 5000), "in", own=True)
            yield place, f"ZB{self.rng.randint(10_000, 99_999)}", line

    def _write(self, at: datetime, cells: Iterator[Cell] | list[Cell]) -> bytes:
        return write(self.format, cells, shops=self.shops, codes=self.codes, chain=self.chain, at=at)


def _follows_after(who: str) -> int:
    """Days; who is a chain's name or a shop's code."""
    if who == UNMOVED:
        return NEVER
    return Random(f"follows/{who}").choices([days for days, _w in FOLLOWS], [weight for _days, weight in FOLLOWS])[0]
