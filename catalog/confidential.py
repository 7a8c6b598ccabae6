"""Payment standards that the company asked to keep secret (`*`): no number, ratio or calculator may let one be inferred.

Everybody who shows, exports, compares or judges by a payment standard asks here first. A drug is confidential on a day
when a row of the edition in force, accepted by a reviewer as the drug's, has a confidential standard. Such a row stores
no amount (a constraint); what remains to guard are reference prices of kind `payment_standard` that somebody loads.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.conf import settings
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Exists, OuterRef, Q, QuerySet

from catalog.models import Edition, ListingMatch, ReferencePrice


def _rows() -> QuerySet[ListingMatch]:
    """Accepted matches to rows of ready editions with a confidential standard."""
    return ListingMatch.objects.filter(
        state=ListingMatch.State.ACCEPTED,
        listing__standards__confidential=True,
        listing__edition__state=Edition.State.READY,
    )


def is_confidential(drug_ids: Iterable[int], on: date) -> frozenset[int]:
    """Those of the drugs whose payment standard is confidential on the day `on`. One query."""
    rows = _rows().using(settings.SEARCH_DATABASE)
    rows = rows.filter(drug__in=set(drug_ids), listing__edition__valid__contains=on)
    return frozenset(rows.values_list("drug_id", flat=True))


def periods(drug_ids: Iterable[int]) -> dict[int, list[DateRange]]:
    """Drug id -> the ranges of days in which its standard is confidential, coming editions among them. One query."""
    found: dict[int, list[DateRange]] = {}
    rows = _rows().filter(drug__in=set(drug_ids)).values_list("drug_id", "listing__edition__valid").distinct()
    for drug_id, valid in rows:
        found.setdefault(drug_id, []).append(valid)
    return found


def reveals(price: ReferencePrice, confidential: dict[int, list[DateRange]]) -> bool:
    """Whether `price` would state a confidential standard: such a price is not taken. `confidential`: of `periods`."""
    return price.kind == ReferencePrice.Kind.PAYMENT_STANDARD and any(
        _overlap(price.valid, days) for days in confidential.get(price.drug_id, ())
    )


def publishable(references: QuerySet[Any], on: date) -> QuerySet[Any]:
    """`references` (of `ReferencePrice`) without those that state a standard which is confidential on or before `on`.

    They were public when they were loaded, or the match was accepted later.
    """
    secret = _rows().filter(
        ~Q(listing__edition__valid__startswith__gt=on),
        drug=OuterRef("drug"),
        listing__edition__valid__overlap=OuterRef("valid"),
    )
    return references.exclude(Exists(secret), kind=ReferencePrice.Kind.PAYMENT_STANDARD)


def _overlap(one: DateRange, other: DateRange) -> bool:
    starts = [each.lower or date.min for each in (one, other)]
    ends = [each.upper or date.max for each in (one, other)]
    return max(starts) < min(ends)
