"""The statistics equal what a scan in plain Python gives, tonight and in the past; numpy settles the quartiles."""

from collections import Counter
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import numpy as np
import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pharmacies.models import PharmacyToday
from prices.models import AreaPrice, Offer
from prices.money import yuan
from prices.statistics import history
from prices.statistics.roll_up import backfill, roll_up
from tests import factories as f
from tests.factories import AT, SHANGHAI
from tests.prices.area_world import changed

DAY = timedelta(days=1)
TODAY = date(2026, 11, 21)
PAST = 6

pytestmark = pytest.mark.django_db
SETTINGS = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

Said = tuple[int | None, ...]


def brute_force(prices: list[int]) -> Said:
    """(mode, min, q1, median, q3, max, count) by definition."""
    if not prices:
        return (None, None, None, None, None, None, 0)
    most = max(Counter(prices).values())
    mode = min(price for price, shops in Counter(prices).items() if shops == most)
    quartiles = [
        int(Decimal(float(value)).quantize(Decimal(1), ROUND_HALF_UP))
        for value in np.percentile(prices, [25, 50, 75], method="linear")
    ]
    return (mode if len(prices) >= 5 else None, min(prices), *quartiles, max(prices), len(prices))


PRICES = st.lists(st.sampled_from([990, 1000, 1001, 1050, 1199]) | st.integers(1, 10**9), min_size=1, max_size=14)


@SETTINGS
@given(wuchang=PRICES, hongshan=PRICES, stock=st.lists(st.sampled_from([1, 1, 1, 3, 0]), min_size=28, max_size=28))
def test_tonight(wuchang: list[int], hongshan: list[int], stock: list[int]) -> None:
    with transaction.atomic():  # every example undoes what it did
        check_tonight(wuchang, hongshan, stock)
        transaction.set_rollback(True)


def check_tonight(wuchang: list[int], hongshan: list[int], stock: list[int]) -> None:
    drug, counted = f.drug(), {"420106": [], "420111": [], "420100": [], "420000": []}  # type: ignore[var-annotated]  # lists of prices
    where = [("420106", f.wuchang(), price) for price in wuchang]
    where += [("420111", f.hongshan(), price) for price in hongshan]
    for (code, division, price), word in zip(where, stock, strict=False):
        f.offer(drug, f.pharmacy(division=division), "1.00", stock=word, price_fen=price)
        for region in (code, "420100", "420000"):
            counted[region] += [price] if word != 3 else []
    f.rebuild_today()
    roll_up(AT)
    for code, prices in counted.items():
        row = AreaPrice.objects.filter(drug_id=drug.pk, region_id=f.region(code).pk).first()
        assert (_said(row) if row else brute_force([])) == brute_force(prices)
        assert (row.mad_ln if row else None) == (spread_of(prices) if code == "420100" else None)


def spread_of(prices: list[int]) -> Any:
    """Of a city: the median absolute deviation from the (rounded) median, on the log scale."""
    if not prices:
        return None
    median = brute_force(prices)[3]
    assert median is not None
    return pytest.approx(float(np.median(np.abs(np.log(prices) - np.log(median)))), abs=0.00006)


def _said(row: Any) -> Said:
    return (row.mode_fen, row.min_fen, row.q1_fen, row.median_fen, row.q3_fen, row.max_fen, row.count)


LIVES = st.lists(
    st.lists(st.tuples(st.integers(0, (PAST + 2) * 24 - 1), st.none() | st.integers(1000, 1004)), max_size=5),
    min_size=1,
    max_size=9,
)
"""For each shop: (hours after the first midnight, price or withdrawn)."""


@SETTINGS
@given(lives=LIVES)
def test_the_past(lives: list[list[tuple[int, int | None]]]) -> None:
    with transaction.atomic():  # every example undoes what it did
        check_the_past(lives)
        transaction.set_rollback(True)


def check_the_past(lives: list[list[tuple[int, int | None]]]) -> None:
    drug = f.drug()
    start = datetime.combine(TODAY - (PAST + 1) * DAY, datetime.min.time(), tzinfo=SHANGHAI)
    shops = [_live(drug, [(start + timedelta(hours=hours), price) for hours, price in sorted(life, key=_hours)])
             for life in lives]  # fmt: skip
    f.rebuild_today()
    assert PharmacyToday.objects.filter(ranked=True).count() == len(lives)
    backfill(TODAY - PAST * DAY, AT)
    days = {day.on: day for day in history.daily(drug.pk, f.region().pk, TODAY - PAST * DAY, TODAY)}
    for number in range(1, PAST + 1):
        on = TODAY - number * DAY
        morning = datetime.combine(on, datetime.min.time(), tzinfo=SHANGHAI) + timedelta(hours=3, minutes=15)
        held = [[price for at, price in life if at <= morning][-1:] for life in shops]
        prices = [price for (price,) in filter(None, held) if price is not None]
        assert (days[on].says if on in days else brute_force([])) == brute_force(prices)


def _hours(event: tuple[int, int | None]) -> int:
    return event[0]


def _yuan(fen: int | None) -> str | None:
    return None if fen is None else str(yuan(fen))


def _live(drug: Any, life: list[tuple[datetime, int | None]]) -> list[tuple[datetime, int | None]]:
    """The shop with its history; only what changes something is one."""
    shop = f.pharmacy()
    now: int | None = None
    kept: list[tuple[datetime, int | None]] = []
    for at, price in life:
        if price != now and (not kept or at > kept[-1][0]):
            changed(drug, shop, _yuan(now), _yuan(price), at)
            kept.append((at, price))
            now = price
    if now is not None:
        f.offer(drug, shop, "1.00", price_fen=now)
    elif kept:
        f.offer(drug, shop, "1.00", state=Offer.State.WITHDRAWN)
    return kept
