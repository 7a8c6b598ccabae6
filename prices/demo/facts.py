"""The hand-written facts of the demo province (README.md), typed. Their days are moved to the year of the load; `D-34` is
the day 34 days before it."""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

FOLDER = Path(__file__).parent
WRITTEN = 2026
"""The year that the days in the files speak of; a demo of another year moves them all."""
DAYS = ("valid_from", "valid_to", "agreement_from", "agreement_to")
BEFORE = "D-"
DRUG_COLUMNS = [
    "code",
    "generic_name",
    "dosage_form",
    "strength",
    "pack_count",
    "unit",
    "pack_unit",
    "manufacturer",
    "trade_name",
    "approval_no",
    "barcode",
    "trace_prefix",
    "quality",
    "rx_class",
]
"""The columns of drugs.csv that `import_drugs` reads; the others serve the demo only."""


@dataclass(frozen=True, slots=True)
class Won:
    """A procurement price (集采中选价) that comes into force in the demo's own time."""

    fen: int  # of a pack
    days_ago: int  # its first day, before that of the load


@dataclass(frozen=True, slots=True)
class DrugFact:
    code: str
    generic_name: str
    dosage_form: str
    strength: str
    pack_count: int
    ins_class: str  # 甲, 乙 or empty: not listed
    kind: str  # 常规, 谈判, 竞价 or empty
    typical_fen: int  # of a pack
    availability: float  # share of the pharmacies that carry it; of the institutions, where no pharmacy may
    dual_channel: bool
    retail: bool  # False: on the list of what pharmacies may not sell
    won: Won | None = None

    def usual_fen(self, fen: int) -> int:
        """What a price of `fen` would drift towards: what is usual, or the procurement price once it has come down to it."""
        known = [self.typical_fen, *([self.won.fen] if self.won else [])]
        return min(known, key=lambda each: abs(each - fen))


@dataclass(frozen=True, slots=True)
class ChainFact:
    name: str
    share: float  # weight among chains
    style: str  # discount, mid, premium
    home: str  # the beginning of the codes of the counties where it has shops


@dataclass(frozen=True, slots=True)
class ListFact:
    kind: str
    area: str
    document: str
    valid_from: str
    data: bytes  # what `import_list` reads


@dataclass(frozen=True, slots=True)
class Printed:
    """What the edition prints beside a name and form: the restriction, and the agreement's first and last day."""

    restriction: str
    agreement: tuple[date, date] | None


@dataclass(frozen=True, slots=True)
class Change:
    """One row that next year's edition has otherwise: `new`, `gone`, `moved` (to 常规), `class` or `restriction`."""

    change: str
    generic_name: str
    dosage_form: str
    ins_class: str
    kind: str
    category_code: str
    restriction: str


@dataclass(frozen=True, slots=True)
class EditionFacts:
    printed: dict[tuple[str, str], Printed]  # by generic name and form
    changes: list[Change]
    categories: list[tuple[str, str]]  # code, name
    unreviewed: dict[str, tuple[float, str]]  # drug code → score and reason of a candidate that nobody has settled


@dataclass(frozen=True)
class Facts:
    drugs: list[DrugFact]
    chains: list[ChainFact]
    people: dict[str, float]  # county code → population in 10,000
    streets: list[str]
    lists: list[ListFact]
    editions: EditionFacts
    payment_standards: list[tuple[str, Decimal]]  # drug code, yuan per pack
    files: dict[str, bytes] = field(repr=False)
    """"drugs", "daily_doses", "schemes", "reference_prices": as their importers read them."""


