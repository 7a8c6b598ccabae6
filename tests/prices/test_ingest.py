"""The one door: what a delivery does to the shown prices, row by row and as a whole."""

from datetime import timedelta

import pytest

from catalog.models import Drug
from prices.ingest import receive as receiving
from prices.ingest import runs
from prices.models import FeedRun, Offer, PharmacyFeed, Rejection, ScheduledPrice, SourcePrice
from prices.models.feeds import Mode
from tests import factories as f
from tests.factories import AT
from tests.prices.deliveries import csv, deliver, history, reasons, shown

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def shop():
    return f.pharmacy("一号店")


@pytest.fixture
def drug():
    return f.drug(pack_count=14)


@pytest.fixture
def feed():
    return f.feed("till", cadence=timedelta(days=1))


def test_a_delivered_price_is_shown_and_remembered_as_a_change(shop, drug, feed):
    run = deliver(feed, f"{shop.code},{drug.code},12.60")
    assert (run.state, run.rows, run.accepted, run.changed, run.refused) == ("published", 1, 1, 1, 0)
    assert shown(drug, shop) == "12.60"
    assert history(drug, shop) == [(None, 1260)]


def test_publishing_the_same_price_again_changes_nothing(shop, drug, feed):
    deliver(feed, f"{shop.code},{drug.code},12.60")
    run = deliver(feed, f"{shop.code},{drug.code},12.60,", header="pharmacy_code,drug_code,price,stock", at=AT + DAY)
    assert (run.changed, run.unchanged) == (0, 1)
    assert history(drug, shop) == [(None, 1260)]
    assert Offer.objects.get().confirmed_at == AT + DAY


def test_ten_twelve_ten_is_three_changes(shop, drug, feed):
    for day, price in enumerate(("10.00", "12.00", "10.00")):
        deliver(feed, f"{shop.code},{drug.code},{price}", at=AT + day * DAY)
    assert history(drug, shop) == [(None, 1000), (1000, 1200), (1200, 1000)]


def test_an_older_statement_that_arrives_late_does_not_count(shop, drug, feed):
    dated = "pharmacy_code,drug_code,price,effective_at"
    deliver(feed, f"{shop.code},{drug.code},12.60,{AT.isoformat()}", header=dated)
    run = deliver(feed, f"{shop.code},{drug.code},11.00,{(AT - HOUR).isoformat()}", header=dated, at=AT + HOUR)
    assert (run.accepted, run.changed) == (1, 0)
    assert shown(drug, shop) == "12.60"


def test_a_statement_older_than_an_unwritten_confirmation_does_not_count(shop, drug, feed):
    snapshot = (f"{shop.code},{drug.code},12.60", f"{shop.code},{f.drug().code},9.00")
    deliver(feed, *snapshot, mode=Mode.SNAPSHOT)
    deliver(feed, *snapshot, f"{shop.code},{f.drug().code},9.00", mode=Mode.SNAPSHOT, at=AT + 2 * HOUR)
    assert Offer.objects.get(drug_id=drug.pk).confirmed_at == AT, "the snapshot's mark vouches for it"
    late = f"{shop.code},{drug.code},13.00,{(AT + HOUR).isoformat()}"
    deliver(feed, late, header="pharmacy_code,drug_code,price,effective_at", at=AT + 3 * HOUR)
    other = f.feed("desk")
    deliver(other, late, header="pharmacy_code,drug_code,price,effective_at", at=AT + 3 * HOUR)
    assert shown(drug, shop) == "12.60"


def test_a_complete_snapshot_withdraws_what_it_no_longer_lists(shop, drug, feed):
    others = [f.drug() for _ in range(8)]
    everything = [f"{shop.code},{d.code},12.60" for d in (drug, *others)]
    deliver(feed, *everything, mode=Mode.SNAPSHOT)
    run = deliver(feed, *everything[1:], mode=Mode.SNAPSHOT, at=AT + DAY)
    assert (run.state, run.withdrawn) == ("published", 1)
    assert shown(drug, shop) is None
    assert history(drug, shop) == [(None, 1260), (1260, None)]


