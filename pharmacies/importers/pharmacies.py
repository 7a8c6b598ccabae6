"""Pharmacies and medical institutions from CSV. An optional column that the file does not have says nothing."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from django.contrib.gis.geos import Point as Geos
from django.utils import timezone
from django.utils.translation import gettext as _

from pharmacies import hours, today
from pharmacies.codes import clean_uscc, parse_institution_code
from pharmacies.files import Row, RowProblem, read_table
from pharmacies.geo import Point, Wgs84, read_datum, read_point, wgs84_of
from pharmacies.importers import facts
from pharmacies.importers.bulk import columns_of, copy_in, overwrite
from pharmacies.importers.history import Period, stated_designations, stated_statuses
from pharmacies.importers.outcome import Outcome, Progress, audit, importing, quiet, refusal
from pharmacies.importers.places import Stand, advice_for_outside, containing
from pharmacies.importers.reading import Cells, day, problem_of, read_rows, region_code, word
from pharmacies.importers.regions import in_force
from pharmacies.models import Chain, Designation, Pharmacy, PharmacyAlias, PharmacyStatus, Region, User
from pharmacies.pinyin import initials

REQUIRED = ("code", "name", "kind", "address", "lng", "lat", "datum", "designations")
OPTIONAL = (
    "status",
    "chain",
    "store_no",
    "uscc",
    "adcode",
    "insurance_area",
    "phone",
    "hours",
    "level",
    "license_no",
    "license_to",
)


@dataclass(frozen=True, slots=True)
class PharmacyRow:
    """One row, read. `fields` are columns of `Pharmacy` that the file states; None elsewhere means it states nothing."""

    row: Row
    code: str
    fields: dict[str, Any]
    point: Point
    designations: tuple[Period, ...]
    statuses: tuple[Period, ...] | None
    chain: str | None
    store_no: str | None
    adcode: str | None  # "" means: by the code
    insurance_area: str | None  # "" means: the division


def load(*, data: bytes, at: datetime, by: User | str, dry_run: bool = False, progress: Progress = quiet) -> Outcome:
    """Import a CSV of pharmacies; all or nothing. `at` is the moment that undated facts begin. Raises `FileProblem`."""
    table = read_table(data, required=REQUIRED, optional=OPTIONAL)
    rows, problems = read_rows(table.rows, read_pharmacy, key=lambda row: row.code)
    problems += [*table.problems, *_repeated_store_numbers(rows)]
    count = len(table.rows) + len(table.problems)
    on = timezone.localdate(at)
    with importing(dry_run=dry_run):
        stored = Pharmacy.objects.in_bulk([row.code for row in rows], field_name="code")
        progress(_("核对地区和坐标"), 0, count)
        places, lost = _place(rows, stored, on)
        problems += [*lost, *_taken_store_numbers(rows)]
        if problems:
            return refusal(count, _once_per_line(problems), table.notes)
        progress(_("写入"), count // 2, count)
        kept = _kept_notes(rows, stored)
        outcome = replace(_apply(rows, stored, places, on), notes=(*table.notes, *kept))
        if outcome.changed:
            today.rebuild(at)
        audit(outcome, what="import_pharmacies", model="pharmacies.Pharmacy", at=at, by=by)
        progress(_("写入"), count, count)
    return outcome


# -- parse ------------------------------------------------------------------------------------------------------------


def read_pharmacy(cells: Cells) -> PharmacyRow:
    """The row's values; what is wrong stays with `cells`."""
    code = cells.read("code", parse_institution_code, None, required=True)
    kind = cells.read("kind", word(Pharmacy.Kind), "", required=True)
    if code and kind and (code.kind == "P") != (kind == Pharmacy.Kind.PHARMACY):
        cells.refuse("code_kind", _("代码 P 开头应为 pharmacy，H 开头应为 hospital 或 clinic"))
    if cells.row.values.get("store_no") and not cells.row.values.get("chain"):
        cells.refuse("chain_missing", _("有门店编号 (store_no) 就要写明连锁企业 (chain)"))
    return PharmacyRow(
        row=cells.row,
        code=str(code or ""),
        fields={"kind": kind, **_texts(cells), **_coded(cells)},
        point=_point(cells),
        designations=cells.read("designations", _designations, _NONE),
        statuses=cells.read("status", _statuses, _NORMAL) if cells.has("status") else None,
        chain=cells.text("chain", limit=80) if cells.has("chain") else None,
        store_no=cells.identifier("store_no", limit=40) if cells.has("store_no") else None,
        adcode=cells.read("adcode", region_code, "") if cells.has("adcode") else None,
        insurance_area=cells.read("insurance_area", region_code, "") if cells.has("insurance_area") else None,
    )


