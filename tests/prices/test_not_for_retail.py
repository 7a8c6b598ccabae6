"""What a list bars from retail (麻醉药品, 第一类精神药品 …) is never shown at a pharmacy; hospitals and clinics may show it."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog.models import Drug, DrugListEntry
from pharmacies.geo import Wgs84
from pharmacies.models import Pharmacy
from prices.search import plans
from prices.search.lists import at_no_pharmacy, not_for_retail
from prices.search.lowest import lowest
from prices.search.offers import find
from prices.search.pharmacies import by_code, shelf
from prices.search.questions import Barred, Filters, Target, Where
from prices.sql import statement
from tests import factories
from tests.factories import AT, ORIGIN, since

pytestmark = pytest.mark.django_db

HERE = Where(Wgs84(*ORIGIN), 5000)
EVERY_KIND = Filters(kinds=("pharmacy", "hospital", "clinic"))
ALL_PLANS = [(sort, plan) for sort in ("nearest", "cheapest") for plan in plans.PLANS[sort]]


@dataclass
class Places:
    drug: Drug
    shop: Pharmacy
    elsewhere: Pharmacy  # another district of the same city
    hospital: Pharmacy
    clinic: Pharmacy


@pytest.fixture
def places() -> Places:
    """One drug, at two pharmacies of two districts, a hospital and a clinic; the pharmacies are cheapest."""
    found = Places(
        drug=factories.drug(factories.preparation("盐酸吗啡缓释片", "缓释片", "30mg"), pack_count=10),
        shop=factories.pharmacy("街角药房", north_m=100),
        elsewhere=factories.pharmacy("邻区药房", north_m=200, division=factories.hongshan()),
        hospital=factories.pharmacy("演示医院", north_m=300, kind="hospital"),
        clinic=factories.pharmacy("社区服务中心", north_m=400, kind="clinic"),
    )
    for number, place in enumerate((found.shop, found.elsewhere, found.hospital, found.clinic), 5):
        factories.offer(found.drug, place, f"{number}.00")
    factories.rebuild_today()
    return found


def shown(drug: Drug, filters: Filters = EVERY_KIND, *, sort: Any = "nearest", plan: Any = None) -> set[str]:
    answer = find(Target.of_drug(drug), HERE, sort=sort, at=AT, filters=filters, plan=plan)
    return {found.shop.name for found in answer.results}


@pytest.mark.parametrize(("sort", "plan"), ALL_PLANS)
def test_no_plan_ranks_it_at_a_pharmacy(sort: Any, plan: Any, places: Places) -> None:
    assert len(shown(places.drug, sort=sort, plan=plan)) == 4
    factories.drug_list("not_for_retail", factories.region(), places.drug)
    assert shown(places.drug, sort=sort, plan=plan) == {"演示医院", "社区服务中心"}
    assert shown(places.drug, Filters(), sort=sort, plan=plan) == set()


def test_the_list_of_the_nearest_area_counts_alone(places: Places) -> None:
    factories.drug_list("not_for_retail", factories.region(), places.drug)
    other = factories.drug(factories.preparation("米非司酮片", "片剂", "25mg"))
    factories.drug_list("not_for_retail", factories.hongshan(), other)
    assert shown(places.drug, Filters()) == {"邻区药房"}, "the district's own list does not name it"
    assert lowest([places.drug.pk], at=AT) == {places.drug.pk: 600}


def test_a_list_of_one_district_binds_that_district(places: Places) -> None:
    factories.drug_list("not_for_retail", factories.wuchang(), places.drug)
    assert shown(places.drug, Filters()) == {"邻区药房"}


def test_lists_of_other_kinds_bar_nothing(places: Places) -> None:
    for kind in ("monitored", "dual_channel", "separate_payment"):
        factories.drug_list(kind, factories.region(), places.drug)
    assert shown(places.drug, Filters()) == {"街角药房", "邻区药房"}


@pytest.mark.parametrize(
    ("name", "form", "bars"),
    [
        ("盐酸吗啡缓释片", "", True),
        ("盐酸吗啡缓释片", "缓释片", True),
        ("盐酸吗啡缓释片", "注射剂", False),
        ("盐酸吗啡", "", False),
    ],
)
def test_a_name_bars_its_own_form_or_every_one(name: str, form: str, bars: bool, places: Places) -> None:
    row = factories.drug_list("not_for_retail", factories.region())
    DrugListEntry.objects.create(drug_list=row, generic_name=name, dosage_form=form, valid=row.valid)
    assert ("街角药房" in shown(places.drug)) is not bars
    assert ("盐酸吗啡缓释片" in on_shelf(places.shop)) is not bars


@pytest.mark.parametrize(("state", "bars"), [("accepted", True), ("candidate", False), ("rejected", False)])
def test_a_listing_bars_what_a_person_has_matched_to_it(state: str, bars: bool, places: Places) -> None:
    listing = factories.listing("吗啡")
    factories.match(places.drug, listing, state)
    row = factories.drug_list("not_for_retail", factories.region())
    DrugListEntry.objects.create(drug_list=row, listing=listing, valid=row.valid)
    assert ("街角药房" in shown(places.drug)) is not bars
    assert ("盐酸吗啡缓释片" in on_shelf(places.shop)) is not bars


def test_it_may_be_sold_again_once_the_list_has_ended(places: Places) -> None:
    factories.drug_list("not_for_retail", factories.region(), places.drug, valid=since(end=AT.date()))
    assert "街角药房" in shown(places.drug)
    assert places.drug.pk in lowest([places.drug.pk], at=AT)
    assert on_shelf(places.shop) == ["盐酸吗啡缓释片"]


def test_the_other_drugs_of_a_preparation_stay(places: Places) -> None:
    allowed = factories.drug(places.drug.preparation, pack_count=20)
    factories.offer(allowed, places.shop, "30.00")
    factories.drug_list("not_for_retail", factories.region(), places.drug)
    target = Target.of_preparation(places.drug.preparation, (places.drug, allowed))
    per_shop = Filters(per_pharmacy=True)
    for sort in plans.SORTS:
        answer = find(target, HERE, sort=sort, at=AT, filters=per_shop)
        assert [(found.shop.name, found.drug) for found in answer.results] == [("街角药房", allowed)]


def test_search_results_say_no_price_of_a_pharmacy_that_may_not_sell_it(places: Places) -> None:
    assert lowest([places.drug.pk], at=AT) == {places.drug.pk: 500}
    factories.drug_list("not_for_retail", factories.wuchang(), places.drug)
    assert lowest([places.drug.pk], at=AT) == {places.drug.pk: 600}
    factories.drug_list("not_for_retail", factories.region(), places.drug)
    assert lowest([places.drug.pk], at=AT) == {}


def on_shelf(place: Pharmacy) -> list[str]:
    listed = by_code(place.code)
    assert listed is not None
    return [found.drug.preparation.generic_name for found in shelf(listed, at=AT)[0]]


def test_it_is_on_no_pharmacys_shelf_page_or_api_but_on_a_hospitals(
    places: Places, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: AT)  # the prices of that day are shown for some weeks only
    factories.offer(factories.drug(), places.shop, "9.90")
    factories.drug_list("not_for_retail", factories.region(), places.drug)
    assert on_shelf(places.shop) == ["苯磺酸氨氯地平片"]
    assert on_shelf(places.hospital) == on_shelf(places.clinic) == ["盐酸吗啡缓释片"]
    for place, there in ((places.shop, False), (places.hospital, True)):
        for address in (f"/pharmacies/{place.code}", f"/api/v1/pharmacies/{place.code}/offers"):
            answer = client.get(address)
            assert answer.status_code == 200
            assert (places.drug.code in answer.content.decode()) is there, address


def test_it_costs_the_usual_drug_one_query(places: Places) -> None:
    factories.drug_list("not_for_retail", factories.region(), factories.drug(factories.preparation("芬太尼透皮贴剂")))
    target = Target.of_drug(places.drug)
    with CaptureQueriesContext(connection) as asked:
        find(target, HERE, sort="nearest", at=AT)
    assert [query["sql"].split("\n")[0][:12] for query in asked.captured_queries] == ["-- Answers: "] * 2
    assert not_for_retail([places.drug.pk], AT.date()) == Barred()


def test_a_drug_that_no_pharmacy_may_sell_is_not_looked_for(places: Places) -> None:
    factories.drug_list("not_for_retail", factories.region(), places.drug)
    with CaptureQueriesContext(connection) as asked:
        assert shown(places.drug, Filters()) == set()
    assert not any("prices_offer" in query["sql"] for query in asked.captured_queries)


def test_a_province_without_a_list_is_not_bound_by_its_neighbours(places: Places) -> None:
    factories.drug_list("not_for_retail", factories.region(), places.drug)
    barred = not_for_retail([places.drug.pk], date(2026, 11, 21))
    assert at_no_pharmacy(barred) == {places.drug.pk}
    factories.region("430000", "湖南省")
    assert at_no_pharmacy(barred) == set()


def test_a_list_of_thousands_is_not_read_to_check_a_drug(places: Places) -> None:
    row = factories.drug_list("not_for_retail", factories.region(), places.drug)
    DrugListEntry.objects.bulk_create(
        DrugListEntry(drug_list=row, generic_name=f"药{number}片", valid=row.valid) for number in range(3000)
    )
    with connection.cursor() as cursor:
        asked: dict[str, Any] = {"kind": "not_for_retail", "day": AT.date(), "drugs": [places.drug.pk]}
        cursor.execute("SET LOCAL enable_seqscan = off")  # an index that earlier tests have bloated can still be used
        cursor.execute("EXPLAIN (ANALYZE, TIMING OFF) " + statement("listed"), asked)
        lines = [line for (line,) in cursor.fetchall() if "actual rows=" in line]
    assert not any("Seq Scan on catalog_druglistentry" in line for line in lines)
    assert max(int(line.split("actual rows=")[1].split()[0]) for line in lines) <= 2
