"""核查事项: who may take which step from where, what is frozen, what two people must agree on."""

import hashlib
import io
import json
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.db import IntegrityError, ProgrammingError, transaction
from docx import Document

from config.settings import env_days
from pharmacies.models import AuditEvent, Membership, User
from prices.desk import inquiries
from prices.models import (
    Case,
    CaseDocument,
    CaseEvidence,
    CaseLead,
    CaseStep,
    Inquiry,
    Lead,
    Offer,
    PriceChange,
    Report,
    ReportGroup,
)
from prices.monitoring import cases
from prices.monitoring.cases import CaseProblem, Overtaken, due, evidence, letters
from prices.monitoring.cases.table import STEPS
from prices.monitoring.reports import answers, outcomes
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
    event = AuditEvent.objects.get(action="case.notice")
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


# -- evidence ---------------------------------------------------------------------------------------------------------


def test_evidence_is_frozen_with_everything_a_decision_rests_on(here: Cases) -> None:
    shop, drug = here.shop, f.drug()
    run = f.run(f.feed("till"), sha256="a" * 64, operator="李店", override_reason="进价上涨")
    f.offer(drug, shop, "26.90", run_id=run.pk)
    PriceChange.objects.create(
        effective_at=AT, reported_at=AT, received_at=AT - timedelta(hours=3), drug_id=drug.pk, pharmacy_id=shop.pk,
        old_fen=1890, new_fen=2690, feed_id=run.feed_id, run_id=run.pk,
    )  # fmt: skip
    case = cases.open_case(shop, (lead(drug, shop),), by=here.people["officer"], at=LATER)
    before = case.evidence.text
    Offer.objects.update(price_fen=1)
    said = evidence.content(CaseEvidence.objects.get(case=case))
    (found,) = said["leads"]
    assert (found["price_fen"], found["previous_fen"], found["drug"]["maker"]) == (2690, 1890, drug.manufacturer)
    assert [each["detector"] for each in found["findings"]] == ["change", "peers"]
    assert found["findings"][1]["parameters"] == {"k": 5.0}
    assert found["findings"][1]["inputs"]["peers"] == [[1890, 40], [2690, 1]]
    assert (found["delivery"]["file_sha256"], found["delivery"]["override_reason"]) == ("a" * 64, "进价上涨")
    assert said["shelf"][0]["price_fen"] == 2690
    assert said["pharmacy"]["area"]["name"] == "武昌区"
    assert hashlib.sha256(before.encode()).hexdigest() == case.evidence.sha256
    assert evidence.intact(CaseEvidence.objects.get(case=case))
    assert before == json.dumps(json.loads(before), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def test_evidence_that_was_tampered_with_is_told(here: Cases) -> None:
    changed = CaseEvidence(case=here.case, text=here.case.evidence.text.replace("2690", "9690"))
    changed.sha256 = here.case.evidence.sha256
    assert not evidence.intact(changed)


@pytest.mark.parametrize("model", [CaseEvidence, CaseStep, CaseLead, CaseDocument])
def test_what_happened_cannot_be_changed_or_deleted(here: Cases, model: Any) -> None:
    here.bring_to("notice")
    column = next(name for name in ("text", "reason", "number", "lead_id") if hasattr(model, name))
    for attempt in (
        lambda: model.objects.update(**{column: model.objects.values_list(column, flat=True)[0]}),
        lambda: model.objects.all()._raw_delete("default"),
        lambda: Case.objects.all()._raw_delete("default"),
    ):
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            attempt()


# -- the letter, the answer, the date ---------------------------------------------------------------------------------


def words_of(document: CaseDocument) -> str:
    data = letters.read(document)
    assert data is not None
    read = Document(io.BytesIO(data))
    cells = [cell.text for table in read.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(paragraph.text for paragraph in read.paragraphs), *cells])


