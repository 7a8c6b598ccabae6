"""Which cells of pharmacies a question can touch, and how far away each is. Pure."""

from collections.abc import Iterable
from math import cos, pi, radians
from typing import NamedTuple

from pharmacies.geo import Wgs84, great_circle_m

LOCAL_M = 500_000
CROWDED = 4
"""How much denser than in the whole of its cell pharmacies are around a place that people ask from."""
DEGREE_M = 110_500
"""A degree of latitude is nowhere shorter."""
MARGIN = 0.02
"""A cell's box is taken for nearer than it is by so much: what is ruled out is ruled out for certain."""


class Cell(NamedTuple):
    """How many pharmacies a cell has, how many of them a filter leaves, and the box (degrees) around them."""

    id: int
    pharmacies: int
    dual_channel: int
    night: int
    institutions: int
    west: float
    south: float
    east: float
    north: float

    def reach_m(self, origin: Wgs84 | None) -> float:
        """Metres to the nearest point of the box, or somewhat less; never more."""
        if origin is None:
            return 0.0
        lng, lat = (self.west + self.east) / 2, (self.south + self.north) / 2
        away = great_circle_m(origin.lng, origin.lat, lng, lat)
        if away > LOCAL_M:
            corners = ((x, y) for x in (self.west, self.east) for y in (self.south, self.north))
            return max(0.0, away - max(great_circle_m(lng, lat, x, y) for x, y in corners) * (1 + MARGIN))
        # So near, the nearest point of a meridian is as good as on the same latitude.
        nearest = min(max(origin.lng, self.west), self.east), min(max(origin.lat, self.south), self.north)
        return great_circle_m(origin.lng, origin.lat, *nearest) * (1 - MARGIN)

    def share_of_circle(self, radius_m: float) -> float:
        """About how much of the cell a circle covers whose middle is in it: more than its area, for people live close."""
        wide = (self.east - self.west) * DEGREE_M * cos(radians((self.north + self.south) / 2))
        high = (self.north - self.south) * DEGREE_M
        return min(1.0, CROWDED * pi * radius_m * radius_m / max(wide * high, 1.0))


class Box(NamedTuple):
    """Degrees; None: no limit."""

    west: float | None = None
    south: float | None = None
    east: float | None = None
    north: float | None = None


def around(origin: Wgs84 | None, radius_m: float) -> Box:
    """A box outside which nothing is within the radius. None where it would be large, or reach a pole or the date line."""
    if origin is None or radius_m > LOCAL_M:
        return Box()
    high = radius_m * (1 + MARGIN) / DEGREE_M
    if abs(origin.lat) + high > 80:
        return Box()
    wide = high / cos(radians(abs(origin.lat) + high))
    if abs(origin.lng) + wide > 180:
        return Box()
    return Box(origin.lng - wide, origin.lat - high, origin.lng + wide, origin.lat + high)


def touched(cells: Iterable[Cell], origin: Wgs84 | None, radius_m: float) -> list[tuple[Cell, float]]:
    """The cells that a circle touches with their distances, the nearest first; without an origin all, at no distance."""
    reached = [(cell, cell.reach_m(origin)) for cell in cells]
    return sorted(
        ((cell, metres) for cell, metres in reached if metres <= radius_m), key=lambda each: (each[1], each[0].id)
    )
