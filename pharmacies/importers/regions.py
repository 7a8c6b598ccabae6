"""Regions from GeoJSON: our own property names, or those of cnmaps (`level` 省/市/区县, names by level).

A feature is one region in one range of days; features are numbered from 1, and that number is the `line` of a problem.
"""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NoReturn, TypeVar

from django.contrib.gis.geos import MultiPolygon
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils.translation import gettext as _

from pharmacies import today
from pharmacies.files import FileProblem, Row, RowProblem, decode
from pharmacies.geo import Datum
from pharmacies.importers import outlines
from pharmacies.importers.boundaries import read_boundary
from pharmacies.importers.outcome import Outcome, Progress, audit, importing, quiet, refusal, write
from pharmacies.importers.reading import Cells, problem_of, region_code, validity, word
from pharmacies.models import Region, User

LEVELS = {
    "province": Region.Level.PROVINCE,
    "city": Region.Level.CITY,
    "district": Region.Level.DISTRICT,
    "省": Region.Level.PROVINCE,
    "市": Region.Level.CITY,
    "区县": Region.Level.DISTRICT,
}
_LAND = "陆地"
"""cnmaps says what a polygon covers where we say what a region is."""
_COLUMNS = ("adcode", "name", "level", "parent", "kind", "valid_from", "valid_to", "province", "city", "district")
R = TypeVar("R", bound="Region | RegionRow")


@dataclass(frozen=True, slots=True)
class RegionRow:
    """One feature, read: `parent` is a code, "" for a province; the shape is WGS-84, None where the file says nothing."""

    row: Row
    code: str
    name: str
    kind: str
    level: str
    parent: str
    valid: DateRange
    shape: MultiPolygon | None


def load(
    *,
    data: bytes,
    datum: Datum,
    at: datetime,
    by: User | str,
    dry_run: bool = False,
    progress: Progress = quiet,
) -> Outcome:
    """Import the features of a GeoJSON file whose coordinates are in `datum`; all or nothing.

    A stored region of the same code and first day is updated, any other is created. One of which the file gives no shape
    keeps its outline, or takes over that of its predecessor under the same code. Raises `FileProblem`.
    """
    features = read_features(data)
    parsed, problems = parse(features, datum, progress)
    with importing(dry_run=dry_run):
        problems += _check_tree(parsed)
        if problems:
            return refusal(len(features), problems)
        outcome = _apply(parsed)
        if outcome.changed:
            today.rebuild(at)
        audit(outcome, what="import_regions", model="pharmacies.Region", at=at, by=by)
    return outcome


def in_force(on: date) -> dict[str, Region]:
    """The regions of a day by code."""
    return {region.code: region for region in Region.objects.valid(on)}


# -- parse ------------------------------------------------------------------------------------------------------------


def read_features(data: bytes) -> list[dict[str, Any]]:
    """The features of a FeatureCollection. Raises `FileProblem`."""
    try:
        document = json.loads(decode(data), parse_constant=_refuse_constant)
    except (json.JSONDecodeError, RecursionError) as error:
        line = getattr(error, "lineno", 1)
        raise FileProblem(_("第 %(line)d 行不是合法的 JSON：请重新导出 GeoJSON 文件") % {"line": line}) from error
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list) or not features or document.get("type") != "FeatureCollection":
        raise FileProblem(_("文件不是 GeoJSON FeatureCollection，或者没有任何要素：请检查导出"))
    for number, feature in enumerate(features, 1):
        if not isinstance(feature, dict) or not isinstance(feature.get("properties"), dict):
            raise FileProblem(_("第 %(n)d 个要素没有 properties：请检查导出") % {"n": number})
    return features


def _refuse_constant(name: str) -> NoReturn:
    raise FileProblem(_("文件里有 %(name)s：坐标必须是有限的数字") % {"name": name})


def parse(
    features: list[dict[str, Any]], datum: Datum, progress: Progress = quiet
) -> tuple[list[RegionRow], list[RowProblem]]:
    good: list[RegionRow] = []
    problems: list[RowProblem] = []
    for number, feature in enumerate(features, 1):
        cells = Cells(_row(number, feature["properties"]))
        row = _region(cells, feature.get("geometry"), datum)
        if (problem := cells.problem) is None:
            good.append(row)
        else:
            problems.append(_named(problem))
        progress(_("读取边界"), number, len(features))
    return good, problems


def _row(number: int, properties: dict[str, Any]) -> Row:
    texts = {name: "" if properties.get(name) is None else str(properties[name]).strip() for name in _COLUMNS}
    return Row(number, {name: texts[name] for name in properties if name in texts}, texts)


def _region(cells: Cells, geometry: Any, datum: Datum) -> RegionRow:
    code = cells.read("adcode", region_code, "", required=True)
    level = LEVELS.get(cells.text("level", limit=10, required=True).lower(), "")
    if not level:
        cells.refuse("level", _("级别应为 province、city、district 或 省、市、区县"))
    kind = _kind(cells)
    if kind == Region.Kind.DIVISION:
        if code and not (len(code) == 6 and code.isdigit()):
            cells.refuse("region_code", _("行政区划代码“%(code)s”应为 6 位数字") % {"code": code})
        level = _division_level(code, level)
    parent = cells.read("parent", region_code, "") or (_division_parent(code, level) if kind == "division" else "")
    if not parent and level != Region.Level.PROVINCE:
        cells.refuse("parent_missing", _("%(kind)s必须写明上级 (parent)") % {"kind": Region.Kind(kind).label})
    shape = cells.attempt(lambda: read_boundary(geometry, datum), None)
    return RegionRow(
        row=cells.row,
        code=code,
        name=_name(cells, level),
        kind=kind,
        level=level,
        parent="" if level == Region.Level.PROVINCE else parent,
        valid=validity(cells),
        shape=shape,
    )


