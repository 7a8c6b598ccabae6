"""Shelves of the past by two times. What search said at a moment is what the view says of that moment, later."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from pharmacies.models import PharmacyStatus
from prices.ingest.receive import receive
from prices.ingest.runs import process
from prices.models import FeedRun, Offer
from prices.monitoring import as_of
from prices.search.offers import find
from prices.search.questions import Target, Where
from tests import factories as f
from tests.factories import AT, since
from tests.monitoring.reporting_world import changed

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def of_drug(drug: Any, valid: datetime, recorded: datetime | None = None, *, area: Any = None) -> dict[str, str]:
    found = as_of.of_drug(drug.pk, area or f.region(), valid=valid, recorded=recorded or valid)
    return {each.name: f"{each.fen / 100:.2f} {each.state}" for each in found}


def of_shop(shop: Any, valid: datetime, recorded: datetime | None = None) -> dict[str, str]:
    found = as_of.of_shop(shop, valid=valid, recorded=recorded or valid)
    return {each.code: f"{each.fen / 100:.2f} {each.state}" for each in found}


def test_a_price_holds_from_when_it_began_until_the_next_one_began(db: None) -> None:
    drug, shop = f.drug(), f.pharmacy("甲店")
    changed(drug, shop, None, "10.00", AT)
    changed(drug, shop, "10.00", "12.00", AT + 3 * DAY)
    changed(drug, shop, "12.00", None, AT + 5 * DAY)
    f.offer(drug, shop, "12.00", state=0)
    days = {n: of_drug(drug, AT + n * DAY - timedelta(seconds=1)) for n in (0, 1, 4, 6)}
    assert days == {0: {}, 1: {"甲店": "10.00 shown"}, 4: {"甲店": "12.00 shown"}, 6: {}}
    assert {n: of_shop(shop, AT + n * DAY - timedelta(seconds=1)) for n in (0, 1, 4, 6)} == {
        0: {},
        1: {drug.code: "10.00 shown"},
        4: {drug.code: "12.00 shown"},
        6: {},
    }


def test_a_change_that_was_reported_late_was_not_known_then_but_is_now(db: None) -> None:
    """12.00 from the 22nd; we heard of it on the 25th."""
    drug, shop = f.drug(), f.pharmacy("甲店")
    changed(drug, shop, None, "10.00", AT)
    changed(drug, shop, "10.00", "12.00", AT + DAY, received=AT + 4 * DAY)
    f.offer(drug, shop, "12.00")
    on = AT + 2 * DAY
    assert of_drug(drug, on) == {"甲店": "10.00 shown"}
    assert of_drug(drug, on, AT + 5 * DAY) == {"甲店": "12.00 shown"}
    assert of_shop(shop, on) == {drug.code: "10.00 shown"}
    assert of_shop(shop, on, AT + 5 * DAY) == {drug.code: "12.00 shown"}


def test_a_price_that_grew_old_was_marked_and_then_hidden(db: None) -> None:
    drug, shop = f.drug(), f.pharmacy("甲店")
    changed(drug, shop, None, "10.00", AT)  # of a weekly feed: fresh for 10.5 days, shown for 28
    f.offer(drug, shop, "10.00")
    states = [of_drug(drug, AT + n * DAY)["甲店"] for n in (10, 11, 28, 29)]
    assert states == ["10.00 shown", "10.00 stale", "10.00 stale", "10.00 hidden"]
    assert of_shop(shop, AT + 29 * DAY) == {drug.code: "10.00 hidden"}


def test_a_shop_that_was_suspended_on_that_day_did_not_compete(db: None) -> None:
    drug, shop = f.drug(), f.pharmacy("甲店")
    changed(drug, shop, None, "10.00", AT)
    f.offer(drug, shop, "10.00")
    PharmacyStatus.objects.filter(pharmacy=shop).update(valid=since(end=AT.date() + DAY))
    PharmacyStatus.objects.create(pharmacy=shop, status="suspended", valid=since(AT.date() + DAY))
    assert (of_drug(drug, AT), of_drug(drug, AT + DAY)) == ({"甲店": "10.00 shown"}, {"甲店": "10.00 unranked"})
    assert of_shop(shop, AT + DAY) == {drug.code: "10.00 unranked"}


def test_an_offer_without_a_history_and_one_whose_history_began_later(db: None) -> None:
    drug, old, late = f.drug(), f.pharmacy("没有记录"), f.pharmacy("后来才有记录")
    f.run(received_at=AT - 30 * DAY)
    f.offer(drug, old, "9.00", confirmed=AT - 9 * DAY)
    f.offer(drug, late, "12.00")
    changed(drug, late, "11.00", "12.00", AT)
    assert of_drug(drug, AT - DAY) == {"没有记录": "9.00 shown", "后来才有记录": "11.00 shown"}
    assert of_drug(drug, AT - 10 * DAY) == {"后来才有记录": "11.00 shown"}
    assert of_drug(drug, AT - 31 * DAY) == {}, "before anything was reported at all"
    assert (of_shop(old, AT - DAY), of_shop(late, AT - DAY)) == ({drug.code: "9.00 shown"}, {drug.code: "11.00 shown"})
    assert (of_shop(old, AT - 10 * DAY), of_shop(late, AT - 31 * DAY)) == ({}, {})


def test_an_area_sees_only_the_shops_it_manages(db: None) -> None:
    drug, shop = f.drug(), f.pharmacy("甲店")
    changed(drug, shop, None, "10.00", AT)
    f.offer(drug, shop, "10.00")
    assert of_drug(drug, AT, area=f.hongshan()) == {}


# -- through the one door, against search -----------------------------------------------------------------------------


def deliver(shops: list[Any], drug: Any, prices: dict[int, str], at: datetime, **fields: Any) -> None:
    """A delta (or a snapshot) of a weekly feed: shop number -> price."""
    effective = fields.pop("effective", at)
    lines = ["pharmacy_code,drug_code,price,effective_at"]
    lines += [f"{shops[n].code},{drug.code},{price},{effective.isoformat()}" for n, price in prices.items()]
    mode = fields.pop("mode", "delta")
    run = receive(
        feed=f.feed(), data="\n".join(lines).encode(), at=at, channel=FeedRun.Channel.COMMAND, mode=mode, queued=False
    )
    process(run.pk, clock=lambda: at)
    run.refresh_from_db()
    assert run.state == "published", run.notes


def searched(drug: Any, at: datetime) -> dict[str, str]:
    """What search says now, at every shop of the province: `10.00 shown`."""
    answer = find(Target.of_drug(drug), Where(region_id=f.region().pk), sort="cheapest", at=at, limit=100)
    return {
        each.shop.name: f"{each.price_fen / 100:.2f} {'stale' if each.stale else 'shown'}" for each in answer.results
    }


def test_as_of_a_moment_is_what_search_said_then(db: None) -> None:
    """New, changed, stated late, confirmed by a snapshot, withdrawn by one, grown old: at each step search is asked."""
    shops = [f.pharmacy(f"{n}号店", east_m=200 * n) for n in range(4)]
    f.rebuild_today()
    drug = f.drug()
    said: dict[datetime, dict[str, str]] = {}

    def look(at: datetime) -> None:
        said[at] = searched(drug, at)

    steps: list[tuple[int, dict[int, str], dict[str, Any]]] = [
        (0, {0: "10.00", 1: "11.00", 2: "12.00", 3: "13.00"}, {"mode": "snapshot"}),
        (2, {0: "10.50"}, {}),
        (4, {1: "10.80"}, {"effective": AT + 3 * DAY}),
        (8, {0: "10.50", 1: "10.80", 2: "12.00"}, {"mode": "snapshot"}),
        (9, {3: "12.50"}, {}),
    ]
    for n, prices, fields in steps:
        deliver(shops, drug, prices, AT + n * DAY, **fields)
        look(AT + n * DAY + timedelta(hours=1))
    for n in (18, 19, 20):
        look(AT + n * DAY)
    assert said[AT + 9 * DAY + timedelta(hours=1)]["3号店"] == "12.50 shown", "the story is the one it should be"
    assert said[AT + 19 * DAY]["0号店"] == "10.50 stale"
    assert {at: of_drug(drug, at) for at in said} == said
    for at, then in said.items():
        shelves = {shop.name: of_shop(shop, at) for shop in shops}
        assert {name: shelf[drug.code] for name, shelf in shelves.items() if shelf} == then
    assert Offer.objects.count() == 4
