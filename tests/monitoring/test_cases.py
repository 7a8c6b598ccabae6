"""核查事项: who may take which step from where, what two people at once are told, how a case begins, reopens, ends."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from pharmacies.models import AuditEvent, Membership, User
from prices.models import (
    Case,
    CaseDocument,
    CaseLead,
    CaseStep,
    Inquiry,
    Lead,
)
from prices.monitoring import cases
from prices.monitoring.cases import CaseProblem, Overtaken
from prices.monitoring.cases.table import STEPS
from tests import factories as f
from tests.factories import AT, SHANGHAI
from tests.monitoring.cases_world import LATER, PATHS, ROLES, Cases, lead, official, world

pytestmark = pytest.mark.django_db


@pytest.fixture
def here() -> Cases:
    return world()


# -- the table: every step × state × role ------------------------------------------------------------------------------

OFFICER, REVIEWER = {"officer", "reviewer"}, {"reviewer"}
FORMAL = {"notice", "replied", "overdue", "interview", "rectify", "recheck"}
ANSWERED = FORMAL - {"notice"}
AGREED: dict[str, tuple[set[str], set[str], str, str]] = {
    # step: from, by, to, outcome
    "verify": ({"triage"}, OFFICER, "verify", ""),
    "slip": ({"triage", "verify"}, OFFICER, "closed", "data_error"),
    "duplicate": ({"triage", "verify"}, OFFICER, "closed", "duplicate"),
    "explained": ({"triage", "verify"}, OFFICER, "closed", "explained"),
    "notice": ({"verify"}, OFFICER, "notice", ""),
    "interview": ({"replied", "overdue"}, REVIEWER, "interview", ""),
    "rectify": ({"interview", "recheck"}, REVIEWER, "rectify", ""),
    "recheck": ({"rectify"}, OFFICER, "recheck", ""),
    "accept": (ANSWERED, REVIEWER, "closed", "explained"),
    "was_slip": (FORMAL, REVIEWER, "closed", "data_error"),
    "corrected": (ANSWERED, REVIEWER, "closed", "corrected"),
    "suspended": ({"interview", "rectify", "recheck"}, REVIEWER, "closed", "suspended"),
    "paused": ({"interview", "rectify", "recheck"}, REVIEWER, "closed", "paused"),
    "terminated": ({"interview", "rectify", "recheck"}, REVIEWER, "closed", "terminated"),
    "handed_over": (FORMAL | {"verify"}, REVIEWER, "closed", "handed_over"),
    "note": (FORMAL | {"triage", "verify"}, OFFICER, "", ""),
    "reopen": ({"closed"}, REVIEWER, "verify", ""),
}
"""What was agreed, by hand: the module's own table is what is tried."""


def test_every_step_has_been_agreed() -> None:
    assert set(STEPS) == set(AGREED)


@pytest.mark.parametrize("state", PATHS)
def test_a_step_is_taken_from_where_it_leads_on_by_whose_role_it_is_and_by_nobody_else(here: Cases, state: str) -> None:
    case = here.bring_to(state)
    for name, (start, by, to, outcome) in AGREED.items():
        for role in ROLES:
            with transaction.atomic():
                if role not in by:
                    with pytest.raises(PermissionDenied):
                        here.take(name, by=role)
                elif state not in start:
                    with pytest.raises(CaseProblem, match="不能这样处理"):
                        here.take(name, by=role)
                else:
                    step = here.take(name, by=role)
                    assert (here.case.state, here.case.outcome) == (to or state, outcome), name
                    assert (step.before, step.after, step.by.username) == (state, here.case.state, role)
                    assert (here.case.due_at is None) == (here.case.state == "closed")
                transaction.set_rollback(True)
            here.case = Case.objects.get(pk=case.pk)
            assert here.case.state == state


def test_each_step_is_kept_with_who_when_why_under_which_number_until_when_and_told_in_the_log(here: Cases) -> None:
    here.take("verify", reason="")
    step = here.take("notice", by="officer", reason="请说明调价原因", due_on=date(2026, 11, 30))
    assert (step.by_name, step.role, step.at) == (here.people["officer"].display_name, "officer", LATER)
    assert (step.reason, step.document_number) == ("请说明调价原因", "武医保函〔2026〕1号")
    assert step.due_at == here.case.due_at == datetime(2026, 11, 30, 18, 0, tzinfo=SHANGHAI)
    event: Any = AuditEvent.objects.get(action="case.notice")
    assert (event.actor, event.area, event.before["state"], event.after["state"]) == (
        here.people["officer"], here.shop.insurance_area, "verify", "notice",
    )  # fmt: skip
    assert event.reason == "请说明调价原因"
    said = list(AuditEvent.objects.filter(subject="prices.Case").order_by("pk").values_list("action", flat=True))
    assert said == ["case.open", "case.verify", "case.notice"]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"reason": "  "}, "请写明理由"),
        ({"reason": "x" * 2001}, "2000"),
        ({"document_number": " "}, "文号"),
        ({"document_number": "x" * 61}, "60"),
        ({"due_on": date(2026, 11, 20)}, "期限"),
        ({"due_on": date(2028, 1, 1)}, "期限"),
    ],
)
def test_a_step_without_its_reason_its_number_or_a_possible_date_is_refused_in_words(
    here: Cases, said: dict[str, Any], why: str
) -> None:
    here.bring_to("verify")
    with pytest.raises(CaseProblem, match=why):
        here.take("notice", **said)
    assert not Inquiry.objects.exists()
    assert Case.objects.get().state == "verify"


