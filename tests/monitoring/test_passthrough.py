"""How a procurement price landed on four shelves, counted by hand, and what was saved."""

from datetime import date, timedelta
from typing import Any

import pytest

from prices.models import Landing
from prices.monitoring import passthrough, tabled_prices
from tests import factories as f
from tests.factories import AT, since
from tests.monitoring.reporting_world import changed

pytestmark = pytest.mark.django_db
START = date(2026, 10, 1)


def city_of() -> Any:
    return f.wuchang().parent


def noon(month: int, day: int) -> Any:
    return AT.replace(month=month, day=day, hour=12)


@pytest.fixture
def price(db: None) -> Any:
    """10.00 from 1 October, 15 % mark-up allowed: `quick` came down after 5 days, `never` not, `cheap` always was below,
    `new` sells since 10 November, 11 days, and asks too much; `gone` sells no more."""
    drug = f.drug()
    shops = {
        name: f.pharmacy(name, division=f.hongshan() if name == "never" else None)
        for name in ("quick", "never", "cheap", "new", "gone")
    }
    f.rebuild_today()
    for name, levels in {
        "quick": ((8, 1, "20.00"), (10, 6, "10.50")),
        "never": ((8, 1, "20.00"),),
        "cheap": ((8, 1, "9.80"),),
        "new": ((11, 10, "12.00"),),
        "gone": ((8, 1, "20.00"), (10, 20, None)),
    }.items():
        old = None
        for month, day, new in levels:
            changed(drug, shops[name], old, new, noon(month, day))
            old = new
        f.offer(drug, shops[name], old or "20.00", state=1 if old else 0)
    made = f.reference_price(drug, "10.00", kind="vbp", valid=since(START), document="鄂医保发〔2026〕9号")
    made.refresh_from_db()
    return made


def of(region: Any) -> Landing:
    return Landing.objects.get(region=region)


def test_days_landed_late_and_above_by_area(price: Any) -> None:
    assert passthrough.work_out(AT) == 4  # 武昌区, 洪山区, 武汉市, 湖北省
    city = of(city_of())
    assert (city.shops, city.landed, city.late, city.above, city.days_median) == (4, 2, 1, 2, 2.5)
    assert (of(f.hongshan()).shops, of(f.hongshan()).landed, of(f.hongshan()).late) == (1, 0, 1)
    assert of(f.region()).shops == 4


def test_the_saving_is_of_shops_that_sold_before_and_sell_now(price: Any) -> None:
    passthrough.work_out(AT)
    city = of(city_of())  # quick 20.00 -> 10.50, never 20.00 -> 20.00, cheap 9.80 -> 9.80
    assert (city.matched, city.before_fen, city.now_fen, city.saved_fen) == (3, 2000, 1050, 950)
    saving = passthrough.saving(passthrough.landings(city_of()))
    assert (saving.products, saving.packs, saving.saved_fen) == (1, 3, 950)
    assert saving.fall == pytest.approx(1 - 10.5 / 20)


def test_each_shop_is_said_in_words_the_slowest_first(price: Any) -> None:
    table = tabled_prices.landing_by_shop(price, city_of(), AT.date())
    assert {row["name"]: (str(row["state"]), row["days"]) for row in table.rows} == {
        "quick": ("已落地", 5),
        "never": ("逾期未落地", None),
        "cheap": ("已落地", 0),
        "new": ("未落地，未到期", None),
        "gone": ("现不在售", None),
    }
    assert [row["days"] for row in table.rows][-2:] == [5, 0]
    assert {row["name"] for row in tabled_prices.landing_by_shop(price, f.hongshan(), AT.date()).rows} == {"never"}


def test_a_price_per_tablet_is_one_per_pack(price: Any) -> None:
    price.unit, price.amount = "smallest", "0.6480"
    price.save()
    (found,) = passthrough.prices(AT.date())
    assert found.fen == 907  # 14 tablets: 9.072


def test_a_price_that_is_no_more_or_is_two_years_old_is_not_watched(price: Any) -> None:
    passthrough.work_out(AT)
    price.valid = since(START, AT.date())
    price.save()
    assert passthrough.work_out(AT) == 0
    assert not Landing.objects.exists()
    price.valid = since(AT.date() - timedelta(days=731))
    price.save()
    assert passthrough.prices(AT.date()) == []


def test_an_offer_that_never_changed_has_the_level_it_has(db: None) -> None:
    drug = f.drug()
    shop = f.pharmacy()
    f.offer(drug, shop, "9.00", confirmed=noon(9, 1))
    f.rebuild_today()
    f.reference_price(drug, "10.00", kind="vbp", valid=since(START))
    passthrough.work_out(AT)
    found = of(f.wuchang())
    assert (found.landed, found.days_median, found.matched, found.saved_fen) == (1, 0, 1, 0)


def test_working_it_out_again_changes_nothing(price: Any) -> None:
    passthrough.work_out(AT)
    before = list(Landing.objects.order_by("region").values("region", "shops", "landed", "days_median", "saved_fen"))
    passthrough.work_out(AT)
    assert (
        list(Landing.objects.order_by("region").values("region", "shops", "landed", "days_median", "saved_fen"))
        == before
    )
