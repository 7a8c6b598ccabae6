"""The demo's tills keep reporting while the service runs, so that its prices stay fresh like real ones.

A till knows nothing but what it last said: its files are made from the offers of its feed. Shops that were not in the
feed's last snapshot have fallen silent and stay so; a feed whose last delivery a person has yet to decide waits.
"""

from datetime import datetime, timedelta
from random import Random
from typing import NamedTuple

from django.db.models import Max, QuerySet

from catalog.models import Drug
from pharmacies.models import Pharmacy
from prices.demo import facts
from prices.demo.facts import table
from prices.demo.province import PREFIX
from prices.demo.shelves import rounded
from prices.ingest.receive import receive
from prices.ingest.schedule import STOCK_WORDS
from prices.models import Feed, FeedRun, Offer, Stock
from prices.models.feeds import Mode
from prices.money import yuan

SNAPSHOT_EVERY = timedelta(hours=20)
"""Well within a day, so that a service started every morning begins with fresh prices."""
DELTA_EVERY = timedelta(minutes=5)
DRUGS, TRIES = 3, 12
"""A few drugs change at a time; most feeds have most drugs."""
HEADER = ("pharmacy_code", "drug_code", "price", "stock")


class Line(NamedTuple):
    """What an offer of the feed says; ids."""

    shop: int
    drug: int
    fen: int
    stock: int


def report(*, at: datetime) -> int:
    """Send what is due at `at`: snapshots of all feeds whose last one is old, else now and then a few new prices of
    the feed that was quiet for longest. Returns the number of deliveries; workers take them from there."""
    feeds = [feed for feed in Feed.objects.filter(slug__startswith=PREFIX, active=True) if not _waits(feed)]
    old = [feed for feed in feeds if (last := _last_snapshot(feed)) and last.received_at <= at - SNAPSHOT_EVERY]
    for feed in old:
        _send(feed, _lines(_live(feed)), Mode.SNAPSHOT, at)
    if old or not feeds:
        return len(old)
    heard: dict[int, datetime] = dict(
        FeedRun.objects.filter(feed__in=feeds).values_list("feed_id").annotate(Max("received_at"))
    )
    if max(heard.values()) > at - DELTA_EVERY:
        return 0
    return _send_changes(min(feeds, key=lambda feed: (heard[feed.pk], feed.pk)), at)


def _waits(feed: Feed) -> bool:
    """Its last delivery is on its way, or held for a person; or it never reported."""
    last = feed.runs.order_by("-pk").first()
    return last is None or last.state in (*FeedRun.IN_FLIGHT, FeedRun.State.HELD)


def _last_snapshot(feed: Feed) -> FeedRun | None:
    found: FeedRun | None = (
        feed.runs.filter(mode=Mode.SNAPSHOT, state=FeedRun.State.PUBLISHED).order_by("-received_at", "-pk").first()
    )
    return found


def _live(feed: Feed) -> "QuerySet[Offer]":
    """The feed's offers in the shops of its last snapshot."""
    last = _last_snapshot(feed)
    shops = last.pharmacies.values_list("pharmacy_id", flat=True) if last else []
    return Offer.objects.filter(feed_id=feed.pk, state=Offer.State.LIVE, pharmacy_id__in=list(shops))


def _lines(offers: "QuerySet[Offer]") -> list[Line]:
    """In a fixed order: the same state gives the same file."""
    found = offers.order_by("pharmacy_id", "drug_id").values_list("pharmacy_id", "drug_id", "price_fen", "stock")
    return [Line(*values) for values in found.iterator(chunk_size=10_000)]


def _send_changes(feed: Feed, at: datetime) -> int:
    """New prices for a few drugs; shops of one chain that asked the same go on asking the same."""
    rng = Random(f"{feed.slug}/{at.isoformat()}")
    known = facts.read().drugs
    moved: list[Line] = []
    for fact in rng.sample(known, min(TRIES, len(known))):
        drug = Drug.objects.filter(code=fact.code).first()
        lines = _lines(_live(feed).filter(drug_id=drug.pk)) if drug else []
        if lines:
            old = rng.choice(lines)
            new = _new_price(old.fen, fact.usual_fen(old.fen), rng)
            moved += [line._replace(fen=new) for line in _same_label(lines, old)]
        if len({line.drug for line in moved}) >= DRUGS:
            break
    return _send(feed, moved, Mode.DELTA, at)


def _same_label(lines: list[Line], old: Line) -> list[Line]:
    """The line itself, and those of its chain with the same price."""
    chains = dict(Pharmacy.objects.filter(pk__in=[line.shop for line in lines]).values_list("pk", "chain"))
    chain = chains[old.shop]
    return [line for line in lines if line == old or (chain and chains[line.shop] == chain and line.fen == old.fen)]


def _new_price(fen: int, typical_fen: int, rng: Random) -> int:
    """A few per cent up or down, towards what is usual when it has strayed."""
    low, high = (0.93, 1.0) if fen > 1.25 * typical_fen else (1.0, 1.07) if fen < 0.8 * typical_fen else (0.95, 1.05)
    return rounded(fen * rng.uniform(low, high), rng)


def _send(feed: Feed, lines: list[Line], mode: Mode, at: datetime) -> int:
    if not lines:
        return 0
    shops = dict(Pharmacy.objects.filter(pk__in={line.shop for line in lines}).values_list("pk", "code"))
    drugs = dict(Drug.objects.filter(pk__in={line.drug for line in lines}).values_list("pk", "code"))
    rows = ((shops[line.shop], drugs[line.drug], yuan(line.fen), STOCK_WORDS[Stock(line.stock)]) for line in lines)
    receive(feed=feed, data=table(HEADER, rows), at=at, channel=FeedRun.Channel.COMMAND, mode=mode)
    return 1
