"""The lowest price of each of many drugs in one statement, for lists of search results."""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings

from prices.search.plans import run


def lowest(drug_ids: Iterable[int], *, at: datetime) -> dict[int, int]:
    """分 by drug id: the lowest fresh price at any ranked retail pharmacy; drugs without one are missing.

    Raises `SearchTimeout`.
    """
    rows = run("lowest", {"drugs": list(drug_ids), "at": at, "stale_after": settings.STALE_AFTER})
    return {row[0]: row[1] for row in rows}
