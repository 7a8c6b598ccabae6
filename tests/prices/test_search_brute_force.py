"""Every plan gives what a scan of everything in plain Python gives: ties, chains, stale mixes, lists, all pages."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from math import lcm
from random import Random
from typing import Any

import pytest
from django.db import connection

from catalog.models import Drug, DrugList, DrugListEntry
from pharmacies.geo import Wgs84
from pharmacies.hours import is_open
from pharmacies.models import Designation, Pharmacy, PharmacyToday, Region
from prices.models import Feed, Offer, PharmacyFeed
from prices.search import plans
from prices.search.offers import find
from prices.search.questions import Filters, Target, Where
from tests import factories
from tests.factories import AT, ORIGIN

ABROAD = (2.352, 48.857)


@dataclass
class World:
    drugs: list[Drug]
    shops: dict[int, PharmacyToday]
    codes: dict[int, str]
    offers: list[Offer]
    feeds: dict[int, Feed]
    marks: dict[tuple[int, int], datetime]
    regions: list[int]


def build(random: Random, size: int) -> World:
    """A town of `size` shops, several at one address, and up to 4 drugs of one preparation in different packs."""
    factories.small_town()  # strangers: another preparation's offers must never show up
    districts = [factories.wuchang(), factories.hongshan()]
    spots = [(random.uniform(-3000, 3000), random.uniform(-3000, 3000)) for _spot in range(12)]
    feeds = [
        factories.feed(f"feed-{number}", cadence=cadence, generated=number == 1)
        for number, cadence in enumerate([timedelta(hours=1), timedelta(days=1), timedelta(days=7)])
    ]
    shops = [_shop(random, spots, districts) for _shop_number in range(size)]
    preparation = factories.preparation("盐酸二甲双胍片", "片剂", "0.5g")
    packs = random.choices([7, 10, 14, 28], k=random.randint(1, 4))
    drugs = [factories.drug(preparation, pack_count=pack) for pack in packs]
    _offers(random, shops, drugs, feeds)
    _lists(random, drugs, districts)
    factories.rebuild_today()
    codes = dict(Pharmacy.objects.values_list("pk", "code"))
    return World(
        drugs=sorted(drugs, key=lambda drug: drug.code),
        shops={today.pk: today for today in PharmacyToday.objects.all()},
        codes=codes,
        offers=list(Offer.objects.all()),
        feeds={feed.pk: feed for feed in Feed.objects.all()},
        marks={
            (mark.pharmacy_id, mark.feed_id): mark.snapshot_as_of
            for mark in PharmacyFeed.objects.all()
            if mark.snapshot_as_of
        },
        regions=[district.pk for district in districts] + [city.pk for city in Region.objects.filter(level="city")],
    )


def _shop(random: Random, spots: list[tuple[float, float]], districts: list[Any]) -> Pharmacy:
    east, north = random.choice(spots)
    hours = random.choice(["", "24/7", "Mo-Fr 08:00-21:00", "Sa-Su 09:00-12:00;Mo 20:00-02:00"])
    kinds = [kind for kind in ("dual_channel", "chronic_disease", "outpatient_pooling") if random.random() < 0.5]
    return factories.pharmacy(
        east_m=east,
        north_m=north,
        division=random.choice(districts),
        kind=random.choice(["pharmacy"] * 5 + ["hospital", "clinic"]),
        designations=("designated", *kinds) if random.random() < 0.9 else tuple(kinds),
        status=random.choice(["normal"] * 9 + ["suspended"]),
        hours=hours,
        cell=random.randint(1, 5),  # wherever it stands: cells make searches fast, never right
    )


def _offers(random: Random, shops: list[Pharmacy], drugs: list[Drug], feeds: list[Feed]) -> None:
    rows, marks = [], {}
    for shop in shops:
        for drug in drugs:
            if random.random() < 0.3:
                continue
            feed = random.choice(feeds)
            confirmed = AT - feed.cadence * random.choice([0, 0, 0.5, 0.5, 1, 1, 1.5, 1.50001, 2, 3.9, 4, 4.00001])
            disputed = random.choice([None] * 6 + [confirmed, confirmed + feed.cadence])
            if random.random() < 0.2:
                marks[shop.pk, feed.pk] = AT - feed.cadence * random.choice([0, 1, 2, 5])
            rows.append(
                Offer(
                    drug_id=drug.pk,
                    pharmacy_id=shop.pk,
                    price_fen=drug.pack_count
                    * random.choice([90, 100, 101, 150] if len(shops) < 100 else range(90, 150)),
                    stock=random.choice([0, 1, 1, 1, 2, 3, 4]),
                    state=random.choice([1] * 9 + [0]),
                    as_of=confirmed,
                    changed_at=confirmed,
                    confirmed_at=confirmed,
                    disputed_since=disputed,
                    feed_id=feed.pk,
                    run_id=1,
                    cell=shop.cell,
                )
            )
    Offer.objects.bulk_create(rows)
    PharmacyFeed.objects.bulk_create(
        PharmacyFeed(
            pharmacy_id=shop,
            feed_id=feed,
            as_of=mark,
            last_run_id=1,
            snapshot_as_of=mark,
            snapshot_received_at=mark,
            snapshot_run_id=1,
        )
        for (shop, feed), mark in marks.items()
    )


def _lists(random: Random, drugs: list[Drug], districts: list[Any]) -> None:
    """Lists of the province, the city and one district; entries by drug, by listing and by name."""
    city, province = districts[0].parent, districts[0].parent.parent
    listing = factories.listing("二甲双胍")
    for drug in drugs:
        if random.random() < 0.5:
            factories.match(drug, listing, random.choice(["accepted", "accepted", "candidate", "rejected"]))
    for kind in ("dual_channel", "chronic_disease", "not_for_retail"):
        for area in random.sample([province, city, districts[0]], random.randint(0, 3)):
            named = random.sample(drugs, random.randint(0, len(drugs) // (2 if kind == "not_for_retail" else 1)))
            row = factories.drug_list(kind, area, *named)
            if random.random() < 0.3:
                DrugListEntry.objects.create(drug_list=row, listing=listing, valid=row.valid)
            if random.random() < 0.2:
                form = random.choice(["", "片剂", "缓释片"])
                DrugListEntry.objects.create(
                    drug_list=row, generic_name="盐酸二甲双胍片", dosage_form=form, valid=row.valid
                )


# -- the scan ---------------------------------------------------------------------------------------------------------


def distances(where: Where) -> dict[int, float]:
    """The double that PostGIS gives: the definition of distance."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pharmacy_id, location <-> %s::geography FROM pharmacies_pharmacytoday", [where.ewkt])
        return dict(cursor.fetchall())


