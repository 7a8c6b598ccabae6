"""Pharmacies from CSV: identity, place, dated facts; one flaw refuses the file and says what to do."""

from datetime import date, timedelta
from typing import Any

import pytest

from pharmacies import shop
from pharmacies.geo import Wgs84, bd09_of, gcj02_of, haversine_m
from pharmacies.importers import pharmacies
from pharmacies.models import (
    AuditEvent,
    Chain,
    Designation,
    Outline,
    Pharmacy,
    PharmacyAlias,
    PharmacyToday,
    Region,
    User,
)

from ..factories import AT, outlined, region, renamed, since, square, wuchang
from .import_world import BASE, FULL, HERE, file_of, held, imported, load, two_counties  # noqa: F401  autouse

pytestmark = pytest.mark.django_db


# -- what is stored ---------------------------------------------------------------------------------------------------


def test_every_column_is_stored() -> None:
    load(FULL)
    row: Any = Pharmacy.objects.get()
    assert (row.name, row.initials, row.chain.name) == (FULL["name"], "tjdyfylld", "天济连锁")
    assert (row.division.code, row.insurance_area.code) == ("420106", "420199")
    assert (row.uscc, row.phone, row.license_no) == (FULL["uscc"], FULL["phone"], FULL["license_no"])
    assert (row.license_to, row.hours) == (date(2029, 12, 31), FULL["hours"])
    assert row.open_minutes[0] == (480, 1290)
    assert [(each.chain.name, each.store_no) for each in row.aliases.all()] == [("天济连锁", "007")]
    assert [(each.status, each.valid.lower) for each in row.statuses.all()] == [("suspended", date(2026, 11, 1))]
    assert {each.area.code for each in row.designations.all()} == {"420199"}
    assert (PharmacyToday.objects.get().status, PharmacyToday.objects.get().ranked) == ("suspended", False)


def test_the_insurance_area_is_the_division_unless_stated() -> None:
    row = imported()
    assert row.insurance_area == row.division == wuchang()
    assert PharmacyToday.objects.get().ranked


@pytest.mark.parametrize("of", [gcj02_of, bd09_of])
def test_a_point_of_another_datum_is_stored_in_wgs84_and_as_received(of: Any) -> None:
    sent = of(HERE)
    row = imported(lng=f"{sent.lng:.9f}", lat=f"{sent.lat:.9f}", datum=sent.datum)
    assert haversine_m(Wgs84(row.location.x, row.location.y), HERE) < 0.01
    assert (row.source_lng, row.source_datum) == (pytest.approx(sent.lng, abs=1e-9), sent.datum)


def test_initials_are_those_of_the_name() -> None:
    assert imported(name="重庆路ABC大药房（2店）").initials == "cqlabcdyf2d"


def test_gb18030_and_full_width_digits_are_read() -> None:
    data = file_of(BASE | {"code": "Ｐ４２０１０６００００１", "lng": "１１４．３０２４３７"}, encoding="gb18030")
    assert pharmacies.load(data=data, at=AT, by="x").created == 1
    assert Pharmacy.objects.get().name == BASE["name"]


def test_hospitals_and_clinics_have_h_codes() -> None:
    load(BASE | {"code": "H42010600001", "kind": "hospital", "level": "三级甲等"})
    assert (Pharmacy.objects.get().kind, Pharmacy.objects.get().level) == ("hospital", "三级甲等")


# -- again ------------------------------------------------------------------------------------------------------------


def test_importing_twice_changes_nothing() -> None:
    other = FULL | {
        "code": "P42010600002",
        "store_no": "008",
        "status": "",
        "designations": "designated;delivery@2026-01-01",
    }
    assert load(FULL, other).created == 2
    for days in (0, 1):
        again = load(FULL, other, at=AT + timedelta(days=days))
        assert (again.created, again.updated, again.unchanged) == (0, 0, 2)
    assert AuditEvent.objects.count() == 1


def test_the_order_of_rows_is_irrelevant() -> None:
    rows = [FULL | {"code": f"P4201060000{n}", "store_no": f"{n}"} for n in range(1, 5)]
    load(*rows)
    assert load(*reversed(rows)).unchanged == 4


@pytest.mark.parametrize(
    "change",
    [
        {"name": "新名"},
        {"lng": "114.31"},
        {"chain": "另一家"},
        {"store_no": "009"},
        {"status": ""},
        {"designations": "designated;delivery"},
        {"insurance_area": ""},
        {"license_to": ""},
        {"hours": "24/7"},
    ],
)
def test_any_difference_is_one_update(change: dict[str, str]) -> None:
    load(FULL)
    outcome = load(FULL | change)
    assert (outcome.created, outcome.updated, outcome.unchanged) == (0, 1, 0)
    assert load(FULL | change).unchanged == 1


def test_a_column_that_the_file_does_not_have_says_nothing() -> None:
    load(FULL)
    assert load(BASE).unchanged == 1
    row: Any = Pharmacy.objects.get()
    assert (row.phone, row.chain.name, row.insurance_area.code) == (FULL["phone"], "天济连锁", "420199")
    assert row.statuses.get().status == "suspended"


