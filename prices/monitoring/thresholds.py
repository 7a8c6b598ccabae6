"""阈值方案 from CSV, and which lines hold where. An area that has loaded no document has none: a state to explain, not to fill."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone
from django.utils.translation import gettext as _

from catalog.importers.lookups import unknown_regions
from pharmacies import access
from pharmacies.files import Row, RowProblem, Table, read_table
from pharmacies.importers.outcome import Outcome, Progress, audit, importing, quiet, refusal
from pharmacies.importers.reading import (
    CellError,
    Cells,
    half_open,
    plain,
    problem_of,
    read_rows,
    region_code,
    validity,
    word,
)
from pharmacies.importers.regions import in_force as regions_in_force
from pharmacies.models import Region, User
from prices.models import Threshold
from prices.monitoring.areas import inherited
from prices.monitoring.detectors.reference import Tier

REQUIRED = ("area", "basis", "lower", "upper", "label", "document", "valid_from")
OPTIONAL = ("valid_to",)
MOST = Decimal(1000)
"""A price that stands a thousand times above its reference is an error of the feed."""

COMPARED = ("upper", "label", "document", "valid")

Tiers = dict[str, tuple[Tier, ...]]
"""The lines by basis, the lowest first; a basis without lines is not there."""


@dataclass(frozen=True, slots=True)
class Line:
    row: Row
    area: str
    basis: str
    lower: Decimal
    upper: Decimal | None
    label: str
    document: str
    valid: DateRange


# -- which hold where -------------------------------------------------------------------------------------------------


def in_force(area_id: int, on: date) -> Tiers:
    """The lines that hold in the area on the day `on`: for each basis those of the nearest area that has any."""
    return everywhere(on).get(area_id, {})


def everywhere(on: date) -> dict[int | None, Tiers]:
    """The lines that hold in every area on the day `on`; under None, none. Two queries."""
    own: dict[int, dict[str, list[Tier]]] = defaultdict(lambda: defaultdict(list))
    for each in Threshold.objects.valid(on).order_by("lower"):
        upper = None if each.upper is None else float(each.upper)
        own[each.area_id][each.basis].append(Tier(float(each.lower), upper, each.label, each.document, each.pk))
    stated = {area: {basis: tuple(tiers) for basis, tiers in bases.items()} for area, bases in own.items()}
    return inherited(stated, {})


# -- from a file ------------------------------------------------------------------------------------------------------


def load(*, data: bytes, at: datetime, by: User | str, dry_run: bool = False, progress: Progress = quiet) -> Outcome:
    """Import lines from a CSV; all or nothing (`take`). Raises `FileProblem`."""
    return take(
        read_table(data, required=REQUIRED, optional=OPTIONAL), at=at, by=by, dry_run=dry_run, progress=progress
    )


def take(
    table: Table,
    *,
    at: datetime,
    by: User | str,
    area: Region | None = None,
    dry_run: bool = False,
    progress: Progress = quiet,
) -> Outcome:
    """Import lines; all or nothing. A line is known by area, basis, lower bound and first day.

    The lines of one area, basis and first day are one scheme: what a table names of it replaces the whole, and a scheme
    without an end holds until the next one begins. With `area`, for which `by` speaks,
    lines of areas that are neither it nor below it are refused.
    """
    rows, problems = read_rows(table.rows, read_line, key=lambda row: (row.area, row.basis, row.lower, row.valid.lower))
    problems += table.problems
    count = len(table.rows) + len(table.problems)
    with importing(dry_run=dry_run):
        areas = regions_in_force(timezone.localdate(at))
        problems += unknown_regions(rows, areas)
        problems += _foreign(rows, areas, area)
        if problems:
            return refusal(count, problems, table.notes)
        lines = [_line(row, areas) for row in rows]
        stored = list(Threshold.objects.filter(area__in={line.area_id for line in lines}, valid__isempty=False))
        gone = _replaced(lines, stored)
        ended, clashes = _schemes(rows, lines, [each for each in stored if each not in gone])
        if clashes:
            return refusal(count, clashes, table.notes)
        outcome = replace(_apply(lines, stored, ended, gone), notes=table.notes)
        audit(outcome, what="import_thresholds", model="prices.Threshold", at=at, by=by, place=area)
        progress(_("写入"), count, count)
    return outcome


def _foreign(rows: Iterable[Line], areas: dict[str, Region], area: Region | None) -> list[RowProblem]:
    """The rows of areas for which the person who sends them does not speak."""
    if area is None:
        return []
    advice, own = [("area", _("这个地区不归您管：请只写本地区和下级地区的方案"))], access.below(area)
    return [problem_of(row.row, advice) for row in rows if row.area in areas and areas[row.area].pk not in own]


def read_line(cells: Cells) -> Line:
    """The row's values; what is wrong stays with `cells`."""
    if not cells.row.values["valid_from"]:
        cells.refuse("missing", _("%(column)s 不能为空") % {"column": "valid_from"})
    lower = cells.read("lower", _multiple, Decimal(1), required=True)
    upper = cells.read("upper", _multiple, None)
    if upper is not None and upper <= lower:
        cells.refuse(
            "bounds", _("upper %(upper)s 应大于 lower %(lower)s；没有上限请留空") % {"upper": upper, "lower": lower}
        )
    return Line(
        row=cells.row,
        area=cells.read("area", region_code, "", required=True),
        basis=cells.read("basis", word(Threshold.Basis), "", required=True),
        lower=lower,
        upper=upper,
        label=cells.text("label", limit=40, required=True),
        document=cells.text("document", limit=120, required=True),
        valid=validity(cells),
    )


