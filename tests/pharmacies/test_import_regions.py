"""Regions from GeoJSON: the tree, the datum, the rings."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from pharmacies.files import FileProblem
from pharmacies.geo import Gcj02, Wgs84, gcj02_of, haversine_m, wgs84_of
from pharmacies.importers import regions
from pharmacies.models import AuditEvent, Outline, PharmacyToday, Region

from ..factories import AT, pharmacy, rebuild_today, square

pytestmark = pytest.mark.django_db

REAL = Path(__file__).parents[3] / "shared" / "data" / "geo" / "hubei_all_levels_cnmaps.geojson"
SQUARE = [[[114.0, 30.0], [115.0, 30.0], [115.0, 31.0], [114.0, 31.0], [114.0, 30.0]]]


def feature(geometry: Any = None, **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def polygon(rings: Any) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": rings}


def collection(*features: dict[str, Any]) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False).encode()


PROVINCE = feature(adcode="420000", name="湖北省", level="province")
CITY = feature(adcode="420100", name="武汉市", level="市", parent="420000")
COUNTY = feature(adcode="420106", name="武昌区", level="区县")


def load(data: bytes, datum: Any = "wgs84", **kwargs: Any) -> regions.Outcome:
    return regions.load(data=data, datum=datum, at=AT, by="测试员", **kwargs)


def get(code: str) -> Any:
    return Region.objects.get(code=code)


def test_children_may_come_before_parents_and_codes_name_the_parent() -> None:
    outcome = load(collection(COUNTY, CITY, PROVINCE))
    assert (outcome.created, outcome.problems) == (3, ())
    assert get("420106").parent == get("420100")
    assert get("420100").parent == get("420000")
    assert get("420000").parent is None
    assert [get(code).level for code in ("420000", "420100", "420106")] == ["province", "city", "district"]


def test_a_county_under_the_province_has_the_province_as_parent_whatever_it_calls_itself() -> None:
    load(collection(PROVINCE, feature(adcode="429004", name="仙桃市", level="市")))
    assert (get("429004").parent, get("429004").level) == (get("420000"), "district")


def test_zones_and_insurance_areas_with_dates() -> None:
    zone = feature(adcode="4201A1", name="东湖高新区", level="区县", kind="zone", parent="420100")
    area = feature(
        adcode="420199",
        name="市本级",
        level="city",
        kind="insurance_area",
        parent="420100",
        valid_from="2026-01-01",
        valid_to="2026-12-31",
    )
    load(collection(PROVINCE, CITY, area, zone))
    found = get("420199")
    assert (found.kind, found.parent, get("4201A1").kind) == ("insurance_area", get("420100"), "zone")
    assert (str(found.valid.lower), str(found.valid.upper)) == ("2026-01-01", "2027-01-01")


def test_a_second_import_changes_nothing_and_leaves_no_event() -> None:
    data = collection(PROVINCE, CITY, {**COUNTY, "geometry": polygon(SQUARE)})
    load(data, "gcj02")
    again = load(data, "gcj02")
    assert (again.created, again.updated, again.unchanged) == (0, 0, 3)
    assert AuditEvent.objects.filter(action="import_regions").count() == 1


def test_a_changed_name_or_outline_is_an_update() -> None:
    load(collection(PROVINCE, CITY, COUNTY))
    renamed = feature(polygon(SQUARE), adcode="420106", name="新武昌区", level="区县")
    outcome = load(collection(PROVINCE, CITY, renamed))
    assert (outcome.updated, outcome.unchanged) == (1, 2)
    assert (get("420106").name, get("420106").outline.shape.area) == ("新武昌区", pytest.approx(1))


COUNTY_DRAWN = {**COUNTY, "geometry": polygon(SQUARE)}
ELSEWHERE = [[[x + 1, y] for x, y in SQUARE[0]]]


def former_and_new(of_former: Any = None, of_new: Any = None) -> bytes:
    """The county until the end of October, and under another name from November on."""
    former = feature(of_former, adcode="420106", name="武昌区", level="区县", valid_to="2026-10-31")
    new = feature(of_new, adcode="420106", name="新武昌区", level="区县", valid_from="2026-11-01")
    return collection(new, former)


def drawn() -> dict[str, float]:
    """The western border of each region that has an outline, by its name."""
    return {each.region.name: each.shape.extent[0] for each in Outline.objects.select_related("region")}


def test_a_feature_without_a_shape_leaves_the_outline() -> None:
    load(collection(PROVINCE, CITY, COUNTY_DRAWN))
    assert load(collection(PROVINCE, CITY, COUNTY)).unchanged == 3
    silent = {name: value for name, value in COUNTY.items() if name != "geometry"}
    assert load(collection(silent)).unchanged == 1
    assert drawn() == {"武昌区": 114}


def test_another_shape_takes_the_place_of_the_outline() -> None:
    load(collection(PROVINCE, CITY, COUNTY_DRAWN))
    outcome = load(collection({**COUNTY, "geometry": polygon(ELSEWHERE)}))
    assert (outcome.updated, drawn()) == (1, {"武昌区": 115})


def test_a_region_under_a_new_name_looks_as_it_did_until_it_has_an_outline_of_its_own() -> None:
    load(collection(PROVINCE, CITY, COUNTY_DRAWN))
    outcome = load(former_and_new())
    assert (outcome.created, outcome.updated) == (1, 1)
    assert drawn() == {"武昌区": 114, "新武昌区": 114}
    assert load(former_and_new()).unchanged == 2
    load(former_and_new(of_new=polygon(ELSEWHERE)))
    assert drawn() == {"武昌区": 114, "新武昌区": 115}


def test_both_rows_of_a_renamed_region_may_come_in_one_file() -> None:
    load(collection(PROVINCE, CITY))
    load(former_and_new(of_former=polygon(SQUARE)))
    assert drawn() == {"武昌区": 114, "新武昌区": 114}


def test_an_outline_is_handed_on_to_what_comes_after_and_to_no_other_code() -> None:
    load(collection(PROVINCE, CITY, feature(adcode="420111", name="洪山区", level="区县")))
    load(former_and_new(of_new=polygon(SQUARE)))
    assert drawn() == {"新武昌区": 114}


def test_a_region_renamed_before_its_outline_came_gets_it_with_the_next_import() -> None:
    load(collection(PROVINCE, CITY))
    load(former_and_new())
    Outline.objects.create(region=Region.objects.get(name="武昌区"), shape=square(114, 30, 115, 31))
    assert load(former_and_new()).updated == 1
    assert drawn() == {"武昌区": 114, "新武昌区": 114}


def test_outlines_are_stored_in_wgs84() -> None:
    rings = [[[gcj.lng, gcj.lat] for gcj in (gcj02_of(Wgs84(x, y)) for x, y in SQUARE[0])]]
    load(collection({**PROVINCE, "geometry": polygon(rings)}), "gcj02")
    stored = get("420000").outline.shape[0][0].coords
    offs = [haversine_m(Wgs84(*have), Wgs84(*want)) for have, want in zip(stored, SQUARE[0], strict=True)]
    assert max(offs) < 0.01
    assert haversine_m(Wgs84(*rings[0][0]), wgs84_of(Gcj02(*rings[0][0]))) > 400


def test_a_dry_run_counts_and_writes_nothing() -> None:
    assert load(collection(PROVINCE, CITY), dry_run=True).created == 2
    assert not Region.objects.exists()
    assert not AuditEvent.objects.exists()


def test_pharmacies_move_with_the_tree_in_the_same_transaction() -> None:
    row = pharmacy()
    rebuild_today()
    county = feature(adcode="420106", name="武昌区", level="区县", parent="420000", valid_from="2020-01-01")
    load(collection(county))
    assert PharmacyToday.objects.get(pharmacy=row).area_ids == [get("420106").pk, get("420000").pk]


BOW_TIE = [[[114, 30], [115, 31], [115, 30], [114, 31], [114, 30]]]
FLAWS = {
    "unclosed ring": (polygon([SQUARE[0][:-1]]), {}, "ring_unclosed"),
    "two points": (polygon([[[114, 30], [115, 30], [114, 30]]]), {}, "ring_too_short"),
    "crosses itself": (polygon(BOW_TIE), {}, "ring_crosses"),
    "hole outside": (polygon([*SQUARE, [[20, 20], [21, 20], [21, 21], [20, 20]]]), {}, "ring_crosses"),
    "letters": (polygon([[["a", 30], [115, 30], [115, 31], ["a", 30]]]), {}, "boundary_unreadable"),
    "latitude first": (polygon([[[30, 114], [30, 115], [31, 115], [30, 114]]]), {}, "coordinate_swapped"),
    "a point": ({"type": "Point", "coordinates": [114, 30]}, {}, "boundary_kind"),
    "no parts": ({"type": "MultiPolygon", "coordinates": []}, {}, "boundary_kind"),
    "unknown parent": (None, {"parent": "430000"}, "parent_unknown"),
    "parent below": (None, {"parent": "420106"}, "parent_level"),
    "own parent": (None, {"parent": "420100"}, "parent_level"),
    "level": (None, {"level": "village"}, "level"),
    "kind": (None, {"kind": "planet"}, "unknown_word"),
    "short code": (None, {"adcode": "4201"}, "region_code"),
    "spreadsheet code": (None, {"adcode": "4.2E+05"}, "spreadsheet_number"),
    "no code": (None, {"adcode": None}, "missing"),
    "no name": (None, {"name": ""}, "missing"),
    "long name": (None, {"name": "武" * 61}, "too_long"),
    "zone without parent": (None, {"kind": "zone", "parent": ""}, "parent_missing"),
    "reversed dates": (None, {"valid_from": "2026-02-01", "valid_to": "2026-01-31"}, "range"),
    "no such day": (None, {"valid_from": "2026-02-30"}, "date"),
    "end of time": (None, {"valid_to": "9999-12-31"}, "date"),
}


@pytest.mark.parametrize(("geometry", "change", "reason"), FLAWS.values(), ids=FLAWS.keys())
def test_one_flaw_refuses_the_file_by_code_and_name(geometry: Any, change: dict[str, Any], reason: str) -> None:
    flawed = feature(geometry, **{**CITY["properties"], **change})
    outcome = load(collection(PROVINCE, flawed, COUNTY))
    assert reason in [each for problem in outcome.problems for each in problem.reason.split(";") if problem.line == 2]
    problem = next(problem for problem in outcome.problems if problem.line == 2)
    assert (flawed["properties"]["name"] or flawed["properties"]["adcode"]) in problem.advice
    assert not Region.objects.exists()


def test_a_code_valid_twice_on_one_day_is_refused() -> None:
    load(collection(PROVINCE, CITY))
    later = feature(adcode="420100", name="大武汉市", level="市", valid_from="2027-01-01")
    outcome = load(collection(later))
    assert [problem.reason for problem in outcome.problems] == ["region_overlap"]
    closed = feature(adcode="420100", name="武汉市", level="市", valid_to="2026-12-31")
    outcome = load(collection(later, closed))
    assert (outcome.created, outcome.updated, outcome.problems) == (1, 1, ())


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"{", "第 1 行不是合法的 JSON"),
        (b'{"type": "FeatureCollection", "features": []}', "没有任何要素"),
        (b'{"type": "Feature"}', "FeatureCollection"),
        (b"[]", "FeatureCollection"),
        (b'{"type": "FeatureCollection", "features": [1]}', "第 1 个要素没有 properties"),
        (b'{"type": "FeatureCollection", "features": [{"x": NaN}]}', "NaN"),
        (b"[" * 100_000, "合法的 JSON"),
        (b"", "空的"),
    ],
)
def test_what_is_no_geojson_is_refused_in_one_sentence(data: bytes, says: str) -> None:
    with pytest.raises(FileProblem, match=says):
        load(data)


def test_a_region_cannot_come_to_lie_below_its_own_child() -> None:
    load(collection(PROVINCE, CITY))
    upside_down = collection(feature(adcode="420000", name="湖北省", level="district", parent="420100"))
    with pytest.raises(FileProblem, match="成环"):
        load(upside_down)
    assert get("420000").parent is None


def test_the_command_names_the_feature_and_exits_with_1(tmp_path: Path) -> None:
    file = tmp_path / "regions.geojson"
    file.write_bytes(collection(PROVINCE, {**CITY, "geometry": polygon([SQUARE[0][:-1]])}))
    with pytest.raises(CommandError, match=r"1 行有误.*420100 武汉市：边界第 1 块第 1 环没有闭合") as refused:
        call_command("import_regions", str(file), "--datum", "gcj02")
    assert refused.value.returncode == 1
    assert "ring_unclosed" in (tmp_path / "regions.errors.csv").read_text(encoding="utf-8-sig")


@pytest.mark.skipif(not REAL.exists(), reason="the shared boundary file of Hubei is not here")
def test_the_real_file_of_hubei_imports_as_it_is() -> None:
    outcome = load(REAL.read_bytes(), "gcj02")
    assert (outcome.rows, outcome.created, outcome.problems) == (117, 117, ())
    counties = Region.objects.filter(code__startswith="4290")
    assert {(each.level, each.parent.code) for each in counties} == {("district", "420000")}
    assert get("421088").name == "监利市"
    assert Region.objects.filter(level="district").count() == 103
    assert load(REAL.read_bytes(), "gcj02").unchanged == 117
