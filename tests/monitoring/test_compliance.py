"""A month of reporting, counted by hand: expected against received, lateness, refused rows, what citizens saw."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from pharmacies.models import Pharmacy
from prices.models import Rejection, ReporterMonth, SourcePrice
from prices.monitoring import compliance
from tests import factories as f
from tests.factories import AT
from tests.monitoring.reporting_world import changed, sent, weekly

pytestmark = pytest.mark.django_db
NOVEMBER = date(2026, 11, 1)


def noon(day: int, month: int = 11) -> datetime:
    return AT.replace(month=month, day=day, hour=12)


def of(shop: Pharmacy, month: date = NOVEMBER) -> ReporterMonth:
    return ReporterMonth.objects.get(month=month, pharmacy_id=shop.pk)


@pytest.fixture
def shops(db: None) -> dict[str, Pharmacy]:
    """By the 20th two whole weeks of November are over: `good` reported in both, `half` in the first, `never` not."""
    made = {name: f.pharmacy(name) for name in ("good", "half", "never")}
    for name in ("good", "half"):
        f.report(weekly(), made[name], AT)
    f.rebuild_today()
    for day in (3, 4, 10, 18):
        sent(made["good"], noon(day))
    sent(made["half"], noon(3), accepted=8)
    return made


def test_received_are_the_whole_periods_in_which_a_report_came(shops: dict[str, Pharmacy]) -> None:
    assert compliance.work_out(AT) == 3
    assert {name: (of(shop).expected, of(shop).received) for name, shop in shops.items()} == {
        "good": (2, 2),
        "half": (2, 1),
        "never": (2, 0),
    }
    assert of(shops["good"]).through == date(2026, 11, 20)


def test_late_is_every_day_on_which_the_newest_report_was_too_old(shops: dict[str, Pharmacy]) -> None:
    """good: late until its first report on the 3rd at noon (2.5 days, 3). half: also from the 14th at midnight on (7)."""
    compliance.work_out(AT)
    assert {name: of(shop).late_days for name, shop in shops.items()} == {"good": 3, "half": 10, "never": 20}


def test_a_report_before_the_month_counts_until_it_is_too_old(shops: dict[str, Pharmacy]) -> None:
    sent(shops["never"], noon(30, 10))
    compliance.work_out(AT)
    assert of(shops["never"]).late_days == 11  # fresh until the 10th at midnight


def test_refused_rows_are_those_of_the_months_deliveries(shops: dict[str, Pharmacy]) -> None:
    run = sent(shops["half"], noon(18), accepted=10)
    earlier = sent(shops["half"], noon(20, 10), accepted=99)
    for line in (1, 2):
        Rejection.objects.create(run=run, line=line, raw={}, reasons=["price_missing"], pharmacy_id=shops["half"].pk)
    Rejection.objects.create(run=earlier, line=1, raw={}, reasons=["price_missing"], pharmacy_id=shops["half"].pk)
    compliance.work_out(AT)
    assert (of(shops["half"]).lines, of(shops["half"]).refused) == (20, 2)


def test_what_citizens_saw_is_compared_with_the_price_published_then(shops: dict[str, Pharmacy]) -> None:
    drug, other = f.drug(), f.drug()
    shop = shops["good"]
    changed(drug, shop, None, "10.00", noon(1))
    changed(drug, shop, "10.00", "12.00", noon(15))
    f.offer(drug, shop, "12.00")
    f.offer(other, shop, "5.00", confirmed=noon(1))
    for each, price in ((drug, "10.00"), (other, "6.00")):
        SourcePrice.objects.create(
            drug_id=each.pk, pharmacy_id=shop.pk, kind="observed", total=Decimal(price), as_of=noon(12),
            feed_id=weekly().pk, run_id=1,
        )  # fmt: skip
    compliance.work_out(AT)
    assert (of(shop).observed, of(shop).agreed) == (2, 1)


def test_working_it_out_again_changes_nothing(shops: dict[str, Pharmacy]) -> None:
    compliance.work_out(AT)
    before = list(ReporterMonth.objects.order_by("pharmacy_id").values())
    compliance.work_out(AT)
    assert list(ReporterMonth.objects.order_by("pharmacy_id").values()) == before


def test_the_first_night_of_a_month_finishes_the_last_one(shops: dict[str, Pharmacy]) -> None:
    compliance.work_out(AT + timedelta(days=10))  # 1 December
    assert of(shops["good"]).through == date(2026, 11, 30)
    assert (of(shops["good"]).expected, of(shops["good"]).received) == (4, 3)


def test_a_last_night_that_was_missed_is_made_up_for(shops: dict[str, Pharmacy]) -> None:
    compliance.work_out(AT)
    compliance.work_out(AT + timedelta(days=12))  # 3 December: of November nothing after the 20th
    assert of(shops["good"]).through == date(2026, 11, 30)
    assert of(shops["good"], date(2026, 12, 1)).through == date(2026, 12, 2)


def test_a_feed_that_reports_less_often_than_monthly_owes_one_report_a_month(shops: dict[str, Pharmacy]) -> None:
    weekly().__class__.objects.update(cadence=timedelta(days=90))
    compliance.work_out(AT)
    assert of(shops["half"]).expected == 0
    compliance.work_out(AT + timedelta(days=10))
    assert (of(shops["half"]).expected, of(shops["half"]).received) == (1, 1)


def test_sums_by_area_and_shops_with_the_worst_first(shops: dict[str, Pharmacy]) -> None:
    compliance.work_out(AT)
    sums = compliance.by_area(f.region(), NOVEMBER)[f.wuchang().pk]
    assert (sums.shops, sums.expected, sums.received, sums.on_time) == (3, 6, 3, 0.5)
    assert [shop.name for shop in compliance.by_shop(f.region(), NOVEMBER)] == ["never", "half", "good"]
    assert compliance.by_area(f.hongshan(), NOVEMBER) == {}
