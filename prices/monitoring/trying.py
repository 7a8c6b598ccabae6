"""A draft of a rule on past days: what `screen` would have found on each of them, at a hundredth of its cost.

The same pieces decide (`slips`, `judging.judge`, `events.collapse`, `control`), fed with what can matter: a price that rose
too little to be a lead, whose offer did not change in weeks and which no event takes in, counts as a test with p = 1 and is
never looked at. A p above Q can neither be rejected nor help another to be, so that of a product × city without a
smaller one a single row stands for all.
"""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from django.conf import settings

from catalog.models import Drug, ReferencePrice
from pharmacies.models import Region
from prices.ingest.slips import NEAREST, Movement
from prices.models import BackTest, Threshold
from prices.monitoring import changes as reading
from prices.monitoring import events, references, rules, screen, slips, thresholds
from prices.monitoring.control import Q, control
from prices.monitoring.detectors import MODULES, change
from prices.monitoring.judging import FINDERS, TESTS, judge
from prices.monitoring.past import Histories, Peers, moved
from prices.monitoring.robust import Bools
from prices.monitoring.rules import InForce, RuleInForce
from prices.statistics import nights
from prices.statistics.usual import MAX_AGE

REPEATS = timedelta(days=28)
EXAMPLES = 10
"""Of a day; the page shows the best of them all."""
LEVELS = pl.Schema({"drug_id": pl.Int32(), "pharmacy_id": pl.Int32(), "new_fen": pl.Int32(), "on": pl.Date()})


class Look:
    """One back-test at work: `learn` the days before it, then `day` after day, each once and in order."""

    def __init__(self, back_test: BackTest, folder: Path, *, today: date, first: date) -> None:
        """`today`: whose other rules hold; `first`: the first day that is asked for."""
        self.area, self.detector = back_test.area, back_test.detector
        self.in_force = _in_force(back_test, today)
        below = set(Region.objects.within(self.area).values_list("pk", flat=True))
        watched = reading.shops()
        self.shops = watched.filter(pl.col("area_id").is_in(below))
        products = Drug.objects.order_by("pk").values_list("pk", "pack_count")
        self.packs = pl.DataFrame(list(products), schema={"drug_id": pl.Int32, "pack_count": pl.Int64}, orient="row")
        drugs, cities = self.packs["drug_id"].to_list(), self.shops["city_id"].unique().to_list()
        parameters: Any = self.in_force["history"].parameters
        self.window_days: int = parameters.window_days
        self.histories = Histories(folder, self.window_days, drugs, self.shops["pharmacy_id"].to_list())
        self.peers = Peers(drugs, cities, first)
        self.seen = pl.DataFrame(schema=LEVELS)

    def moved(self, on: date) -> pl.DataFrame:
        """The day's changes at the area's watched shops, with where they are."""
        return moved(on).join(self.shops, on="pharmacy_id").join(self.packs, on="drug_id", how="semi")

    def learn(self, on: date, frame: pl.DataFrame | None = None) -> None:
        self.histories.learn(on, self.moved(on) if frame is None else frame)

    def remember(self, on: date, levels: list[list[int]]) -> None:
        """Leads that the draft gave on a day before."""
        rows = [[*level, on] for level in levels]
        self.seen = pl.concat([self.seen, pl.DataFrame(rows, schema=LEVELS, orient="row")])

    def day(self, on: date) -> tuple[pl.DataFrame, dict[str, int]]:
        """The leads of the day, and `tests`, `slips`, `events` for the log. A day without statistics has no leads."""
        frame = self.moved(on)
        if not nights.covered(on - MAX_AGE, on):
            self.learn(on, frame)
            return frame.clear(), {"covered": 0, "tests": 0, "slips": 0, "events": 0}
        priced = frame.filter(pl.col("new_fen").is_not_null() & pl.col("old_fen").ne_missing(pl.col("new_fen")))
        priced = priced.drop("last_fen")
        matters = self._matters(priced, on)
        judged, wrong = self._judged(priced.filter(matters), self._movement(priced), on)
        whole = pl.concat([judged, priced.filter(~matters).drop("since_us", "received_us")], how="diagonal")
        whole, found = _events(whole, on)
        final = control(_reduced(whole))
        tests = int(whole["event"].is_null().sum()) + len(found)
        leads = self._chosen(final.candidates, on)
        self.learn(on, frame)
        return leads, {"covered": 1, "tests": tests, "slips": wrong, "events": len(found)}

    def _matters(self, rows: pl.DataFrame, on: date) -> Bools:
        """Which changes can be a lead or a feed error: large ones, and those of offers that changed lately."""
        old, new = (rows[name].cast(pl.Float64).fill_null(np.nan).to_numpy() for name in ("old_fen", "new_fen"))
        least: Any = self.in_force["change"].parameters
        large = change.detect(old, new, least)
        if not self.in_force["change"].active:
            large = np.ones(len(rows), np.bool_)
        with np.errstate(invalid="ignore"):
            far = np.abs(np.log(new / old)) > NEAREST
        late = rows["since_us"].to_numpy() > 0
        lately = self.histories.known(rows, on) & ((new > old) if least.direction == "up" else True)
        marked = self._marked(rows, on) & (new > old)
        return np.asarray(large | far | late | lately | marked | np.isnan(old), np.bool_)

    def _marked(self, rows: pl.DataFrame, on: date) -> Bools:
        """Which are of products that may come into another tier, however little their price moves."""
        tiers = thresholds.in_force(self.area.pk, on) if self.in_force["reference"].active else {}
        if not tiers or Threshold.Basis.MODE in tiers:
            return np.full(len(rows), bool(tiers))
        priced = ReferencePrice.objects.valid(on).filter(kind__in=list(tiers)).values_list("drug_id", flat=True)
        return np.asarray(rows["drug_id"].is_in(list(priced.distinct())).to_numpy(), np.bool_)

    def _movement(self, rows: pl.DataFrame) -> Movement:
        return slips.movement(rows.join(self.packs, on="drug_id", how="left"))

    def _judged(self, rows: pl.DataFrame, movement: Movement, on: date) -> tuple[pl.DataFrame, int]:
        """What the detectors say of those that did change, and how many of them were feed errors."""
        rows = rows.join(self.packs, on="drug_id", how="left", maintain_order="left")
        rows = rows.with_columns(self.peers.on(on, rows).columns())
        reused = references.reused_codes(on, self.window_days)
        tiers = thresholds.in_force(self.area.pk, on)
        parts, errors = [], 0
        for part in rows.iter_slices(screen.CHUNK) if len(rows) else [rows]:
            kept, past = screen.really_changed(part, self.histories.past(part, on))
            wrong = screen.feed_errors(kept, past, reused, on, movement)
            errors += int(wrong.sum())
            kept, past = kept.filter(~wrong), past.only(~wrong)
            verdicts = judge(kept, kept, past.windows, self.in_force, tiers=tiers, on=on)
            parts.append(pl.concat([kept, verdicts], how="horizontal"))
        return pl.concat(parts), errors

    def _chosen(self, candidates: pl.DataFrame, on: date) -> pl.DataFrame:
        """The best of each insurance area, as many as it takes in a day; a level that was a lead before is none again."""
        recent = self.seen.filter(pl.col("on") > on - REPEATS)
        fresh = candidates.join(recent, on=["drug_id", "pharmacy_id", "new_fen"], how="anti")
        ranked = fresh.sort(["score", "drug_id", "pharmacy_id"], descending=[True, False, False])
        best = ranked.filter(pl.int_range(pl.len()).over("area_id") < settings.LEADS_PER_AREA)
        new = best.select("drug_id", "pharmacy_id", "new_fen", pl.lit(on).alias("on")).cast(LEVELS)
        self.seen = pl.concat([recent, new])
        return best


