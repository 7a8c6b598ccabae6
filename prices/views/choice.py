"""What a citizen has chosen on a comparison page: read leniently from the address, said back as a clean address.

A page's address never holds a position. It comes in the header `X-Position` of fragment requests only, is rounded
again, and is kept nowhere.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.utils.translation import gettext, gettext_lazy

from pharmacies.geo import CoordinateError, Wgs84, coarse_point
from prices.search.lists import REIMBURSED_AS
from prices.search.plans import Sort
from prices.search.questions import Filters, Where
from prices.views import words
from prices.views.places import Place, Places

RADII = (1_000, 3_000, 5_000, 10_000, 20_000, 50_000, 100_000)
LIMITS = (20, 50, 100)
DEFAULT_RADIUS, DEFAULT_LIMIT = 5_000, 20
SORTS: dict[Sort, Any] = {
    "cheapest": (gettext_lazy("最便宜"), gettext_lazy("只看药价，从低到高。")),
    "nearest": (gettext_lazy("最近"), gettext_lazy("只看直线距离，从近到远。")),
    "value": (gettext_lazy("划算(药价+路费)"), gettext_lazy("药价加上到店的路费，从少到多；路费按单程直线距离算。")),
    "frontier": (gettext_lazy("又近又便宜"), gettext_lazy("只留值得去的：比它近的都更贵，比它便宜的都更远。")),
}
"""By name: what it is called, and its one line. All but the first need a position."""
TRAVEL = {
    "0": gettext_lazy("不计路费"),
    "0.5": gettext_lazy("公交"),
    "1": gettext_lazy("开车"),
    "2.5": gettext_lazy("打车"),
}
"""Ways to go by what they cost: yuan per kilometre."""
DEFAULT_TRAVEL = "1"
INSTITUTIONS = ("hospital", "clinic")
"""医疗机构, as the address says them: the other channel beside 药店."""


@dataclass(frozen=True, slots=True)
class Option:
    """One line of a select."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Ordering:
    """One of the orders a list may have."""

    name: Sort
    label: str
    why: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Choice:
    places: Places = field(repr=False)
    origin: Wgs84 | None = field(repr=False)  # not for any log
    city: Place | None
    county: Place | None
    radius_m: int
    sort: Sort
    travel: str  # one of TRAVEL; counts for `value` only
    open_now: bool
    in_stock: bool
    institutions: bool  # medical institutions instead of pharmacies
    reimbursed_as: str  # one of REIMBURSED_AS, empty: however it is paid
    limit: int

    @classmethod
    def of(cls, request: HttpRequest, places: Places) -> "Choice":
        """An address that asks for what does not exist gets the default: a page is never an error for that."""
        asked = request.GET
        origin = position(request)
        city = places.city(asked.get("city", ""))
        return cls(
            places=places,
            origin=origin,
            city=city,
            county=places.county(city, asked.get("county", "")),
            radius_m=_one_of(asked.get("radius", ""), RADII, DEFAULT_RADIUS),
            sort=_sort(asked.get("sort", "")) if origin else "cheapest",
            travel=asked.get("travel", "") if asked.get("travel") in TRAVEL else DEFAULT_TRAVEL,
            open_now=asked.get("open_now") == "true",
            in_stock=asked.get("in_stock") == "true",
            institutions=_kinds(asked.get("institutions", "")) == set(INSTITUTIONS),
            reimbursed_as=asked.get("reimbursed_as", "") if asked.get("reimbursed_as") in REIMBURSED_AS else "",
            limit=_one_of(asked.get("limit", ""), LIMITS, DEFAULT_LIMIT),
        )

    @property
    def near(self) -> bool:
        """The radius counts: a position, and no place chosen instead."""
        return self.origin is not None and self.city is None

    @property
    def region(self) -> Place | None:
        return None if self.near else (self.county or self.city or self.places.province)

    @property
    def prefecture(self) -> Place | None:
        """The chosen city (市州), also of a county; none for a radius and for the whole province."""
        return self.city if self.city != self.places.province else None

    @property
    def where(self) -> Where | None:
        """None while there is neither a position nor a province: an empty database."""
        if self.near:
            return Where(self.origin, self.radius_m)
        return Where(self.origin, None, self.region.id) if self.region else None

    @property
    def filters(self) -> Filters:
        return Filters(
            per_pharmacy=True,
            in_stock=self.in_stock,
            open_now=self.open_now,
            reimbursed_as=self.reimbursed_as or None,
            kinds=INSTITUTIONS if self.institutions else ("pharmacy",),
        )

    @property
    def yuan_per_km(self) -> Decimal:
        return Decimal(self.travel)

    @property
    def filtered(self) -> bool:
        return self.chosen_filters > 0

    @property
    def chosen_filters(self) -> int:
        return self.open_now + self.in_stock + bool(self.reimbursed_as)

    def only(self, ways: Iterable[str], *, institutions: bool) -> "Choice":
        """Without what means nothing for these drugs: another way to be paid, pharmacies where none may sell them."""
        there = self.institutions or institutions
        way = self.reimbursed_as if self.reimbursed_as in ways and not there else ""
        return replace(self, institutions=there, reimbursed_as=way)

    def place_words(self) -> str:
        if self.near:
            return gettext("您附近 %(distance)s内") % {"distance": words.radius(self.radius_m)}
        return self.region.name if self.region else ""

    # -- the form --------------------------------------------------------------------------------------------------

    @property
    def cities(self) -> list[Option]:
        first = gettext("我附近") if self.origin else gettext("全省")
        options = [Option("", first, self.city is None)]
        if self.origin and self.places.province:
            options.append(self._option(self.places.province, self.city))
        return options + [self._option(city, self.city) for city in self.places.cities]

    @property
    def counties(self) -> list[Option]:
        return [self._option(county, self.county) for county in self.places.counties(self.city)]

    @property
    def radii(self) -> list[Option]:
        said = gettext("%(distance)s内")
        return [
            Option(str(metres), said % {"distance": words.radius(metres)}, metres == self.radius_m) for metres in RADII
        ]

    @property
    def orders(self) -> list[Ordering]:
        return [Ordering(name, str(said), str(why), name == self.sort) for name, (said, why) in SORTS.items()]

    @property
    def why(self) -> str:
        """The chosen order in one line."""
        return str(SORTS[self.sort][1])

    @property
    def travels(self) -> list[Option]:
        return travel_options(self.travel)

    @staticmethod
    def _option(place: Place, chosen: Place | None) -> Option:
        return Option(place.code, place.name, place == chosen)

    # -- the address -----------------------------------------------------------------------------------------------

    def address(self, path: str, **changes: Any) -> str:
        """`path` with what differs from the defaults, after `changes`; never the position."""
        chosen = replace(self, **changes) if changes else self
        query = {
            "city": chosen.city.code if chosen.city else "",
            "county": chosen.county.code if chosen.county else "",
            "radius": chosen.radius_m if chosen.radius_m != DEFAULT_RADIUS else "",
            "sort": chosen.sort if chosen.sort != "cheapest" else "",
            "travel": chosen.travel if chosen.sort == "value" and chosen.travel != DEFAULT_TRAVEL else "",
            "open_now": "true" if chosen.open_now else "",
            "in_stock": "true" if chosen.in_stock else "",
            "institutions": ",".join(INSTITUTIONS) if chosen.institutions else "",
            "reimbursed_as": chosen.reimbursed_as,
            "limit": chosen.limit if chosen.limit != DEFAULT_LIMIT else "",
        }
        said = urlencode({name: value for name, value in query.items() if value}, safe=",")
        return f"{path}?{said}" if said else path

    def more(self) -> int | None:
        """The next length of the list."""
        return next((limit for limit in LIMITS if limit > self.limit), None)


def is_fragment(request: HttpRequest) -> bool:
    """The list alone is asked for: by htmx, or by our script with the same header."""
    return request.headers.get("HX-Request") == "true"


def position(request: HttpRequest) -> Wgs84 | None:
    """The position of a fragment request, rounded; None for a page, for nothing, and for nonsense."""
    text = request.headers.get("X-Position", "")
    if not is_fragment(request) or text.count(",") != 1:
        return None
    lat, lng = text.split(",")
    try:
        return coarse_point(lng, lat)
    except CoordinateError:
        return None


def travel_options(chosen: str) -> list[Option]:
    """`公交 · 0.5 元/公里`; 不计路费 is said without a rate."""
    rate = gettext("%(way)s · %(yuan)s 元/公里")
    return [
        Option(yuan, rate % {"way": way, "yuan": yuan} if Decimal(yuan) else str(way), yuan == chosen)
        for yuan, way in TRAVEL.items()
    ]


def _sort(text: str) -> Sort:
    return next((name for name in SORTS if name == text), "cheapest")


def _kinds(text: str) -> set[str]:
    return set(text.split(","))


def _one_of(text: str, allowed: tuple[int, ...], default: int) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 and int(text) in allowed else default
