"""地图: counties in shades of one figure, points where there are leads; the same in words."""

import pytest
from django.core.cache import cache
from django.test import Client

from prices.views.console import county_map
from tests import factories as f
from tests.console import leads_world as w
from tests.console.leads_world import World
from tests.staff.accounts_world import Clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(clock: Clock) -> World:
    cache.clear()
    made = w.world()
    f.outlined(f.wuchang(), f.square(114.25, 30.5, 114.35, 30.6))
    f.outlined(f.hongshan(), f.square(114.35, 30.5, 114.45, 30.6))
    for _ in range(6):
        w.lead(f.drug(), made.shop)
    w.lead(f.drug(), f.pharmacy("洪山店", division=f.hongshan()), state="case")
    w.figure(f.wuchang(), reporting=10, late=9)
    w.figure(f.hongshan())
    return made


def test_each_county_has_its_shade_and_says_its_number(client: Client, world: World) -> None:
    answer = w.as_official(client, world.city).get("/console/420100/map")
    counties = {each.shape.name: each for each in answer.context["counties"]}
    assert counties["武昌区"].said == "武昌区：待看线索 7"
    assert counties["武昌区"].shade > counties["洪山区"].shade
    page = answer.content.decode()
    assert 'aria-label="洪山区：待看线索 0"' in page
    assert [each.shape.name for each in answer.context["ranking"]] == ["武昌区", "洪山区"]
    assert "示意图" in page
    assert 'href="/console/420106"' in page


def test_a_point_stands_where_the_pharmacy_is(client: Client, world: World) -> None:
    answer = w.as_official(client, world.city).get("/console/420100/map")
    (point,) = answer.context["points"]
    assert point.said == "向阳大药房：7 条待看线索"
    # 114.302, 30.545 lies 0.052 of 0.2 degrees from the west and 0.055 of 0.1 from the north
    assert point.x == pytest.approx(answer.context["drawing"].width * 0.052 / 0.2, abs=0.5)
    assert point.y == pytest.approx(answer.context["drawing"].height * 0.55, abs=0.5)
    assert f"/console/420100/leads?q={world.shop.code}" == point.link


@pytest.mark.parametrize("by", county_map.BY)
def test_every_figure_has_a_map_and_a_table(client: Client, world: World, by: str) -> None:
    w.as_official(client, world.city)
    assert client.get(f"/console/420100/map?by={by}").status_code == 200
    assert "武昌区" in client.get(f"/console/420100/map?by={by}&format=csv").getvalue().decode("utf-8-sig")


def test_a_county_alone_and_one_without_a_border(client: Client, world: World) -> None:
    w.as_official(client, f.region())
    alone = client.get("/console/420106/map?by=late").context
    assert [each.said for each in alone["counties"]] == ["武昌区：逾期未报送 50.0%"]
    assert {each.said for each in alone["shops"]} >= {"向阳大药房", "邻居1号"}
    assert "画不了地图" in client.get("/console/420502/map").content.decode()


def test_counties_and_cities_under_new_names_stay_on_the_map(client: Client, world: World) -> None:
    f.outlined(world.city, f.square(114.25, 30.5, 114.45, 30.6))
    f.renamed(f.wuchang(), "新武昌区")
    new_city = f.renamed(world.city, "新武汉市")
    answer = w.as_official(client, new_city).get("/console/420100/map")
    drawn = answer.context["drawing"]
    assert {shape.name for shape in drawn.shapes} == {"新武汉市", "新武昌区", "洪山区"}
    assert (drawn.width, len(answer.context["borders"])) == (pytest.approx(720, abs=1), 1)


def test_strangers_see_no_map(client: Client, world: World) -> None:
    w.as_official(client, world.elsewhere)
    assert client.get("/console/420100/map").status_code == 404


def test_a_map_is_a_few_queries(client: Client, world: World, django_assert_max_num_queries: object) -> None:
    w.as_official(client, world.city)
    with django_assert_max_num_queries(28):  # type: ignore[operator]  # a fixture that is a function
        client.get("/console/420100/map")


def test_shades_are_fifths_and_equal_values_share_one() -> None:
    edges = county_map.breaks([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    assert [county_map.shade(value, edges) for value in (1, 3, 5, 7, 10)] == [1, 2, 3, 4, 5]
    assert county_map.breaks([3, 3, 3]) == []
    assert county_map.shade(3, []) == 1
    few = county_map.breaks([0, 0, 0, 0, 0, 0, 0, 9])
    assert (county_map.shade(0, few), county_map.shade(9, few)) == (1, 5)
