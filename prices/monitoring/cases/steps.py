"""What people do to a case with a button: a step of the table, with its letter, its question to the pharmacy, its end."""

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from pharmacies import access
from pharmacies.access import Action
from pharmacies.models import Membership, Region, User
from prices.desk import inquiries
from prices.models import Case, CaseDocument, CaseStep, Inquiry
from prices.monitoring import written
from prices.monitoring.cases import due, letters
from prices.monitoring.cases.moving import CaseProblem, cleaned, move, roles_for
from prices.monitoring.cases.table import STEPS, UNFINISHED, Step

NUMBER_LONGEST = 60
QUESTION_LONGEST = 1500
"""Of what is asked of the pharmacy: the prices it is about have to fit into the question too."""
LETTERS = {"notice": CaseDocument.Kind.NOTICE, "interview": CaseDocument.Kind.INTERVIEW}
"""Steps that leave a letter."""


def take(
    case: Case,
    name: str,
    *,
    by: User,
    at: datetime,
    seen: int,
    reason: str = "",
    document_number: str = "",
    due_on: date | None = None,
) -> CaseStep:
    """Take the step `name` of the table on the case as it was at revision `seen`.

    Raises PermissionDenied for who may not, `Overtaken` where somebody else was there first, and `CaseProblem` for a
    step that does not lead on from here, or that lacks its reason, its document number or a possible date.
    """
    if name not in STEPS:
        raise CaseProblem(_("没有这样的步骤"))
    step = STEPS[name]
    if step.once and case.reopened_at is not None:
        raise CaseProblem(_("一件事项只能重新核查一次"))
    role = roles_for(by, step.action, case, at=at)
    reason = cleaned(reason, needed=step.reason)
    number = _number(document_number, step)
    due_at = _due(step, due_on, at=at)
    with transaction.atomic():
        change = _change(step, due_at=due_at, at=at)
        if step.to == Case.State.CLOSED and case.inquiry_id:
            # Before the case, as an answer at the desk locks them: two that meet wait for each other, and neither fails.
            Inquiry.objects.select_for_update().get(pk=case.inquiry_id)
        if name == "notice":
            change["inquiry"] = _ask(case, number=number, text=reason, due_at=due_at, by=by, at=at)
        row = move(
            case, name=name, seen=seen, start=step.start, at=at, by=by, role=role, reason=reason,
            document_number=number, **change,
        )  # fmt: skip
        if name in LETTERS:
            letters.write(case, row, kind=LETTERS[name], at=at)
        if case.state == Case.State.CLOSED and case.inquiry and case.inquiry.state != Inquiry.State.CLOSED:
            inquiries.close(case.inquiry, reason=f"{case.number} {case.outcome}", by=by, at=at)
    return row


def close_as_slip(case: Case, *, by: User, at: datetime, seen: int) -> CaseStep:
    """已电话核实：录入错误, in one click."""
    return take(case, "slip", by=by, at=at, seen=seen)


def assign(case: Case, *, to: User, by: User, at: datetime, seen: int, reason: str = "") -> CaseStep:
    """Hand it to another official, or take it over. Raises `CaseProblem` for one who could not work on it."""
    role = roles_for(by, Action.OPEN_CASE, case, at=at)
    if to not in officers(case, at=at):
        raise CaseProblem(_("只能交给能办理这件事的经办人或审核人"))
    if to == case.owner:
        raise CaseProblem(_("已经由%(who)s办理") % {"who": to.display_name})
    with transaction.atomic():
        text = " ".join(filter(None, (f"{case.owner.display_name} → {to.display_name}", written.line(reason))))
        return move(
            case, name="assign", seen=seen, start=UNFINISHED, at=at, by=by, role=role, reason=cleaned(text), owner=to
        )


def officers(case: Case, *, at: datetime) -> list[User]:
    """Who may work on it, by name: those who speak for the area that manages the pharmacy, or for one above it."""
    codes: list[str] = []
    region: Region | None = case.pharmacy.insurance_area
    while region is not None:
        codes.append(region.code)
        region = region.parent
    held = Membership.objects.filter(
        area__code__in=codes, role__in=access.MAY[Action.OPEN_CASE], valid__contains=access.day(at)
    )
    people = User.objects.filter(pk__in=held.values("user"), is_active=True)
    return list(people.order_by("first_name", "username"))


def _number(text: str, step: Step) -> str:
    text = written.line(text)
    if step.document and not text:
        raise CaseProblem(_("“%(step)s”要有文号") % {"step": step.label})
    if len(text) > NUMBER_LONGEST:
        raise CaseProblem(_("文号最多 %(n)d 字") % {"n": NUMBER_LONGEST})
    return text if step.document else ""


def _due(step: Step, due_on: date | None, *, at: datetime) -> datetime | None:
    if step.to is None:
        return None
    if due_on is None or not step.due:
        return due.of_state(step.to, at=at)
    if not at < due.end_of(due_on) < at + due.LONGEST:
        raise CaseProblem(_("期限要在今天之后、一年之内"))
    return due.end_of(due_on)


def _change(step: Step, *, due_at: datetime | None, at: datetime) -> dict[str, Any]:
    """The columns of the case that this step makes different."""
    if step.to is None:
        return {}
    change: dict[str, Any] = {"state": step.to, "outcome": step.outcome or "", "due_at": due_at}
    change["closed_at"] = at if step.to == Case.State.CLOSED else None
    if step.once:
        nothing = dict.fromkeys(("proposed_by", "proposed_at", "published_by", "published_at"))
        change |= {"reopened_at": at, "public_text": "", "public_name": False, **nothing}
    return change


def _ask(case: Case, *, number: str, text: str, due_at: datetime | None, by: User, at: datetime) -> Inquiry:
    if len(text) > QUESTION_LONGEST:
        raise CaseProblem(_("请药店说明的内容最多 %(n)d 字") % {"n": QUESTION_LONGEST})
    return inquiries.open_inquiry(
        case.pharmacy,
        kind=Inquiry.Kind.INQUIRY,
        title=letters.TITLES[CaseDocument.Kind.NOTICE] + number,
        text=letters.question(case, text, longest=inquiries.LONGEST),
        by=by,
        at=at,
        drug_id=letters.only_drug(case),
        reference=case.number,
        due_at=due_at,
    )
