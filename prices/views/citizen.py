"""The citizens' pages beside the comparison: home, search, where prices come from.

Glue: ask the search, fill the template. No page sets a cookie or needs an account.
"""

from datetime import date
from typing import Any

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from catalog.models import Drug, DrugList, DrugListEntry, Preparation
from catalog.search import preparations
from prices.api.serializers import pharmacy_detail_json, preparation_json
from prices.money import unit_price
from prices.search.lowest import lowest
from prices.search.pharmacies import named
from prices.views.pages import last_report, page, ranked_pharmacies, text_of

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
    found = preparations(query, limit=FOUND)
    prices = lowest([drug.pk for _preparation, drugs in found for drug in drugs], at=at)
    rows = [_row(preparation, drugs, prices) for preparation, drugs in found]
    shops = [pharmacy_detail_json(listed, at) for listed in named(query, limit=FOUND_PHARMACIES).results]
    context = {"query": query, "preparations": rows, "pharmacies": shops, "as_of": last_report()}
    return render(request, "citizen/search.html", context)


def _row(preparation: Preparation, drugs: list[Drug], prices: dict[int, int]) -> dict[str, Any]:
    """`cheapest` is the lowest (price per smallest unit, unit) of its drugs, None when nobody has a fresh price."""
    each = [(unit_price(prices[drug.pk], drug.pack_count), drug.unit) for drug in drugs if drug.pk in prices]
    return preparation_json(preparation, drugs) | {
        "makers": len({drug.manufacturer for drug in drugs}),
        "cheapest": min(each, default=None),
    }


def common_preparations(on: date) -> list[Preparation]:
    """Preparations for long-term diseases, as that day's lists name them; the most produced ones where none does.

    One per generic name, most makers first; the list of the two diseases (两病) before the longer one.
    """
    most_made = Preparation.objects.annotate(makers=Count("drugs__manufacturer", distinct=True)).order_by(
        "-makers", "generic_name", "strength"
    )
    rows = [*most_made.filter(_listed(DrugList.Kind.TWO_DISEASES, on))[: TILES * 5]]
    rows += most_made.filter(_listed(DrugList.Kind.CHRONIC_DISEASE, on))[: TILES * 5]
    tiles: dict[str, Preparation] = {}
    for row in rows or most_made[: TILES * 5]:
        tiles.setdefault(row.generic_name, row)
    return list(tiles.values())[:TILES]


def _listed(kind: str, on: date) -> Q:
    entries = DrugListEntry.objects.valid(on).filter(drug_list__valid__contains=on, drug_list__kind=kind)
    named = Q(generic_name__in=entries.exclude(generic_name="").values("generic_name"))
    return named | Q(drugs__in=entries.exclude(drug=None).values("drug"))
