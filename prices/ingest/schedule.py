"""Announced prices whose time has come: they pass the same door as everything else, as a run of their own feed."""

import json
from datetime import datetime
from itertools import groupby

from django.db import transaction

from catalog.models import Drug
from pharmacies.models import Pharmacy
from prices.ingest.receive import Refused, receive
from prices.models import Feed, FeedRun, ScheduledPrice, Stock
from prices.models.feeds import Mode
from prices.money import yuan

STOCK_WORDS = {Stock.UNKNOWN: "", Stock.IN: "in", Stock.LOW: "low", Stock.OUT: "out", Stock.ORDER: "order"}


def apply_due(*, at: datetime) -> int:
    """Receive a run for each feed with due prices; returns how many prices became due. Safe to call twice at once."""
    with transaction.atomic():
        due = list(
            ScheduledPrice.objects.select_for_update(skip_locked=True)
            .filter(applied_run_id__isnull=True, effective_at__lte=at)
            .order_by("feed_id", "effective_at", "pk")
        )
        reasoned = FeedRun.objects.exclude(override_reason="").in_bulk({price.run_id for price in due})

        def answered(price: ScheduledPrice) -> tuple[int, str, str]:
            run = reasoned.get(price.run_id)
            return price.feed_id, run.override_reason if run else "", run.operator if run else ""

        due.sort(key=answered)  # stable: in order of time within
        for (feed_id, reason, operator), prices in groupby(due, key=answered):
            _apply(Feed.objects.get(pk=feed_id), list(prices), at, reason=reason, operator=operator)
    return len(due)


def _apply(feed: Feed, due: list[ScheduledPrice], at: datetime, *, reason: str, operator: str) -> None:
    """One run of the feed; with the reason that a named person gave when the prices were announced."""
    newest = {(price.drug_id, price.pharmacy_id): price for price in due}  # in order of time: the last one holds now
    drugs = Drug.objects.in_bulk({price.drug_id for price in due})
    shops = Pharmacy.objects.in_bulk({price.pharmacy_id for price in due})
    lines = (
        {
            "pharmacy_code": shops[price.pharmacy_id].code,
            "drug_code": drugs[price.drug_id].code,
            "price": str(yuan(price.price_fen)),
            "stock": STOCK_WORDS[Stock(price.stock)],
            "effective_at": price.effective_at.isoformat(),
        }
        for price in newest.values()
    )
    data = "\n".join(json.dumps(line) for line in lines).encode()
    try:
        run = receive(
            feed=feed,
            data=data,
            at=at,
            channel=FeedRun.Channel.SCHEDULED,
            format="jsonl",
            mode=Mode.DELTA,
            operator=operator,
            override_reason=reason,
            released_by=operator,
            idempotency_key=f"scheduled:{due[0].pk}-{due[-1].pk}:{max(price.run_id for price in due)}",
        )
    except Refused:
        return  # a feed switched off meanwhile: its prices wait until it is back
    ScheduledPrice.objects.filter(pk__in=[price.pk for price in due]).update(applied_run_id=run.pk)
