"""Fills an empty database with a generated province: everything or nothing, in one transaction of the owner role.

The indexes of the offers are dropped before the rows come in and made again from their own definitions after: building
them over sorted rows is several times faster than keeping them.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

import numpy as np
from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext as _
from psycopg import sql

from pharmacies import audit, today
from pharmacies.models import Chain, Designation, Pharmacy, PharmacyStatus, Region
from prices.generated import offers as offer_rows
from prices.generated import shops as shop_rows
from prices.generated.places import CITIES, PROVINCE, County, counties
from prices.generated.shops import SINGLE, Shops
from prices.generated.size import Ints, Size
from prices.models import Feed, FeedRun, Offer, PharmacyFeed, RunPharmacy
from prices.models.feeds import Mode

Tell = Callable[[str], None]
BATCH = 5_000
PLATFORMS = 3
"""Feeds that the single shops and the institutions share."""
BY = "generate_province"
EMPTY = (Region, Pharmacy, Feed, Offer)


class NotEmpty(ValueError):
    """The database holds something already; the message says what to do."""


def generate(size: Size, *, at: datetime, load_drugs: Callable[[int], Ints], tell: Tell) -> int:
    """Load the province; returns the number of offers. `load_drugs` makes that many products and returns their ids
    from the commonest to the rarest. Raises `NotEmpty`."""
    with as_owner():
        offers = _generate(size, at, load_drugs, tell)
        _settle(tell)
    return offers


@transaction.atomic
def _generate(size: Size, at: datetime, load_drugs: Callable[[int], Ints], tell: Tell) -> int:
    _refuse_if_filled()
    places = counties()
    regions = _load_regions(places)
    shops = shop_rows.generate(size, places)
    ids, feeds_of = _load_shops(shops, regions, at)
    tell(_("药店和医疗机构 %(n)d") % {"n": len(ids)})
    drugs = load_drugs(size.drugs)
    tell(_("药品 %(n)d") % {"n": len(drugs)})
    runs = {feed.pk: _run(feed, at) for feed in {each.pk: each for each in feeds_of}.values()}
    feed_ids = np.array([feed.pk for feed in feeds_of])
    run_ids = np.array([runs[pk].pk for pk in feed_ids.tolist()])
    keys = offer_rows.Keys(drugs, ids, feed_ids, run_ids)
    carried = _load_offers(size, shops, keys, at, tell)
    _sign_off(size, shops, keys, runs, carried, at)
    after = {"pharmacies": len(ids), "drugs": len(drugs), "offers": int(carried.sum())}
    audit.record(at=at, by=BY, action="prices.generate", subject="prices.Offer", subject_id="", after=after)
    return int(carried.sum())


@contextmanager
def as_owner() -> Iterator[None]:
    """Inside, everything this process writes is written by the role that owns the tables: it alone may drop indexes."""
    app = connections[DEFAULT_DB_ALIAS]
    connections[DEFAULT_DB_ALIAS] = connections["owner"]
    try:
        yield
    finally:
        connections[DEFAULT_DB_ALIAS] = app


def _refuse_if_filled() -> None:
    for model in EMPTY:
        if model.objects.exists():
            raise NotEmpty(_("数据库里已有数据：生成的全省只能装进空库，请另用一个空库（YAOBI_VAR 换一个目录）"))


def _insert(model: type[Any], rows: Iterator[Model]) -> list[Any]:
    made: list[Any] = []
    while batch := list(islice(rows, BATCH)):
        made += model.objects.bulk_create(batch)
    return made


# -- who and where ----------------------------------------------------------------------------------------------------


def _load_regions(places: list[County]) -> dict[str, Region]:
    valid = DateRange(date(2000, 1, 1), None)
    rows = Region.objects
    code, name = PROVINCE
    found = {code: rows.create(code=code, name=name, level=Region.Level.PROVINCE, valid=valid)}
    for prefix, (name, _lng, _lat) in CITIES.items():
        if name:
            code = f"{prefix}00"
            found[code] = rows.create(
                code=code, name=name, level=Region.Level.CITY, parent=found[PROVINCE[0]], valid=valid
            )
    for place in places:
        found[place.code] = rows.create(
            code=place.code, name=place.name, level=Region.Level.DISTRICT, parent=found[place.city], valid=valid
        )
    return found


def _load_shops(shops: Shops, regions: dict[str, Region], at: datetime) -> tuple[Ints, list[Feed]]:
    """Ids of the pharmacies and the feed of each."""
    on = timezone.localdate(at)
    owners = _insert(Chain, iter(shop_rows.chains()))
    made = _insert(Pharmacy, shop_rows.pharmacies(shops, regions, owners))
    ids = np.array([row.pk for row in made])
    _insert(PharmacyStatus, shop_rows.statuses(shops, ids, on))
    areas = np.array([row.insurance_area_id for row in made])
    _insert(Designation, shop_rows.designations(shops, ids, areas))
    today.rebuild(at)
    feeds = _feeds(owners)
    platform = len(owners) + np.arange(len(shops)) % PLATFORMS
    return ids, [feeds[n] for n in np.where(shops.chain == SINGLE, platform, shops.chain).tolist()]


def _feeds(owners: list[Chain]) -> list[Feed]:
    """One a chain, in their order, then the platforms."""
    rows = [
        Feed(slug=f"generated-chain-{n:02d}", name=owner.name, scope=Feed.Scope.CHAIN, chain=owner)
        for n, owner in enumerate(owners, 1)
    ]
    rows += [
        Feed(slug=f"generated-platform-{n}", name=f"生成平台{n}", scope=Feed.Scope.ALL) for n in range(1, PLATFORMS + 1)
    ]
    for row in rows:
        row.generated, row.mode = True, Mode.SNAPSHOT
    return list(Feed.objects.bulk_create(rows))


# -- how much ---------------------------------------------------------------------------------------------------------


def _run(feed: Feed, at: datetime) -> FeedRun:
    """The one delivery that everything of the feed is said to have come by."""
    run: FeedRun = FeedRun.objects.create(
        feed=feed,
        mode=Mode.SNAPSHOT,
        channel=FeedRun.Channel.COMMAND,
        delivery_key="generated",
        sha256="0" * 64,
        size=0,
        state=FeedRun.State.PUBLISHED,
        received_at=at,
        finished_at=at,
        notes=[_("生成的数据")],
    )
    return run


def _load_offers(size: Size, shops: Shops, keys: offer_rows.Keys, at: datetime, tell: Tell) -> Ints:
    """How many offers each pharmacy got."""
    carried = np.zeros(len(shops), dtype=np.int64)
    columns = sql.SQL(", ").join(sql.Identifier(name) for name, _kind in offer_rows.COLUMNS)
    table = sql.Identifier(Offer._meta.db_table)
    with without_indexes(Offer._meta.db_table, tell), connection.cursor() as cursor:
        cursor.execute(sql.SQL("TRUNCATE {}").format(table))  # so that FREEZE may skip a later vacuum
        statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary, FREEZE)").format(table, columns)
        with cursor.copy(statement) as target:
            target.write(offer_rows.HEAD)
            for rows, carriers in offer_rows.batches(size, shops, keys, at):
                target.write(rows)
                carried += np.bincount(carriers, minlength=len(shops))
            target.write(offer_rows.TAIL)
        tell(_("零售价 %(n)d") % {"n": int(carried.sum())})
    return carried


@contextmanager
def without_indexes(table: str, tell: Tell) -> Iterator[None]:
    """Inside, the table has no indexes and no key; afterwards it has the same ones again, by their own definitions."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid), c.conname, pg_get_constraintdef(c.oid)
            FROM pg_index i LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid AND c.contype IN ('p', 'u')
            WHERE i.indrelid = %s::regclass ORDER BY i.indexrelid
            """,
            [table],
        )
        found = cursor.fetchall()
        for index, _definition, constraint, _clause in found:
            if constraint:
                cursor.execute(f'ALTER TABLE "{table}" DROP CONSTRAINT "{constraint}"')
            else:
                cursor.execute(f"DROP INDEX {index}")
        yield
        cursor.execute("SET LOCAL maintenance_work_mem = '1GB'")
        for index, definition, constraint, clause in found:
            cursor.execute(
                f'ALTER TABLE "{table}" ADD CONSTRAINT "{constraint}" {clause}' if constraint else definition
            )
            tell(_("索引 %(name)s") % {"name": index})


def _sign_off(
    size: Size, shops: Shops, keys: offer_rows.Keys, runs: dict[int, FeedRun], carried: Ints, at: datetime
) -> None:
    """What publishing leaves behind: a row per run and pharmacy, the freshness marks, the runs' counts."""
    seen = [at - timedelta(microseconds=age) for age in offer_rows.silence(size, shops).tolist()]
    said = list(
        zip(keys.pharmacies.tolist(), keys.feeds.tolist(), keys.runs.tolist(), carried.tolist(), seen, strict=True)
    )
    _insert(
        RunPharmacy,
        (
            RunPharmacy(run_id=run, pharmacy_id=shop, as_of=when, accepted=count, changed=count)
            for shop, _feed, run, count, when in said
        ),
    )
    _insert(
        PharmacyFeed,
        (
            PharmacyFeed(
                pharmacy_id=shop,
                feed_id=feed,
                as_of=when,
                last_run_id=run,
                snapshot_as_of=when,
                snapshot_received_at=at,
                snapshot_run_id=run,
            )
            for shop, feed, run, _count, when in said
        ),
    )
    totals = np.zeros(int(keys.runs.max()) + 1, dtype=np.int64)
    np.add.at(totals, keys.runs, carried)
    for run in runs.values():
        run.rows = run.accepted = run.changed = int(totals[run.pk])
        run.save(update_fields=["rows", "accepted", "changed"])


def _settle(tell: Tell) -> None:
    """Statistics of everything that came, and the visibility map: outside a transaction."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE) prices_offer")
        cursor.execute("ANALYZE")
    tell(_("统计信息"))
