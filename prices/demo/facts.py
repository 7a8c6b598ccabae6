"""The hand-written facts of the demo province (README.md), typed."""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

FOLDER = Path(__file__).parent
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
class DrugFact:
    code: str
    generic_name: str
    dosage_form: str
    strength: str
    pack_count: int
    ins_class: str  # 甲, 乙 or empty: not listed
    kind: str  # 常规, 谈判, 竞价 or empty
    typical_fen: int  # of a pack
    availability: float  # share of the pharmacies that carry it
    dual_channel: bool


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


@dataclass(frozen=True)
class Facts:
    drugs: list[DrugFact]
    chains: list[ChainFact]
    people: dict[str, float]  # county code → population in 10,000
    streets: list[str]
    lists: list[ListFact]
    payment_standards: list[tuple[str, Decimal]]  # drug code, yuan per pack
    files: dict[str, bytes] = field(repr=False)  # "drugs", "schemes", "reference_prices": as their importers read them


def read(drugs: int | None = None) -> Facts:
    """All facts, or those about the first `drugs` products only."""
    rows = _rows("drugs.csv")[:drugs]
    known = {row["code"] for row in rows}
    names = {(row["generic_name"], row["dosage_form"]) for row in rows}
    references = [row for row in _rows("reference_prices.csv") if row["drug_code"] in known]
    return Facts(
        drugs=[_drug(row) for row in rows],
        chains=[ChainFact(row["name"], float(row["share"]), row["style"], row["home"]) for row in _rows("chains.csv")],
        people={row["adcode"]: float(row["population_10k"]) for row in _rows("population.csv")},
        streets=[row["name"] for row in _rows("streets.csv")],
        lists=[_list(row, known, names) for row in _rows("lists/lists.csv")],
        payment_standards=[
            (row["drug_code"], Decimal(row["amount"])) for row in references if row["kind"] == "payment_standard"
        ],
        files={
            "drugs": table(DRUG_COLUMNS, ([row[name] for name in DRUG_COLUMNS] for row in rows)),
            "schemes": (FOLDER / "schemes.csv").read_bytes(),
            "reference_prices": table(list(references[0]), (row.values() for row in references)) if references else b"",
        },
    )


def table(header: Iterable[str], rows: Iterable[Iterable[object]]) -> bytes:
    """A CSV file as a person's program would write it."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue().encode()


def _rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _drug(row: dict[str, str]) -> DrugFact:
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
    )


def _list(row: dict[str, str], codes: set[str], names: set[tuple[str, str]]) -> ListFact:
    """One list, without the entries about drugs that are not loaded."""
    entries = _rows(f"lists/{row['file']}")
    kept = [
        entry
        for entry in entries
        if entry.get("drug_code") in codes or (entry["generic_name"], entry["dosage_form"]) in names
    ]
    data = table(list(entries[0]), (entry.values() for entry in kept)) if kept else b""
    return ListFact(row["kind"], row["area"], row["document"], row["valid_from"], data)
