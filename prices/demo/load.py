"""Loading the demo province: facts through the importers, prices through the one door.

The facts come in one transaction that also notes the moment the history leads up to. From that and a seed every
delivery follows, under a key of its own: a load that was killed goes on where it stopped.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

from django.db import connection, connections, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from catalog.importers import daily_doses, drugs, lists, references, schemes
from catalog.models import Drug
from pharmacies import audit
from pharmacies.importers import pharmacies, regions
from pharmacies.importers.outcome import Outcome
from pharmacies.models import AuditEvent, Pharmacy, Region
from prices import feeds
from prices.demo import catalogue, facts, past, province, shops, watching
from prices.demo.places import County
from prices.demo.tills import Till
from prices.ingest.receive import receive
from prices.ingest.runs import process
from prices.models import Feed, FeedRun, Offer
from prices.models.feeds import Mode
from prices.money import yuan_of
from prices.statistics.roll_up import backfill

BY = "demo"
BEGUN, LOADED = "demo.begin", "demo.load"
HISTORY = timedelta(days=89)
"""What a page shows: with today 90 days."""
Tell = Callable[[str], object]


class NotEmpty(Exception):
    """The database holds something else; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Loaded:
    pharmacies: int
    drugs: int
    offers: int
    runs: int
    held: int


def is_there() -> bool:
    """Whether the whole demo has been loaded."""
    return AuditEvent.objects.filter(action=LOADED).exists()


def load(*, outlines: Path, at: datetime, size: province.Size | None = None, tell: Tell = lambda text: None) -> Loaded:
    """Fill an empty database, or finish what a killed load began; `outlines` is a GeoJSON file in GCJ-02, `at` the
    moment the history leads up to.

    Raises `NotEmpty`, and `ValueError` when an importer refuses the facts.
    """
    size, at = size or province.Size(), at.astimezone(UTC)
    with connection.cursor() as cursor:
        # A crash costs the last moment of a load, which goes on where it stopped.
        cursor.execute("SET synchronous_commit = off")
    begun = AuditEvent.objects.filter(action=BEGUN).first()
    at = begun.at if begun else at
    known = facts.read(size.drugs, on=timezone.localdate(at))
    if begun is None:
        made, tills = _load_facts(known, size, outlines, at, tell)
    else:
        made = make_shops(known, size)
        tills = province.tills(made, known, size)
    runs = _load_prices(tills, size, at, tell)
    tell(_("统计这 %(n)d 天各地的多数药店价") % {"n": HISTORY.days})
    backfill(timezone.localdate(at) - HISTORY, at)
    tell(_("复检这 %(n)d 夜的价格变动") % {"n": watching.NIGHTS})
    watching.nights(at=at)
    past.complete(timezone.localdate(at))
    loaded = Loaded(
        pharmacies=len(made),
        drugs=len(known.drugs),
        offers=Offer.objects.filter(state=Offer.State.LIVE).count(),
        runs=len(runs),
        held=sum(run.state == FeedRun.State.HELD for run in runs),
    )
    with transaction.atomic():
        audit.record(at=at, by=BY, action=LOADED, subject="prices.Feed", subject_id="", after={"runs": len(runs)})
    return loaded


