"""The alternative that caches everything in Redis: GEOSEARCH for places, a hash and a sorted set a drug for prices.

GEOSEARCH rounds places to some 0.6 m and measures on another sphere, so it gives candidates a hair beyond the circle;
each value holds the exact place, by which the candidates are ordered. The client works in NumPy.
"""

from math import cos, radians, sin
from typing import Any

import numpy as np
import redis
from django.conf import settings
from numpy.typing import NDArray

from prices.bench.order import Line, Rows, circle, first
from prices.bench.referee import SPHERE_M, Question, World, microseconds

VALUE = np.dtype(
    [("shop", "i4"), ("price", "i4"), ("code", "i4"), ("stale_after", "i8"), ("hidden_after", "i8"), ("lng", "f8"),
     ("lat", "f8")]
)  # fmt: skip
DATABASE = 1
FIRST = 100
"""So many of the nearest, or of the cheapest, are fetched first; four times as many when they did not fill a page."""
FEW = 1000
"""Up to so many offers of a drug are fetched whole."""
WIDER, WIDER_M = 1.002, 5.0
WALK_FROM_M = 10_000
"""From this radius on, the cheapest are found by walking prices upward instead of fetching everything near."""


class Redis:
    name = "redis"

    def __init__(self) -> None:
        self.client: Any = redis.from_url(settings.REDIS_URL.replace("?db=0", f"?db={DATABASE}"))

    def load(self, world: World, drug_ids: set[int]) -> None:
        self.client.flushdb()
        shops = world.shops
        eligible = np.flatnonzero(shops.ranked & (shops.kinds == "pharmacy"))
        lng, lat = np.degrees(shops.lng), np.degrees(np.arcsin(shops.sin_lat))
        for part in np.array_split(eligible, max(1, len(eligible) // 5000)):
            places = zip(lng[part].tolist(), lat[part].tolist(), part.tolist(), strict=True)
            self.client.geoadd("shops", [value for place in places for value in place])
        passes = np.zeros(len(shops.ids), dtype=bool)
        passes[eligible] = True
        for drug in sorted(drug_ids):
            shelf = world.shelves[drug]
            values = np.zeros(len(shelf.shop), VALUE)
            values["shop"], values["price"], values["code"] = shelf.shop, shelf.price, shops.codes[shelf.shop]
            values["stale_after"], values["hidden_after"] = shelf.stale_after, shelf.hidden_after
            values["lng"], values["lat"] = shops.lng[shelf.shop], np.arcsin(shops.sin_lat[shelf.shop])
            values = values[passes[shelf.shop]]
            if len(values):
                self.client.hset(f"offers:{drug}", mapping={int(row["shop"]): row.tobytes() for row in values})
                self.client.zadd(f"prices:{drug}", {int(row["shop"]): int(row["price"]) for row in values})
        self.ids = shops.ids

    def close(self) -> None:
        self.client.flushdb()
        self.client.close()

    def ask(self, question: Question) -> list[Line]:
        (drug,) = question.target.drugs
        if self.client.hlen(f"offers:{drug.pk}") <= FEW:
            found = np.frombuffer(b"".join(self.client.hvals(f"offers:{drug.pk}")), VALUE)
        elif question.sort == "nearest":
            found = self._outward(question)
        elif question.sort == "cheapest" and (question.where.radius_m or 0) >= WALK_FROM_M:
            found = self._upward(question)
        else:
            found = self._values(question, self._near(question))
        return first(question, self._rows(question, found))

    def _near(self, question: Question, count: int | None = None) -> list[Any]:
        """Members within the circle and a hair, the nearest first; with `count` also how far the last one is."""
        where = question.where
        origin, radius_m = circle(where)
        found: list[Any] = self.client.geosearch(
            "shops", longitude=origin.lng, latitude=origin.lat,
            radius=radius_m * WIDER + WIDER_M, unit="m", sort="ASC" if count else None, count=count,
            withdist=bool(count),
        )  # fmt: skip
        return found

    def _values(self, question: Question, members: list[Any]) -> NDArray[np.void]:
        (drug,) = question.target.drugs
        held = self.client.hmget(f"offers:{drug.pk}", members) if members else []
        return np.frombuffer(b"".join(value for value in held if value is not None), VALUE)

    def _outward(self, question: Question) -> NDArray[np.void]:
        count = FIRST
        while True:
            near = self._near(question, count)
            values = self._values(question, [member for member, _away in near])
            if len(near) < count:
                return values
            sure = near[-1][1] / WIDER - WIDER_M  # nothing that was not fetched is nearer than that
            rows = self._rows(question, values)
            if np.count_nonzero(~rows.stale & (rows.distance < sure)) >= question.limit:
                return values
            count *= 4

    def _upward(self, question: Question) -> NDArray[np.void]:
        """By price until a page of fresh ones stands and the next price is higher; else everything."""
        (drug,) = question.target.drugs
        values, begin, count = np.zeros(0, VALUE), 0, FIRST
        while True:
            members = self.client.zrange(f"prices:{drug.pk}", begin, begin + count - 1)
            values = np.concatenate((values, self._values(question, members)))
            if len(members) < count:
                return values
            rows = self._rows(question, values)
            fresh = np.sort(rows.price[~rows.stale])
            if len(fresh) >= question.limit and fresh[question.limit - 1] < values["price"][-1]:
                return values
            begin, count = begin + count, count * 4

    def _rows(self, question: Question, values: NDArray[np.void]) -> Rows:
        """Those that are in the circle and not too old."""
        at, where = microseconds(question.at), question.where
        values = values[values["hidden_after"] >= at]
        away = _away(question, values)
        inside = away <= circle(where)[1]
        values = values[inside]
        price = values["price"].astype(np.int64)
        n = np.zeros(len(values), dtype=np.int64)
        return Rows(self.ids[values["shop"]], values["code"], n, price, price, values["stale_after"] < at, away[inside])


def _away(question: Question, values: NDArray[np.void]) -> NDArray[np.float64]:
    origin, _radius_m = circle(question.where)
    lat, apart = radians(origin.lat), values["lng"] - radians(origin.lng)
    sin_lat, cos_lat, cos_apart = np.sin(values["lat"]), np.cos(values["lat"]), np.cos(apart)
    across = (cos_lat * np.sin(apart)) ** 2 + (cos(lat) * sin_lat - sin(lat) * cos_lat * cos_apart) ** 2
    metres: NDArray[np.float64] = SPHERE_M * np.arctan2(
        np.sqrt(across), sin(lat) * sin_lat + cos(lat) * cos_lat * cos_apart
    )
    return metres
