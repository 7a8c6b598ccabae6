"""Past days for a back-test: what `changes` reads for one day, made for months of a million changes a day.

PostgreSQL sends rows packed; what has to be remembered of the days before lies in files, a day each; statistics are kept
as one dense table that is moved on from day to day. The same numbers as `changes` gives, many times faster: see the test
that holds them against each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from django.db import connection

from prices.monitoring.changes import DAY, Past, midnight
from prices.monitoring.robust import Bools, Floats, Ints
from prices.sql import statement

HEADER, TRAILER = 19, 2
"""Bytes around the rows of PostgreSQL's binary COPY."""
BLOCK_DAYS = 15
"""Statistics are read for so many days at a time."""
SKEW = timedelta(minutes=10)
LATE_US = 3_600_000_000
SHIFT = 1 << 32
Packed = npt.NDArray[Any]


def packed(name: str, parameters: dict[str, Any], columns: Sequence[tuple[str, str]]) -> Packed:
    """The rows of `prices/sql/<name>.sql`, none of whose columns is ever null, as one structured array.

    `columns`: names and types (`i4`, `i8`, `f4`) in the statement's order. A million rows take half a second.
    """
    fields = [("columns", ">i2")]
    for label, kind in columns:
        fields += [(f"{label} size", ">i4"), (label, f">{kind}")]
    query = f"COPY ({statement(name)}) TO STDOUT (FORMAT binary)"
    # The driver's own cursor: Django's, under DEBUG, takes no parameters here.
    with connection.cursor() as cursor, cursor.cursor.copy(query, parameters) as rows:
        found = b"".join(rows)
    return np.frombuffer(memoryview(found)[HEADER : len(found) - TRAILER], np.dtype(fields))


# -- changes ----------------------------------------------------------------------------------------------------------


def moved(day: date) -> pl.DataFrame:
    """The changes of the day as `changes.moved` has them: drug_id, pharmacy_id, old_fen, new_fen (null: no price), feed_id;
    of `since_us` and `received_us` only which of them is later is true. Those that ended where they began are left out.
    """
    columns = ("drug_id", "pharmacy_id", "old_fen", "new_fen", "feed_id", "late")
    parameters = {"since": midnight(day), "until": midnight(day + DAY), "skew": SKEW}
    rows = packed("past_changes", parameters, [("id", "i8"), *((name, "i4") for name in columns)])
    ints: dict[str, Any] = {name: rows[name].astype(np.int32) for name in columns}
    key = ints["drug_id"].astype(np.int64) * SHIFT + ints["pharmacy_id"]
    frame = pl.DataFrame({"key": key, "id": rows["id"].astype(np.int64)} | ints)
    if frame["key"].n_unique() < frame.height:
        last = [pl.col(name).last() for name in ("drug_id", "pharmacy_id", "new_fen", "feed_id", "late")]
        frame = frame.sort("id").group_by("key").agg(pl.col("old_fen").first(), *last)
    frame = frame.filter(pl.col("old_fen") != pl.col("new_fen"))
    return frame.select(
        *("drug_id", "pharmacy_id", "feed_id"),
        *(pl.when(pl.col(name) > 0).then(pl.col(name)).alias(name) for name in ("old_fen", "new_fen")),
        (pl.col("late").cast(pl.Int64) * LATE_US).alias("since_us"),
        pl.lit(0, pl.Int64).alias("received_us"),
    )


# -- own histories ----------------------------------------------------------------------------------------------------


