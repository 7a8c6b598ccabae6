"""Three square counties for a small demo province, and what citizens see of it."""

import json
from pathlib import Path
from random import Random
from typing import Any

from django.contrib.gis.geos import MultiPolygon, Polygon
from django.db import connection

from pharmacies.models import Pharmacy
from prices.demo import facts, load, province, shops
from prices.demo.places import County
from tests.factories import AT

TIMETABLE = ((90, "s"), (45, "d"), (38, "s"), (18, "s"), (9, "d"), (0, "s"))
SIZE = province.Size(pharmacies=60, institutions=3, drugs=200, chain_feeds=1, platforms=1, timetable=TIMETABLE)
COUNTIES = {
    "420106": ("武昌区", 114.30, 30.50),
    "420502": ("西陵区", 111.20, 30.60),
    "421126": ("蕲春县", 115.40, 30.10),
}

Shown = dict[tuple[str, str], int]
"""(pharmacy code, drug code) → price in 分."""


def square(lng: float, lat: float, side: float) -> dict[str, Any]:
    ring = [[lng, lat], [lng + side, lat], [lng + side, lat + side], [lng, lat + side], [lng, lat]]
    return {"type": "MultiPolygon", "coordinates": [[ring]]}


def outlines(folder: Path) -> Path:
    """A GeoJSON file as `outlines.hubei_geojson` makes it."""
    features = [_feature("420000", "湖北省", "province", "", square(108, 29, 9))]
    for code, (name, lng, lat) in COUNTIES.items():
        city = f"{code[:4]}00"
        features.append(_feature(city, f"{code[:4]}市", "city", "420000", square(lng, lat, 0.3)))
        features.append(_feature(code, name, "district", city, square(lng, lat, 0.2)))
    path = folder / "hubei.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False))
    return path


def _feature(code: str, name: str, level: str, parent: str, geometry: dict[str, Any]) -> dict[str, Any]:
    properties = {"adcode": code, "name": name, "level": level, "parent": parent}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def counties() -> list[County]:
    """The same without a database, so not converted from GCJ-02."""
    return [
        County(code, name, "某市", 50.0, MultiPolygon(Polygon.from_bbox((lng, lat, lng + 0.2, lat + 0.2)), srid=4326))
        for code, (name, lng, lat) in COUNTIES.items()
    ]


def people(known: facts.Facts, seed: str = "story") -> list[shops.Shop]:
    return shops.generate(counties(), known, pharmacies=60, institutions=3, rng=Random(seed))


def shown() -> Shown:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.code, d.code, o.price_fen FROM prices_offer o JOIN pharmacies_pharmacy p ON p.id = o.pharmacy_id"
            " JOIN catalog_drug d ON d.id = o.drug_id WHERE o.state = 1"
        )
        return {(shop, drug): fen for shop, drug, fen in cursor.fetchall()}


def alone() -> str:
    """The code of the shop whose last delivery is held."""
    return Pharmacy.objects.get(feeds__slug="demo-one-shop").code


def assert_shown_is_what_the_tills_hold() -> None:
    """In every shop that still reports, to the fen: so no slip got through, and nothing was lost."""
    known = facts.read(SIZE.drugs)
    tills = province.tills(load.make_shops(known, SIZE), known, SIZE)
    for _delivery in province.deliveries(tills, SIZE, AT):
        pass
    held: Shown = {}
    for till in tills:
        for shop, shelf in zip(till.shops, till.shelves, strict=True):
            if not shop.silent_days and shop.code != alone():
                held.update({(shop.code, till.codes[number]): line.fen for number, line in shelf.items()})
    reporting = {shop for shop, _drug in held}
    assert {key: fen for key, fen in shown().items() if key[0] in reporting} == held
    assert len(held) > 1000