def analyze() -> None:
    """Fresh statistics: autovacuum comes once a minute, the first citizen perhaps sooner. Only the owner may."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "ANALYZE prices_offer, prices_pricechange, prices_runpharmacy, prices_areaprice, pharmacies_pharmacytoday,"
            " catalog_drug"
        )


# -- facts ------------------------------------------------------------------------------------------------------------


@transaction.atomic
def _load_facts(
    known: facts.Facts, size: province.Size, outlines: Path, at: datetime, tell: Tell
) -> tuple[list[shops.Shop], list[Till]]:
    if Pharmacy.objects.exists() or Drug.objects.exists() or Feed.objects.exists():
        raise NotEmpty(_("数据库里已有药店、药品或报送：演示数据只能装进空库，请用 --no-demo 启动，或另用一个空库"))
    _taken(regions.load(data=outlines.read_bytes(), datum="gcj02", at=at, by=BY))
    tell(_("地区 %(n)d") % {"n": Region.objects.count()})
    made = make_shops(known, size)
    _taken(pharmacies.load(data=shops.as_csv(made, on=timezone.localdate(at)), at=at, by=BY))
    tell(_("药店和医疗机构 %(n)d") % {"n": len(made)})
    _load_catalogue(known, at)
    tell(_("药品 %(n)d") % {"n": len(known.drugs)})
    tills = province.tills(made, known, size)
    for till in tills:
        _add_feed(till, at)
    audit.record(at=at, by=BY, action=BEGUN, subject="prices.Feed", subject_id="", after={"feeds": len(tills)})
    return made, tills


def make_shops(known: facts.Facts, size: province.Size) -> list[shops.Shop]:
    return shops.generate(
        counties(known.people),
        known,
        pharmacies=size.pharmacies,
        institutions=size.institutions,
        rng=Random(f"{province.SEED}/shops"),
    )


def counties(people: dict[str, float]) -> list[County]:
    """The counties with an outline, in the order of their codes."""
    found = Region.objects.filter(level=Region.Level.DISTRICT, outline__isnull=False)
    return [
        County(region.code, region.name, region.parent.name, people[region.code], region.outline.shape)
        for region in found.select_related("parent", "outline").order_by("code")
        if region.code in people
    ]


def _load_catalogue(known: facts.Facts, at: datetime) -> None:
    _taken(drugs.load(data=known.files["drugs"], at=at, by=BY))
    _taken(daily_doses.load(data=known.files["daily_doses"], at=at, by=BY))
    today = timezone.localdate(at)
    catalogue.load(known, since=today - HISTORY, year=today.year, at=at)
    _taken(schemes.load(data=known.files["schemes"], at=at, by=BY))
    if known.files["reference_prices"]:
        _taken(references.load(data=known.files["reference_prices"], read_amount=_amount, at=at, by=BY))
    for each in known.lists:
        if each.data:
            _taken(lists.load(data=each.data, document=_document(each), at=at, by=BY))


def _taken(outcome: Outcome) -> None:
    if outcome.problems:
        first = outcome.problems[0]
        raise ValueError(f"line {first.line}: {first.reason}: {first.advice}")


def _amount(text: str, decimals: int) -> Decimal:
    return yuan_of(text, decimals=decimals)


def _document(each: facts.ListFact) -> lists.Document:
    return lists.Document(each.kind, each.area, each.document, date.fromisoformat(each.valid_from))


def _add_feed(till: Till, at: datetime) -> None:
    feed, _token = feeds.add(
        till.slug,
        by=BY,
        at=at,
        chain=till.chain,
        pharmacies=[] if till.chain else [shop.code for shop in till.shops],
        mode=Mode.SNAPSHOT,
        generated=True,
        name=till.name,
    )
    feed.mapping = till.format.mapping
    feed.save(update_fields=["mapping"])


# -- prices -----------------------------------------------------------------------------------------------------------


def _load_prices(tills: list[Till], size: province.Size, at: datetime, tell: Tell) -> list[FeedRun]:
    """Every delivery of the last months, oldest first, as if received at its time, and the nights between them."""
    of_till = Feed.objects.in_bulk([till.slug for till in tills], field_name="slug")
    runs, nights = [], deque(past.nights(at))
    for number, delivery in enumerate(province.deliveries(tills, size, at), 1):
        while nights and nights[0] <= delivery.at:
            past.work(nights.popleft())
        run = receive(
            feed=of_till[delivery.till.slug],
            data=delivery.data,
            at=delivery.at,
            channel=FeedRun.Channel.COMMAND,
            mode=delivery.mode,
            idempotency_key=f"demo-{number}",
            queued=False,
        )
        runs.append(process(run.pk, clock=_clock_of(delivery.at)))
        if number % 20 == 0:
            tell(_("报送 %(n)d 批") % {"n": number})
    for night in nights:
        past.work(night)
    return runs


def _clock_of(received_at: datetime) -> Callable[[], datetime]:
    """Work on a delivery takes no time in its story."""
    return lambda: received_at + timedelta(seconds=5)
