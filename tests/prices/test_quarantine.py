"""Quarantined rows: settled by a person, remembered, replayed with their own date."""

from datetime import timedelta

import pytest

from catalog.models import Alias
from pharmacies.models import AuditEvent
from prices.ingest import quarantine, runs
from prices.models import FeedRun, Offer, Rejection
from tests import factories as f
from tests.factories import AT
from tests.prices.deliveries import deliver, shown

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
SETTLED = {"by": "张丽", "reason": "已核对包装", "at": AT + DAY}


def test_a_settled_code_brings_its_rows_back_with_their_own_date():
    shop, drug, feed = f.pharmacy(), f.drug(), f.feed("till")
    deliver(feed, f"{shop.code},A-17,12.60")
    replayed = quarantine.settle_code(Rejection.objects.get().pk, drug=drug, **SETTLED)
    assert [runs.process(run.pk).changed for run in replayed] == [1]
    assert Offer.objects.get().as_of == AT
    assert Rejection.objects.get().state == Rejection.State.SETTLED
    assert Alias.objects.get().reviewed_by == "张丽"
    assert AuditEvent.objects.get(action="rejection.settle").reason == "已核对包装"


def test_a_settled_code_is_understood_from_then_on():
    shop, drug, feed = f.pharmacy(), f.drug(), f.feed("till")
    deliver(feed, f"{shop.code},A-17,12.60")
    quarantine.settle_code(Rejection.objects.get().pk, drug=drug, **SETTLED)
    assert deliver(feed, f"{shop.code},A-17,13.00", at=AT + 2 * DAY).changed == 1
    assert deliver(f.feed("other"), f"{shop.code},A-17,13.50", at=AT + 2 * DAY).refused == 1


def test_only_the_newest_row_of_a_price_is_replayed():
    shop, drug, feed = f.pharmacy(), f.drug(), f.feed("till")
    for day, price in enumerate(("12.00", "12.60")):
        deliver(feed, f"{shop.code},A-17,{price}", at=AT + day * DAY)
    replayed = quarantine.settle_code(Rejection.objects.first().pk, drug=drug, **SETTLED)
    assert [runs.process(run.pk).rows for run in replayed] == [1]
    assert shown(drug, shop) == "12.60"
    assert not Rejection.objects.filter(state=Rejection.State.REFUSED).exists()


def test_a_newer_price_is_not_undone_by_a_replay():
    shop, drug, feed = f.pharmacy(), f.drug(), f.feed("till")
    deliver(feed, f"{shop.code},A-17,12.60")
    deliver(feed, f"{shop.code},{drug.code},14.00", at=AT + timedelta(hours=1))
    for run in quarantine.settle_code(Rejection.objects.get().pk, drug=drug, **SETTLED):
        runs.process(run.pk)
    assert shown(drug, shop) == "14.00"


def test_a_person_may_accept_a_suspected_slip():
    shop, drug, feed = f.pharmacy(), f.drug(), f.feed("till")
    deliver(feed, f"{shop.code},{drug.code},12.60")
    deliver(feed, f"{shop.code},{drug.code},126.00", at=AT + timedelta(hours=1))
    run = runs.process(quarantine.accept_price(Rejection.objects.get().pk, **SETTLED).pk)
    assert (run.operator, run.changed) == ("张丽", 1)
    assert shown(drug, shop) == "126.00"


def test_what_is_settled_cannot_be_settled_again_and_other_problems_need_a_new_delivery():
    shop, feed = f.pharmacy(), f.feed("till")
    deliver(feed, f"{shop.code},A-17,abc")
    row = Rejection.objects.get()
    with pytest.raises(quarantine.NotOpen):
        quarantine.accept_price(row.pk, **SETTLED)
    Rejection.objects.update(state=Rejection.State.SETTLED, settled_by="张丽")
    with pytest.raises(quarantine.NotOpen):
        quarantine.settle_code(row.pk, drug=f.drug(), **SETTLED)
    assert FeedRun.objects.count() == 1
