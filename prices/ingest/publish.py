"""Step 4, publish: staged shops become current offers, history and a sign-off, some shops at a time, all or nothing.

The atomic unit is (run, pharmacy). Every transaction proves first that the run is still this attempt's, then locks its
shops in id order, so that two runs about the same shop follow each other.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from prices.leases import Lease
from prices.models import FeedRun, RunPharmacy
from prices.sql import statement

BATCH_ROWS, BATCH_SHOPS = 20_000, 200


def publish(run: FeedRun, shops: Sequence[tuple[int, int]], *, lease: Lease) -> None:
    """Publish the staged `shops` (pharmacy id, accepted rows; in id order). Raises `leases.Lost` when another attempt
    has taken the run over."""
    ensure_partition(run.received_at)
    for batch in _batches(shops):
        with transaction.atomic():
            lease.renew(state=FeedRun.State.PUBLISHING)
            _lock(batch)
            _publish_batch(run, batch)


def confirm(run: FeedRun, confirmed: FeedRun, *, lease: Lease) -> None:
    """The same bytes again: everything `confirmed` said still holds at the time `run` was received. Only marks move."""
    published = dict(confirmed.pharmacies.order_by("pharmacy_id").values_list("pharmacy_id", "accepted"))
    done = set(run.pharmacies.values_list("pharmacy_id", flat=True))
    shops = [(shop, accepted) for shop, accepted in published.items() if shop not in done]
    with connection.cursor() as cursor:
        cursor.execute(statement("stage_tables"))
        cursor.executemany(
            "INSERT INTO staged_pharmacy VALUES (%s, %s, %s, %s, true, false)",
            [(shop, run.received_at, run.received_at, accepted) for shop, accepted in shops],
        )
    for batch in _batches(shops):
        with transaction.atomic():
            lease.renew(state=FeedRun.State.PUBLISHING)
            _lock(batch)
            _sign_off(run, batch, {}, {}, {})


def ensure_partition(moment: datetime) -> None:
    """The month's partition of the change history must exist before a row goes in."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT prices_ensure_change_partition(%s)", [moment])


def ensure_partitions(*, at: datetime) -> int:
    """This month's partition and the next one's, ahead of time. Months are cut in UTC."""
    first = at.astimezone(UTC).replace(day=1)
    for moment in (at, first + timedelta(days=31)):  # from the first, 31 days lead into the next month and not past it
        ensure_partition(moment)
    return 2


def published_shops(run: FeedRun) -> list[int]:
    """The shops an earlier attempt has already published."""
    return list(RunPharmacy.objects.filter(run=run).values_list("pharmacy_id", flat=True))


def _batches(shops: Sequence[tuple[int, int]]) -> Iterator[list[int]]:
    batch: list[int] = []
    rows = 0
    for shop, accepted in shops:
        if batch and (rows + accepted > BATCH_ROWS or len(batch) >= BATCH_SHOPS):
            yield batch
            batch, rows = [], 0
        batch.append(shop)
        rows += accepted
    if batch:
        yield batch


def _lock(batch: list[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM pharmacies_pharmacy WHERE id = ANY (%s) ORDER BY id FOR NO KEY UPDATE", [batch])


def _parameters(run: FeedRun, batch: list[int]) -> dict[str, Any]:
    return {
        "run": run.pk,
        "feed": run.feed_id,
        "received_at": run.received_at,
        "pharmacies": batch,
    }


def _publish_batch(run: FeedRun, batch: list[int]) -> None:
    parameters = _parameters(run, batch)
    counts: dict[str, dict[int, int]] = {}
    with connection.cursor() as cursor:
        for name in ("publish_offers", "publish_removals", "publish_withdrawals", "publish_disputes"):
            cursor.execute(statement(name), parameters)
            counts[name] = dict(cursor.fetchall())
        cursor.execute(statement("publish_sources"), parameters)
        cursor.execute(statement("publish_scheduled"), parameters)
    removed = Counter(counts["publish_removals"])  # a row that changed something, and an offer that is gone
    changed, withdrawn = (removed + Counter(counts[name]) for name in ("publish_offers", "publish_withdrawals"))
    _sign_off(run, batch, changed, withdrawn, counts["publish_disputes"])


def _sign_off(
    run: FeedRun, batch: list[int], changed: dict[int, int], withdrawn: dict[int, int], disputed: dict[int, int]
) -> None:
    parameters = _parameters(run, batch) | {
        name: [counts.get(shop, 0) for shop in batch]
        for name, counts in (("changed", changed), ("withdrawn", withdrawn), ("disputed", disputed))
    }
    with connection.cursor() as cursor:
        cursor.execute(statement("publish_pharmacies"), parameters)
