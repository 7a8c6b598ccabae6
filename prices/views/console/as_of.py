"""按日期回看: the shelves as they stood at a moment, by what was known then or is known now."""

from datetime import datetime
from typing import Any

from django import forms
from django.db.models import Q
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from catalog.models import Drug
from pharmacies import access
from pharmacies.access import Action
from pharmacies.models import Pharmacy, Region
from prices.monitoring import as_of as then
from prices.monitoring import tabled_prices
from prices.monitoring.tables import Table
from prices.views.console.tables import answer
from prices.views.staff import sessions
from prices.views.staff.forms import StaffForm
from prices.views.staff.guard import signed_in

CHOICES = 20
MOMENT = "%Y-%m-%dT%H:%M"


class Moment(forms.DateTimeField):
    """A moment of which there can be a record."""

    def validate(self, value: datetime | None) -> None:
        super().validate(value)
        if value is not None and value.date() < then.EARLIEST:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")


class Asked(StaffForm):
    q = forms.CharField(label=_("药品或药店（名称或代码）"), max_length=60, strip=True)
    valid = Moment(
        label=_("看哪个时点"),
        required=False,
        input_formats=[MOMENT, "%Y-%m-%d %H:%M", "%Y-%m-%d"],
        widget=forms.DateTimeInput({"type": "datetime-local"}, format=MOMENT),
    )
    recorded = Moment(
        label=_("只用此前收到的报送"),
        help_text=_("不填：和上面的时点相同，就是市民当时看到的价格。填现在：用后来补报、更正的数据。"),
        required=False,
        input_formats=[MOMENT, "%Y-%m-%d %H:%M", "%Y-%m-%d"],
        widget=forms.DateTimeInput({"type": "datetime-local"}, format=MOMENT),
    )


@signed_in
@require_safe
def as_of(request: HttpRequest, adcode: str) -> HttpResponseBase:
    """One product at all pharmacies of the area, or one pharmacy's whole shelf; several that fit are offered."""
    at = timezone.now()
    area = access.area_for(sessions.person(request), Action.SEE, adcode, at=at)
    form = Asked(request.GET) if "q" in request.GET else Asked(initial={"valid": timezone.localtime(at)})
    context: dict[str, Any] = {"place": area, "form": form}
    status = 200
    if form.is_bound and form.is_valid():
        valid = form.cleaned_data["valid"] or at
        recorded = form.cleaned_data["recorded"] or valid
        drugs, shops = _named(form.cleaned_data["q"], area)
        table = _table(drugs, shops, area, valid, recorded)
        if table and (file := answer(request, table)):
            return file
        context |= {"table": table, "valid": valid, "recorded": recorded, "drugs": drugs, "shops": shops}
    elif form.is_bound:
        status = 422
    return render(request, "console/as_of.html", context, status=status)


def _named(q: str, area: Region) -> tuple[list[Drug], list[Pharmacy]]:
    """The one of that code; else products by name, and pharmacies of the area, as many as fit on the page."""
    drugs = Drug.objects.select_related("preparation").defer("search_names", "search_terms")
    shops = Pharmacy.objects.filter(insurance_area__in=Region.objects.within(area))
    if exact := list(drugs.filter(code=q.upper())):
        return exact, []
    if known := list(shops.filter(code=q.upper())):
        return [], known
    named = drugs.filter(Q(search_names__contains=q.lower()) | Q(search_terms__contains=[q.lower()]))
    found = shops.filter(Q(name__icontains=q) | Q(initials__istartswith=q))
    return list(named.order_by("preparation__generic_name", "code")[:CHOICES]), list(found.order_by("name")[:CHOICES])


def _table(drugs: list[Drug], shops: list[Pharmacy], area: Region, valid: datetime, recorded: datetime) -> Table | None:
    """Where exactly one thing was meant."""
    if len(drugs) == 1 and not shops:
        found = then.of_drug(drugs[0].pk, area, valid=valid, recorded=recorded)
        return tabled_prices.then_of_drug(found, drugs[0], valid)
    if len(shops) == 1 and not drugs:
        return tabled_prices.then_of_shop(then.of_shop(shops[0], valid=valid, recorded=recorded), shops[0], valid)
    return None
