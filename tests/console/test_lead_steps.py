"""复算 and 排除: the same result from the stored data alone; set aside once, by whom it is for, with a reason."""

import pytest
from django.test import Client

from pharmacies.models import AuditEvent
from prices.models.leads import Lead
from prices.monitoring.replay import replay
from tests import factories as f
from tests.console import leads_world as w
from tests.console.leads_world import World
from tests.factories import AT
from tests.staff.accounts_world import Clock, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(clock: Clock) -> World:
    return w.world()


@pytest.fixture
def page(world: World) -> str:
    return f"/console/420106/leads/{world.lead.pk}"


def test_a_lead_is_set_aside_with_a_reason_and_leaves_the_list(client: Client, world: World, page: str) -> None:
    w.as_official(client, f.wuchang())
    answer = client.post(f"{page}/dismiss", {"reason": " 厂家统一调价，已见通知 "})
    assert answer.headers["Location"] == "/console/420106/leads"
    world.lead.refresh_from_db()
    assert (world.lead.state, world.lead.reason) == ("dismissed", "厂家统一调价，已见通知")
    assert AuditEvent.objects.get(action="lead.dismiss").area == f.wuchang()
    assert f'href="{page}"' not in client.get("/console/420106/leads").content.decode()
    said = text(client.get(page))
    assert "王经办已在 2026年11月21日 10:00 排除：厂家统一调价，已见通知" in said
    assert "排除这条线索" not in said


@pytest.mark.parametrize("reason", ["", "  ", "x" * 201, "长" * 201, "\u202e" * 10 + "长" * 201, "\u200b"])
def test_without_a_fit_reason_it_stays(client: Client, world: World, page: str, reason: str) -> None:
    w.as_official(client, f.wuchang())
    answer = client.post(f"{page}/dismiss", {"reason": reason})
    assert answer.status_code == 422
    assert "理由" in answer.content.decode()
    world.lead.refresh_from_db()
    assert world.lead.state == Lead.State.NEW


def test_the_second_of_two_officers_is_told(client: Client, world: World, page: str) -> None:
    w.as_official(client, f.wuchang())
    client.post(f"{page}/dismiss", {"reason": "一"})
    answer = client.post(f"{page}/dismiss", {"reason": "二"})
    assert answer.status_code == 422
    assert "这条线索现在是“已排除”，不能再排除" in answer.content.decode()
    world.lead.refresh_from_db()
    assert world.lead.reason == "一"


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("analyst", 403), ("publisher", 403), ("auditor", 403)])
def test_who_only_looks_sets_nothing_aside(client: Client, world: World, page: str, role: str, status: int) -> None:
    w.as_official(client, f.wuchang(), role)
    assert client.post(f"{page}/dismiss", {"reason": "看过"}).status_code == status
    assert "排除这条线索" not in client.get(page).content.decode()
    assert Lead.objects.get().state == Lead.State.NEW


def test_another_area_sets_nothing_aside_and_works_nothing_out(client: Client, world: World, page: str) -> None:
    w.as_official(client, world.elsewhere, "reviewer")
    for address in (page, f"/console/420502/leads/{world.lead.pk}"):
        assert client.post(f"{address}/dismiss", {"reason": "看过"}).status_code == 404
        assert client.get(f"{address}/replay").status_code == 404
    assert Lead.objects.get().state == Lead.State.NEW


def test_working_it_out_again_shows_what_was_and_what_is(client: Client, world: World, page: str) -> None:
    made = w.lead(f.drug(), world.shop, agreed=False)
    seen = w.finding(made, "history", day=str(w.TODAY), price_fen=2690, old_fen=1890, series=w.SERIES)
    fresh = replay(seen)
    w.as_official(client, f.wuchang(), "analyst")
    said = text(client.get(f"/console/420106/leads/{made.pk}/replay"))
    assert "有的结果与当时不同" in said  # nothing was stored as its score
    assert f"{fresh.score:.6f}" in said
    exact = w.lead(f.drug(), world.shop, agreed=False)
    w.finding(exact, "history", p=fresh.p, score=fresh.score, day=str(w.TODAY), price_fen=2690, series=w.SERIES)
    assert "复算结果与当时一致。" in text(client.get(f"/console/420106/leads/{exact.pk}/replay"))


def test_parameters_that_can_no_longer_be_read_are_said_so(client: Client, world: World) -> None:
    made = w.lead(f.drug(), world.shop, agreed=False, since=AT)
    w.finding(made, "change", old_fen=1890)  # of an older version: without the price itself
    w.as_official(client, f.wuchang())
    assert "不能复算" in text(client.get(f"/console/420106/leads/{made.pk}/replay"))
