"""The generated province's tree of regions and where its pharmacies stand: clustered in cities, with towns around.

The codes and names are the province's own; the centres are rounded to a hundredth of a degree, and a county's lies on
a spiral around its city, so nothing here is a survey.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from prices.generated.size import Floats, Ints, Size

POPULATION = Path(__file__).parent.parent / "demo" / "population.csv"
PROVINCE = ("420000", "湖北省")
CITIES: dict[str, tuple[str, float, float]] = {
    "4201": ("武汉市", 114.30, 30.59),
    "4202": ("黄石市", 115.03, 30.20),
    "4203": ("十堰市", 110.79, 32.65),
    "4205": ("宜昌市", 111.29, 30.69),
    "4206": ("襄阳市", 112.14, 32.04),
    "4207": ("鄂州市", 114.89, 30.39),
    "4208": ("荆门市", 112.20, 31.03),
    "4209": ("孝感市", 113.92, 30.93),
    "4210": ("荆州市", 112.24, 30.33),
    "4211": ("黄冈市", 114.87, 30.44),
    "4212": ("咸宁市", 114.32, 29.84),
    "4213": ("随州市", 113.38, 31.72),
    "4228": ("恩施土家族苗族自治州", 109.49, 30.28),
    "4290": ("", 112.90, 30.55),  # counties directly below the province
}
DISTRICT_STEP, COUNTY_STEP = 0.05, 0.17
"""Degrees between neighbours on the spiral: the districts of a large city, the counties of others."""
GOLDEN_ANGLE = np.pi * (3 - np.sqrt(5))


@dataclass(frozen=True, slots=True)
class County:
    code: str
    name: str
    city: str  # the prefecture's code, or the province's
    people: float
    lng: float
    lat: float
    spread: float  # degrees of latitude


def counties() -> list[County]:
    """All counties by code, each with its share of the people and its centre."""
    found, placed = [], dict.fromkeys(CITIES, 0)
    with POPULATION.open(encoding="utf-8", newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: row["adcode"])
    for row in rows:
        prefix = row["adcode"][:4]
        _name, lng, lat = CITIES[prefix]
        number = placed[prefix]
        placed[prefix] += 1
        urban = row["name"].endswith("区")
        reach = (DISTRICT_STEP if urban else COUNTY_STEP) * np.sqrt(number)
        found.append(
            County(
                row["adcode"],
                row["name"],
                "420000" if prefix == "4290" else f"{prefix}00",
                float(row["population_10k"]),
                round(float(lng + reach * np.cos(number * GOLDEN_ANGLE)), 2),
                round(float(lat + reach * np.sin(number * GOLDEN_ANGLE) * 0.86), 2),
                0.025 if urban else 0.06,
            )
        )
    return found


def stand(size: Size, places: list[County]) -> tuple[Ints, Floats, Floats]:
    """County number, lng and lat (WGS-84, 6 decimals) of every pharmacy, neighbours near each other in the order."""
    rng = size.rng(1)
    people = np.array([place.people for place in places])
    county = np.sort(rng.choice(len(places), size.pharmacies, p=people / people.sum()))
    centres = np.array([(place.lng, place.lat, place.spread) for place in places])[county]
    # Half of them around the seat, the others in the towns of the county, two or three streets wide.
    town = rng.random(size.pharmacies) < 0.5
    towns = size.rng(2, 1).normal(0, 1, (len(places), 12, 2))[county, rng.integers(0, 12, size.pharmacies)]
    lng_lat = centres[:, :2] + np.where(town[:, None], towns * centres[:, 2:3], 0)
    wide = np.where(town, 0.008, centres[:, 2] * 0.7)[:, None]
    lng_lat = lng_lat + rng.normal(0, 1, (size.pharmacies, 2)) * wide
    order = np.lexsort((_morton(lng_lat), county))
    return county[order], np.round(lng_lat[order, 0], 6), np.round(lng_lat[order, 1], 6)


def _morton(lng_lat: Floats) -> Ints:
    """Position on a Z-order curve: what is close on it is close on the map."""
    cells = ((lng_lat - (108.0, 28.0)) / (10.0, 8.0) * (1 << 16)).astype(np.int64)
    code = np.zeros(len(cells), dtype=np.int64)
    for bit in range(16):
        code |= ((cells[:, 0] >> bit) & 1) << (2 * bit)
        code |= ((cells[:, 1] >> bit) & 1) << (2 * bit + 1)
    return code