def test_a_snapshot_touches_only_offers_of_its_own_feed(shop, drug, feed):
    other = f.drug()
    deliver(f.feed("desk"), f"{shop.code},{drug.code},12.60")
    run = deliver(feed, f"{shop.code},{other.code},9.00", mode=Mode.SNAPSHOT, at=AT + DAY)
    assert run.withdrawn == 0
    assert shown(drug, shop) == "12.60"


def test_a_refused_row_in_a_snapshot_is_carried_but_not_confirmed(shop, drug, feed):
    rest = [f"{shop.code},{f.drug().code},9.00" for _ in range(8)]
    deliver(feed, f"{shop.code},{drug.code},12.60", *rest, mode=Mode.SNAPSHOT)
    deliver(feed, f"{shop.code},{drug.code},abc", *rest, mode=Mode.SNAPSHOT, at=AT + DAY)
    offer = Offer.objects.get(drug_id=drug.pk)
    assert (offer.state, offer.confirmed_at, offer.disputed_since) == (1, AT, AT + DAY)


def test_an_unknown_code_blocks_withdrawals_of_its_shop_and_marks_what_it_could_not_withdraw(shop, drug, feed):
    rest = [f"{shop.code},{f.drug().code},9.00" for _ in range(8)]
    deliver(feed, f"{shop.code},{drug.code},12.60", *rest, mode=Mode.SNAPSHOT)
    run = deliver(feed, f"{shop.code},NOBODYKNOWS,12.60", *rest, mode=Mode.SNAPSHOT, at=AT + DAY)
    assert (run.withdrawn, run.refused) == (0, 1)
    assert shown(drug, shop) == "12.60"
    assert Offer.objects.get(drug_id=drug.pk).disputed_since == AT + DAY


def test_a_clean_snapshot_settles_a_dispute(shop, drug, feed):
    test_a_refused_row_in_a_snapshot_is_carried_but_not_confirmed(shop, drug, feed)
    rest = [f"{shop.code},{other.code},9.00" for other in Drug.objects.exclude(pk=drug.pk)]
    deliver(feed, f"{shop.code},{drug.code},12.60", *rest, mode=Mode.SNAPSHOT, at=AT + 2 * DAY)
    assert Offer.objects.get(drug_id=drug.pk).disputed_since is None


def test_the_same_snapshot_again_only_confirms(shop, drug, feed):
    first = deliver(feed, f"{shop.code},{drug.code},12.60", mode=Mode.SNAPSHOT)
    again = deliver(feed, f"{shop.code},{drug.code},12.60", mode=Mode.SNAPSHOT, at=AT + DAY)
    assert again.pk != first.pk
    assert (again.confirms_id, again.changed, again.unchanged) == (first.pk, 0, 1)
    assert PharmacyFeed.objects.get().snapshot_as_of == AT + DAY


def test_the_same_snapshot_after_another_feed_is_a_new_statement(shop, drug, feed):
    deliver(feed, f"{shop.code},{drug.code},12.60", mode=Mode.SNAPSHOT)
    deliver(f.feed("desk"), f"{shop.code},{drug.code},13.00", at=AT + HOUR)
    run = deliver(feed, f"{shop.code},{drug.code},12.60", mode=Mode.SNAPSHOT, at=AT + DAY)
    assert (run.confirms_id, run.changed) == (None, 1)
    assert shown(drug, shop) == "12.60"


def test_the_same_delta_twice_is_one_run(shop, drug, feed):
    first = deliver(feed, f"{shop.code},{drug.code},12.60")
    assert deliver(feed, f"{shop.code},{drug.code},12.60", at=AT + HOUR).pk == first.pk


