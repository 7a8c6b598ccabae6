"""The figures of a night: who reports, what is covered, how far prices lie apart, what was found."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from prices.models import AreaFigure, Lead, Rejection, RunPharmacy
from prices.monitoring import figures
from prices.statistics.roll_up import roll_up
from tests import factories as f
from tests.factories import AT
from tests.prices.area_world import sell

DAY = timedelta(days=1)
pytestmark = pytest.mark.django_db


def figure(area=None):
    return AreaFigure.objects.get(area=area or f.wuchang())


def test_every_shop_reports_in_time_or_late_or_not_at_all():
    shops = [f.pharmacy() for _n in range(4)]
    f.pharmacy(status="suspended")
    f.pharmacy(kind="hospital")
    for shop, age in zip(shops, (1, 10, 11, 29), strict=True):
        f.report(f.feed(), shop, AT - age * DAY)
    f.pharmacy()
    f.rebuild_today()
    figures.work_out(AT)
    found = figure()
    assert (found.shops, found.reporting, found.late, found.silent) == (5, 2, 1, 2)


def test_an_area_adds_up_what_its_insurance_areas_manage():
    """A shop that stands in 武昌区 and is managed by 洪山区 counts there."""
    f.pharmacy(insurance_area=f.hongshan())
    f.pharmacy()
    f.pharmacy()
    f.rebuild_today()
    figures.work_out(AT)
    assert [figure(each).shops for each in (f.wuchang(), f.hongshan(), f.region("420100"), f.region())] == [2, 1, 3, 3]


def test_coverage_is_of_the_catalogue_in_force():
    sold, unsold, unlisted, doubtful = (f.drug() for _n in range(4))
    for each in (sold, unsold):
        f.match(each, f.listing())
    f.match(doubtful, f.listing(), state="candidate")
    for each in (sold, unlisted, doubtful):
        sell(each, "10.00")
    roll_up(AT)
    figures.work_out(AT)
    assert (figure().products, figure().covered) == (2, 1)


def test_offers_and_those_that_are_fresh():
    drug = f.drug()
    for age in (0, 20, 60):
        f.offer(drug, f.pharmacy(), "10.00", confirmed=AT - age * DAY)
    f.offer(drug, f.pharmacy(), "9.00", state=0)
    f.rebuild_today()
    figures.work_out(AT)
    assert (figure().offers, figure().fresh) == (3, 1)


def test_dispersion_is_the_middle_quartile_coefficient_of_products_with_enough_shops():
    """V6.7's prices: (12.58 - 12.00) / (12.58 + 12.00); all the same: 0; four shops: not counted."""
    sell(f.drug(), "12.00", "12.50", "11.80", "12.20", "12.00", "13.00", "12.40", "11.50", "12.60", "24.80")
    sell(f.drug(), *["5.00"] * 5)
    sell(f.drug(), "1.00", "2.00", "3.00", "4.00")
    roll_up(AT)
    figures.work_out(AT)
    assert figure().dispersed == 2
    assert figure().dispersion == pytest.approx((12.58 - 12.00) / (12.58 + 12.00) / 2)


def test_rows_are_counted_over_a_day_by_the_shop_they_name():
    shop, other = f.pharmacy(), f.pharmacy(division=f.hongshan())
    today, before = f.run(), f.run(received_at=AT - 2 * DAY)
    for run in (today, before):
        RunPharmacy.objects.create(run=run, pharmacy=shop, as_of=AT, accepted=7)
        Rejection.objects.create(run=run, line=2, raw={}, reasons=["price"], pharmacy_id=shop.pk)
    Rejection.objects.create(run=today, line=3, raw={}, reasons=["pharmacy"])
    RunPharmacy.objects.create(run=today, pharmacy=other, as_of=AT, accepted=1)
    f.rebuild_today()
    figures.work_out(AT)
    assert [(figure(each).received, figure(each).refused) for each in (f.wuchang(), f.region())] == [(8, 1), (9, 1)]


def test_leads_count_for_the_area_and_all_above_and_withdrawn_ones_do_not():
    shop = f.pharmacy()
    f.rebuild_today()

    def lead(drug_id, found, **fields):
        Lead.objects.create(
            **{
                "drug_id": drug_id, "pharmacy_id": shop.pk, "area": f.wuchang(), "city": f.region("420100"),
                "price_fen": 1500, "previous_fen": 1000, "since": found, "on": found.date(), "found_at": found,
                "excess": 0.5, "score": 1,
            } | fields
        )  # fmt: skip

    lead(1, AT)
    lead(2, AT - 3 * DAY)
    lead(3, AT, state="withdrawn", withdrawn_because="slip")
    figures.work_out(AT)
    for area in (f.wuchang(), f.region("420100"), f.region()):
        assert (figure(area).leads, figure(area).open_leads) == (1, 2)


def test_the_same_night_twice_leaves_one_row_with_the_newer_word():
    f.pharmacy()
    f.rebuild_today()
    figures.work_out(AT)
    f.pharmacy()
    f.rebuild_today()
    assert figures.work_out(AT + timedelta(hours=1)) == 3
    assert (figure().shops, figure().at) == (2, AT + timedelta(hours=1))
    assert figures.latest(f.wuchang()) == figure()
    assert figures.series(f.wuchang(), AT.date(), AT.date()) == [figure()]


@pytest.mark.parametrize(
    ("wrong", "constraint"),
    [
        ({"silent": 0}, "figure_every_shop_is_one_of_three"),
        ({"fresh": 11}, "figure_parts_within_the_whole"),
        ({"covered": 4}, "figure_parts_within_the_whole"),
        ({"refused": 6}, "figure_parts_within_the_whole"),
        ({"dispersed": 0}, "figure_dispersion_of_some_products"),
        ({"dispersion": None}, "figure_dispersion_of_some_products"),
        ({"dispersion": 1.0}, "figure_dispersion_of_some_products"),
        ({}, ""),
    ],
)
def test_the_database_refuses_figures_that_cannot_be(wrong, constraint):
    fields = {
        "area": f.wuchang(), "on": AT.date(), "at": AT, "shops": 3, "reporting": 1, "late": 1, "silent": 1,
        "offers": 10, "fresh": 5, "products": 3, "covered": 2, "received": 5, "refused": 1, "dispersed": 2,
        "dispersion": 0.1, "leads": 0, "open_leads": 0,
    }  # fmt: skip
    if not constraint:
        AreaFigure.objects.create(**fields)
        fields |= {"shops": 3}
        constraint = "figure_once_a_day"
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        AreaFigure.objects.create(**fields | wrong)
