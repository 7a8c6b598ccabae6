"""核查事项 in the console: who sees which case, which button, which file; what two at once are told."""

import csv
import hashlib
import io
import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from pharmacies.models import AuditEvent, Membership, User
from prices.models import Case, CaseDocument, Inquiry, Lead, ReportGroup
from prices.monitoring import cases
from tests import factories as f
from tests.factories import AT
from tests.monitoring.cases_world import LATER, ROLES, Cases, lead, official, world
from tests.staff.accounts_world import Clock, text
from tests.staff.signing import sign_in

pytestmark = pytest.mark.django_db
LIST = "/console/420106/cases"


@pytest.fixture
def here(clock: Clock) -> Cases:
    made = world()
    clock.at = LATER
    return made


def browser(here: Cases, role: str) -> Client:
    return sign_in(Client(), here.people[role])


def page(here: Cases, suffix: str = "") -> str:
    return f"{LIST}/{here.case.pk}{suffix}"


def press(here: Cases, role: str, do: str, **sent: Any) -> Any:
    """As the person does who has just opened the page."""
    seen = Case.objects.get(pk=here.case.pk).revision
    return browser(here, role).post(page(here), {"do": do, "seen": seen, "reason": "理由"} | sent)


def group(here: Cases, **fields: Any) -> ReportGroup:
    base = {"pharmacy": here.shop, "kind": "price", "drug_id": here.drug.pk, "price_fen": 2690}
    return ReportGroup.objects.create(**base | {"first_at": AT, "last_at": AT} | fields)


# -- the list ---------------------------------------------------------------------------------------------------------


def test_the_list_says_what_is_due_and_how_many_cases_found_something(here: Cases) -> None:
    said = text(browser(here, "analyst").get(LIST))
    shown = ["向阳大药房", "待初核", "2026-11-24 18:00", "officer-officer", "查实率", "一年内立项"]
    for word in (here.case.number, *shown):
        assert word in said
    here.bring_to("replied")
    here.take("corrected")
    assert here.case.number not in text(browser(here, "analyst").get(LIST))
    said = text(browser(here, "analyst").get(LIST + "?state=closed"))
    assert "办结 · 已整改" in said
    assert "查实 1 ÷ 立项 1" in said


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("?state=late", False),
        ("?state=mine", True),
        ("?state=triage", True),
        ("?state=verify", False),
        ("?state=all", True),
        ("?state=nonsense", True),
        ("?q=向阳", True),
        ("?q=2026-0001", True),
        ("?q=别家", False),
        ("?q=%00", True),
        ("?page=99", True),
    ],
)
def test_the_list_can_be_narrowed(here: Cases, query: str, shown: bool) -> None:
    answer = browser(here, "officer").get(LIST + query)
    assert answer.status_code == 200
    assert (here.case.number in text(answer)) is shown


def test_a_late_case_says_so(here: Cases, clock: Clock) -> None:
    clock.forward(days=4)
    assert "已超期" in text(browser(here, "officer").get(LIST + "?state=late"))
    assert "已超期" in text(browser(here, "officer").get(page(here)))


def test_the_list_costs_the_same_however_long_it_is(here: Cases) -> None:
    client = browser(here, "officer")
    client.get(LIST)
    with CaptureQueriesContext(connection) as few:
        client.get(LIST)
    for _ in range(5):
        cases.open_case(here.shop, (lead(f.drug(), here.shop),), by=here.people["officer"], at=LATER)
    with CaptureQueriesContext(connection) as many:
        client.get(LIST)
    assert len(many) == len(few)


def test_a_page_of_a_case_asks_the_database_a_bounded_number_of_times(here: Cases) -> None:
    here.bring_to("recheck")
    client = browser(here, "reviewer")
    client.get(page(here))
    with CaptureQueriesContext(connection) as asked:
        client.get(page(here))
    assert len(asked) <= 40, len(asked)


def test_a_file_of_the_list_is_for_those_who_may_take_one(here: Cases) -> None:
    assert browser(here, "viewer").get(LIST + "?format=csv").status_code == 403
    rows = list(
        csv.reader(io.StringIO(browser(here, "analyst").get(LIST + "?format=csv").getvalue().decode("utf-8-sig")))
    )
    assert rows[1][0] == here.case.number
    assert AuditEvent.objects.get(action="console.export").subject_id == "cases"


# -- one case ---------------------------------------------------------------------------------------------------------