def test_an_idempotency_key_means_one_body(shop, drug, feed):
    body = csv(f"{shop.code},{drug.code},12.60")
    first = receiving.receive(feed=feed, data=body, at=AT, channel="push", idempotency_key="k")
    again = receiving.receive(feed=feed, data=body, at=AT, channel="push", idempotency_key="k")
    assert first == again
    with pytest.raises(receiving.Refused) as refused:
        receiving.receive(feed=feed, data=body + b"x", at=AT, channel="push", idempotency_key="k")
    assert refused.value.code == "idempotency_key_reused"


def test_a_slip_of_the_decimal_point_is_quarantined(shop, drug, feed):
    deliver(feed, f"{shop.code},{drug.code},12.60")
    run = deliver(feed, f"{shop.code},{drug.code},126.00", at=AT + DAY)
    assert reasons(run) == {2: ["suspected_x10"]}
    assert shown(drug, shop) == "12.60"


def test_a_new_offer_is_compared_with_its_peers(shop, drug, feed):
    for _ in range(5):
        f.offer(drug, f.pharmacy(), "12.60")
    assert reasons(deliver(feed, f"{shop.code},{drug.code},0.90")) == {2: ["suspected_per_unit"]}


def test_a_correction_to_what_others_charge_is_no_slip(shop, drug, feed):
    for _ in range(5):
        f.offer(drug, f.pharmacy(), "12.60")
    deliver(feed, f"{shop.code},{drug.code},150.00")
    assert deliver(feed, f"{shop.code},{drug.code},12.80", at=AT + DAY).changed == 1


def test_a_real_procurement_cut_is_no_slip(shop, drug, feed):
    f.reference_price(drug, "1.30", kind="vbp")
    f.rebuild_today()
    deliver(feed, f"{shop.code},{drug.code},12.60")
    run = deliver(feed, f"{shop.code},{drug.code},1.26", at=AT + DAY)
    assert run.changed == 1
    assert shown(drug, shop) == "1.26"


def test_a_named_person_may_override_a_suspected_slip(shop, drug, feed):
    deliver(feed, f"{shop.code},{drug.code},12.60")
    run = deliver(feed, f"{shop.code},{drug.code},126.00", at=AT + DAY, operator="王芳", override_reason="新包装")
    assert run.changed == 1


def test_a_slip_repeated_on_three_days_goes_to_a_person(shop, drug, feed):
    deliver(feed, f"{shop.code},{drug.code},12.60")
    states = []
    for day in (1, 2, 3):
        run = deliver(
            feed, f"{shop.code},{drug.code},126.00", f"{shop.code},{f.drug().code},9.{day}", at=AT + day * DAY
        )
        states.append(run.rejections.get().state)
    assert states == [Rejection.State.REFUSED, Rejection.State.REFUSED, Rejection.State.REVIEW]


def test_too_many_bad_rows_hold_the_run_until_a_person_decides(shop, drug, feed):
    rows = [f"{shop.code},{f.drug().code},9.00" for _ in range(20)]
    run = deliver(feed, *rows, *["x,y,z"] * 3)
    assert run.state == FeedRun.State.HELD
    assert Offer.objects.count() == 0
    runs.release(run.pk, by="张丽", reason="已电话核实", at=AT)
    run = runs.process(run.pk)
    assert (run.state, run.accepted, run.refused) == ("published", 20, 3)


def test_a_held_run_that_is_refused_publishes_nothing(shop, feed):
    run = deliver(feed, *[f"{shop.code},{f.drug().code},9.00" for _ in range(20)], *["x,y,z"] * 3)
    assert runs.refuse(run.pk, by="张丽", reason="列错位", at=AT).state == FeedRun.State.REFUSED
    with pytest.raises(runs.NotHeld):
        runs.release(run.pk, by="张丽", reason="再试", at=AT)


