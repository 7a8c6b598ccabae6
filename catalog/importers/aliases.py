"""Other people's drug codes from CSV, as a person has reviewed them: `feed` is the slug of the feed that uses them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from catalog.importers.lookups import drug_code, drug_ids, unknown_drugs
from catalog.models import Alias
from pharmacies.files import Row, RowProblem, read_table
from pharmacies.importers.bulk import columns_of, copy_in
from pharmacies.importers.outcome import Outcome, Progress, audit, importing, quiet, refusal
from pharmacies.importers.reading import ALWAYS, Cells, half_open, problem_of, read_rows
from pharmacies.models import User

REQUIRED = ("feed", "their_code", "drug_code")


@dataclass(frozen=True, slots=True)
class AliasRow:
    row: Row
    source: str
    their_code: str
    drug_code: str

    @property
    def key(self) -> tuple[str, str]:
        return self.source, self.their_code


def read_aliases(data: bytes) -> tuple[list[AliasRow], list[RowProblem], int, tuple[str, ...]]:
    """Rows, problems, number of rows of the file, notes. Raises `FileProblem`."""
    table = read_table(data, required=REQUIRED)
    rows, problems = read_rows(table.rows, read_alias, key=lambda row: row.key)
    return rows, [*problems, *table.problems], len(table.rows) + len(table.problems), table.notes


def load(
    *,
    data: bytes,
    feeds: Collection[str],
    at: datetime,
    by: User | str,
    dry_run: bool = False,
    progress: Progress = quiet,
) -> Outcome:
    """Import reviewed codes; all or nothing. `feeds` are the slugs that exist; `by` is the reviewer.

    A code that meant another drug until now does so up to yesterday. Raises `FileProblem`.
    """
    rows, problems, count, notes = read_aliases(data)
    on = timezone.localdate(at)
    reviewer = by.get_username() if isinstance(by, User) else by
    with importing(dry_run=dry_run):
        drugs = drug_ids(row.drug_code for row in rows)
        problems += [*_unknown_feeds(rows, feeds), *unknown_drugs(rows, drugs)]
        if problems:
            return refusal(count, problems, notes)
        ever, stored = _stored(rows, on)
        come: list[Alias] = []
        ended: list[Alias] = []
        replaced = 0
        for row in rows:
            known = stored.get(row.key, [])
            holding = [each for each in known if each.valid.lower is None or each.valid.lower <= on]
            if any(each.drug_id == drugs[row.drug_code] for each in holding):
                continue
            replaced += bool(holding)
            ended += known
            come.append(
                Alias(
                    source=row.source,
                    their_code=row.their_code,
                    drug_id=drugs[row.drug_code],
                    reviewed_by=reviewer,
                    valid=half_open(on, None) if row.key in ever else ALWAYS,
                )
            )
        _end(ended, on)
        copy_in(Alias, columns_of(Alias), come)
        outcome = Outcome(count, len(come) - replaced, replaced, unchanged=count - len(come), notes=notes)
        audit(outcome, what="import_aliases", model="catalog.Alias", at=at, by=by)
        progress(_("写入"), count, count)
    return outcome


def read_alias(cells: Cells) -> AliasRow:
    """The row's values; what is wrong stays with `cells`. Their code is kept as feeds write it."""
    cells.identifier("their_code", limit=60, required=True)
    return AliasRow(
        row=cells.row,
        source=cells.text("feed", limit=60, required=True),
        their_code=cells.row.values["their_code"],
        drug_code=cells.read("drug_code", drug_code, "", required=True),
    )


def _unknown_feeds(rows: list[AliasRow], feeds: Collection[str]) -> list[RowProblem]:
    return [
        problem_of(row.row, [("feed_unknown", _("报送 %(feed)s 不存在：请先用 add_feed 建立") % {"feed": row.source})])
        for row in rows
        if row.source not in feeds
    ]


def _stored(rows: list[AliasRow], on: date) -> tuple[set[tuple[str, str]], dict[tuple[str, str], list[Alias]]]:
    """Codes that have ever meant a drug, and what they mean on that day or will mean later."""
    ever: set[tuple[str, str]] = set()
    lasting: dict[tuple[str, str], list[Alias]] = {}
    for each in Alias.objects.filter(source__in={row.source for row in rows}):
        key = each.source, each.their_code
        ever.add(key)
        if each.valid.upper is None or each.valid.upper > on:
            lasting.setdefault(key, []).append(each)
    return ever, lasting


def _end(ended: list[Alias], on: date) -> None:
    """Up to yesterday; what began today or would begin later never was."""
    begun = [each for each in ended if each.valid.lower is None or each.valid.lower < on]
    Alias.objects.filter(pk__in=[each.pk for each in ended if each not in begun]).delete()
    for each in begun:
        Alias.objects.filter(pk=each.pk).update(valid=half_open(each.valid.lower, on))
