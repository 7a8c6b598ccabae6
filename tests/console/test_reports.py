"""Officials and citizens' reports: the queue of their own area, answered, put to the pharmacy, made a case."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from PIL import Image

from pharmacies.models import AuditEvent, Pharmacy, User
from prices.desk import inquiries
from prices.models import Case, Inquiry, Report, ReportGroup
from prices.monitoring.reports import codes, outcomes, sending
from prices.monitoring.reports.sending import Draft, Kind
from tests import factories as f
from tests.console import leads_world as w
from tests.factories import AT, Town
from tests.staff.accounts_world import Clock

pytestmark = pytest.mark.django_db
LIST = "/console/420106/reports"


@pytest.fixture
def town(clock: Clock) -> Town:
    clock.at = AT
    return f.small_town()


def send(shop: Pharmacy, *, at: Any = AT, **said: Any) -> str:
    draft = Draft(kind=Kind(said.pop("kind", "price")), mark=codes.fresh_mark(), **said)
    return sending.send(shop, draft, address="203.0.113.7", at=at)


def a_photo() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(out, "PNG")
    return out.getvalue()


def said_with(code: str) -> outcomes.Outcome:
    report = outcomes.find(code)
    assert report is not None
    return outcomes.outcome(report)


def elsewhere() -> Pharmacy:
    division = f.region("420502", "西陵区", f.region("420500", "宜昌市", f.region()))
    return f.pharmacy("西陵大药房", division=division)


@pytest.fixture
def officer(client: Client) -> Client:
    return w.as_official(client, f.wuchang())


# -- the queue --------------------------------------------------------------------------------------------------------


def test_what_has_waited_longest_comes_first_with_both_prices(officer: Client, town: Town) -> None:
    for days in (2, 0):
        send(town.mid, drug=town.drug, price="18.00", at=AT - timedelta(days=days))
    send(town.far_cheap, kind="closed", at=AT - timedelta(days=1))
    page = officer.get(LIST)
    rows = list(page.context["table"].rows)
    assert [(row["pharmacy"], row["kind"], row["n"]) for row in rows] == [
        ("居中大药房", "价格不符", 2),
        ("远而廉大药房", "已关门", 1),
    ]
    assert (str(rows[0]["seen"]), str(rows[0]["declared"])) == ("18.00", "15.00")
    text = page.content.decode()
    assert f'href="{LIST}/{ReportGroup.objects.get(kind="price").pk}"' in text
    assert "不等于违规" in text


def test_the_queue_shows_the_area_and_those_below_it_only(client: Client, town: Town) -> None:
    send(town.mid, kind="closed")
    send(elsewhere(), kind="closed")
    w.as_official(client, f.region())
    assert len(client.get("/console/420000/reports").context["table"].rows) == 2
    w.as_official(client, f.wuchang())
    assert len(client.get(LIST).context["table"].rows) == 1
    assert client.get("/console/420000/reports").status_code == 404
    other = ReportGroup.objects.get(pharmacy__name="西陵大药房")
    assert client.get(f"{LIST}/{other.pk}").status_code == 404
    assert client.post(f"{LIST}/{other.pk}", {"do": "answer", "text": "x"}).status_code == 404


@pytest.mark.parametrize(
    ("query", "n"),
    [("?state=all", 2), ("?kind=hours", 1), ("?state=answered", 0), ("?q=居中", 1), ("?q=氨氯地平", 1), ("?q=无", 0),
     ("?state=x&kind=y&q=%00&page=z", 2)],
)  # fmt: skip
def test_the_queue_is_narrowed_as_asked(officer: Client, town: Town, query: str, n: int) -> None:
    send(town.mid, drug=town.drug, price="18.00")
    send(town.near_dear, kind="hours", text="八点关门")
    assert len(officer.get(LIST + query).context["table"].rows) == n


def test_the_queue_leaves_as_a_file_for_those_entitled(client: Client, town: Town) -> None:
    send(town.mid, drug=town.drug, price="18.00", text="=1+1")
    w.as_official(client, f.wuchang())
    answer = client.get(f"{LIST}?format=csv")
    rows = list(csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))
    assert (rows[0]["药店"], rows[0]["市民所见价（元）"]) == ("居中大药房", "18.00")
    assert AuditEvent.objects.filter(action="console.export").count() == 1
    w.as_official(client, f.wuchang(), "viewer")
    assert client.get(f"{LIST}?format=csv").status_code == 403


def test_the_queue_costs_the_same_however_long_it_is(
    officer: Client, town: Town, django_assert_max_num_queries: Any
) -> None:
    for n in range(30):
        send(town.mid, drug=town.drug, price=f"18.{n:02d}")
    officer.get(LIST)
    with django_assert_max_num_queries(25):
        officer.get(LIST)


# -- one group --------------------------------------------------------------------------------------------------------


def test_the_page_shows_what_was_said_and_no_code_and_its_photo_is_for_the_area(client: Client, town: Town) -> None:
    code = send(town.mid, drug=town.drug, price="18.00", text="<b>价签</b>", photo=a_photo())
    w.as_official(client, f.wuchang(), "viewer")
    group = ReportGroup.objects.get()
    page = client.get(f"{LIST}/{group.pk}").content.decode()
    assert "&lt;b&gt;价签&lt;/b&gt;" in page
    assert "18.00 元" in page
    assert "15.00 元" in page
    assert "比申报价高 3.00 元（20%）" in page
    assert code not in page
    assert 'name="do"' not in page, "a 查看员 reads"
    photo = client.get(f"{LIST}/{group.pk}/photos/{Report.objects.get().pk}")
    assert photo.headers["Content-Type"] == "image/jpeg"
    assert photo.headers["X-Content-Type-Options"] == "nosniff"
    assert photo.content.startswith(b"\xff\xd8\xff")
    assert client.get(f"{LIST}/{group.pk}/photos/{Report.objects.get().pk + 1}").status_code == 404
    w.as_official(client, elsewhere().division)
    for path in (f"{LIST}/{group.pk}", f"/console/420502/reports/{group.pk}/photos/{Report.objects.get().pk}"):
        assert client.get(path).status_code == 404


def test_a_ready_answer_or_ones_own_words_reach_the_citizen(officer: Client, town: Town) -> None:
    code = send(town.mid, kind="closed")
    group = ReportGroup.objects.get()
    refused = officer.post(f"{LIST}/{group.pk}", {"do": "answer", "ready": "", "text": " "})
    assert refused.status_code == 422
    assert "请写下内容" in refused.content.decode()
    sent = {"do": "answer", "ready": "已核实，药店正常营业。", "text": ""}
    assert officer.post(f"{LIST}/{group.pk}", sent).status_code == 302
    assert said_with(code).text == "已核实，药店正常营业。"
    second = officer.post(f"{LIST}/{group.pk}", sent)
    assert second.status_code == 422
    assert "现在是“已答复”" in second.content.decode()


def test_the_pharmacy_is_asked_and_its_reply_is_on_the_page(officer: Client, town: Town) -> None:
    send(town.mid, drug=town.drug, price="18.00", text="店员骂人")
    group = ReportGroup.objects.get()
    question = officer.get(f"{LIST}/{group.pk}").context["question"]
    assert "店内标价为 18.00 元，贵店申报的零售价为 15.00 元" in question
    assert "骂人" not in question
    officer.post(f"{LIST}/{group.pk}", {"do": "ask", "text": question})
    inquiry = Inquiry.objects.get()
    assert (inquiry.pharmacy, inquiry.text, inquiry.drug_id) == (town.mid, question, town.drug.pk)
    manager = User.objects.create_user("dian", first_name="店长")
    inquiries.reply(inquiry, text="已改正标价", document=None, by=manager, at=AT)
    page = officer.get(f"{LIST}/{group.pk}").content.decode()
    assert "已改正标价" in page
    assert "药店已回复" in officer.get(f"{LIST}?state=asked").content.decode()
    assert officer.post(f"{LIST}/{group.pk}", {"do": "ask", "text": "再问"}).status_code == 422


@pytest.mark.parametrize("kind", ["closed", "hours", "place", "price"])
def test_every_kind_has_its_question_and_its_answers(officer: Client, town: Town, kind: str) -> None:
    send(town.mid, kind=kind, text="请看", price="9.90" if kind == "price" else "")
    page = officer.get(f"{LIST}/{ReportGroup.objects.get().pk}")
    assert page.context["question"].startswith("有市民反映")
    assert page.context["ready"]
    assert "请看" not in page.context["question"]


def test_the_page_leads_to_a_case_about_it(officer: Client, town: Town) -> None:
    send(town.mid, drug=town.drug, price="18.00")
    group = ReportGroup.objects.get()
    address = f"/console/420106/cases/open?report={group.pk}"
    assert f'href="{address}"' in officer.get(f"{LIST}/{group.pk}").content.decode()
    assert officer.get(address).status_code == 200
    assert officer.post("/console/420106/cases/open", {"report": group.pk, "reason": ""}).status_code == 302
    case = Case.objects.get()
    group.refresh_from_db()
    assert (group.state, group.case) == ("case", case)
    assert case.number in officer.get(f"{LIST}/{group.pk}").content.decode()
    assert "请答复市民" not in officer.get(f"{LIST}?state=case").content.decode()
    Case.objects.update(state="closed", outcome="data_error", closed_at=AT, due_at=None)
    assert "已办结，请答复市民" in officer.get(f"{LIST}?state=case").content.decode()
    assert officer.post(f"{LIST}/{group.pk}", {"do": "answer", "text": "药店写错了价，已改"}).status_code == 302


def test_what_no_button_sends_is_a_bad_request(officer: Client, town: Town) -> None:
    send(town.mid, kind="closed")
    assert officer.post(f"{LIST}/{ReportGroup.objects.get().pk}", {"do": "delete"}).status_code == 400


def test_what_was_done_is_told_in_words_in_the_log_of_the_area(client: Client, town: Town) -> None:
    send(town.mid, kind="closed")
    w.as_official(client, f.wuchang()).post(
        f"{LIST}/{ReportGroup.objects.get().pk}", {"do": "answer", "text": "已核实"}
    )
    log = w.as_official(client, f.wuchang(), "auditor").get("/console/420106/audit").content.decode()
    assert "答复市民反馈" in log
    assert "已答复" in log
