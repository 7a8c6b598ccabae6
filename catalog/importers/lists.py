"""A published list of drugs (双通道, 单独支付 …) from CSV: the file is the whole list of its document."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone
from django.utils.translation import gettext as _

from catalog.importers.lookups import drug_code, drug_ids, unknown_drugs
from catalog.models import Drug, DrugList, DrugListEntry, Preparation
from pharmacies.files import FileProblem, Row, RowProblem, read_table
from pharmacies.importers.bulk import columns_of, copy_in
from pharmacies.importers.outcome import Outcome, Progress, audit, importing, quiet, refusal
from pharmacies.importers.reading import Cells, half_open, problem_of, read_rows, valid_range, validity
from pharmacies.importers.regions import in_force
from pharmacies.models import Region, User

COLUMNS = ("drug_code", "generic_name", "dosage_form", "valid_from", "valid_to", "note")
MAX_DOCUMENT = 120


@dataclass(frozen=True, slots=True)
class Document:
    """What is being imported: the list, as the command names it. Days are inclusive; `last` None is open."""

    kind: str
    area: str
    name: str
    first: date
    last: date | None = None


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One row: a drug by its code, or a generic name with or without its form."""

    row: Row
    drug_code: str
    generic_name: str
    dosage_form: str
    valid: DateRange
    note: str

    @property
    def target(self) -> tuple[str, str, str]:
        return (self.drug_code, "", "") if self.drug_code else ("", self.generic_name, self.dosage_form)


def load(
    *, data: bytes, document: Document, at: datetime, by: User | str, dry_run: bool = False, progress: Progress = quiet
) -> Outcome:
    """Import the entries of a list; all or nothing. What the same list held and the file does not name is removed.

    An open list of the same kind and area that began earlier ends where this one begins. Raises `FileProblem`.
    """
    table = read_table(data, required=(), optional=COLUMNS)
    if not {"drug_code", "generic_name"} & set(table.columns):
        raise FileProblem(_("表头缺少列：drug_code，或者 generic_name 和 dosage_form"))
    valid = _valid(document)
    rows, problems = read_rows(
        table.rows, lambda cells: read_entry(cells, valid), key=lambda row: (row.target, row.valid.lower)
    )
    problems += table.problems
    count = len(table.rows) + len(table.problems)
    with importing(dry_run=dry_run):
        area = in_force(timezone.localdate(at)).get(document.area)
        if area is None:
            raise FileProblem(_("地区 %(code)s 不在地区表中：请先导入地区") % {"code": document.area})
        drugs = drug_ids(row.drug_code for row in rows if row.drug_code)
        problems += [*unknown_drugs(rows, drugs), *_contradictions(rows), *_overlaps(rows)]
        if problems:
            return refusal(count, problems, table.notes)
        drug_list, listed = _drug_list(document, area, valid)
        outcome = _apply(drug_list, rows, drugs)
        audit(
            outcome,
            what="import_list",
            model="catalog.DrugList",
            at=at,
            by=by,
            reason=document.name,
            beside_the_rows=listed,
        )
    return replace(outcome, notes=(*table.notes, *_unmatched(rows)))


def _valid(document: Document) -> DateRange:
    if document.last and document.last < document.first:
        raise FileProblem(_("--valid-to 早于 --valid-from：请改正"))
    if len(document.name) > MAX_DOCUMENT:
        raise FileProblem(_("--document 最多 %(n)d 个字：请缩短") % {"n": MAX_DOCUMENT})
    return valid_range(document.first, document.last)


# -- parse ------------------------------------------------------------------------------------------------------------


def read_entry(cells: Cells, valid: DateRange) -> EntryRow:
    """The row's values; days that it does not state are those of the list."""
    code = cells.read("drug_code", drug_code, "")
    name = cells.text("generic_name", limit=120)
    if not name and not cells.row.values.get("drug_code"):
        cells.refuse("target_missing", _("要填 drug_code，或者 generic_name 和 dosage_form"))
    own = validity(cells, valid)
    if own.upper and own.upper <= own.lower:
        cells.refuse("range", _("这一行的有效期不在名单的有效期内：请改正"))
    return EntryRow(
        row=cells.row,
        drug_code=code,
        generic_name=name,
        dosage_form=cells.text("dosage_form", limit=60),
        valid=own,
        note=cells.text("note", limit=200),
    )


