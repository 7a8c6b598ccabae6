"""The payment standard that the catalogue prints, for one product: certain, or nothing."""

from datetime import date
from decimal import Decimal

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange

from catalog import standards
from catalog.models import Drug, PaymentStandard
from tests import factories as f

pytestmark = pytest.mark.django_db
ON = date(2026, 11, 21)


def drug_of(strength: str = "10mg", count: int = 14, unit: str = "片") -> Drug:
    preparation = f.preparation("氨氯地平", strength=strength)
    return f.drug(preparation, pack_count=count, unit=unit)


def printed(drug: Drug, *rows: tuple[str, str | None], **listing: object) -> Decimal | None:
    """What is said of `drug` where the catalogue prints (spec, amount; None: confidential)."""
    row = f.listing("氨氯地平", **listing)
    f.match(drug, row)
    for spec, amount in rows:
        PaymentStandard.objects.create(listing=row, spec=spec, amount=amount, confidential=amount is None)
    return standards.printed([drug], ON).get(drug.pk)


@pytest.mark.parametrize(
    ("spec", "pack"),
    [
        ("10mg/片", "40.60"),  # of one tablet, 14 in a pack
        ("10ＭＧ／片", "40.60"),
        ("0.01g/片", "40.60"),
        ("10mg×14片/盒", "2.90"),
        ("10mg×7片/盒", None),  # another pack
        ("5mg/片", None),
        ("10mg/粒", None),
        ("10mg", None),  # of what?
        ("每片含氨氯地平10mg", None),
        ("", None),
    ],
)
def test_only_the_specification_of_the_product_itself_counts(spec: str, pack: str | None) -> None:
    said = printed(drug_of(), (spec, "2.90"))
    assert said == (None if pack is None else Decimal(pack))


def test_of_several_strengths_the_products_own() -> None:
    assert printed(drug_of("2mg"), ("1mg/片", "8.97"), ("2mg/片", "15.25"), ("4mg/片", "25.93")) == Decimal("213.50")


def test_a_solution_is_known_by_volume_and_content() -> None:
    rows = ("1ml:12.5mg/支", "13.60"), ("5ml:100mg/支", "66.82")
    assert printed(drug_of("5ml:100mg", 2, "支"), *rows) == Decimal("133.64")


def test_two_amounts_for_one_specification_say_nothing() -> None:
    assert printed(drug_of(), ("10mg/片", "2.90"), ("10mg/片", "3.10")) is None


def test_a_confidential_row_silences_the_printed_one() -> None:
    assert printed(drug_of(), ("10mg/片", "2.90"), ("*", None)) is None


def test_a_standard_with_a_condition_is_none_for_sure() -> None:
    drug, row = drug_of(), f.listing("氨氯地平")
    f.match(drug, row)
    PaymentStandard.objects.create(listing=row, spec="10mg/片", amount="2.90", note="首次使用")
    assert standards.printed([drug], ON) == {}


def test_an_agreement_that_is_over_took_its_standard_with_it() -> None:
    over = DateRange(date(2024, 1, 1), date(2026, 1, 1))
    assert printed(drug_of(), ("10mg/片", "2.90"), agreement=over) is None


def test_a_match_nobody_reviewed_says_nothing() -> None:
    drug, row = drug_of(), f.listing("氨氯地平")
    f.match(drug, row, "candidate")
    PaymentStandard.objects.create(listing=row, spec="10mg/片", amount="2.90")
    assert standards.printed([drug], ON) == {}
