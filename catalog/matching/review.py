"""Decisions from a file: the table that `match_queue` wrote, with its column `decision` filled in. All or nothing."""

import re
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from catalog.importers.lookups import drug_code, unknown_drugs
from catalog.matching.decisions import MAX_NOTE, Refused, decide
from catalog.matching.queue import COLUMNS
from catalog.models import Drug, Edition, Listing, ListingMatch
from pharmacies.files import Row, RowProblem, read_table
from pharmacies.importers.outcome import Outcome, Progress, importing, quiet, refusal
from pharmacies.importers.reading import CellError, Cells, plain, problem_of, read_rows, whole_number
from pharmacies.models import User

REQUIRED = ("edition", "drug_code", "listing", "decision")
OPTIONAL = tuple(name for name in COLUMNS if name not in REQUIRED)
STATES = {
    "接受": ListingMatch.State.ACCEPTED,
    "accepted": ListingMatch.State.ACCEPTED,
    "不符": ListingMatch.State.REJECTED,
    "rejected": ListingMatch.State.REJECTED,
}
_LABEL = re.compile(r"([^/\s]{1,40})/([^/\s]{1,12})/([0-9]{1,4})")
Place = tuple[str, str, int]
"""Section, number and row."""


@dataclass(frozen=True, slots=True)
class DecisionRow:
    row: Row
    year: int
    drug_code: str
    place: Place
    listing_name: str
    state: str
    note: str


def load(*, data: bytes, at: datetime, by: User | str, dry_run: bool = False, progress: Progress = quiet) -> Outcome:
    """Apply the file's decisions; rows whose `decision` is empty stay open. Raises `FileProblem`.

    Rejections come first, so that a file may take back one row of a drug and accept another in its place.
    """
    table = read_table(data, required=REQUIRED, optional=OPTIONAL)
    filled = [row for row in table.rows if row.values["decision"]]
    rows, problems = read_rows(filled, read_decision, key=lambda row: (row.year, row.drug_code, row.place))
    count = len(table.rows) + len(table.problems)
    with importing(dry_run=dry_run):
        drugs = Drug.objects.in_bulk({row.drug_code for row in rows}, field_name="code")
        listings = _listings({row.year for row in rows})
        problems += [*table.problems, *unknown_drugs(rows, {code: drug.pk for code, drug in drugs.items()})]
        problems += _unknown_listings(rows, listings)
        if problems:
            return refusal(count, problems, table.notes)
        changed = 0
        for number, row in enumerate(sorted(rows, key=lambda row: row.state == ListingMatch.State.ACCEPTED), 1):
            match = ListingMatch(drug=drugs[row.drug_code], listing=listings[row.year, row.place])
            try:
                changed += decide(match=match, state=row.state, by=by, at=at, note=row.note)
            except Refused as refused:
                problems.append(problem_of(row.row, [(refused.reason, str(refused))]))
            progress(_("审核"), number, len(rows))
        if problems:
            transaction.set_rollback(True)
            return refusal(count, problems, table.notes)
    left = len(table.rows) - len(filled)
    notes = [*table.notes, _("%(n)d 行没有填 decision，仍为待核") % {"n": left}] if left else table.notes
    return Outcome(count, updated=changed, unchanged=count - changed, notes=tuple(notes))


# -- parse ------------------------------------------------------------------------------------------------------------


def read_decision(cells: Cells) -> DecisionRow:
    """The row's values."""
    return DecisionRow(
        row=cells.row,
        year=cells.read("edition", whole_number(2000, 2199), 0, required=True),
        drug_code=cells.read("drug_code", drug_code, "", required=True),
        place=cells.read("listing", place, ("", "", 0), required=True),
        listing_name=cells.text("listing_name", limit=200).removeprefix("'"),
        state=cells.read("decision", _state, ""),
        note=cells.text("note", limit=MAX_NOTE),
    )


def place(text: str) -> Place:
    """`西药/123/1`. Raises `CellError` (`listing`)."""
    match = _LABEL.fullmatch(plain(text))
    if match is None:
        raise CellError("listing", _("目录条目“%(text)s”不对：请写成 西药/123/1（部分/编号/行）") % {"text": text[:40]})
    return match[1], match[2], int(match[3])


def _state(text: str) -> str:
    state = STATES.get(plain(text).lower())
    if state is None:
        raise CellError("decision", _("decision“%(text)s”不认识：请填 接受 或 不符，未定的留空") % {"text": text[:20]})
    return state


# -- look up ----------------------------------------------------------------------------------------------------------


def _listings(years: set[int]) -> dict[tuple[int, Place], Listing]:
    rows = Listing.objects.filter(edition__year__in=years, edition__state=Edition.State.READY)
    return {(row.edition.year, (row.section, row.number, row.row)): row for row in rows.select_related("edition")}


def _unknown_listings(rows: list[DecisionRow], known: dict[tuple[int, Place], Listing]) -> list[RowProblem]:
    """Rows that name no listing, or one that has meanwhile become another drug's."""
    problems = []
    for row in rows:
        label = "/".join(map(str, row.place))
        listing = known.get((row.year, row.place))
        if listing is None:
            advice = _("%(year)d 年版目录没有条目 %(label)s：请重新导出审核表") % {"year": row.year, "label": label}
            problems.append(problem_of(row.row, [("listing_unknown", advice)]))
        elif row.listing_name and row.listing_name != listing.generic_name:
            advice = _("条目 %(label)s 现在是“%(name)s”，与审核表不同：请重新导出审核表") % {
                "label": label,
                "name": listing.generic_name,
            }
            problems.append(problem_of(row.row, [("listing_changed", advice)]))
    return problems