def _contradictions(rows: Iterable[EntryRow]) -> list[RowProblem]:
    """Rows whose code is that of another generic name: which of the two is meant is not for us to guess."""
    both = {row.drug_code: row for row in rows if row.drug_code and row.generic_name}
    named = Drug.objects.filter(code__in=both).values_list("code", "preparation__generic_name")
    return [
        problem_of(
            both[code].row,
            [
                (
                    "target_conflict",
                    _("代码 %(code)s 是“%(name)s”，与 generic_name 不符：请核对") % {"code": code, "name": name},
                )
            ],
        )
        for code, name in named
        if name != both[code].generic_name
    ]


def _overlaps(rows: Iterable[EntryRow]) -> list[RowProblem]:
    """Two rows of one target on the same day."""
    last: dict[tuple[str, str, str], EntryRow] = {}
    problems = []
    for row in sorted(rows, key=lambda row: row.valid.lower):
        before = last.get(row.target)
        if before and (before.valid.upper is None or before.valid.upper > row.valid.lower):
            advice = _("与第 %(line)d 行的有效期重叠：请改正") % {"line": before.row.line}
            problems.append(problem_of(row.row, [("range_overlap", advice)]))
        last[row.target] = row
    return problems


def _unmatched(rows: Iterable[EntryRow]) -> list[str]:
    names = {row.generic_name for row in rows if not row.drug_code}
    unmatched = names - set(Preparation.objects.filter(generic_name__in=names).values_list("generic_name", flat=True))
    if not unmatched:
        return []
    some = "、".join(sorted(unmatched)[:5])
    return [_("%(n)d 个通用名在药品表中没有同名药品：%(some)s") % {"n": len(unmatched), "some": some}]


# -- apply ------------------------------------------------------------------------------------------------------------


def _drug_list(document: Document, area: Region, valid: DateRange) -> tuple[DrugList, bool]:
    """The list of that kind, area and first day, made or brought up to date, and whether that changed anything."""
    same = []
    for other in DrugList.objects.filter(kind=document.kind, area=area, valid__overlap=valid):
        if other.valid.lower == valid.lower:
            same.append(other)
        elif other.valid.upper is None and (other.valid.lower or date.min) < valid.lower:
            DrugList.objects.filter(pk=other.pk).update(valid=half_open(other.valid.lower, valid.lower))
        else:
            raise FileProblem(
                _("与已有名单“%(name)s”的有效期重叠：请用 --valid-from 和 --valid-to 错开") % {"name": other.document}
            )
    if not same:
        return DrugList.objects.create(kind=document.kind, area=area, document=document.name, valid=valid), True
    found = same[0]
    changed = (found.document, found.valid) != (document.name, valid)
    found.document, found.valid = document.name, valid
    found.save()
    return found, changed


def _apply(drug_list: DrugList, rows: list[EntryRow], drugs: dict[str, int]) -> Outcome:
    """Make the list's entries those of the file; an entry is known by its target and first day."""
    stored = {
        ((entry.drug_id, entry.generic_name, entry.dosage_form), entry.valid.lower): entry
        for entry in drug_list.entries.filter(listing=None)
    }
    come: list[DrugListEntry] = []
    kept: set[int] = set()
    updated = 0
    for row in rows:
        code, name, form = row.target
        entry = DrugListEntry(
            drug_list=drug_list,
            drug_id=drugs.get(code),
            generic_name=name,
            dosage_form=form,
            valid=row.valid,
            note=row.note,
        )
        old = stored.get(((entry.drug_id, name, form), row.valid.lower))
        if old and (old.valid, old.note) == (entry.valid, entry.note):
            kept.add(old.pk)
            continue
        updated += old is not None
        come.append(entry)
    gone = [entry.pk for entry in stored.values() if entry.pk not in kept]
    DrugListEntry.objects.filter(pk__in=gone).delete()
    copy_in(DrugListEntry, columns_of(DrugListEntry), come)
    created = len(come) - updated
    return Outcome(len(rows), created, updated, unchanged=len(kept), removed=len(gone) - updated)
