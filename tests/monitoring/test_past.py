"""The histories that a back-test keeps while it walks through the days: what each price was, and on which day."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from prices.monitoring import changes as reading
from prices.monitoring.past import Histories, moved
from tests.monitoring.market_world import DAY, TODAY, Market, hour

pytestmark = pytest.mark.django_db


def test_a_year_of_days_is_counted_in_a_byte(tmp_path: Path) -> None:
    """An offer that changed 20 and 300 days before: the window of 28 days knows the newer one, whatever the counting."""

    def frame(old: int) -> pl.DataFrame:
        fen = {name: [old] for name in ("old_fen", "last_fen")}
        types = dict.fromkeys(fen, pl.Int32)
        return pl.DataFrame({"drug_id": [7], "pharmacy_id": [3]} | fen, schema_overrides=types)

    histories, first = Histories(tmp_path, 28, [5, 7], [3, 4]), TODAY - 320 * DAY
    for n in range(320):
        histories.learn(first + n * DAY, frame(1000) if n == 20 else frame(1200) if n == 300 else frame(0).clear())
    today = frame(1500)
    assert histories.known(today, TODAY).tolist() == [True]
    past = histories.past(today, TODAY)
    assert np.round(np.exp(past.windows[0])).tolist() == [1200.0] * 8 + [1500.0] * 20
    assert (past.before_fen.tolist(), past.last_fen.tolist()) == ([1200.0], [1500.0])
    assert len(list(tmp_path.iterdir())) == 29 * 3


def test_what_a_price_was_within_a_day_is_known_as_the_screen_knows_it(tmp_path: Path) -> None:
    """Offers that changed several times on one day: the last price before they left, the one before that they have."""
    market = Market(products=1, shops=6)
    on, (drug,) = TODAY - 10 * DAY, market.drugs
    usual = market.usual[drug.pk]
    days: list[list[int | None]] = [
        [1200, None],  # changed, then left
        [None, 1300, None],  # left, came back, left
        [1100, 1150],  # changed twice
        [1200, usual],  # and back to where it began
        [1400],
        [None],
    ]
    for shop, fens in zip(market.shops, days, strict=True):
        for n, fen in enumerate(fens):
            market.set(drug, shop, fen, hour(on, 9 + n))
    now = [market.price[drug.pk, shop.pk] for shop in market.shops]
    for shop in market.shops:
        market.set(drug, shop, 1900, hour(TODAY))
    market.write()
    today = pl.DataFrame(
        {"drug_id": [drug.pk] * 6, "pharmacy_id": [shop.pk for shop in market.shops], "old_fen": now},
        schema={"drug_id": pl.Int32, "pharmacy_id": pl.Int32, "old_fen": pl.Int32},
    )
    histories = Histories(tmp_path, 28, [drug.pk], [shop.pk for shop in market.shops])
    for n in range(28):
        histories.learn(TODAY - (28 - n) * DAY, moved(TODAY - (28 - n) * DAY))
    mine, theirs = histories.past(today, TODAY), reading.past(today, TODAY, 28)
    np.testing.assert_array_equal(mine.windows, theirs.windows)
    np.testing.assert_array_equal(mine.before_fen, theirs.before_fen)
    np.testing.assert_array_equal(mine.last_fen, theirs.last_fen)
    assert mine.last_fen.tolist() == [1200, 1300, 1150, usual, 1400, usual]
    assert mine.before_fen.tolist() == [1200, 1300, 1100, 1200, usual, usual]