_NONE: tuple[Period, ...] = ()
_NORMAL: tuple[Period, ...] = (Period(PharmacyStatus.Status.NORMAL, None, None, dated=False),)
_designations = lru_cache(maxsize=10_000)(stated_designations(Designation.Kind))
_statuses = lru_cache(maxsize=10_000)(stated_statuses(PharmacyStatus.Status))
_minutes = lru_cache(maxsize=10_000)(hours.parse)


def _texts(cells: Cells) -> dict[str, Any]:
    fields = {
        "name": cells.text("name", limit=120, required=True),
        "address": cells.text("address", limit=200, required=True),
    }
    for column, limit in (("phone", 40), ("license_no", 40)):
        if cells.has(column):
            fields[column] = cells.identifier(column, limit=limit)
    if cells.has("level"):
        fields["level"] = cells.text("level", limit=20)
    return fields


def _coded(cells: Cells) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if cells.has("uscc"):
        fields["uscc"] = cells.read("uscc", clean_uscc, "")
    if cells.has("license_to"):
        fields["license_to"] = cells.read("license_to", day, None)
    if cells.has("hours"):
        fields["hours"] = cells.text("hours", limit=200)
        fields["open_minutes"] = cells.read("hours", _minutes, None)
    return fields


def _point(cells: Cells) -> Point:
    """The position as received. What stands in for a refused one is never used: the row is refused with it."""
    nowhere: Point = Wgs84(0, 0)
    values = cells.row.values
    if not values["lng"] or not values["lat"]:
        cells.refuse("coordinate_missing", _("lng 和 lat 不能为空"))
        return nowhere
    datum = cells.read("datum", read_datum, None, required=True)
    return cells.attempt(lambda: read_point(values["lng"], values["lat"], datum), nowhere) if datum else nowhere


def _once_per_line(problems: Iterable[RowProblem]) -> list[RowProblem]:
    """A row is refused once, for all its reasons."""
    by_line: dict[int, RowProblem] = {}
    for problem in problems:
        first = by_line.get(problem.line)
        by_line[problem.line] = (
            problem
            if first is None
            else replace(first, reason=f"{first.reason};{problem.reason}", advice=f"{first.advice}；{problem.advice}")
        )
    return list(by_line.values())


# -- check against what is stored -------------------------------------------------------------------------------------


def _repeated_store_numbers(rows: list[PharmacyRow]) -> list[RowProblem]:
    first: dict[tuple[str | None, str], int] = {}
    problems = []
    for row in rows:
        if row.store_no and (line := first.setdefault((row.chain, row.store_no), row.row.line)) != row.row.line:
            advice = _("门店编号 %(no)s 与第 %(line)d 行重复：同一连锁内不能重复") % {"no": row.store_no, "line": line}
            problems.append(problem_of(row.row, [("store_no_repeated", advice)]))
    return problems


def _taken_store_numbers(rows: list[PharmacyRow]) -> list[RowProblem]:
    """A number that belongs to a pharmacy which this file does not renumber."""
    renumbered = {row.code for row in rows if row.store_no is not None}
    known = PharmacyAlias.objects.exclude(pharmacy__code__in=renumbered)
    taken = {(chain, no): code for chain, no, code in known.values_list("chain__name", "store_no", "pharmacy__code")}
    problems = []
    for row in rows:
        if row.store_no and (owner := taken.get((row.chain or "", row.store_no))):
            advice = _("门店编号 %(no)s 已属于 %(owner)s：请核对，或在同一文件里改正那一家") % {
                "no": row.store_no,
                "owner": owner,
            }
            problems.append(problem_of(row.row, [("store_no_taken", advice)]))
    return problems


@dataclass(frozen=True, slots=True)
class Place:
    """Where a pharmacy stands and which area manages it."""

    division: Region
    insurance_area: Region


def _place(rows: list[PharmacyRow], stored: dict[str, Pharmacy], on: date) -> tuple[dict[str, Place], list[RowProblem]]:
    """The regions of every row by its code, and the rows whose region is unknown or does not hold their point."""
    regions = in_force(on)
    by_id = {region.pk: region for region in Region.objects.all()}
    places: dict[str, Place] = {}
    problems: list[RowProblem] = []
    for row in rows:
        old = stored.get(row.code)
        own = row.adcode if row.adcode is not None else "" if old is None else by_id[old.division_id].code
        adcode = own or row.code[1:7]
        division = by_id[old.division_id] if old and row.adcode is None else regions.get(adcode)
        if division is None or division.kind != Region.Kind.DIVISION:
            problems.append(_unknown_division(row, adcode, on))
            continue
        area = _insurance_area(row, old, division, regions, by_id)
        if area is None:
            advice = _("统筹区 %(code)s 不在地区表中：请先导入地区") % {"code": row.insurance_area}
            problems.append(problem_of(row.row, [("region_unknown", advice)]))
        else:
            places[row.code] = Place(division, area)
    placed = {number: row for number, row in enumerate(rows) if row.code in places}
    stands = [Stand(number, row.point, places[row.code].division) for number, row in placed.items()]
    for number, advice in advice_for_outside(stands, on).items():
        problems.append(problem_of(rows[number].row, [("outside_region", advice)]))
    return places, problems


