"""本期定稿: the months of an area that were declared final, their tables as they were, and having one more frozen."""

from datetime import date

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_http_methods, require_safe

from pharmacies import access
from pharmacies.access import Action
from prices.models import Freezing
from prices.monitoring import freezes as verbs
from prices.views.console.tables import answer
from prices.views.staff import sessions
from prices.views.staff.guard import signed_in

MAKES = Action.EDIT_RULES
"""The 审核人 who answer for an area's rules answer for its numbers."""


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def freezes(request: HttpRequest, adcode: str) -> HttpResponse:
    """The frozen months and those being frozen, newest first; POST has one frozen."""
    at, by = timezone.now(), sessions.person(request)
    area = access.area_for(by, MAKES if request.method == "POST" else Action.SEE, adcode, at=at)
    problem = ""
    if request.method == "POST":
        month = _month(request.POST.get("month", ""))
        try:
            asked = verbs.ask(area, month, by=by, at=at, note=request.POST.get("note", ""))
        except verbs.NotFrozen as error:
            problem = str(error)
        else:
            return redirect("staff:console-freezing", area.code, asked.pk)
    asked_for = verbs.open_asked(area)
    context = {
        "place": area,
        "freezes": verbs.of(area).select_related("by").order_by("-month"),
        "asked_for": asked_for,
        "working": any(each.state in Freezing.WORKING for each in asked_for),
        "open": verbs.open_months(area, access.day(at)) if access.may(by, MAKES, area, at=at) else None,
        "problem": problem,
    }
    return render(request, "console/freezes.html", context, status=409 if problem else 200)


def _month(text: str) -> date:
    try:
        month = parse_date(f"{text}-01")
    except ValueError:
        month = None
    if month is None:
        raise Http404
    return month


@signed_in
@require_safe
def freezing(request: HttpRequest, adcode: str, pk: int) -> HttpResponse:
    """How far a month is that somebody has asked to be frozen; then where its tables are, or why there are none. There is
    nothing here to take away."""
    at, by = timezone.now(), sessions.person(request)
    area = access.area_for(by, Action.SEE, adcode, at=at)
    asked = get_object_or_404(verbs.asked_of(area).select_related("by", "area"), pk=pk)
    may = asked.state == Freezing.State.FAILED and access.may(by, MAKES, area, at=at)
    context = {
        "place": area,
        "asked": asked,
        "working": asked.state in Freezing.WORKING,
        "made": verbs.of(area).filter(month=asked.month).first(),
        "again": may and asked.month in verbs.open_months(area, access.day(at)),
    }
    return render(request, "console/freezing.html", context)


@signed_in
@require_safe
def frozen(request: HttpRequest, adcode: str, pk: int) -> HttpResponseBase:
    """One table of a frozen month (`?name=`, the first without), and what else was frozen with it. One that was changed
    since is not shown: 409."""
    at = timezone.now()
    area = access.area_for(sessions.person(request), Action.SEE, adcode, at=at)
    made = get_object_or_404(verbs.of(area).select_related("by"), pk=pk)
    kept = list(made.tables.order_by("position").only("freeze_id", "position", "name", "title", "rows", "sha256"))
    chosen = next((each for each in kept if each.name == request.GET.get("name", kept[0].name)), None)
    if chosen is None:
        raise Http404
    try:
        table = verbs.read(chosen)
    except verbs.Tampered:  # said on the page; the other tables can still be read
        table = None
    if table and (file := answer(request, table)):
        return file
    context = {
        "place": area,
        "freeze": made,
        "kept": kept,
        "chosen": chosen,
        "table": table,
        "whole": verbs.is_whole(made),
    }
    return render(request, "console/frozen.html", context, status=200 if table else 409)
