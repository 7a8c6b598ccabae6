"""PharmacyToday equals what a person would work out from the base tables."""

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.contrib.gis.geos import Point
from django.db.backends.postgresql.psycopg_any import DateRange

from pharmacies import today
from pharmacies.models import Designation, Pharmacy, PharmacyCell, PharmacyStatus, PharmacyToday, Region

from ..factories import AT, SHANGHAI, pharmacy, since, wuchang

pytestmark = pytest.mark.django_db

DAY = date(2026, 11, 21)


def day_of(row: Pharmacy) -> PharmacyToday:
    return PharmacyToday.objects.get(pharmacy=row)


def by_hand(row: Pharmacy, day: date) -> dict[str, Any]:
    """The row computed without SQL, slowly."""

    def holds(valid: DateRange) -> bool:
        return (valid.lower is None or valid.lower <= day) and (valid.upper is None or day < valid.upper)

    def upward(region: Region | None) -> list[int]:
        return [] if region is None else [region.pk, *upward(region.parent)]

    statuses = [each.status for each in row.statuses.all() if holds(each.valid)]
    kinds = {each.kind for each in row.designations.all() if holds(each.valid)}
    status = statuses[0] if statuses else "normal"
    return {
        "pharmacy_id": row.pk,
        "day": day,
        "kind": row.kind,
        "status": status,
        "ranked": status == "normal" and "designated" in kinds,
        "designations": sum(1 << place for place, kind in enumerate(Designation.Kind) if kind in kinds),
        "region_ids": sorted({*upward(row.division), *upward(row.insurance_area)}),
        "area_ids": upward(row.insurance_area),
        "location": (row.location.x, row.location.y),
        "open_minutes": row.open_minutes,
        "night": any(day * 1440 + minute in OPEN[row.open_minutes] for day in range(7) for minute in AT_NIGHT),
        "cell": row.cell,
    }


AT_NIGHT = [*range(6 * 60 + 30), *range(22 * 60 + 30, 24 * 60)]
OPEN: dict[Any, set[int]] = {
    None: set(),
    (): set(),
    ((390, 1350),): set(range(390, 1350)),
    ((389, 1350),): set(range(389, 1350)),
    ((8640 + 1200, 8640 + 1351),): set(range(8640 + 1200, 8640 + 1351)),
    ((0, 10080),): set(range(10080)),
}
"""Hours that touch the night by a minute, or just not."""


def stored() -> list[dict[str, Any]]:
    rows = PharmacyToday.objects.order_by("pharmacy_id").values(*by_hand_fields())
    return [{**row, "location": (row["location"].x, row["location"].y)} for row in rows]


def by_hand_fields() -> list[str]:
    return [field.attname for field in PharmacyToday._meta.concrete_fields]


def some_range(dice: random.Random) -> DateRange:
    """Around DAY, so that ends fall on it, on its eve and on its morrow."""
    start = None if dice.random() < 0.2 else DAY + timedelta(dice.randint(-2, 2))
    end = None if dice.random() < 0.3 else (start or DAY) + timedelta(dice.randint(1, 3))
    return DateRange(start, end)


def scatter(dice: random.Random, count: int) -> None:
    """Pharmacies and hospitals with every mixture of statuses, designations, areas and hours."""
    city: Any = wuchang().parent
    province = city.parent
    area = Region.objects.create(
        code="420199", name="市本级", kind="insurance_area", level="city", parent=province, valid=since()
    )
    zone = Region.objects.create(
        code="4201A1", name="某功能区", kind="zone", level="district", parent=area, valid=since()
    )
    for number in range(count):
        row = Pharmacy.objects.create(
            code=f"{'P' if number % 3 else 'H'}420106{number:05d}",
            kind="pharmacy" if number % 3 else dice.choice(["hospital", "clinic"]),
            name=f"店{number}",
            address="路",
            division=dice.choice([wuchang(), city]),
            insurance_area=dice.choice([area, zone, wuchang()]),
            location=Point(114 + dice.random(), 30 + dice.random(), srid=4326),
            source_lng=114,
            source_lat=30,
            source_datum="wgs84",
            hours="" if (hours := dice.choice(list(OPEN))) is None else "x",
            open_minutes=hours,
            cell=dice.randint(1, 9),
        )
        if dice.random() < 0.7:
            valid = some_range(dice)
            PharmacyStatus.objects.create(pharmacy=row, status=dice.choice(list(PharmacyStatus.Status)), valid=valid)
        for kind in dice.sample(list(Designation.Kind), dice.randint(0, 8)):
            Designation.objects.create(pharmacy=row, kind=kind, area=row.insurance_area, valid=some_range(dice))


