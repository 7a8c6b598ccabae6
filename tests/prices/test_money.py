from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prices.money import (
    MoneyError,
    PriceMissing,
    PriceNotPositive,
    PriceTooLarge,
    PriceTooPrecise,
    PriceUnreadable,
    fen_of,
    unit_price,
    yuan,
    yuan_of,
)


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("12.60", 1260),
        ("12.6", 1260),
        ("12", 1200),
        ("0.01", 1),
        ("￥12.50", 1250),
        ("¥12.50", 1250),
        ("¥ 12.50 元", 1250),
        ("１２．５０", 1250),
        ("１，２３４．５０", 123450),
        ("1,234.50", 123450),
        ("12.5元", 1250),
        (" 12.50\u3000", 1250),
        ("+12.50", 1250),
        ("012.50", 1250),
        ("12.6000", 1260),
        ("10000000", 1_000_000_000),
        ("10,000,000.00", 1_000_000_000),
    ],
)
def test_a_price_as_people_write_it_becomes_fen(text: str, fen: int) -> None:
    assert fen_of(text) == fen


@pytest.mark.parametrize(
    ("text", "error", "reason"),
    [
        ("", PriceMissing, "price_missing"),
        ("  \u3000", PriceMissing, "price_missing"),
        ("元", PriceUnreadable, "price_unreadable"),
        ("¥", PriceUnreadable, "price_unreadable"),
        ("1.26E+01", PriceUnreadable, "price_unreadable"),
        ("1e2", PriceUnreadable, "price_unreadable"),
        ("NaN", PriceUnreadable, "price_unreadable"),
        ("inf", PriceUnreadable, "price_unreadable"),
        ("12²", PriceUnreadable, "price_unreadable"),
        ("12,50", PriceUnreadable, "price_unreadable"),
        ("1,2345.00", PriceUnreadable, "price_unreadable"),
        ("12.", PriceUnreadable, "price_unreadable"),
        (".5", PriceUnreadable, "price_unreadable"),
        ("12.5.0", PriceUnreadable, "price_unreadable"),
        ("1_000", PriceUnreadable, "price_unreadable"),
        ("12元5角", PriceUnreadable, "price_unreadable"),
        ("12.60/盒", PriceUnreadable, "price_unreadable"),
        ("$12.60", PriceUnreadable, "price_unreadable"),
        ("٣.٥", PriceUnreadable, "price_unreadable"),
        ("0", PriceNotPositive, "price_not_positive"),
        ("0.00", PriceNotPositive, "price_not_positive"),
        ("-0.01", PriceNotPositive, "price_not_positive"),
        ("-12.50", PriceNotPositive, "price_not_positive"),
        ("－12.50", PriceNotPositive, "price_not_positive"),
        ("12.605", PriceTooPrecise, "price_decimals"),
        ("10000000.01", PriceTooLarge, "price_too_large"),
        ("9" * 400, PriceTooLarge, "price_too_large"),
    ],
)
def test_a_price_that_needs_interpretation_is_refused_with_its_reason(
    text: str, error: type[MoneyError], reason: str
) -> None:
    with pytest.raises(error) as refused:
        fen_of(text)
    assert refused.value.reason == reason
    assert str(refused.value)


def test_settlement_totals_keep_four_decimals_and_no_fifth() -> None:
    assert yuan_of("27.1334", decimals=4) == Decimal("27.1334")
    with pytest.raises(PriceTooPrecise):
        yuan_of("27.13345", decimals=4)


@given(st.integers(min_value=1, max_value=1_000_000_000))
def test_fen_written_as_yuan_reads_back_as_the_same_fen(fen: int) -> None:
    assert fen_of(str(yuan(fen))) == fen
    assert fen_of(f"￥{yuan(fen):,}元") == fen


def test_yuan_always_shows_two_places() -> None:
    assert [str(yuan(fen)) for fen in (1, 10, 1260, 100_000)] == ["0.01", "0.10", "12.60", "1000.00"]


@pytest.mark.parametrize(
    ("price", "count", "expected"),
    [("27.13", 14, "1.9379"), ("56.84", 14, "4.0600"), ("15.80", 48, "0.3292"), ("0.01", 80, "0.0001")],
)
def test_unit_price_has_four_places_and_rounds_half_up(price: str, count: int, expected: str) -> None:
    assert str(unit_price(fen_of(price), count)) == expected


def test_unit_price_of_an_exact_tie_goes_up() -> None:
    assert str(unit_price(1, 200)) == "0.0001"  # 0.00005
    assert str(unit_price(3, 200)) == "0.0002"  # 0.00015


def test_unit_price_refuses_an_empty_pack() -> None:
    with pytest.raises(ValueError, match="0"):
        unit_price(100, 0)
