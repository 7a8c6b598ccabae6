"""Products from CSV. Preparations are made as rows need them; an optional column that the file does not have says
nothing."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from catalog import products
from catalog.codes import clean_approval_no, clean_barcode, parse_drug_code, trace_prefix
from catalog.models import Drug, Preparation
from catalog.pinyin import normal_text
from catalog.specs import strength_key
from pharmacies.audit import record
from pharmacies.files import Row, read_table
from pharmacies.importers.bulk import columns_of, copy_in, overwrite
from pharmacies.importers.outcome import Outcome, Progress, audit, importing, quiet, refusal
from pharmacies.importers.reading import Cells, read_rows, whole_number, word
from pharmacies.models import User

REQUIRED = (
    "code",
    "generic_name",
    "dosage_form",
    "strength",
    "pack_count",
    "unit",
    "pack_unit",
    "manufacturer",
)
OPTIONAL = ("trade_name", "approval_no", "barcode", "trace_prefix", "quality", "rx_class")
MAX_PACK = 100_000
STEP = 5000

Key = tuple[str, str, str]


PACK_CORRECTED = "drug.pack_corrected"
"""The action in the log; its subject is the product."""


@dataclass(frozen=True, slots=True)
class DrugRow:
    """One row, read; `fields` are the columns of `Drug` that the file states."""

    row: Row
    code: str
    generic_name: str
    dosage_form: str
    strength: str
    fields: dict[str, Any]

    @property
    def key(self) -> Key:
        return preparation_key(self.generic_name, self.dosage_form, self.strength)


def preparation_key(generic_name: str, dosage_form: str, strength: str) -> Key:
    """What makes two rows the same preparation: 0.25g and 250mg, full-width and plain forms are no difference."""
    return normal_text(generic_name), normal_text(dosage_form), strength_key(strength)


def load(*, data: bytes, at: datetime, by: User | str, dry_run: bool = False, progress: Progress = quiet) -> Outcome:
    """Import a CSV of products; all or nothing. Raises `FileProblem`."""
    table = read_table(data, required=REQUIRED, optional=OPTIONAL)
    rows, problems = read_rows(table.rows, read_drug, key=lambda row: row.code)
    count = len(table.rows) + len(table.problems)
    if problems or table.problems:
        return refusal(count, [*problems, *table.problems], table.notes)
    with importing(dry_run=dry_run):
        outcome = replace(_apply(rows, progress, at=at, by=by), notes=table.notes)
        audit(outcome, what="import_drugs", model="catalog.Drug", at=at, by=by)
    return outcome


# -- parse ------------------------------------------------------------------------------------------------------------


def read_drug(cells: Cells) -> DrugRow:
    """The row's values; what is wrong stays with `cells`."""
    code = cells.read("code", parse_drug_code, None, required=True)
    return DrugRow(
        row=cells.row,
        code=str(code or ""),
        generic_name=cells.text("generic_name", limit=120, required=True),
        dosage_form=cells.text("dosage_form", limit=60, required=True),
        strength=cells.text("strength", limit=120, required=True),
        fields={
            "pack_count": cells.read("pack_count", whole_number(1, MAX_PACK), 1, required=True),
            "unit": cells.text("unit", limit=10, required=True),
            "pack_unit": cells.text("pack_unit", limit=10, required=True),
            "manufacturer": cells.text("manufacturer", limit=120, required=True),
            **{column: value for column, value in _optional(cells).items() if cells.has(column)},
        },
    )


def _optional(cells: Cells) -> dict[str, str]:
    return {
        "trade_name": cells.text("trade_name", limit=80),
        "approval_no": cells.read("approval_no", clean_approval_no, ""),
        "barcode": cells.read("barcode", clean_barcode, ""),
        "trace_prefix": cells.read("trace_prefix", trace_prefix, ""),
        "quality": cells.read("quality", word(Drug.Quality), ""),
        "rx_class": cells.read("rx_class", word(Drug.RxClass), ""),
    }


# -- apply ------------------------------------------------------------------------------------------------------------


def _apply(rows: list[DrugRow], progress: Progress, *, at: datetime, by: User | str) -> Outcome:
    preparations = _preparations(rows)
    codes = [row.code for row in rows]
    # The search columns are most of a row's weight and follow from the others.
    stored = Drug.objects.defer("search_names", "search_terms").in_bulk(codes, field_name="code")
    created: list[Drug] = []
    changed: list[Drug] = []
    for row in rows:
        preparation = preparations[row.key]
        wanted = {**row.fields, "preparation_id": preparation.pk}
        old = stored.get(row.code)
        if old and all(getattr(old, name) == value for name, value in wanted.items()):
            continue
        if old and old.pack_count != wanted["pack_count"]:
            _pack_corrected(old, wanted["pack_count"], at=at, by=by)
        drug = old or Drug(code=row.code)
        for name, value in wanted.items():
            setattr(drug, name, value)
        drug.preparation = preparation
        (changed if old else created).append(drug)
    total = len(created) + len(changed)
    overwrite(Drug, list(_described(changed, 0, total, progress)))
    copy_in(Drug, columns_of(Drug), _described(created, len(changed), total, progress))
    products.refresh_names()
    return Outcome(len(rows), len(created), len(changed), unchanged=len(rows) - total)


def _pack_corrected(drug: Drug, to: int, *, at: datetime, by: User | str) -> None:
    """Who watches prices must know: the next one of this product is for another pack, and no jump."""
    record(
        at=at, by=by, action=PACK_CORRECTED, subject="catalog.Drug", subject_id=drug.pk,
        before={"pack_count": drug.pack_count}, after={"pack_count": to},
    )  # fmt: skip


def _described(drugs: Iterable[Drug], done: int, total: int, progress: Progress) -> Iterator[Drug]:
    """The same drugs with their search columns, one at a time: 170,000 at once would not fit a small machine."""
    for number, drug in enumerate(drugs, done + 1):
        products.describe(drug)
        if number % STEP == 0 or number == total:
            progress(_("写入药品"), number, total)
        yield drug


def _preparations(rows: list[DrugRow]) -> dict[Key, Preparation]:
    """The preparation of every row by its key. A new one is spelt as the shortest of its rows spells it."""
    spellings: dict[Key, tuple[str, str, str]] = {}
    for row in rows:
        spelling = (row.generic_name, row.dosage_form, row.strength)
        known = spellings.setdefault(row.key, spelling)
        if _brevity(spelling) < _brevity(known):
            spellings[row.key] = spelling
    found = _stored_preparations(set(spellings))
    Preparation.objects.bulk_create(
        [
            Preparation(generic_name=name, dosage_form=form, strength=strength)
            for key, (name, form, strength) in spellings.items()
            if key not in found
        ],
        batch_size=STEP,
    )
    return found | _stored_preparations(set(spellings) - set(found))


def _brevity(spelling: tuple[str, str, str]) -> tuple[int, tuple[str, str, str]]:
    return sum(map(len, spelling)), spelling


def _stored_preparations(keys: set[Key]) -> dict[Key, Preparation]:
    if not keys:
        return {}
    found: dict[Key, Preparation] = {}
    for each in Preparation.objects.order_by("pk").iterator(chunk_size=STEP):
        key = preparation_key(each.generic_name, each.dosage_form, each.strength)
        if key in keys:
            found.setdefault(key, each)
    return found
