"""From changed prices to what is worth a person's time: the one way there, for the watch and for the nightly sweep.

Feed errors first; then every changed price is judged by the detectors of its area's rules; then many changes with one
cause count as one; then false alarms are controlled over all of them: products × cities first, shops inside those, by
Benjamini-Hochberg (domain.md 6.3). The least change (`change`) is asked of everything.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from prices.ingest.slips import Movement
from prices.monitoring import changes as reading
from prices.monitoring import events, references, rules, slips, thresholds
from prices.monitoring.control import control
from prices.monitoring.judging import judge
from prices.monitoring.robust import Bools
from prices.monitoring.rules import InForce
from prices.monitoring.thresholds import Tiers

CHUNK = 100_000
"""Offers judged at once: their past is a matrix of 28 columns."""
CORRECTED_DAYS = 28
"""So long after a pack size was corrected the first new price of a shop is no jump."""


@dataclass(frozen=True)
class Screened:
    """What a look over some changed prices gave.

    `candidates`: one row for each offer that is worth a look (of an event: one): what changed (`changes.moved`), where
    (chain_id, area_id, city_id), what others ask (median_fen, mad_ln, mode_fen, shops), what `judging.judge` and
    `control` say, `event`, its place in `events`, and `setting`, that of its area's rules in `settings`. `moved`: all offers that changed. `slipped`, `collapsed`
    (drug_id, pharmacy_id): feed errors, and members of events. `counts`: for the log (`Screening`).
    """

    candidates: pl.DataFrame
    events: list[events.Event]
    moved: pl.DataFrame
    slipped: pl.DataFrame
    collapsed: pl.DataFrame
    settings: list[tuple[InForce, Tiers]]
    counts: dict[str, int]


def screen(rows: pl.DataFrame, *, day: date, prior_tests: int = 0) -> Screened:
    """Look over the lines of the change history in `rows` (`changes.ROWS`), all received on the day `day`.

    `prior_tests`: prices of that day tested before in other looks; the family of tests is all of them together.
    """
    moved = reading.moved(rows)
    known, settings = _known(moved, day)
    movement = slips.movement(known)
    judged: list[pl.DataFrame] = []
    slipped: list[pl.DataFrame] = []
    for (place,), some in known.group_by("setting", maintain_order=True):
        in_force, tiers = settings[int(str(place))]
        days = in_force["history"].parameters.window_days
        reused = references.reused_codes(day, days)
        for part in some.iter_slices(CHUNK):
            part, past = really_changed(part, reading.past(part, day, days))
            wrong = feed_errors(part, past, reused, day, movement)
            slipped.append(part.filter(wrong).select("drug_id", "pharmacy_id"))
            part, past = part.filter(~wrong), past.only(~wrong)
            verdicts = judge(part, part, past.windows, in_force, tiers=tiers, on=day)
            judged.append(pl.concat([part, verdicts], how="horizontal"))
    nobody = known.clear().select("drug_id", "pharmacy_id")
    whole = pl.concat(judged) if judged else _nothing(known, day)
    whole, found = events.collapse(whole, references.lately(day))
    final = control(whole, prior_tests=prior_tests)
    collapsed = whole.filter(pl.col("event").is_not_null()).select("drug_id", "pharmacy_id")
    wrongs = pl.concat([nobody, *slipped])
    counts = {"changes": len(moved), "slips": len(wrongs), "collapsed": len(collapsed), "events": len(found)}
    return Screened(final.candidates, found, moved, wrongs, collapsed, settings, counts | final.counts)


def _nothing(known: pl.DataFrame, day: date) -> pl.DataFrame:
    none = known.clear()
    verdicts = judge(none, none, np.empty((0, 1)), rules.defaults(), tiers={}, on=day)
    return pl.concat([none, verdicts], how="horizontal")


def _known(moved: pl.DataFrame, day: date) -> tuple[pl.DataFrame, list[tuple[InForce, Tiers]]]:
    """The offers that have a new price at a watched shop, with what is known about them from outside, and `setting`:
    where in the list the rules and tiers of their area stand. Areas with the same ones share a setting."""
    here = moved.filter(pl.col("new_fen").is_not_null()).join(reading.shops(), on="pharmacy_id", maintain_order="left")
    drugs, cities = (here[name].unique().sort().to_list() for name in ("drug_id", "city_id"))
    here = here.join(references.packs(drugs), on="drug_id", maintain_order="left")
    asked = reading.peers(drugs, cities, day)
    here = here.join(asked, on=["drug_id", "city_id"], how="left", maintain_order="left")
    in_force, tiers = rules.everywhere(day), thresholds.everywhere(day)
    settings: list[tuple[InForce, Tiers]] = []
    places: dict[int, int] = {}
    for area in here["area_id"].unique().sort().to_list():
        mine = (in_force.get(area, rules.defaults()), tiers.get(area, {}))
        if mine not in settings:
            settings.append(mine)
        places[area] = settings.index(mine)
    setting = pl.col("area_id").replace_strict(list(places), list(places.values()), return_dtype=pl.Int64, default=None)
    return here.with_columns(setting.alias("setting")), settings


def really_changed(part: pl.DataFrame, past: reading.Past) -> tuple[pl.DataFrame, reading.Past]:
    """Those whose price is another than the last they had on the shelf, which becomes `old_fen`: a product that was away
    for some days and came back at its price has not changed."""
    last = pl.Series("old_fen", past.last_fen).fill_nan(None).round().cast(pl.Int32)
    part = part.with_columns(last)
    other = part.select(pl.col("old_fen").is_null() | (pl.col("old_fen") != pl.col("new_fen"))).to_series().to_numpy()
    return part.filter(other), past.only(other)


def feed_errors(part: pl.DataFrame, past: reading.Past, reused: pl.DataFrame, day: date, movement: Movement) -> Bools:
    """Which are feed errors, or the way back from one. `movement`: how the feeds moved with all that they changed."""
    asked = part.select(
        *("drug_id", "pharmacy_id", "feed_id", "old_fen", "new_fen", "pack_count"),
        pl.col("median_fen").cast(pl.Float64).alias("usual_fen"),
        pl.Series("before_fen", past.before_fen).fill_nan(None),
        pl.col("since_us").cast(pl.Datetime("us", "UTC")).alias("effective_at"),
        pl.col("received_us").cast(pl.Datetime("us", "UTC")).alias("received_at"),
        (_meant(part, reused) > pl.Series(past.line_us)).fill_null(False).alias("code_changed"),
        _pack_was(part, past, day),
    )
    wrong = slips.classify(asked, movement) != ""
    # Only the few suspects are held against official prices.
    suspect = np.flatnonzero(wrong.to_numpy())
    some = asked[suspect]
    official = (
        references.official(some, references.OFFICIAL, day).group_by("place").agg(pl.col("fen").alias("official_fen"))
    )
    some = (
        some.with_row_index("place")
        .with_columns(pl.col("place").cast(pl.Int64))
        .join(official, on="place", how="left", maintain_order="left")
        .join(_accepted(some, day), on=["drug_id", "pharmacy_id"], how="left", maintain_order="left")
    )
    found = wrong.to_numpy().copy()
    found[suspect] = (slips.classify(some, movement) != "").to_numpy()
    return found


def _accepted(suspects: pl.DataFrame, day: date) -> pl.DataFrame:
    """Which of them a named person has stood up for: ten times the price is then a rise, to be looked at like any other."""
    asked = {"drugs": suspects["drug_id"].to_list(), "pharmacies": suspects["pharmacy_id"].to_list()}
    within = {"since": reading.midnight(day), "until": reading.midnight(day + reading.DAY)}
    keys: dict[str, Any] = {"drug_id": pl.Int32, "pharmacy_id": pl.Int32}
    return reading.copied("monitoring_accepted", asked | within, keys).with_columns(accepted=pl.lit(True))


def _pack_was(part: pl.DataFrame, past: reading.Past, day: date) -> pl.Series:
    """The pack size that the old price was for, where it has been corrected since."""
    corrected = references.corrected_packs(day, CORRECTED_DAYS)
    found = part.select("drug_id").join(corrected, on="drug_id", how="left", maintain_order="left")
    since = pl.Series(past.line_us) < found["corrected_us"]
    return found.select(pl.when(since).then("pack_was").alias("pack_was")).to_series()


def _meant(part: pl.DataFrame, reused: pl.DataFrame) -> pl.Series:
    return part.select("feed_id", "drug_id").join(reused, on=["feed_id", "drug_id"], how="left", maintain_order="left")[
        "meant_us"
    ]
