"""The demo province as a whole: its size, its tills, and when each of them sends what. Pure and seeded."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from prices.demo.facts import Facts
from prices.demo.files import EXCEL, PLAIN, TABS, Format
from prices.demo.shelves import Prices, assortments
from prices.demo.shops import Condition, Shop
from prices.demo.tills import Till
from prices.models.feeds import Mode

SEED = 1
PREFIX = "demo-"
"""Slugs of the demo's feeds begin with it."""
TIMETABLE = ((90, "s"), (80, "d"), (71, "d"), (62, "d"), (53, "d"), (45, "d"), (37, "s"), (31, "d"), (28, "s"),
             (19, "s"), (10, "s"), (0, "s"))  # fmt: skip
"""Days ago; snapshot or delta: in the weeks whose nights have figures (past.py) snapshots come before prices grow stale.
The silent shops (shops.Condition) fall silent after the second and third snapshot."""
PLATFORMS = (
    ("wuhan", "江城药店云平台", ("4201",)),
    ("east", "鄂东药店联报平台", ("4202", "4207", "4209", "4211", "4212", "4213", "4290")),
    ("west", "鄂西药店联报平台", ("42",)),
)


@dataclass(frozen=True)
class Size:
    pharmacies: int = 1500
    institutions: int = 60
    drugs: int | None = None  # the first so many products; all of them
    chain_feeds: int = 6
    platforms: int = 3
    timetable: tuple[tuple[int, str], ...] = TIMETABLE


@dataclass(frozen=True, slots=True)
class Delivery:
    till: Till
    at: datetime
    mode: Mode
    data: bytes


def tills(shops: Sequence[Shop], facts: Facts, size: Size) -> list[Till]:
    """Every shop that ever reported belongs to one till."""
    rng = Random(f"{SEED}/shelves")
    reporting = [shop for shop in shops if shop.condition != Condition.UNDESIGNATED]
    prices = Prices(facts, rng)
    carried = dict(zip((shop.code for shop in reporting), assortments(reporting, facts.drugs, rng), strict=True))
    codes = [drug.code for drug in facts.drugs]
    found = []
    for number, (slug, name, chain, members, form) in enumerate(_reporters(reporting, size)):
        till = Till(
            slug=PREFIX + slug,
            name=f"{name}（演示）",
            chain=chain,
            shops=members,
            shelves=[],
            prices=prices,
            rng=Random(f"{SEED}/{slug}"),
            other=Random(f"{SEED}/{slug}/other"),
            number=number,
            format=form,
            codes=codes,
        )
        till.shelves = [{drug: till.stocked(shop, drug) for drug in carried[shop.code]} for shop in members]
        found.append(till)
    return found


def _reporters(shops: list[Shop], size: Size) -> Iterator[tuple[str, str, str, list[Shop], Format]]:
    """(slug, name, chain or empty, shops, format): big chains, platforms for the rest, institutions, one shop alone."""
    chains = Counter(shop.chain for shop in shops if shop.chain)
    rest = shops
    for number, (chain, _count) in enumerate(chains.most_common(size.chain_feeds), 1):
        yield f"chain-{number}", chain, chain, [shop for shop in rest if shop.chain == chain], _FORMATS[number % 3]
        rest = [shop for shop in rest if shop.chain != chain]
    alone = next((shop for shop in rest if shop.style == "single" and shop.condition == Condition.FINE), None)
    if alone:
        rest = [shop for shop in rest if shop is not alone]
    clinics = [shop for shop in rest if shop.style == "institution"]
    rest = [shop for shop in rest if shop.style != "institution"]
    for slug, name, homes in PLATFORMS[-size.platforms :]:
        members = [shop for shop in rest if shop.adcode.startswith(homes)]
        rest = [shop for shop in rest if not shop.adcode.startswith(homes)]
        if members:
            yield f"platform-{slug}", name, "", members, PLAIN
    if clinics:
        yield "institutions", "医疗机构药品价格报送", "", clinics, TABS
    if alone:
        yield ALONE, alone.name, "", [alone], PLAIN


_FORMATS = (PLAIN, EXCEL, TABS)
ALONE = "one-shop"
"""Its last delivery is held for a person: every price in 分. So it is a silent shop, too."""


def deliveries(all_tills: Sequence[Till], size: Size, at: datetime) -> Iterator[Delivery]:
    """All deliveries up to `at`, oldest first; each is made when it is asked for, since a till's state moves."""
    slots = sorted(
        ((moment, number, slot) for number, till in enumerate(all_tills) for slot, moment in _moments(till, size, at)),
    )
    for moment, number, slot in slots:
        till = all_tills[number]
        silent = {
            place
            for place, shop in enumerate(till.shops)
            if shop.silent_days and moment > at - timedelta(days=shop.silent_days)
        }
        delivery = _delivery(till, slot, moment, at, silent, size)
        if delivery.data:
            yield delivery


def _moments(till: Till, size: Size, at: datetime) -> Iterator[tuple[int, datetime]]:
    """(index in the timetable, when): at some hour of that day, the last one within the last hours."""
    for slot, (days, _mode) in enumerate(size.timetable):
        moment = at - timedelta(days=days) + timedelta(minutes=till.rng.randint(-400, 400))
        if days == 0:
            moment = at - timedelta(minutes=12 + 23 * till.number)
        if till.slug != PREFIX + ALONE or days >= 17:
            yield slot, moment
    if till.slug == PREFIX + ALONE:
        yield HELD, at - timedelta(days=16)


HELD = -1
WATCHED = "420106"
"""The county whose official has a log-in of the demo: something happens there on the last day."""


def _delivery(till: Till, slot: int, moment: datetime, at: datetime, silent: set[int], size: Size) -> Delivery:
    if slot == HELD:
        return Delivery(till, moment, Mode.DELTA, till.in_fen(moment))
    mode = size.timetable[slot][1]
    last = len(size.timetable) - 1
    changed = till.move(spike=slot in (last - 1, last - 2)) if slot else {}
    till.follow((at - moment) / timedelta(days=1), changed)
    if slot == last:
        till.plant(WATCHED, changed)
    if mode == "d":
        return Delivery(till, moment, Mode.DELTA, till.delta(moment, silent, changed))
    if slot:
        till.replace_products(changed)
    slips = 2 if slot == last and till.rows > 500 else 0
    return Delivery(till, moment, Mode.SNAPSHOT, till.snapshot(moment, silent, changed, slips=slips))
