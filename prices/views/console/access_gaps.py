"""双通道药品供应: where a dual-channel drug is nowhere in stock, and how far the nearest is."""

from datetime import date

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_safe

from pharmacies import access
from pharmacies.access import Action
from prices.monitoring import access_gaps as gaps
from prices.monitoring import tabled
from prices.views.console.tables import answer
from prices.views.staff import sessions
from prices.views.staff.guard import signed_in


@signed_in
@require_safe
def access_gaps(request: HttpRequest, adcode: str) -> HttpResponseBase:
    """As last night found it; `?on=` as it was on a past day."""
    at = timezone.now()
    area = access.area_for(sessions.person(request), Action.SEE, adcode, at=at)
    newest = gaps.last_look()
    on = _day(request.GET.get("on", ""), newest) or newest
    table = tabled.access(area, on or timezone.localdate(at))
    if file := answer(request, table):
        return file
    context = {"place": area, "table": table, "on": on, "newest": newest, "past": on != newest}
    return render(request, "console/access.html", context)


def _day(text: str, newest: date | None) -> date | None:
    try:
        day = parse_date(text)
    except ValueError:
        return None
    return day if day and newest and day < newest else None
