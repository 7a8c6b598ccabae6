import csv
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.specs import Fill, Spec, Strength, fill_of, format_spec, normal_text, parse_spec, strength_key, strength_of

REAL = Path(__file__).parents[3] / "shared" / "data" / "drugs" / "guoyaozhunzi_products.csv"


def mg(amount: str) -> Strength:
    return Strength(Decimal(amount), "mg")


@pytest.mark.parametrize("text", ["0.25g×24粒", "0.25ｇ*24粒", "250mg*24粒", "0.25G X 24 粒", "0.25克x24粒/盒"])
def test_one_spec_in_many_writings_is_one_spec(text: str) -> None:
    assert parse_spec(text) == Spec(mg("250"), 24, "粒")


def test_micrograms_are_exact_milligrams() -> None:
    assert parse_spec("50ug*100片") == Spec(mg("0.05"), 100, "片")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5mg×7片×2板", Spec(mg("5"), 14, "片")),
        ("5mg×7片/板×2板/盒", Spec(mg("5"), 14, "片")),
        ("0.25g*20粒/瓶/盒", Spec(mg("250"), 20, "粒")),
        ("0.35g/粒*60粒/盒", Spec(mg("350"), 60, "粒")),
        ("10g×10袋", Spec(mg("10000"), 10, "袋")),
        ("10ml*6支/盒", Spec(Strength(Decimal(10), "ml"), 6, "支")),
        ("每粒装0.35g*24粒", Spec(mg("350"), 24, "粒")),
        ("每粒装0.2g*12粒*2板", Spec(mg("200"), 24, "粒")),
        ("每丸重9g*10丸", Spec(mg("9000"), 10, "丸")),
        ("50μg*100片(进口)", Spec(mg("0.05"), 100, "片")),
        ("5g/袋*15袋（无糖型）", Spec(mg("5000"), 15, "袋")),
        ("10ml:0.1g/支*12支/盒", Spec(Fill(Decimal(10), mg("100")), 12, "支")),
    ],
)
def test_packs(text: str, expected: Spec) -> None:
    assert parse_spec(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("500毫克", mg("500")),
        ("0.5 G", mg("500")),
        ("25µg", mg("0.025")),
        ("25μg", mg("0.025")),
        ("25㎍", mg("0.025")),
        ("25微克", mg("0.025")),
        ("１０ｍｇ", mg("10")),
        ("2.50mg", mg("2.5")),
        ("10万单位", Strength(Decimal(100_000), "IU")),
        ("100000IU", Strength(Decimal(100_000), "IU")),
        ("400U", Strength(Decimal(400), "IU")),
        ("400国际单位", Strength(Decimal(400), "IU")),
        ("2亿单位", Strength(Decimal(200_000_000), "IU")),
        ("0.1%", Strength(Decimal("0.1"), "%")),
        ("100ml/瓶", Strength(Decimal(100), "ml")),
        ("1.5mg/片/盒", mg("1.5")),
        ("1L", Strength(Decimal(1000), "ml")),
        ("15毫升", Strength(Decimal(15), "ml")),
    ],
)
def test_strengths_in_canonical_units(text: str, expected: Strength) -> None:
    assert strength_of(text) == expected


def test_an_amount_is_written_in_plain_digits() -> None:
    assert [str(strength_of(text)) for text in ("0.1g", "2.50mg", "10万单位")] == ["100mg", "2.5mg", "100000IU"]
    assert repr(strength_of("0.1g")) == "Strength(amount=Decimal('100'), unit='mg')"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5mg/80mg",
        "80mg+12.5mg",
        "5mg/2.5ml",
        "2ml:0.2mg",
        "每片含阿莫西林0.25g",
        "复方",
        "40mg/ml",
        "5mg/盒",
        "12片/袋",
        "7cm×10cm",
        "5",
        "mg",
        "5mg.",
        "5.mg",
        "-5mg",
        "0mg",
        "5mg左右",
        "约5mg",
        "5-10mg",
        "1,000mg",
        "1e3mg",
        "5mgg",
        "9999999999mg",
    ],
)
def test_an_uncertain_strength_is_never_guessed(text: str) -> None:
    assert strength_of(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "24片",
        "5mg",
        "5mg/80mg×7片",
        "复方*24片",
        "30ml:30mg/瓶",
        "50mg12粒*2板",
        "5mg×0片",
        "5mg×7.5片",
        "5mg×7",
        "5mg×7s",
        "7cm×10cm×6贴",
        "5mg×7片×2盒",
        "5mg×1盒",
        "5g/袋*60粒",
        "5mg×7片+赠2片",
        "每粒装0.3g*80丸",
        "每片含缬沙坦80mg、氨氯地平5mg*7片",
        "每10丸重1g*360丸",
        "0.5g×20粒×10袋/盒",
        "18μg×10粒(附1个吸入器)",
        "0.125g:0.15g×24片",
    ],
)
def test_an_uncertain_spec_is_never_guessed(text: str) -> None:
    assert parse_spec(text) is None


