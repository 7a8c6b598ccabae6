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
from prices.search.plans import Sort
from prices.search.questions import Answer, Found, Target
from prices.search.reimbursement import Shop, shops, standing, ways
from prices.statistics.usual import Usual, usual_prices
from prices.views import badges, words
from prices.views.frontier import steps
from prices.views.places import Place, Places
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
    saving: str  # below what most pharmacies of the shop's city ask; empty where it is not
    source: str
    links: list[Link]
    pin: str
    first_stale: bool
    with_travel: str  # 药价+路费, where the list goes by it
    step: str  # 又近又便宜: what going on from the shop before saves


@dataclass(frozen=True, slots=True)
class Cards:
    """`usual` says what most pharmacies of the page's city ask, which may be empty, and how that is known; or nothing."""

    all: list[Card]
    usual: tuple[str, ...]


def cards(answer: Answer, facts: Facts, *, target: Target, sort: Sort, places: Places, city: Place | None) -> Cards:
    """One card per offer, in the answer's order; the first stale one is marked, a line goes above it.

    Where prices compare per smallest unit, that is what a pin on the map says. `city`: the one that the page is about, if
    it is about one.
    """
    by_unit = target.multiple > 0
    said_steps = steps(answer, target) if sort == "frontier" else []
    tendered = badges.tendered(facts)
    standing_of = shops(answer.results)
    doses = daily_doses_of({found.drug for found in answer.results})
    city_of = {pk: _city(shop, places) for pk, shop in standing_of.items()}
    usual = _usual(answer, city_of, facts, city)
    stale = next((n for n, found in enumerate(answer.results) if found.stale), -1)
    made = [
        Card(
            offer=(offer := offer_json(found, answer.at)),
            open_words=(hours := words.open_now(found.shop.open_minutes, answer.at))[0],
            open=hours[1],
            quality=badges.of_quality(found.drug) + [tendered[key] for key in [found.drug.pk] if key in tendered],
            services=badges.on_card(found.shop.designations, institution=found.shop.kind != "pharmacy"),
            paid=_paid(found, standing_of.get(found.shop.id), facts, answer.at),
            monthly=_monthly(found, doses.get(found.drug.pk)),
            source=_source(found),
            links=links(found.shop.name, Wgs84(found.shop.lng, found.shop.lat)),
            pin=_pin(found, offer, by_unit=by_unit),
            saving=_saving(found, usual.get((found.drug.pk, _id(city_of.get(found.shop.id))))),
            first_stale=n == stale,
            with_travel=_with_travel(found, target) if sort == "value" else "",
            step=said_steps[n] if said_steps else "",
        )
        for n, found in enumerate(answer.results)
    ]
    here = () if len(facts.drugs) != 1 else _usual_here(usual.get((facts.drugs[0].pk, _id(city))), city)
    return Cards(made, here or _usual_there(made))


def _city(shop: Shop, places: Places) -> Place | None:
    return next((city for city in places.cities if city.id in shop.region_ids), None)


def _id(place: Place | None) -> int:
    return place.id if place else 0


def _usual(
    answer: Answer, city_of: dict[int, Place | None], facts: Facts, city: Place | None
) -> dict[tuple[int, int], Usual]:
    """What is usual in the city of each offer, and for the product in the city of the page. One query."""
    pairs = {(found.drug.pk, _id(city_of.get(found.shop.id))) for found in answer.results if not found.stale}
    pairs |= {(drug.pk, _id(city)) for drug in facts.drugs[:1]}
    return usual_prices([pair for pair in pairs if pair[1]], timezone.localdate(answer.at))


def _usual_here(usual: Usual | None, city: Place | None) -> tuple[str, ...]:
    """(`多数药店价 12.60 元`, `武汉市药店最常见的标价（众数），96 家`)"""
    if usual is None or usual.mode_fen is None or city is None:
        return ()
    label = gettext("多数药店价 %(money)s") % {"money": words.money(yuan(usual.mode_fen))}
    said = gettext("%(place)s药店最常见的标价（众数），%(n)s 家")
    return label, sentence(said, place=name(city.name), n=str(words.grouped(usual.count)))


def _usual_there(made: list[Card]) -> tuple[str, ...]:
    """What the chips compare with, where the page is not about one product in one city."""
    if not any(card.saving for card in made):
        return ()
    return "", gettext("“便宜”：比那家店所在市的多数药店价（最常见的标价）低")


def _saving(found: Found, usual: Usual | None) -> str:
    if found.stale or usual is None or usual.mode_fen is None or usual.mode_fen <= found.price_fen:
        return ""
    return gettext("便宜 %(money)s") % {"money": words.money(yuan(usual.mode_fen - found.price_fen))}


def _with_travel(found: Found, target: Target) -> str:
    """`连路费 15.20 元`; of a preparation for the pack that most of its products have, as the order takes it."""
    if found.cost is None:
        return ""
    said = {"money": words.money(found.cost)}
    if not target.multiple:
        return gettext("连路费 %(money)s") % said
    said |= {"n": str(target.pack_count), "unit": words.unit_name(found.drug.unit)}
    return gettext("连路费 %(money)s（按 %(n)s %(unit)s算）") % said


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


def _source(found: Found) -> str:
    if found.generated:
        return gettext("演示数据")
    return gettext("药店申报") if found.shop.kind == "pharmacy" else gettext("医疗机构申报")


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
