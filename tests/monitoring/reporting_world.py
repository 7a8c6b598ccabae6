"""Shops of 武昌区 that report in time, late, not for long, and never; and what they sent."""

from datetime import datetime, timedelta
from typing import Any

from pharmacies.models import Pharmacy
from prices.models import Feed, FeedRun, PriceChange, RunPharmacy
from prices.money import fen_of
from tests import factories as f
from tests.factories import AT


def weekly() -> Feed:
    return f.feed("weekly", name="周报", cadence=timedelta(days=7))


def reporters() -> dict[str, Pharmacy]:
    """A week is fresh for 10.5 days and shown for 28. At AT: `late` is 2.5 days behind, `silent` 29.5."""
    shops = {name: f.pharmacy(name) for name in ("on_time", "late", "silent", "never")}
    f.report(weekly(), shops["on_time"], AT - timedelta(days=1))
    f.report(weekly(), shops["late"], AT - timedelta(days=13))
    f.report(weekly(), shops["silent"], AT - timedelta(days=40))
    f.pharmacy("不在名单", designations=())
    f.pharmacy("已暂停", status="suspended")
    f.rebuild_today()
    return shops


def sent(
    shop: Pharmacy, at: datetime, *, by: Feed | None = None, accepted: int = 10, mode: str = "snapshot"
) -> FeedRun:
    """A delivery about the shop that was received and published at that time."""
    run = f.run(by or weekly(), received_at=at, finished_at=at, mode=mode)
    RunPharmacy.objects.create(run=run, pharmacy=shop, as_of=at, accepted=accepted)
    return run


def changed(
    drug: Any, shop: Pharmacy, old: str | None, new: str | None, at: datetime, *, received: datetime | None = None
) -> None:
    """A line of the change history; call it in the order in which things were received."""
    moment = received or at
    PriceChange.objects.create(
        drug_id=drug.pk, pharmacy_id=shop.pk, old_fen=old and fen_of(old), new_fen=new and fen_of(new),
        effective_at=at, reported_at=at, received_at=moment, feed_id=weekly().pk, run_id=sent(shop, moment, mode="delta").pk,
    )  # fmt: skip
