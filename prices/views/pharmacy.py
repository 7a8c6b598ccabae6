"""A pharmacy: found by name whatever its status; its page says what holds today and what it sells."""

from datetime import date, datetime, timedelta

from django.conf import settings
from django.db.backends.postgresql.psycopg_any import DateRange
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext

from catalog.models import Drug
from catalog.search import words_of
from pharmacies.geo import Wgs84
from pharmacies.models import Pharmacy, PharmacyStatus, SpecialHours
from pharmacies.navigation import links
from prices import members
from prices.api.serializers import offer_json, pharmacy_detail_json
from prices.search.pharmacies import Listed, by_code, named, shelf
from prices.search.questions import Found
from prices.views import badges, words
from prices.views.choice import is_fragment
from prices.views.pages import last_report, page, text_of

SHELF_PAGE = 50
SHELF_WHOLE = 20_000
"""More products than any pharmacy sells: the search within one reads them all."""


@page
def find_by_name(request: HttpRequest) -> HttpResponse:
    query = text_of(request, "q")
    at = timezone.now()
    found = named(query)
    context = {
        "query": query,
        "pharmacies": [pharmacy_detail_json(listed, at) for listed in found.results],
        "more": found.after is not None,
        "path": request.path,
        "as_of": last_report(),
    }
    return render(request, "citizen/pharmacies.html", context)


@page
def pharmacy(request: HttpRequest, code: str) -> HttpResponse:
    listed = by_code(code) if code.isalnum() else None
    if listed is None:
        raise Http404
    at = timezone.now()
    context = _shelf_context(request, listed, at)
    if is_fragment(request):
        response = render(request, "citizen/_shelf.html", context)
        response["HX-Replace-Url"] = request.get_full_path()
    else:
        response = render(request, "citizen/pharmacy.html", context | _head_context(listed, at))
    response["Vary"] = "HX-Request"
    return response


def _head_context(listed: Listed, at: datetime) -> dict[str, object]:
    shop = listed.shop
    open_words, is_open = words.open_now(shop.open_minutes, at)
    return {
        "pharmacy": pharmacy_detail_json(listed, at),
        "since": _status_since(listed, timezone.localdate(at)),
        "badges": badges.of_pharmacy(
            shop.designations, institution=shop.kind != "pharmacy", settles=listed.status == "normal"
        ),
        "open_words": open_words,
        "open": is_open,
        "week": words.week(shop.open_minutes),
        "specials": _special_hours(shop.id, timezone.localdate(at)),
        "services": _services(shop.id),
        "links": links(shop.name, Wgs84(shop.lng, shop.lat)),
        "as_of": last_report(),
    }


def _special_hours(pharmacy_id: int, on: date) -> list[tuple[str, str, str]]:
    """(`2026年10月1日至2026年10月3日`, hours, why) of the days within a month on which other hours hold."""
    month = DateRange(on, on + timedelta(days=31))
    rows = SpecialHours.objects.using(settings.SEARCH_DATABASE).filter(pharmacy=pharmacy_id, valid__overlap=month)
    off = gettext("休息")
    return [
        (words.validity(row.valid), off if row.hours == "off" else row.hours, row.note)
        for row in rows.order_by("valid")
    ]


def _services(pharmacy_id: int) -> list[str]:
    """What the shop says it also does, in words."""
    said = Pharmacy.objects.using(settings.SEARCH_DATABASE).filter(pk=pharmacy_id).values_list("services", flat=True)
    return [str(words.SERVICES[each]) for each in said.get()]


def _status_since(listed: Listed, on: date) -> date | None:
    """The first day of what its status says today; None when it always was so."""
    rows = PharmacyStatus.objects.valid(on).filter(pharmacy=listed.shop.id, status=listed.status)
    row = rows.first()
    return row.valid.lower if row else None


def _shelf_context(request: HttpRequest, listed: Listed, at: datetime) -> dict[str, object]:
    name = text_of(request, "name")
    found, more = (matching(listed, name, at), "") if name else _shelf_page(request, listed, at)
    beside = members.public(listed.shop.id, {each.drug.pk: each.price_fen for each in found}, at=at)
    return {
        "at": at,
        "path": request.path,
        "name": name,
        "offers": [offer_json(each, at) | {"member": words.member(beside.get(each.drug.pk))} for each in found],
        "members": bool(beside),
        "more_url": more,
    }


def _shelf_page(request: HttpRequest, listed: Listed, at: datetime) -> tuple[tuple[Found, ...], str]:
    """A page of the shelf after the product that `after` names, and the address of the next one."""
    last = Drug.objects.filter(code=text_of(request, "after")).select_related("preparation").first()
    start = (last.preparation.generic_name, last.code) if last else None
    found, after = shelf(listed, at=at, limit=SHELF_PAGE, after=start)
    return found, f"{request.path}?{urlencode({'after': after[1]})}" if after else ""


def matching(listed: Listed, name: str, at: datetime) -> tuple[Found, ...]:
    """What the pharmacy sells of which every word of `name` is part, of the name or of a reading in pinyin."""
    asked = words_of(name)
    found, _after = shelf(listed, at=at, limit=SHELF_WHOLE)
    return tuple(each for each in found if all(_says(each.drug, word) for word in asked))


def _says(drug: Drug, word: str) -> bool:
    return word in drug.search_names or any(word in term for term in drug.search_terms)
