"""The list of leads and a lead's page: why first, within the area, in few queries."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from pharmacies.models import AuditEvent
from prices.models.leads import Lead, PriceEvent
from prices.monitoring import rules, tables
from prices.views.console import lead_words
from prices.views.console import tables as console_tables
from tests import factories as f
from tests.console import leads_world as w
from tests.console.leads_world import World
from tests.console.tables_world import rows_of
from tests.factories import AT
from tests.staff.accounts_world import Clock

pytestmark = pytest.mark.django_db
LIST = "/console/420106/leads"


@pytest.fixture
def world(clock: Clock) -> World:
    clock.at = AT
    return w.world()


def test_the_page_says_why_before_it_shows_anything(client: Client, world: World) -> None:
    page = w.plain(w.as_official(client, f.wuchang()).get(f"{LIST}/{world.lead.pk}"))
    why = page.index("比这家店过去 28 天的常见价高 42%，同城 12 家中最高。")
    assert page.index("供核实，不等于违规") < why < page.index("data-chart") < page.index("怎么算的")
    assert "从 18.90 元涨到 26.90 元（涨 42%）" in page
    assert "这家店过去 28 天里有价的 28 天一直卖 18.90 元，现在 26.90 元，高 42%。" in page


def test_the_series_is_what_the_shop_asked_each_day(client: Client, world: World) -> None:
    answer = w.as_official(client, f.wuchang(), "analyst").get(f"{LIST}/{world.lead.pk}")
    chart = answer.context["series"]
    assert [line.values[-3:] for line in chart.lines] == [[18.9, 26.9, 26.9], [18.9, 18.9, 18.9]]
    assert [row["price"] and str(row["price"]) for row in chart.table.rows][:2] == ["26.90", "18.90"]


def test_neighbours_are_those_a_citizen_would_find(client: Client, world: World) -> None:
    answer = w.as_official(client, f.wuchang()).get(f"{LIST}/{world.lead.pk}")
    rows = answer.context["around"].table.rows
    assert len(rows) == 11
    assert rows[0]["name"] == "邻居0号"
    assert "向阳大药房" not in {row["name"] for row in rows}


def test_the_list_says_why_in_every_line_and_leads_there(client: Client, world: World) -> None:
    page = w.plain(w.as_official(client, f.wuchang()).get(LIST))
    assert "比这家店过去 28 天的常见价高 42%" in page
    assert f'href="{LIST}/{world.lead.pk}"' in page
    assert "苯磺酸氨氯地平片 5mg×14片 · 辉瑞制药有限公司" in page


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", True),
        ("?state=dismissed", False),
        ("?state=all", True),
        ("?detector=peers", True),
        ("?detector=settled", False),
        ("?area=420106", True),
        ("?q=向阳", True),
        ("?q=氨氯地平", True),
        ("?q=没有这种药", False),
        ("?q=%00", True),
        ("?state=%27&detector=x&area=y&page=z", True),
    ],
)
def test_the_list_is_narrowed_as_asked(client: Client, world: World, query: str, shown: bool) -> None:
    page = w.plain(w.as_official(client, world.city).get("/console/420100/leads" + query))
    assert (f"/leads/{world.lead.pk}" in page) == shown


def test_an_official_of_another_area_sees_none_of_it(client: Client, world: World) -> None:
    w.as_official(client, world.elsewhere, "reviewer")
    assert client.get(LIST).status_code == 404
    assert client.get(f"{LIST}/{world.lead.pk}").status_code == 404
    # nor by way of their own area
    assert client.get(f"/console/420502/leads/{world.lead.pk}").status_code == 404
    assert "向阳" not in client.get("/console/420502/leads?state=all").content.decode()


def test_the_city_and_the_province_see_it(client: Client, world: World) -> None:
    w.as_official(client, world.city)
    assert client.get(f"/console/420100/leads/{world.lead.pk}").status_code == 200
    province = w.as_official(Client(), f.region())
    assert province.get(f"/console/420106/leads/{world.lead.pk}").status_code == 200


def test_a_page_costs_the_same_whatever_the_length_of_the_list(
    client: Client, world: World, django_assert_max_num_queries: object
) -> None:
    w.as_official(client, f.wuchang())
    for n in range(30):
        w.lead(f.drug(), world.shop, score=n)
    with django_assert_max_num_queries(22):  # type: ignore[operator]  # a fixture that is a function
        page = client.get(LIST)
    assert w.plain(page).count("同城 12 家中最高") == 31
    with django_assert_max_num_queries(45):  # type: ignore[operator]  # a fixture that is a function
        client.get(f"{LIST}/{world.lead.pk}")


def test_an_observer_may_not_take_the_list_away(client: Client, world: World) -> None:
    w.as_official(client, f.wuchang(), "viewer")
    assert client.get(LIST).status_code == 200
    assert client.get(f"{LIST}?format=csv").status_code == 403


def test_the_list_leaves_as_a_file(client: Client, world: World) -> None:
    file = w.as_official(client, f.wuchang()).get(f"{LIST}?format=csv")
    assert "比这家店过去 28 天的常见价高 42%" in file.getvalue().decode("utf-8-sig")


def test_a_long_list_leaves_in_its_order_and_is_sorted_once(
    client: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "AT_ONCE", 2)
    for score in (3.0, 9.0, 7.0, 1.0):
        w.lead(f.drug(), f.pharmacy(f"第{score:g}家"), agreed=False, score=score)
    w.as_official(client, f.wuchang())
    with CaptureQueriesContext(connection) as asked:
        rows = rows_of(client.get(f"{LIST}?format=csv"))
    assert [row[1] for row in rows[1:]] == ["第9家", "第7家", "向阳大药房", "第3家", "第1家"]
    assert sum('ORDER BY "prices_lead"."score"' in each["sql"] for each in asked) == 1


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_long_file_comes_from_the_disk_and_says_the_same(
    client: Client, world: World, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    w.as_official(client, f.wuchang())
    short = client.get(f"{LIST}?format={kind}")
    monkeypatch.setattr(console_tables, "IN_MEMORY", 10)
    long = client.get(f"{LIST}?format={kind}")
    assert (short.streaming, long.streaming) == (False, True)
    sent = long.getvalue()
    assert long.headers["Content-Length"] == str(len(sent))
    if kind == "csv":
        assert sent == short.getvalue()
    names = ("Content-Type", "Content-Disposition", "X-Content-Type-Options", "Cache-Control")
    assert [long.headers[name] for name in names] == [short.headers[name] for name in names]


def test_a_file_costs_no_query_for_each_lead(client: Client, world: World) -> None:
    w.as_official(client, f.wuchang())
    asked = []
    for many in (1, 30):
        for _n in range(many):
            w.lead(f.drug(), f.pharmacy())
        with CaptureQueriesContext(connection) as queries:
            rows = rows_of(client.get(f"{LIST}?format=csv"))
        asked.append(len(queries))
    assert len(rows) == 33
    assert asked[0] == asked[1]


def test_a_list_that_breaks_off_does_not_leave_at_all(
    client: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a list looks like a list: who asked is told that it did not work, and the log knows of no file."""
    monkeypatch.setattr(tables, "AT_ONCE", 2)
    for score in (3.0, 9.0, 7.0, 1.0):
        w.lead(f.drug(), f.pharmacy(), agreed=False, score=score)
    w.as_official(client, f.wuchang())
    real, client.raise_request_exception = lead_words.headline, False

    def broken(lead: Any, findings: Any) -> str:
        if lead.pk == last.pk:
            raise ValueError("a finding that nobody can read")
        return real(lead, findings)

    last = Lead.objects.order_by("score")[0]
    monkeypatch.setattr(lead_words, "headline", broken)
    for kind in ("csv", "xlsx"):
        answer = client.get(f"{LIST}?format={kind}")
        assert (answer.status_code, answer.headers.get("Content-Disposition")) == (500, None)
    assert not AuditEvent.objects.filter(action="console.export").exists()


