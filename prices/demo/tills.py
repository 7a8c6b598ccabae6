"""What the demo's tills send: the state of their shelves, how it changes from delivery to delivery, and their slips.

A till reports for a chain, for the members of a platform, for the institutions or for one shop. Pure: bytes come out,
`prices.demo.load` hands them to the one door.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from prices.demo.shelves import Line, Prices, Shelf, stock_word
from prices.demo.shops import Shop

REPRICED, REPRICED_ALONE, RESTOCKED, REPLACED = 0.02, 0.003, 0.03, 0.012
"""Shares between two deliveries: a chain's drugs, a shop's own prices, stock words; products dropped and taken up."""
ROWS_PER_SLIP, MOST_SLIPS = 30, 4
"""A delivery with more than a tenth of bad rows would be held."""
SPIKE = (1.6, 1.85)


@dataclass(frozen=True, slots=True)
class Format:
    """How a till writes its files; `names` are its columns for pharmacy, drug, price, stock."""

    names: tuple[str, str, str, str] = ("pharmacy_code", "drug_code", "price", "stock")
    encoding: str = "utf-8"
    separator: str = ","
    counts_stock: bool = False
    dated: bool = False

    @property
    def mapping(self) -> dict[str, str]:
        """For `Feed.mapping`: their names to ours, where they differ."""
        return {theirs: ours for theirs, ours in zip(self.names, Format().names, strict=True) if theirs != ours}


PLAIN = Format()
EXCEL = Format(("门店编号", "医保药品代码", "零售价", "库存"), encoding="gb18030", counts_stock=True)
TABS = Format(encoding="utf-8-sig", separator="\t", dated=True)
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
            if not shop.chain:
                self._reprice_alone(place, 0.02, changed)
            else:
                self._reprice_alone(place, REPRICED_ALONE, changed)
            self._restock(place, changed)
        for chain in sorted({shop.chain for shop in self.shops if shop.chain}):
            self._reprice_chain(chain, changed)
        if spike:
            self._spike(changed)
        return changed

    def _sample(self, place: int, share: float) -> list[int]:
        numbers = list(self.shelves[place])
        return self.rng.sample(numbers, round(share * len(numbers) + self.rng.random() - 0.5)) if numbers else []

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

    def _reprice_chain(self, chain: str, changed: Changed) -> None:
        known = self.prices.chain_wide(chain)
        for number in self.rng.sample(sorted(known), round(REPRICED * len(known))):
            self._set_chain(chain, number, self.prices.moved(number, known[number]), changed)

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
        line, chain = self.shelves[place][number], self.shops[place].chain
        fen = round(line.fen * self.rng.uniform(*SPIKE) / 10) * 10
        if chain and chain == self.chain:
            self._set_chain(chain, number, fen, changed)
        else:
            line.fen, line.own = fen, True
            changed[place, number] = line

    def replace_products(self) -> None:
        """A few products leave the shelves and others come: a snapshot tells by silence."""
        common = [number for number, drug in enumerate(self.prices.drugs) if drug.availability > 0.05]
        for place, shop in enumerate(self.shops):
            shelf = self.shelves[place]
            gone = [number for number in self._sample(place, REPLACED) if number in set(common)]
            for number in gone:
                del shelf[number]
            for number in self.rng.sample(common, min(len(gone), len(common))):
                if number not in shelf and number not in gone:
                    shelf[number] = self.stocked(shop, number)

    def stocked(self, shop: Shop, number: int) -> Line:
        own = not shop.chain or self.rng.random() < 0.03
        fen = (
            self.prices.of_shop(shop, number) if own else self.prices.of_chain(shop.chain, shop.style, number)
        )
        return Line(fen, stock_word(self.rng), own=own)

    # -- files --------------------------------------------------------------------------------------------------------

    def snapshot(self, at: datetime, silent: set[int], *, slips: int = 0) -> bytes:
        """Every line of every shop that still reports."""
        cells = [
            (place, number, line)
            for place, shelf in enumerate(self.shelves)
            if place not in silent
            for number, line in shelf.items()
        ]
        return self._file(at, self._slipping(cells, slips))

    def delta(self, at: datetime, silent: set[int], changed: Changed, *, slips: bool) -> bytes:
        """The lines that moved, and a few bad rows."""
        cells = [(place, number, line) for (place, number), line in sorted(changed.items()) if place not in silent]
        bad = min(MOST_SLIPS, len(cells) // ROWS_PER_SLIP) if slips else 0
        return self._file(at, [*self._slipping(cells, bad // 2), *self._nonsense(bad - bad // 2)])

    def in_fen(self, at: datetime) -> bytes:
        """The whole shelf with prices in 分, as after a wrong setting."""
        cells = [
            (place, number, Line(line.fen * 100, line.stock, own=True))
            for place, shelf in enumerate(self.shelves)
            for number, line in shelf.items()
        ]
        return self._file(at, cells)

    def _slipping(self, cells: list[tuple[int, int, Line]], count: int) -> list[tuple[int, int, Line]]:
        """The cells with `count` slips of the decimal point. The shelf is right, only the file is wrong."""
        cells = list(cells)
        for index in self.rng.sample(range(len(cells)), min(count, len(cells))):
            place, number, line = cells[index]
            fen = line.fen // 10 if line.fen >= 1000 and self.rng.random() < 0.4 else line.fen * 10
            cells[index] = (place, number, Line(fen, line.stock, own=True))
        return cells

    def _nonsense(self, count: int) -> Iterator[tuple[int, int | str, Line]]:
        """Rows with a drug code of the till's own that nobody knows."""
        for _number in range(count):
            place = self.rng.randrange(len(self.shops))
            yield place, f"ZB{self.rng.randint(10_000, 99_999)}", Line(self.rng.randint(500, 5000), "in", own=True)

    def _file(self, at: datetime, cells: Iterable[tuple[int, int | str, Line]]) -> bytes:
        form, codes = self.format, self.codes
        one_shop = len(self.shops) == 1 and not self.chain
        shops = ["" if one_shop else (shop.store_no if self.chain else shop.code) + form.separator for shop in self.shops]
        header = [*form.names[1 if one_shop else 0 :], *(["effective_at"] if form.dated else [])]
        end = f"{form.separator}{(at - timedelta(minutes=35)).isoformat()}" if form.dated else ""
        lines = [form.separator.join(header)]
        for place, number, line in cells:
            code = codes[number] if isinstance(number, int) else number
            stock = _counted(line.stock, number) if form.counts_stock else line.stock
            fen = line.fen
            lines.append(
                f"{shops[place]}{code}{form.separator}{fen // 100}.{fen % 100:02d}{form.separator}{stock}{end}"
            )
        return "\n".join([*lines, ""]).encode(form.encoding)


def _counted(word: str, number: int | str) -> str:
    """Some tills send quantities."""
    return {"in": str(5 + (number % 40 if isinstance(number, int) else 0)), "low": "2", "out": "0"}.get(word, word)
