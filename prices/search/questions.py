"""What is asked and what is answered: frozen values, no queries."""

import re
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import cache, lru_cache
from math import lcm

from catalog.comparability import ranked_together
from catalog.models import Drug, Preparation
from pharmacies.geo import Wgs84, coarse_point
from pharmacies.hours import Intervals, is_open
from pharmacies.models import Designation
from prices.models import Stock

_SPAN = re.compile(r"\[(\d+),(\d+)\)")
CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Target:
    """The drugs a question is about, in the order of their codes; all have their preparation loaded.

    Prices compare as `price_fen * weight`: an integer, so that a tie is a tie. For one drug the weight is 1 and the
    pack price compares. For a preparation it is the common multiple of its pack counts over the drug's own, and the
    price per smallest unit compares; one "pack" of a `cost` is then `pack_count` units.
    """

    drugs: tuple[Drug, ...]
    multiple: int  # 0: one drug, compared by the pack
    pack_count: int

    @classmethod
    def of_drug(cls, drug: Drug) -> "Target":
        return cls((drug,), 0, drug.pack_count)

    @classmethod
    def of_preparation(cls, preparation: Preparation, drugs: tuple[Drug, ...]) -> "Target":
        """The drugs of a preparation that are counted in one unit; a pack is what most of them hold, the smaller of equals.

        A product counted otherwise (1 盒 beside 14 片: nobody could read its pack) has no unit price to rank by.
        """
        drugs, _others = ranked_together(drugs)
        counts = Counter(drug.pack_count for drug in drugs)
        usual = min(counts, key=lambda count: (-counts[count], count), default=1)
        ordered = tuple(sorted(drugs, key=lambda drug: drug.code))
        return cls(ordered, lcm(*counts), usual)

    def weight(self, drug: Drug) -> int:
        return self.multiple // drug.pack_count if self.multiple else 1

    def line_fen(self, price_key: int, quantity: int) -> int:
        """What `quantity` packs cost at that price, rounded half up to 分 once."""
        if not self.multiple:
            return price_key * quantity
        return (2 * price_key * self.pack_count * quantity + self.multiple) // (2 * self.multiple)


@dataclass(frozen=True, slots=True)
class Where:
    """A place to start from, rounded to 3 decimals whatever it was made with; a radius around it; a region.

    Without a region there is an origin with a radius; a radius needs an origin. `region_ids` of pharmacies hold
    `region_id` and everything below it.
    """

    origin: Wgs84 | None = None
    radius_m: float | None = None
    region_id: int | None = None

    def __post_init__(self) -> None:
        if self.origin is not None:
            object.__setattr__(self, "origin", coarse_point(self.origin.lng, self.origin.lat))
        elif self.radius_m is not None:
            raise ValueError("a radius needs an origin")

    @property
    def reach_m(self) -> float:
        return float("inf") if self.radius_m is None else self.radius_m

    @property
    def ewkt(self) -> str | None:
        """The origin as PostGIS reads it."""
        return f"SRID=4326;POINT({self.origin.lng!r} {self.origin.lat!r})" if self.origin else None


@dataclass(frozen=True, slots=True)
class Filters:
    """Which offers pass. `reimbursed_as` is a `Designation.Kind`; `kinds` are `Pharmacy.Kind` values."""

    per_pharmacy: bool = False
    in_stock: bool = False
    open_now: bool = False
    reimbursed_as: str | None = None
    kinds: tuple[str, ...] = ("pharmacy",)


@dataclass(frozen=True, slots=True)
class Coverage:
    """The drugs that can be reimbursed somewhere, and where.

    `areas` is None when being covered does not depend on the area; else the areas that have a list of the kind, and
    `pairs` says which drugs the list of an area names. The list of a pharmacy's nearest such area counts, alone.
    """

    drugs: tuple[Drug, ...]
    areas: tuple[int, ...] | None = None
    pairs: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Barred:
    """What pharmacies may not sell: `areas` that have such a list, (area, drug) `pairs` of what it names.

    Empty when none of the drugs asked about is named: then nothing need be checked.
    """

    areas: tuple[int, ...] = ()
    pairs: tuple[tuple[int, int], ...] = ()

    @property
    def parameters(self) -> dict[str, object]:
        """As the statements name them."""
        return {
            "barring": bool(self.pairs),
            "barring_areas": list(self.areas),
            "barred_areas": [area for area, _drug in self.pairs],
            "barred_drugs": [drug for _area, drug in self.pairs],
        }


@dataclass(frozen=True, slots=True)
class Shop:
    """What a card says about a pharmacy: facts of today; `lng`, `lat` in WGS-84, `open_minutes` None when unknown."""

    id: int
    code: str
    name: str
    kind: str
    address: str
    phone: str
    hours: str
    open_minutes: Intervals | None
    designations: tuple[str, ...]
    lng: float
    lat: float

    def open_at(self, at: datetime) -> bool | None:
        return None if self.open_minutes is None else is_open(self.open_minutes, at)


@dataclass(frozen=True, slots=True)
class Found:
    """One offer of an answer. `cost` (yuan, with the way there) and `distance_m` are None without an origin."""

    shop: Shop
    drug: Drug
    price_fen: int
    price_key: int
    cost: Decimal | None
    distance_m: float | None
    stock: Stock
    generated: bool
    as_of: datetime
    stale: bool
    rank: int | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ended: the last row's full key of order, its rank, and how many rows came up to it."""

    stale: bool
    distance: float
    price_key: int
    pharmacy_code: str
    drug_code: str
    position: int
    rank: int


@dataclass(frozen=True, slots=True)
class Answer:
    """A page of offers as of `at`; `after` continues it, None at the end."""

    results: tuple[Found, ...]
    after: Place | None
    origin: Wgs84 | None
    at: datetime


@cache
def designations_of(bits: int) -> tuple[str, ...]:
    """The designations that hold, in the order of `Designation.Kind`."""
    return tuple(kind.value for kind in Designation.Kind if bits & kind.bit)


@lru_cache(maxsize=4096)
def intervals_of(multirange: str) -> Intervals:
    """Opening hours from PostgreSQL's text `{[480,1320),[1920,2760)}`: thousands of pharmacies share a few."""
    return tuple((int(start), int(end)) for start, end in _SPAN.findall(multirange))


def cost(line_fen: int, distance_m: float, yuan_per_km: Decimal) -> Decimal:
    """Yuan: the line and the straight way there, rounded half up once."""
    travel = Decimal(distance_m) * yuan_per_km / 1000
    return (Decimal(line_fen) / 100 + travel).quantize(CENT, ROUND_HALF_UP)
