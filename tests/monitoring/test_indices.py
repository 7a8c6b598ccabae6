"""Price indices and dispersion: the vectors, and what every index must do."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prices.monitoring import indices

P = np.array([[10, 20, 5], [11, 19, 5], [12, 21, 5.5]])
Q = np.array([[100.0, 50, 200], [90, 60, 200], [80, 55, 180]])
SHOPS = [12, 12.5, 11.8, 12.2, 12, 13, 12.4, 11.5, 12.6, 24.8]
NAN = np.nan


def near(*levels: float) -> Any:
    return pytest.approx([1, *levels], abs=1e-6)


def test_v6_6_three_items_in_three_periods() -> None:
    assert indices.jevons(P) == near(1.014780, 1.114947)
    assert indices.tornqvist(P, Q) == near(1.013154, 1.112776)
    assert indices.fisher(P, Q) == near(1.013166, 1.112791)
    assert indices.geks_t(P, Q) == near(1.012923, 1.113029)
    assert indices.time_dummy(P) == near(1.014780, 1.114947)
    assert indices.time_dummy(P, indices.shares(P, Q)) == near(1.013622, 1.113671)


def test_v6_6_geks_is_transitive() -> None:
    levels = indices.geks_t(P, Q)
    assert levels[2] / levels[1] == pytest.approx(1.098828, abs=1e-6)
    turned = indices.geks_t(P[[1, 0, 2]], Q[[1, 0, 2]])
    assert turned[2] == pytest.approx(levels[2] / levels[1])


def test_v6_6_an_item_that_comes_later() -> None:
    missing = P.copy()
    missing[0, 2] = NAN
    assert indices.time_dummy(missing) == near(1.021952, 1.122827)
    assert indices.jevons(missing) == near(np.sqrt(1.1 * 0.95), np.sqrt(1.2 * 1.05))


def test_v6_7_dispersion_of_ten_shops() -> None:
    found = indices.dispersion(SHOPS)
    assert found is not None
    assert [found.p5, found.q1, found.median, found.q3, found.p95] == pytest.approx([11.635, 12, 12.3, 12.575, 19.49])
    assert (found.count, found.low, found.high) == (10, 11.5, 24.8)
    assert (found.ratio, found.qcd) == (pytest.approx(2.156522, abs=1e-6), pytest.approx(0.023398, abs=1e-6))


def test_dispersion_of_one_shop_and_of_none() -> None:
    one = indices.dispersion([12.5, NAN])
    assert one is not None
    assert (one.count, one.ratio, one.qcd) == (1, 1, 0)
    assert np.isnan(one.cv)
    assert indices.dispersion([NAN, 0]) is None
    assert indices.dispersion([]) is None


INDICES = {
    "jevons": lambda p, q: indices.jevons(p),
    "tornqvist": indices.tornqvist,
    "fisher": indices.fisher,
    "geks": indices.geks_t,
    "spliced": lambda p, q: indices.geks_t_spliced(p, q, 3),
    "time dummy": lambda p, q: indices.time_dummy(p),
    "weighted time dummy": lambda p, q: indices.time_dummy(p, indices.shares(p, q)),
}
panels = st.integers(2, 6).flatmap(
    lambda periods: st.integers(1, 5).flatmap(
        lambda items: st.lists(
            st.lists(st.tuples(st.integers(1, 1000), st.integers(1, 1000)), min_size=items, max_size=items),
            min_size=periods,
            max_size=periods,
        )
    )
)


def split(panel: list[list[tuple[int, int]]]) -> tuple[Any, Any]:
    both = np.array(panel, np.float64)
    return both[..., 0], both[..., 1]


@pytest.mark.parametrize("index", INDICES.values(), ids=INDICES.keys())
@given(panels, st.floats(0.2, 5))
def test_if_every_price_moves_alike_so_does_the_index(index: Any, panel: Any, times: float) -> None:
    prices, quantities = split(panel)
    prices[1:] = prices[0] * times
    assert index(prices, quantities)[1:] == pytest.approx(times)


@pytest.mark.parametrize("index", INDICES.values(), ids=INDICES.keys())
@given(panels)
def test_the_unit_of_an_item_does_not_matter(index: Any, panel: Any) -> None:
    prices, quantities = split(panel)
    per_tablet = np.arange(1, prices.shape[1] + 1)
    assert index(prices / per_tablet, quantities * per_tablet) == pytest.approx(index(prices, quantities))


@given(panels)
def test_a_balanced_time_dummy_is_jevons(panel: Any) -> None:
    prices, _quantities = split(panel)
    assert indices.time_dummy(prices) == pytest.approx(indices.jevons(prices))


@given(panels)
def test_a_window_that_holds_everything_needs_no_splice(panel: Any) -> None:
    prices, quantities = split(panel)
    assert indices.geks_t_spliced(prices, quantities) == pytest.approx(indices.geks_t(prices, quantities))


@given(panels)
def test_published_levels_never_change(panel: Any) -> None:
    prices, quantities = split(panel)
    short = indices.geks_t_spliced(prices[:-1], quantities[:-1], 2)
    assert indices.geks_t_spliced(prices, quantities, 2)[:-1] == pytest.approx(short)


@pytest.mark.parametrize("index", INDICES.values(), ids=INDICES.keys())
def test_periods_without_anything_in_common_have_no_index(index: Any) -> None:
    prices = np.array([[10, NAN], [NAN, 20.0]])
    found = index(prices, np.ones((2, 2)))
    assert found[0] == 1
    assert np.isnan(found[1])


def test_what_links_two_periods_may_come_by_way_of_a_third() -> None:
    prices = np.array([[10, NAN], [11, 20.0], [NAN, 22.0]])
    quantities = np.ones((3, 2))
    assert indices.time_dummy(prices) == near(1.1, 1.21)
    assert indices.geks_t(prices, quantities) == near(1.1, 1.21)


@pytest.mark.parametrize("index", INDICES.values(), ids=INDICES.keys())
def test_a_period_without_sales_is_a_gap(index: Any) -> None:
    prices = np.array([[10.0, 20], [NAN, NAN], [11, 22]])
    found = index(prices, np.ones((3, 2)))
    assert np.isnan(found[1])
    assert found[2] == pytest.approx(1.1)


def test_prices_and_quantities_of_other_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="one shape"):
        indices.tornqvist(P, Q[:2])
    with pytest.raises(ValueError, match="two periods"):
        indices.geks_t_spliced(P, Q, 1)
