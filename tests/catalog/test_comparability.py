"""差比价, daily cost, tier marks: the published vectors exactly, the algebra by properties, refusals by name."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog import comparability as c
from catalog.comparability import Factor, Item, Refusal
from catalog.models import DailyDose
from prices.money import fen_of, unit_price

from .. import factories as f

D = Decimal


def item(strength: str = "5mg", count: int = 14, *, unit: str = "片", form: str = "片剂") -> Item:
    return Item(strength, count, unit, form)


def k_of(one: Item, representative: Item) -> Decimal:
    found = c.factor(one, representative)
    assert isinstance(found, Factor), found
    return found.k


def refusal_of(one: Item, representative: Item, **kwargs: Any) -> str:
    found = c.factor(one, representative, **kwargs)
    assert isinstance(found, Refusal)
    assert found.words
    return found.reason


# -- 差比价 -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "price", "expected"),
    [("10mg", "10.00", "17.00"), ("2.5mg", "10.00", "5.88"), ("7.5mg", "10.00", "13.64"), ("20mg", "10.00", "28.90")],
)
def test_v2_1_strength(written: str, price: str, expected: str) -> None:
    assert c.expected_price(D(price), k_of(item(written), item("5mg"))) == D(expected)


def test_v2_1_the_factor_of_one_and_a_half() -> None:
    assert str(k_of(item("7.5mg"), item("5mg"))).startswith("1.363967")


@pytest.mark.parametrize(
    ("of", "to", "price", "expected"),
    [(24, 48, "8.72", "17.00"), (14, 30, "18.90", "39.39"), (28, 14, "20.00", "10.26"), (7, 28, "12.00", "45.63")],
)
def test_v2_2_pack_count(of: int, to: int, price: str, expected: str) -> None:
    assert c.expected_price(D(price), k_of(item(count=to), item(count=of))) == D(expected)


def test_v2_2_the_factor_of_thirty_against_fourteen() -> None:
    assert str(k_of(item(count=30), item(count=14))).startswith("2.084027")


@pytest.mark.parametrize(
    ("representative", "one", "k", "price", "expected"),
    [
        (("10mg", 7), ("20mg", 14), "3.315", "14.00", "46.41"),
        (("5mg", 7), ("10mg", 28), "6.46425", "8.40", "54.30"),
    ],
)
def test_v2_3_several_differences_multiply(
    representative: tuple[str, int], one: tuple[str, int], k: str, price: str, expected: str
) -> None:
    found = k_of(item(*one), item(*representative))
    assert found == D(k)
    assert c.expected_price(D(price), found) == D(expected)


@pytest.mark.parametrize(
    ("price", "count", "expected"), [("27.13", 14, "1.9379"), ("56.84", 14, "4.0600"), ("15.80", 48, "0.3292")]
)
def test_v2_4_unit_price(price: str, count: int, expected: str) -> None:
    assert unit_price(fen_of(price), count) == D(expected)


def test_an_items_own_price_as_a_price_of_the_representative() -> None:
    assert c.equivalent_price(D("46.41"), D("3.315")) == D("14.00")
    assert c.equivalent_price(D("0.05"), D(10)) == D("0.01")  # half up


def solution(strength: str, *, form: str = "口服溶液剂", count: int = 1) -> Item:
    return item(strength, count, unit="瓶", form=form)


def test_a_bottle_of_twice_the_volume_at_the_same_concentration_is_worth_1_9() -> None:
    found = c.factor(solution("120ml:6g"), solution("60ml:3g"))
    assert found == Factor(D("1.9"), strength=D(1), volume=D(2))


def test_the_same_volume_with_twice_the_content_is_worth_1_7() -> None:
    assert c.factor(solution("60ml:6g"), solution("60ml:3g")) == Factor(D("1.7"), strength=D(2))


def test_small_injections_are_told_apart_by_content_only() -> None:
    needle = [solution(text, form="注射剂") for text in ("2ml:0.2g", "5ml:0.2g", "10ml:0.4g")]
    assert k_of(needle[1], needle[0]) == 1
    assert k_of(needle[2], needle[0]) == D("1.7")
    assert refusal_of(solution("100ml:0.2g", form="注射剂"), needle[0]) == "injection_volume"
    big = solution("100ml:0.2g", form="注射剂"), solution("200ml:0.4g", form="注射剂")
    assert k_of(big[1], big[0]) == D("1.9")


@pytest.mark.parametrize(
    ("one", "representative", "reason"),
    [
        (item("5mg/80mg"), item("5mg/160mg"), "strength_unreadable"),
        (item("复方"), item("5mg"), "strength_unreadable"),
        (item("5mg"), item("100IU"), "strength_unreadable"),
        (item("15g:0.75mg"), item("10g:0.5mg"), "strength_unreadable"),
        (item("100ml"), item("50ml"), "content_unknown"),
        (item("0.1%"), item("0.05%"), "content_unknown"),
        (item(unit="片"), item(unit="粒"), "unit"),
        (item(form="分散片"), item(form="片剂"), "form"),
    ],
)
def test_what_is_not_certain_has_no_factor(one: Item, representative: Item, reason: str) -> None:
    assert refusal_of(one, representative) == reason


def test_the_same_unreadable_strength_differs_by_its_pack_alone() -> None:
    assert k_of(item("80mg/12.5mg", 14), item("80mg／12.5mg", 7)) == D("1.95")


def test_a_form_ratio_counts_when_somebody_has_loaded_one() -> None:
    ratios = {("片剂", "分散片"): D("1.15")}
    found = c.factor(item("10mg", form="分散片"), item("5mg"), form_ratios=ratios)
    assert isinstance(found, Factor)
    assert found.k == D("1.955")
    assert refusal_of(item(), item(form="分散片"), form_ratios=ratios) == "form"  # not the other way round


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "name", "reason"),
    [
        ({"code": "ZA04CAE0023010100166"}, "测试肺口服液", "patent_medicine"),
        ({"approval_no": "国药准字Z44021980"}, "测试清热片", "patent_medicine"),
        ({"code": "T001700368"}, "测试草", "herbal_piece"),
        ({"code": "XA10ABG049B002010105012"}, "测试注射液", "insulin"),
        ({}, "甘精胰岛素注射液", "insulin"),
    ],
)
def test_medicines_with_rules_of_their_own_are_excluded(fields: dict[str, Any], name: str, reason: str) -> None:
    excluded, plain = c.item_of(f.drug(f.preparation(name), **fields)), item()
    assert refusal_of(excluded, plain) == refusal_of(plain, excluded) == reason


ratios = st.decimals(min_value="0.01", max_value="1000", places=2, allow_nan=False)
counts = st.integers(1, 5000)
amounts = st.integers(1, 1_000_000)


def close(one: Decimal, other: Decimal) -> bool:
    return abs(one / other - 1) < D("1e-12")


@given(amounts, counts, amounts, counts)
def test_doubling_the_pack_is_worth_1_95_and_doubling_the_strength_1_7(a: int, m: int, b: int, n: int) -> None:
    one, representative = item(f"{a}μg", m), item(f"{b}μg", n)
    k = k_of(one, representative)
    assert close(k_of(replace(one, count=2 * m), representative), k * D("1.95"))
    assert close(k_of(replace(one, strength=f"{2 * a}μg"), representative), k * D("1.7"))


@given(st.tuples(amounts, counts), st.tuples(amounts, counts), st.tuples(amounts, counts))
def test_factors_chain_and_reverse(one: tuple[int, int], two: tuple[int, int], three: tuple[int, int]) -> None:
    a, b, d = (item(f"{amount}μg", count) for amount, count in (one, two, three))
    assert close(k_of(a, b) * k_of(b, d), k_of(a, d))
    assert close(k_of(a, b) * k_of(b, a), D(1))
    assert k_of(a, a) == 1


@given(st.sampled_from([c.STRENGTH, c.VOLUME, c.COUNT]), ratios, ratios)
def test_more_of_anything_is_worth_more_but_never_in_proportion(base: Decimal, x: Decimal, y: Decimal) -> None:
    small, large = sorted((x, y))
    assert c.power(base, small) <= c.power(base, large)
    if large - small > D("0.001"):
        assert c.power(base, small) < c.power(base, large)
        assert c.power(base, large) / large < c.power(base, small) / small


@given(st.decimals(min_value="0.01", max_value="99999", places=2, allow_nan=False), counts, counts)
def test_the_pack_with_more_has_the_lower_expected_unit_price(price: Decimal, m: int, n: int) -> None:
    small, large = sorted((m, n))
    k = k_of(item(count=large), item(count=small))
    assert price * k / large <= price / small * D("1.000000000001")


# -- what is ranked by unit price -------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_pack_that_nobody_could_read_is_not_ranked_by_unit_price() -> None:
    tablets = [f.drug(pack_count=count) for count in (14, 28)]
    box = f.drug(pack_count=1, unit="盒")
    assert c.ranked_together([box, *tablets]) == (tuple(tablets), (box,))


@pytest.mark.django_db
def test_packs_that_nobody_could_read_do_not_push_out_the_one_that_was_read() -> None:
    boxes = tuple(f.drug(pack_count=1, unit="盒") for _number in range(2))
    tablet = f.drug(pack_count=14)
    assert c.ranked_together([*boxes, tablet]) == ((tablet,), boxes)


@pytest.mark.django_db
def test_a_pack_that_nobody_could_read_has_no_daily_cost() -> None:
    found = c.daily_cost(D("9.24"), product("5mg", 1, unit="盒"), dose("5"))
    assert isinstance(found, c.Refusal)
    assert found.reason == "pack_unreadable"


@pytest.mark.django_db
def test_of_as_many_products_the_finer_count_is_the_unit() -> None:
    box, tablet = f.drug(pack_count=1, unit="盒"), f.drug(pack_count=14)
    assert c.ranked_together([box, tablet]) == ((tablet,), (box,))
    assert c.ranked_together([box]) == ((box,), ())
    assert c.ranked_together([]) == ((), ())


# -- daily cost -------------------------------------------------------------------------------------------------------


def dose(amount: str, unit: str = "mg", **fields: Any) -> DailyDose:
    base = {"generic_name": "测试片", "amount": D(amount), "unit": unit, "source": "WHO 2026", "reviewed_by": "药师"}
    return DailyDose(**base | fields)


def product(strength: str, count: int, **fields: Any) -> Any:
    return f.drug(f.preparation("测试片", strength=strength), pack_count=count, **fields)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("strength", "count", "price", "ddd", "expected"),
    [("0.5g", 60, "21.60", "2000", "1.4400"), ("5mg", 28, "9.24", "5", "0.3300")],
)
def test_v2_5_daily_cost(strength: str, count: int, price: str, ddd: str, expected: str) -> None:
    found = c.daily_cost(D(price), product(strength, count), dose(ddd))
    assert isinstance(found, c.DailyCost)
    assert str(found.per_day) == expected


@pytest.mark.django_db
def test_a_month_is_thirty_days_rounded_once_and_says_what_it_assumes() -> None:
    found = c.daily_cost(D("10.00"), product("2.5mg", 7), dose("5.0000", source="说明书"))
    assert isinstance(found, c.DailyCost)
    assert (found.per_day, found.per_month) == (D("2.8571"), D("85.71"))  # not 30 × 2.8571 = 85.713
    assert (found.units_a_day, found.unit, found.dose, found.source) == (D(2), "片", "5mg", "说明书")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("strength", "unit", "amount", "units"),
    [
        ("100ml:3g", "mg", "600", "0.2"),
        ("100ml:3g", "ml", "20", "0.2"),
        ("3ml:300单位", "IU", "40", "0.13"),
        ("80mg/12.5mg", "unit", "1", "1"),
        ("500mg", "mg", "1", "0.002"),
        ("3mg", "mg", "20", "6.67"),
    ],
)
def test_a_dose_is_counted_in_the_unit_it_is_stated_in(strength: str, unit: str, amount: str, units: str) -> None:
    found = c.daily_cost(D("10.00"), product(strength, 1, unit="瓶"), dose(amount, unit))
    assert isinstance(found, c.DailyCost)
    assert found.units_a_day == D(units)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("strength", "stated", "reason"),
    [
        ("5mg", None, "dose_unknown"),
        ("复方", dose("5"), "strength_unreadable"),
        ("5mg/80mg", dose("5"), "strength_unreadable"),
        ("100ml", dose("5"), "strength_unreadable"),
        ("5mg", dose("5", "IU"), "strength_unreadable"),
    ],
)
def test_without_a_dose_or_a_readable_strength_there_is_no_daily_cost(
    strength: str, stated: DailyDose | None, reason: str
) -> None:
    found = c.daily_cost(D("10.00"), product(strength, 14), stated)
    assert isinstance(found, Refusal)
    assert found.reason == reason


@pytest.mark.django_db
def test_the_dose_of_the_form_comes_before_that_of_the_name(django_assert_num_queries: Any) -> None:
    tablet = f.drug(f.preparation("测试片", "片剂"))
    drops = f.drug(f.preparation("测试片", "滴剂"))
    other = f.drug(f.preparation("别的片", "片剂"))
    dose("5").save()
    dose("2", dosage_form="滴剂").save()
    with django_assert_num_queries(1):
        found = c.daily_doses_of([tablet, drops, other])
    assert {key: row.amount for key, row in found.items()} == {tablet.pk: 5, drops.pk: 2}
    assert c.daily_dose_of(other) is None


# -- tier marks -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("multiple", "label"),
    [
        ("1", ""),
        ("1.01", "黄标"),
        ("1.99", "黄标"),
        ("2", "红标★"),
        ("4.99", "红标★"),
        ("5", "红标★★"),
        ("9.99", "红标★★"),
        ("10", "红标★★★"),
        ("0.5", ""),
    ],
)
def test_v2_6_tiers(multiple: str, label: str) -> None:
    reference = D("12.60")
    tier = c.tier_of(reference * D(multiple), reference, c.JIANGSU_EXAMPLE)
    assert (tier.label if tier else "") == label


def test_a_tier_is_decided_without_rounding() -> None:
    tier = c.tier_of(D("1.99999"), D(1), c.JIANGSU_EXAMPLE)
    assert tier is not None
    assert tier.label == "黄标"


def test_an_area_without_a_threshold_set_has_no_marks() -> None:
    assert c.tier_of(D(100), D(1), ()) is None
