"""Where the demo's pharmacies stand: spread over the counties by population, near each other, inside the outlines."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random

from django.contrib.gis.geos import MultiPolygon, Point

LEAST = 2
"""Even the smallest county has that many pharmacies."""
LOCAL_GEOMETRY_TRIES = 200
TOWN_KM = 1.2
"""Spread of the shops around a town."""


@dataclass(frozen=True)
class County:
    adcode: str
    name: str
    city: str  # the prefecture's name, or the province's
    people: float  # in 10,000
    shape: MultiPolygon  # WGS-84

    @property
    def urban(self) -> bool:
        return self.name.endswith("区") and self.people > 40


def shares(people: Mapping[str, float], total: int, *, least: int = LEAST) -> dict[str, int]:
    """Divide `total` by population (largest remainders), at least `least` each while `total` allows that."""
    least = min(least, total // len(people))
    rest, everybody = total - least * len(people), sum(people.values())
    exact = {code: rest * share / everybody for code, share in people.items()}
    found = {code: least + int(part) for code, part in exact.items()}
    short = total - sum(found.values())
    for code in sorted(exact, key=lambda code: (int(exact[code]) - exact[code], code))[:short]:
        found[code] += 1
    return found


def points(county: County, count: int, rng: Random) -> Iterator[tuple[float, float]]:
    """`count` WGS-84 points (lng, lat; 6 decimals) inside the county: most around its seat, the rest around towns."""
    largest = max(county.shape, key=lambda part: part.area)
    inside = county.shape.prepared
    seat = largest.point_on_surface
    reach_km = math.sqrt(largest.area / math.pi) * 111  # of a circle as large as the county
    towns = [_anywhere(county, rng) for _number in range(1 + count // 8)]
    for _number in range(count):
        centre, spread = (seat, min(reach_km * 0.35, 6.0 if county.urban else 2.5))
        if rng.random() < (0.5 if county.urban else 0.4):
            centre, spread = rng.choice(towns), min(reach_km * 0.2, TOWN_KM)
        for _try in range(LOCAL_GEOMETRY_TRIES):
            lng, lat = _near(centre, spread, rng)
            if inside.covers(Point(lng, lat, srid=4326)):
                break
        else:
            lng, lat = seat.coords
        yield lng, lat


def _near(centre: Point, spread_km: float, rng: Random) -> tuple[float, float]:
    lat = centre.y + rng.gauss(0, spread_km) / 111
    lng = centre.x + rng.gauss(0, spread_km) / (111 * math.cos(math.radians(centre.y)))
    return round(lng, 6), round(lat, 6)


def _anywhere(county: County, rng: Random) -> Point:
    """A point inside the county, its own centre if it is so thin that none is met."""
    west, south, east, north = county.shape.extent
    inside = county.shape.prepared
    for _try in range(LOCAL_GEOMETRY_TRIES):
        found = Point(rng.uniform(west, east), rng.uniform(south, north), srid=4326)
        if inside.covers(found):
            return found
    return county.shape.point_on_surface
