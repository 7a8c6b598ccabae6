"""Impossible states of WHAT are refused by the database, whatever the code above it does."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from catalog.models import (
    Alias,
    Category,
    DailyDose,
    DrugList,
    DrugListEntry,
    Edition,
    Herb,
    ListingMatch,
    PaymentStandard,
    Preparation,
    ReferencePrice,
    Scheme,
    SearchName,
)

from .. import factories as f

pytestmark = pytest.mark.django_db

YEAR = DateRange(date(2026, 1, 1), date(2027, 1, 1))
TOUCHING = DateRange(date(2027, 1, 1), date(2028, 1, 1))
OVERLAPPING = DateRange(date(2026, 12, 31), date(2028, 1, 1))


def two_editions(valid: DateRange, state: str = "ready") -> None:
    Edition.objects.create(year=2026, document="x", valid=YEAR, state="ready")
    Edition.objects.create(year=2027, document="y", valid=valid, state=state)


def standard(**fields: Any) -> None:
    PaymentStandard.objects.create(listing=f.listing(), **fields)


def twice(model: Any, **fields: Any) -> None:
    for _ in range(2):
        model.objects.create(**fields)


def daily_dose(**fields: Any) -> DailyDose:
    base = {"generic_name": "苯磺酸氨氯地平片", "amount": 5, "unit": "mg", "source": "WHO", "reviewed_by": "药师"}
    return DailyDose.objects.create(**base | fields)


def match_twice() -> None:
    drug, listing = f.drug(), f.listing()
    f.match(drug, listing)
    f.match(drug, listing)


def two_lists(valid: DateRange) -> None:
    for each in (YEAR, valid):
        DrugList.objects.create(kind="dual_channel", area=f.region(), document="x", valid=each)


def entry(**fields: Any) -> DrugListEntry:
    drug_list = DrugList.objects.first() or f.drug_list("dual_channel", f.region())
    return DrugListEntry.objects.create(**{"drug_list": drug_list, "valid": YEAR} | fields)


def twice_listed(valid: DateRange, **target: Any) -> None:
    entry(**target)
    entry(**target, valid=valid)


def reference(valid: DateRange = YEAR, **fields: Any) -> ReferencePrice:
    base = {"kind": "listed", "amount": 1, "unit": "pack", "document": "x", "area": f.region(), "valid": valid}
    return ReferencePrice.objects.create(**{"drug": f.drug()} | base | fields)


def two_references(valid: DateRange) -> None:
    drug = f.drug()
    reference(drug=drug)
    reference(valid, drug=drug)


def search_name(products: int) -> SearchName:
    return SearchName.objects.create(
        kind="trade", text="络活喜", lines="\n络活喜\n", grams=["络"], length=3, products=products
    )


def two_meanings(valid: DateRange) -> None:
    for each in (YEAR, valid):
        Alias.objects.create(source="till", their_code="A", drug=f.drug(), reviewed_by="x", valid=each)


def preparation_twice() -> None:
    for _time in range(2):
        Preparation.objects.create(generic_name="甲", dosage_form="片剂", strength="5mg")


def listing_twice() -> None:
    for _time in range(2):
        f.listing(section="西药", number="1")


IMPOSSIBLE: dict[str, list[Callable[[], object]]] = {
    "edition_one_ready_at_a_time": [lambda: two_editions(OVERLAPPING)],
    "listing_once": [listing_twice],
    "listing_negotiated_is_class_b": [
        lambda: f.listing(kind="谈判", ins_class="甲"),
        lambda: f.listing(kind="竞价", ins_class="甲"),
    ],
    "standard_amount_or_confidential": [
        lambda: standard(amount=1, confidential=True),
        lambda: standard(amount=0),
    ],
    "match_once": [match_twice],
    "match_decided_by_somebody": [
        lambda: ListingMatch.objects.create(drug=f.drug(), listing=f.listing(), state="accepted"),
        lambda: ListingMatch.objects.create(drug=f.drug(), listing=f.listing(), state="rejected"),
    ],
    "list_one_of_a_kind_at_a_time": [lambda: two_lists(OVERLAPPING)],
    "entry_has_exactly_one_target": [
        entry,
        lambda: entry(drug=f.drug(), listing=f.listing()),
        lambda: entry(drug=f.drug(), generic_name="甲"),
    ],
    "entry_form_only_with_a_name": [lambda: entry(drug=f.drug(), dosage_form="片剂")],
    "entry_drug_once_at_a_time": [lambda: twice_listed(OVERLAPPING, drug=f.drug())],
    "entry_listing_once_at_a_time": [lambda: twice_listed(OVERLAPPING, listing=f.listing())],
    "entry_name_once_at_a_time": [lambda: twice_listed(OVERLAPPING, generic_name="甲", dosage_form="片剂")],
    "reference_amount_above_zero": [lambda: reference(amount=0), lambda: reference(amount=-1)],
    "reference_once_at_a_time": [lambda: two_references(OVERLAPPING)],
    "preparation_once": [preparation_twice],
    "drug_pack_is_not_empty": [lambda: f.drug(pack_count=0)],
    "drug_code_has_a_known_form": [
        lambda: f.drug(code="XA10BA02A001010100001"),
        lambda: f.drug(code="xc08cab037a001010180517"),
        lambda: f.drug(code=""),
    ],
    "drug_trace_prefix_has_seven_digits": [
        lambda: f.drug(trace_prefix="81234"),
        lambda: f.drug(trace_prefix="8123A56"),
    ],
    "alias_means_one_drug_at_a_time": [lambda: two_meanings(OVERLAPPING)],
    "category_once": [lambda: twice(Category, edition=f.edition(), code="XC08", name="钙通道阻滞剂")],
    "herb_once": [lambda: twice(Herb, edition=f.edition(), number=1, name="示例根")],
    "daily_dose_once": [lambda: (daily_dose(), daily_dose(amount=10))],
    "daily_dose_above_zero": [lambda: daily_dose(amount=0), lambda: daily_dose(amount=-1)],
    "reference_supplier_only_of_vbp": [lambda: reference(kind="listed", supplier="main")],
    "search_name_once": [lambda: (search_name(products=1), search_name(products=2))],
    "search_name_has_products": [lambda: search_name(products=0)],
}
CASES = [(name, attempt) for name, attempts in IMPOSSIBLE.items() for attempt in attempts]


def test_every_constraint_of_the_package_is_tried() -> None:
    models = apps.get_app_config("catalog").get_models()
    declared = {constraint.name for model in models for constraint in model._meta.constraints}
    assert declared == IMPOSSIBLE.keys()


@pytest.mark.parametrize(("name", "attempt"), CASES, ids=[f"{name}-{n}" for n, (name, _) in enumerate(CASES)])
def test_the_database_refuses(name: str, attempt: Callable[[], object]) -> None:
    with pytest.raises(IntegrityError, match=f'"{name}"'), transaction.atomic():
        attempt()


def test_a_payment_standard_is_an_amount_or_confidential() -> None:
    with pytest.raises(IntegrityError, match='"standard_amount_or_confidential"'), transaction.atomic():
        standard()


@pytest.mark.parametrize(
    "attempt",
    [
        lambda: two_editions(TOUCHING),
        lambda: two_editions(OVERLAPPING, state="loading"),
        lambda: two_lists(TOUCHING),
        lambda: twice_listed(TOUCHING, generic_name="甲"),
        lambda: (entry(generic_name="甲"), entry(generic_name="甲", dosage_form="片剂")),
        lambda: two_references(TOUCHING),
        lambda: two_meanings(TOUCHING),
        lambda: standard(amount="0.0571"),
        lambda: standard(confidential=True),
        lambda: (daily_dose(), daily_dose(dosage_form="片剂")),
        lambda: reference(kind="vbp", supplier="reserve"),
        lambda: f.drug(code="ZA04CAE0023010100166"),
        lambda: f.drug(code="T001700368"),
    ],
)
def test_what_is_possible_is_taken(attempt: Callable[[], object]) -> None:
    attempt()


@pytest.mark.parametrize(
    "attempt",
    [
        lambda: (f.drug(code="T001700368"), f.drug(code="T001700368")),
        lambda: [Scheme.objects.create(code="S", name="x", level="x", area=f.region(), valid=YEAR) for _ in range(2)],
    ],
)
def test_codes_are_unique(attempt: Callable[[], object]) -> None:
    with pytest.raises(IntegrityError, match="unique"), transaction.atomic():
        attempt()
