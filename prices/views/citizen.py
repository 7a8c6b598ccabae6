"""The citizens' pages beside the comparison: home, search, where prices come from.

Glue: ask the search, fill the template. No page sets a cookie or needs an account.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from catalog.models import Drug, DrugList, DrugListEntry, Preparation
from catalog.search import preparations
from prices.api.serializers import offer_json, pharmacy_detail_json, preparation_json
from prices.search.offers import find
from prices.search.pharmacies import named
from prices.search.questions import Target, Where
from prices.views.pages import last_report, page, ranked_pharmacies, text_of
from prices.views.places import Place, Places

TILES = 8
FOUND, FOUND_PHARMACIES = 20, 5


@page
def home(request: HttpRequest) -> HttpResponse:
    tiles = common_preparations(timezone.localdate())
    return render(
        request, "citizen/home.html", {"tiles": tiles, "pharmacies": ranked_pharmacies(), "as_of": last_report()}
    )


@page
def about(request: HttpRequest) -> HttpResponse:
    return render(request, "citizen/about.html", {"pharmacies": ranked_pharmacies(), "as_of": last_report()})


@page
def search(request: HttpRequest) -> HttpResponse:
    """Preparations of that name with what the cheapest of the province costs; pharmacies of that name too."""
    query = text_of(request, "q")
    at = timezone.now()
    province = Places.on(timezone.localdate(at)).province
    rows = [_row(found, drugs, province, at) for found, drugs in preparations(query, limit=FOUND)]
    shops = [pharmacy_detail_json(listed, at) for listed in named(query, limit=FOUND_PHARMACIES).results]
    context = {"query": query, "preparations": rows, "pharmacies": shops, "as_of": last_report()}
    return render(request, "citizen/search.html", context)


def _row(found: Preparation, drugs: list[Drug], province: Place | None, at: datetime) -> dict[str, Any]:
    return preparation_json(found, drugs) | {
        "makers": len({drug.manufacturer for drug in drugs}),
        "cheapest": _cheapest(Target.of_preparation(found, tuple(drugs)), province, at) if province else None,
    }


def _cheapest(target: Target, province: Place, at: datetime) -> dict[str, Any] | None:
    """The first fresh offer of the whole province."""
    found = find(target, Where(region_id=province.id), sort="cheapest", at=at, limit=1).results
    return offer_json(found[0], at) if found and not found[0].stale else None


def common_preparations(on: date) -> Sequence[Preparation]:
    """Preparations for chronic diseases, as the lists of that day name them; the most produced ones where none does.

    One per generic name, most makers first.
    """
    entries = DrugListEntry.objects.valid(on).filter(
        drug_list__valid__contains=on,
        drug_list__kind__in=[DrugList.Kind.TWO_DISEASES, DrugList.Kind.CHRONIC_DISEASE],
    )
    named = Q(generic_name__in=entries.exclude(generic_name="").values("generic_name"))
    listed = named | Q(drugs__in=entries.exclude(drug=None).values("drug"))
    most_made = Preparation.objects.annotate(makers=Count("drugs__manufacturer", distinct=True)).order_by(
        "-makers", "generic_name", "strength"
    )
    rows = list(most_made.filter(listed)[: TILES * 5]) or list(most_made[: TILES * 5])
    first_of_name = {row.generic_name: row for row in reversed(rows)}
    return [row for row in rows if first_of_name[row.generic_name] is row][:TILES]
