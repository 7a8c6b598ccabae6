"""总览: last night's figures of the area, what to look at first, and nothing of anybody else's."""

from datetime import date

import pytest
from django.test import Client

from pharmacies.models import User
from prices.monitoring.cases.opening import open_case
from tests import factories as f
from tests.console import leads_world as w
from tests.console.leads_world import World
from tests.factories import AT
from tests.staff.accounts_world import Clock, text
from tests.staff.signing import sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(clock: Clock) -> World:
    made = w.world()
    for area in (f.region(), made.city, f.wuchang(), f.hongshan()):
        w.figure(area)
    w.index(made.city, date(2026, 8, 1), 100)
    w.index(made.city, date(2026, 9, 1), 101.48)
    return made


def test_the_figures_are_last_night_s_and_the_leads_are_now_s(client: Client, world: World) -> None:
    page = text(w.as_official(client, f.wuchang()).get("/console/420106"))
    assert "待看线索1现在" in page.replace(" ", "")
    assert "逾期未报送3" in page.replace(" ", "")
    assert "更新及时率85.0%" in page.replace(" ", "")
    assert "除写着“现在”的以外，都是 2026年11月21日凌晨算好的数。" in page
    assert "101.48" in page  # a county shows its city's index


def test_what_matters_most_stands_first_with_its_reason(client: Client, world: World) -> None:
    dearer = w.lead(f.drug(), world.shop, score=9)
    page = w.plain(w.as_official(client, f.wuchang()).get("/console/420106"))
    assert page.index(f"leads/{dearer.pk}") < page.index(f"leads/{world.lead.pk}")
    assert "比这家店过去 28 天的常见价高 42%，同城 12 家中最高。" in page


def test_a_city_sees_its_counties_and_an_export_is_theirs(client: Client, world: World) -> None:
    page = w.plain(w.as_official(client, world.city).get("/console/420100"))
    assert 'href="/console/420106"' in page
    assert 'href="/console/420111"' in page
    file = client.get("/console/420100?format=csv").getvalue().decode("utf-8-sig")
    assert "武昌区,20,1,85.0,15.0,80.0,90.0,1.0,0.06" in file


def test_another_area_sees_none_of_it(client: Client, world: World) -> None:
    w.as_official(client, world.elsewhere, "reviewer")
    assert client.get("/console/420106").status_code == 404
    page = w.plain(client.get("/console/420502"))
    assert "向阳" not in page
    assert f"leads/{world.lead.pk}" not in page


def test_before_the_first_night_the_page_says_so(client: Client, clock: Clock) -> None:
    page = text(w.as_official(client, f.wuchang()).get("/console/420106"))
    assert "指标每天凌晨算一次，还没有算过。" in page
    assert "没有待看的线索。" in page


def test_a_night_that_was_missed_is_told_with_what_to_do(client: Client, world: World, clock: Clock) -> None:
    assert "最近一夜的统计" not in text(w.as_official(client, f.wuchang()).get("/console/420106"))
    clock.forward(days=1)
    page = text(sign_in(client, User.objects.get()).get("/console/420106"))
    assert "还是更早的数：多数药店价、地区指标。" in page
    assert "work_at_night" in page


def test_a_pharmacy_is_found_by_name(client: Client, world: World) -> None:
    page = w.plain(w.as_official(client, f.wuchang()).get("/console/420106?q=向阳"))
    assert "向阳大药房" in page
    assert "邻居1号" not in page


def test_the_page_is_a_few_queries(client: Client, world: World, django_assert_max_num_queries: object) -> None:
    w.as_official(client, f.region())
    with django_assert_max_num_queries(33):  # type: ignore[operator]  # a fixture that is a function
        client.get("/console/420000")


def test_what_waits_is_counted_as_of_now(client: Client, world: World) -> None:
    user = w.official(f.wuchang(), "reviewer", "shenhe")
    open_case(world.shop, [world.lead], by=user, at=AT)
    page = text(w.as_official(client, f.wuchang()).get("/console/420106")).replace(" ", "")
    assert "待看线索0现在" in page
    assert "未办结的核查事项1现在，没有过期限的" in page
    assert "待处理的市民反馈0现在" in page


def test_a_lead_leads_to_its_case_and_back(client: Client, world: World) -> None:
    w.as_official(client, f.wuchang())
    page = w.plain(client.get(f"/console/420106/leads/{world.lead.pk}"))
    address = f"/console/420106/cases/open?lead={world.lead.pk}"
    assert f'href="{address}"' in page
    assert client.get(address).status_code == 200
    case = open_case(world.shop, [world.lead], by=User.objects.get(), at=AT)
    page = w.plain(client.get(f"/console/420106/leads/{world.lead.pk}"))
    assert f'href="/console/420106/cases/{case.pk}"' in page
    assert f"已转核查事项 {case.number}（待初核）" in page
    assert address not in page