def test_a_notice_is_a_letter_and_a_question_at_the_desk(here: Cases) -> None:
    here.bring_to("verify")
    here.take("notice", reason="请说明 26.90 元的依据", due_on=date(2026, 11, 27))
    inquiry = Inquiry.objects.get()
    assert (inquiry.pharmacy, inquiry.reference, inquiry.drug_id) == (here.shop, here.case.number, here.drug.pk)
    assert inquiry.due_at == here.case.due_at
    assert "请说明 26.90 元的依据" in inquiry.text
    assert "标价 26.90 元（原价 18.90，同城参照 18.90" in inquiry.text
    document = CaseDocument.objects.get()
    text = words_of(document)
    for word in (
        "提醒函",
        "武医保函〔2026〕1号",
        "向阳大药房：",
        "苯磺酸氨氯地平片",
        "26.90",
        "18.90",
        "2026年11月27日",
    ):
        assert word in text
    assert "不等于违规" in text
    assert "【电话】" in text  # left to fill in
    assert (document.kind, document.size) == ("notice", len(letters.read(document) or b""))


def test_a_question_about_many_prices_names_as_many_as_fit_and_says_how_many_more(here: Cases) -> None:
    leads = [lead(f.drug(), here.shop) for _ in range(50)]
    here.case = cases.open_case(here.shop, leads, by=here.people["officer"], at=LATER)
    assert here.case.title == "价格异动线索（50 种药品）"
    here.take("verify")
    with pytest.raises(CaseProblem, match="1500"):
        here.take("notice", reason="x" * 1501)
    here.take("notice", reason="问" * 1500)
    text = Inquiry.objects.get().text
    assert len(text) <= 2000
    assert text.count("标价 26.90 元") + int(text.split("还有 ")[1].split(" ")[0]) == 50
    assert text.endswith("不等于违规。")
    assert words_of(CaseDocument.objects.get()).count("26.90") == 50


def test_an_interview_leaves_a_record_with_the_pharmacys_words_and_room_to_write(here: Cases) -> None:
    here.bring_to("replied")
    here.take("interview", reason="多次调价", document_number="武医保约〔2026〕3号")
    text = words_of(CaseDocument.objects.get(kind="interview"))
    for word in ("约谈记录", "武医保约〔2026〕3号", here.shop.code, "多次调价", "此前回复：进价上涨", "签字"):
        assert word in text


def test_a_letter_that_was_changed_on_disk_is_not_handed_out(here: Cases, settings: Any) -> None:
    here.bring_to("notice")
    document = CaseDocument.objects.get()
    place = settings.STORAGES["default"]["OPTIONS"]["location"] / document.stored
    place.write_bytes(place.read_bytes() + b"x")
    assert letters.read(document) is None
    place.unlink()
    assert letters.read(document) is None


def test_characters_that_no_letter_can_hold_do_not_stop_it(here: Cases) -> None:
    here.bring_to("verify")
    here.take("notice", reason="一\x0b二\x1f三\ufffe")
    assert "一二三" in words_of(CaseDocument.objects.get())


def test_the_pharmacys_answer_moves_the_case_and_a_later_one_is_kept(here: Cases) -> None:
    here.bring_to("notice")
    here.reply("进价上涨，附发票")
    assert here.case.state == "replied"
    step = here.case.steps.latest("revision")
    assert (step.name, step.reason, step.by.username) == ("reply", "进价上涨，附发票", "editor")
    here.take("interview")
    here.reply("再补充一张")
    assert here.case.state == "interview"
    assert here.case.steps.latest("revision").reason == "再补充一张"


def test_an_answer_that_comes_late_still_counts(here: Cases) -> None:
    here.bring_to("overdue")
    here.reply()
    assert here.case.state == "replied"


def test_a_question_of_no_case_moves_none(here: Cases) -> None:
    inquiry = inquiries.open_inquiry(here.shop, kind="report", title="x", text="x", by="平台", at=AT)
    inquiries.reply(inquiry, text="x", document=None, by=here.people["officer"], at=LATER)
    assert CaseStep.objects.count() == 1


