"""Sending a feed file in a test, the way every channel does: receive, then process."""

from datetime import datetime
from typing import Any

from pharmacies.models import Pharmacy
from prices.ingest import publish
from prices.ingest.receive import receive
from prices.ingest.runs import process
from prices.models import Feed, FeedRun, Offer, PriceChange
from tests.factories import AT

HEADER = "pharmacy_code,drug_code,price"


def csv(*rows: str, header: str = HEADER) -> bytes:
    return "\n".join([header, *rows, ""]).encode()


def deliver(feed: Feed, *rows: str, at: datetime = AT, header: str = HEADER, **options: Any) -> FeedRun:
    """One delivery, decided."""
    run = receive(feed=feed, data=csv(*rows, header=header), at=at, channel="command", **options)
    return process(run.pk)


def shown(drug: Any, pharmacy: Pharmacy) -> str | None:
    """What citizens would see: the price in yuan while the offer is live, else nothing."""
    offer = Offer.objects.filter(drug_id=drug.pk, pharmacy_id=pharmacy.pk, state=1).first()
    return f"{offer.price_fen / 100:.2f}" if offer else None


def reasons(run: FeedRun) -> dict[int, list[str]]:
    return {row.line: row.reasons for row in run.rejections.order_by("line")}


def history(drug: Any, pharmacy: Pharmacy) -> list[tuple[int | None, int | None]]:
    changes = PriceChange.objects.filter(drug_id=drug.pk, pharmacy_id=pharmacy.pk).order_by("xid", "id")
    return [(change.old_fen, change.new_fen) for change in changes]


def dies_at(shop: Pharmacy) -> Any:
    """What `publish._lock` is to an attempt that dies when it comes to that shop."""
    lock = publish._lock

    def lock_or_die(batch: list[int]) -> None:
        if shop.pk in batch:
            raise ConnectionError
        lock(batch)

    return lock_or_die
