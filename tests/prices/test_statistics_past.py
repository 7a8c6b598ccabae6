"""Past days from the change history: what held that morning, hindsight, gaps between nights that were worked out."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange

from catalog.models import Drug
from pharmacies.models import Pharmacy
from prices.models import AreaPrice, Offer, RollUp
from prices.statistics import history
from prices.statistics.roll_up import NotADay, backfill, roll_up
from tests import factories as f
from tests.factories import AT, SHANGHAI
from tests.prices.area_world import changed, everything, sell

DAY = timedelta(days=1)
TODAY = date(2026, 11, 21)

pytestmark = pytest.mark.django_db


@pytest.fixture
def drug(db: None) -> Drug:
    return f.drug()


def told(drug: Drug, price: str, since: datetime, **fields: Any) -> Pharmacy:
    """A shop whose price has held since then."""
    (shop,) = sell(drug, price, **fields)
    changed(drug, shop, None, price, since)
    return shop


def counts(drug: Drug, first: date = TODAY - 10 * DAY, last: date = TODAY) -> dict[int, int]:
    """Shops by days before today; days without a line are missing."""
    return {(TODAY - day.on).days: day.count for day in history.daily(drug.pk, f.region().pk, first, last)}


def test_every_day_says_what_held_at_a_quarter_past_three_that_morning(drug):
    shop = told(drug, "12.00", datetime(2026, 11, 17, 3, 15, tzinfo=SHANGHAI))
    changed(drug, shop, "12.00", "13.00", datetime(2026, 11, 19, 3, 15, 1, tzinfo=SHANGHAI))
    Offer.objects.update(price_fen=1300)
    backfill(TODAY - 5 * DAY, AT)
    roll_up(AT)
    days = history.daily(drug.pk, f.region().pk, TODAY - 5 * DAY, TODAY)
    assert [(day.on.day, day.min_fen) for day in days] == [(17, 1200), (18, 1200), (19, 1200), (20, 1300), (21, 1300)]


def test_the_day_before_is_worked_out_until_the_last_hour_in_shanghai(drug):
    told(drug, "12.00", AT - 40 * DAY)
    late = datetime(2026, 11, 21, 15, 59, 59, tzinfo=UTC)
    (done,) = backfill(TODAY - 3 * DAY, late)
    assert (done.first, done.last) == (TODAY - 3 * DAY, TODAY - DAY)


def test_a_withdrawn_price_counts_until_it_was_withdrawn(drug):
    shop = told(drug, "12.00", AT - 8 * DAY)
    changed(drug, shop, "12.00", None, AT - 4 * DAY)
    Offer.objects.update(state=Offer.State.WITHDRAWN)
    backfill(TODAY - 9 * DAY, AT)
    assert counts(drug) == {7: 1, 6: 1, 5: 1, 4: 1, 3: 0, 2: 0, 1: 0}


def test_a_silent_shop_counts_until_search_would_call_it_stale(drug):
    (shop,) = sell(drug, "12.00")
    changed(drug, shop, None, "12.00", AT - 40 * DAY)
    Offer.objects.update(confirmed_at=datetime(2026, 11, 8, 3, 15, tzinfo=SHANGHAI))  # + 10.5 days: the 18th, 15:15
    backfill(TODAY - 5 * DAY, AT)
    roll_up(AT)
    assert counts(drug) == {5: 1, 4: 1, 3: 1, 2: 0, 1: 0, 0: 0}


def test_a_price_that_was_still_the_same_after_a_silence_held_all_the_time(drug):
    shop = told(drug, "12.00", AT - 100 * DAY)
    changed(drug, shop, "12.00", "12.50", AT - DAY)
    backfill(TODAY - 90 * DAY, AT)
    assert counts(drug, TODAY - 90 * DAY) == dict.fromkeys(range(1, 91), 1)


def test_who_was_suspended_or_not_yet_designated_did_not_count_then(drug):
    shop = told(drug, "12.00", AT - 40 * DAY)
    shop.statuses.update(status="suspended", valid=DateRange(TODAY - 5 * DAY, TODAY - 3 * DAY))
    new = told(drug, "13.00", AT - 40 * DAY)
    new.designations.update(valid=f.since(TODAY - 2 * DAY))
    told(drug, "1.00", AT - 40 * DAY, kind="hospital")
    backfill(TODAY - 7 * DAY, AT)
    assert counts(drug) == {7: 1, 6: 1, 5: 0, 4: 0, 3: 1, 2: 2, 1: 2}


def test_a_generated_offer_without_a_history_held_since_its_price_began(drug):
    (shop,) = sell(drug, "12.00")
    Offer.objects.filter(pharmacy_id=shop.pk).update(changed_at=AT - 3 * DAY)
    backfill(TODAY - 5 * DAY, AT)
    assert counts(drug) == {2: 1, 1: 1}


def test_past_and_present_join_without_a_row(drug):
    for price in ("10.00", "10.00", "11.00", "10.00", "12.00"):
        told(drug, price, AT - 40 * DAY)
    backfill(TODAY - 5 * DAY, AT)
    rows = AreaPrice.objects.count()
    assert roll_up(AT).written == 0
    assert rows == 3


def test_only_missed_nights_are_worked_out_and_only_once(drug):
    told(drug, "12.00", AT - 40 * DAY)
    backfill(TODAY - 5 * DAY, AT)
    before = everything()
    assert backfill(TODAY - 5 * DAY, AT) == []
    assert [(done.first, done.last) for done in backfill(TODAY - 7 * DAY, AT)] == [(TODAY - 7 * DAY, TODAY - 6 * DAY)]
    assert len(everything()) == len(before)
    assert RollUp.objects.count() == 2


def test_a_gap_worked_out_later_changes_nothing_after_it(drug):
    """Before and behind the gap the price was 10.00, so that no row stood behind it."""
    shop = told(drug, "10.00", AT - 40 * DAY)
    roll_up(AT)
    assert roll_up(AT + 3 * DAY).written == 0
    changed(drug, shop, "10.00", "11.00", AT + timedelta(hours=1))
    changed(drug, shop, "11.00", "10.00", AT + 2 * DAY)
    backfill(TODAY, AT + 4 * DAY)
    days = history.daily(drug.pk, f.region().pk, TODAY, TODAY + 4 * DAY)
    assert [day.min_fen for day in days] == [1000, 1100, 1100, 1000]


def test_a_series_that_only_the_gap_knows_is_closed_behind_it(drug):
    roll_up(AT)
    roll_up(AT + 2 * DAY)
    shop = told(drug, "10.00", AT + timedelta(hours=1))
    Offer.objects.filter(pharmacy_id=shop.pk).update(confirmed_at=AT + 30 * DAY)
    backfill(TODAY, AT + 3 * DAY)
    assert [day.count for day in history.daily(drug.pk, f.region().pk, TODAY, TODAY + 3 * DAY)] == [1, 0]


@pytest.mark.parametrize(
    ("since", "words"), [(TODAY, "不是过去"), (TODAY + DAY, "不是过去"), (date(2020, 1, 1), "太早")]
)
def test_a_day_that_is_not_past_is_refused(drug, since, words):
    with pytest.raises(NotADay, match=words):
        backfill(since, AT)
    assert not RollUp.objects.exists()