def test_the_end_of_a_case_closes_its_question(here: Cases) -> None:
    here.bring_to("replied")
    here.take("corrected")
    assert Inquiry.objects.get().state == "closed"
    with pytest.raises(inquiries.ReplyProblem):
        here.reply()


def test_a_date_that_passed_without_an_answer_is_marked_once(here: Cases) -> None:
    here.bring_to("notice")
    until = here.case.due_at
    assert until is not None
    assert cases.mark_overdue(at=until) == 0
    assert cases.mark_overdue(at=until + timedelta(hours=6)) == 1
    assert cases.mark_overdue(at=until + timedelta(hours=6)) == 0
    here.case.refresh_from_db()
    assert (here.case.state, here.case.steps.latest("revision").by_name) == ("overdue", "系统")


def test_other_states_wait_for_people_however_late_they_are(here: Cases) -> None:
    for name in ("verify", "notice", "interview", "rectify", "recheck"):
        here.take(name)
        if name == "notice":
            here.reply()
        assert cases.mark_overdue(at=AT + timedelta(days=100)) == 0


# -- dates ------------------------------------------------------------------------------------------------------------


def test_dates_count_office_days(settings: Any) -> None:
    settings.PUBLIC_HOLIDAYS = [(date(2026, 10, 1), date(2026, 10, 8))]
    settings.WORKED_WEEKENDS = frozenset({date(2026, 10, 10)})
    wednesday = datetime(2026, 9, 30, 15, 0, tzinfo=SHANGHAI)
    assert [due.after(wednesday, n).date() for n in (1, 2, 3, 4)] == [
        date(2026, 10, 8), date(2026, 10, 9), date(2026, 10, 10), date(2026, 10, 12),
    ]  # fmt: skip


def test_holidays_are_read_from_the_environment_and_nonsense_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUBLIC_HOLIDAYS", "2026-10-01/2026-10-08, 2027-01-01")
    assert env_days("PUBLIC_HOLIDAYS") == [
        (date(2026, 10, 1), date(2026, 10, 8)),
        (date(2027, 1, 1), date(2027, 1, 2)),
    ]
    monkeypatch.setenv("PUBLIC_HOLIDAYS", "国庆")
    with pytest.raises(ImproperlyConfigured, match="国庆"):
        env_days("PUBLIC_HOLIDAYS")


def test_the_day_is_shanghais() -> None:
    late_utc = datetime(2026, 11, 23, 0, 30, tzinfo=SHANGHAI)
    assert due.after(late_utc.astimezone(tz=None), 1) == datetime(2026, 11, 24, 18, 0, tzinfo=SHANGHAI)


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


# -- publication ------------------------------------------------------------------------------------------------------


def propose(here: Cases, *, by: str = "reviewer", text: str = "药店已改正标价。", named: bool = False) -> None:
    here.case.refresh_from_db()
    cases.propose(here.case, text=text, named=named, by=here.people[by], at=LATER, seen=here.case.revision)
    here.case.refresh_from_db()


def publish(here: Cases, *, by: str = "publisher") -> None:
    cases.publish(here.case, by=here.people[by], at=LATER, seen=here.case.revision)
    here.case.refresh_from_db()


def test_what_becomes_public_is_written_by_one_and_published_by_another(here: Cases) -> None:
    here.bring_to("closed")
    propose(here)
    assert cases.public_word(here.case) == cases.Public(True, "", "", None)
    publish(here)
    assert cases.public_word(here.case) == cases.Public(True, "药店已改正标价。", "", LATER)


@pytest.mark.parametrize("role", ROLES)
def test_who_may_propose_send_back_and_publish(here: Cases, role: str) -> None:
    here.bring_to("closed")
    if role != "reviewer":
        with pytest.raises(PermissionDenied):
            propose(here, by=role)
    propose(here)
    if role != "publisher":
        seen = here.case.revision
        with pytest.raises(PermissionDenied):
            publish(here, by=role)
        with pytest.raises(PermissionDenied):
            cases.send_back(here.case, reason="改", by=here.people[role], at=LATER, seen=seen)


