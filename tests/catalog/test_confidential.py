"""Whose payment standard is secret, on which day, and what may not be loaded or shown because of it."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import connection

from catalog import confidential
from catalog.importers import references
from catalog.models import Drug, Edition, Listing, PaymentStandard, ReferencePrice
from pharmacies.importers.outcome import Outcome
from prices.money import yuan_of
from prices.sql import statement

from .. import factories as f
from ..factories import AT, since

pytestmark = pytest.mark.django_db

ON = AT.date()
HEAD = "drug_code,area,kind,amount,unit,valid_from,document,valid_to\n"


def secret_drug(state: str = "accepted", **fields: Any) -> Drug:
    """A drug whose row in the edition of 2026 has a confidential standard."""
    drug = f.drug(**fields)
    listing = f.listing(kind="谈判", ins_class="乙")
    f.match(drug, listing, state)
    PaymentStandard.objects.create(listing=listing, confidential=True)
    return drug


def imported(*rows: str) -> Outcome:
    return references.load(
        data=(HEAD + "\n".join(rows) + "\n").encode(),
        read_amount=lambda text, decimals: yuan_of(text, decimals=decimals),
        at=AT,
        by="经办人",
    )


def row(drug: Drug, kind: str = "payment_standard", first: str = "2026-01-01", last: str = "") -> str:
    return f"{drug.code},420000,{kind},77.77,pack,{first},文件,{last}"


def test_a_drug_is_confidential_by_an_accepted_row_in_force() -> None:
    secret, candidate, rejected, open_one, none = (
        secret_drug(),
        secret_drug("candidate"),
        secret_drug("rejected"),
        f.drug(),
        f.drug(),
    )
    listing = f.listing()
    f.match(open_one, listing)
    PaymentStandard.objects.create(listing=listing, amount=5)
    ids = [drug.pk for drug in (secret, candidate, rejected, open_one, none)]
    assert confidential.is_confidential(ids, ON) == {secret.pk}
    assert confidential.is_confidential([], ON) == frozenset()
    assert confidential.is_confidential(ids, date(2027, 1, 1)) == frozenset()


def test_one_confidential_specification_makes_the_row_confidential() -> None:
    drug = secret_drug()
    PaymentStandard.objects.create(listing=Listing.objects.get(), spec="5mg", amount=5)
    assert confidential.is_confidential([drug.pk], ON) == {drug.pk}


def test_an_edition_that_is_not_ready_says_nothing() -> None:
    drug = secret_drug()
    Edition.objects.update(state=Edition.State.LOADING)
    assert confidential.is_confidential([drug.pk], ON) == frozenset()


# -- what may be loaded -----------------------------------------------------------------------------------------------


@pytest.fixture
def province() -> None:
    f.region()


def test_a_confidential_standard_is_refused_as_a_reference_price(province: None) -> None:
    secret, other = secret_drug(), f.drug()
    outcome = imported(row(other), row(secret))
    assert [(problem.line, problem.reason) for problem in outcome.problems] == [(3, "standard_confidential")]
    assert "保密" in outcome.problems[0].advice
    assert not ReferencePrice.objects.exists()


def test_other_prices_of_the_drug_and_its_standard_of_another_year_are_taken(province: None) -> None:
    secret = secret_drug()
    rows = row(secret, "listed"), row(secret, "vbp"), row(secret, first="2025-01-01", last="2025-12-31")
    assert imported(*rows).problems == ()
    assert ReferencePrice.objects.count() == 3


@pytest.mark.parametrize(
    ("first", "last"),
    [("2025-01-01", ""), ("2025-01-01", "2026-01-01"), ("2026-12-31", ""), ("2026-06-01", "2026-06-01")],
)
def test_a_standard_that_would_hold_on_one_day_of_the_secret_year_is_refused(
    province: None, first: str, last: str
) -> None:
    assert [problem.reason for problem in imported(row(secret_drug(), first=first, last=last)).problems] == [
        "standard_confidential"
    ]


def test_an_open_standard_that_its_successor_ends_before_the_secret_year_is_taken(province: None) -> None:
    secret = secret_drug()
    assert imported(row(secret, first="2024-01-01"), row(secret, first="2025-01-01", last="2025-12-31")).created == 2


# -- what was loaded before the match was accepted ----------------------------------------------------------------------


def stored(drug: Drug, kind: str = "payment_standard", **fields: Any) -> ReferencePrice:
    return f.reference_price(drug, "77.77", kind=kind, **fields)


def published() -> set[int]:
    return set(confidential.publishable(ReferencePrice.objects.all(), ON).values_list("pk", flat=True))


def test_a_stored_standard_disappears_once_the_match_is_accepted() -> None:
    secret, candidate, other = secret_drug(), secret_drug("candidate"), f.drug()
    hidden = stored(secret)
    kept = [stored(secret, "listed"), stored(candidate), stored(other)]
    past = since(date(2025, 1, 1), date(2026, 1, 1))
    kept.append(stored(secret, valid=past, area=f.wuchang()))
    assert published() == {price.pk for price in kept}
    assert hidden.pk not in published()


def test_a_coming_editions_secret_does_not_hide_what_is_public_today() -> None:
    drug = f.drug()
    listing = f.listing(edition=f.edition(2027))
    f.match(drug, listing)
    PaymentStandard.objects.create(listing=listing, confidential=True)
    price = stored(drug)
    assert published() == {price.pk}
    assert not confidential.publishable(ReferencePrice.objects.all(), date(2027, 1, 1)).exists()


@pytest.fixture
def yardsticks(db: None) -> Callable[[Drug], list[float]]:
    """The official prices that the slips rule would compare a price of the drug with."""
    shop = f.pharmacy()
    f.rebuild_today()

    def ask(drug: Drug) -> list[float]:
        with connection.cursor() as cursor:
            key: dict[str, Any] = {"lines": [2], "drugs": [drug.pk], "pharmacies": [shop.pk], "day": ON}
            cursor.execute(statement("stage_references"), key)
            return [pack_yuan for _line, pack_yuan in cursor.fetchall()]

    return ask


def test_the_slips_rule_has_no_confidential_yardstick(yardsticks: Callable[[Drug], list[float]]) -> None:
    secret, other = secret_drug(), f.drug()
    stored(secret)
    stored(other)
    assert yardsticks(secret) == []
    assert yardsticks(other) == [77.77]
    stored(secret, "listed")
    assert yardsticks(secret) == [77.77]