def test_a_city_s_drift_has_no_shop(client: Client, world: World) -> None:
    risen = w.lead(world.drug, world.shop, agreed=False, pharmacy_id=None, area=world.city, since=AT)
    w.finding(risen, "drift", series=[["2026-09-07", 1890], ["2026-09-14", 2200]])
    page = w.plain(w.as_official(client, world.city).get(f"/console/420100/leads/{risen.pk}"))
    assert "武汉市的中间价 2 周里慢慢涨了 42%。" in page
    assert "立为核查事项" not in page


def test_the_page_lives_in_english_too(client: Client, world: World) -> None:
    assert w.as_official(client, f.wuchang()).get(f"/en{LIST}/{world.lead.pk}").status_code == 200


def test_small_print_counts_the_day_s_changes(client: Client, world: World) -> None:
    page = f"{LIST}/{world.lead.pk}"
    w.as_official(client, f.wuchang())
    assert "一共有" not in client.get(page).content.decode()
    for _ in range(2):
        w.screening("watch", changes=10, tests=4)
    assert "2026年11月21日一共有 20 个价格变动" in client.get(page).content.decode()
    w.screening("sweep", changes=19, tests=8)
    assert "2026年11月21日一共有 19 个价格变动" in client.get(page).content.decode()


def test_a_lead_by_a_rule_that_was_replaced_the_same_day_names_its_day(client: Client, world: World) -> None:
    for share in (0.2, 0.3):
        made = rules.change(
            area=f.wuchang(), detector="change", parameters={"min_share": share}, active=True, reason="试行",
            by="王五", at=AT,
        )  # fmt: skip
        world.lead.findings.filter(detector="change", rule_id=None).update(rule_id=made.pk)
    page = w.plain(w.as_official(client, f.wuchang()).get(f"{LIST}/{world.lead.pk}"))
    assert "按武昌区自 2026年11月21日起的规则（试行）" in page


def test_an_event_and_a_withdrawal_are_told(client: Client, world: World) -> None:
    chain = f.chain("甲连锁")
    event = PriceEvent.objects.create(
        kind="chain_repricing",
        on=w.TODAY,
        chain_id=chain.pk,
        direction="up",
        key="k",
        ratio=1.15,
        offers=340,
        shops=12,
        drugs=30,
    )
    made = w.lead(f.drug(), world.shop, event=event)
    w.as_official(client, f.wuchang())
    page = w.plain(client.get(f"{LIST}/{made.pk}"))
    assert "甲连锁同一天在 12 家店一起调价：340 个价格上涨，中间幅度 15%。合为一条线索。" in page
    Lead.objects.filter(pk=made.pk).update(state="withdrawn", withdrawn_because="slip")
    page = w.plain(client.get(f"{LIST}/{made.pk}"))
    assert "这条线索已由每夜复检撤回：是录入错误或其更正" in page
    assert "排除这条线索" not in page
