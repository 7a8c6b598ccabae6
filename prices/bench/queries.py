"""What people type, with what must stand first: `queries.csv`, written for this project.

A query in braces is a code of a product of that name (`{barcode}`): the catalogue says which.
"""

import csv
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from catalog.models import Drug

FILE = Path(__file__).parent / "queries.csv"


@dataclass(frozen=True, slots=True)
class Query:
    """An empty expectation says nothing. `manufacturer` is a part of the name."""

    text: str
    generic_name: str
    strength: str
    manufacturer: str
    kind: str

    def answered_by(self, drug: Drug | None) -> bool:
        if drug is None:
            return False
        preparation = drug.preparation
        return (
            self.generic_name in ("", preparation.generic_name)
            and self.strength in ("", preparation.strength)
            and self.manufacturer in drug.manufacturer
        )


CODES: dict[str, Callable[[Drug], str]] = {
    "{code}": lambda drug: drug.code,
    "{code_lower}": lambda drug: drug.code.lower(),
    "{code_wide}": lambda drug: "".join(chr(ord(letter) + 0xFEE0) for letter in drug.code),
    "{approval}": lambda drug: drug.approval_no,
    "{approval_short}": lambda drug: drug.approval_no.removeprefix("国药准字"),
    "{approval_blank}": lambda drug: drug.approval_no.replace("国药准字", "国药准字 ").lower(),
    "{barcode}": lambda drug: drug.barcode,
    "{barcode_begun}": lambda drug: drug.barcode[:12],
    "{trace}": lambda drug: drug.trace_prefix + "0123456789012",
}


def queries() -> list[Query]:
    """All of them, codes filled in from the catalogue in the database."""
    with FILE.open(encoding="utf-8", newline="") as file:
        rows = [
            Query(row["query"], row["generic_name"], row["strength"], row["manufacturer"], row["kind"])
            for row in csv.DictReader(file)
        ]
    return [_filled(row) for row in rows]


def _filled(query: Query) -> Query:
    if query.text not in CODES:
        return query
    drug = Drug.objects.filter(preparation__generic_name=query.generic_name).order_by("code")[0]
    return replace(query, text=CODES[query.text](drug))
