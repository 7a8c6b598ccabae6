"""One case: what it is about, the evidence as it was frozen, what has been done, and what can be done next."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from pharmacies import access, audit
from pharmacies.access import Action
from pharmacies.models import Membership, Region, User
from prices.models import Case, CaseStep, InquiryReply, ReportGroup
from prices.monitoring import cases, documents
from prices.monitoring.cases import CaseProblem, Overtaken, due, evidence, letters
from prices.monitoring.cases.table import STEPS, Step, label, possible
from prices.monitoring.reports.answers import AnswerProblem, into_case
from prices.views.console import cases_evidence
from prices.views.console.cases import state_words
from prices.views.console.tables import answer, attachment
from prices.views.staff import sessions, signed_in

ACTIONS = {
    **{name: step.action for name, step in STEPS.items()},
    "assign": Action.OPEN_CASE,
    "report": Action.OPEN_CASE,
    "propose": Action.DECIDE_CASE,
    "send_back": Action.PUBLISH_CASE,
    "publish": Action.PUBLISH_CASE,
}
"""Buttons of the page, and what one has to be allowed."""
NO_WAY_ON = (None, Case.State.CLOSED)
AT_ONCE = ("verify", "slip")
"""Steps that ask for nothing: a button and no form."""


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def one(request: HttpRequest, adcode: str, pk: int) -> HttpResponseBase:
    """Read for all officials of the area; each button for those whose role it is."""
    at, person = timezone.now(), sessions.person(request)
    do = request.POST.get("do", "")
    action = ACTIONS.get(do, Action.OPEN_CASE) if request.method == "POST" else Action.SEE
    area = access.area_for(person, action, adcode, at=at)
    case = _own(area, pk)
    if request.method == "POST":
        try:
            said = _done(case, do, request.POST, by=person, at=at)
        except (CaseProblem, AnswerProblem) as problem:
            status = 409 if isinstance(problem, Overtaken) else 422
            context = _page(_own(area, pk), area, person, at=at) | {"problem": str(problem), "sent": request.POST}
            return render(request, "console/case.html", context, status=status)
        messages.success(request, said)
        return redirect("staff:console-case", adcode=area.code, pk=case.pk)
    context = _page(case, area, person, at=at)
    file = answer(request, context["table"])
    return file or render(request, "console/case.html", context)


def _own(area: Region, pk: int) -> Case:
    found: Case | None = (
        Case.objects.within(area)
        .select_related(
            "pharmacy__insurance_area", "pharmacy__chain", "owner", "evidence", "inquiry", "proposed_by", "published_by"
        )
        .filter(pk=pk)
        .first()
    )
    if found is None:
        raise Http404
    return found


def _done(case: Case, do: str, sent: QueryDict, *, by: User, at: datetime) -> str:
    """Press the button `do`; what to say afterwards. Raises `CaseProblem`, `AnswerProblem`, PermissionDenied."""
    text = sent.get("seen", "")
    seen = int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else 0
    reason = sent.get("reason", "")
    verbs: dict[str, Callable[[], Any]] = {
        "assign": lambda: cases.assign(case, to=_colleague(case, sent, at), by=by, at=at, seen=seen, reason=reason),
        "propose": lambda: cases.propose(case, text=reason, named="named" in sent, by=by, at=at, seen=seen),
        "send_back": lambda: cases.send_back(case, reason=reason, by=by, at=at, seen=seen),
        "publish": lambda: cases.publish(case, by=by, at=at, seen=seen),
        "report": lambda: _join(case, sent, by=by, at=at),
    }
    if do in verbs:
        verbs[do]()
        return _("已记录：%(step)s") % {"step": label(do)}
    number = sent.get("document_number", "")
    cases.take(
        case, do, by=by, at=at, seen=seen, reason=reason, document_number=number, due_on=_day(sent.get("due", ""))
    )
    return _("已记录：%(step)s") % {"step": label(do)}


def _colleague(case: Case, sent: QueryDict, at: datetime) -> User:
    chosen = sent.get("to", "")
    found = next((each for each in cases.officers(case, at=at) if str(each.pk) == chosen), None)
    if found is None:
        raise CaseProblem(_("只能交给能办理这件事的经办人或审核人"))
    return found


def _join(case: Case, sent: QueryDict, *, by: User, at: datetime) -> None:
    """Reports that came since belong to this case too: their citizens read its outcome."""
    text = sent.get("group", "")
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0
    found = ReportGroup.objects.filter(pharmacy=case.pharmacy, pk=number).first()
    if found is None:
        raise CaseProblem(_("没有这条反馈"))
    with transaction.atomic():
        into_case(found, case=case, by=by, at=at)


def _day(text: str) -> date | None:
    """Raises `CaseProblem` for text that is no day."""
    if not text.strip():
        return None
    try:
        found = parse_date(text.strip())
    except ValueError:
        found = None
    if found is None:
        raise CaseProblem(_("日期写成 2026-11-30 这样"))
    return found


# -- the page ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Choice:
    """A step that this person may take now: `at_once` needs no form, `due` is the day that stands in its form, `main`
    is the officer's that leads on: none that weighs on the pharmacy is pressed on anybody."""

    step: Step
    at_once: bool
    due: date | None
    main: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Steps of one kind, apart from the others: what leads on, what ends the case, and what weighs on the pharmacy.

    `name` is one of GROUPS; `words` say before pressing what pressing does, empty where it does no harm.
    """

    name: str
    label: str
    words: str
    choices: list[Choice]


GROUPS = {
    "on": (gettext_lazy("继续办理"), ""),
    "end": (gettext_lazy("办结，不作处置"), gettext_lazy("提交就办结：事项不再往下办。")),
    "measure": (gettext_lazy("处置药店"), gettext_lazy("对药店作出处理并办结。要写理由和文号，提交前请再核对一遍。")),
}
"""In this order, the gravest last: (its heading, what pressing does)."""


@dataclass(frozen=True, slots=True)
class Line:
    """A step of the past in words; `state` is empty where the step did not change it or is called the same."""

    step: CaseStep
    label: str
    state: str
    roles: str
    letter: Any


def _page(case: Case, area: Region, person: User, *, at: datetime) -> dict[str, Any]:
    said = evidence.content(case.evidence)
    where = case.pharmacy.insurance_area
    may = {action: access.may(person, action, where, at=at) for action in set(ACTIONS.values())}
    inquiry = case.inquiry
    return {
        "place": area,
        "at": at,
        "case": case,
        "state": state_words(case),
        "late": case.due_at is not None and case.due_at < at,
        "table": cases_evidence.table(case, said, area),
        "prices": cases_evidence.prices(said),
        "reports": cases_evidence.reports(said),
        "intact": evidence.intact(case.evidence),
        "groups_of_steps": _groups(list(_choices(case, may, at=at))),
        "lines": _lines(case),
        "replies": InquiryReply.objects.filter(inquiry=inquiry).select_related("by").order_by("pk") if inquiry else [],
        "groups": ReportGroup.objects.counted().filter(case=case).order_by("pk"),
        "joinable": _joinable(case) if may[Action.OPEN_CASE] else [],
        "officers": [each for each in cases.officers(case, at=at) if each != case.owner],
        "may_open": may[Action.OPEN_CASE],
        "may_propose": may[Action.DECIDE_CASE] and case.published_at is None,
        "may_publish": may[Action.PUBLISH_CASE] and case.proposed_at is not None and case.published_at is None,
        "own_proposal": case.proposed_by_id == person.pk,
        "may_export": access.may(person, Action.EXPORT, area, at=at),
        "reports_link": reverse("staff:console-reports", args=[area.code]) + "?state=case",
    }


def _choices(case: Case, may: dict[Action, bool], *, at: datetime) -> Iterable[Choice]:
    steps = [step for step in possible(case.state, reopened=case.reopened_at is not None) if may[step.action]]
    on = next((step for step in steps if step.action is Action.OPEN_CASE and step.to not in NO_WAY_ON), None)
    for step in steps:
        until = due.of_state(step.to, at=at) if step.due and step.to else None
        yield Choice(step, step.name in AT_ONCE, timezone.localdate(until) if until else None, step == on)


def _groups(choices: Iterable[Choice]) -> list[Group]:
    """The choices by kind, in the order of GROUPS; what leads on always has its place: handing over stands there too."""
    kinds: dict[str, list[Choice]] = {name: [] for name in GROUPS}
    for choice in choices:
        if choice.step.outcome in Case.MEASURES:
            kinds["measure"].append(choice)
        else:
            kinds["end" if choice.step.to == Case.State.CLOSED else "on"].append(choice)
    return [
        Group(name, str(GROUPS[name][0]), str(GROUPS[name][1]), found)
        for name, found in kinds.items()
        if found or name == "on"
    ]


def _lines(case: Case) -> list[Line]:
    letter_of = {letter.step_id: letter for letter in case.documents.all()}
    names = dict(Membership.Role.choices)
    return [
        Line(
            step=step,
            label=label(step.name),
            state=_became(step),
            roles=" ".join(str(names.get(role, role)) for role in step.role.split(",") if role),
            letter=letter_of.get(step.pk),
        )
        for step in case.steps.order_by("revision")
    ]


def _became(step: CaseStep) -> str:
    if step.before == step.after or step.get_after_display() == label(step.name):
        return ""
    return " · ".join(filter(None, (step.get_after_display(), step.get_outcome_display())))


def _joinable(case: Case) -> list[ReportGroup]:
    if case.state == Case.State.CLOSED:
        return []
    waiting = [ReportGroup.State.OPEN, ReportGroup.State.ASKED]
    return list(ReportGroup.objects.counted().filter(pharmacy=case.pharmacy, state__in=waiting).order_by("first_at"))


# -- files ------------------------------------------------------------------------------------------------------------


@signed_in
@require_safe
def letter(request: HttpRequest, adcode: str, pk: int, document: int) -> HttpResponse:
    """A letter as it was made, to be kept; told in the log."""
    at, person = timezone.now(), sessions.person(request)
    area = access.area_for(person, Action.EXPORT, adcode, at=at)
    case = _own(area, pk)
    found = case.documents.filter(pk=document).first()
    data = letters.read(found) if found else None
    if found is None or data is None:
        raise Http404
    _tell(case, by=person, at=at, file=found.number, sha256=found.sha256)
    return attachment(data, documents.WORD, f"{found.get_kind_display()}-{found.number}.docx")


@signed_in
@require_safe
def frozen(request: HttpRequest, adcode: str, pk: int) -> HttpResponse:
    """The evidence, letter for letter what its digest is of."""
    at, person = timezone.now(), sessions.person(request)
    area = access.area_for(person, Action.EXPORT, adcode, at=at)
    case = _own(area, pk)
    _tell(case, by=person, at=at, file="evidence.json", sha256=case.evidence.sha256)
    return attachment(case.evidence.text.encode(), "application/json", f"{case.number}-evidence.json")


def _tell(case: Case, *, by: User, at: datetime, file: str, sha256: str) -> None:
    with transaction.atomic():
        audit.record(
            at=at,
            by=by,
            action="case.download",
            subject="prices.Case",
            subject_id=case.pk,
            place=case.pharmacy.insurance_area,
            after={"case": case.number, "file": file, "sha256": sha256},
        )
