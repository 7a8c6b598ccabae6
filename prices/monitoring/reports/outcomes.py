"""What became of a report, for whoever has its code: never who sent it, never an internal step, and no shop's name unless
two people decided to publish it."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from prices.models import Report, ReportGroup
from prices.monitoring.cases import public_word
from prices.monitoring.reports import codes

State = ReportGroup.State


@dataclass(frozen=True, slots=True)
class Outcome:
    """`label` where it stands, `text` what that means or what was answered, `at` since when; `final`: nothing follows."""

    label: str
    text: str
    at: datetime
    final: bool = False


def find(code: str) -> Report | None:
    """The report with this code (as `codes.read` gives it)."""
    rows = Report.objects.select_related("group__case__pharmacy")
    return rows.filter(code_digest__in=codes.digests_of(code)).first()


def outcome(report: Report) -> Outcome:
    group = report.group
    known = public_word(group.case) if group.case is not None else None
    if known is not None and known.published_at is not None:
        text = f"{known.pharmacy}\n\n{known.text}" if known.pharmacy else known.text
        return Outcome(_("已办结"), text, known.published_at, final=True)
    if group.state == State.ANSWERED and group.answered_at is not None:
        return Outcome(_("已答复"), group.answer, group.answered_at, final=True)
    if known is not None and known.closed:
        return Outcome(_("核查中"), _("核查已经办完，医保部门会在这里答复。"), report.at)
    if group.state == State.CASE:
        return Outcome(_("核查中"), _("医保部门正在核查，结果公开后可以在这里看到。"), report.at)
    if group.state == State.ASKED:
        return Outcome(_("已转药店核实"), _("已经请药店说明，医保部门看过后会在这里答复。"), report.at)
    return Outcome(_("已收到"), _("医保部门还没有处理，请过几天再来看。"), report.at)