def _insurance_area(
    row: PharmacyRow, old: Pharmacy | None, division: Region, regions: dict[str, Region], by_id: dict[int, Region]
) -> Region | None:
    if row.insurance_area is None and old:
        return by_id[old.insurance_area_id]
    return regions.get(row.insurance_area) if row.insurance_area else division


def _unknown_division(row: PharmacyRow, adcode: str, on: date) -> RowProblem:
    """Divisions get new codes (a county becomes a city); where the point lies usually tells which."""
    advice = _("区划 %(code)s 不在地区表中") % {"code": adcode}
    there = containing({0: wgs84_of(row.point)}, on).get(0)
    if there:
        advice += _("；按坐标在 %(there)s：请在 adcode 列填写它的代码") % {"there": there}
    else:
        advice += _("：请先导入地区，或在 adcode 列填写现行代码")
    return problem_of(row.row, [("region_unknown", advice)])


# -- apply ------------------------------------------------------------------------------------------------------------


def _apply(rows: list[PharmacyRow], stored: dict[str, Pharmacy], places: dict[str, Place], on: date) -> Outcome:
    chains = _chains({row.chain for row in rows if row.chain})
    created: list[Pharmacy] = []
    changed: list[Pharmacy] = []
    for row in rows:
        old = stored.get(row.code)
        pharmacy = old or Pharmacy(code=row.code, cell=places[row.code].division.pk)
        wanted = _wanted(row, places[row.code], chains, pharmacy)
        if old is None or any(getattr(pharmacy, name) != value for name, value in wanted.items()):
            _set(pharmacy, wanted, row.point)
            (changed if old else created).append(pharmacy)
    copy_in(Pharmacy, columns_of(Pharmacy), created)
    overwrite(Pharmacy, changed)
    ids = dict(Pharmacy.objects.filter(code__in=[row.code for row in rows]).values_list("code", "pk"))
    new = {ids[pharmacy.code] for pharmacy in created}
    touched = {pharmacy.pk for pharmacy in changed}
    said = [
        facts.Said(ids[row.code], places[row.code].insurance_area.pk, row.designations, row.statuses) for row in rows
    ]
    touched |= facts.write_designations(said, on=on, new=new) | facts.write_statuses(said, on=on)
    touched |= facts.write_store_numbers(
        {ids[row.code]: (chains.get(row.chain or ""), row.store_no) for row in rows if row.store_no is not None}
    )
    updated = len(touched - new)
    return Outcome(len(rows), len(new), updated, unchanged=len(rows) - len(new) - updated)


def _chains(names: set[str]) -> dict[str, int]:
    Chain.objects.bulk_create([Chain(name=name) for name in sorted(names)], ignore_conflicts=True)
    return dict(Chain.objects.filter(name__in=names).values_list("name", "pk"))


OWN: dict[str, tuple[str, ...]] = {
    "phone": ("phone",),
    "hours": ("hours", "open_minutes"),
    "place": ("source_lng", "source_lat", "source_datum"),
}
"""What a shop says about itself once, and an official has confirmed: columns that a file then leaves alone."""


def _kept_notes(rows: list[PharmacyRow], stored: dict[str, Pharmacy]) -> list[str]:
    kept = sum(bool(stored[row.code].own_facts) for row in rows if row.code in stored)
    text = _("%(n)d 家自己登记过电话、营业时间，或位置经过核实：这些以登记的为准，文件里的没有改动它们")
    return [text % {"n": kept}] if kept else []


def _wanted(row: PharmacyRow, place: Place, chains: dict[str, int], known: Pharmacy) -> dict[str, Any]:
    """The columns of `Pharmacy` by which a row is compared; those that follow from them are set by `_set`."""
    own = {column for fact in known.own_facts for column in OWN[fact]}
    wanted = {
        **row.fields,
        "division_id": place.division.pk,
        "insurance_area_id": place.insurance_area.pk,
        "source_lng": row.point.lng,
        "source_lat": row.point.lat,
        "source_datum": row.point.datum,
    }
    if row.chain is not None:
        wanted["chain_id"] = chains.get(row.chain)
    return {column: value for column, value in wanted.items() if column not in own}


def _set(pharmacy: Pharmacy, wanted: dict[str, Any], point: Point) -> None:
    for name, value in wanted.items():
        setattr(pharmacy, name, value)
    if "source_lng" in wanted:
        there = wgs84_of(point)
        pharmacy.location = Geos(there.lng, there.lat, srid=4326)
    pharmacy.initials = initials(pharmacy.name)[:120]
