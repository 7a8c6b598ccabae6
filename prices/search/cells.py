"""Which cells of pharmacies a question can touch, and how far away each is. Pure but for reading them."""

import math
from dataclasses import dataclass

from pharmacies.geo import Wgs84

EARTH_M = 6_371_008.8
LOCAL_M = 500_000
MARGIN = 0.02
"""A cell's box is taken for nearer and a circle for wider by so much: what is ruled out is ruled out for certain."""


@dataclass(frozen=True, slots=True)
class Cell:
    """The box (degrees) around a cell's pharmacies, and how many they are."""

    id: int
    pharmacies: int
    west: float
    south: float
    east: float
    north: float

    def reach_m(self, origin: Wgs84 | None) -> float:
        """Metres to the nearest point of the box, or somewhat less; never more."""
        if origin is None:
            return 0.0
        middle = Wgs84((self.west + self.east) / 2, (self.south + self.north) / 2)
        away = haversine_m(origin, middle)
        if away > LOCAL_M:
            corners = [Wgs84(lng, lat) for lng in (self.west, self.east) for lat in (self.south, self.north)]
            return max(0.0, away - max(haversine_m(middle, corner) for corner in corners) * (1 + MARGIN))
        # So near, the nearest point of a meridian is as good as on the same latitude.
        lng, lat = min(max(origin.lng, self.west), self.east), min(max(origin.lat, self.south), self.north)
        return haversine_m(origin, Wgs84(lng, lat)) * (1 - MARGIN)


def haversine_m(a: Wgs84, b: Wgs84) -> float:
    south, north = math.radians(a.lat), math.radians(b.lat)
    half = math.sin((north - south) / 2) ** 2
    half += math.cos(south) * math.cos(north) * math.sin(math.radians(b.lng - a.lng) / 2) ** 2
    return 2 * EARTH_M * math.asin(min(1.0, math.sqrt(half)))


def touched(cells: list[Cell], origin: Wgs84 | None, radius_m: float) -> list[tuple[Cell, float]]:
    """The cells that a circle touches with their distances, the nearest first; without an origin all, at no distance."""
    reached = [(cell, cell.reach_m(origin)) for cell in cells]
    return sorted(
        ((cell, metres) for cell, metres in reached if metres <= radius_m), key=lambda each: (each[1], each[0].id)
    )
