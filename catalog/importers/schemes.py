"""Procurement schemes (集采批次) from CSV, known by their code."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from catalog.importers.lookups import unknown_regions
from catalog.models import Scheme
from pharmacies.files import Row, read_table
from pharmacies.importers.outcome import Outcome, Progress, audit, importing, quiet, refusal, write
from pharmacies.importers.reading import CellError, Cells, plain, read_rows, region_code, validity
from pharmacies.importers.regions import in_force
from pharmacies.models import User

REQUIRED = ("code", "name", "level", "area", "valid_from")
OPTIONAL = ("valid_to", "document", "round")
LEVELS = {
    **dict.fromkeys(("national", "国家", "国家级"), Scheme.Level.NATIONAL),
    **dict.fromkeys(("provincial", "province", "省", "省级"), Scheme.Level.PROVINCIAL),
    **dict.fromkeys(("alliance", "联盟", "省际联盟", "省级联盟"), Scheme.Level.ALLIANCE),
    **dict.fromkeys(("city", "municipal", "市", "市级"), Scheme.Level.CITY),
}
"""What documents and other systems call the levels."""


@dataclass(frozen=True, slots=True)
class SchemeRow:
    """One row, read; `fields` are the columns of `Scheme` that the file states."""

    row: Row
    code: str
    area: str
    fields: dict[str, Any]


def load(*, data: bytes, at: datetime, by: User | str, dry_run: bool = False, progress: Progress = quiet) -> Outcome:
    """Import schemes; all or nothing. Raises `FileProblem`."""
    table = read_table(data, required=REQUIRED, optional=OPTIONAL)
    rows, problems = read_rows(table.rows, read_scheme, key=lambda row: row.code)
    count = len(table.rows) + len(table.problems)
    with importing(dry_run=dry_run):
        areas = in_force(timezone.localdate(at))
        problems += [*table.problems, *unknown_regions(rows, areas)]
        if problems:
            return refusal(count, problems, table.notes)
        stored = {scheme.code: scheme for scheme in Scheme.objects.all()}
        done: Counter[str] = Counter()
        for row in rows:
            wanted = {**row.fields, "area_id": areas[row.area].pk}
            done[write(stored.get(row.code) or Scheme(code=row.code), wanted)] += 1
        outcome = Outcome(count, done["created"], done["updated"], done["unchanged"], notes=table.notes)
        audit(outcome, what="import_schemes", model="catalog.Scheme", at=at, by=by)
        progress(_("写入"), count, count)
    return outcome


def level(text: str) -> Scheme.Level:
    """The level that the word means. Raises `CellError` (`unknown_word`)."""
    found = LEVELS.get(plain(text).lower())
    if found is None:
        raise CellError(
            "unknown_word",
            _("层级“%(text)s”不认识：可用 %(words)s") % {"text": text[:40], "words": "、".join(LEVELS)},
        )
    return found


def read_scheme(cells: Cells) -> SchemeRow:
    """The row's values; what is wrong stays with `cells`."""
    if not cells.row.values["valid_from"]:
        cells.refuse("missing", _("%(column)s 不能为空") % {"column": "valid_from"})
    fields: dict[str, Any] = {
        "name": cells.text("name", limit=120, required=True),
        "level": cells.read("level", level, "", required=True),
        "valid": validity(cells),
    }
    for name, limit in (("document", 120), ("round", 40)):
        if cells.has(name):
            fields[name] = cells.text(name, limit=limit)
    return SchemeRow(
        row=cells.row,
        code=cells.identifier("code", limit=40, required=True),
        area=cells.read("area", region_code, "", required=True),
        fields=fields,
    )