def covered(drug: Drug, shop: PharmacyToday, kind: str) -> bool:
    if not shop.designations & Designation.Kind(kind).bit:
        return False
    if kind == "outpatient_pooling":
        return any(match.state == "accepted" for match in drug.matches.all())
    return listed(drug, shop, kind)


def listed(drug: Drug, shop: PharmacyToday, kind: str) -> bool:
    """Whether the list of the nearest area that has one names the drug."""
    accepted = {match.listing_id for match in drug.matches.all() if match.state == "accepted"}
    for area in shop.area_ids:
        entries = DrugListEntry.objects.filter(drug_list__kind=kind, drug_list__area=area).select_related("drug_list")
        if DrugList.objects.filter(kind=kind, area=area).exists():
            return any(
                entry.drug_id == drug.pk
                or entry.listing_id in accepted
                or (entry.generic_name == drug.preparation.generic_name and entry.dosage_form in ("", "片剂"))
                for entry in entries
            )
    return False


@dataclass(frozen=True)
class Trip:
    """How many packs, and what a kilometre costs."""

    quantity: int
    yuan_per_km: Decimal


def keys_of(sort: str, target: Target, trip: Trip, distance: float, price: int) -> tuple[float, ...]:
    if sort == "cheapest":
        return price, distance
    if sort == "value":
        return target.line_fen(price, trip.quantity) + distance * (float(trip.yuan_per_km) / 10), distance
    return distance, price


