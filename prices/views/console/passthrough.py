"""中选价落地 and 估算节约: how the shelves followed the procurement prices, by product, area and pharmacy."""

from decimal import Decimal

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from catalog.models import ReferencePrice
from pharmacies import access
from pharmacies.access import Action
from pharmacies.models import Region
from prices.models import Landing
from prices.money import yuan
from prices.monitoring import passthrough as landings
from prices.monitoring import tabled_prices
from prices.views.console.tables import answer
from prices.views.staff import sessions
from prices.views.staff.guard import signed_in

TEN_THOUSAND = 10_000
PACKS, MOST_PACKS = 10, 10_000
"""A guess, named on the page and changed there: nobody reports how much is sold."""


@signed_in
@require_safe
def passthrough(request: HttpRequest, adcode: str) -> HttpResponseBase:
    """Every procurement price of the area; first the fall and the estimated saving (`?packs=` a month at each shop)."""
    at = timezone.now()
    area = access.area_for(sessions.person(request), Action.SEE, adcode, at=at)
    on = Landing.objects.order_by("-on").values_list("on", flat=True).first() or timezone.localdate(at)
    found = list(landings.landings(area))
    table = tabled_prices.landings(area, found, on)
    if file := answer(request, table):
        return file
    saving, packs = landings.saving(found), _packs(request.GET.get("packs", ""))
    context = {
        "place": area,
        "table": table,
        "on": on,
        "saving": saving,
        "fall": None if saving.fall is None else round(100 * saving.fall, 1),
        "packs": packs,
        "one": yuan(saving.saved_fen),
        "month": roughly(yuan(saving.saved_fen * packs)),
        "year": roughly(yuan(saving.saved_fen * packs * 12)),
    }
    return render(request, "console/passthrough.html", context)


def roughly(amount: Decimal) -> str:
    """`约 18.8 万元`: an estimate says no 分."""
    if abs(amount) < TEN_THOUSAND:
        return gettext("约 %(n)s 元") % {"n": f"{amount:,.0f}"}
    return gettext("约 %(wan)s 万元") % {"wan": f"{amount / TEN_THOUSAND:,.1f}"}


def _packs(text: str) -> int:
    return min(int(text[:9]), MOST_PACKS) if text.isascii() and text.isdigit() and int(text[:9]) > 0 else PACKS


@signed_in
@require_safe
def landing(request: HttpRequest, adcode: str, pk: int) -> HttpResponseBase:
    """One procurement price in the area: by the areas below it, or shop by shop where there are none."""
    at = timezone.now()
    area = access.area_for(sessions.person(request), Action.SEE, adcode, at=at)
    prices = ReferencePrice.objects.filter(kind=ReferencePrice.Kind.VBP).select_related("drug__preparation", "area")
    price = prices.filter(pk=pk).first()
    if price is None or not _touch(price.area, area):
        raise Http404
    on = timezone.localdate(at)
    table = tabled_prices.landing_by_region(price, area, on)
    if not len(table.rows):
        table = tabled_prices.landing_by_shop(price, area, on)
    if file := answer(request, table):
        return file
    context = {
        "place": area,
        "name": tabled_prices.name_of(price.drug),
        "price": price,
        "amount": yuan(landings.fen_per_pack(price, price.drug.pack_count)),
        "table": table,
    }
    return render(request, "console/landing.html", context)


def _touch(one: Region, other: Region) -> bool:
    """Whether one of the areas lies within the other."""
    return any(Region.objects.within(big).filter(pk=small.pk).exists() for big, small in ((one, other), (other, one)))
