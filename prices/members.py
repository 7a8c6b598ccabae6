"""Member prices (会员价), for who is a member of the shop: shown small beside the shelf price, never ranked, in no figure."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import connection

from prices.models import SourcePrice
from prices.money import yuan
from prices.sql import statement


def public(pharmacy_id: int, shelf: Mapping[int, int], *, at: datetime) -> dict[int, Decimal]:
    """Product → member price in yuan, of the products of `shelf` (product → shelf price in 分) at the pharmacy.

    Those that citizens may be shown: said lately, and below the shelf price (else there is nothing in being a member).
    One query.
    """
    if not shelf:
        return {}
    parameters: dict[str, Any] = {
        "pharmacy": pharmacy_id,
        "drugs": list(shelf),
        "at": at,
        "hidden_after": settings.HIDDEN_AFTER,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement("shop_members"), parameters)
        return {drug: total for drug, total in cursor if total < yuan(shelf[drug])}


def kept(pharmacy_id: int) -> dict[int, Decimal]:
    """Product → every member price in yuan that stands there, whatever its age: for the shop's own staff. One query."""
    members = SourcePrice.objects.filter(pharmacy_id=pharmacy_id, kind=SourcePrice.Kind.MEMBER, quantity=1)
    return dict(members.values_list("drug_id", "total"))
