"""Many tests at once: the vectors, and the properties that false alarms are controlled by."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prices.monitoring import screening

P = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344]
P += [0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1]

some_p = st.lists(st.floats(0, 1), min_size=1, max_size=40)


def test_v6_5_fifteen_tests() -> None:
    assert screening.benjamini_hochberg(P, 0.05)[0].tolist() == [True] * 4 + [False] * 11
    assert screening.benjamini_hochberg(P, 0.10)[0].sum() == 9
    assert screening.bonferroni(P, 0.05)[0].sum() == 3
    assert screening.benjamini_yekutieli(P, 0.05)[0].sum() == 3
    assert screening.benjamini_hochberg(P, 0.05)[1][3] == pytest.approx(0.035625)


@given(some_p, st.floats(0.001, 0.5))
def test_it_is_the_step_up_procedure(p: list[float], q: float) -> None:
    ordered, n = sorted(p), len(p)
    passing = [rank for rank in range(1, n + 1) if ordered[rank - 1] * n / rank <= q]
    expected = sum(each <= ordered[max(passing) - 1] for each in p) if passing else 0
    assert screening.benjamini_hochberg(p, q)[0].sum() == expected


@given(some_p)
def test_the_order_of_the_tests_does_not_matter(p: list[float]) -> None:
    order = np.random.default_rng(len(p)).permutation(len(p))
    straight = screening.benjamini_hochberg(p, 0.05)[1]
    assert screening.benjamini_hochberg(np.array(p)[order], 0.05)[1].tolist() == straight[order].tolist()


@given(some_p)
def test_a_stricter_control_rejects_no_more(p: list[float]) -> None:
    usual = screening.benjamini_hochberg(p, 0.05)[0]
    for stricter in (screening.bonferroni, screening.benjamini_yekutieli):
        assert not (stricter(p, 0.05)[0] & ~usual).any()


def test_tests_that_were_not_carried_out_count_in_the_family() -> None:
    assert screening.benjamini_hochberg([0.01], 0.05)[0].sum() == 1
    assert screening.benjamini_hochberg([0.01] + [1.0] * 9, 0.05)[0].sum() == 0


def test_no_tests_no_rejections() -> None:
    for method in (screening.bonferroni, screening.benjamini_yekutieli, screening.benjamini_hochberg):
        assert method([], 0.05)[0].tolist() == []
    found = screening.two_level([], [], 0.05)
    assert (found.rejected.tolist(), found.groups, found.rejected_groups) == ([], 0, 0)


# -- two levels -------------------------------------------------------------------------------------------------------


@given(some_p)
def test_one_group_is_screened_once(p: list[float]) -> None:
    found = screening.two_level([7] * len(p), p, 0.05)
    rejected, adjusted = screening.benjamini_hochberg(p, 0.05)
    assert found.rejected.tolist() == rejected.tolist()
    assert found.adjusted == pytest.approx(adjusted)


def test_shops_are_looked_at_only_in_products_and_cities_that_stand_out() -> None:
    groups = [1] * 4 + [2] * 4 + [3] * 4 + [4] * 4
    p = [1e-9, 0.02, 0.5, 1.0] + [0.04, 0.9, 0.9, 1.0] + [1.0] * 8
    found = screening.two_level(groups, p, 0.05)
    assert found.rejected.tolist() == [True] + [False] * 15
    assert (found.groups, found.rejected_groups) == (4, 1)


def naive(groups: list[int], p: list[float], q: float) -> list[bool]:
    """Word for word: Simes for each group, Benjamini-Hochberg over groups, and again inside at q · R / G."""
    names = sorted(set(groups))
    own = {name: [each for each, group in zip(p, groups, strict=True) if group == name] for name in names}
    simes = [min(len(ps) * each / (rank + 1) for rank, each in enumerate(sorted(ps))) for ps in own.values()]
    rejected = screening.benjamini_hochberg(simes, q)[0]
    level = q * rejected.sum() / len(names)
    inside = {name: iter(screening.benjamini_hochberg(own[name], level)[0]) for name in names}
    passed = dict(zip(names, rejected, strict=True))
    return [bool(next(inside[group]) and passed[group]) for group in groups]


@given(st.lists(st.tuples(st.integers(0, 6), st.sampled_from([0, 1e-12, 0.001, 0.01, 0.04, 0.3, 1.0])), min_size=1))
def test_it_is_the_procedure_of_benjamini_and_bogomolov(tests: list[tuple[int, float]]) -> None:
    groups, p = [group for group, _ in tests], [each for _, each in tests]
    assert screening.two_level(groups, p, 0.05).rejected.tolist() == naive(groups, p, 0.05)


def test_the_smallest_p_values_stay_what_they_are() -> None:
    groups, p = np.repeat(np.arange(1000), 10), np.ones(10_000)
    p[::10] = 1e-200
    found = screening.two_level(groups, p, 0.05)
    assert found.adjusted[0] == pytest.approx(1e-199, rel=1e-9)
    assert found.rejected.sum() == 1000


def test_chance_alone_is_seldom_rejected() -> None:
    random = np.random.default_rng(1)
    found = [screening.two_level(random.integers(0, 500, 5000), random.random(5000), 0.05) for _ in range(200)]
    assert sum(each.rejected.any() for each in found) <= 0.09 * 200
