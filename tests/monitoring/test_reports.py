"""Citizens' reports: taken, counted, grouped, answered; what they saw becomes an observed price that nothing ranks."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from catalog.models import Drug
from pharmacies.access import Role
from pharmacies.models import AuditEvent, Membership, User
from prices import consistency, tasks
from prices.desk import inquiries
from prices.models import (
    Case,
    Feed,
    FeedRun,
    Inquiry,
    Offer,
    PharmacyFeed,
    Report,
    ReportGroup,
    ReportQuota,
    SourcePrice,
)
from prices.money import MoneyError
from prices.monitoring.cases import open_case
from prices.monitoring.reports import answers, codes, limits, outcomes, sending
from prices.monitoring.reports.sending import Draft, Kind, ReportProblem
from tests import factories as f
from tests.factories import AT, since

pytestmark = pytest.mark.django_db
HOME = "203.0.113.7"


def send(shop: Any, *, at: Any = AT, address: str = HOME, **said: Any) -> str:
    kind = Kind(said.pop("kind", "price"))
    mark = said.pop("mark", "") or codes.fresh_mark()
    return sending.send(shop, Draft(kind=kind, mark=mark, **said), address=address, at=at)


def problems(shop: Any, **said: Any) -> dict[str, str]:
    with pytest.raises(ReportProblem) as refused:
        send(shop, **said)
    return refused.value.fields


def official(role: Role = Role.OFFICER, name: str = "jing") -> User:
    user = User.objects.create_user(name, password="x", first_name="经办")
    Membership.objects.create(user=user, role=role, area=f.wuchang(), valid=since())
    return user


# -- sending ----------------------------------------------------------------------------------------------------------


def test_a_report_is_kept_without_who_sent_it_and_its_code_is_not_stored() -> None:
    shop, drug = f.pharmacy(), f.drug()
    code = send(shop, drug=drug, price="12.60", text="价签上是 12.60")
    report = Report.objects.get()
    assert (report.group.pharmacy, report.group.drug_id, report.group.price_fen) == (shop, drug.pk, 1260)
    assert len(code) == codes.LENGTH
    kept = repr([*Report.objects.values(), *ReportGroup.objects.values(), *ReportQuota.objects.values()])
    assert code not in kept
    assert HOME not in kept
    assert not AuditEvent.objects.exists()


def test_what_a_citizen_saw_is_an_observed_price_and_no_shop_has_reported_by_it() -> None:
    shop, drug = f.pharmacy(), f.drug()
    send(shop, drug=drug, price="￥1,234.50")
    seen = SourcePrice.objects.get()
    assert (seen.drug_id, seen.pharmacy_id, seen.kind) == (drug.pk, shop.pk, "observed")
    assert (str(seen.total), seen.quantity, seen.as_of) == ("1234.5000", 1, AT)
    run = FeedRun.objects.get(pk=seen.run_id)
    assert (run.feed_id, run.feed.slug, run.feed.active) == (seen.feed_id, "citizens", False)
    assert not PharmacyFeed.objects.exists()
    assert not Offer.objects.exists()
    assert consistency.problems() == []


def test_the_newest_observed_price_stays_and_all_name_one_run() -> None:
    shop, drug = f.pharmacy(), f.drug()
    send(shop, drug=drug, price="12.60", at=AT)
    send(shop, drug=drug, price="13.00", at=AT + timedelta(hours=1))
    send(shop, drug=drug, price="99.00", at=AT - timedelta(hours=1))
    assert str(SourcePrice.objects.get().total) == "13.0000"
    assert FeedRun.objects.count() == Feed.objects.count() == 1


def test_an_observed_price_is_never_ranked(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: AT)  # the prices of that day are shown for some weeks only
    town = f.small_town()
    asked = f"/api/v1/offers?drug={town.drug.code}&region=420000&sort=cheapest"
    before = client.get(asked).json()["results"]
    send(town.near_dear, drug=town.drug, price="0.01")
    assert client.get(asked).json()["results"] == before
    assert len(before) == 4


@pytest.mark.parametrize(
    ("typed", "fen"), [("12.6", 1260), ("１２．５", 1250), ("￥1,234.50", 123450), (" 12.60元 ", 1260), ("0.01", 1)]
)
def test_prices_are_read_as_people_write_them(typed: str, fen: int) -> None:
    send(f.pharmacy(), drug=f.drug(), price=typed)
    assert ReportGroup.objects.get().price_fen == fen


@pytest.mark.parametrize(
    "typed", ["", "0", "0.00", "-3", "十二块", "1e3", "12.345", "99999999999", "12²", "\x00", "NaN"]
)
def test_what_is_no_price_is_refused_in_words(typed: str) -> None:
    assert set(problems(f.pharmacy(), drug=f.drug(), price=typed)) == {"price"}
    assert not Report.objects.exists()
    assert not ReportQuota.objects.exists()


def test_everything_that_is_wrong_is_said_at_once() -> None:
    shop = f.pharmacy()
    assert set(problems(shop, price="")) == {"price", "text"}
    assert set(problems(shop, kind="hours")) == {"text"}
    assert set(problems(shop, kind="place", text="  ")) == {"text"}
    assert set(problems(shop, kind="closed", text="关" * 501)) == {"text"}
    send(shop, kind="closed")


def test_the_declared_price_is_no_news_unless_something_is_said_of_it() -> None:
    shop, drug = f.pharmacy(), f.drug()
    f.offer(drug, shop, "12.60")
    assert set(problems(shop, drug=drug, price="12.6")) == {"price"}
    send(shop, drug=drug, price="12.6", text="结账收了 15 元")


def test_every_price_that_is_refused_has_words_for_citizens() -> None:
    reasons = {each.reason for each in MoneyError.__subclasses__()}
    assert reasons == set(sending.WRONG_PRICE)


def test_numbers_that_name_a_person_are_not_kept() -> None:
    send(f.pharmacy(), kind="closed", text="我是 13812345678，身份证 42010619550101123X，问过 027-88880000\x00\u202e")
    assert Report.objects.get().text == "我是 138****5678，身份证 420106********123X，问过 027-88880000"


def test_a_double_click_sends_once_and_answers_with_the_same_code() -> None:
    shop, drug = f.pharmacy(), f.drug()
    said: dict[str, Any] = {"drug": drug, "price": "12.60", "mark": "form-1"}
    assert send(shop, **said) == send(shop, **said)
    assert Report.objects.count() == 1
    assert send(shop, **said | {"price": "12.70"}) != send(shop, **said)
    assert Report.objects.count() == 2


# -- groups -----------------------------------------------------------------------------------------------------------


def test_reports_of_one_thing_within_seven_days_stand_together() -> None:
    shop, drug = f.pharmacy(), f.drug()
    for days in (0, 6, 12):  # each within seven days of the one before
        send(shop, drug=drug, price="12.60", at=AT + timedelta(days=days))
    group = ReportGroup.objects.counted().get()
    assert (group.n, group.first_at, group.last_at) == (3, AT, AT + timedelta(days=12))
    send(shop, drug=drug, price="12.60", at=AT + timedelta(days=19))
    send(shop, drug=drug, price="12.70")
    send(shop, drug=f.drug(), price="12.60")
    send(f.pharmacy(), drug=drug, price="12.60")
    assert ReportGroup.objects.count() == 5


def test_a_product_named_in_words_only_stands_alone() -> None:
    shop = f.pharmacy()
    send(shop, price="9.90", text="某某感冒灵")
    send(shop, price="9.90", text="另一种药")
    assert ReportGroup.objects.count() == 2
    assert not SourcePrice.objects.exists()


def test_what_is_said_again_after_the_answer_is_seen_again() -> None:
    shop, by = f.pharmacy(), official()
    send(shop, kind="closed")
    answers.answer(ReportGroup.objects.get(), text="已核实，药店已搬走", by=by, at=AT)
    send(shop, kind="closed", at=AT + timedelta(hours=1))
    assert [group.state for group in ReportGroup.objects.order_by("pk")] == ["answered", "open"]


# -- limits -----------------------------------------------------------------------------------------------------------


def test_two_hundred_reports_from_one_address_are_refused_in_words_and_others_are_taken() -> None:
    shop, refused = f.pharmacy(), []
    for n in range(200):
        try:
            send(shop, kind="closed", text=str(n), at=AT + timedelta(seconds=n * 0.3))
        except limits.TooMany as problem:
            refused.append(problem)
    assert Report.objects.count() == 30
    assert "12393" in str(refused[0])
    assert timedelta(0) < refused[0].wait <= timedelta(hours=1)
    assert ReportQuota.objects.get(sender="").count == 30, "who is refused uses up nobody else's room"
    send(shop, kind="closed", address="198.51.100.9")
    send(shop, kind="closed", at=AT + timedelta(hours=1))


def test_an_address_has_a_limit_a_day_and_everybody_one_an_hour(settings: Any) -> None:
    shop = f.pharmacy()
    settings.REPORTS_AN_HOUR_PER_ADDRESS, settings.REPORTS_A_DAY_PER_ADDRESS = 2, 3
    for hour in (0, 1):
        send(shop, kind="closed", text=str(hour), at=AT + timedelta(hours=hour))
    send(shop, kind="closed", text="x", at=AT + timedelta(hours=1))
    with pytest.raises(limits.TooMany):
        send(shop, kind="closed", text="y", at=AT + timedelta(hours=2))
    send(shop, kind="closed", text="z", at=AT + timedelta(days=1))
    settings.REPORTS_AN_HOUR = 1
    with pytest.raises(limits.TooMany):
        send(shop, kind="closed", text="w", address="198.51.100.9", at=AT + timedelta(days=1))


def test_where_reports_came_from_is_forgotten_after_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    send(f.pharmacy(), kind="closed")
    for hours, forgotten in ((23, 0), (26, 2)):
        monkeypatch.setattr(timezone, "now", lambda hours=hours: AT + timedelta(hours=hours))
        assert tasks.tidy_reports() == forgotten


# -- the code ---------------------------------------------------------------------------------------------------------


def test_a_code_is_read_however_it_is_typed() -> None:
    code = "7K3M9QXD2A"
    for typed in ("7k3m9 qxd2a", "７Ｋ３Ｍ９－ＱＸＤ２Ａ", " 7K3M9QXD2A "):
        assert codes.read(typed) == code
    assert codes.read("OIL4567890") == "0114567890"
    for wrong in ("", "7K3M9", "7K3M9QXD2AA", "U234567890", "十个字母和数字都没有"):
        assert codes.read(wrong) is None


def test_a_code_leads_to_its_report_also_after_the_secret_key_was_changed(settings: Any) -> None:
    code = send(f.pharmacy(), kind="closed")
    assert outcomes.find(code) == Report.objects.get()
    assert outcomes.find("0000000000") is None
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", [settings.SECRET_KEY]
    assert outcomes.find(code) == Report.objects.get()


def test_codes_are_made_of_the_whole_alphabet_and_differ() -> None:
    made = {codes.code_of(codes.fresh_mark(), b"x") for _ in range(500)}
    assert len(made) == 500
    assert all(codes.read(codes.spaced(code)) == code for code in made)


# -- officials --------------------------------------------------------------------------------------------------------


def outcome_of(code: str) -> outcomes.Outcome:
    report = outcomes.find(code)
    assert report is not None
    return outcomes.outcome(report)


def into_new_case(group: ReportGroup, by: User) -> Case:
    with transaction.atomic():
        case = open_case(group.pharmacy, (), (group,), by=by, at=AT)
        answers.into_case(group, case=case, by=by, at=AT)
    return case


def test_an_answer_is_read_with_the_code_and_stands_in_the_log_of_the_area() -> None:
    shop, by = f.pharmacy(), official()
    code = send(shop, drug=f.drug(), price="12.60")
    assert (outcome_of(code).label, outcome_of(code).final) == ("已收到", False)
    group = ReportGroup.objects.get()
    answers.answer(group, text=" 药店已改正标价 ", by=by, at=AT + timedelta(hours=1))
    found = outcome_of(code)
    assert (found.label, found.text, found.final) == ("已答复", "药店已改正标价", True)
    event = AuditEvent.objects.get(action="report.answer")
    assert (event.actor, event.area, event.pharmacy, event.reason) == (by, f.wuchang(), None, "药店已改正标价")
    with pytest.raises(answers.AnswerProblem, match="已答复"):  # two officers on one report
        answers.answer(group, text="又一个答复", by=by, at=AT)
    with pytest.raises(answers.AnswerProblem):
        answers.ask(group, text="请说明", by=by, at=AT)


def test_the_pharmacy_is_asked_in_the_officials_words_and_the_question_closes_with_the_answer() -> None:
    shop, by = f.pharmacy(), official()
    code = send(shop, drug=f.drug(), price="12.60", text="店员态度不好")
    group = ReportGroup.objects.get()
    asked = answers.ask(group, text="请说明标价与申报价为何不同。", by=by, at=AT)
    assert (asked.kind, asked.title, asked.state) == ("report", "市民反馈：价格不符", "open")
    assert asked.reference == answers.reference(group) == f"SM2026-{group.pk:06d}"
    assert "店员" not in asked.text
    assert outcome_of(code).label == "已转药店核实"
    inquiries.reply(asked, text="已改正", document=None, by=by, at=AT)
    group.refresh_from_db()
    answers.answer(group, text="药店已改正", by=by, at=AT)
    assert Inquiry.objects.get().state == "closed"


def test_a_report_of_new_years_first_hours_is_named_after_shanghais_year() -> None:
    send(f.pharmacy(), drug=f.drug(), price="12.60")
    night = datetime(2026, 12, 31, 17, tzinfo=UTC)  # 1 January, 01:00 in Shanghai
    ReportGroup.objects.update(first_at=night, last_at=night)
    group = ReportGroup.objects.get()
    assert answers.reference(group) == f"SM2027-{group.pk:06d}"


def test_a_report_becomes_a_case_and_its_published_end_is_read_with_the_code() -> None:
    shop, by = f.pharmacy(), official()
    code = send(shop, drug=f.drug(), price="12.60", text="多收了 3 元")
    case = into_new_case(ReportGroup.objects.get(), by)
    group = ReportGroup.objects.get()
    assert (group.state, group.case) == ("case", case)
    assert "多收了 3 元" in case.evidence.text
    assert code not in case.evidence.text
    assert outcome_of(code).label == "核查中"
    with pytest.raises(answers.AnswerProblem):
        into_new_case(group, by)
    Case.objects.filter(pk=case.pk).update(state="closed", outcome="corrected", closed_at=AT, due_at=None)
    assert outcome_of(code).text == "核查已经办完，医保部门会在这里答复。"
    assert list(ReportGroup.objects.waiting()) == [group]
    other = official(name="fa")
    Case.objects.filter(pk=case.pk).update(
        public_text="该店已退还多收款。", proposed_by=by, proposed_at=AT, published_by=other, published_at=AT,
    )  # fmt: skip
    send(shop, drug=Drug.objects.get(), price="12.60")
    assert ReportGroup.objects.count() == 2, "said again after the case: seen again"
    found = outcome_of(code)
    assert (found.label, found.text, found.final) == ("已办结", "该店已退还多收款。", True)
    assert shop.name not in repr(found)
    assert group not in ReportGroup.objects.waiting()
    Case.objects.filter(pk=case.pk).update(public_name=True)
    assert shop.name in outcome_of(code).text


def test_a_report_joins_a_case_of_the_same_shop_only_while_it_is_open() -> None:
    shop, by = f.pharmacy(), official()
    send(shop, drug=f.drug(), price="12.60")
    case = into_new_case(ReportGroup.objects.get(), by)
    send(shop, kind="hours", text="八点关门")
    second = ReportGroup.objects.get(kind="hours")
    answers.into_case(second, case=case, by=by, at=AT)
    assert case.report_groups.count() == 2
    send(f.pharmacy(), kind="closed")
    with pytest.raises(answers.AnswerProblem):
        answers.into_case(ReportGroup.objects.get(kind="closed"), case=case, by=by, at=AT)


def test_who_may_not_open_a_case_opens_none() -> None:
    shop = f.pharmacy()
    send(shop, kind="closed")
    with pytest.raises(PermissionDenied):
        into_new_case(ReportGroup.objects.get(), official(Role.ANALYST))
    assert ReportGroup.objects.get().state == "open"


# -- what the database does not take ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("report_drug_and_price_of_a_price", {"kind": "hours", "price_fen": 1}),
        ("report_drug_and_price_of_a_price", {"kind": "closed", "drug_id": 1}),
        ("report_price_above_zero", {"price_fen": 0}),
        ("report_last_not_before_first", {"last_at": AT - timedelta(days=1)}),
        ("report_asked_has_an_inquiry", {"state": "asked"}),
        ("report_case_is_named", {"state": "case"}),
        ("report_answer_is_whole", {"state": "answered"}),
        ("report_answer_is_whole", {"answer": "好了"}),
        ("report_answer_is_whole", {"answered_at": AT}),
    ],
)
def test_an_impossible_group_is_refused_by_the_database(name: str, fields: dict[str, Any]) -> None:
    base = {"pharmacy": f.pharmacy(), "kind": "price", "first_at": AT, "last_at": AT}
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        ReportGroup.objects.create(**base | fields)


def test_one_code_is_one_report_and_an_hour_is_counted_once() -> None:
    group = ReportGroup.objects.create(pharmacy=f.pharmacy(), kind="closed", first_at=AT, last_at=AT)
    Report.objects.create(group=group, at=AT, code_digest="a" * 64)
    with pytest.raises(IntegrityError, match="code_digest"), transaction.atomic():
        Report.objects.create(group=group, at=AT, code_digest="a" * 64)
    ReportQuota.objects.create(sender="a", hour=AT, count=1)
    with pytest.raises(IntegrityError, match="report_quota_once"), transaction.atomic():
        ReportQuota.objects.create(sender="a", hour=AT, count=1)


def test_an_answer_is_counted_and_kept_as_it_is_read() -> None:
    """A browser sends two characters for the end of a line, and a form may hold what no database takes."""
    send(f.pharmacy(), drug=f.drug(), price="12.60")
    group = ReportGroup.objects.get()
    with pytest.raises(answers.AnswerProblem, match="请写下内容"):
        answers.answer(group, text="\u200b\x00", by=official(), at=AT)
    answers.answer(group, text="好\r\n" * 249 + "谢谢\x00", by=User.objects.get(), at=AT)
    group.refresh_from_db()
    assert group.answer == "好\n" * 249 + "谢谢"
