"""Where a dual-channel drug is nowhere in stock, and how far the nearest is: on a map drawn by hand."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from prices.models import AccessGap, Offer, Stock
from prices.monitoring import access_gaps
from tests import factories as f
from tests.factories import AT

pytestmark = pytest.mark.django_db
DUAL = ("designated", "dual_channel")
TODAY = AT.date()


@pytest.fixture
def world(db: None) -> dict[str, Any]:
    """Shops on a line to the north: 武昌 at 0 m, 洪山 at 3000 m. The list names `rare`; only 武昌 has it."""
    rare = f.drug(f.preparation("诺西那生钠注射液", "注射剂", "12mg"))
    wuchang = f.pharmacy("武昌双通道药房", designations=DUAL)
    hongshan = f.pharmacy("洪山双通道药房", division=f.hongshan(), north_m=3000, designations=DUAL)
    f.drug_list("dual_channel", f.region(), rare)
    f.offer(rare, wuchang, "33000.00")
    f.offer(rare, hongshan, "33000.00", stock=Stock.OUT)
    f.rebuild_today()
    return {"rare": rare, "wuchang": wuchang, "hongshan": hongshan}


def found(on: date = TODAY) -> list[tuple[str, str, float | None]]:
    return [
        (gap.region.name, gap.nearest.name if gap.nearest else "", gap.distance_m and round(gap.distance_m))
        for gap in access_gaps.gaps(f.region(), on)
    ]


def test_a_county_without_stock_is_told_how_far_the_nearest_is(world: dict[str, Any]) -> None:
    assert access_gaps.work_out(AT) == 1
    assert found() == [("洪山区", "武昌双通道药房", 3000)]
    assert AccessGap.objects.get().listed == 1  # the shop that says it has none


def test_a_county_without_pharmacies_is_measured_from_the_middle_of_its_outline(world: dict[str, Any]) -> None:
    lng, lat = f.ORIGIN
    empty = f.region("420105", "汉阳区", f.wuchang().parent)
    f.outlined(empty, f.square(lng - 0.01, lat + 5000 * f.METRE - 0.01, lng + 0.01, lat + 5000 * f.METRE + 0.01))
    f.region("420107", "青山区", f.wuchang().parent)  # of which nobody knows where it lies
    access_gaps.work_out(AT)
    gaps = {region: (nearest, metres) for region, nearest, metres in found()}
    assert gaps["汉阳区"] == ("武昌双通道药房", pytest.approx(5000, abs=1))
    assert gaps["青山区"] == ("", None)


@pytest.mark.parametrize("stock", [Stock.UNKNOWN, Stock.ORDER, Stock.OUT])
def test_only_what_a_shop_says_it_has_is_in_stock(world: dict[str, Any], stock: int) -> None:
    Offer.objects.update(stock=stock)
    assert access_gaps.work_out(AT) == 2
    assert {(region, nearest) for region, nearest, _ in found()} == {("武昌区", ""), ("洪山区", "")}


def test_a_shop_without_the_designation_or_with_old_news_helps_nobody(world: dict[str, Any]) -> None:
    world["hongshan"].designations.filter(kind="dual_channel").delete()
    Offer.objects.filter(pharmacy_id=world["hongshan"].pk).update(stock=Stock.IN)
    Offer.objects.filter(pharmacy_id=world["wuchang"].pk).update(confirmed_at=AT - timedelta(days=11))
    f.rebuild_today()
    access_gaps.work_out(AT)
    assert found() == [("武昌区", "", None), ("洪山区", "", None)]


def test_any_product_of_the_preparation_will_do(world: dict[str, Any]) -> None:
    other = f.drug(world["rare"].preparation)
    f.drug_list("dual_channel", f.hongshan(), world["rare"], other)
    f.offer(other, world["hongshan"], "32000.00")
    assert access_gaps.work_out(AT) == 0


def test_the_list_of_the_nearest_area_counts_alone(world: dict[str, Any]) -> None:
    f.drug_list("dual_channel", f.hongshan(), f.drug(f.preparation("别的药", "片剂", "1mg")))
    access_gaps.work_out(AT)
    drugs = {gap.preparation.generic_name for gap in access_gaps.gaps(f.hongshan(), AT.date())}
    assert drugs == {"别的药"}


def test_a_gap_keeps_its_first_day_ends_when_the_drug_is_back_and_is_there_as_of_then(world: dict[str, Any]) -> None:
    access_gaps.work_out(AT)
    access_gaps.work_out(AT + timedelta(days=1))
    Offer.objects.filter(pharmacy_id=world["hongshan"].pk).update(stock=Stock.IN)
    access_gaps.work_out(AT + timedelta(days=2))
    gap = AccessGap.objects.get()
    assert (gap.since, gap.until) == (AT.date(), AT.date() + timedelta(days=2))
    assert len(found(AT.date() + timedelta(days=1))) == 1
    assert found(AT.date() + timedelta(days=2)) == []
    assert found(AT.date() - timedelta(days=1)) == []


def test_a_gap_of_today_that_was_none_after_all_leaves_no_trace(world: dict[str, Any]) -> None:
    access_gaps.work_out(AT)
    Offer.objects.update(stock=Stock.LOW)
    access_gaps.work_out(AT)
    assert not AccessGap.objects.exists()


def test_a_county_is_not_told_of_another_areas_gaps(world: dict[str, Any]) -> None:
    access_gaps.work_out(AT)
    assert list(access_gaps.gaps(f.wuchang(), AT.date())) == []


@pytest.mark.parametrize(
    "wrong", [{"distance_m": None}, {"nearest": None}, {"distance_m": -1}, {"until": AT.date()}], ids=str
)
def test_the_database_refuses_an_impossible_gap(world: dict[str, Any], wrong: dict[str, Any]) -> None:
    fields = {
        "preparation": world["rare"].preparation, "region": f.wuchang(), "since": AT.date(), "seen": AT.date(),
        "nearest": world["wuchang"], "distance_m": 1.0, "listed": 0,
    }  # fmt: skip
    with pytest.raises(IntegrityError), transaction.atomic():
        AccessGap.objects.create(**fields | wrong)
    AccessGap.objects.create(**fields)
    with pytest.raises(IntegrityError), transaction.atomic():
        AccessGap.objects.create(**fields)  # open twice
