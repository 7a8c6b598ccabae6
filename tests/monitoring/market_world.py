"""A market over six weeks, for tests of what looks back: products, shops of chains and others, every night's statistics."""

from datetime import date, datetime, timedelta
from itertools import product

import numpy as np

from catalog.models import Drug
from pharmacies.models import Pharmacy, Region
from prices.models import AreaPrice, PriceChange, RollUp
from tests import factories as f
from tests.factories import SHANGHAI

TODAY = date(2026, 11, 21)
DAY = timedelta(days=1)
NOW = datetime(2026, 11, 21, 10, 0, tzinfo=SHANGHAI)


def hour(day: date, n: int = 9, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, n, minute, tzinfo=SHANGHAI)


class Market:
    """Products sold by shops of three chains and by others, in two cities; every night's statistics are there."""

    def __init__(self, *, products: int, shops: int, worked_out: date | None = None) -> None:
        self.first = TODAY - 42 * DAY
        chains = [None, *(f.chain(f"{letter}连锁") for letter in "甲乙丙")]
        yichang = f.region("420502", "西陵区", f.region("420500", "宜昌市", f.region()))
        places = [f.wuchang(), f.hongshan(), yichang]
        self.drugs = [f.drug(pack_count=7 + n) for n in range(products)]
        self.shops = [f.pharmacy(chain=chains[n % 4], division=places[n % 3]) for n in range(shops)]
        f.rebuild_today(NOW)
        RollUp.objects.create(first=worked_out or self.first, last=TODAY, at=NOW, drugs=1, written=1, seconds=1)
        self.usual = {drug.pk: 1000 + 700 * n for n, drug in enumerate(self.drugs)}
        for drug, city in product(self.drugs, Region.objects.filter(code__in=["420100", "420500"])):
            self.statistics(drug, city, self.first, self.usual[drug.pk])
        self.price: dict[tuple[int, int], int | None] = {
            (drug.pk, shop.pk): self.usual[drug.pk] for drug in self.drugs for shop in self.shops
        }
        self.lines: list[PriceChange] = []

    def statistics(self, drug: Drug, city: Region, on: date, fen: int, mad: float = 0.01) -> None:
        AreaPrice.objects.create(
            drug_id=drug.pk, region_id=city.pk, on=on, count=30, mode_fen=fen, min_fen=fen - 90, q1_fen=fen - 10,
            median_fen=fen, q3_fen=fen + 10, max_fen=fen + 90, mad_ln=mad,
        )  # fmt: skip

    def set(self, drug: Drug, shop: Pharmacy, fen: int | None, at: datetime, effective: datetime | None = None) -> None:
        old = self.price[drug.pk, shop.pk]
        if old == fen:
            return
        self.price[drug.pk, shop.pk] = fen
        times = {"effective_at": effective or at, "reported_at": at, "received_at": at}
        number = len(self.lines) + 1
        key = {"id": number, "drug_id": drug.pk, "pharmacy_id": shop.pk, "run_id": number, "feed_id": f.feed().pk}
        self.lines.append(PriceChange(old_fen=old, new_fen=fen, **key, **times))

    def write(self) -> None:
        PriceChange.objects.bulk_create(self.lines)
        self.lines = []


def noisy(seed: int) -> Market:
    """Small moves, spikes, slips and their way back, chains that reprice, products that go and return."""
    random, chains = np.random.default_rng(seed), [f.chain(f"{letter}连锁") for letter in "甲乙丙"]
    market = Market(products=12, shops=36)
    for day in range(42):
        on = market.first + day * DAY
        for n in range(40):
            drug, shop = market.drugs[random.integers(12)], market.shops[random.integers(36)]
            now, usual = market.price[drug.pk, shop.pk], market.usual[drug.pk]
            factor = random.choice([1.02, 0.97, 1.09, 1.18, 1.3, 1.6, 0.6, 10, 0.1, 1, 0], p=[.2, .14, .12, .1, .1, .08, .06, .04, .02, .1, .04])  # fmt: skip
            base = usual if factor == 1 else (now or usual)
            fen = round(base * factor) if 0 < base * factor < 400_000 else None
            future = hour(on, 10, n) + DAY if random.random() < 0.02 else None
            market.set(drug, shop, fen, hour(on, 10, n), future)
            if n % 5 == 0:  # again the same day: to another price, off the shelf, or back to where it began
                again = (round(usual * 1.25), None, now)[n // 5 % 3]
                market.set(drug, shop, again, hour(on, 15, n))
        if day % 5 == 0:
            chain, drug = chains[random.integers(3)], market.drugs[random.integers(12)]
            for shop in (each for each in market.shops if each.chain_id == chain.pk):
                market.set(drug, shop, round(market.usual[drug.pk] * random.choice([1.05, 1.4])), hour(on, 8))
        if day % 7 == 3:
            drug = market.drugs[random.integers(12)]
            market.statistics(drug, Region.objects.get(code="420100"), on, market.usual[drug.pk] + day, 0.03)
    market.write()
    return market
