"""Measuring the rules on a file of products against an edition: how many match one row, several, none. Writes nothing."""

import random
from collections import Counter
from dataclasses import dataclass

from django.utils.translation import gettext as _

from catalog.matching.rules import Catalogue, Fit, Product, kind_of, leading, product
from pharmacies.files import FileProblem, Row, read_table

COLUMNS = {
    # ours: as other people's files call it, in lower case
    "code": "drug_code",
    "generic_name": "drug_chem_name",
    "dosage_form": "drug_dose",
    "strength": "drug_spec",
    "manufacturer": "drug_manufaturer",
    "approval_no": "drug_license_no",
}
KINDS = ("single", "ambiguous", "weak", "none")


@dataclass(frozen=True, slots=True)
class Measured:
    """One product of the file and what was found for it; `kind` is one of KINDS."""

    said: dict[str, str]  # under our column names
    wanted: Product
    fits: tuple[Fit, ...]
    kind: str

    def __str__(self) -> str:
        first = " ".join(filter(None, (self.said[name] for name in ("generic_name", "dosage_form", "strength"))))
        rows = [
            f"{'/'.join(fit.entry.names[:3])} {fit.entry.form} {'/'.join(fit.entry.variety)} {fit.score:.2f}"
            for fit in (leading(self.fits) or self.fits)[:3]
        ]
        return f"{first}（{self.said['manufacturer']}） → {'；'.join(rows) or '—'}"


def measure(data: bytes, catalogue: Catalogue) -> list[Measured]:
    """Every product of the file. Raises `FileProblem`, also for rows that do not fit the header."""
    table = read_table(data, required=(), optional=[*COLUMNS, *COLUMNS.values()])
    if not {"generic_name", "drug_chem_name"} & set(table.columns):
        raise FileProblem(_("表头缺少列：generic_name 或 DRUG_CHEM_NAME"))
    if table.problems:
        first = table.problems[0]
        raise FileProblem(_("第 %(line)d 行：%(advice)s") % {"line": first.line, "advice": first.advice})
    return [_measured(row, catalogue) for row in table.rows]


def _measured(row: Row, catalogue: Catalogue) -> Measured:
    said = {ours: row.values.get(ours) or row.values.get(theirs, "") for ours, theirs in COLUMNS.items()}
    wanted = product(
        name=said["generic_name"], form=said["dosage_form"], code=said["code"], approval_no=said["approval_no"]
    )
    fits = catalogue.fits(wanted)
    return Measured(said, wanted, fits, kind_of(fits))


def counts(found: list[Measured]) -> dict[str, int]:
    by_kind = Counter(each.kind for each in found)
    return {"products": len(found), **{kind: by_kind[kind] for kind in KINDS}}


def sample(found: list[Measured], *, kind: str, size: int, seed: int) -> list[Measured]:
    """`size` products of that kind at random, each name with its form once; the same for the same seed."""
    once = {(each.wanted.name, each.wanted.form): each for each in found if each.kind == kind}
    chosen = list(once.values())
    return random.Random(seed).sample(chosen, min(size, len(chosen)))