def test_what_the_shop_said_itself_is_not_overwritten_by_a_file() -> None:
    load(FULL)
    here = Pharmacy.objects.get()
    boss, official = (User.objects.create_user(name) for name in ("boss", "official"))
    shop.change(here, phone="027-87654321", days=["07:00-23:00"] * 7, services=[], by=boss, at=AT)
    shop.propose_place(here, lng="114.31", lat="30.55", datum="wgs84", note="", by=boss, at=AT)
    shop.decide_place(here, accept=True, reason="", by=official, at=AT)
    outcome = load(FULL | {"phone": "027-11112222", "name": "天济大药房（新名）"})
    assert outcome.updated == 1
    assert any("以登记的为准" in note for note in outcome.notes)
    row = Pharmacy.objects.get()
    assert (row.name, row.phone, row.hours) == ("天济大药房（新名）", "027-87654321", "Mo-Su 07:00-23:00")
    assert (row.location.x, row.location.y) == (114.31, 30.55)


def test_what_the_shop_did_not_say_follows_the_file() -> None:
    load(FULL)
    here = Pharmacy.objects.get()
    shop.change(
        here, phone="027-87654321", days=["08:00-21:30"] * 5 + ["09:00-21:00"] * 2, services=[],
        by=User.objects.create_user("boss"), at=AT,
    )  # fmt: skip
    load(FULL | {"hours": "24/7"})
    assert Pharmacy.objects.get().hours == "24/7"


def test_a_designation_no_longer_named_leaves_today_and_stays_in_history() -> None:
    row = imported(designations="designated;delivery")
    imported(designations="delivery")
    assert held(row) == {("designated", None, AT.date()), ("delivery", None, None)}
    assert not PharmacyToday.objects.get().ranked


def test_a_chain_may_pass_its_store_numbers_around_in_one_file() -> None:
    one, two = FULL, FULL | {"code": "P42010600002", "store_no": "008"}
    load(one, two)
    assert load(one | {"store_no": "008"}, two | {"store_no": "007"}).updated == 2
    aliases = PharmacyAlias.objects.values_list("pharmacy__code", "store_no")
    assert set(aliases) == {("P42010600001", "008"), ("P42010600002", "007")}


def test_a_dry_run_counts_and_writes_nothing() -> None:
    assert load(FULL, dry_run=True).created == 1
    assert not Pharmacy.objects.exists()
    assert not Chain.objects.exists()
    assert not PharmacyToday.objects.exists()


def test_the_import_leaves_an_event_that_names_the_operator() -> None:
    load(FULL)
    event = AuditEvent.objects.get()
    assert (event.action, event.actor_name, event.at) == ("import_pharmacies", "测试员", AT)
    assert (event.after or {}).get("created") == 1


# -- refused ----------------------------------------------------------------------------------------------------------

AT_BORDER = Wgs84(114.3985, 30.55)  # its GCJ-02 numbers, read as WGS-84, lie 400 m beyond the border
FLAWS = {
    "code too short": ({"code": "P4201060001"}, "institution_code", "12 位"),
    "code mangled": ({"code": "4.201E+11"}, "institution_code", "12 位"),
    "no code": ({"code": ""}, "missing", "code"),
    "P code of a hospital": ({"kind": "hospital"}, "code_kind", "P 开头"),
    "unknown kind": ({"kind": "shop"}, "unknown_word", "pharmacy、hospital、clinic"),
    "no name": ({"name": " "}, "missing", "name"),
    "long name": ({"name": "药" * 121}, "too_long", "最多 120"),
    "no address": ({"address": ""}, "missing", "address"),
    "letters for a longitude": ({"lng": "abc"}, "coordinate_unreadable", "abc"),
    "no latitude": ({"lat": ""}, "coordinate_missing", "lat"),
    "latitude NaN": ({"lat": "NaN"}, "coordinate_unreadable", "NaN"),
    "latitude 91": ({"lng": "114", "lat": "91"}, "coordinate_range", "±90"),
    "unknown datum": ({"datum": "cgcs"}, "datum_unknown", "gcj02"),
    "no datum": ({"datum": ""}, "missing", "datum"),
    "swapped": ({"lng": "30.544612", "lat": "114.302437"}, "coordinate_swapped", "写反"),
    "Tokyo": ({"lng": "139.7671", "lat": "35.6812"}, "outside_region", "公里"),
    "the next county": ({"lng": "114.5"}, "outside_region", "在 420111 洪山区"),
    "GCJ-02 given as WGS-84": (
        {"lng": f"{gcj02_of(AT_BORDER).lng:.6f}", "lat": f"{gcj02_of(AT_BORDER).lat:.6f}"},
        "outside_region",
        "把 datum 改为 gcj02",
    ),
    "unknown division": ({"code": "P42108800001"}, "region_unknown", "420106 武昌区：请在 adcode 列"),
    "unknown insurance area": ({"insurance_area": "429999"}, "region_unknown", "429999"),
    "insurance area as division": ({"adcode": "420199"}, "region_unknown", "420199"),
    "mangled adcode": ({"adcode": "4.2E+05"}, "spreadsheet_number", "科学计数法"),
    "mangled phone": ({"phone": "1.38E+10"}, "spreadsheet_number", "科学计数法"),
    "mangled store number": ({"store_no": "1.0E+12", "chain": "x"}, "spreadsheet_number", "科学计数法"),
    "credit code": ({"uscc": "91420100177752841K"}, "uscc_check", "校验位"),
    "credit code mangled": ({"uscc": "9.14201E+17"}, "uscc_form", "18 位"),
    "hours": ({"hours": "早八点到晚九点"}, "hours", "24/7"),
    "licence day": ({"license_to": "2029-02-30"}, "date", "2026-01-31"),
    "designation": ({"designations": "vip"}, "unknown_word", "designated"),
    "designation dates": ({"designations": "designated@2026-02-01..2026-01-01"}, "range", "早于"),
    "status": ({"status": "closed"}, "unknown_word", "suspended"),
    "number without chain": ({"store_no": "007"}, "chain_missing", "chain"),
}