def test_a_case_says_what_it_is_about_before_what_to_do(here: Cases) -> None:
    said = text(browser(here, "officer").get(page(here)))
    for word in (
        "不等于违规",
        here.case.number,
        "26.90",
        "18.90",
        "立项",
        here.case.evidence.sha256,
        "证据与立项时一致",
    ):
        assert word in said
    assert "比原来的" in said or "同城" in said


BUTTONS = {"officer": {"verify", "slip", "duplicate", "explained", "note", "assign"}, "reviewer": {"verify", "slip"}}


@pytest.mark.parametrize("role", ROLES)
def test_only_those_whose_role_it_is_see_buttons(here: Cases, role: str) -> None:
    content = browser(here, role).get(page(here)).content.decode()
    for name in BUTTONS["officer"]:
        assert (f'name="do" value="{name}"' in content) is (role in BUTTONS), name
    assert 'name="do" value="interview"' not in content


def test_a_viewer_reads_and_takes_neither_step_nor_file(here: Cases) -> None:
    here.bring_to("notice")
    letter = CaseDocument.objects.get()
    content = browser(here, "viewer").get(page(here)).content.decode()
    assert "/letters/" not in content
    assert "evidence.json" not in content
    for suffix in (f"/letters/{letter.pk}", "/evidence.json"):
        assert browser(here, "viewer").get(page(here, suffix)).status_code == 403
    assert press(here, "viewer", "note").status_code == 403
    assert browser(here, "viewer").get(LIST + "/open?pharmacy=" + here.shop.code).status_code == 403


def test_a_slip_is_closed_with_one_click(here: Cases) -> None:
    answer = browser(here, "officer").post(page(here), {"do": "slip", "seen": here.case.revision}, follow=True)
    assert "已记录：已电话核实：录入错误" in text(answer)
    here.case.refresh_from_db()
    assert (here.case.state, here.case.outcome) == ("closed", "data_error")


def test_a_notice_is_sent_and_can_be_taken_as_it_was_made(here: Cases) -> None:
    here.bring_to("verify")
    sent = {"reason": "请说明 26.90 元", "document_number": "武医保函〔2026〕12号", "due": "2026-11-30"}
    assert press(here, "officer", "notice", **sent).status_code == 302
    assert Inquiry.objects.get().reference == here.case.number
    letter = CaseDocument.objects.get()
    answer = browser(here, "analyst").get(page(here, f"/letters/{letter.pk}"))
    assert answer.content[:2] == b"PK"
    assert len(answer.content) == letter.size
    assert "attachment" in answer["Content-Disposition"]
    assert answer["Content-Type"].endswith("wordprocessingml.document")
    again = browser(here, "analyst").get(page(here, f"/letters/{letter.pk}"))
    assert again.content == answer.content
    assert AuditEvent.objects.filter(action="case.download").count() == 2
    assert "武医保函〔2026〕12号" in text(browser(here, "viewer").get(page(here)))


def test_the_evidence_file_is_what_its_digest_is_of(here: Cases) -> None:
    answer = browser(here, "auditor").get(page(here, "/evidence.json"))
    assert hashlib.sha256(answer.content).hexdigest() == here.case.evidence.sha256
    assert json.loads(answer.content)["case"] == here.case.number


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        ({"reason": " "}, "请写明理由"),
        ({"document_number": ""}, "文号"),
        ({"due": "明天"}, "2026-11-30"),
        ({"due": "2026-13-45"}, "2026-11-30"),
        ({"due": "2020-01-01"}, "期限"),
    ],
)
def test_what_cannot_be_taken_says_why_and_keeps_what_was_typed(here: Cases, sent: dict[str, str], why: str) -> None:
    here.bring_to("verify")
    whole = {"reason": "请说明价格", "document_number": "函12号", "due": "2026-11-30"} | sent
    answer = press(here, "officer", "notice", **whole)
    assert answer.status_code == 422
    assert why in text(answer)
    for typed in filter(str.strip, whole.values()):
        assert typed in answer.content.decode()
    assert not Inquiry.objects.exists()


@pytest.mark.parametrize(
    "sent", [{"do": "nonsense"}, {"do": ""}, {"do": "verify", "seen": "x"}, {"do": "verify", "seen": "9" * 30}]
)
def test_a_form_that_makes_no_sense_changes_nothing(here: Cases, sent: dict[str, str]) -> None:
    assert browser(here, "officer").post(page(here), {"seen": "1"} | sent).status_code in (409, 422)
    assert Case.objects.get().state == "triage"


