"""What citizens saw on the shelf, beside what the shop declared (市民所见价): never ranked, never a declared price.

Not through the one door of the feeds: a run that publishes about a shop says that the shop has reported, and a citizen's
word must not make a silent shop look fresh. So the built-in feed `citizens` is closed to deliveries, has one run for
all times, which every observed price names, and no shop of its own.
"""

from datetime import datetime
from typing import Any

from django.db import connection

from prices.models import Feed, FeedRun
from prices.models.feeds import Mode
from prices.money import yuan
from prices.sql import statement

SLUG = "citizens"
NAME = "市民反馈"
"""Kept with the feed, so not in the language of whoever comes first."""


def observe(*, pharmacy_id: int, drug_id: int, fen: int, at: datetime) -> None:
    """Keep the price as the newest that a citizen saw of this product at this shop; inside the caller's transaction."""
    run = _run(at)
    values: dict[str, Any] = {"drug": drug_id, "pharmacy": pharmacy_id, "yuan": yuan(fen), "at": at}
    with connection.cursor() as cursor:
        cursor.execute(statement("report_observed"), values | {"feed": run.feed_id, "run": run.pk})


def _run(at: datetime) -> FeedRun:
    feed, _ = Feed.objects.get_or_create(slug=SLUG, defaults={"name": NAME, "scope": Feed.Scope.ALL, "active": False})
    run: FeedRun = FeedRun.objects.get_or_create(
        feed=feed,
        delivery_key=SLUG,
        defaults={
            "mode": Mode.DELTA,
            "channel": FeedRun.Channel.DESK,
            "sha256": "0" * 64,
            "size": 0,
            "state": FeedRun.State.PUBLISHED,
            "received_at": at,
            "finished_at": at,
        },
    )[0]
    return run