def read(drugs: int | None = None, *, on: date = date(WRITTEN, 12, 31)) -> Facts:
    """All facts, or those about the first `drugs` products only, with their days as of a load on the day `on`."""
    rows = _rows("drugs.csv")[:drugs]
    known = {row["code"] for row in rows}
    names = {(row["generic_name"], row["dosage_form"]) for row in rows}
    barred = {(row["generic_name"], row["dosage_form"]) for row in _rows("lists/not_for_retail.csv")}
    references = [row for row in _rows("reference_prices.csv", on) if row["drug_code"] in known]
    won = _won()
    return Facts(
        drugs=[_drug(row, barred, won.get(row["code"])) for row in rows],
        chains=[ChainFact(row["name"], float(row["share"]), row["style"], row["home"]) for row in _rows("chains.csv")],
        people={row["adcode"]: float(row["population_10k"]) for row in _rows("population.csv")},
        streets=[row["name"] for row in _rows("streets.csv")],
        lists=[_list(row, known, names, on) for row in _rows("lists/lists.csv", on)],
        editions=_editions(on),
        payment_standards=[
            (row["drug_code"], Decimal(row["amount"])) for row in references if row["kind"] == "payment_standard"
        ],
        files={
            "drugs": table(DRUG_COLUMNS, ([row[name] for name in DRUG_COLUMNS] for row in rows)),
            "daily_doses": (FOLDER / "daily_doses.csv").read_bytes(),
            "schemes": _again(_rows("schemes.csv", on)),
            "reference_prices": _again(references),
        },
    )


def table(header: Iterable[str], rows: Iterable[Iterable[object]]) -> bytes:
    """A CSV file as a person's program would write it."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue().encode()


def _again(rows: list[dict[str, str]]) -> bytes:
    """The file of these rows; empty without any."""
    return table(list(rows[0]), (row.values() for row in rows)) if rows else b""


def _rows(name: str, on: date | None = None) -> list[dict[str, str]]:
    """As written, or with the days as of a load on the day `on`."""
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    if on is not None:
        for row in rows:
            row.update({column: _moved(row[column], on) for column in DAYS if row.get(column)})
    return rows


def _moved(day: str, on: date) -> str:
    """The same day of the year of the load, or so many days before it. No fact begins or ends on 29 February."""
    if day.startswith(BEFORE):
        return (on - timedelta(days=int(day.removeprefix(BEFORE)))).isoformat()
    found = date.fromisoformat(day)
    return found.replace(year=found.year + on.year - WRITTEN).isoformat()


def _won() -> dict[str, Won]:
    """By drug code."""
    return {
        row["drug_code"]: Won(int(Decimal(row["amount"]) * 100), int(row["valid_from"].removeprefix(BEFORE)))
        for row in _rows("reference_prices.csv")
        if row["kind"] == "vbp" and row["valid_from"].startswith(BEFORE)
    }


def _drug(row: dict[str, str], barred: set[tuple[str, str]], won: Won | None) -> DrugFact:
    return DrugFact(
        code=row["code"],
        generic_name=row["generic_name"],
        dosage_form=row["dosage_form"],
        strength=row["strength"],
        pack_count=int(row["pack_count"]),
        ins_class=row["class"],
        kind=row["kind"],
        typical_fen=int(Decimal(row["typical_price"]) * 100),
        availability=float(row["availability"]),
        dual_channel=row["dual_channel"] == "1",
        retail=(row["generic_name"], row["dosage_form"]) not in barred,
        won=won,
    )


def _list(row: dict[str, str], codes: set[str], names: set[tuple[str, str]], on: date) -> ListFact:
    """One list, without the entries about drugs that are not loaded."""
    kept = [
        entry
        for entry in _rows(f"lists/{row['file']}", on)
        if entry.get("drug_code") in codes or (entry["generic_name"], entry["dosage_form"]) in names
    ]
    return ListFact(row["kind"], row["area"], row["document"], row["valid_from"], _again(kept))


def _editions(on: date) -> EditionFacts:
    return EditionFacts(
        printed={
            (row["generic_name"], row["dosage_form"]): _printed(row) for row in _rows("editions/listings.csv", on)
        },
        changes=[
            Change(
                change=row["change"],
                generic_name=row["generic_name"],
                dosage_form=row["dosage_form"],
                ins_class=row["class"],
                kind=row["kind"],
                category_code=row["category_code"],
                restriction=row["restriction"],
            )
            for row in _rows("editions/next_edition.csv")
        ],
        categories=[(row["code"], row["name"]) for row in _rows("editions/categories.csv")],
        unreviewed={row["drug_code"]: (float(row["score"]), row["reason"]) for row in _rows("editions/unreviewed.csv")},
    )


def _printed(row: dict[str, str]) -> Printed:
    first, last = row["agreement_from"], row["agreement_to"]
    days = (date.fromisoformat(first), date.fromisoformat(last)) if first and last else None
    return Printed(row["restriction"], days)