@pytest.mark.parametrize(
    ("text", "volume", "content"),
    [
        ("10ml:0.1g", "10", mg("100")),
        ("5ml；1mg/支/盒", "5", mg("1")),
        ("５ｍｌ：5mg（0.1%）", "5", mg("5")),
        ("0.1%(5ml:5mg)", "5", mg("5")),
        ("3ml:300单位", "3", Strength(Decimal(300), "IU")),
        ("0.25L:0.5g", "250", mg("500")),
    ],
)
def test_millilitres_before_a_colon_are_the_volume_of_a_solution(text: str, volume: str, content: Strength) -> None:
    assert fill_of(text) == Fill(Decimal(volume), content)
    assert strength_of(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "15g:0.75mg",
        "80mg:12.5mg",
        "5ml:5mg(1%)",
        "1%(5ml:5mg)",
        "5%(5ml)",
        "0.1g:10ml",
        "5ml",
        "10ml:",
        "10ml:5ml",
        "10ml:3%",
        "2ml:1mg:2mg",
    ],
)
def test_an_uncertain_solution_is_never_guessed(text: str) -> None:
    assert fill_of(text) is None


def test_solutions_in_two_writings_are_one() -> None:
    assert strength_key("10ml:0.1g") == strength_key("10毫升：100mg/支") == "10ml:100mg"
    assert Fill(Decimal(10), mg("100")).concentration == 10


def test_strengths_that_cannot_be_read_still_compare_by_their_writing() -> None:
    assert strength_key("５ＭＧ / 80mg") == strength_key("5mg/80mg") == "5mg/80mg"
    assert strength_key("5mg/80mg") != strength_key("80mg/5mg")
    assert strength_key("0.25g") == strength_key("250mg") == "250mg"


def test_a_letter_x_in_a_word_is_no_multiplication() -> None:
    assert normal_text("2 X 3 mix x5") == "2×3mix×5"
    assert normal_text("XELOX方案") == "xelox方案"


@pytest.mark.parametrize(
    ("strength", "count", "unit", "expected"),
    [("5mg", 14, "片", "5mg×14片"), (mg("250"), 24, "粒", "250mg×24粒"), ("", 10, "袋", "10袋")],
)
def test_a_spec_on_the_screen(strength: str | Strength, count: int, unit: str, expected: str) -> None:
    assert format_spec(strength, count, unit) == expected


amounts = st.decimals(min_value="0.001", max_value="99999", places=3, allow_nan=False, allow_infinity=False)


@given(amounts, st.sampled_from(["mg", "ml", "IU", "%"]), st.integers(1, 999_999), st.sampled_from("片粒支袋"))
def test_a_written_spec_reads_back(amount: Decimal, unit: str, count: int, pack: str) -> None:
    strength = strength_of(f"{amount}{unit}")
    assert strength is not None
    assert strength.amount == amount
    assert parse_spec(format_spec(strength, count, pack)) == Spec(strength, count, pack)


@given(st.integers(1, 9_999_999))
def test_grams_milligrams_and_micrograms_are_one_scale(micrograms: int) -> None:
    exact = Decimal(micrograms)
    writings = [f"{exact}μg", f"{exact / 1000:f}mg", f"{exact / 1_000_000:f}g"]
    assert {strength_of(text) for text in writings} == {Strength(exact / 1000, "mg")}


def test_nine_packs_of_ten_of_real_products_are_read_as_their_own_counts() -> None:
    """Of the rest the text itself is open: combinations, tubes of ointment, `每10丸重`."""
    if not REAL.exists():
        pytest.skip(f"{REAL} is not here")
    with REAL.open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    packs = [(row, spec) for row in rows if (spec := parse_spec(row["DRUG_SPEC"]))]
    single = sum(1 for row in rows if strength_of(row["DRUG_SPEC"]) or fill_of(row["DRUG_SPEC"]))
    assert [
        row["DRUG_SPEC"] for row, spec in packs if row["DRUG_APPERANCE_NUM"].strip() not in ("", str(spec.count))
    ] == []
    assert len(packs) >= 1190
    assert (len(packs) + single) / len(rows) > 0.87


@given(st.text(max_size=30))
def test_any_text_is_read_or_is_none(text: str) -> None:
    spec = parse_spec(text)
    assert spec is None or spec.count > 0
    assert strength_key(strength_key(text)) == strength_key(text)
