"""Impossible states of WHO and WHERE are refused by the database, whatever the code above it does."""

from collections.abc import Callable
from datetime import date

import pytest
from django.apps import apps
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from pharmacies import audit
from pharmacies.models import (
    AuditEvent,
    AuditSeal,
    Chain,
    Designation,
    Membership,
    Pharmacy,
    PharmacyAlias,
    PharmacyStatus,
    Region,
    User,
)

from ..factories import AT, chain, pharmacy, region, renamed, wuchang
from . import impossible_staff

pytestmark = pytest.mark.django_db

YEAR = DateRange(date(2026, 1, 1), date(2027, 1, 1))
TOUCHING = DateRange(date(2027, 1, 1), date(2028, 1, 1))
OVERLAPPING = DateRange(date(2026, 12, 31), date(2028, 1, 1))


def make_region(valid: DateRange = YEAR, **fields: object) -> Region:
    base = {"code": "420000", "name": "湖北省", "level": "province", "valid": valid}
    return Region.objects.create(**base | fields)


def two_regions(valid: DateRange) -> None:
    make_region()
    make_region(valid)


def two_statuses(valid: DateRange) -> None:
    shop = pharmacy()
    shop.statuses.all().delete()
    PharmacyStatus.objects.create(pharmacy=shop, status="normal", valid=YEAR)
    PharmacyStatus.objects.create(pharmacy=shop, status="suspended", valid=valid)


def two_designations(valid: DateRange) -> None:
    shop = pharmacy(designations=())
    for each in (YEAR, valid):
        Designation.objects.create(pharmacy=shop, kind="designated", area=shop.insurance_area, valid=each)


def membership(**fields: object) -> Membership:
    user = User.objects.first() or User.objects.create_user("li")
    return Membership.objects.create(**{"user": user, "role": "viewer", "valid": YEAR} | fields)


def twice_member(valid: DateRange, **place: object) -> None:
    membership(**place)
    membership(**place, valid=valid)


def own_parent() -> None:
    row = region("420100", "武汉市", region())
    Region.objects.filter(pk=row.pk).update(parent=row)


def store_number_twice() -> None:
    for shop in (pharmacy(), pharmacy()):
        PharmacyAlias.objects.create(chain=chain(), store_no="007", pharmacy=shop)


def hours_without_minutes() -> None:
    Pharmacy.objects.filter(pk=pharmacy().pk).update(hours="24/7")


def event(**place: object) -> AuditEvent:
    return AuditEvent.objects.create(at=AT, actor_name="李", action="look", subject="x", subject_id="1", **place)


def seal(**fields: object) -> AuditSeal:
    return AuditSeal.objects.create(sealed_at=AT, algorithm="sha256", events=[1], digests=["x"], digest="x", **fields)


IMPOSSIBLE: dict[str, list[Callable[[], object]]] = {
    "region_code_once_at_a_time": [lambda: two_regions(OVERLAPPING), lambda: two_regions(DateRange(None, None))],
    "region_only_a_province_has_no_parent": [
        lambda: make_region(code="420106", level="district"),
        lambda: make_region(code="420001", parent=make_region()),
    ],
    "region_not_its_own_parent": [own_parent],
    "pharmacy_code_fits_its_kind": [
        lambda: pharmacy(code="H42010600001"),
        lambda: pharmacy(code="P42010600001", kind="hospital"),
        lambda: pharmacy(code="P4201060001"),
        lambda: pharmacy(code="p42010600001"),
    ],
    "pharmacy_hours_and_minutes_together": [
        hours_without_minutes,
        lambda: pharmacy(open_minutes=((0, 60),)),
    ],
    "store_no_once_in_a_chain": [store_number_twice],
    "pharmacy_one_status_at_a_time": [lambda: two_statuses(OVERLAPPING)],
    "designation_once_at_a_time": [lambda: two_designations(OVERLAPPING)],
    "membership_for_exactly_one": [
        membership,
        lambda: membership(pharmacy=pharmacy(), chain=chain()),
        lambda: membership(chain=chain(), area=wuchang()),
    ],
    "membership_role_fits_its_place": [
        lambda: membership(role="manager", area=wuchang()),
        lambda: membership(role="head_office", pharmacy=pharmacy()),
        lambda: membership(role="officer", chain=chain()),
        lambda: membership(role="king", chain=chain()),
    ],
    "membership_only_a_chain_is_limited": [
        lambda: membership(pharmacy=pharmacy(), within=wuchang()),
        lambda: membership(area=wuchang(), within=wuchang()),
    ],
    "membership_once_per_pharmacy": [lambda: twice_member(OVERLAPPING, pharmacy=pharmacy())],
    "membership_once_per_chain": [
        lambda: twice_member(OVERLAPPING, chain=chain()),
        lambda: twice_member(OVERLAPPING, chain=chain(), within=wuchang()),
    ],
    "membership_once_per_area": [lambda: twice_member(OVERLAPPING, area=wuchang())],
    "audit_of_at_most_one_place": [
        lambda: event(pharmacy=pharmacy(), chain=chain()),
        lambda: event(pharmacy=pharmacy(), area=wuchang()),
        lambda: event(chain=chain(), area=wuchang()),
    ],
    "seal_numbers_begin_at_one": [lambda: seal(number=0, previous="x"), lambda: seal(number=-1, previous="x")],
    "seal_follows_a_seal": [lambda: seal(number=2), lambda: seal(number=1_000)],
}
IMPOSSIBLE |= impossible_staff.IMPOSSIBLE
CASES = [(name, attempt) for name, attempts in IMPOSSIBLE.items() for attempt in attempts]


