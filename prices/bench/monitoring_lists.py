"""The detectors on real price lists: Korea's monthly ceiling prices and South Africa's single exit prices, with seeded jumps,
slips and procurement cuts, beside the rule "outside 1/3–3 × the product's own median, from 3 prices on".

A list has one price per product and date, so there are no peers: what is measured are feed errors, events, the minimum
effect, the product's own history and the two-level screen. Prices are read in the list's own unit (won, rand) as if it
were yuan. Every list is an experiment of its own: what is sown in it is judged against the true lists before it.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from django.conf import settings

from prices.ingest.slips import FACTORS
from prices.monitoring import events, slips
from prices.monitoring.detectors import change, history
from prices.monitoring.events import Event
from prices.monitoring.robust import Bools, Floats
from prices.monitoring.screening import two_level

Strings = npt.NDArray[np.str_]

JUMPS, SLIPS_OF_A_KIND, CUTS = 200, 50, 50
"""Sown into each list; slips of each kind in the price that held before, and in a list that moves as a
whole as many in its own new prices."""
WHOLE = 0.1
"""A list moves as a whole that changes so many of its prices."""
BANDS = ((1.3, 1.5), (1.5, 2.0), (2.0, 3.0), (3.0, 8.0))
CUT = 0.1
FIRST_JUDGED = 2
"""The third list: the rule wants three prices, the tested one among them."""
RULE_FACTOR, RULE_PRICES = 3.0, 3
Q = 0.05
SHOP = 1


@dataclass(frozen=True)
class Lists:
    """`prices`: lists × products in hundredths of the unit, nan where a product is not listed; `pack`: units of a pack."""

    country: str
    days: list[date]
    prices: Floats
    pack: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Sown:
    """A list as it might have been reported; `kind` of each product: "" (true), "jump", "cut", "slip" (of the price that
    held before) or "new_slip" (of the list's own price, where that is another)."""

    reported: Floats
    kind: Strings


@dataclass(frozen=True)
class Answer:
    """What became of each price of a list: an alarm of ours, quarantined as which slip, part of which event."""

    alarm: Bools
    slip: Strings
    events: list[Event]


@dataclass(frozen=True)
class Alarms:
    """How many prices of each kind one of the two raised an alarm at."""

    jumps: int
    true: int  # prices as they were
    moved: int  # of these: 30 % or more above or below the price before, in truth
    slips: int

    @property
    def false(self) -> int:
        """What moved by 30 % is what is looked for, sown or real; every other alarm is a false one."""
        return self.true - self.moved + self.slips


@dataclass(frozen=True)
class Found:
    """One list, judged. Counts of prices unless said otherwise."""

    country: str
    on: date
    changed: int
    jumps: int
    bands: list[tuple[int, int]]  # for each of BANDS: sown, found by us
    ours: Alarms
    rule: Alarms
    slips: tuple[int, int]  # of the price before: sown, quarantined
    new_slips: tuple[int, int]  # of a price that the list changed: sown, quarantined
    cuts: tuple[int, int]  # sown, neither quarantined nor an alarm
    mistaken: int  # quarantined of the list as it was
    events: list[Event]  # of the list as it was


# -- the lists --------------------------------------------------------------------------------------------------------


def korea(folder: Path) -> Lists:
    """Monthly lists of ceiling prices per unit; a product without a price (산정불가) is not listed."""
    files = sorted((folder / "kr_hira").glob("prices_*.csv.gz"))
    months = [
        pl.read_csv(file, infer_schema_length=0).select(
            product="제품코드",
            price=pl.col("상한금액").str.replace_all(",", "").cast(pl.Float64, strict=False) * 100,
            pack=pl.col("규격").cast(pl.Int64, strict=False),
        )
        for file in files
    ]
    days = [date.fromisoformat(f"{file.name[7:14]}-01") for file in files]
    rows = pl.concat(month.with_columns(day=pl.lit(day)) for month, day in zip(months, days, strict=True))
    return _lists("Korea", rows)


def south_africa(folder: Path) -> Lists:
    """Dated lists of single exit prices per pack; a product that a list states twice is left out of that list."""
    rows = pl.read_csv(folder / "za_sep" / "sep_prices_long.csv.gz")
    packs = pl.read_csv(folder / "za_sep" / "sep_products.csv").select("nappi", pl.col("pack_size").cast(pl.Int64))
    return _lists(
        "South Africa",
        rows.join(packs.unique("nappi"), on="nappi", how="left").select(
            product="nappi",
            price=pl.col("sep_zar") * 100,
            pack="pack_size",
            day=pl.col("file_date").str.to_date(),
        ),
    )


def _lists(country: str, rows: pl.DataFrame) -> Lists:
    rows = rows.filter(pl.col("price") > 0).filter(pl.struct("product", "day").is_unique())
    wide = rows.pivot(on="day", index="product", values="price", sort_columns=True).sort("product")
    pack = rows.group_by("product").agg(pl.col("pack").drop_nulls().last()).sort("product")["pack"]
    days = sorted(rows["day"].unique())
    prices = wide.select(str(day) for day in days).to_numpy().T.round()
    return Lists(country, days, prices, pack.fill_null(1).clip(1, 10_000).to_numpy())


# -- what is sown -----------------------------------------------------------------------------------------------------


def sow(lists: Lists, at: int, random: np.random.Generator) -> Sown:
    """Jumps of 30 % to 700 % over the price before, slips, cuts of 90 %: each in products of its own."""
    before, true = lists.prices[at - 1], lists.prices[at]
    listed = random.permutation(np.flatnonzero(~np.isnan(before) & ~np.isnan(true)))
    reported, kind = true.copy(), np.full(len(true), "", dtype="U16")
    whole = _moves_as_a_whole(before, true)
    taken = _taker(listed)
    jumping = taken(JUMPS, lambda products: np.ones(len(products), np.bool_))
    factor = np.exp(random.uniform(np.log(BANDS[0][0]), np.log(BANDS[-1][1]), len(jumping)))
    reported[jumping], kind[jumping] = np.ceil(before[jumping] * factor), "jump"
    for name in FACTORS:
        times = _times(name, lists.pack)
        for what, price, fits in (("slip", before, before > 0), ("new_slip", true, (true != before) & whole)):
            chosen = taken(SLIPS_OF_A_KIND, partial(_writable, price, times, fits))
            reported[chosen], kind[chosen] = np.round(price[chosen] * times[chosen]), what
    cutting = taken(CUTS, lambda products: before[products] * CUT >= 1)
    reported[cutting], kind[cutting] = np.round(before[cutting] * CUT), "cut"
    return Sown(reported, kind)


def _moves_as_a_whole(before: Floats, now: Floats) -> bool:
    both = ~np.isnan(before) & ~np.isnan(now)
    return bool((before != now)[both].mean() >= WHOLE)


def _taker(listed: npt.NDArray[np.int64]) -> Callable[..., npt.NDArray[np.int64]]:
    """Gives out products that fit, each once, in the order of `listed`."""
    free = np.ones(len(listed), np.bool_)

    def take(count: int, fits: Callable[[npt.NDArray[np.int64]], Bools]) -> npt.NDArray[np.int64]:
        places = np.flatnonzero(free)
        places = places[fits(listed[places])][:count]
        free[places] = False
        return np.asarray(listed[places])

    return take


def _times(name: str, pack: npt.NDArray[np.int64]) -> Floats:
    fixed = {"x10": 10.0, "x100": 100.0, "div10": 0.1, "div100": 0.01}
    if name in fixed:
        return np.full(len(pack), fixed[name])
    whole = np.where(pack > 1, pack.astype(np.float64), np.nan)
    return 1 / whole if name == "per_unit" else whole


def _writable(price: Floats, times: Floats, fits: Bools, products: npt.NDArray[np.int64]) -> Bools:
    """Whose slip hundredths can write within 1 %."""
    slipped = price[products] * times[products]
    written = np.round(slipped)
    return np.asarray(fits[products] & (written >= 1) & (np.abs(written - slipped) <= 0.01 * slipped), np.bool_)


# -- ours, and the rule -----------------------------------------------------------------------------------------------


def ours(lists: Lists, at: int, sown: Sown) -> Answer:
    """Feed errors first, then events, then the tests on what is left, screened together."""
    before, now = lists.prices[at - 1], sown.reported
    moved = np.flatnonzero(~np.isnan(before) & ~np.isnan(now) & (before != now))
    alarm, slip = np.zeros(len(now), np.bool_), np.full(len(now), "", dtype="U24")
    changes = pl.DataFrame(
        {
            "pharmacy_id": np.full(len(moved), SHOP), "drug_id": moved, "feed_id": np.full(len(moved), SHOP),
            "old_fen": before[moved].astype(np.int64), "new_fen": now[moved].astype(np.int64),
            "pack_count": lists.pack[moved], "chain_id": pl.Series([None] * len(moved), dtype=pl.Int64),
        }
    )  # fmt: skip
    # The document of a procurement cut states its price; without one a cut of nine tenths is a slip.
    cut = sown.kind[moved] == "cut"
    official = [[float(fen)] if is_cut else None for fen, is_cut in zip(now[moved], cut, strict=True)]
    asked = changes.with_columns(pl.Series("official_fen", official, dtype=pl.List(pl.Float64)))
    kinds = slips.classify(asked, slips.movement(changes))
    slip[moved] = kinds.to_numpy().astype("U24")
    left = changes.filter(kinds == "")
    left, whole = events.collapse(left)
    single = left.filter(pl.col("event").is_null())
    products = single["drug_id"].to_numpy()
    if len(products):
        alarm[products] = _tested(lists, at, products, now)
    return Answer(alarm, slip, whole)


def _tested(lists: Lists, at: int, products: npt.NDArray[np.int64], now: Floats) -> Bools:
    effect, past = change.Parameters(), history.Parameters()
    large = change.detect(lists.prices[at - 1, products], now[products], effect)
    with np.errstate(invalid="ignore"):
        judged = history.detect(_days_before(lists, at, products, past.window_days), np.log(now[products]), past)
    screened = two_level(products, np.where(large, judged.p, 1.0), Q)
    return np.asarray(screened.rejected & large & judged.flagged, np.bool_)


def _days_before(lists: Lists, at: int, products: npt.NDArray[np.int64], days: int) -> Floats:
    """ln of the price on each of the days before the list's date: a listed price holds until the next list."""
    windows = np.full((len(products), days), np.nan)
    for back in range(days):
        day = lists.days[at].toordinal() - days + back
        newest = max((n for n in range(at) if lists.days[n].toordinal() <= day), default=None)
        if newest is not None:
            windows[:, back] = np.log(lists.prices[newest, products])
    return windows


def rule(lists: Lists, at: int, sown: Sown) -> Bools:
    """The simple rule: further than a factor of 3 from the median of the product's prices so far, from three on."""
    seen = np.vstack([lists.prices[:at], sown.reported])
    enough = ((~np.isnan(seen)).sum(axis=0) >= RULE_PRICES) & ~np.isnan(sown.reported)
    alarm = np.zeros(len(sown.reported), np.bool_)
    ratio = sown.reported[enough] / np.nanmedian(seen[:, enough], axis=0)
    alarm[enough] = (ratio > RULE_FACTOR) | (ratio < 1 / RULE_FACTOR)
    return alarm


# -- counting ---------------------------------------------------------------------------------------------------------


def judge(lists: Lists, at: int, seed: int) -> Found:
    """Sow into the list number `at`, ask both, count."""
    sown = sow(lists, at, np.random.default_rng([seed, at]))
    answer, simple = ours(lists, at, sown), rule(lists, at, sown)
    before, true = lists.prices[at - 1], lists.prices[at]
    jump, quarantined = sown.kind == "jump", answer.slip != ""
    size = np.where(jump, sown.reported / before, np.nan)
    bands = [jump & (size >= low) & (size < high) for low, high in BANDS]
    both = ~np.isnan(before) & ~np.isnan(true)
    untouched = ours(lists, at, Sown(true, np.full_like(sown.kind, "")))
    moved = both & ((true >= BANDS[0][0] * before) | (true <= (2 - BANDS[0][0]) * before))

    def of(kind: str, what: Bools) -> tuple[int, int]:
        return int((sown.kind == kind).sum()), int((what & (sown.kind == kind)).sum())

    return Found(
        country=lists.country,
        on=lists.days[at],
        changed=int((both & (true != before)).sum()),
        jumps=int(jump.sum()),
        bands=[(int(inside.sum()), int((answer.alarm & inside).sum())) for inside in bands],
        ours=_alarms(answer.alarm, sown, moved),
        rule=_alarms(simple, sown, moved),
        slips=of("slip", quarantined),
        new_slips=of("new_slip", quarantined),
        cuts=of("cut", ~quarantined & ~answer.alarm),
        mistaken=int((untouched.slip != "").sum()),
        events=untouched.events,
    )


def _alarms(alarm: Bools, sown: Sown, moved: Bools) -> Alarms:
    true = alarm & (sown.kind == "")
    slip = alarm & np.isin(sown.kind, ["slip", "new_slip"])
    return Alarms(
        int((alarm & (sown.kind == "jump")).sum()), int(true.sum()), int((true & moved).sum()), int(slip.sum())
    )


def measure(folder: Path, seed: int = 1) -> list[Found]:
    """Every list of both countries from the third on."""
    return [
        judge(lists, at, seed)
        for lists in (korea(folder), south_africa(folder))
        for at in range(FIRST_JUDGED, len(lists.days))
    ]


def report(folder: Path | None = None) -> tuple[list[str], list[dict[str, Any]]]:
    """The table for people and the same for machines; only a sentence where the lists are not here.

    `folder` holds `kr_hira` and `za_sep`; by default what REAL_PRICES names, or `shared/data/prices` beside the checkout.
    """
    folder = folder or Path(os.environ.get("REAL_PRICES", settings.BASE_DIR.parent / "shared" / "data" / "prices"))
    if not (folder / "kr_hira").exists() or not (folder / "za_sep").exists():
        return [f"Real price lists are not in {folder}: set REAL_PRICES to measure on them."], []
    found = measure(folder)
    return lines(found), [asdict(each) | {"on": each.on.isoformat()} for each in found]


def lines(found: Sequence[Found]) -> list[str]:
    """A line for each list, and one for each country in all."""
    head = f"{'real price lists':<24}{'changed':>8}{'jumps':>7}{'recall':>8}{'rule':>7}{'false':>8}{'rule':>8}"
    table = [head + f"{'real±30%':>10}{'slips':>11}{'of new':>11}{'cuts':>9}{'mistaken':>10}  events"]
    for country in dict.fromkeys(each.country for each in found):
        own = [each for each in found if each.country == country]
        table += [_line(f"{country} {each.on}", [each]) for each in own]
        table.append(_line(f"{country}, all", own))
    return [*table, NOTE]


NOTE = (
    "rule = outside 1/3 to 3 times the product's own median, from 3 prices on. false = alarms at true prices that moved "
    "by less than 30 % + alarms at sown slips; real±30% = our alarms at true prices that did move by 30 %. slips, of new "
    "= quarantined of sown, in the price before and in a price that the list itself changed; cuts = passed of sown; "
    "mistaken = quarantined of the list as it was, with nothing sown."
)


def _line(name: str, found: Sequence[Found]) -> str:
    def total(count: Callable[[Found], int]) -> int:
        return sum(count(each) for each in found)

    def share(pair: Callable[[Found], tuple[int, int]]) -> str:
        return f"{total(lambda each: pair(each)[1])}/{total(lambda each: pair(each)[0])}"

    def false(whose: Callable[[Found], Alarms]) -> str:
        return f"{total(lambda each: whose(each).true - whose(each).moved)}+{total(lambda each: whose(each).slips)}"

    jumps = total(lambda each: each.jumps)
    recall, simple = (total(count) / jumps for count in (lambda each: each.ours.jumps, lambda each: each.rule.jumps))
    told = "; ".join(f"{event.offers} {event.direction} ×{event.ratio:.3f}" for each in found for event in each.events)
    return (
        f"{name:<24}{total(lambda each: each.changed):>8}{jumps:>7}{recall:>8.3f}{simple:>7.3f}"
        f"{false(lambda each: each.ours):>8}{false(lambda each: each.rule):>8}"
        f"{total(lambda each: each.ours.moved):>10}{share(lambda each: each.slips):>11}"
        f"{share(lambda each: each.new_slips):>11}{share(lambda each: each.cuts):>9}"
        f"{total(lambda each: each.mistaken):>10}  {told if len(found) == 1 else ''}"
    )
