"""The referee of `bin/bench search`: every answer again by a scan in NumPy, which is also the limit in time.

It holds in memory all pharmacies and the live offers of the drugs that are asked about, and shares no code with the
searches: distances are computed here, and what passes, what is stale and what comes first is written once more.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import cos, radians, sin
from typing import Any

import numpy as np
from django.conf import settings
from django.db import connections
from numpy.typing import NDArray

from pharmacies.hours import minute_of_week
from pharmacies.models import Designation, PharmacyToday
from prices.bench.order import Array, Line, Rows, first
from prices.models import Feed, PharmacyFeed, Stock
from prices.search.questions import Filters, Target, Where

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

SPHERE_M = 6371008.771415059
"""Mean radius of the WGS-84 ellipsoid, (2a + b) / 3: the sphere on which PostGIS measures."""
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
OFFER = np.dtype(
    [("columns", ">i2")]
    + [
        field
        for name, kind in (
            ("drug", ">i4"), ("shop", ">i4"), ("price", ">i4"), ("feed", ">i4"), ("stock", ">i2"),
            ("confirmed", ">i8"), ("disputed", ">i8"),
        )
        for field in ((f"{name}_bytes", ">i4"), (name, kind))
    ]
)  # fmt: skip
"""A row of binary COPY; `disputed` is the largest number where it is NULL ('infinity')."""
COPY = """
COPY (SELECT drug_id, pharmacy_id, price_fen, feed_id, stock, confirmed_at, coalesce(disputed_since, 'infinity')
      FROM prices_offer WHERE drug_id = ANY ('{drugs}'::int[]) AND state = 1 AND stock <> 3)
