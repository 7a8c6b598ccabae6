"""The log of what people did (操作日志): for reading, and as a file. Reading is a right of few; taking a file is told."""

import heapq
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from pharmacies import access, audit
from pharmacies.access import Action, Place
from pharmacies.audit import reading
from pharmacies.models import AuditSeal, AuditUnsealed, Chain, Pharmacy
from prices.views.staff import audit_deliveries, audit_words, sessions
from prices.views.staff.audit_words import Line
from prices.views.staff.forms import StaffForm
from prices.views.staff.guard import signed_in
from prices.views.staff.places import fetch, link

PAGE = 50
MOST = 9_223_372_036_854_775_807
MOST_RUNS = 2_147_483_647


class Filter(StaffForm):
    who = forms.CharField(label=gettext_lazy("姓名或用户名"), max_length=60, required=False)
    action = forms.ChoiceField(label=gettext_lazy("操作"), required=False)
    first = forms.DateField(
        label=gettext_lazy("从"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    last = forms.DateField(
        label=gettext_lazy("到"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    before = forms.IntegerField(required=False, min_value=1, max_value=MOST, widget=forms.HiddenInput)
    run = forms.IntegerField(required=False, min_value=1, max_value=MOST_RUNS, widget=forms.HiddenInput)

    CURSORS = ("before", "run")
    """How far the pages before have come: the last event, and the last delivery of head office."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = sorted((str(label), name) for name, label in audit_words.ACTIONS.items())
        everything = ("", gettext_lazy("全部"))
        self.fields["action"].choices = [everything, *((name, label) for label, name in names)]  # type: ignore[attr-defined]  # a field of choices

    def chosen(self) -> dict[str, Any]:
        """What to narrow the log to; a field that cannot be read narrows nothing."""
        data: dict[str, Any] = self.cleaned_data if self.is_bound else {}
        return {name: data[name] for name in ("who", "action", "first", "last") if data.get(name)}


@require_http_methods(["GET", "HEAD"])
@signed_in
def page(request: HttpRequest, **where: Any) -> HttpResponse:
    """What people did at the place and at all it reaches, newest first, fifty at a time."""
    at = timezone.now()
    place = fetch(request.user, Action.SEE_AUDIT, where, at=at)
    form = Filter(request.GET)
    form.is_valid()
    chosen = form.chosen()
    come = {name: form.cleaned_data[name] for name in Filter.CURSORS if form.cleaned_data.get(name)}
    lines, older = _lines(place, chosen, come)
    query = {name: value.isoformat() if isinstance(value, date) else value for name, value in chosen.items()}
    context = {
        "place": place,
        "form": form,
        "days": audit_words.days(lines),
        "older": urlencode({**query, **older}) if older else "",
        "newest": urlencode(query) if come else "",
        "is_narrowed": bool(chosen),
        "here": link(place, "audit"),
        "file": link(place, "audit-file") if access.may(request.user, Action.EXPORT, place, at=at) else "",
        "seal": AuditSeal.objects.order_by("-number").only("number", "sealed_at", "digest").first(),
        "waiting": AuditUnsealed.objects.exists(),
    }
    return render(request, "staff/audit.html", context, status=422 if form.errors else 200)


def _lines(place: Place, chosen: dict[str, Any], come: dict[str, int]) -> tuple[list[Line], dict[str, int]]:
    """A page of the log from where the cursors stand, newest first, and the cursors of the next one, empty at the end.

    At a shop the deliveries by which its head office changed its prices stand among the events.
    """
    events = reading.narrowed(reading.events_of(place), **chosen)
    if "before" in come:
        events = events.filter(pk__lt=come["before"])
    found: list[tuple[str, int, Line]] = []
    some = list(events[: PAGE + 1])
    told = [("before", event.pk, line) for event, line in zip(some, audit_words.lines(some, place), strict=True)]
    if isinstance(place, Pharmacy):
        runs = audit_deliveries.of(place, **chosen)
        if "run" in come:
            runs = runs.filter(run__lt=come["run"])
        found = [("run", each.run_id, audit_deliveries.line(each, place)) for each in runs[: PAGE + 1]]
    both = list(heapq.merge(told, found, key=lambda each: each[2].at, reverse=True))
    older = come | {cursor: pk for cursor, pk, _line in both[:PAGE]} if len(both) > PAGE else {}
    return [line for _cursor, _pk, line in both[:PAGE]], older


@require_POST
@signed_in
def download(request: HttpRequest, **where: Any) -> HttpResponseBase:
    """The same as a CSV file, all of it; who took it stands in the log itself."""
    at, by = timezone.now(), sessions.person(request)
    place = fetch(by, Action.SEE_AUDIT, where, at=at)
    if not access.may(by, Action.EXPORT, place, at=at):
        raise PermissionDenied
    form = Filter(request.POST)
    form.is_valid()
    chosen = form.chosen()
    with transaction.atomic():
        told = audit.record(
            at=at,
            by=by,
            action="audit.export",
            subject="pharmacies.AuditEvent",
            subject_id="",
            place=place,
            after={name: str(value) for name, value in chosen.items()},
        )
    events = reading.narrowed(reading.events_of(place), **chosen).filter(pk__lte=told.pk)
    answer = StreamingHttpResponse(
        reading.rows(events.iterator(chunk_size=1000)), content_type="text/csv; charset=utf-8"
    )
    name = place.code if not isinstance(place, Chain) else f"chain-{place.pk}"
    answer["Content-Disposition"] = f'attachment; filename="audit-{name}-{access.day(at):%Y%m%d}.csv"'
    return answer
