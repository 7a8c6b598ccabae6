"""Several drugs at once (药单): at one pharmacy or at two, where most is to be had for the least, the way there included.

Exact: as a trial of every pharmacy and of every pair within the radius would find it. What is eligible is what `find`
shows first: live and fresh, not `out` of stock, at retail pharmacies that are ranked today and may sell it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

import numpy as np
from django.conf import settings
from django.utils import timezone
from numpy.typing import NDArray

from catalog.models import Drug
from pharmacies.geo import Wgs84
from pharmacies.models import Pharmacy
from prices.search.lists import at_no_pharmacy, not_for_retail
from prices.search.questions import Shop, Target, Where, cost, designations_of
from prices.search.statements import run
from prices.search.stops import NOT_SOLD, Int, Offered, Route, best_routes, on_sphere

MAX_LINES = 20
MAX_QUANTITY = 999
MAX_RADIUS_M = 50_000
"""Nobody goes farther for two stops: the pharmacies of a city and its surroundings."""

_SHOP = np.dtype([("id", ">i4"), ("away", ">f8"), ("lng", ">f8"), ("lat", ">f8")])
_OFFER = np.dtype([("pharmacy", ">i4"), ("drug", ">i4"), ("fen", ">i4")])

Reason = Literal["no_products", "not_for_retail", "not_sold"]


@dataclass(frozen=True, slots=True)
class Line:
    """`quantity` packs of a drug, or of a preparation whichever of its drugs; see `Target.line_fen`."""

    target: Target
    quantity: int


@dataclass(frozen=True, slots=True)
class Bought:
    """What fills the line of that number: packs of `drug` at `price_fen` each; `subtotal_fen` for the whole line."""

    line: int
    drug: Drug
    price_fen: int
    subtotal_fen: int


@dataclass(frozen=True, slots=True)
class Stop:
    shop: Shop
    bought: tuple[Bought, ...]


@dataclass(frozen=True, slots=True)
class BasketPlan:
    """Stops in the order of travel. `missing`: lines that neither stop has. `total` in yuan, with the way there."""

    stops: tuple[Stop, ...]
    missing: tuple[int, ...]
    price_fen: int
    distance_m: float
    total: Decimal


@dataclass(frozen=True, slots=True)
class BasketAnswer:
    """The best plan with one stop, then the best with two if that is better. `unsold`: why no pharmacy has a line."""

    plans: tuple[BasketPlan, ...]
    unsold: tuple[tuple[int, Reason], ...]
    origin: Wgs84 | None
    at: datetime


def fill(
    lines: Sequence[Line],
    where: Where,
    *,
    at: datetime,
    max_stops: int = 2,
    yuan_per_km: Decimal = Decimal(1),
) -> BasketAnswer:
    """The best plans for `lines` among the pharmacies within the radius of the origin.

    Best is most lines filled, then the least total of prices and `yuan_per_km` for the open path (straight lines), then
    the stops' pharmacy codes in the order of codes, then drug codes. Two stops are answered only if they fill more or
    cost less than one. Raises `ValueError` without a radius, `SearchTimeout`.
    """
    if where.origin is None or where.radius_m is None:
        raise ValueError("a basket needs an origin and a radius")
    asked = {drug.pk: drug for line in lines for drug in line.target.drugs}
    barred = not_for_retail(asked, timezone.localdate(at))
    nowhere = at_no_pharmacy(barred)
    drugs = [drug_id for drug_id in asked if drug_id not in nowhere]
    parameters = {
        "origin": where.ewkt,
        "radius_m": where.radius_m,
        "drugs": drugs,
        "at": at,
        "stale_after": settings.STALE_AFTER,
    }
    shelves = _Shelves.read(run("basket", parameters | barred.parameters)[0] if drugs else (None, None, None), drugs)
    filled = [_cheapest(line, shelves) for line in lines]
    offered = Offered(
        np.column_stack([costs for costs, _drugs in filled]) if lines else np.zeros((len(shelves.codes), 0), np.int64),
        shelves.shops["away"].astype(np.float64),
        on_sphere(shelves.shops["lng"].astype(np.float64), shelves.shops["lat"].astype(np.float64)),
        np.argsort(np.argsort(shelves.codes)),
    )
    routes = best_routes(offered, yuan_per_km=yuan_per_km, max_stops=max_stops)
    cards = _shops(int(shelves.shops["id"][stop]) for route in routes for stop in route.stops)
    plans = tuple(_plan(route, lines, filled, shelves, cards, yuan_per_km) for route in routes)
    unsold = tuple(
        (number, _reason(line, nowhere))
        for number, (line, (costs, _drugs)) in enumerate(zip(lines, filled, strict=True))
        if not (costs != NOT_SOLD).any()
    )
    return BasketAnswer(plans, unsold, where.origin, at)


def _reason(line: Line, nowhere: set[int]) -> Reason:
    if not line.target.drugs:
        return "no_products"
    return "not_for_retail" if all(drug.pk in nowhere for drug in line.target.drugs) else "not_sold"


# -- what the pharmacies ask ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Shelves:
    """The pharmacies within the radius, and of each drug (by id) the rows of those that sell it, with their prices."""

    shops: NDArray[np.void]
    codes: NDArray[np.str_]
    offers: dict[int, tuple[NDArray[np.intp], Int]]

    @classmethod
    def read(cls, row: tuple[bytes | None, str | None, bytes | None], drugs: list[int]) -> "_Shelves":
        """From the one row of basket.sql; `drugs` as they were asked for."""
        shops = np.frombuffer(row[0] or b"", dtype=_SHOP)
        codes = np.array((row[1] or "").split(), dtype=np.str_)
        offers = np.frombuffer(row[2] or b"", dtype=_OFFER)
        offers = offers[np.argsort(offers["drug"], kind="stable")]
        by_id = np.argsort(shops["id"])
        rows = by_id[np.searchsorted(shops["id"], offers["pharmacy"], sorter=by_id)]
        ends = np.searchsorted(offers["drug"], np.arange(len(drugs) + 1))
        fen = offers["fen"].astype(np.int64)
        parts = zip(drugs, ends[:-1], ends[1:], strict=True)
        return cls(shops, codes, {drug: (rows[start:end], fen[start:end]) for drug, start, end in parts})

    def price_fen(self, drug_id: int, stop: int) -> int:
        rows, fen = self.offers[drug_id]
        return int(fen[rows == stop][0])


def _cheapest(line: Line, shelves: _Shelves) -> tuple[Int, Int]:
    """What each pharmacy asks for the line at least (分, NOT_SOLD), and for which of the target's drugs: the first by
    code among equals.
    """
    costs = np.full(len(shelves.codes), NOT_SOLD, dtype=np.int64)
    places = np.full(len(shelves.codes), NOT_SOLD, dtype=np.int64)
    for place, drug in enumerate(line.target.drugs):
        rows, fen = shelves.offers.get(drug.pk, (np.empty(0, np.intp), np.empty(0, np.int64)))
        prices, which = np.unique(fen, return_inverse=True)
        weight = line.target.weight(drug)
        whole = [line.target.line_fen(price * weight, line.quantity) for price in prices.tolist()]
        asked = np.array(whole, dtype=np.int64)[which]
        better = (costs[rows] == NOT_SOLD) | (asked < costs[rows])
        costs[rows[better]] = asked[better]
        places[rows[better]] = place
    return costs, places


# -- the answer -------------------------------------------------------------------------------------------------------


def _plan(
    route: Route,
    lines: Sequence[Line],
    filled: Sequence[tuple[Int, Int]],
    shelves: _Shelves,
    cards: dict[int, Shop],
    yuan_per_km: Decimal,
) -> BasketPlan:
    bought: dict[int, list[Bought]] = {stop: [] for stop in route.stops}
    missing = []
    for number, (line, (costs, places)) in enumerate(zip(lines, filled, strict=True)):
        selling = [stop for stop in route.stops if costs[stop] != NOT_SOLD]
        if not selling:
            missing.append(number)
            continue
        stop = min(selling, key=lambda stop: (costs[stop], line.target.drugs[places[stop]].code))
        drug = line.target.drugs[places[stop]]
        bought[stop].append(Bought(number, drug, shelves.price_fen(drug.pk, stop), int(costs[stop])))
    stops = tuple(Stop(cards[int(shelves.shops["id"][stop])], tuple(bought[stop])) for stop in route.stops)
    total = cost(route.price_fen, route.distance_m, yuan_per_km)
    return BasketPlan(stops, tuple(missing), route.price_fen, route.distance_m, total)


def _shops(pharmacy_ids: Iterable[int]) -> dict[int, Shop]:
    """What cards say about the pharmacies, by id. One query."""
    ids = set(pharmacy_ids)
    if not ids:
        return {}
    rows = Pharmacy.objects.using(settings.SEARCH_DATABASE).select_related("today").filter(pk__in=ids)
    return {row.pk: _card(row) for row in rows}


def _card(row: Pharmacy) -> Shop:
    return Shop(
        id=row.pk,
        code=row.code,
        name=row.name,
        kind=row.kind,
        address=row.address,
        phone=row.phone,
        hours=row.hours,
        open_minutes=row.open_minutes,
        designations=designations_of(row.today.designations),
        lng=row.today.location.x,
        lat=row.today.location.y,
    )