def test_too_many_jumps_hold_the_run(shop, feed):
    drugs = [f.drug() for _ in range(20)]
    deliver(feed, *[f"{shop.code},{d.code},10.00" for d in drugs])
    rows = [f"{shop.code},{d.code},{16 if n < 5 else 10}.00" for n, d in enumerate(drugs)]
    assert deliver(feed, *rows, at=AT + DAY).state == FeedRun.State.HELD


def test_too_many_withdrawals_hold_the_run_and_a_newer_snapshot_supersedes_it(shop, feed):
    rows = [f"{shop.code},{f.drug().code},10.00" for _ in range(20)]
    deliver(feed, *rows, mode=Mode.SNAPSHOT)
    held = deliver(feed, *rows[:18], mode=Mode.SNAPSHOT, at=AT + DAY)
    assert held.state == FeedRun.State.HELD
    deliver(feed, *rows, f"{shop.code},{f.drug().code},10.00", mode=Mode.SNAPSHOT, at=AT + 2 * DAY)
    held.refresh_from_db()
    assert held.state == FeedRun.State.SUPERSEDED
    assert Offer.objects.filter(state=1).count() == 21


def test_a_much_shorter_snapshot_withdraws_nothing(shop, feed):
    rows = [f"{shop.code},{f.drug().code},10.00" for _ in range(10)]
    deliver(feed, *rows, mode=Mode.SNAPSHOT)
    run = deliver(feed, *rows[:5], mode=Mode.SNAPSHOT, at=AT + DAY)
    assert (run.withdrawn, run.unchanged) == (0, 5)


def test_a_future_price_waits_for_its_day(shop, drug, feed):
    dated = "pharmacy_code,drug_code,price,effective_at"
    deliver(feed, f"{shop.code},{drug.code},12.60,", header=dated)
    deliver(feed, f"{shop.code},{drug.code},13.00,{(AT + DAY).isoformat()}", header=dated)
    assert shown(drug, shop) == "12.60"
    assert ScheduledPrice.objects.get().price_fen == 1300
    from prices.ingest.schedule import apply_due

    assert apply_due(at=AT + HOUR) == 0
    assert apply_due(at=AT + DAY) == 1
    runs.process(FeedRun.objects.latest("pk").pk)
    assert shown(drug, shop) == "13.00"


def test_a_settled_price_is_kept_but_never_shown(shop, drug, feed):
    run = deliver(
        feed, f"{shop.code},{drug.code},25.2001,settled,2", header="pharmacy_code,drug_code,price,kind,quantity"
    )
    assert run.accepted == 1
    assert shown(drug, shop) is None
    assert str(SourcePrice.objects.get().total) == "25.2001"


def test_a_shop_without_designation_on_that_day_is_quarantined(drug, feed):
    shop = f.pharmacy(designations=())
    assert reasons(deliver(feed, f"{shop.code},{drug.code},12.60")) == {2: ["pharmacy_not_designated"]}


def test_a_feed_speaks_only_for_its_own_shops(shop, drug):
    chain = f.chain()
    own = f.feed("chain", scope="chain", chain=chain)
    mine = f.pharmacy(chain=chain)
    run = deliver(own, f"{shop.code},{drug.code},12.60", f"{mine.code},{drug.code},12.60")
    assert reasons(run) == {2: ["pharmacy_out_of_scope"]}
    assert shown(drug, mine) == "12.60"


def test_a_one_shop_feed_needs_no_pharmacy_column(shop, drug):
    own = f.feed("one", scope="pharmacies")
    own.pharmacies.add(shop)
    deliver(own, f"{drug.code},12.60", header="drug_code,price")
    assert shown(drug, shop) == "12.60"


def test_row_order_is_irrelevant(shop, feed):
    drugs = [f.drug() for _ in range(5)]
    rows = [f"{shop.code},{d.code},1{n}.00" for n, d in enumerate(drugs)]
    deliver(feed, *reversed(rows))
    assert [shown(d, shop) for d in drugs] == ["10.00", "11.00", "12.00", "13.00", "14.00"]