TO STDOUT (FORMAT binary)
"""
COPY_HEAD, COPY_TAIL = 19, 2


@dataclass(frozen=True, slots=True)
class Question:
    """What `find` is asked, as one value."""

    target: Target
    where: Where
    sort: Any
    at: datetime
    filters: Filters = Filters()  # noqa: RUF009  frozen
    limit: int = 20
    quantity: int = 1
    yuan_per_km: int = 1


@dataclass(frozen=True)
class Shops:
    """One entry a pharmacy, by id. `unit`: the place as a vector of length 1, (3, n)."""

    ids: Ints
    codes: Ints  # the place of its code among all codes
    ranked: Bools
    kinds: NDArray[np.str_]
    designations: Ints
    regions: dict[int, Bools]
    lng: Floats  # radians
    sin_lat: Floats
    cos_lat: Floats
    unit: Floats
    weeks: list[tuple[tuple[int, int], ...] | None]
    open_at: dict[int, Bools]  # by minute of the week, filled when asked

    def at(self, ids: Ints) -> Ints:
        return np.searchsorted(self.ids, ids)

    def open_in(self, minute: int) -> Bools:
        if minute not in self.open_at:
            said = [week is not None and any(a <= minute < b for a, b in week) for week in self.weeks]
            self.open_at[minute] = np.array(said, dtype=bool)
        return self.open_at[minute]


@dataclass(frozen=True, slots=True)
class Shelf:
    """All offers of a drug that are live and not out of stock; `shop` counts in `Shops`; ages in µs since 2000."""

    shop: Ints
    price: Ints
    has_stock: Bools
    stale_after: Ints
    hidden_after: Ints


@dataclass(frozen=True, slots=True)
class World:
    shops: Shops
    shelves: dict[int, Shelf]


def microseconds(at: datetime) -> int:
    passed = at - EPOCH
    return (passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds


# -- reading ----------------------------------------------------------------------------------------------------------


def load(drug_ids: Iterable[int]) -> World:
    shops = load_shops()
    return World(shops, load_shelves(shops, drug_ids))


def load_shops() -> Shops:
    names = ("pk", "pharmacy__code", "ranked", "kind", "designations", "region_ids", "location", "open_minutes")
    rows = list(PharmacyToday.objects.order_by("pk").values_list(*names))
    lng = np.radians([row[6].x for row in rows])
    lat = np.radians([row[6].y for row in rows])
    codes = np.empty(len(rows), dtype=np.int64)
    codes[sorted(range(len(rows)), key=lambda n: rows[n][1])] = np.arange(len(rows))
    regions: dict[int, Bools] = {}
    for n, row in enumerate(rows):
        for region in row[5]:
            regions.setdefault(region, np.zeros(len(rows), dtype=bool))[n] = True
    return Shops(
        ids=np.array([row[0] for row in rows], dtype=np.int64),
        codes=codes,
        ranked=np.array([row[2] for row in rows], dtype=bool),
        kinds=np.array([row[3] for row in rows], dtype=np.str_),
        designations=np.array([row[4] for row in rows], dtype=np.int64),
        regions=regions,
        lng=lng,
        sin_lat=np.sin(lat),
        cos_lat=np.cos(lat),
        unit=np.array([np.cos(lat) * np.cos(lng), np.cos(lat) * np.sin(lng), np.sin(lat)]),
        weeks=[None if row[7] is None else tuple(_bounds(part) for part in row[7]) for row in rows],
        open_at={},
    )


def _bounds(part: Any) -> tuple[int, int]:
    return (part.lower, part.upper) if hasattr(part, "lower") else (part[0], part[1])


def load_shelves(shops: Shops, drug_ids: Iterable[int]) -> dict[int, Shelf]:
    """Read by binary COPY: a common preparation alone has most of a million offers."""
    asked = sorted(set(drug_ids))
    rows = _offers(asked)
    rows = rows[np.argsort(rows["drug"], kind="stable")]
    vouched, cadence = _vouched(rows)
    stale = vouched + (cadence * settings.STALE_AFTER).astype(np.int64)
    hidden = vouched + (cadence * settings.HIDDEN_AFTER).astype(np.int64)
    shop = shops.at(rows["shop"].astype(np.int64))
    has_stock = np.isin(rows["stock"], (Stock.IN, Stock.LOW))
    found = {}
    for drug, begin, end in zip(
        asked, np.searchsorted(rows["drug"], asked), np.searchsorted(rows["drug"], asked, "right"), strict=True
    ):
        part = slice(begin, end)
        price = rows["price"][part].astype(np.int64)
        found[drug] = Shelf(shop[part], price, has_stock[part], stale[part], hidden[part])
    return found


def _offers(drug_ids: Sequence[int]) -> NDArray[np.void]:
    text = COPY.format(drugs="{" + ",".join(str(int(pk)) for pk in drug_ids) + "}")
    with connections["default"].cursor() as cursor, cursor.copy(text) as source:
        data = b"".join(bytes(part) for part in source)
    return np.frombuffer(data[COPY_HEAD:-COPY_TAIL], dtype=OFFER)


def _vouched(rows: NDArray[np.void]) -> tuple[Ints, Ints]:
    """Until when each offer is vouched for, and its feed's cadence, both in µs."""
    cadences = {feed.pk: feed.cadence for feed in Feed.objects.all()}
    span = np.zeros(max(cadences, default=0) + 1, dtype=np.int64)
    for pk, cadence in cadences.items():
        span[pk] = cadence.total_seconds() * 1_000_000
    marks = PharmacyFeed.objects.filter(snapshot_as_of__isnull=False)
    said = sorted(
        ((pharmacy << 32) + feed, microseconds(at))
        for pharmacy, feed, at in marks.values_list("pharmacy_id", "feed_id", "snapshot_as_of")
        if at is not None
    )
    keys = np.array([key for key, _at in said] or [-1], dtype=np.int64)
    times = np.array([at for _key, at in said] or [0], dtype=np.int64)
    key = (rows["shop"].astype(np.int64) << 32) + rows["feed"]
    place = np.minimum(np.searchsorted(keys, key), len(keys) - 1)
    confirmed = rows["confirmed"].astype(np.int64)
    marked = np.where(keys[place] == key, np.maximum(times[place], confirmed), confirmed)
    disputed = rows["disputed"].astype(np.int64)
    undisputed = disputed == np.iinfo(np.int64).max
    return np.where(undisputed, marked, np.minimum(confirmed, disputed)), span[rows["feed"]]


# -- asking -----------------------------------------------------------------------------------------------------------


