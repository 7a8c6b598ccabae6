"""What moves a case without an official: the pharmacy's answer at its desk, and a date that passed."""

from datetime import datetime
from typing import Any

from django.db import transaction

from pharmacies.models import User
from prices.models import Case, CaseStep, Inquiry
from prices.monitoring.cases import due
from prices.monitoring.cases.moving import move
from prices.monitoring.cases.table import ASKED

State = Case.State


def replied(inquiry: Inquiry, *, text: str, by: User, at: datetime) -> CaseStep | None:
    """The pharmacy answered: a case that waits for it becomes 已回复, late or not; a later one keeps its state and has
    it in its timeline. None where the question belongs to no case. In the transaction of the answer."""
    case = Case.objects.select_for_update(of=("self",)).filter(inquiry=inquiry).first()
    if case is None or case.state == State.CLOSED:
        return None
    change: dict[str, Any] = {}
    if case.state in (State.NOTICE, State.OVERDUE):
        change = {"state": State.REPLIED, "due_at": due.of_state(State.REPLIED, at=at)}
    return move(case, name="reply", seen=case.revision, start=ASKED, at=at, by=by, reason=text, **change)


def mark_overdue(*, at: datetime) -> int:
    """已发提醒函 whose date passed without an answer become 逾期未回复; how many. Safe to run again."""
    late = Case.objects.filter(state=State.NOTICE, due_at__lt=at).values_list("pk", flat=True)
    return sum(_overdue(pk, at=at) for pk in list(late))


def _overdue(pk: int, *, at: datetime) -> bool:
    with transaction.atomic():
        case = Case.objects.select_for_update(of=("self",)).get(pk=pk)
        if case.state != State.NOTICE or case.due_at is None or case.due_at >= at:
            return False
        change: dict[str, Any] = {"state": State.OVERDUE, "due_at": due.of_state(State.OVERDUE, at=at)}
        move(case, name="overdue", seen=case.revision, start=(State.NOTICE,), at=at, by=None, **change)
    return True
