"""What officials do with a group of reports: answer it, ask the pharmacy, look into it as a case."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from pharmacies import audit
from pharmacies.models import User
from prices.desk import inquiries
from prices.models import Case, Inquiry, ReportGroup
from prices.monitoring import written

State = ReportGroup.State
LONGEST = 500
ASKED_FOR = timedelta(days=7)
"""How long a pharmacy has for its answer."""


KINDS = {"price": "价格不符", "closed": "已关门", "hours": "营业时间", "place": "位置"}
"""As the pharmacy reads it, in whatever language the official asked."""


class AnswerProblem(ValueError):
    """It cannot be done so; the message says why."""


def answer(group: ReportGroup, *, text: str, by: User, at: datetime) -> None:
    """What those who reported it read with their codes; the question to the pharmacy, if there is one, is closed.
    Raises `AnswerProblem`."""
    text = _written(text, LONGEST)
    with transaction.atomic():
        before = locked(group, {State.OPEN, State.ASKED, State.CASE})
        ReportGroup.objects.filter(pk=group.pk).update(
            state=State.ANSWERED, answer=text, answered_by=by, answered_at=at
        )
        inquiry = Inquiry.objects.exclude(state=Inquiry.State.CLOSED).filter(report_group=group).first()
        if inquiry is not None:
            inquiries.close(inquiry, reason="市民反馈已答复", by=by, at=at)
        after = {"report": State.ANSWERED}
        audit.record(action="report.answer", by=by, at=at, before=before, after=after, reason=text, **_about(group))


def ask(group: ReportGroup, *, text: str, by: User, at: datetime) -> Inquiry:
    """Put it to the pharmacy, in the official's words: what citizens wrote is never passed on by itself. Raises
    `AnswerProblem`."""
    text = _written(text, inquiries.LONGEST)
    with transaction.atomic():
        before = locked(group, {State.OPEN})
        inquiry = inquiries.open_inquiry(
            group.pharmacy,
            kind=Inquiry.Kind.REPORT,
            title=f"市民反馈：{KINDS[group.kind]}",
            text=text,
            drug_id=group.drug_id,
            reference=reference(group),
            due_at=at + ASKED_FOR,
            by=by,
            at=at,
        )
        ReportGroup.objects.filter(pk=group.pk).update(state=State.ASKED, inquiry=inquiry)
        audit.record(action="report.ask", by=by, at=at, before=before, after={"report": State.ASKED}, **_about(group))
    return inquiry


def into_case(group: ReportGroup, *, case: Case, by: User, at: datetime) -> None:
    """That case looks into it from now on; what is published of its end is what the citizens read. Who opens a case about
    reports calls this in the same transaction. Raises `AnswerProblem`."""
    if case.pharmacy_id != group.pharmacy_id or case.state == Case.State.CLOSED:
        raise AnswerProblem(_("请选这家药店正在办理的核查事项"))
    with transaction.atomic():
        before = locked(group, {State.OPEN, State.ASKED})
        ReportGroup.objects.filter(pk=group.pk).update(state=State.CASE, case=case)
        after = {"report": State.CASE, "case": case.number}
        audit.record(action="report.case", by=by, at=at, before=before, after=after, **_about(group))


def reference(group: ReportGroup) -> str:
    """How a group is named in letters and questions: by Shanghai's year."""
    year = timezone.localdate(group.first_at, timezone.get_default_timezone()).year
    return f"SM{year}-{group.pk:06d}"


def _written(text: str, longest: int) -> str:
    text = written.plain(text)
    if not text:
        raise AnswerProblem(_("请写下内容"))
    if len(text) > longest:
        raise AnswerProblem(_("最多写 %(n)d 个字") % {"n": longest})
    return text


def locked(group: ReportGroup, expected: set[State]) -> dict[str, Any]:
    """Hold the group to the end of the transaction; whoever comes second is told. Its state, for the log. Raises
    `AnswerProblem`."""
    row: ReportGroup = ReportGroup.objects.select_for_update(of=("self",)).get(pk=group.pk)
    if row.state not in expected:
        raise AnswerProblem(_("这条反馈现在是“%(state)s”：请刷新页面") % {"state": row.get_state_display()})
    return {"report": row.state}


def _about(group: ReportGroup) -> audit.About:
    return {"subject": "prices.ReportGroup", "subject_id": group.pk, "place": group.pharmacy.insurance_area}
