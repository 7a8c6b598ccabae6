"""What an official does with a lead: works it out again, or sets it aside with a reason. Opening a case is the cases'."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from pharmacies import access
from pharmacies.access import Action
from prices.models.leads import Finding, Lead
from prices.monitoring import leads as verbs
from prices.monitoring.leads import NotPossible
from prices.monitoring.parameters import Absurd
from prices.monitoring.replay import Replayed, replay
from prices.views.console import lead_words
from prices.views.console.leads import page_of, reasons, with_findings
from prices.views.staff import sessions
from prices.views.staff.guard import signed_in

MOST_READ = 2000
"""Letters of a reason that are read at all: what is too long is refused, not cut."""


@dataclass(frozen=True, slots=True)
class Again:
    """A finding beside what came out of its stored data now; `result` None where they can no longer be read."""

    name: str
    words: str
    method: list[str]
    result: Replayed | None

    @property
    def was(self) -> str:
        return _number(self.result.was_score) if self.result else ""

    @property
    def now(self) -> str:
        return _number(self.result.score) if self.result else ""


def _number(score: float | None) -> str:
    return "—" if score is None else f"{score:.6f}"


@signed_in
@require_safe
def replayed(request: HttpRequest, adcode: str, pk: int) -> HttpResponse:
    """复算: every finding of the lead worked out again from what was stored with it, and from nothing else."""
    at = timezone.now()
    area = access.area_for(sessions.person(request), Action.SEE, adcode, at=at)
    found = get_object_or_404(with_findings(Lead.objects.within(area)), pk=pk)
    findings = lead_words.in_order(found.findings.all())
    said = reasons(found, findings)
    again = [Again(each.name, each.words, each.method, _result(of)) for each, of in zip(said, findings, strict=True)]
    context: dict[str, Any] = {
        "place": area,
        "lead": found,
        "headline": lead_words.headline(found, findings),
        "again": again,
        "same": all(each.result is not None and each.result.same for each in again),
    }
    return render(request, "console/replay.html", context)


def _result(finding: Finding) -> Replayed | None:
    try:
        return replay(finding)
    except (Absurd, KeyError):  # the method has since lost a parameter, or asks for what was not kept then
        return None


@signed_in
@require_POST
def dismiss(request: HttpRequest, adcode: str, pk: int) -> HttpResponse:
    """排除: somebody has looked and says why there is nothing in it; who comes second is told."""
    at, user = timezone.now(), sessions.person(request)
    area = access.area_for(user, Action.OPEN_CASE, adcode, at=at)
    found = get_object_or_404(with_findings(Lead.objects.within(area)).select_related("event"), pk=pk)
    text = request.POST.get("reason", "")[:MOST_READ]
    try:
        verbs.dismiss(lead=found, reason=text, by=user, at=at)
    except NotPossible as problem:
        shown = page_of(found, area, at=at)
        shown |= {"may_act": found.state == Lead.State.NEW, "problem": str(problem), "said": text}
        return render(request, "console/lead.html", shown, status=422)
    messages.success(request, gettext("已排除这条线索。"))
    return redirect("staff:console-leads", adcode=area.code)
