"""Impossible states of HOW MUCH are refused by the database, whatever the code above it does."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction

from prices.models import (
    AreaPrice,
    Feed,
    FeedRun,
    Offer,
    PharmacyFeed,
    PriceChange,
    Rejection,
    RollUp,
    RunPharmacy,
    ScheduledPrice,
    SourcePrice,
)
from tests import factories as f
from tests.factories import AT
from tests.monitoring import (
    impossible_backtests,
    impossible_cases,
    impossible_figures,
    impossible_freezings,
    impossible_leads,
    impossible_reports,
    impossible_rules,
)
from tests.prices import impossible_desk

pytestmark = pytest.mark.django_db
NEVER = timedelta(0)


def feed(**fields: Any) -> Feed:
    return Feed.objects.create(**{"slug": f"feed-{Feed.objects.count()}", "scope": "all"} | fields)


def signed(times: int = 1) -> None:
    run, shop = f.run(), f.pharmacy()
    for _ in range(times):
        RunPharmacy.objects.create(run=run, pharmacy=shop, as_of=AT)


def report(times: int = 1, **fields: Any) -> None:
    shop = f.pharmacy()
    for _ in range(times):
        PharmacyFeed.objects.create(pharmacy=shop, feed=f.feed(), as_of=AT, last_run_id=1, **fields)


def rejection(**fields: Any) -> Rejection:
    base = {"run": FeedRun.objects.first() or f.run(), "line": 2, "raw": {}, "reasons": ["price_missing"]}
    return Rejection.objects.create(**base | fields)


def offer(**fields: Any) -> Offer:
    times = dict.fromkeys(("as_of", "changed_at", "confirmed_at"), AT)
    keys = {"drug_id": 1, "pharmacy_id": 1, "feed_id": 1, "run_id": 1, "cell": 1}
    return Offer.objects.create(**times | keys | {"price_fen": 1260} | fields)


def source(**fields: Any) -> SourcePrice:
    keys = {"drug_id": 1, "pharmacy_id": 1, "kind": "settled", "feed_id": 1, "run_id": 1}
    return SourcePrice.objects.create(**keys | {"total": "25.20", "as_of": AT} | fields)


def scheduled(**fields: Any) -> ScheduledPrice:
    keys = {"drug_id": 1, "pharmacy_id": 1, "feed_id": 1, "run_id": 1}
    return ScheduledPrice.objects.create(**keys | {"effective_at": AT, "price_fen": 1260} | fields)


def stated(**fields: Any) -> AreaPrice:
    names = ("mode_fen", "min_fen", "q1_fen", "median_fen", "q3_fen", "max_fen")
    base: dict[str, Any] = {"drug_id": 1, "region_id": 1, "on": AT.date(), "count": 5}
    return AreaPrice.objects.create(**base | dict.fromkeys(names, 1260) | fields)


def rolled_up(days: int) -> RollUp:
    last = AT.date() + timedelta(days=days)
    return RollUp.objects.create(first=AT.date(), last=last, at=AT, drugs=1, written=1, seconds=0)


def change(old: int | None, new: int | None, times: int = 1) -> None:
    for _ in range(times):
        PriceChange.objects.create(
            effective_at=AT, reported_at=AT, received_at=AT, drug_id=1, pharmacy_id=1, old_fen=old, new_fen=new,
            feed_id=1, run_id=1,
        )  # fmt: skip


def twice(make: Callable[[], object]) -> Callable[[], object]:
    return lambda: (make(), make())


MARK: dict[str, Any] = {"snapshot_as_of": AT, "snapshot_received_at": AT, "snapshot_run_id": 1}
IMPOSSIBLE: dict[str, list[Callable[[], object]]] = {
    "feed_chain_scope_names_a_chain": [
        lambda: feed(scope="chain"),
        lambda: feed(scope="all", chain=f.chain()),
        lambda: feed(scope="pharmacies", chain=f.chain()),
    ],
    "feed_url_and_interval_together": [
        lambda: feed(url="https://example.com/prices.csv"),
        lambda: feed(every=timedelta(days=1)),
        lambda: feed(url="https://example.com/prices.csv", every=NEVER),
        lambda: feed(url="https://example.com/prices.csv", every=-timedelta(days=1)),
    ],
    "feed_cadence_is_positive": [lambda: feed(cadence=NEVER), lambda: feed(cadence=-timedelta(days=7))],
    "run_once_per_delivery": [twice(lambda: f.run(delivery_key="key:a"))],
    "run_lease_and_token_together": [lambda: f.run(lease_until=AT), lambda: f.run(lease_token=uuid.uuid4())],
    "run_override_names_a_person": [lambda: f.run(override_reason="新包装")],
    "run_publishes_a_pharmacy_once": [lambda: signed(2)],
    "snapshot_mark_is_whole": [
        lambda: report(snapshot_as_of=AT),
        lambda: report(snapshot_run_id=1),
        lambda: report(**MARK | {"snapshot_received_at": None}),
    ],
    "rejection_once_per_line": [twice(rejection)],
    "rejection_settled_by_somebody": [lambda: rejection(state="settled")],
    "rejection_has_a_reason": [lambda: rejection(reasons=[])],
    "offer_price_above_zero": [lambda: offer(price_fen=0), lambda: offer(price_fen=-1260)],
    "offer_stock_is_known_word": [lambda: offer(stock=5), lambda: offer(stock=-1)],
    "offer_state_is_known": [lambda: offer(state=2), lambda: offer(state=-1)],
    "source_total_above_zero": [lambda: source(total="0"), lambda: source(total="-25.20")],
    "source_quantity_above_zero": [lambda: source(quantity=0)],
    "scheduled_once": [twice(scheduled)],
    "scheduled_price_above_zero": [lambda: scheduled(price_fen=0)],
    "areaprice_prices_in_order": [
        lambda: stated(min_fen=None),
        lambda: stated(q3_fen=None),
        lambda: stated(min_fen=0),
        lambda: stated(q1_fen=1261),
        lambda: stated(max_fen=1259, mode_fen=1259, min_fen=1259),
        lambda: stated(count=0, mode_fen=None),
        lambda: stated(count=-1, mode_fen=None),
    ],
    "areaprice_mode_of_five_shops": [
        lambda: stated(mode_fen=None),
        lambda: stated(count=4),
        lambda: stated(mode_fen=1259),
        lambda: stated(mode_fen=1261),
    ],
    "rollup_days_in_order": [lambda: rolled_up(-1)],
    # The big table's own, made in a migration.
    "change_old_above_zero": [lambda: change(0, 1260), lambda: change(-1, 1260)],
    "change_new_above_zero": [lambda: change(1260, 0)],
    "change_changes_something": [lambda: change(1260, 1260), lambda: change(None, None)],
}
KEYS = {
    "offer": twice(offer),
    "source price": twice(source),
    "report of a shop": lambda: report(2),
    "statistics of a day": twice(stated),
    "change": lambda: change(None, 1260, times=2),
    "feed": twice(lambda: feed(slug="till")),
}
IMPOSSIBLE |= impossible_desk.IMPOSSIBLE
IMPOSSIBLE |= impossible_rules.IMPOSSIBLE
IMPOSSIBLE |= impossible_leads.IMPOSSIBLE
IMPOSSIBLE |= impossible_cases.IMPOSSIBLE
IMPOSSIBLE |= impossible_reports.IMPOSSIBLE
IMPOSSIBLE |= impossible_figures.IMPOSSIBLE
IMPOSSIBLE |= impossible_backtests.IMPOSSIBLE
IMPOSSIBLE |= impossible_freezings.IMPOSSIBLE
KEYS |= impossible_cases.KEYS | impossible_reports.KEYS | impossible_figures.KEYS | impossible_freezings.KEYS
CASES = [(name, attempt) for name, attempts in IMPOSSIBLE.items() for attempt in attempts]


def test_every_constraint_of_the_package_is_tried() -> None:
    declared = {c.name for model in apps.get_app_config("prices").get_models() for c in model._meta.constraints}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE conrelid = 'prices_pricechange'::regclass AND contype = 'c'"
        )
        declared |= {name for (name,) in cursor.fetchall()}
    assert declared == IMPOSSIBLE.keys()


@pytest.mark.parametrize(("name", "attempt"), CASES, ids=[f"{name}-{n}" for n, (name, _) in enumerate(CASES)])
def test_the_database_refuses(name: str, attempt: Callable[[], object]) -> None:
    with pytest.raises(IntegrityError, match=f'"{name}"'), transaction.atomic():
        attempt()


@pytest.mark.parametrize("attempt", KEYS.values(), ids=KEYS.keys())
def test_there_is_one_of_each(attempt: Callable[[], object]) -> None:
    with pytest.raises(IntegrityError, match="duplicate key"), transaction.atomic():
        attempt()


def test_the_plausible_neighbours_of_impossible_states_are_fine() -> None:
    feed(scope="chain", chain=f.chain())
    feed(url="https://example.com/prices.csv", every=timedelta(days=1))
    f.run(lease_until=AT, lease_token=uuid.uuid4())
    f.run(override_reason="新包装", operator="王芳")
    f.run(f.feed("one"), delivery_key="key:a")
    f.run(f.feed("other"), delivery_key="key:a")
    report(**MARK)
    rejection(state="settled", settled_by="药师")
    rejection(line=3)
    offer(price_fen=1, stock=4, state=0)
    source()
    source(kind="member", quantity=2)
    scheduled()
    scheduled(effective_at=AT + timedelta(days=1))
    change(None, 1260)
    stated()
    stated(region_id=2, count=4, mode_fen=None)
    nothing = dict.fromkeys(("mode_fen", "min_fen", "q1_fen", "median_fen", "q3_fen", "max_fen"))
    stated(region_id=3, count=0, **nothing)
    rolled_up(0)
    assert (Feed.objects.count(), Offer.objects.count(), PriceChange.objects.count()) == (5, 1, 1)
