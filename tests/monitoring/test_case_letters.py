"""What a case keeps and sends: evidence, letters, the question at the desk and its answer, dates."""

import hashlib
import io
import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import ProgrammingError, transaction
from docx import Document

from config.settings import env_days
from prices.desk import inquiries
from prices.models import (
    Case,
    CaseDocument,
    CaseEvidence,
    CaseLead,
    CaseStep,
    Inquiry,
    Offer,
    PriceChange,
)
from prices.monitoring import cases
from prices.monitoring.cases import CaseProblem, due, evidence, letters
from tests import factories as f
from tests.factories import AT, SHANGHAI
from tests.monitoring.cases_world import LATER, Cases, lead, world

pytestmark = pytest.mark.django_db


@pytest.fixture
def here() -> Cases:
    return world()


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


def test_a_price_of_the_small_hours_begins_on_shanghais_day_in_letter_question_and_evidence(here: Cases) -> None:
    since = datetime(2026, 11, 20, 17, 30, tzinfo=UTC)  # 21 November, 01:30 in Shanghai
    here.case = cases.open_case(
        here.shop, (lead(f.drug(), here.shop, since=since),), by=here.people["officer"], at=LATER
    )
    here.take("verify")
    here.take("notice", reason="请说明")
    assert "2026-11-21 起" in Inquiry.objects.get().text
    text = words_of(CaseDocument.objects.get())
    assert "2026-11-21" in text
    assert "2026-11-20" not in text
    assert evidence.content(here.case.evidence)["leads"][0]["since"] == "2026-11-21T01:30:00+08:00"


def test_evidence_that_was_frozen_in_utc_is_written_about_by_shanghais_day(here: Cases) -> None:
    here.bring_to("verify")
    kept = here.case.evidence
    kept.text = kept.text.replace(evidence.content(kept)["leads"][0]["since"], "2026-11-20T17:30:00+00:00")
    assert "2026-11-21 起" in letters.question(here.case, "请说明", longest=2000)


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


def test_what_was_typed_stands_as_it_was_read_in_letter_question_and_history(here: Cases) -> None:
    """A browser's line ends leave no empty line, nothing turns the text behind it, mark-up is text."""
    here.bring_to("verify")
    typed = "请说明：\r\n<b>涨价</b> 的原因 😀 \u202e钱\u202c مرحبا"
    here.take("notice", reason=typed, document_number="武医保函\r\n〔2026〕1号")
    kept = "请说明：\n<b>涨价</b> 的原因 😀 钱 مرحبا"
    step = CaseStep.objects.get(name="notice")
    assert (step.reason, step.document_number) == (kept, "武医保函 〔2026〕1号")
    assert Inquiry.objects.get().text.startswith(kept + "\n")
    lines = words_of(CaseDocument.objects.get()).split("\n")
    at = lines.index("请说明：")
    assert lines[at + 1] == "<b>涨价</b> 的原因 😀 钱 مرحبا"


def test_the_pharmacys_answer_moves_the_case_and_a_later_one_is_kept(here: Cases) -> None:
    here.bring_to("notice")
    here.reply("进价上涨，附发票")
    assert here.case.state == "replied"
    step = here.case.steps.latest("revision")
    assert (step.name, step.reason, step.by_name) == ("reply", "进价上涨，附发票", "李店")
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
