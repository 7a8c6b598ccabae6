"""Corners of the one door that a state machine found first; here they can be read."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange

from catalog.models import Alias
from pharmacies.models import Pharmacy
from prices.ingest import publish, quarantine, receive, runs, schedule
from prices.models import Feed, FeedRun, Offer, Rejection, ScheduledPrice
from prices.models.feeds import Mode
from tests import factories as f
from tests.factories import AT
from tests.prices.deliveries import csv, deliver, dies_at, reasons, shown

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DATED, KINDS = "pharmacy_code,drug_code,price,effective_at", "pharmacy_code,drug_code,price,kind"


@pytest.fixture
def shop() -> Pharmacy:
    return f.pharmacy("一号店")


@pytest.fixture
def drug() -> Any:
    return f.drug(pack_count=14)


@pytest.fixture
def feed() -> Feed:
    return f.feed("till", mode=Mode.SNAPSHOT, cadence=timedelta(days=1))


def disputed(drug: Any) -> datetime | None:
    return Offer.objects.get(drug_id=drug.pk).disputed_since


def test_a_row_repeated_in_a_snapshot_casts_no_doubt_on_its_offer(shop, drug, feed):
    run = deliver(feed, f"{shop.code},{drug.code},12.60", f"{shop.code},{drug.code},12.60")
    assert reasons(run) == {3: ["repeated"]}
    assert disputed(drug) is None


def test_a_bad_member_price_casts_no_doubt_on_the_shelf_price(shop, drug, feed):
    deliver(feed, f"{shop.code},{drug.code},12.60,", f"{shop.code},{drug.code},abc,member", header=KINDS)
    assert disputed(drug) is None


def test_a_snapshot_that_only_announces_a_price_keeps_and_confirms_the_present_one(shop, drug, feed):
    rest = [f"{shop.code},{f.drug().code},9.00," for _ in range(8)]
    deliver(feed, f"{shop.code},{drug.code},12.60,", *rest, header=DATED)
    tomorrow = (AT + 2 * DAY).isoformat()
    run = deliver(feed, f"{shop.code},{drug.code},13.00,{tomorrow}", *rest, header=DATED, at=AT + DAY)
    assert (run.withdrawn, shown(drug, shop), disputed(drug)) == (0, "12.60", None)
    late = f"{shop.code},{drug.code},11.00,{(AT + 12 * HOUR).isoformat()}"
    deliver(f.feed("desk"), late, header=DATED, at=AT + DAY + HOUR)
    assert shown(drug, shop) == "12.60"


def test_a_broken_record_that_names_no_known_shop_blocks_every_withdrawal(shop, drug, feed):
    rest = [f"{shop.code},{f.drug().code},9.00" for _ in range(8)]
    deliver(feed, f"{shop.code},{drug.code},12.60", *rest)
    run = deliver(feed, f"一号店，{shop.code},{drug.code},12.60,", *rest, at=AT + DAY)
    assert (reasons(run), run.withdrawn) == ({2: ["ragged"]}, 0)
    assert (shown(drug, shop), disputed(drug)) == ("12.60", AT + DAY)


def test_a_dispute_does_not_forget_what_the_snapshots_had_confirmed(shop, drug, feed):
    rest = [f"{shop.code},{f.drug().code},9.00" for _ in range(8)]
    deliver(feed, f"{shop.code},{drug.code},12.60", *rest)
    deliver(feed, f"{shop.code},{drug.code},12.60", *rest, f"{shop.code},{f.drug().code},9.00", at=AT + DAY)
    deliver(feed, f"{shop.code},{drug.code},abc", *rest, at=AT + 2 * DAY)
    assert Offer.objects.get(drug_id=drug.pk).confirmed_at == AT + DAY
    late = f"{shop.code},{drug.code},11.00,{(AT + HOUR).isoformat()}"
    deliver(f.feed("desk"), late, header=DATED, at=AT + 3 * DAY)
    assert shown(drug, shop) == "12.60"


def test_the_same_snapshot_after_a_delivery_that_failed_half_way_is_a_new_statement(shop, drug, feed, monkeypatch):
    other = f.pharmacy("二号店")
    snapshot = [f"{each.code},{drug.code},12.60" for each in (shop, other)]
    deliver(feed, *snapshot)
    monkeypatch.setattr(publish, "BATCH_SHOPS", 1)
    half = receive.receive(
        feed=feed, data=csv(*[row.replace("12.60", "13.00") for row in snapshot]), at=AT + HOUR, channel="push"
    )
    monkeypatch.setattr(publish, "_lock", dies_at(other))
    for attempt in range(3):
        with pytest.raises(ConnectionError):
            runs.process(half.pk, clock=lambda n=attempt: AT + n * HOUR)
    runs.unclaimed(at=AT + DAY)
    monkeypatch.undo()
    half.refresh_from_db()
    assert (half.state, shown(drug, shop), shown(drug, other)) == ("failed", "13.00", "12.60")
    run = deliver(feed, *snapshot, at=AT + DAY)
    assert (run.confirms_id, shown(drug, shop), shown(drug, other)) == (None, "12.60", "12.60")


def test_a_confirmation_overtaken_while_it_waited_is_a_statement_of_its_own(shop, drug, feed):
    row = f"{shop.code},{drug.code},12.60"
    deliver(feed, row)
    desk = receive.receive(
        feed=f.feed("desk"), data=csv(f"{shop.code},{drug.code},13.00"), at=AT + HOUR, channel="desk"
    )
    again = receive.receive(feed=feed, data=csv(row), at=AT + 2 * HOUR, channel="push")
    assert again.confirms_id is not None
    runs.process(desk.pk)
    again = runs.process(again.pk)
    assert (again.state, again.confirms_id, shown(drug, shop)) == ("published", None, "12.60")


def test_a_corrected_announcement_that_is_published_after_its_time_still_counts(shop, drug, feed):
    noon = (AT + 2 * HOUR).isoformat()
    deliver(feed, f"{shop.code},{drug.code},13.00,{noon}", header=DATED, mode=Mode.DELTA)
    correction = csv(f"{shop.code},{drug.code},13.50,{noon}", header=DATED)
    waiting = receive.receive(feed=feed, data=correction, at=AT + HOUR, channel="push", mode=Mode.DELTA)
    for at in (AT + 2 * HOUR, AT + 3 * HOUR):
        assert schedule.apply_due(at=at) == 1
        runs.process(FeedRun.objects.latest("pk").pk)
        runs.process(waiting.pk)
    assert shown(drug, shop) == "13.50"
    assert not ScheduledPrice.objects.filter(applied_run_id=None).exists()


def test_a_settled_code_brings_back_no_row_of_a_refused_delivery(shop, drug, feed):
    good = [f"{shop.code},{f.drug().code},9.00" for _ in range(20)]
    held = deliver(feed, *good, *[f"{shop.code},OWN{n},1.00" for n in range(3)])
    assert runs.refuse(held.pk, by="张丽", reason="列错位", at=AT).state == "refused"
    row = Rejection.objects.get(their_code="OWN0")
    assert quarantine.settle_code(row.pk, drug=drug, by="药师", reason="核对说明书", at=AT + HOUR) == []
    assert Offer.objects.count() == 0


def test_a_code_settled_meanwhile_holds_when_a_held_delivery_is_released(shop, drug, feed):
    good = [f"{shop.code},{f.drug().code},9.00" for _ in range(20)]
    held = deliver(feed, *good, *[f"{shop.code},OWN{n},12.60" for n in range(3)])
    Alias.objects.create(
        source="till", their_code="OWN0", drug=drug, reviewed_by="药师", valid=DateRange(AT.date(), None)
    )
    runs.release(held.pk, by="张丽", reason="已电话核实", at=AT + HOUR)
    assert runs.process(held.pk).refused == 2
    assert shown(drug, shop) == "12.60"


def test_an_overtaken_snapshot_is_not_held_for_withdrawals_it_would_not_make(shop, feed):
    rows = [f"{shop.code},{f.drug().code},10.00" for _ in range(20)]
    deliver(feed, *rows)
    late = receive.receive(feed=feed, data=csv(*rows[:18]), at=AT + HOUR, channel="push")
    deliver(feed, *rows, f"{shop.code},{f.drug().code},10.00", at=AT + 2 * HOUR)
    late = runs.process(late.pk)
    assert (late.state, late.withdrawn) == ("published", 0)
