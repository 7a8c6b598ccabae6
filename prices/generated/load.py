"""Fills an empty database with a generated province: everything or nothing, in one transaction of the owner role.

The offers come in by COPY without their indexes, which are made again over sorted rows.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta

import numpy as np
from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext as _
from psycopg import sql

from catalog.models import DrugList
from pharmacies import audit, today
from pharmacies.importers.bulk import columns_of, copy_in
from pharmacies.models import (
    AuditEvent,
    AuditSeal,
    AuditUnsealed,
    Authenticator,
    Chain,
    Designation,
    FailedAttempts,
    Invitation,
    Membership,
    Pharmacy,
    PharmacyStatus,
    RecoveryCode,
    Region,
    User,
)
from prices.generated import drugs
from prices.generated import offers as offer_rows
from prices.generated import shops as shop_rows
from prices.generated.indexes import without_indexes
from prices.generated.places import CITIES, PROVINCE, County, counties
from prices.generated.shops import SINCE, SINGLE, Shops
from prices.generated.size import Ints, Size
from prices.models import Feed, FeedRun, Offer, PharmacyFeed, RunPharmacy
from prices.models.feeds import Mode

Tell = Callable[[str], object]
PLATFORMS = 3
"""Feeds that the single shops and the institutions share."""
BY = "generate_province"
NOT_OF_A_PROVINCE = {
    *(AuditEvent, AuditSeal, AuditUnsealed),
    *(User, Membership, Invitation, Authenticator, RecoveryCode, FailedAttempts),
}
"""What an empty database may hold: who works with it, and what they did."""


class NotEmpty(Exception):
    """The database holds something already; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Generated:
    pharmacies: int
    drugs: int
    offers: int


def generate(size: Size, *, at: datetime, tell: Tell = lambda text: None) -> Generated:
    """Load the province as it is at `at`. Raises `NotEmpty`; whatever stops it, the database is as it was."""
    with as_owner():
        generated = _generate(size, at, tell)
        _settle()
    tell(_("统计信息"))
    return generated


@contextmanager
def as_owner() -> Iterator[None]:
    """Inside, everything this process writes is written by the role that owns the tables: it alone may drop indexes."""
    app = connections[DEFAULT_DB_ALIAS]
    connections[DEFAULT_DB_ALIAS] = connections["owner"]
    try:
        yield
    finally:
        connections[DEFAULT_DB_ALIAS] = app


@transaction.atomic
def _generate(size: Size, at: datetime, tell: Tell) -> Generated:
    _take_empty_tables()
    places = counties()
    regions = _load_regions(places)
    shops = shop_rows.generate(size, places)
    keys, runs = _load_shops(shops, regions, at)
    tell(_("药店和医疗机构 %(n)d") % {"n": len(shops)})
    assortment = drugs.load(size)
    document = {"document": _("生成的双通道药品名单"), "valid": DateRange(SINCE, None)}
    listed = DrugList.objects.create(kind=DrugList.Kind.DUAL_CHANNEL, area=regions[PROVINCE[0]], **document)
    drugs.name_dual_channel(assortment, listed)
    tell(_("药品 %(n)d") % {"n": len(assortment)})
    carried = _load_offers(size, assortment, shops, keys, at, tell)
    _sign_off(size, shops, keys, runs, carried, at)
    generated = Generated(len(shops), len(assortment), int(carried.sum()))
    after = asdict(generated) | {"seed": size.seed}
    audit.record(at=at, by=BY, action="prices.generate", subject="prices.Offer", subject_id="", after=after)
    return generated


def _take_empty_tables() -> None:
    """Keep all other writers out until the end, then look: nothing can come in between."""
    found = [
        model for label in ("pharmacies", "catalog", "prices") for model in apps.get_app_config(label).get_models()
    ]
    filled = [model for model in found if model not in NOT_OF_A_PROVINCE]
    tables = sql.SQL(", ").join(sql.Identifier(model._meta.db_table) for model in filled)
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE").format(tables))
    for model in filled:
        if model._default_manager.exists():
            raise NotEmpty(
                _(
                    "数据库里已有数据（%(what)s）：生成的全省只能装进空库。例如换一个目录：YAOBI_VAR=var/generated bin/manage generate_province"
                )
                % {"what": model._meta.verbose_name}
            )