def test_every_constraint_of_the_package_is_tried() -> None:
    models = apps.get_app_config("pharmacies").get_models()
    declared = {constraint.name for model in models for constraint in model._meta.constraints}
    assert declared == IMPOSSIBLE.keys()


@pytest.mark.parametrize(("name", "attempt"), CASES, ids=[f"{name}-{n}" for n, (name, _) in enumerate(CASES)])
def test_the_database_refuses(name: str, attempt: Callable[[], object]) -> None:
    with pytest.raises(IntegrityError, match=f'"{name}"'), transaction.atomic():
        attempt()


@pytest.mark.parametrize(
    "attempt",
    [
        lambda: two_regions(TOUCHING),
        lambda: two_statuses(TOUCHING),
        lambda: two_designations(TOUCHING),
        lambda: twice_member(TOUCHING, chain=chain()),
    ],
)
def test_ranges_that_touch_do_not_overlap(attempt: Callable[[], object]) -> None:
    attempt()


@pytest.mark.parametrize(
    "attempt",
    [
        lambda: (pharmacy(code="P42010600001"), pharmacy(code="P42010600001")),
        lambda: (Chain.objects.create(name="同一家"), Chain.objects.create(name="同一家")),
        lambda: (User.objects.create_user("li"), User.objects.create_user("li")),
    ],
)
def test_codes_and_names_are_unique(attempt: Callable[[], object]) -> None:
    with pytest.raises(IntegrityError, match="unique"), transaction.atomic():
        attempt()


@pytest.mark.parametrize("attempt", [lambda rows: rows.update(action="x"), lambda rows: rows.delete()])
def test_the_log_is_append_only(attempt: Callable[[object], object]) -> None:
    audit.record(at=AT, by="李", action="look", subject="x", subject_id=1)
    with pytest.raises(DatabaseError), transaction.atomic():
        attempt(AuditEvent.objects.all())
    assert AuditEvent.objects.get().action == "look"


def test_the_log_is_append_only_even_for_sql() -> None:
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("TRUNCATE pharmacies_auditevent")


def test_a_validity_asks_for_a_day_and_ends_are_half_open() -> None:
    shop = pharmacy(designations=())
    Designation.objects.create(pharmacy=shop, kind="delivery", area=shop.insurance_area, valid=YEAR)
    holds = [Designation.objects.valid(date(2026, 12, 31)).exists(), Designation.objects.valid(YEAR.upper).exists()]
    assert holds == [True, False]


def test_a_region_and_everything_below_it() -> None:
    county = wuchang()
    assert county.parent is not None
    assert set(Region.objects.within(county.parent)) == {county, county.parent}


def test_a_region_that_was_renamed_is_within_and_holds_what_it_did() -> None:
    county = wuchang()
    city = county.parent
    assert city is not None
    new_county, new_city = renamed(county, "新武昌区"), renamed(city, "新武汉市")
    for each in (city, new_city):
        assert set(Region.objects.within(each)) == {county, new_county, city, new_city}
    for each in (county, new_county):
        assert set(Region.objects.within(each)) == {county, new_county}