def frontier(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Fresh rows to which no other is both at least as near and at least as cheap, and better in one."""
    fresh = [row for row in rows if not row[0]]
    return [
        row
        for row in fresh
        if not any(
            other[1] <= row[1] and other[2] <= row[2] and (other[1] < row[1] or other[2] < row[2]) for other in fresh
        )
    ]


def scan(world: World, target: Target, where: Where, sort: str, filters: Filters, trip: Trip) -> list[tuple[Any, ...]]:
    """(stale, first key, …, pharmacy code, drug code) of every eligible offer, in order."""
    away = distances(where) if where.origin else dict.fromkeys(world.shops, 0.0)
    multiple = lcm(*(drug.pack_count for drug in target.drugs))
    by_id = {drug.pk: drug for drug in target.drugs}
    rows: list[tuple[Any, ...]] = []
    for offer in world.offers:
        shop, drug, feed = world.shops.get(offer.pharmacy_id), by_id.get(offer.drug_id), world.feeds[offer.feed_id]
        if drug is None or shop is None or not passes(offer, drug, shop, away[shop.pk], where, filters):
            continue
        vouched = offer.confirmed_at
        if offer.disputed_since:
            vouched = min(vouched, offer.disputed_since)
        elif mark := world.marks.get((shop.pk, feed.pk)):
            vouched = max(vouched, mark)
        if vouched + feed.cadence * 4 < AT:
            continue
        stale = int(vouched + feed.cadence * 1.5 < AT)
        price = offer.price_fen * multiple // drug.pack_count if len(target.drugs) > 1 else offer.price_fen
        rows.append((stale, *keys_of(sort, target, trip, away[shop.pk], price), world.codes[shop.pk], drug.code))
    rows.sort()
    if filters.per_pharmacy:
        best: dict[str, tuple[Any, ...]] = {}
        for row in rows:
            best.setdefault(row[3], row)
        rows = sorted(best.values())
    return frontier(rows) if sort == "frontier" else rows


def passes(offer: Offer, drug: Drug, shop: PharmacyToday, distance: float, where: Where, filters: Filters) -> bool:
    return (
        shop.ranked
        and shop.kind in filters.kinds
        and offer.state == 1
        and offer.stock != 3
        and (offer.stock in (1, 2) or not filters.in_stock)
        and (where.radius_m is None or distance <= where.radius_m)
        and (where.region_id is None or where.region_id in shop.region_ids)
        and (not filters.open_now or (shop.open_minutes is not None and is_open(shop.open_minutes, AT)))
        and (not filters.reimbursed_as or covered(drug, shop, filters.reimbursed_as))
        and not (shop.kind == "pharmacy" and listed(drug, shop, "not_for_retail"))
    )


# -- the comparison ---------------------------------------------------------------------------------------------------


def pages(
    target: Target, where: Where, sort: Any, filters: Filters, trip: Trip, limit: int, plan: Any
) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = []
    after = None
    while True:
        answer = find(
            target,
            where,
            sort=sort,
            at=AT,
            filters=filters,
            limit=limit,
            after=after,
            plan=plan,
            quantity=trip.quantity,
            yuan_per_km=trip.yuan_per_km,
        )
        for row in answer.results:
            distance = row.distance_m if row.distance_m is not None else 0.0
            keys = keys_of(sort, target, trip, distance, row.price_key)
            found.append((int(row.stale), *keys, row.shop.code, row.drug.code, row.rank))
        if (after := answer.after) is None:
            return found
        assert len(answer.results) == limit


def ranked(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Competition ranks: one more than the rows that stand before the first of equals."""
    return [(*row, 1 + sum(other[:2] < row[:2] for other in rows)) for row in rows]


def question(random: Random, world: World) -> tuple[Target, Where, Any, Filters, Trip, int]:
    if random.random() < 0.5:
        target = Target.of_drug(random.choice(world.drugs))
    else:
        target = Target.of_preparation(world.drugs[0].preparation, tuple(world.drugs))
    origin = Wgs84(*random.choice([ORIGIN] * 6 + [ABROAD, (180.0, 90.0)]))
    away = sorted(distances(Where(origin)).values())
    radius = random.choice([None, None, 1500.0, 5000.0, *random.sample(away, min(len(away), 2))])
    where = Where(origin, radius, random.choice([None, None, None, None, *world.regions]))
    sort = random.choice(plans.SORTS)
    if sort == "cheapest" and random.random() < 0.3:
        where = Where(region_id=random.choice(world.regions))
    filters = Filters(
        per_pharmacy=random.random() < 0.5,
        in_stock=random.random() < 0.15,
        open_now=random.random() < 0.15,
        reimbursed_as=random.choice([None] * 8 + ["dual_channel", "chronic_disease", "outpatient_pooling"]),
        kinds=random.choice([("pharmacy",)] * 5 + [("hospital", "clinic"), ("pharmacy", "hospital")]),
    )
    trip = Trip(random.choice([1, 2, 30]), random.choice([Decimal(0), Decimal("0.8"), Decimal(1), Decimal(100)]))
    return target, where, sort, filters, trip, random.choice([1, 2, 3, 7, 100])


@pytest.mark.django_db
@pytest.mark.parametrize(("seed", "size"), list(enumerate([0, 8, 20, 30, 40, 40, 50, 300])))
def test_every_plan_answers_like_a_scan_of_everything(seed: int, size: int) -> None:
    random = Random(seed)
    world = build(random, size)
    for _question in range(40):
        target, where, sort, filters, trip, limit = question(random, world)
        expected = ranked(scan(world, target, where, sort, filters, trip))
        for plan in (*plans.PLANS[sort], None):
            found = pages(target, where, sort, filters, trip, limit, plan)
            assert found == expected, (plan, where, sort, filters, trip, limit)


@pytest.mark.django_db
def test_the_generated_questions_are_worth_asking() -> None:
    """A property over empty answers would prove nothing."""
    random = Random(99)
    world = build(Random(3), 40)
    asked = [question(random, world)[:-1] for _question in range(40)]
    sizes = [len(scan(world, *each)) for each in asked]
    assert sum(size > 5 for size in sizes) >= 10
