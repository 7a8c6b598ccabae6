"""How a case moves: one conditional update, one row of its history, one line in the log, or none of them.

Everything that changes a case ends here. The update names the revision that the person had before them, so that of two
officers on one case the second is told what the first did instead of undoing it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils import timezone
from django.utils.translation import gettext as _

from pharmacies import access, audit
from pharmacies.access import Action, Role
from pharmacies.models import User
from prices.models import Case, CaseStep
from prices.monitoring import written
from prices.monitoring.cases.table import label

CALENDAR = "系统"
"""Who acts when nobody does: a date that passed."""
LONGEST = 2000
"""Letters of a reason."""


class CaseProblem(ValueError):
    """It cannot be done so; the message says why and what to do."""


class Overtaken(CaseProblem):
    """Somebody else took a step since the page was opened; the message says who and what."""


def roles_for(user: User, action: Action, case: Case, *, at: datetime) -> str:
    """The roles in which the user does this where the pharmacy is managed, as the step keeps them.

    Raises PermissionDenied where there is none.
    """
    held = access.roles(user, case.pharmacy.insurance_area, at=at) & access.MAY[action]
    if not held:
        raise PermissionDenied
    return ",".join(role.value for role in Role if role in held)


def move(
    case: Case,
    *,
    name: str,
    seen: int,
    start: Sequence[str],
    at: datetime,
    by: User | None,
    role: str = "",
    reason: str = "",
    document_number: str = "",
    **change: Any,
) -> CaseStep:
    """Take the step `name`: `change` are the columns of the case that become different. In the caller's transaction.

    Raises `Overtaken` where the case is not at revision `seen`, and `CaseProblem` where its state is not among `start`.
    """
    before = {"state": case.state, "outcome": case.outcome}
    after = seen + 1
    moved = Case.objects.filter(pk=case.pk, revision=seen, state__in=start).update(revision=after, **change)
    if not moved:
        raise _refusal(case.pk, seen)
    case.refresh_from_db()
    step = CaseStep.objects.create(
        case=case,
        revision=after,
        name=name,
        before=before["state"],
        after=case.state,
        outcome=case.outcome,
        by=by,
        by_name=by.display_name if by else CALENDAR,
        role=role,
        at=at,
        reason=reason,
        document_number=document_number,
        due_at=case.due_at if "due_at" in change else None,
    )
    said = {"case": case.number, "state": case.state, "outcome": case.outcome, "document": document_number}
    audit.record(
        at=at,
        by=by or CALENDAR,
        action=f"case.{name}",
        subject="prices.Case",
        subject_id=case.pk,
        place=case.pharmacy.insurance_area,
        before=before,
        after={key: value for key, value in said.items() if value},
        reason=reason[:500],
    )
    return step


def _refusal(pk: int, seen: int) -> CaseProblem:
    case = Case.objects.get(pk=pk)
    if case.revision == seen:
        return CaseProblem(_("“%(state)s”的事项不能这样处理") % {"state": case.get_state_display()})
    last = CaseStep.objects.filter(case=case).latest("revision")
    return Overtaken(
        _("%(who)s已在 %(time)s 做了“%(step)s”，现在是“%(state)s”。请先看过，再决定下一步。")
        % {
            "who": last.by_name,
            "time": f"{timezone.localtime(last.at):%m-%d %H:%M}",
            "step": label(last.name),
            "state": case.get_state_display(),
        }
    )


def cleaned(text: str, *, needed: bool = True) -> str:
    """A reason as it is kept. Raises `CaseProblem`."""
    text = written.plain(text)
    if needed and not text:
        raise CaseProblem(_("请写明理由：以后看到这件事的人要知道为什么"))
    if len(text) > LONGEST:
        raise CaseProblem(_("说明最多 %(n)d 字") % {"n": LONGEST})
    return text