def test_nobody_publishes_what_they_proposed_whatever_their_roles(here: Cases) -> None:
    Membership.objects.create(user=here.people["reviewer"], role="publisher", area=f.wuchang(), valid=f.since())
    here.bring_to("closed")
    propose(here)
    with pytest.raises(CaseProblem, match="另一位发布人"):
        publish(here, by="reviewer")
    with pytest.raises(IntegrityError, match="case_published_by_another"), transaction.atomic():
        Case.objects.update(published_by=here.people["reviewer"], published_at=LATER)
    publish(here)


def test_an_unfinished_case_is_not_proposed_and_an_unproposed_one_not_published(here: Cases) -> None:
    with pytest.raises(CaseProblem):
        propose(here)
    here.bring_to("closed")
    with pytest.raises(CaseProblem, match="没有待发布"):
        publish(here)
    propose(here)
    publish(here)
    with pytest.raises(CaseProblem, match="已经发布"):
        propose(here)


def test_a_publisher_may_send_it_back_with_why(here: Cases) -> None:
    here.bring_to("closed")
    propose(here)
    cases.send_back(here.case, reason="写明日期", by=here.people["publisher"], at=LATER, seen=here.case.revision)
    here.case.refresh_from_db()
    assert (here.case.public_text, here.case.proposed_by) == ("", None)
    propose(here, text="11月21日药店已改正标价。")
    publish(here)


def test_a_pharmacys_name_is_public_only_where_the_publication_says_so(here: Cases) -> None:
    here.bring_to("closed")
    with pytest.raises(CaseProblem, match="药店名称"):
        propose(here, text="向阳大药房已改正标价。")
    propose(here, text="向阳大药房已改正标价。", named=True)
    publish(here)
    assert cases.public_word(here.case).pharmacy == "向阳大药房"


def test_reopening_takes_back_what_was_public(here: Cases) -> None:
    here.bring_to("closed")
    propose(here, named=True)
    publish(here)
    here.take("reopen")
    assert cases.public_word(here.case) == cases.Public(False, "", "", None)


def test_two_publishers_at_once(here: Cases) -> None:
    here.people["second"] = official("second", "publisher")
    here.bring_to("closed")
    propose(here)
    stale = Case.objects.get()
    publish(here)
    with pytest.raises(Overtaken):
        cases.publish(stale, by=here.people["second"], at=LATER, seen=stale.revision)


def test_the_citizen_who_reported_reads_the_outcome_once_it_is_published(here: Cases) -> None:
    group = ReportGroup.objects.create(
        pharmacy=here.shop, kind="price", drug_id=here.drug.pk, price_fen=2690, first_at=AT, last_at=AT
    )
    report = Report.objects.create(group=group, at=AT, text="标签 26.90", code_digest="0" * 64)
    answers.into_case(group, case=here.case, by=here.people["officer"], at=LATER)

    def told() -> str:
        return outcomes.outcome(Report.objects.select_related("group__case").get(pk=report.pk)).text

    here.bring_to("replied")
    here.take("corrected")
    propose(here)
    assert "药店已改正标价" not in told()
    publish(here)
    assert told() == "药店已改正标价。"
    here.take("reopen")
    assert "药店已改正标价" not in told()


# -- precision --------------------------------------------------------------------------------------------------------


def test_precision_is_confirmed_of_opened_within_a_year(here: Cases) -> None:
    assert cases.precision(f.hongshan(), at=LATER).share is None
    here.bring_to("replied")
    here.take("corrected")
    for name in ("slip", None):
        here.case = cases.open_case(here.shop, (lead(f.drug(), here.shop),), by=here.people["officer"], at=AT)
        if name:
            here.take(name)
    found = cases.precision(f.region(), at=LATER)
    assert (found.opened, found.closed, found.confirmed, found.percent) == (3, 2, 1, 33)
    assert cases.precision(f.region(), at=AT + timedelta(days=366)).opened == 0


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
