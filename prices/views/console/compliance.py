"""报送质量: of every area and pharmacy in a month, what was expected and what came, how late, how much was sent back."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from pharmacies import access
from pharmacies.access import Action
from prices.monitoring import compliance as months
from prices.monitoring import tabled
from prices.views.console.tables import answer
from prices.views.staff import sessions
from prices.views.staff.guard import signed_in


@signed_in
@require_safe
def compliance(request: HttpRequest, adcode: str) -> HttpResponseBase:
    """The month that `?month=2026-11` names, or the newest there is."""
    at = timezone.now()
    area = access.area_for(sessions.person(request), Action.SEE, adcode, at=at)
    known = months.months()
    asked = request.GET.get("month", "")
    month = next((each for each in known if f"{each:%Y-%m}" == asked), known[0] if known else None)
    context = {"place": area, "months": known, "month": month}
    if month is not None:
        by_area, by_shop = tabled.compliance_by_area(area, month), tabled.compliance_by_shop(area, month)
        if file := answer(request, by_area, by_shop):
            return file
        context |= {"by_area": by_area, "by_shop": by_shop, "through": months.through(month)}
    return render(request, "console/compliance.html", context)