def _in_force(back_test: BackTest, today: date) -> InForce:
    """The draft alone finds; beside it the least change that holds today. Of a draft of that very rule all find."""
    draft = RuleInForce(
        back_test.detector,
        back_test.version,
        MODULES[back_test.detector].Parameters.read(back_test.parameters),
        active=True,
    )
    now = rules.current(back_test.area_id, today)
    if back_test.detector == change.NAME:
        return now | {change.NAME: draft}
    alone = {name: replace(each, active=each.active and name == change.NAME) for name, each in now.items()}
    return alone | {back_test.detector: draft}


def _events(rows: pl.DataFrame, on: date) -> tuple[pl.DataFrame, list[events.Event]]:
    """As `events.collapse`, which is given only what can belong to one: whole groups of shops at one price, whole lists."""
    price = pl.col("drug_id").cast(pl.Int64) * (1 << 32) + pl.col("new_fen")
    counted = rows.select(
        "chain_id",
        price.alias("price"),
        pl.len().over(price).alias("same"),
        (pl.len().over("pharmacy_id") >= events.MASS_DRUGS).alias("list"),
    ).with_row_index()
    some = (counted["list"] | (counted["same"] >= events.MARKET_SHOPS)).to_numpy().copy()
    chains = counted.filter((pl.col("same") >= events.CHAIN_SHOPS) & pl.col("chain_id").is_not_null())
    some[chains.filter(pl.len().over("price", "chain_id") >= events.CHAIN_SHOPS)["index"].to_numpy()] = True
    joined, found = events.collapse(rows.filter(some), references.lately(on))
    rest = rows.filter(~some).with_columns(pl.lit(None, joined.schema["event"]).alias("event"))
    return pl.concat([joined, rest]), found


def _reduced(whole: pl.DataFrame) -> pl.DataFrame:
    """The rows that `control` must see, to come to the same rejections as over all."""
    rows = whole.with_columns(
        *(pl.col(name).fill_null(False) for name in (*FINDERS, "change", "enough")),
        *(pl.col(f"{name}_p").fill_null(1.0) for name in TESTS),
    )
    hot = pl.any_horizontal(FINDERS) | pl.any_horizontal([pl.col(f"{name}_p") <= Q for name in TESTS])
    event = pl.col("event").cast(pl.Int64)
    rows = rows.with_columns(
        pl.when(event.is_null())
        .then(pl.col("drug_id").cast(pl.Int64) * (1 << 32) + pl.col("city_id"))
        .otherwise(-1 - event)
        .alias("group"),
        hot.alias("hot"),
    )
    warm = rows.filter("hot")["group"].unique()
    inside = pl.col("group").is_in(warm.implode())
    cold = rows.filter(~inside).unique("group", keep="any", maintain_order=False)
    return pl.concat([rows.filter(inside), cold]).drop("group", "hot")