def _copy(model: type[Model], rows: Iterable[Model]) -> None:
    copy_in(model, columns_of(model), rows)


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


def _load_shops(shops: Shops, regions: dict[str, Region], at: datetime) -> tuple[offer_rows.Keys, dict[int, FeedRun]]:
    """The keys of the pharmacies, and the run of each feed that has some."""
    owners = Chain.objects.bulk_create(shop_rows.chains())
    rows = list(shop_rows.pharmacies(shops, regions, owners))
    _copy(Pharmacy, rows)
    id_of = dict(Pharmacy.objects.values_list("code", "pk"))
    ids = np.array([id_of[row.code] for row in rows])
    _copy(PharmacyStatus, shop_rows.statuses(shops, ids, timezone.localdate(at)))
    areas = np.array([row.insurance_area_id for row in rows])
    _copy(Designation, shop_rows.designations(shops, ids, areas))
    today.rebuild(at)
    feeds = _feeds(owners)
    platform = len(owners) + np.arange(len(shops)) % PLATFORMS
    number = np.where(shops.chain == SINGLE, platform, shops.chain)
    runs = {int(n): _run(feeds[n], at) for n in np.unique(number)}
    return offer_rows.Keys(
        pharmacies=ids,
        cells=np.array([row.cell for row in rows]),
        feeds=np.array([runs[n].feed_id for n in number.tolist()]),
        runs=np.array([runs[n].pk for n in number.tolist()]),
    ), {run.pk: run for run in runs.values()}


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


def _load_offers(
    size: Size, assortment: drugs.Assortment, shops: Shops, keys: offer_rows.Keys, at: datetime, tell: Tell
) -> Ints:
    """How many offers each pharmacy got."""
    carried = np.zeros(len(shops), dtype=np.int64)
    columns = sql.SQL(", ").join(sql.Identifier(name) for name, _kind in offer_rows.COLUMNS)
    table = sql.Identifier(Offer._meta.db_table)
    built = _("索引 %(name)s")
    with (
        without_indexes(Offer._meta.db_table, made=lambda name: tell(built % {"name": name})),
        connection.cursor() as cursor,
    ):
        # Only into a table emptied by this transaction may COPY write rows frozen, so that no vacuum rewrites them.
        cursor.execute(sql.SQL("TRUNCATE {}").format(table))
        statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary, FREEZE)").format(table, columns)
        with cursor.copy(statement) as target:
            target.write(offer_rows.HEAD)
            for rows, carriers in offer_rows.batches(size, assortment, shops, keys, at):
                target.write(rows)
                carried += np.bincount(carriers, minlength=len(shops))
            target.write(offer_rows.TAIL)
        tell(_("零售价 %(n)d") % {"n": int(carried.sum())})
    return carried


def _sign_off(
    size: Size, shops: Shops, keys: offer_rows.Keys, runs: dict[int, FeedRun], carried: Ints, at: datetime
) -> None:
    """What publishing leaves behind: a row per run and pharmacy, the freshness marks, the runs' counts."""
    seen = [at - timedelta(microseconds=age) for age in offer_rows.silence(size, shops).tolist()]
    said = list(
        zip(keys.pharmacies.tolist(), keys.feeds.tolist(), keys.runs.tolist(), carried.tolist(), seen, strict=True)
    )
    _copy(
        RunPharmacy,
        (
            RunPharmacy(run_id=run, pharmacy_id=shop, as_of=when, accepted=count, changed=count)
            for shop, _feed, run, count, when in said
        ),
    )
    _copy(
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


def _settle() -> None:
    """Visibility map and statistics of everything that came: outside a transaction, so a kill here leaves a province
    that autovacuum still has to look at."""
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("VACUUM {}").format(sql.Identifier(Offer._meta.db_table)))
        cursor.execute("ANALYZE")
