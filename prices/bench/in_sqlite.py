"""The alternative without a server: SQLite in memory, an R*Tree of the pharmacies, a table of the asked drugs' offers."""

import sqlite3
from math import asin, cos, degrees, radians, sin
from typing import Any

import numpy as np

from prices.bench.order import Line, Rows, circle, first
from prices.bench.referee import SPHERE_M, Question, World, microseconds

SCHEMA = """
CREATE TABLE shop (id INTEGER PRIMARY KEY, pharmacy INTEGER, code INTEGER, lng REAL, sin_lat REAL, cos_lat REAL);
CREATE VIRTUAL TABLE place USING rtree(id, west, east, south, north);
CREATE TABLE offer (drug INTEGER, shop INTEGER, price INTEGER, stale_after INTEGER, hidden_after INTEGER,
    PRIMARY KEY (drug, shop)) WITHOUT ROWID;
CREATE INDEX offer_price ON offer (drug, price);
"""
ELIGIBLE = """
WITH eligible AS (
    SELECT s.pharmacy, s.code, o.price, o.stale_after < :at AS stale,
        :sphere * atan2(
            sqrt(pow(s.cos_lat * sin(s.lng - :lng), 2)
                + pow(:cos_lat * s.sin_lat - :sin_lat * s.cos_lat * cos(s.lng - :lng), 2)),
            :sin_lat * s.sin_lat + :cos_lat * s.cos_lat * cos(s.lng - :lng)) AS away
    FROM place p JOIN shop s ON s.id = p.id JOIN offer o ON o.shop = s.id
    WHERE p.east >= :west AND p.west <= :east AND p.north >= :south AND p.south <= :north
        AND o.drug = :drug AND o.hidden_after >= :at
)
SELECT pharmacy, code, price, stale, away FROM eligible WHERE away <= :radius
"""
ORDERS = {
    "nearest": "ORDER BY stale, away, price, code LIMIT :limit",
    "cheapest": "ORDER BY stale, price, away, code LIMIT :limit",
    "value": "ORDER BY stale, price * :quantity + away * :fen_per_m, away, code LIMIT :limit",
    "frontier": "",
}


class Sqlite:
    name = "sqlite"

    def __init__(self) -> None:
        self.file = sqlite3.connect(":memory:")
        self.file.executescript(SCHEMA)

    def load(self, world: World, drug_ids: set[int]) -> None:
        shops = world.shops
        for table in ("shop", "place", "offer"):
            self.file.execute(f"DELETE FROM {table}")  # noqa: S608 -- one of three names
        eligible = np.flatnonzero(shops.ranked & (shops.kinds == "pharmacy"))
        lat = np.arcsin(shops.sin_lat)
        columns = (eligible, shops.ids[eligible], shops.codes[eligible], shops.lng[eligible],
                   shops.sin_lat[eligible], shops.cos_lat[eligible])  # fmt: skip
        self.file.executemany("INSERT INTO shop VALUES (?,?,?,?,?,?)", zip(*(c.tolist() for c in columns), strict=True))
        west, south = np.degrees(shops.lng[eligible]).tolist(), np.degrees(lat[eligible]).tolist()
        self.file.executemany(
            "INSERT INTO place VALUES (?,?,?,?,?)", zip(eligible.tolist(), west, west, south, south, strict=True)
        )
        for drug in sorted(drug_ids):
            shelf = world.shelves[drug]
            said = (shelf.shop, shelf.price, shelf.stale_after, shelf.hidden_after)
            rows = zip(*(column.tolist() for column in said), strict=True)
            self.file.executemany("INSERT INTO offer VALUES (?,?,?,?,?)", ((drug, *row) for row in rows))
        self.file.commit()
        self.file.execute("ANALYZE")

    def close(self) -> None:
        self.file.close()

    def ask(self, question: Question) -> list[Line]:
        (drug,) = question.target.drugs
        found = self.file.execute(ELIGIBLE + ORDERS[question.sort], _parameters(question)).fetchall()
        if question.sort == "frontier":
            columns = [np.array(column) for column in zip(*found, strict=True)] or [np.zeros(0)] * 5
            pharmacy, code, price, stale, away = columns
            n = np.zeros(len(pharmacy), dtype=np.int64)
            return first(question, Rows(pharmacy, code, n, price, price, stale.astype(bool), away))
        return [Line(pharmacy, drug.pk, price, bool(stale)) for pharmacy, _code, price, stale, _away in found]


def _parameters(question: Question) -> dict[str, Any]:
    (origin, radius_m), (drug,) = circle(question.where), question.target.drugs
    lng, lat = radians(origin.lng), radians(origin.lat)
    high = min(radius_m / SPHERE_M * 1.0001, 1.5)
    # The box of a circle on a sphere: as wide as where the meridians touch it.
    wide = asin(min(1.0, sin(high) / max(cos(lat), 1e-9)))
    return {
        "drug": drug.pk, "at": microseconds(question.at), "radius": radius_m, "limit": question.limit,
        "sphere": SPHERE_M, "lng": lng, "sin_lat": sin(lat), "cos_lat": cos(lat),
        "west": degrees(lng - wide), "east": degrees(lng + wide),
        "south": degrees(lat - high), "north": degrees(lat + high),
        "quantity": question.quantity, "fen_per_m": float(question.yuan_per_km) / 10,
    }  # fmt: skip