@pytest.mark.parametrize("seed", [1, 2])
def test_it_equals_the_base_tables(seed: int) -> None:
    scatter(random.Random(seed), 150)
    today.rebuild(AT)
    expected = [by_hand(row, DAY) for row in Pharmacy.objects.order_by("pk")]
    assert stored() == expected
    assert {row["ranked"] for row in expected} == {True, False}


def test_cells_are_boxes_around_the_pharmacies_of_today() -> None:
    scatter(random.Random(3), 60)
    today.rebuild(AT)
    rows = PharmacyToday.objects.all()
    for cell in PharmacyCell.objects.all():
        mine = [row for row in rows if row.cell == cell.cell]
        assert cell.pharmacies == len(mine)
        assert cell.dual_channel == sum(bool(row.designations & Designation.Kind.DUAL_CHANNEL.bit) for row in mine)
        assert cell.night == sum(row.night for row in mine)
        assert cell.institutions == sum(row.kind != "pharmacy" for row in mine)
        assert cell.region_ids == sorted({region for row in mine for region in row.region_ids})
        west, south, east, north = cell.box.extent
        assert all(west < row.location.x < east and south < row.location.y < north for row in mine)
    assert {row.cell for row in rows} == set(PharmacyCell.objects.values_list("cell", flat=True))


def test_a_pharmacy_that_moves_stretches_the_box_of_its_cell() -> None:
    shop = pharmacy()
    today.rebuild(AT)
    shop.location = Point(110.5, 30.5, srid=4326)
    shop.save()
    today.rebuild(AT, [shop.pk])
    assert PharmacyCell.objects.get().box.extent[0] < 110.5


def test_only_rows_that_differ_are_written() -> None:
    kept, moved = pharmacy(), pharmacy()
    assert today.rebuild(AT) == 2
    assert today.rebuild(AT) == 0
    Pharmacy.objects.filter(pk=moved.pk).update(location=Point(114.4, 30.6, srid=4326))
    assert today.rebuild(AT) == 1
    assert day_of(kept).day == DAY


def test_the_day_begins_at_midnight_in_shanghai() -> None:
    row = pharmacy(designations=())
    Designation.objects.create(pharmacy=row, kind="designated", area=wuchang(), valid=DateRange(DAY, None))
    today.rebuild(datetime(2026, 11, 20, 15, 59, 59, tzinfo=UTC))
    assert not day_of(row).ranked
    today.rebuild(datetime(2026, 11, 20, 16, 0, tzinfo=UTC))
    assert (day_of(row).ranked, day_of(row).day) == (True, DAY)


def test_a_pharmacy_suspended_today_leaves_the_ranking_today() -> None:
    row = pharmacy()
    row.statuses.update(valid=DateRange(None, DAY))
    PharmacyStatus.objects.create(pharmacy=row, status="suspended", valid=DateRange(DAY, None))
    today.rebuild(AT - timedelta(days=1))
    assert day_of(row).ranked
    today.rebuild(AT)
    assert (day_of(row).ranked, day_of(row).status) == (False, "suspended")


def test_the_last_day_of_a_range_is_the_day_before_its_end() -> None:
    row = pharmacy(designations=())
    Designation.objects.create(
        pharmacy=row, kind="designated", area=wuchang(), valid=DateRange(DAY, DAY + timedelta(days=1))
    )
    for offset, ranked in ((-1, False), (0, True), (1, False)):
        today.rebuild(AT + timedelta(days=offset))
        assert day_of(row).ranked is ranked, offset


def test_no_status_history_means_normal() -> None:
    row = pharmacy()
    row.statuses.all().delete()
    today.rebuild(AT)
    assert (day_of(row).status, day_of(row).ranked) == ("normal", True)


def test_naming_pharmacies_leaves_the_others_alone() -> None:
    named, other = pharmacy(), pharmacy()
    assert today.rebuild(AT, [named.pk]) == 1
    assert not PharmacyToday.objects.filter(pharmacy=other).exists()
    assert today.rebuild(AT, []) == 0


def test_a_deleted_pharmacy_takes_its_row_along() -> None:
    row = pharmacy()
    today.rebuild(AT)
    row.delete()
    assert not PharmacyToday.objects.exists()


def test_a_midnight_rebuild_of_a_moment_given_in_another_zone_is_the_same_day() -> None:
    row = pharmacy()
    today.rebuild(AT.astimezone(UTC))
    assert day_of(row).day == AT.astimezone(SHANGHAI).date()