def test_of_two_officers_on_one_case_the_second_is_told(here: Cases) -> None:
    seen = here.case.revision
    assert browser(here, "officer").post(page(here), {"do": "verify", "seen": seen}).status_code == 302
    answer = browser(here, "reviewer").post(page(here), {"do": "slip", "seen": seen})
    assert answer.status_code == 409
    assert "officer-officer已在 11-21 12:00 做了“开始核实”" in text(answer)
    assert Case.objects.get().state == "verify"


def test_a_revoked_officials_open_session_ends_with_the_next_click(here: Cases) -> None:
    client = browser(here, "officer")
    assert client.get(page(here)).status_code == 200
    Membership.objects.filter(user=here.people["officer"]).delete()
    for answer in (client.get(page(here)), client.post(page(here), {"do": "verify", "seen": 1}), client.get(LIST)):
        assert answer.status_code == 404
    assert Case.objects.get().state == "triage"


def test_an_official_of_another_area_sees_none_of_it(here: Cases) -> None:
    here.people["far"] = official("far", "reviewer", f.hongshan())
    client = browser(here, "far")
    assert client.get(page(here)).status_code == 404
    assert client.get(f"/console/420111/cases/{here.case.pk}").status_code == 404
    assert client.post(f"/console/420111/cases/{here.case.pk}", {"do": "verify", "seen": 1}).status_code == 404
    assert here.case.number not in text(client.get("/console/420111/cases?state=all"))
    assert client.get(f"/console/420111/cases/{here.case.pk}/evidence.json").status_code == 404


def test_the_city_sees_the_cases_of_its_districts_and_a_shop_none(here: Cases) -> None:
    here.people["city"] = official("city", "reviewer", f.wuchang().parent)
    answer = browser(here, "city").get(f"/console/420100/cases/{here.case.pk}")
    assert answer.status_code == 200
    here.bring_to("notice")
    here.reply()
    shop = sign_in(Client(), User.objects.get(username="editor"))
    for address in (LIST, page(here), page(here, "/evidence.json")):
        assert shop.get(address).status_code == 404


# -- replies, hand-overs, publication ---------------------------------------------------------------------------------


def test_the_pharmacys_reply_stands_on_the_page(here: Cases) -> None:
    here.bring_to("notice")
    here.reply("进价上涨，附发票")
    said = text(browser(here, "viewer").get(page(here)))
    assert "药店回复" in said
    assert "进价上涨，附发票" in said
    assert "已回复" in said


def test_a_case_is_handed_over_on_the_page(here: Cases) -> None:
    reviewer = here.people["reviewer"]
    assert press(here, "officer", "assign", to=reviewer.pk).status_code == 302
    assert Case.objects.get().owner == reviewer
    assert press(here, "officer", "assign", to=here.people["viewer"].pk).status_code == 422
    assert press(here, "officer", "assign", to="x").status_code == 422


def test_publication_takes_two_people(here: Cases) -> None:
    here.bring_to("closed")
    assert press(here, "officer", "propose").status_code == 403
    assert press(here, "publisher", "publish").status_code == 422
    assert press(here, "reviewer", "propose", reason="药店已改正标价。").status_code == 302
    assert "等另一位发布人发布" in text(browser(here, "viewer").get(page(here)))
    assert press(here, "reviewer", "publish").status_code == 403
    assert press(here, "publisher", "publish").status_code == 302
    assert cases.public_word(Case.objects.get()).text == "药店已改正标价。"
    said = text(browser(here, "viewer").get(page(here)))
    assert "reviewer-reviewer拟稿，publisher-publisher于" in said
    assert "不公开药店名称" in said


def test_who_has_both_roles_does_not_publish_what_they_proposed(here: Cases) -> None:
    Membership.objects.create(user=here.people["reviewer"], role="publisher", area=f.wuchang(), valid=f.since())
    here.bring_to("closed")
    press(here, "reviewer", "propose", reason="药店已改正标价。")
    content = browser(here, "reviewer").get(page(here)).content.decode()
    assert 'value="publish"' not in content
    assert "须由另一位发布人发布" in content
    answer = press(here, "reviewer", "publish")
    assert answer.status_code == 422
    assert Case.objects.get().published_at is None


