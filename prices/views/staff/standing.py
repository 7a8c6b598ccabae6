"""How the pharmacy stands among its peers, and how fresh and sound its data are: for its own people."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from pharmacies import access
from pharmacies.access import Action
from prices.desk import shelf
from prices.desk import standing as standings
from prices.views.staff import sessions, signed_in

A_PAGE = 50


@signed_in
@require_safe
def standing(request: HttpRequest, code: str) -> HttpResponse:
    at = timezone.now()
    pharmacy = access.pharmacy_for(sessions.person(request), Action.SEE, code, at=at)
    rows = shelf.shelf(pharmacy, at=at)
    found = standings.stands(pharmacy, rows, at=at)
    band = request.GET.get("band", "")
    kept = [stand for stand in found if stand.band == band] if band in standings.BANDS else found
    fresh = sum(row.stale == shelf.FRESH for row in rows)
    context = {
        "place": pharmacy,
        "at": at,
        "compared": len(found),
        "rows": len(rows),
        "fresh": fresh,
        "fresh_share": round(100 * fresh / len(rows)) if rows else 0,
        "shares": standings.shares(found),
        "band": band if band in standings.BANDS else "",
        "page": Paginator([(stand, standings.BANDS[stand.band]) for stand in kept], A_PAGE).get_page(
            request.GET.get("page")
        ),
        "reports": standings.reports(pharmacy, at=at),
        "quality": standings.quality(pharmacy, rows, at=at),
        "least": standings.PEERS_LEAST,
    }
    return render(request, "desk/standing.html", context)
