"""The built-in feed of a pharmacy or a chain: what people say at the desk goes through the one door as its runs."""

from typing import Any

from django.db import transaction

from pharmacies.models import Chain, Pharmacy
from prices.models import Feed

NAME = "药店窗口"
"""Kept with the feed, so not in the language of whoever comes first."""


def desk_feed(place: Pharmacy | Chain) -> Feed:
    """The desk feed of that pharmacy, or of that chain (which may speak for all its shops); made on first use."""
    if isinstance(place, Pharmacy):
        return _made(f"desk-{place.code.lower()}", scope=Feed.Scope.PHARMACIES, shop=place)
    return _made(f"desk-chain-{place.pk}", scope=Feed.Scope.CHAIN, chain=place)


def _made(slug: str, *, shop: Pharmacy | None = None, **fields: Any) -> Feed:
    known = Feed.objects.filter(slug=slug).first()
    if known is not None:
        return known
    with transaction.atomic():  # whoever comes second waits here until the first one's pharmacy is in it
        feed, created = Feed.objects.get_or_create(slug=slug, defaults=fields | {"desk": True, "name": NAME})
        if created and shop is not None:
            feed.pharmacies.add(shop)
    return feed
