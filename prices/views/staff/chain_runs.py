"""What was reported for a chain by its head office and its tills, delivery by delivery, and what became of it."""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from catalog.models import Drug
from pharmacies import access
from pharmacies.access import Action
from pharmacies.models import Chain, Pharmacy
from prices.models import DeskChange, FeedRun, RunPharmacy
from prices.money import yuan
from prices.views.staff import sessions, signed_in
from prices.views.staff.runs import A_PAGE, named, refused_rows

CHANGES_SHOWN = 100


def runs_of(chain: Chain) -> QuerySet[Any]:
    """Deliveries through the feeds of the chain, newest first."""
    return FeedRun.objects.filter(feed__chain=chain).select_related("feed").order_by("-pk")


@signed_in
@require_safe
def runs(request: HttpRequest, chain: int) -> HttpResponse:
    place = access.chain_for(sessions.person(request), Action.SEE, chain, at=timezone.now())
    page = Paginator(runs_of(place), A_PAGE).get_page(request.GET.get("page"))
    return render(request, "chain/runs.html", {"place": place, "page": page, "runs": named(page)})


@signed_in
@require_safe
def run(request: HttpRequest, chain: int, pk: int) -> HttpResponse:
    """One delivery; a sub-account sees what it said of the shops of its own region."""
    at, person = timezone.now(), sessions.person(request)
    place = access.chain_for(person, Action.SEE, chain, at=at)
    found = get_object_or_404(runs_of(place), pk=pk)
    own = access.pharmacies(person, Action.SEE, at=at).filter(chain=place)
    within = Q(pharmacy_id__in=own.values("pk"))
    everywhere = not place.pharmacies.exclude(pk__in=own.values("pk")).exists()
    changes = DeskChange.objects.filter(within, run=found)
    context = {
        "place": place,
        "run": found,
        "who": named([found])[0][1],
        "undecided": found.state in FeedRun.IN_FLIGHT,
        "counted": RunPharmacy.objects.filter(run=found).count() if everywhere else 0,
        "changes": _described(changes),
        "more": max(0, changes.count() - CHANGES_SHOWN),
        "refused": refused_rows(found, within | Q(pharmacy_id=None) if everywhere else within),
    }
    return render(request, "chain/run.html", context)


def _described(changes: QuerySet[DeskChange]) -> list[dict[str, Any]]:
    shown = list(changes.order_by("pk")[:CHANGES_SHOWN])
    drugs = Drug.objects.select_related("preparation").in_bulk({each.drug_id for each in shown})
    shops = Pharmacy.objects.only("name").in_bulk({each.pharmacy_id for each in shown})
    return [
        {
            "drug": drugs[each.drug_id],
            "shop": shops[each.pharmacy_id],
            "old": None if each.old_fen is None else yuan(each.old_fen),
            "new": None if each.new_fen is None else yuan(each.new_fen),
        }
        for each in shown
    ]
