"""The demo's edition of the insured drug catalogue: one row for each generic name and form of the facts.

There is no such document; the edition says so.
"""

from datetime import date
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateRange

from catalog.models import Drug, Edition, Listing, ListingMatch, PaymentStandard
from prices.demo.facts import DrugFact, Facts

YEAR = 2026
VALID = DateRange(date(YEAR, 1, 1), None)
AGREEMENT = DateRange(date(YEAR, 1, 1), date(YEAR + 2, 1, 1))
DOCUMENT = "演示：医保药品目录（非真实文件）"
REVIEWER = "演示"
SECTIONS = {"X": Listing.Section.WESTERN, "Z": Listing.Section.PATENT}
CONFIDENTIAL_EVERY = 5
"""Of the negotiated drugs without a published standard, every so many has a confidential one (`*`)."""


def load(facts: Facts) -> Edition:
    """Make the edition with its listings, payment standards and accepted matches; the drugs are there already."""
    edition: Edition = Edition.objects.create(year=YEAR, document=DOCUMENT, valid=VALID, state=Edition.State.LOADING)
    drugs: dict[str, int] = dict(Drug.objects.values_list("code", "pk"))
    groups: dict[tuple[str, str], list[DrugFact]] = {}
    for drug in facts.drugs:
        if drug.ins_class:
            groups.setdefault((drug.generic_name, drug.dosage_form), []).append(drug)
    listings = [_listing(edition, number, members[0]) for number, members in enumerate(groups.values(), 1)]
    Listing.objects.bulk_create(listings)
    ListingMatch.objects.bulk_create(
        ListingMatch(
            drug_id=drugs[drug.code],
            listing=listing,
            state=ListingMatch.State.ACCEPTED,
            score=1.0,
            reviewed_by=REVIEWER,
        )
        for listing, members in zip(listings, groups.values(), strict=True)
        for drug in members
    )
    PaymentStandard.objects.bulk_create(_standards(facts, dict(zip(groups, listings, strict=True))))
    edition.declared = {"listings": len(listings)}
    edition.state = Edition.State.READY
    edition.save()
    return edition


def _listing(edition: Edition, number: int, drug: DrugFact) -> Listing:
    return Listing(
        edition=edition,
        section=SECTIONS[drug.code[0]],
        number=str(number),
        category_code=drug.code[:6],
        generic_name=drug.generic_name,
        names=[drug.generic_name],
        dosage_form=drug.dosage_form,
        ins_class=drug.ins_class,
        kind=drug.kind,
        agreement=AGREEMENT if drug.kind != Listing.Kind.ORDINARY else None,
    )


def _standards(facts: Facts, listings: dict[tuple[str, str], Any]) -> list[PaymentStandard]:
    by_code = {drug.code: drug for drug in facts.drugs}
    found, published = [], set()
    for code, amount in facts.payment_standards:
        drug = by_code[code]
        key = (drug.generic_name, drug.dosage_form)
        if key in listings:
            published.add(key)
            spec = f"{drug.strength}×{drug.pack_count}"
            found.append(PaymentStandard(listing=listings[key], spec=spec, amount=amount))
    secret = [
        listing for key, listing in listings.items() if listing.kind == Listing.Kind.NEGOTIATED and key not in published
    ]
    return found + [PaymentStandard(listing=listing, confidential=True) for listing in secret[::CONFIDENTIAL_EVERY]]
