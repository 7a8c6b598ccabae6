"""Eight people, or eight clicks, at the same moment, each with a connection of its own: one does it, the others are told."""

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from pharmacies.models import AuditEvent, Membership, User
from prices.desk import inquiries
from prices.models import (
    BackTest,
    Case,
    CaseStep,
    Freeze,
    Freezing,
    FrozenTable,
    Inquiry,
    InquiryReply,
    Lead,
    ReportGroup,
    RollUp,
    Rule,
)
from prices.monitoring import backtests, cases, compliance, freezes, freezing, leads, rules
from prices.monitoring.cases import CaseProblem
from prices.monitoring.freezes import NotFrozen
from prices.monitoring.leads import NotPossible
from prices.monitoring.parameters import Absurd
from prices.monitoring.reports import answers
from prices.monitoring.reports.answers import AnswerProblem
from tests import factories as f
from tests.factories import AT, since
from tests.monitoring.cases_world import LATER, Cases, lead, world
from tests.monitoring.reporting_world import sent, weekly
from tests.monitoring.test_reports_committed import at_once

TODAY = AT.date()
PROBLEMS = (CaseProblem, NotFrozen, NotPossible, Absurd, AnswerProblem)


@pytest.fixture
def here(committed: None) -> Cases:
    return world()


def tried(act: Callable[[], Any]) -> Counter[str]:
    """What eight at once were answered: `done`, or the first words of why not. Anything else fails."""

    def one(_n: int) -> str:
        try:
            act()
        except PROBLEMS as problem:
            return str(problem)[:4]
        return "done"

    return Counter(at_once(one, 8))


def test_a_lead_is_dismissed_or_looked_into_by_one(here: Cases) -> None:
    officer, found = here.people["officer"], lead(f.drug(), here.shop)
    assert tried(lambda: leads.dismiss(lead=found, reason="看过", by=officer, at=AT))["done"] == 1
    assert AuditEvent.objects.filter(action="lead.dismiss").count() == 1
    other = lead(f.drug(), here.shop)
    assert tried(lambda: cases.open_case(here.shop, (other,), by=officer, at=AT)) == {"done": 1, "这些线索": 7}
    assert Case.objects.count() == 2  # and the one of the world
    assert Lead.objects.get(pk=other.pk).state == "case"


def test_cases_of_one_area_opened_at_once_have_numbers_of_their_own(here: Cases) -> None:
    officer = here.people["officer"]
    shops = iter([f.pharmacy() for _n in range(8)])
    found = [(shop, lead(f.drug(), shop)) for shop in shops]
    at_once(lambda n: cases.open_case(found[n][0], (found[n][1],), by=officer, at=AT).number, 8)
    assert len(set(Case.objects.values_list("number", flat=True))) == 9


def test_a_step_is_taken_once_with_one_letter_and_one_question(here: Cases) -> None:
    here.take("verify")
    case, officer = here.case, here.people["officer"]

    def notice() -> Any:
        return cases.take(
            case.__class__.objects.get(pk=case.pk), "notice", by=officer, at=LATER, seen=2, reason="请说明",
            document_number="1号",
        )  # fmt: skip

    assert tried(notice)["done"] == 1
    assert CaseStep.objects.filter(name="notice").count() == 1
    assert (Inquiry.objects.count(), case.documents.count()) == (1, 1)


def test_an_answer_and_the_end_of_its_case_do_not_stand_in_each_others_way(here: Cases) -> None:
    here.bring_to("notice")
    editor = User.objects.create_user("editor")
    Membership.objects.create(user=editor, role="editor", pharmacy=here.shop, valid=since())
    inquiry = Inquiry.objects.get()

    def act(n: int) -> str:
        try:
            if n % 2:
                inquiries.reply(inquiry, text=f"说明 {n}", document=None, by=editor, at=LATER)
            else:
                case = Case.objects.get()
                cases.take(
                    case, "was_slip", by=here.people["reviewer"], at=LATER, seen=case.revision, reason="电话核实"
                )
        except (CaseProblem, inquiries.ReplyProblem):
            return "told"
        return "done"

    assert "done" in at_once(act, 8)
    replies = InquiryReply.objects.count()
    assert CaseStep.objects.filter(name="reply").count() == replies
    assert CaseStep.objects.count() == Case.objects.get().revision
    if Case.objects.get().state == "closed":
        assert Inquiry.objects.get().state == "closed"


def test_a_report_is_answered_or_looked_into_by_one(here: Cases) -> None:
    officer = here.people["officer"]
    group = ReportGroup.objects.create(pharmacy=here.shop, kind="closed", first_at=AT, last_at=AT)
    done = tried(lambda: answers.ask(group, text="请说明", by=officer, at=AT))
    assert done == {"done": 1, "这条反馈": 7}
    assert Inquiry.objects.count() == 1
    assert tried(lambda: answers.answer(group, text="已核实", by=officer, at=AT))["done"] == 1


def test_a_rule_is_changed_and_a_draft_tried_once(here: Cases) -> None:
    reviewer, area = here.people["reviewer"], f.wuchang()
    RollUp.objects.create(first=TODAY - timedelta(days=60), last=TODAY, at=AT, drugs=1, written=1, seconds=1)
    changed = tried(
        lambda: rules.change(
            area=area, detector="change", parameters={"min_share": 0.3}, active=True, reason="试行", by=reviewer, at=AT
        )
    )
    assert changed == {"done": 1, "与现行规": 7}
    assert (Rule.objects.count(), AuditEvent.objects.filter(action="rule.change").count()) == (1, 1)
    days = {"first": TODAY - timedelta(days=9), "last": TODAY - timedelta(days=1)}
    tried(lambda: backtests.start(area=area, detector="change", parameters={}, by=reviewer, at=AT, **days))
    assert BackTest.objects.count() == 1


def test_a_month_is_frozen_once_with_its_tables(committed: None) -> None:
    shop, reviewer = f.pharmacy(), User.objects.create_user("shen")
    f.report(weekly(), shop, AT)
    f.rebuild_today()
    sent(shop, AT.replace(month=10, day=5))
    first = AT.replace(month=11, day=1, hour=4)
    compliance.work_out(first)
    done = tried(lambda: freezes.ask(f.wuchang(), date(2026, 10, 1), by=reviewer, at=first))
    assert done == {"done": 8}, "whoever comes second is led to what is being done"
    asked = Freezing.objects.get()
    tried(lambda: freezing.run(asked.pk, clock=lambda: first))
    asked.refresh_from_db()
    assert asked.state == "done"
    made = Freeze.objects.get()
    assert FrozenTable.objects.filter(freeze=made).count() == made.tables.count() > 0
    assert freezes.is_whole(made)
    for action in ("freeze.start", "freeze.make"):
        assert AuditEvent.objects.filter(action=action).count() == 1