@pytest.mark.parametrize(("change", "reason", "says"), FLAWS.values(), ids=FLAWS.keys())
def test_one_flaw_refuses_the_file_and_says_what_to_do(change: dict[str, str], reason: str, says: str) -> None:
    good = {**BASE, **dict.fromkeys(change, ""), **BASE, "code": "P42010600009"}
    outcome = load(good, good | BASE | change)
    assert [(problem.line, problem.reason) for problem in outcome.problems] == [(3, reason)]
    assert says in outcome.problems[0].advice
    assert not Pharmacy.objects.exists()
    assert not AuditEvent.objects.exists()


def test_a_point_just_over_the_border_is_taken() -> None:
    assert imported(lng="114.4025").location.x == 114.4025


def test_where_no_outline_is_known_only_abroad_is_refused() -> None:
    Outline.objects.all().delete()
    assert load(BASE | {"lng": "116.4", "lat": "39.9"}).created == 1
    problem = load(BASE | {"lng": "139.7671", "lat": "35.6812"}).problems[0]
    assert (problem.reason, "不在中国" in problem.advice) == ("outside_region", True)


def test_the_outline_above_judges_where_a_county_has_none() -> None:
    Outline.objects.all().delete()
    outlined(region(), square(108, 29, 117, 34))
    assert load(BASE | {"lng": "116.4", "lat": "39.9"}).problems[0].reason == "outside_region"


def test_a_county_under_a_new_name_holds_its_points_until_it_has_another_outline() -> None:
    imported()
    heir = renamed(wuchang(), "新武昌区")
    assert imported(lng="114.3951").location.x == 114.3951
    assert "420106 新武昌区" in load(BASE | {"adcode": "420111"}).problems[0].advice
    outlined(heir, square(114.2, 30.4, 114.35, 30.7))
    without_adcode = load(BASE | {"lng": "114.3951"})  # of a pharmacy that stands in the county's former row
    assert [problem.reason for problem in without_adcode.problems] == ["outside_region"]


def test_repeated_codes_and_store_numbers_name_the_first_line() -> None:
    outcome = load(FULL, FULL | {"code": "P42010600002"}, BASE)
    told = [(problem.line, problem.reason, "第 2 行" in problem.advice) for problem in outcome.problems]
    assert told == [(3, "store_no_repeated", True), (4, "repeated", True)]


def test_a_store_number_of_another_pharmacy_is_refused_with_its_code() -> None:
    load(FULL)
    outcome = load(FULL | {"code": "P42010600002"})
    assert [problem.reason for problem in outcome.problems] == ["store_no_taken"]
    assert "P42010600001" in outcome.problems[0].advice


def test_a_row_is_refused_once_for_all_its_reasons() -> None:
    problem = load(BASE | {"name": "", "lng": "x", "kind": "shop"}).problems[0]
    assert problem.reason == "unknown_word;missing;coordinate_unreadable"


# -- size -------------------------------------------------------------------------------------------------------------


def test_queries_do_not_grow_with_the_rows(django_assert_max_num_queries: Any) -> None:
    rows = [FULL | {"code": f"P420106{n:05d}", "store_no": f"{n}"} for n in range(300)]
    with django_assert_max_num_queries(40):
        assert load(*rows).created == 300
    with django_assert_max_num_queries(40):
        assert load(*(row | {"phone": "1", "designations": "delivery"} for row in rows)).updated == 300
    assert Designation.objects.filter(kind="designated", valid__endswith=AT.date()).count() == 300


def test_the_region_in_force_today_is_the_one_taken() -> None:
    old = Region.objects.get(code="420106")
    Region.objects.filter(pk=old.pk).update(valid=since(date(2020, 1, 1), date(2026, 1, 1)))
    new = Region.objects.create(
        code="420106", name="武昌区", level="district", parent=old.parent, valid=since(date(2026, 1, 1))
    )
    assert imported().division == new