def test_a_case_is_reopened_once_on_the_page(here: Cases) -> None:
    here.bring_to("closed")
    assert press(here, "officer", "reopen").status_code == 403
    assert press(here, "reviewer", "reopen").status_code == 302
    press(here, "officer", "slip")
    assert 'value="reopen"' not in browser(here, "reviewer").get(page(here)).content.decode()
    assert press(here, "reviewer", "reopen").status_code == 422


# -- opening ----------------------------------------------------------------------------------------------------------


def test_a_case_is_opened_from_a_lead_with_what_else_there_is_of_the_shop(here: Cases) -> None:
    first, second = lead(f.drug(), here.shop), lead(f.drug(), here.shop)
    report = group(here)
    client = browser(here, "officer")
    content = client.get(f"{LIST}/open?lead={first.pk}").content.decode()
    assert f'value="{first.pk}" checked' in content
    assert f'value="{second.pk}">' in content
    assert f'name="report" value="{report.pk}"' in content
    assert here.case.number in content  # the one that is not finished yet
    answer = client.post(f"{LIST}/open", {"lead": [first.pk, second.pk], "report": report.pk})
    case = Case.objects.latest("pk")
    assert answer["Location"] == f"{LIST}/{case.pk}"
    assert set(case.leads.values_list("lead_id", flat=True)) == {first.pk, second.pk}
    report.refresh_from_db()
    assert (report.state, report.case) == ("case", case)
    assert "市民反馈" in text(client.get(f"{LIST}/{case.pk}"))


def test_a_lead_that_somebody_took_meanwhile_opens_no_second_case(here: Cases) -> None:
    taken = Lead.objects.get()
    answer = browser(here, "officer").post(f"{LIST}/open", {"lead": taken.pk})
    assert answer.status_code == 422
    assert "刚被别人处理" in text(answer)
    assert Case.objects.count() == 1


def test_leads_of_another_area_or_of_two_shops_open_nothing(here: Cases) -> None:
    far = lead(f.drug(), f.pharmacy(division=f.hongshan()))
    other = lead(f.drug(), f.pharmacy())
    own = lead(f.drug(), here.shop)
    client = browser(here, "officer")
    assert client.post(f"{LIST}/open", {"lead": far.pk}).status_code == 404
    assert client.post(f"{LIST}/open", {"lead": [own.pk, other.pk]}).status_code == 404
    assert client.get(f"{LIST}/open?lead=x&lead={'9' * 40}").status_code == 404
    assert client.get(f"{LIST}/open").status_code == 302
    assert Case.objects.count() == 1


def test_a_shop_that_another_area_manages_by_now_is_opened_there(here: Cases) -> None:
    shop = f.pharmacy("搬家大药房")
    found = lead(f.drug(), shop)
    type(shop).objects.filter(pk=shop.pk).update(insurance_area=f.hongshan(), division=f.hongshan())
    here_no_more = browser(here, "officer").get(f"{LIST}/open?lead={found.pk}", follow=True)
    assert "搬家大药房现在由洪山区管理" in text(here_no_more)
    there = sign_in(Client(), official("hong", "officer", f.hongshan()))
    answer = there.post("/console/420111/cases/open", {"lead": found.pk})
    assert answer["Location"] == f"/console/420111/cases/{Case.objects.latest('pk').pk}"
    assert Case.objects.latest("pk").leads.get().lead == found


def test_all_that_was_ticked_is_looked_into(here: Cases) -> None:
    found = [lead(f.drug(), here.shop) for _n in range(52)]
    offered = browser(here, "officer").get(f"{LIST}/open?lead={found[0].pk}").content.decode()
    assert offered.count('name="lead"') == 51
    browser(here, "officer").post(f"{LIST}/open", {"lead": [each.pk for each in found]})
    assert Case.objects.latest("pk").leads.count() == 52


def test_reports_that_came_since_are_joined_to_the_case(here: Cases) -> None:
    report = group(here, last_at=LATER)
    assert press(here, "viewer", "report", group=report.pk).status_code == 403
    assert press(here, "officer", "report", group=report.pk).status_code == 302
    report.refresh_from_db()
    assert report.case == here.case
    assert press(here, "officer", "report", group=report.pk).status_code == 422
    assert press(here, "officer", "report", group=group(here, pharmacy=f.pharmacy()).pk).status_code == 422


def test_the_english_page_works(here: Cases) -> None:
    here.bring_to("notice")
    assert browser(here, "reviewer").get("/en" + page(here)).status_code == 200
    assert browser(here, "reviewer").get("/en" + LIST).status_code == 200
