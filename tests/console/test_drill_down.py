"""From an area to its pharmacies, and from a class of the catalogue to a product: figures of last night, no offers."""

from datetime import timedelta

import pytest
from django.test import Client

from catalog.models import Category
from tests import factories as f
from tests.console import leads_world as w
from tests.console.leads_world import TODAY, World
from tests.factories import AT
from tests.staff.accounts_world import Clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(clock: Clock) -> World:
    made = w.world()
    edition = f.edition()
    for code, name in (("XC", "心血管系统"), ("XC08CA", "二氢吡啶衍生物类")):
        Category.objects.create(edition=edition, code=code, name=name)
    w.area_price(made.drug, f.wuchang(), TODAY - timedelta(days=3), mode_fen=None, count=4)
    return made


def test_down_from_the_class_to_the_product(client: Client, world: World) -> None:
    w.as_official(client, world.city)
    base = "/console/420100/drugs"
    assert 'href="?class=XC"' in client.get(base).content.decode()
    assert 'href="?class=XC08CA"' in client.get(f"{base}?class=XC").content.decode()
    preparation = f"{base}/{world.drug.preparation_id}"
    assert f'href="{preparation}"' in client.get(f"{base}?class=XC08CA").content.decode()
    product = f"{base}/products/{world.drug.code}"
    page = w.plain(client.get(preparation))
    assert f'href="{product}"' in page
    assert "18.90" in page
    answer = client.get(product)
    assert answer.context["chart"].lines[0].values[-1] == 18.9
    assert [row["area"] for row in answer.context["table"].rows] == ["武汉市", "武昌区"]
    assert "比这家店过去 28 天的常见价高 42%" in w.plain(answer)


def test_drugs_are_found_by_name(client: Client, world: World) -> None:
    page = w.plain(w.as_official(client, world.city).get("/console/420100/drugs?q=氨氯地平"))
    assert f"/drugs/{world.drug.preparation_id}" in page


def test_leads_of_another_area_are_not_counted(client: Client, world: World) -> None:
    w.as_official(client, world.elsewhere)
    page = client.get(f"/console/420502/drugs/products/{world.drug.code}")
    assert page.context["leads"] == []
    (row,) = client.get(f"/console/420502/drugs/{world.drug.preparation_id}").context["table"].rows
    assert row["leads"] == 0


def test_what_is_not_in_the_catalogue_is_not_found(client: Client, world: World) -> None:
    w.as_official(client, world.city)
    for address in ("drugs/99999999", "drugs/products/XC08CAB037A001999999999"):
        assert client.get(f"/console/420100/{address}").status_code == 404
    assert client.get("/console/420100/drugs?class=QQ").status_code == 200


def test_pharmacies_with_their_leads_and_reports(client: Client, world: World) -> None:
    f.report(f.feed(), world.shop, AT - timedelta(days=9))
    w.as_official(client, world.city)
    page = client.get("/console/420100/pharmacies?q=向阳")
    (row,) = page.context["table"].rows[:5]
    assert (row["leads"], row["days"]) == (1, 9)
    own = w.plain(client.get(f"/console/420100/pharmacies/{world.shop.code}"))
    assert "比这家店过去 28 天的常见价高 42%" in own
    assert "逾期未报送" not in own  # late after a week and a half


def test_a_pharmacy_of_another_area_is_not_there(client: Client, world: World) -> None:
    w.as_official(client, world.elsewhere)
    assert client.get(f"/console/420502/pharmacies/{world.shop.code}").status_code == 404
    assert client.get(f"/console/420100/pharmacies/{world.shop.code}").status_code == 404
    assert "向阳" not in client.get("/console/420502/pharmacies").content.decode()


@pytest.mark.parametrize(
    "page", ["pharmacies", "drugs?class=XC08CA", "drugs/{preparation}", "drugs/products/{code}", "pharmacies/{shop}"]
)
def test_pages_are_a_few_queries(
    client: Client, world: World, django_assert_max_num_queries: object, page: str
) -> None:
    w.as_official(client, world.city)
    for _ in range(20):
        f.drug()
        f.pharmacy()
    path = page.format(preparation=world.drug.preparation_id, code=world.drug.code, shop=world.shop.code)
    with django_assert_max_num_queries(28):  # type: ignore[operator]  # a fixture that is a function
        assert client.get(f"/console/420100/{path}").status_code == 200
