"""Rows that the state machine of ingest sends: as their senders mean them, as the model judges them, and as files."""

import math
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone

PRICES = {"10.00": 1000, "￥11.00": 1100, "12.50": 1250, "18.00": 1800, "100.00": 10000}
STOCKS = {"": 0, "in": 1, "3": 2, "low": 2, "out": 3}
FLAWS = [
    "price",
    "code",
    "shop",
    "nobody",
    "ragged",
    "ragged_nobody",
    "repeat",
    "rival",
    "older",
    "member",
    "bad_member",
    "member_only",
    "far",
]
COLUMNS = "pharmacy_code,drug_code,price,stock,effective_at,kind"


@dataclass(frozen=True)
class Row:
    """A row as its sender means it; `shop` and `drug` are codes as written."""

    shop: str
    drug: str
    price: str = "10.00"
    stock: str = ""
    effective: datetime | None = None
    kind: str = ""
    shape: str = ""  # "ragged", "cut"


@dataclass(frozen=True)
class Judged:
    """`shop` and `drug` are None when nobody knows the code."""

    row: Row
    shop: str | None
    drug: str | None
    fen: int
    effective: datetime
    scheduled: bool
    refused: str = ""

    @property
    def present(self) -> bool:
        """A shelf price of today."""
        return not self.row.kind and not self.scheduled

    @property
    def key(self) -> tuple[str, str]:
        return self.shop or "", self.drug or ""

    @property
    def about(self) -> tuple[object, ...]:
        return self.shop, self.drug, self.row.kind, self.effective if self.scheduled else None

    def refuse(self, reason: str) -> "Judged":
        return replace(self, refused=reason)


def shanghai_day(moment: datetime) -> date:
    return moment.astimezone(timezone(timedelta(hours=8))).date()


def is_slip(fen: int, last: int, pack: int) -> bool:
    """Ten or a hundred times off, or the tablet's price for the pack's."""
    if abs(math.log(fen / last)) <= math.log(1.05):
        return False
    return any(
        abs(math.log(fen / (last * factor))) <= math.log(1.05) for factor in (10, 100, 0.1, 0.01, pack, 1 / pack)
    )


def flawed(what: str, row: Row, first: Row, *, now: datetime) -> Row:
    """One row with one flaw: about the shop and drug of `row`, or a rival of `first`, the file's first row."""
    return {
        "price": Row(row.shop, row.drug, "abc"),
        "code": Row(row.shop, f"OWN{int(row.drug[-1]) % 2}"),
        "shop": Row("S99", row.drug),
        "nobody": Row("", row.drug),
        "ragged": Row(row.shop, row.drug, shape="ragged"),
        "ragged_nobody": Row("half a name", row.drug, shape="ragged"),
        "repeat": first,
        "rival": Row(first.shop, first.drug, "18.00", "out", first.effective),
        "older": Row(first.shop, first.drug, "12.50", "", now - timedelta(hours=50)),
        "member": Row(row.shop, row.drug, "12.50", kind="member"),
        "bad_member": Row(first.shop, first.drug, "abc", kind="member"),
        "member_only": Row(row.shop, row.drug, "abc", kind="member"),
        "far": Row(row.shop, row.drug, "10.00", "", now + timedelta(days=40)),
    }[what]


def file_of(rows: tuple[Row, ...]) -> bytes:
    lines = [COLUMNS]
    for row in rows:
        effective = row.effective.isoformat() if row.effective else ""
        cells = [row.shop, row.drug, row.price, row.stock, effective, row.kind]
        lines.append(",".join({"ragged": [*cells, "surplus"], "cut": cells[:3]}.get(row.shape, cells)))
    return ("\n".join(lines) + ("" if rows[-1].shape == "cut" else "\n")).encode()
