"""How the demo's tills write their files: each in the manner of its program."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from prices.demo.shelves import Line
from prices.demo.shops import Shop

Cell = tuple[int, int | str, Line]
"""Place of the shop among the till's, number of the drug (or a code nobody knows), what is on the label."""


@dataclass(frozen=True, slots=True)
class Format:
    """`names`: the columns for pharmacy, drug, price, stock."""

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


def write(
    form: Format, cells: Iterable[Cell], *, shops: Sequence[Shop], codes: Sequence[str], chain: str, at: datetime
) -> bytes:
    """The file of a delivery; a chain uses its store numbers, and one shop alone needs no pharmacy column."""
    alone = len(shops) == 1 and not chain
    first = ["" if alone else (shop.store_no if chain else shop.code) + form.separator for shop in shops]
    header = [*form.names[1 if alone else 0 :], *(["effective_at"] if form.dated else [])]
    end = f"{form.separator}{(at - timedelta(minutes=35)).isoformat()}" if form.dated else ""
    lines = [form.separator.join(header)]
    for place, number, line in cells:
        code = codes[number] if isinstance(number, int) else number
        stock = _counted(line.stock, len(lines)) if form.counts_stock else line.stock
        price = f"{line.fen // 100}.{line.fen % 100:02d}"
        lines.append(f"{first[place]}{code}{form.separator}{price}{form.separator}{stock}{end}")
    return "\n".join([*lines, ""]).encode(form.encoding)


def _counted(word: str, number: int) -> str:
    """Some tills send quantities."""
    return {"in": str(5 + number % 40), "low": "2", "out": "0"}.get(word, word)
