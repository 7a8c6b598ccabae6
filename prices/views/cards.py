"""Result cards: the API's own dict of an offer, and the words that go around it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext

from pharmacies.geo import Wgs84
from pharmacies.navigation import Link, links
from prices.api.serializers import offer_json
from prices.search.questions import Answer, Found
from prices.views import badges, words


@dataclass(frozen=True, slots=True)
class Card:
    offer: dict[str, Any]  # as the API answers it
    open_words: str
    open: bool
    quality: list[badges.Badge]
    services: list[str]
    source: str
    links: list[Link]
    pin: str
    first_stale: bool


def cards(answer: Answer, *, by_unit: bool) -> list[Card]:
    """One card per offer, in the answer's order; the first stale one is marked, a line goes above it.

    `by_unit`: prices compare per smallest unit, so that is what a pin on the map says.
    """
    on = timezone.localdate(answer.at)
    tendered = badges.tendered({found.drug for found in answer.results}, on) if answer.results else {}
    stale = next((n for n, found in enumerate(answer.results) if found.stale), -1)
    return [
        _card(found, tendered.get(found.drug.pk), answer.at, first_stale=n == stale, by_unit=by_unit)
        for n, found in enumerate(answer.results)
    ]


def _card(found: Found, tender: badges.Badge | None, at: datetime, *, first_stale: bool, by_unit: bool) -> Card:
    shop = found.shop
    said, is_open = words.open_now(shop.open_minutes, at)
    offer = offer_json(found, at)
    return Card(
        offer=offer,
        open_words=said,
        open=is_open,
        quality=badges.of_quality(found.drug) + ([tender] if tender else []),
        services=badges.on_card(shop.designations),
        source=gettext("演示数据") if found.generated else gettext("药店申报"),
        links=links(shop.name, Wgs84(shop.lng, shop.lat)),
        pin=_pin(found, offer, by_unit=by_unit),
        first_stale=first_stale,
    )


def _pin(found: Found, offer: dict[str, Any], *, by_unit: bool) -> str:
    """What a pin says, short: `12.60`, or `0.38/片` where packs of all sizes stand side by side."""
    if not by_unit:
        return str(offer["price"])
    return f"{words.unit_amount(offer['unit_price'])}/{words.unit_name(found.drug.unit)}"