def answer(world: World, question: Question, away: Floats | None = None) -> list[Line]:
    """What `find` must give. `away` replaces the distances by others, one a pharmacy (another measure of the earth)."""
    shops, at = world.shops, microseconds(question.at)
    passes, rough = _passing(shops, question, away)
    parts: list[tuple[Array, ...]] = []
    for n, drug in enumerate(question.target.drugs):
        shelf = world.shelves[drug.pk]
        keep = passes[shelf.shop] & (shelf.hidden_after >= at)
        if question.filters.in_stock:
            keep &= shelf.has_stock
        kept = np.flatnonzero(keep)
        shop, price = shelf.shop[kept], shelf.price[kept]
        key = price * question.target.weight(drug)
        parts.append((shop, np.full(len(kept), n), price, key, shelf.stale_after[kept] < at))
    columns = parts[0] if len(parts) == 1 else tuple(np.concatenate(each) for each in zip(*parts, strict=True))
    shop, n_of, price, key, stale = columns
    rows = Rows(shops.ids[shop], shops.codes[shop], n_of, price, key, stale, rough[shop])
    if question.sort in ("nearest", "cheapest") and not question.filters.per_pharmacy:
        kept = _candidates(rows, question)
        rows, shop = rows.take(kept), shop[kept]
    exact = away[shop] if away is not None else distance(shops, shop, question.where)
    if question.where.radius_m is not None:
        inside = exact <= question.where.radius_m
        rows, exact = rows.take(inside), exact[inside]
    return first(question, replace(rows, distance=exact))


def _passing(shops: Shops, question: Question, away: Floats | None) -> tuple[Bools, Floats]:
    """Which pharmacies pass (the radius a hair too wide), and how far they are, to about a micrometre's share."""
    filters, where = question.filters, question.where
    passes = shops.ranked & (
        np.isin(shops.kinds, filters.kinds) if len(filters.kinds) > 1 else shops.kinds == filters.kinds[0]
    )
    if where.region_id is not None:
        passes = passes & shops.regions.get(where.region_id, np.zeros(len(passes), dtype=bool))
    if filters.open_now:
        passes = passes & shops.open_in(minute_of_week(question.at))
    if filters.reimbursed_as:
        passes = passes & (shops.designations & Designation.Kind(filters.reimbursed_as).bit != 0)
    if away is not None:
        rough = away
    elif where.origin is None:
        rough = np.zeros(len(passes))
    else:
        lng, lat = radians(where.origin.lng), radians(where.origin.lat)
        x, y, z = cos(lat) * cos(lng), cos(lat) * sin(lng), sin(lat)
        chord = np.sqrt((shops.unit[0] - x) ** 2 + (shops.unit[1] - y) ** 2 + (shops.unit[2] - z) ** 2)
        rough = 2 * SPHERE_M * np.arcsin(np.minimum(chord / 2, 1))
    if where.radius_m is not None:
        passes = passes & (rough <= where.radius_m + 1e-3)
    return passes, rough


def _candidates(rows: Rows, question: Question) -> Ints:
    """Rows that can be on the page: up to the last one's price or distance, a hair more; so only few need the exact one.

    A row on the circle itself could be cut off later, hence twice as many are asked for.
    """
    measure = rows.distance if question.sort == "nearest" else rows.key
    picked: list[Ints] = []
    missing = 2 * question.limit
    for old in (False, True):
        group = np.flatnonzero(rows.stale == old)
        if missing > 0 and len(group) > missing:
            last = np.partition(measure[group], missing - 1)[missing - 1]
            group = group[measure[group] <= last + (1e-3 if question.sort == "nearest" else 0)]
        picked += [group] if missing > 0 else []
        missing -= len(group)
    return np.concatenate(picked)


def distance(shops: Shops, shop: Ints, where: Where) -> Floats:
    """Metres on the sphere as PostGIS computes them, to the same hundred-millionth."""
    if where.origin is None:
        return np.zeros(len(shop))
    lat, apart = radians(where.origin.lat), shops.lng[shop] - radians(where.origin.lng)
    sin_lat, cos_lat, cos_apart = shops.sin_lat[shop], shops.cos_lat[shop], np.cos(apart)
    across = (cos_lat * np.sin(apart)) ** 2 + (cos(lat) * sin_lat - sin(lat) * cos_lat * cos_apart) ** 2
    along = sin(lat) * sin_lat + cos(lat) * cos_lat * cos_apart
    metres: Floats = np.round(SPHERE_M * np.arctan2(np.sqrt(across), along) * 1e8) / 1e8
    return metres
