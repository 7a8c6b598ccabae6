"""What changed on a day and what was known about it before: read from the change history, shaped for the detectors.

One row an offer, however often it changed that day: what it cost before the day and what after. The peers of a day are the
statistics in force on it, worked out in the night before (`AreaPrice`), so that the watch, the sweep, a replay and a
back-test all see the same.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import numpy as np
import polars as pl
from django.db import connection
from django.utils import timezone

from pharmacies.models import Region
from prices.models import RollUp
from prices.monitoring.robust import Bools, Floats, Ints
from prices.sql import statement
from prices.statistics.usual import MAX_AGE

DAY = timedelta(days=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECONDS_A_DAY = 86_400_000_000

ROWS: dict[str, Any] = {
    "id": pl.Int64, "drug_id": pl.Int32, "pharmacy_id": pl.Int32, "feed_id": pl.Int32, "old_fen": pl.Int32,
    "new_fen": pl.Int32, "since_us": pl.Int64, "received_us": pl.Int64,
}  # fmt: skip
"""Lines of the change history."""
SHOPS: dict[str, Any] = {
    "pharmacy_id": pl.Int32, "chain_id": pl.Int64, "area_id": pl.Int64, "division_id": pl.Int64,
}  # fmt: skip
PEERS: dict[str, Any] = {
    "drug_id": pl.Int32, "city_id": pl.Int64, "median_fen": pl.Int32, "mad_ln": pl.Float64, "mode_fen": pl.Int32,
    "shops": pl.Int32,
}  # fmt: skip
BEGAN: dict[str, Any] = {"drug_id": pl.Int32, "pharmacy_id": pl.Int32, "old_fen": pl.Int32}
HISTORY: dict[str, Any] = {"place": pl.Int64, "at_us": pl.Int64, "old_fen": pl.Int32, "new_fen": pl.Int32}


def copied(name: str, parameters: Mapping[str, Any], schema: Mapping[str, Any]) -> pl.DataFrame:
    """The rows of `prices/sql/<name>.sql` as a frame, by COPY: a million of them in about a second."""
    # The driver's own cursor: the one that Django puts around it under DEBUG takes no parameters here.
    out = io.BytesIO()
    with (
        connection.cursor() as cursor,
        cursor.cursor.copy(f"COPY ({statement(name)}) TO STDOUT (FORMAT csv)", dict(parameters)) as copy,
    ):
        for block in copy:
            out.write(block)
    if not out.tell():
        return pl.DataFrame(schema=dict(schema))
    return pl.read_csv(out.getvalue(), has_header=False, new_columns=list(schema), schema=dict(schema))


def midnight(on: date) -> datetime:
    """The first moment of a day in Shanghai."""
    return timezone.make_aware(datetime.combine(on, time.min), timezone.get_default_timezone())


def of_day(on: date) -> pl.DataFrame:
    """Every line of the change history that was received on the day `on`."""
    return copied("monitoring_day", {"since": midnight(on), "until": midnight(on + DAY)}, ROWS)


def moved(rows: pl.DataFrame) -> pl.DataFrame:
    """One row an offer, in the order of (drug, pharmacy): from the price before the first line to that after the last.

    Columns of ROWS without `id`, and `lines`, how many there were. `new_fen` is null for an offer that left the shelf.
    """
    return (
        rows.sort("id")
        .group_by("drug_id", "pharmacy_id")
        .agg(
            pl.col("old_fen").first(),
            *(pl.col(name).last() for name in ("new_fen", "feed_id", "since_us", "received_us")),
            pl.len().alias("lines"),
        )
        .sort("drug_id", "pharmacy_id")
    )


def from_the_morning(rows: pl.DataFrame, on: date) -> pl.DataFrame:
    """Some lines of the day `on`, with `old_fen` of each offer what it cost when the day began.

    Of an offer that changes twice a day a look may see the second line alone; judged is the day's change.
    """
    offers = rows.select("drug_id", "pharmacy_id").unique()
    parameters = {
        "drugs": offers["drug_id"].to_list(),
        "pharmacies": offers["pharmacy_id"].to_list(),
        "since": midnight(on),
        "until": midnight(on + DAY),
    }
    began = copied("monitoring_began", parameters, BEGAN)
    return rows.drop("old_fen").join(began, on=["drug_id", "pharmacy_id"], how="left").select(rows.columns)


# -- where ------------------------------------------------------------------------------------------------------------


def cities() -> dict[int, int]:
    """For each region the one whose shops are the peers of its own: its city, or itself where it belongs to none."""
    regions = {pk: (level, parent) for pk, level, parent in Region.objects.values_list("pk", "level", "parent_id")}

    def of(pk: int) -> int:
        level, parent = regions[pk]
        if level == Region.Level.CITY or parent is None or regions[parent][0] == Region.Level.PROVINCE:
            return pk
        return of(parent)

    return {pk: of(pk) for pk in regions}


def shops() -> pl.DataFrame:
    """The shops that are watched: pharmacy_id, chain_id, area_id (insurance area), city_id."""
    found = copied("monitoring_shops", {}, SHOPS)
    near = cities()
    city = pl.DataFrame(
        {"division_id": list(near), "city_id": list(near.values())},
        schema={"division_id": pl.Int64, "city_id": pl.Int64},
    )
    return found.join(city, on="division_id", how="left").drop("division_id")


# -- what was usual ---------------------------------------------------------------------------------------------------


def peers(drugs: Sequence[int], in_cities: Sequence[int], on: date) -> pl.DataFrame:
    """What the shops of those cities asked for those drugs, in force on the day `on`; none when no night up to that day
    was worked out for a week."""
    known = RollUp.objects.filter(last__gte=on - MAX_AGE, first__lte=on).exists()
    if not known or not drugs:
        return pl.DataFrame(schema=PEERS)
    parameters = {"drugs": list(drugs), "cities": list(in_cities), "on": on}
    return copied("monitoring_peers", parameters, PEERS)


@dataclass(frozen=True, slots=True)
class Past:
    """Of n offers: `windows`, n × days, ln of the price at the end of each of the days before (nan: none). In 分, nan for
    unknown: `before_fen`, the price before the one they had when the day began, and `last_fen`, that one, or of an offer
    that was off the shelf the last one it had. `line_us`: when the last change before the day came in, 0 for unknown."""

    windows: Floats
    before_fen: Floats
    last_fen: Floats
    line_us: Ints

    def only(self, which: Bools) -> "Past":
        return Past(self.windows[which], self.before_fen[which], self.last_fen[which], self.line_us[which])


def past(offers: pl.DataFrame, on: date, days: int) -> Past:
    """The `days` days before the day `on` of `offers` (drug_id, pharmacy_id, old_fen: their price when the day began).

    Known from the changes of those days alone: an offer that did not change had its old price on all of them.
    """
    first = on - days * DAY
    parameters = {
        "drugs": offers["drug_id"].to_list(),
        "pharmacies": offers["pharmacy_id"].to_list(),
        "since": midnight(first),
        "until": midnight(on),
    }
    lines = copied("monitoring_history", parameters, HISTORY)
    n, at_first = len(offers), _fen(offers["old_fen"])
    found = Past(np.empty((n, days)), np.full(n, np.nan), _fen(offers["old_fen"]), np.zeros(n, np.int64))
    place, old, new = lines["place"].to_numpy(), _fen(lines["old_fen"]), _fen(lines["new_fen"])
    at_us = lines["at_us"].to_numpy()
    is_first, is_last = np.ones(len(lines), np.bool_), np.ones(len(lines), np.bool_)
    is_first[1:] = is_last[:-1] = place[1:] != place[:-1]
    at_first[place[is_first]] = old[is_first]
    found.before_fen[place[is_last]] = old[is_last]
    found.line_us[place[is_last]] = at_us[is_last]
    left = is_last & np.isnan(new)  # off the shelf when the day began
    found.last_fen[place[left]] = old[left]
    column = np.clip((at_us - _microseconds(midnight(first))) // MICROSECONDS_A_DAY, 0, days - 1)
    # Each day points to the newest line at or before it (0: none yet), each line to its price.
    newest = np.zeros((n, days), np.int64)
    np.maximum.at(newest, (place, column), np.arange(1, len(lines) + 1))
    newest = np.maximum.accumulate(newest, axis=1)
    found.windows[:] = np.log(np.where(newest > 0, np.append(np.nan, new)[newest], at_first[:, None]))
    return found


def _fen(column: pl.Series) -> Floats:
    """As floats, null as nan."""
    return np.array(column.cast(pl.Float64).fill_null(np.nan).to_numpy(), np.float64)


def _microseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000)


def moment(microseconds: int) -> datetime:
    """The aware moment of so many microseconds since 1970."""
    return EPOCH + timedelta(microseconds=microseconds)