def test_an_unknown_step_is_refused(here: Cases) -> None:
    with pytest.raises(CaseProblem, match="没有这样的步骤"):
        here.take("sanction")


# -- two at once, and people who are no longer there ----------------------------------------------------------------------


def test_of_two_officers_on_one_case_the_second_is_told_what_the_first_did(here: Cases) -> None:
    mine, theirs = Case.objects.get(), Case.objects.get()
    cases.take(mine, "verify", by=here.people["officer"], at=LATER, seen=1)
    with pytest.raises(Overtaken, match=r"officer-officer已在 11-21 12:00 做了“开始核实”，现在是“核实中”"):
        cases.close_as_slip(theirs, by=here.people["reviewer"], at=LATER, seen=1)
    assert Case.objects.get().state == "verify"
    assert CaseStep.objects.count() == 2


def test_a_step_that_was_overtaken_leaves_no_question_at_the_desk(here: Cases) -> None:
    here.bring_to("verify")
    seen = here.case.revision
    here.take("note")
    with pytest.raises(Overtaken):
        here.take("notice", seen=seen)
    assert not Inquiry.objects.exists()
    assert not CaseDocument.objects.exists()


def test_an_official_whose_membership_ended_takes_no_more_steps(here: Cases) -> None:
    Membership.objects.filter(user=here.people["officer"]).delete()
    with pytest.raises(PermissionDenied):
        here.take("verify", by="officer")


def test_officials_of_another_area_and_people_of_the_shop_take_none(here: Cases) -> None:
    here.people["far"] = official("far", "reviewer", f.hongshan())
    here.people["shop"] = User.objects.create_user("shop")
    Membership.objects.create(user=here.people["shop"], role="manager", pharmacy=here.shop, valid=f.since())
    for name in ("far", "shop"):
        with pytest.raises(PermissionDenied):
            here.take("verify", by=name)
    assert not Case.objects.within(f.hongshan()).exists()
    assert Case.objects.within(f.region()).get() == here.case


def test_a_case_follows_its_pharmacy_to_the_area_that_manages_it_now(here: Cases) -> None:
    here.people["new"] = official("new", "officer", f.hongshan())
    here.shop.insurance_area = f.hongshan()
    here.shop.save()
    here.case = Case.objects.get()
    here.take("verify", by="new")
    assert Case.objects.within(f.hongshan()).get() == here.case
    assert not Case.objects.within(f.wuchang()).exists()


# -- opening ----------------------------------------------------------------------------------------------------------


def test_a_case_has_a_number_an_owner_a_date_and_its_leads(here: Cases) -> None:
    case = here.case
    assert (case.number, case.state, case.owner) == ("420106-2026-0001", "triage", here.people["officer"])
    assert case.due_at == datetime(2026, 11, 24, 18, 0, tzinfo=SHANGHAI)  # Saturday + 2 office days
    assert case.title == "苯磺酸氨氯地平片 5mg×14片 · 价格异动线索"
    assert [each.lead.state for each in case.leads.all()] == ["case"]
    other = cases.open_case(here.shop, (lead(f.drug(), here.shop),), by=here.people["reviewer"], at=AT)
    assert other.number == "420106-2026-0002"


def test_a_lead_is_looked_into_once(here: Cases) -> None:
    with pytest.raises(CaseProblem, match="刚被别人处理"):
        cases.open_case(here.shop, tuple(Lead.objects.all()), by=here.people["officer"], at=LATER)
    with pytest.raises(IntegrityError), transaction.atomic():
        CaseLead.objects.create(case=here.case, lead=Lead.objects.get())
    assert Case.objects.count() == 1


@pytest.mark.parametrize("role", ROLES)
def test_who_may_open_a_case(here: Cases, role: str) -> None:
    found = lead(f.drug(), here.shop)
    if role in OFFICER:
        assert cases.open_case(here.shop, (found,), by=here.people[role], at=LATER).owner.username == role
        return
    with pytest.raises(PermissionDenied):
        cases.open_case(here.shop, (found,), by=here.people[role], at=LATER)