class Histories:
    """What offers of `shops` were asked before a day, from the changes of the days before it: `learn` them in order.

    Of every product × shop it is known on which day it changed last (two bytes each: 900 MB for a province); the changes
    of that day lie in a file, and there the day before that. Files go when no window reaches them any more.
    """

    def __init__(self, folder: Path, window_days: int, drugs: Sequence[int], shops: Sequence[int]) -> None:
        self.folder, self.window_days = folder, window_days
        self.drugs, self.shops = np.array(sorted(drugs), np.int64), np.array(sorted(shops), np.int64)
        self.newest = np.zeros(len(self.drugs) * len(self.shops), np.uint16)
        self.number, self.numbers = 0, dict[date, int]()

    def learn(self, day: date, frame: pl.DataFrame) -> None:
        """Take in the changes of a day (`moved`, of known products and shops)."""
        self.number += 1
        self.numbers[day] = self.number
        place = self._place(frame)
        order = np.argsort(place)
        place, old = place[order], frame["old_fen"].fill_null(0).to_numpy()[order]
        for name, values in (("place", place), ("old", old), ("before", self.newest[place])):
            np.save(self._file(self.number, name), values)
        self.newest[place] = self.number
        for past in [each for each in self.numbers if each < day - self.window_days * DAY]:
            number = self.numbers.pop(past)
            for name in ("place", "old", "before"):
                self._file(number, name).unlink()

    def known(self, frame: pl.DataFrame, day: date) -> Bools:
        """Which of these offers changed on the days that a window of `day` reaches."""
        oldest = min(
            (number for past, number in self.numbers.items() if past >= day - self.window_days * DAY), default=0
        )
        return np.asarray(self.newest[self._place(frame)] >= max(oldest, 1), np.bool_)

    def past(self, frame: pl.DataFrame, day: date) -> Past:
        """As `changes.past`, for the changes of `day` that are not learnt yet; `line_us` is the end of the right day."""
        n, width = frame.height, self.window_days
        place = self._place(frame)
        pointer = self.newest[place].astype(np.int64)
        price = np.array(frame["old_fen"].cast(pl.Float64).fill_null(np.nan).to_numpy(), np.float64)
        windows, before, last = np.empty((n, width)), np.full(n, np.nan), price.copy()
        line_us, unseen = np.zeros(n, np.int64), np.ones(n, np.bool_)
        for back in range(1, width + 1):
            windows[:, width - back] = price  # what was asked at the end of the day: what the changes after it replaced
            number = self.numbers.get(day - back * DAY)
            here = np.flatnonzero(pointer == number) if number else np.empty(0, np.int64)
            if not number or not len(here):
                continue
            known = np.load(self._file(number, "place"), mmap_mode="r")
            row = np.searchsorted(known, place[here])
            old = np.load(self._file(number, "old"), mmap_mode="r")[row].astype(np.float64)
            old[old == 0] = np.nan
            price[here] = old
            pointer[here] = np.load(self._file(number, "before"), mmap_mode="r")[row]
            first = here[unseen[here]]
            before[first] = price[first]
            line_us[first] = round(midnight(day - (back - 1) * DAY).timestamp() * 1_000_000) - 1
            away = first[np.isnan(last[first])]
            last[away] = price[away]
            unseen[first] = False
        return Past(np.log(windows), before, last, line_us)

    def _place(self, frame: pl.DataFrame) -> Ints:
        drug = np.searchsorted(self.drugs, frame["drug_id"].to_numpy())
        shop = np.searchsorted(self.shops, frame["pharmacy_id"].to_numpy())
        return np.asarray(drug * len(self.shops) + shop, np.int64)

    def _file(self, number: int, name: str) -> Path:
        return self.folder / f"{number}-{name}.npy"


# -- what the shops of a city asked -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Asked:
    """As `changes.peers` for n offers, row by row: nan, or 0 shops, where nobody asked anything."""

    median_fen: Floats
    mode_fen: Floats
    mad_ln: Floats
    shops: Ints

    def columns(self) -> list[pl.Series]:
        prices = {"median_fen": self.median_fen, "mode_fen": self.mode_fen, "mad_ln": self.mad_ln}
        shops = pl.Series("shops", self.shops)
        return [pl.Series(name, values).fill_nan(None) for name, values in prices.items()] + [shops]


class Peers:
    """`AreaPrice` of some cities, day after day."""

    COLUMNS = (("drug", "i4"), ("region", "i4"), ("median", "i4"), ("mode", "i4"), ("count", "i4"), ("mad", "f4"))

    def __init__(self, drugs: Sequence[int], cities: Sequence[int], first: date) -> None:
        self.drugs, self.cities = np.array(sorted(drugs), np.int64), np.array(sorted(cities), np.int64)
        self.day, self.block_last = first - DAY, first - DAY
        size = len(self.drugs) * len(self.cities)
        self.values = {name: np.full(size, np.nan) for name in ("median", "mode", "mad")}
        self.count = np.zeros(size, np.int32)
        self._take(packed("past_peers_before", {"regions": self.cities.tolist(), "first": first}, self.COLUMNS))
        self.block = np.zeros(0, [("day", "i4")])

    def on(self, day: date, frame: pl.DataFrame) -> Asked:
        """What was in force on the day for offers (drug_id, city_id) of known products and cities; ask for days in order."""
        while self.day < day:
            self._forward()
        place = self._place(frame["drug_id"].to_numpy(), frame["city_id"].to_numpy())
        median, mode, mad = (self.values[name][place] for name in ("median", "mode", "mad"))
        return Asked(median, mode, mad, self.count[place].astype(np.int64))

    def _forward(self) -> None:
        self.day += DAY
        if self.day > self.block_last:
            self.block_first, self.block_last = self.day, self.day + (BLOCK_DAYS - 1) * DAY
            parameters: dict[str, Any] = {"regions": self.cities.tolist(), "first": self.day, "last": self.block_last}
            self.block = packed("past_peers", parameters, (("day", "i4"), *self.COLUMNS))
        number = (self.day - self.block_first).days
        begin, end = np.searchsorted(self.block["day"], [number, number + 1])
        self._take(self.block[begin:end])

    def _take(self, rows: Packed) -> None:
        place = self._place(rows["drug"].astype(np.int64), rows["region"].astype(np.int64))
        self.count[place] = rows["count"]
        for name in ("median", "mode"):
            self.values[name][place] = np.where(rows[name] > 0, rows[name], np.nan)
        self.values["mad"][place] = rows["mad"]

    def _place(self, drugs: npt.ArrayLike, cities: npt.ArrayLike) -> Ints:
        place = np.searchsorted(self.drugs, drugs) * len(self.cities) + np.searchsorted(self.cities, cities)
        return np.asarray(place, np.int64)