def _multiple(text: str) -> Decimal:
    """A multiple of the reference price, 1 to 1000, at most 4 decimals. Raises `CellError` (`multiple`)."""
    try:
        found = Decimal(plain(text))
    except InvalidOperation:
        found = Decimal("NaN")
    fits = found.is_finite() and 1 <= found <= MOST and found == found.quantize(Decimal("0.0001"))
    if not fits:
        raise CellError(
            "multiple", _("倍数“%(text)s”不对：请填写 1 到 1000 的数，最多 4 位小数，例如 1.8") % {"text": text[:40]}
        )
    return found.quantize(Decimal("0.0001"))


def _line(row: Line, areas: dict[str, Region]) -> Threshold:
    return Threshold(
        area_id=areas[row.area].pk,
        basis=row.basis,
        lower=row.lower,
        upper=row.upper,
        label=row.label,
        document=row.document,
        valid=row.valid,
    )


def _key(line: Threshold) -> tuple[int, str, Decimal, date | None]:
    return line.area_id, line.basis, line.lower, line.valid.lower


def _replaced(lines: list[Threshold], stored: list[Threshold]) -> list[Threshold]:
    """Stored lines of the file's schemes that the file no longer names."""
    named = {_key(line) for line in lines}
    schemes = {(line.area_id, line.basis, line.valid.lower) for line in lines}
    return [
        each for each in stored if (each.area_id, each.basis, each.valid.lower) in schemes and _key(each) not in named
    ]


def _schemes(
    rows: list[Line], lines: list[Threshold], stored: list[Threshold]
) -> tuple[list[Threshold], list[RowProblem]]:
    """End every open line where the area's next scheme of that basis begins.

    Returns the stored lines that have to end earlier for this, and the rows that clash: with a scheme stated to go on,
    or with another mark of the same scheme.
    """
    row_of = {id(line): row for line, row in zip(lines, rows, strict=True)}
    named = {_key(line) for line in lines}
    series: dict[tuple[int, str], list[Threshold]] = defaultdict(list)
    for line in (*lines, *(each for each in stored if _key(each) not in named)):
        series[line.area_id, line.basis].append(line)
    ended: list[Threshold] = []
    clashes: dict[int, RowProblem] = {}
    for timeline in series.values():
        begins = sorted({line.valid.lower for line in timeline})
        for line in timeline:
            later = next((start for start in begins if start > line.valid.lower), None)
            if later and line.valid.upper is None:
                line.valid = half_open(line.valid.lower, later)
                ended += [line] if id(line) not in row_of else []
        for row, advice in _clashing(timeline, row_of):
            clashes.setdefault(row.row.line, problem_of(row.row, [("range_overlap", advice)]))
    return ended, list(clashes.values())


def _clashing(timeline: list[Threshold], row_of: dict[int, Line]) -> Iterable[tuple[Line, str]]:
    """Rows of the file whose days and multiples both meet another line's; one row of each two."""
    timeline.sort(key=lambda line: (line.valid.lower, line.lower))
    for number, line in enumerate(timeline):
        for other in timeline[number + 1 :]:
            days = line.valid.upper is None or line.valid.upper > other.valid.lower
            low, high = sorted((line, other), key=lambda each: each.lower)
            if not days or (
                other.valid.lower == line.valid.lower and low.upper is not None and low.upper <= high.lower
            ):
                continue
            row = row_of.get(id(other)) or row_of.get(id(line))
            if row is not None:
                yield (
                    row,
                    _("与“%(label)s”（从 %(day)s 起）重叠：请改正 lower、upper 或有效期")
                    % {
                        "label": (line if id(other) in row_of else other).label,
                        "day": (line if id(other) in row_of else other).valid.lower,
                    },
                )


def _apply(lines: list[Threshold], stored: list[Threshold], ended: list[Threshold], gone: list[Threshold]) -> Outcome:
    """Write what differs; what ends earlier or no longer holds first, because it makes room."""
    for line in gone:
        line.valid = half_open(line.valid.lower, line.valid.lower)  # holds on no day; leads may still name it
    for line in (*gone, *ended):
        line.save(update_fields=["valid"])
    known = {_key(each): each for each in stored if each not in gone}
    new: list[Threshold] = []
    updated = 0
    for line in lines:
        old: Any = known.get(_key(line))
        if old is None:
            new.append(line)
        elif any(getattr(old, name) != getattr(line, name) for name in COMPARED):
            line.pk = old.pk
            line.save()
            updated += 1
    Threshold.objects.bulk_create(new)
    return Outcome(len(lines), len(new), updated, len(lines) - len(new) - updated, removed=len(gone))
