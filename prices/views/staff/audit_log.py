"""The log of what people did (操作日志): for reading, and as a file. Reading is a right of few; taking a file is told."""

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
from pharmacies.access import Action
from pharmacies.audit import reading
from pharmacies.models import AuditSeal, AuditUnsealed, Chain
from prices.views.staff import audit_words, sessions
from prices.views.staff.forms import StaffForm
from prices.views.staff.guard import signed_in
from prices.views.staff.places import fetch, link

PAGE = 50
MOST = 9_223_372_036_854_775_807


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
    events = reading.narrowed(reading.events_of(place), **chosen)
    if before := form.cleaned_data.get("before"):
        events = events.filter(pk__lt=before)
    shown = list(events[: PAGE + 1])
    older = shown[PAGE - 1].pk if len(shown) > PAGE else None
    query = {name: value.isoformat() if isinstance(value, date) else value for name, value in chosen.items()}
    context = {
        "place": place,
        "form": form,
        "days": audit_words.days(shown[:PAGE], place),
        "older": urlencode({**query, "before": older}) if older else "",
        "newest": urlencode(query) if form.cleaned_data.get("before") else "",
        "is_narrowed": bool(chosen),
        "here": link(place, "audit"),
        "file": link(place, "audit-file") if access.may(request.user, Action.EXPORT, place, at=at) else "",
        "seal": AuditSeal.objects.order_by("-number").only("number", "sealed_at", "digest").first(),
        "waiting": AuditUnsealed.objects.exists(),
    }
    return render(request, "staff/audit.html", context, status=422 if form.errors else 200)


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
