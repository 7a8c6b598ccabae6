"""The citizens' pages beside the comparison: home, search, where prices come from.

Glue: ask the search, fill the template. No page sets a cookie or needs an account.
"""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from catalog.search import preparations
from prices.api.serializers import pharmacy_detail_json
from prices.search.pharmacies import named
from prices.views import tiles
from prices.views.matched import Found, Matched, explain
from prices.views.pages import MAX_TEXT, is_cut, last_report, page, ranked_pharmacies, text_of
from prices.views.rows import rows

FOUND, FOUND_PHARMACIES = 20, 5


@page
def home(request: HttpRequest) -> HttpResponse:
    on = timezone.localdate()
    context = {"groups": tiles.groups(on), "ways": tiles.ways(on), "as_of": last_report()}
    return render(request, "citizen/home.html", context | {"pharmacies": ranked_pharmacies()})


@page
def about(request: HttpRequest) -> HttpResponse:
    return render(request, "citizen/about.html", {"pharmacies": ranked_pharmacies(), "as_of": last_report()})


@page
def search(request: HttpRequest) -> HttpResponse:
    """Preparations of that name with what the cheapest of the province costs; pharmacies of that name too."""
    query = text_of(request, "q")
    at = timezone.now()
    found = preparations(query, limit=FOUND)
    shops = named(query, limit=FOUND_PHARMACIES)
    matched = explain(query, found)
    context = {
        "query": query,
        "cut": MAX_TEXT if is_cut(request, "q") else 0,
        "preparations": _found_rows(found, matched, at),
        "near": any(each.near for each in matched.values()),
        "full": len(found) == FOUND,
        "pharmacies": [pharmacy_detail_json(listed, at) for listed in shops.results],
        "more_pharmacies": shops.after is not None,
        "as_of": last_report(),
    }
    if not found:
        context["ways"] = tiles.ways(timezone.localdate(at))
    return render(request, "citizen/search.html", context)


def _found_rows(found: Found, matched: dict[int, Matched], at: datetime) -> list[dict[str, Any]]:
    """Rows of `_rows.html` with why each was found. Who typed the code of one product gets that product."""
    asked = {pk: each.products for pk, each in matched.items()}
    exact: Found = []
    for preparation, drugs in found:
        product = matched[preparation.pk].product
        exact.append((preparation, [product] if product else drugs))
    return [
        row | {"why": matched[row["id"]].why, "product": matched[row["id"]].product}
        for row in rows(exact, at=at, products=asked)
    ]
