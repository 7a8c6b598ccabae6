"""The three kinds of place in addresses: /desk/<code>, /chain/<number>, /console/<adcode>; and pages that all have."""

from datetime import datetime
from typing import Any

from django.http import Http404
from django.urls import reverse

from pharmacies import access
from pharmacies.access import Action, Person, Place
from pharmacies.models import Chain, Pharmacy


def fetch(user: Person, action: Action, where: dict[str, Any], *, at: datetime) -> Place:
    """The place that the address names (`code`, `chain` or `adcode`), if this person may do this there.

    Http404 and PermissionDenied as `access.pharmacy_for` says.
    """
    match where:
        case {"code": code}:
            return access.pharmacy_for(user, action, code, at=at)
        case {"chain": pk}:
            return access.chain_for(user, action, pk, at=at)
        case {"adcode": code}:
            return access.area_for(user, action, code, at=at)
    raise Http404


def link(place: Place, page: str, **rest: Any) -> str:
    """The address of a page that every kind of place has: `people`, `person`, `revoke`, `audit`, `audit-file`."""
    if isinstance(place, Pharmacy):
        return reverse(f"staff:desk-{page}", kwargs={"code": place.code, **rest})
    if isinstance(place, Chain):
        return reverse(f"staff:chain-{page}", kwargs={"chain": place.pk, **rest})
    return reverse(f"staff:console-{page}", kwargs={"adcode": place.code, **rest})