def _kind(cells: Cells) -> str:
    if cells.row.values.get("kind") == _LAND:
        return Region.Kind.DIVISION
    return cells.read("kind", word(Region.Kind), Region.Kind.DIVISION.value)


def _division_level(code: str, level: str) -> str:
    """A 4290xx unit (省直辖县级单位) is a county, whatever its name says."""
    county = code[2:4] == "90" and code[4:] != "00"
    return Region.Level.DISTRICT if county else level


def _division_parent(code: str, level: str) -> str:
    """By the code (GB/T 2260): county -> city, city -> province; a 4290xx county has no city above it."""
    if level == Region.Level.PROVINCE:
        return ""
    in_city = level == Region.Level.DISTRICT and code[2:4] != "90"
    return f"{code[:4]}00" if in_city else f"{code[:2]}0000"


def _name(cells: Cells, level: str) -> str:
    if cells.has("name"):
        return cells.text("name", limit=60, required=True)
    own = {"province": ("province",), "city": ("city",), "district": ("district", "city")}.get(level, ("name",))
    return next((name for column in own if (name := cells.text(column, limit=60))), "") or cells.text(
        "name", limit=60, required=True
    )


def _named(problem: RowProblem) -> RowProblem:
    """A person finds a feature by code and name, not by its number."""
    raw = problem.raw
    name = raw.get("name") or raw.get("district") or raw.get("city") or raw.get("province") or ""
    who = " ".join(text for text in (raw.get("adcode"), name) if text)
    return RowProblem(problem.line, problem.reason, f"{who}：{problem.advice}" if who else problem.advice, raw)


# -- plan -------------------------------------------------------------------------------------------------------------


def _check_tree(rows: list[RegionRow]) -> list[RowProblem]:
    """Every parent exists and stands above its child, and no code is valid twice on one day."""
    named = {(row.code, row.valid.lower) for row in rows}
    stored = [each for each in Region.objects.all() if (each.code, each.valid.lower) not in named]
    by_code: dict[str, list[Region | RegionRow]] = {}
    for each in (*stored, *rows):
        by_code.setdefault(each.code, []).append(each)
    problems = []
    for row in rows:
        refusals = _parent_refusals(row, by_code)
        if any(other is not row and _overlap(row.valid, other.valid) for other in by_code[row.code]):
            refusals.append(("region_overlap", _("同一代码在同一天另有一条：请给较早的一条写明 valid_to")))
        if refusals:
            problems.append(_named(problem_of(row.row, refusals)))
    return problems


def _parent_refusals(row: RegionRow, by_code: dict[str, list[Region | RegionRow]]) -> list[tuple[str, str]]:
    """A parent is of a higher level; a zone or insurance area may also hang under a division of its own level."""
    if not row.parent:
        return []
    if row.parent not in by_code:
        return [("parent_unknown", _("上级 %(code)s 不在文件和地区表中：请补上") % {"code": row.parent})]
    parent = _newest(by_code[row.parent], row.valid)
    if _rank(parent) >= _rank(row):
        return [("parent_level", _("上级 %(code)s 的级别不高于它：请改正 level 或 parent") % {"code": row.parent})]
    return []


def _rank(region: Region | RegionRow) -> tuple[int, bool]:
    """Parents come before children in this order."""
    return list(Region.Level).index(Region.Level(region.level)), region.kind != Region.Kind.DIVISION


def _newest(candidates: Iterable[R], valid: DateRange) -> R:
    """Of the regions with one code, the newest whose days overlap `valid`."""
    return max(candidates, key=lambda each: (_overlap(each.valid, valid), each.valid.lower or date.min))


def _overlap(a: DateRange, b: DateRange) -> bool:
    def before(end: date | None, start: date | None) -> bool:
        return end is not None and start is not None and end <= start

    return not before(a.upper, b.lower) and not before(b.upper, a.lower)


# -- apply ------------------------------------------------------------------------------------------------------------


def _apply(rows: list[RegionRow]) -> Outcome:
    """Write what differs, parents before children."""
    stored = {(each.code, each.valid.lower): each for each in Region.objects.all()}
    for row in rows:  # a range that ends earlier makes room for its successor
        old = stored.get((row.code, row.valid.lower))
        if old and old.valid != row.valid:
            Region.objects.filter(pk=old.pk).update(valid=row.valid)
    done: dict[int, str] = {}
    shapes: dict[int, MultiPolygon] = {}
    for row in sorted(rows, key=_rank):
        region = stored.setdefault((row.code, row.valid.lower), Region(code=row.code))
        parents = [each for each in stored.values() if each.code == row.parent]
        wanted: dict[str, Any] = {
            "name": row.name,
            "kind": row.kind,
            "level": row.level,
            "parent_id": _newest(parents, row.valid).pk if row.parent else None,
            "valid": row.valid,
        }
        how = write(region, wanted)
        done[region.pk] = how
        if row.shape is not None:
            shapes[region.pk] = row.shape
    _refuse_cycles()
    drawn = outlines.replace(shapes) | outlines.hand_on(done.keys() - shapes.keys())
    counts = Counter("updated" if how == "unchanged" and pk in drawn else how for pk, how in done.items())
    return Outcome(len(rows), counts["created"], counts["updated"], counts["unchanged"])


def _refuse_cycles() -> None:
    """A changed level may have put a region below one of its own children."""
    parents = dict(Region.objects.values_list("pk", "parent_id"))
    for start in parents:
        above, steps = parents[start], 0
        while above is not None:
            above, steps = parents[above], steps + 1
            if steps > len(parents):
                raise FileProblem(_("导入后上级关系会成环：请检查 parent 和 level"))
