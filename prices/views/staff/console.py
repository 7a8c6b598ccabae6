"""An official's first page: the pharmacies that the area manages, to find one by name or code."""

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from pharmacies import access
from pharmacies.access import Action
from pharmacies.models import Chain, Pharmacy, Region
from prices.templatetags.staff import first_page
from prices.views.pages import text_of
from prices.views.staff.guard import signed_in

SHOWN = 50


@require_http_methods(["GET", "HEAD"])
@signed_in
def overview(request: HttpRequest, adcode: str) -> HttpResponse:
    """How many pharmacies there are, the areas below, and a search that leads to one."""
    at = timezone.now()
    area = access.area_for(request.user, Action.SEE, adcode, at=at)
    managed = Pharmacy.objects.filter(insurance_area__in=Region.objects.within(area))
    q = text_of(request, "q")
    found, chains = [], []
    if q:
        named = Q(name__icontains=q) | Q(code__iexact=q) | Q(initials__istartswith=q)
        found = list(managed.filter(named).select_related("insurance_area").order_by("name", "code")[: SHOWN + 1])
        chains = [
            chain
            for chain in Chain.objects.filter(name__icontains=q).order_by("name")[:SHOWN]
            if access.may(request.user, Action.SEE, chain, at=at)
        ]
    context = {
        "place": area,
        "q": q,
        "pharmacies": [(each, first_page(each, request.user)) for each in found[:SHOWN]],
        "chains": [(each, first_page(each, request.user)) for each in chains],
        "cut": len(found) > SHOWN,
        "count": managed.count(),
        "below": Region.objects.filter(parent=area).order_by("code"),
    }
    return render(request, "staff/console.html", context)
