"""Past days for a back-test: what `changes` reads for one day, made for months of a million changes a day.

PostgreSQL sends columns as arrays; what has to be remembered of the days before lies in files, a day each; statistics are kept
as one dense table that is moved on from day to day. The same numbers as `changes` gives, many times faster: see the test
that holds them against each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from prices.monitoring.changes import DAY, Past, midnight
from prices.monitoring.robust import Bools, Floats, Ints
from prices.sql.arrays import Column, arrays, halves

BLOCK_DAYS = 15
"""Statistics are read for so many days at a time."""
SKEW = timedelta(minutes=10)
LATE_US = 3_600_000_000
LOW = (1 << 32) - 1
HALF = 180


# -- changes ----------------------------------------------------------------------------------------------------------


def moved(day: date) -> pl.DataFrame:
    """The changes of the day as `changes.moved` has them: drug_id, pharmacy_id, old_fen, new_fen (null: no price), feed_id;
    of `since_us` and `received_us` only which of them is later is true. `last_fen` is what the last line of the day
    replaced: another price than `old_fen` where there were several. Those that ended where they began are among them.
    """
    parameters = {"since": midnight(day), "until": midnight(day + DAY), "skew": SKEW}
    key, prices, number, feed = arrays("past_changes", parameters)
    old, new = halves(prices)
    told: dict[str, Column] = {"key": key, "id": number, "old": old, "last": old, "new": new, "feed": feed}
    frame = pl.DataFrame(told)
    if frame["key"].n_unique() < frame.height:
        of_offer = [pl.col("old").first(), *(pl.col(name).last() for name in ("last", "new", "feed"))]
        frame = frame.sort("id").group_by("key").agg(of_offer)
    small: dict[str, pl.Expr] = {
        "drug_id": pl.col("key") // (LOW + 1),
        "pharmacy_id": pl.col("key") % (LOW + 1),
        "feed_id": pl.col("feed") // 2,
        "old_fen": pl.when(pl.col("old") > 0).then(pl.col("old")),
        "new_fen": pl.when(pl.col("new") > 0).then(pl.col("new")),
        "last_fen": pl.when(pl.col("last") > 0).then(pl.col("last")),
    }
    return frame.select(
        *(column.cast(pl.Int32).alias(name) for name, column in small.items()),
        (pl.col("feed") % 2 * LATE_US).cast(pl.Int64).alias("since_us"),
        pl.lit(0, pl.Int64).alias("received_us"),
    )


def places(ids: Sequence[int]) -> Ints:
    """An array that knows the place of each of those ids: found by an index, not by a search."""
    found = np.zeros(max(ids, default=0) + 1, np.int64)
    found[np.array(ids, np.int64)] = np.arange(len(ids))
    return found


# -- own histories ----------------------------------------------------------------------------------------------------


class Histories:
    """What offers of `shops` were asked before a day, from the changes of the days before it: `learn` them in order.

    Of every product × shop it is known on which day it changed last (a byte each, two for windows of half a year: 450 MB
    for a province); the changes of that day lie in a file, and there the day before that; the few that changed several
    times that day also in files of their own. Files go when no window reaches them any more. Days are numbered from 1; `base` is what the bytes count from, 0 in a byte is long ago or never.
    """

    def __init__(self, folder: Path, window_days: int, drugs: Sequence[int], shops: Sequence[int]) -> None:
        self.folder, self.window_days = folder, window_days
        self.drugs, self.shops = places(drugs), places(shops)
        self.width = len(shops)
        self.newest: Column = np.zeros(len(drugs) * len(shops), np.uint8 if window_days < HALF else np.uint16)
        self.base, self.number, self.numbers = 0, 0, dict[date, int]()
        self.several: set[int] = set()  # numbers of days on which some offer changed several times

    def learn(self, day: date, frame: pl.DataFrame) -> None:
        """Take in the changes of a day (`moved`, of known products and shops)."""
        self._count()
        self.numbers[day] = self.number
        place = self._place(frame)
        order = np.argsort(place)
        place, old = place[order], frame["old_fen"].fill_null(0).to_numpy()[order]
        files = {"place": place, "old": old, "before": self._last(place)}
        last = frame["last_fen"].fill_null(0).to_numpy()[order]
        if len(several := np.flatnonzero(last != old)):
            self.several.add(self.number)
            files |= {"several": place[several], "last": last[several]}
        for name, values in files.items():
            np.save(self._file(self.number, name), values)
        self.newest[place] = self.number - self.base
        for past in [each for each in self.numbers if each < day - self.window_days * DAY]:
            number = self.numbers.pop(past)
            self.several.discard(number)
            for name in ("place", "old", "before", "several", "last"):
                self._file(number, name).unlink(missing_ok=True)

    def known(self, frame: pl.DataFrame, day: date) -> Bools:
        """Which of these offers changed on the days that a window of `day` reaches."""
        oldest = min(
            (number for past, number in self.numbers.items() if past >= day - self.window_days * DAY), default=0
        )
        return np.asarray(self._last(self._place(frame)) >= max(oldest, 1), np.bool_)

    def past(self, frame: pl.DataFrame, day: date) -> Past:
        """As `changes.past`, for the changes of `day` that are not learnt yet; `line_us` is the end of the right day."""
        n, width = frame.height, self.window_days
        place = self._place(frame)
        pointer = self._last(place)
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
            if number in self.several:
                before[first] = self._replaced(number, place[first], before[first])
            line_us[first] = round(midnight(day - (back - 1) * DAY).timestamp() * 1_000_000) - 1
            away = first[np.isnan(last[first])]
            last[away] = before[away]
            unseen[first] = False
        return Past(np.log(windows), before, last, line_us)

    def _replaced(self, number: int, place: Ints, morning: Floats) -> Floats:
        """What the last change of that day replaced at each place: the price of the `morning`, but where there were
        several."""
        several, last = (np.load(self._file(number, name)) for name in ("several", "last"))
        row = np.minimum(np.searchsorted(several, place), len(several) - 1)
        other = last[row].astype(np.float64)
        other[other == 0] = np.nan
        return np.where(several[row] == place, other, morning)

    def _count(self) -> None:
        """The next day's number; before the bytes overflow they are counted from a later day."""
        self.number += 1
        if self.number - self.base >= 1 << 8 * self.newest.itemsize:
            later = self.number - self.window_days - 1 - self.base
            for part in np.array_split(self.newest, 100):
                part[:] = np.where(part > later, part - later, 0)
            self.base += later

    def _last(self, place: Ints) -> Ints:
        """The number of the day of the last change, 0 for long ago or never."""
        count = self.newest[place].astype(np.int64)
        return np.where(count > 0, count + self.base, 0)

    def _place(self, frame: pl.DataFrame) -> Ints:
        drug, shop = (frame[name].to_numpy() for name in ("drug_id", "pharmacy_id"))
        return np.asarray(self.drugs[drug] * self.width + self.shops[shop], np.int64)

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

    def __init__(self, drugs: Sequence[int], cities: Sequence[int], first: date) -> None:
        self.regions, self.width = list(cities), len(cities)
        self.drugs, self.cities = places(drugs), places(cities)
        self.day, self.block_last = first - DAY, first - DAY
        size = len(drugs) * len(cities)
        self.values = {name: np.full(size, np.nan) for name in ("median", "mode", "mad")}
        self.count = np.zeros(size, np.int32)
        self._take(arrays("past_peers_before", {"regions": self.regions, "first": first}))
        self.block: list[Column] = []

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
            parameters: dict[str, Any] = {"regions": self.regions, "first": self.day, "last": self.block_last}
            unsorted = arrays("past_peers", parameters)
            order = np.argsort(unsorted[0], kind="stable")
            self.block = [column[order] for column in unsorted]
        number = (self.day - self.block_first).days
        begin, end = np.searchsorted(self.block[0], [number, number + 1])
        self._take([column[begin:end] for column in self.block[1:]])

    def _take(self, columns: list[Column]) -> None:
        drugs, regions, median, mode, count, mad = columns
        place = self._place(drugs, regions)
        self.count[place] = count
        for name, fen in (("median", median), ("mode", mode)):
            self.values[name][place] = np.where(fen > 0, fen, np.nan)
        self.values["mad"][place] = mad

    def _place(self, drugs: Column, cities: Column) -> Ints:
        return np.asarray(self.drugs[drugs] * self.width + self.cities[cities], np.int64)