def test_a_case_is_about_something_and_about_one_shop(here: Cases) -> None:
    officer, elsewhere = here.people["officer"], f.pharmacy()
    with pytest.raises(CaseProblem, match="没有线索"):
        cases.open_case(here.shop, by=officer, at=LATER)
    with pytest.raises(CaseProblem, match="只查一家"):
        cases.open_case(here.shop, (lead(f.drug(), elsewhere),), by=officer, at=LATER)
    drift = lead(f.drug(), here.shop)
    Lead.objects.filter(pk=drift.pk).update(pharmacy_id=None)
    drift.refresh_from_db()
    with pytest.raises(CaseProblem, match="只查一家"):
        cases.open_case(here.shop, (drift,), by=officer, at=LATER)


# -- reopening, handing over ------------------------------------------------------------------------------------------


def test_a_case_is_reopened_once(here: Cases) -> None:
    here.bring_to("closed")
    here.take("reopen", reason="新的反馈")
    assert (here.case.state, here.case.outcome, here.case.closed_at) == ("verify", "", None)
    here.take("slip")
    with pytest.raises(CaseProblem):
        here.take("reopen")
    with pytest.raises(IntegrityError, match="case_reopened_once"), transaction.atomic():
        CaseStep.objects.create(
            case=here.case, revision=99, name="reopen", after="verify", by_name="x", at=LATER, reason="x"
        )


def test_a_second_notice_after_reopening_is_a_question_of_its_own(here: Cases) -> None:
    here.bring_to("replied")
    first = here.case.inquiry
    here.take("accept")
    here.take("reopen")
    here.take("notice", document_number="武医保函〔2026〕9号")
    assert here.case.inquiry != first
    here.reply()
    assert here.case.state == "replied"


def test_handing_over_ends_the_case_with_a_number(here: Cases) -> None:
    here.bring_to("verify")
    here.take("handed_over", document_number="武医保移〔2026〕1号")
    assert (here.case.outcome, Case.objects.confirmed().count()) == ("handed_over", 1)
    assert here.case.steps.latest("revision").document_number == "武医保移〔2026〕1号"


def test_a_case_is_handed_to_those_who_can_work_on_it(here: Cases) -> None:
    officer, reviewer = here.people["officer"], here.people["reviewer"]
    assert cases.officers(here.case, at=AT) == [officer, reviewer]
    for wrong in (here.people["viewer"], here.people["publisher"], official("far", "officer", f.hongshan()), officer):
        with pytest.raises(CaseProblem):
            cases.assign(here.case, to=wrong, by=officer, at=LATER, seen=1)
    cases.assign(here.case, to=reviewer, by=officer, at=LATER, seen=1)
    here.case.refresh_from_db()
    assert (here.case.owner, here.case.state) == (reviewer, "triage")
    with pytest.raises(PermissionDenied):
        cases.assign(here.case, to=officer, by=here.people["analyst"], at=LATER, seen=2)


# -- what the database does not take -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("case_closed_with_an_outcome", {"state": "closed"}),
        ("case_closed_with_an_outcome", {"outcome": "corrected"}),
        ("case_closed_with_an_outcome", {"due_at": None}),
        ("case_closed_with_an_outcome", {"closed_at": AT}),
        ("case_asked_before_it_answers", {"state": "replied"}),
        ("case_proposal_is_whole", {"public_text": "x"}),
        ("case_proposal_is_whole", {"public_name": True}),
        ("case_publication_is_whole", {"published_at": AT}),
        ("case_reopened_after_it_opened", {"reopened_at": AT - timedelta(days=1)}),
    ],
)
def test_impossible_cases_are_refused_by_the_database(here: Cases, name: str, change: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        Case.objects.update(**change)


def test_impossible_steps_and_letters_are_refused_by_the_database(here: Cases) -> None:
    step = {"case": here.case, "revision": 2, "after": "notice", "by_name": "x", "at": AT}
    for name, more in (
        ("case_formal_step_by_a_person_with_a_number", {"name": "notice", "by": here.people["officer"]}),
        ("case_formal_step_by_a_person_with_a_number", {"name": "suspended", "document_number": "1号"}),
        ("case_step_once_per_revision", {"name": "note", "revision": 1}),
    ):
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            CaseStep.objects.create(**step | more)
    first = CaseStep.objects.get()
    with pytest.raises(IntegrityError, match="case_document_has_a_number"), transaction.atomic():
        CaseDocument.objects.create(
            case=here.case, step=first, kind="notice", number="", stored="x", sha256="0" * 64, size=1, made_at=AT
        )


@pytest.mark.parametrize("reason", ["\u200b\u200d", "\x00", "\u3000\r\n"])
def test_what_nobody_can_see_is_no_reason(here: Cases, reason: str) -> None:
    with pytest.raises(CaseProblem, match="理由"):
        here.take("note", reason=reason)


def test_what_no_database_takes_opens_a_case_all_the_same(here: Cases) -> None:
    found = lead(f.drug(), here.shop)
    case = cases.open_case(here.shop, (found,), by=here.people["officer"], at=LATER, reason="市民\x00反映\r\n涨价")
    assert case.steps.get().reason == "市民反映\n涨价"
    assert AuditEvent.objects.filter(action="case.open").latest("pk").reason == "市民反映\n涨价"
