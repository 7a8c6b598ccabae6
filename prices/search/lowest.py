"""The lowest price of each of many drugs in one statement, for lists of search results."""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from prices.search.lists import at_no_pharmacy, not_for_retail
from prices.search.statements import run


def lowest(drug_ids: Iterable[int], *, at: datetime) -> dict[int, int]:
    """分 by drug id: the lowest fresh price at any ranked retail pharmacy; drugs without one are missing.

    Raises `SearchTimeout`.
    """
    return lowest_and_barred(drug_ids, at=at)[0]


def lowest_and_barred(drug_ids: Iterable[int], *, at: datetime) -> tuple[dict[int, int], set[int]]:
    """`lowest`, and those of the drugs that no pharmacy may sell, which have no such price."""
    asked = list(drug_ids)
    barred = not_for_retail(asked, timezone.localdate(at))
    nowhere = at_no_pharmacy(barred)
    drugs = [drug for drug in asked if drug not in nowhere]
    rows = run("lowest", {"drugs": drugs, "at": at, "stale_after": settings.STALE_AFTER} | barred.parameters)
    return {row[0]: row[1] for row in rows}, nowhere
