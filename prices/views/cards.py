"""Result cards: the API's own dict of an offer, and the words that go around it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext

from catalog.comparability import DAYS_OF_A_MONTH, Refusal, daily_cost, daily_doses_of
from catalog.insurance import Facts
from catalog.models import DailyDose
from pharmacies.geo import Wgs84
from pharmacies.navigation import Link, links
from prices.api.serializers import offer_json
from prices.money import yuan
from prices.search.questions import Answer, Found
from prices.search.reimbursement import Shop, shops, standing, ways
from prices.views import badges, words
from prices.views.sentences import name, sentence


@dataclass(frozen=True, slots=True)
class Paid:
    """双通道 at this shop, as a sentence and what a tap on it explains."""

    holds: bool
    words: str
    explained: str


@dataclass(frozen=True, slots=True)
class Card:
    offer: dict[str, Any]  # as the API answers it
    open_words: str
    open: bool
    quality: list[badges.Badge]
    services: list[str]
    paid: Paid | None
    monthly: str
    source: str
    links: list[Link]
    pin: str
    first_stale: bool


def cards(answer: Answer, facts: Facts, *, by_unit: bool) -> list[Card]:
    """One card per offer, in the answer's order; the first stale one is marked, a line goes above it.

    `by_unit`: prices compare per smallest unit, so that is what a pin on the map says.
    """
    tendered = badges.tendered(facts)
    standing_of = shops(answer.results)
    doses = daily_doses_of({found.drug for found in answer.results})
    stale = next((n for n, found in enumerate(answer.results) if found.stale), -1)
    return [
        Card(
            offer=(offer := offer_json(found, answer.at)),
            open_words=words.open_now(found.shop.open_minutes, answer.at)[0],
            open=words.open_now(found.shop.open_minutes, answer.at)[1],
            quality=badges.of_quality(found.drug) + [tendered[key] for key in [found.drug.pk] if key in tendered],
            services=badges.on_card(found.shop.designations),
            paid=_paid(found, standing_of.get(found.shop.id), facts, answer.at),
            monthly=_monthly(found, doses.get(found.drug.pk)),
            source=gettext("演示数据") if found.generated else gettext("药店申报"),
            links=links(found.shop.name, Wgs84(found.shop.lng, found.shop.lat)),
            pin=_pin(found, offer, by_unit=by_unit),
            first_stale=n == stale,
        )
        for n, found in enumerate(answer.results)
    ]


def _paid(found: Found, shop: Shop | None, facts: Facts, at: datetime) -> Paid | None:
    """For a drug that some list of 双通道 names: what that means here. A medical institution is no 双通道 shop, and
    the sentence about shops is not said of it.
    """
    if "dual_channel" not in ways(facts):
        return None
    here = standing(found, shop, "dual_channel", facts)
    if here.reimbursed:
        day = words.day(timezone.localdate(at))
        said = gettext("药品和药店都在名单内（%(area)s，%(day)s核对）；须电子处方")
        return Paid(True, gettext("可按双通道报销"), sentence(said, area=name(here.area), day=day))
    if found.shop.kind != "pharmacy":
        return None
    why = gettext("在此购买不能享受双通道待遇")
    if here.designated:
        why = sentence(gettext("%(why)s：这种产品不在当地的双通道名单内"), why=why)
    return Paid(False, gettext("此店不能按双通道报销"), why)


def _monthly(found: Found, dose: DailyDose | None) -> str:
    """`一个月约 54.30 元（按每天 2 片、30 天）`; empty where the dose is not reviewed or the content not readable."""
    cost = daily_cost(yuan(found.price_fen), found.drug, dose)
    if isinstance(cost, Refusal):
        return ""
    said = gettext("一个月约 %(money)s（按每天 %(n)s %(unit)s、%(days)s 天）")
    unit = words.unit_name(cost.unit)
    return said % {"money": words.money(cost.per_month), "n": cost.units_a_day, "unit": unit, "days": DAYS_OF_A_MONTH}


def _pin(found: Found, offer: dict[str, Any], *, by_unit: bool) -> str:
    """What a pin says, short: `12.60`, or `0.38/片` where packs of all sizes stand side by side."""
    if not by_unit:
        return str(offer["price"])
    return f"{words.unit_amount(offer['unit_price'])}/{words.unit_name(found.drug.unit)}"
