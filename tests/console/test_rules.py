"""规则, 历史回测 as officials see them: nobody changes a rule without having seen what it would do."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from pharmacies.models import AuditEvent, Region, User
from prices.models import BackTest, BackTestDay, RollUp, Rule
from prices.monitoring import backtests
from prices.monitoring import rules as verbs
from prices.monitoring.detectors import history, peers
from tests import factories as f
from tests.console.leads_world import as_official
from tests.console.tables_world import rows_of
from tests.factories import AT
from tests.staff.accounts_world import Clock, text

TODAY = AT.date()
DAY = timedelta(days=1)
DRAFT = {f"p_{name}": value for name, value in history.Parameters(limit=7.0).stated().items()} | {"active": "True"}
DAYS = {"first": str(TODAY - 10 * DAY), "last": str(TODAY - DAY)}
DECISION = {"on": str(TODAY), "reason": "误报太多", "document": "会议纪要〔2026〕3号"}
RULE = "/console/420106/rules/history"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nights(clock: Clock) -> None:
    f.wuchang()
    RollUp.objects.create(first=TODAY - 60 * DAY, last=TODAY, at=AT, drugs=1, written=1, seconds=1)


def ended(parameters: Any, area: Region | None = None, detector: str = "history", **fields: Any) -> BackTest:
    """A back-test that ended: ten days, three leads a day."""
    base = {
        "area": area or f.wuchang(), "detector": detector, "version": 1, "parameters": parameters.stated(),
        "first": TODAY - 10 * DAY, "last": TODAY - DAY, "at": AT, "state": "done", "finished_at": AT,
        "by": User.objects.get_or_create(username="tester", first_name="张三")[0],
    }  # fmt: skip
    made: BackTest = BackTest.objects.create(**base | fields)
    for n in range(10):
        day(made, TODAY - (n + 1) * DAY)
    return made


def day(of: BackTest, on: date, **fields: Any) -> BackTestDay:
    base = {
        "covered": True, "tests": 100, "slips": 2, "events": 1, "found": 3, "known": 2, "were": 4, "were_same": 2,
        "labelled": 1, "confirmed": 1, "labelled_were": 2, "confirmed_were": 2, "seconds": 0.5,
    }  # fmt: skip
    return BackTestDay.objects.create(back_test=of, on=on, **base | fields)


def reviewer(client: Client, area: Region | None = None) -> Client:
    return as_official(client, area or f.wuchang(), "reviewer")


# -- what there is ----------------------------------------------------------------------------------------------------


def test_every_rule_is_listed_with_its_parameters_and_whose_it_is(client: Client) -> None:
    verbs.change(
        area=f.region(), detector="peers", parameters=peers.Parameters(limit=6.0).stated(), active=False,
        reason="试行", document="鄂医保函〔2026〕8号", by="王五", at=AT,
    )  # fmt: skip
    page = text(as_official(client, f.wuchang()).get("/console/420106/rules"))
    assert "共 8 行" in page
    assert "偏离多少倍离散度才算异常 6" in page
    assert "湖北省" in page
    assert "鄂医保函〔2026〕8号" in page
    assert "王五" in page
    assert "停用" in page


def test_an_official_who_may_not_change_rules_sees_them_without_a_form(client: Client) -> None:
    as_official(client, f.wuchang(), "officer")
    page = client.get(RULE)
    assert "规则由审核人修改" in text(page)
    assert b"p_limit" not in page.content
    assert client.post(RULE, DRAFT | {"do": "review"}).status_code == 403
    assert client.post(RULE, DRAFT | DECISION | {"do": "change"}).status_code == 403
    assert not Rule.objects.exists()


def test_an_unknown_rule_is_not_there(client: Client) -> None:
    assert reviewer(client).get("/console/420106/rules/magic").status_code == 404


# -- changing a rule --------------------------------------------------------------------------------------------------


def test_a_draft_is_reviewed_before_it_can_be_decided_and_says_that_nobody_tried_it(client: Client) -> None:
    page = text(reviewer(client).post(RULE, DRAFT | {"do": "review"}))
    assert "偏离多少倍离散度才算异常5 → 7" in page.replace("5  → ", "5 → ").replace("异常 5", "异常5")
    assert "这个草案没有做过历史回测。" in page
    assert not Rule.objects.exists()


def test_the_review_shows_the_back_test_of_exactly_this_draft(client: Client) -> None:
    ended(history.Parameters(limit=6.0))
    assert "没有做过历史回测" in text(reviewer(client).post(RULE, DRAFT | {"do": "review"}))
    found = ended(history.Parameters(limit=7.0), area=f.region())
    page = client.post(RULE, DRAFT | {"do": "review"})
    assert "会给出 30 条线索，平均每天 3.0 条" in text(page)
    assert "有核查结论的 10 条里，10 条属实（查实率 100%）" in text(page)
    assert found.area_id == f.region().pk


def test_a_decision_changes_the_rule_from_a_day_on_and_is_in_the_log(client: Client) -> None:
    answer = reviewer(client).post(RULE, DRAFT | DECISION | {"do": "change"}, follow=True)
    assert "规则已改" in text(answer)
    rule = Rule.objects.get()
    assert (rule.parameters["limit"], rule.active, rule.reason) == (7.0, True, "误报太多")
    assert rule.document == "会议纪要〔2026〕3号"
    assert verbs.current(f.wuchang().pk, TODAY)["history"].parameters.stated()["limit"] == 7.0
    event = AuditEvent.objects.get(action="rule.change")
    assert (event.area, event.reason) == (f.wuchang(), "误报太多")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"p_limit": "0"}, "“偏离多少倍离散度才算异常”应在 2 到 50"),
        ({"p_limit": "nan"}, "form-row-wrong"),
        ({"p_window_days": "3"}, "应为 7 到 366 的整数"),
        ({"p_min_days": "60"}, "不能多于往回看的天数"),
        ({"p_direction": "sideways"}, "form-row-wrong"),
        ({"p_limit": ""}, "form-row-wrong"),
    ],
)
@pytest.mark.parametrize("do", ["test", "review", "change"])
def test_absurd_parameters_are_refused_in_words(client: Client, wrong: dict[str, str], said: str, do: str) -> None:
    answer = reviewer(client).post(RULE, DRAFT | DAYS | DECISION | wrong | {"do": do})
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not Rule.objects.exists()
    assert not BackTest.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"reason": " "}, "form-row-wrong"),
        ({"on": str(TODAY - DAY)}, "不能从过去的日子起改"),
        ({"on": "soon"}, "form-row-wrong"),
    ],
)
def test_a_decision_without_a_reason_or_for_a_day_gone_by_is_refused(
    client: Client, wrong: dict[str, str], said: str
) -> None:
    answer = reviewer(client).post(RULE, DRAFT | DECISION | wrong | {"do": "change"})
    assert answer.status_code == 422
    assert "修改规则" in text(answer)
    assert said in answer.content.decode()
    assert not Rule.objects.exists()


def test_a_rule_that_cannot_be_tried_says_why(client: Client) -> None:
    page = text(reviewer(client).get("/console/420106/rules/settled"))
    assert "没有逐日的历史，所以不能回测" in page
    assert "先做历史回测" not in page


# -- back-tests -------------------------------------------------------------------------------------------------------


def test_a_draft_is_tried_by_a_worker(client: Client) -> None:
    answer = reviewer(client).post(RULE, DRAFT | DAYS | {"do": "test"})
    made = BackTest.objects.get()
    assert answer["Location"] == f"/console/420106/backtests/{made.pk}"
    assert (made.detector, made.parameters["limit"], made.state) == ("history", 7.0, "waiting")
    page = text(client.get(answer["Location"]))
    assert "排队中" in page
    assert "已算 0 天，共 10 天" in page
    assert AuditEvent.objects.get(action="backtest.start").area == f.wuchang()


@pytest.mark.parametrize(
    ("days", "said"),
    [
        ({"first": str(TODAY)}, "首日不能晚于末日"),
        ({"last": str(TODAY)}, "末日最晚是昨天"),
        ({"first": str(TODAY - 400 * DAY)}, "一次最多回测 12 个月"),
        ({"first": "2026-01-01", "last": "2026-01-31"}, "还没有药价汇总"),
        ({"first": "when"}, "form-row-wrong"),
    ],
)
def test_days_that_cannot_be_tried_are_refused_in_words(client: Client, days: dict[str, str], said: str) -> None:
    answer = reviewer(client).post(RULE, DRAFT | DAYS | days | {"do": "test"})
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not BackTest.objects.exists()


def test_three_back_tests_of_an_area_at_a_time(client: Client) -> None:
    reviewer(client)
    for n in range(3):
        first = {"first": str(TODAY - (20 + n) * DAY)}
        assert client.post(RULE, DRAFT | DAYS | first | {"do": "test"}).status_code == 302
    assert "已有 3 个回测在进行" in text(client.post(RULE, DRAFT | DAYS | {"do": "test"}))


def test_a_double_click_tries_a_draft_once(client: Client) -> None:
    reviewer(client)
    pages = {client.post(RULE, DRAFT | DAYS | {"do": "test"})["Location"] for _n in range(2)}
    assert len(pages) == BackTest.objects.count() == 1
    assert AuditEvent.objects.filter(action="backtest.start").count() == 1
    BackTest.objects.update(state="done", finished_at=AT)
    client.post(RULE, DRAFT | DAYS | {"do": "test"})
    assert BackTest.objects.count() == 2  # what ended may be tried again


def test_what_it_found_is_told_in_words_by_month_and_in_examples(client: Client) -> None:
    drug, shop = f.drug(), f.pharmacy("向阳大药房")
    example = {
        "on": str(TODAY - DAY), "drug": drug.pk, "pharmacy": shop.pk, "old_fen": 1890, "new_fen": 2690,
        "excess": 0.42, "score": 17.6, "known": True,
    }  # fmt: skip
    made = ended(history.Parameters(), first=TODAY - 11 * DAY)
    day(made, TODAY - 11 * DAY, covered=False, examples=[example])
    page = text(as_official(client, f.wuchang()).get(f"/console/420106/backtests/{made.pk}"))
    assert "会给出 33 条线索，平均每天 3.3 条" in page
    assert "其中 22 条当时已是线索，11 条当时没有发现；当时一共有 44 条线索" in page
    assert "当时查实的另有 11 条，按这个草案不会发现" in page
    assert "有 1 天没有药价汇总" in page
    assert "2026-11" in page
    assert "向阳大药房" in page
    assert "42.0%" in page
    assert "按这个草案改规则" not in page


def test_the_tables_leave_as_files_for_whom_may_take_them(client: Client) -> None:
    made = ended(history.Parameters())
    address = f"/console/420106/backtests/{made.pk}"
    as_official(client, f.wuchang(), "analyst")
    assert "2026-11,10,1000,20,10,30" in client.get(f"{address}?format=csv&table=months").getvalue().decode("utf-8-sig")
    as_official(client, f.wuchang(), "viewer")
    assert client.get(f"{address}?format=csv").status_code == 403


def test_a_reviewer_stops_one_and_goes_from_one_to_the_decision(client: Client) -> None:
    waiting = ended(history.Parameters(), state="waiting", finished_at=None)
    reviewer(client).post(f"/console/420106/backtests/{waiting.pk}")
    waiting.refresh_from_db()
    assert waiting.state == "stopped"
    done = ended(history.Parameters(limit=7.0))
    page = client.get(f"/console/420106/backtests/{done.pk}").content.decode()
    assert 'name="p_limit" value="7.0"' in page
    assert "按这个草案改规则" in page


def test_an_official_of_another_area_sees_no_rule_and_no_back_test(client: Client) -> None:
    made = ended(history.Parameters())
    elsewhere = f.region("420502", "西陵区", f.region("420500", "宜昌市", f.region()))
    reviewer(client, elsewhere)
    for page in ("rules", "rules/history", "thresholds", "backtests", f"backtests/{made.pk}"):
        assert client.get(f"/console/420106/{page}").status_code == 404
    assert client.get(f"/console/420502/backtests/{made.pk}").status_code == 404
    assert "共 1 行" not in text(client.get("/console/420502/backtests"))
    assert client.post(RULE, DRAFT | DECISION | {"do": "change"}).status_code == 404


def test_the_list_shows_those_below_and_costs_the_same_however_many(
    client: Client, django_assert_max_num_queries: Any
) -> None:
    for _n in range(5):
        ended(history.Parameters())
    as_official(client, f.region("420100"))
    with django_assert_max_num_queries(25):
        page = text(client.get("/console/420100/backtests"))
    assert "共 5 行" in page
    assert "100.0%" in page


def test_the_list_adds_up_in_the_database_and_no_page_reads_the_levels(client: Client) -> None:
    whole, half = ended(history.Parameters()), ended(history.Parameters(), first=TODAY - 20 * DAY)
    waiting = BackTest.objects.create(
        area=f.wuchang(), detector="history", version=1, parameters={}, first=TODAY - DAY, last=TODAY - DAY, at=AT,
        by=whole.by,
    )  # fmt: skip
    as_official(client, f.wuchang())
    with CaptureQueriesContext(connection) as queries:
        rows = rows_of(client.get("/console/420106/backtests?format=csv"))[1:]
        assert "30 条线索" in text(client.get(f"/console/420106/backtests/{whole.pk}"))
    assert [row[6:9] for row in rows] == [["0.0", "0", ""], ["50.0", "30", "100.0"], ["100.0", "30", "100.0"]]
    asked = [each["sql"] for each in queries if "prices_backtestday" in each["sql"]]
    assert len(asked) == 2
    assert not [sql for sql in asked if '"levels"' in sql]
    assert [backtests.totals([each]).get(each.pk) for each in (whole, half)] == [
        replace(backtests.answer(each).total, on=each.first) for each in (whole, half)
    ]
    assert backtests.totals([waiting])[waiting.pk].found == 0


def test_precision_and_what_would_be_missed() -> None:
    total = backtests.answer(ended(history.Parameters())).total
    assert (total.precision, total.recall, total.new, total.a_day) == (1.0, 0.5, 10, 3.0)
