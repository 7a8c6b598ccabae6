import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.codes import (
    CodeError,
    DrugCode,
    MangledBySpreadsheet,
    clean_approval_no,
    clean_barcode,
    clean_standard_code,
    parse_drug_code,
    standard_code_warning,
    trace_prefix,
)

REAL_CODES = Path(__file__).parents[2] / "../shared/data/drugs/nhsa_drug_codes.csv"


def test_a_western_code_has_six_parts() -> None:
    code = parse_drug_code("XC08CAB037A001020180517")
    assert code == DrugCode("X", "C08CA", "B037", "A001", "0201", "80517")
    assert code.class_key == "XC08CA"


def test_a_patent_medicine_code_has_no_form() -> None:
    code = parse_drug_code("ZA04CAE0023010100166")
    assert code == DrugCode("Z", "A04CA", "E0023", "", "0101", "00166")
    assert code.class_key == "ZA04CA"


def test_a_herbal_piece_is_t_and_nine_digits() -> None:
    assert parse_drug_code("T001700368") == DrugCode("T", "", "001700368", "", "", "")
    assert parse_drug_code("T001700368").class_key == ""


def test_a_code_is_read_through_accidents_of_typing() -> None:
    assert str(parse_drug_code(" ｘc08cab037a001020180517\n")) == "XC08CAB037A001020180517"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "XA10BA02A001010100001",
        "XC08CAB037A00102018051",
        "XC08CAB037A0010201805177",
        "ZA04CAE00230101001669",
        "YC08CAB037A001020180517",
        "XC08CA8037A001020180517",
        "XC08CAB037A00102018O517",
        "XC08CAB037A00102018051٧",
        "T00170036",
        "DROP TABLE drug",
    ],
)
def test_a_code_of_another_shape_is_refused_with_advice(text: str) -> None:
    with pytest.raises(CodeError, match="23 位") as refused:
        parse_drug_code(text)
    assert refused.value.reason == "drug_code"


@given(st.from_regex(r"X[A-Z][0-9]{2}[A-Z]{2}[A-Z][0-9]{3}[A-Z][0-9]{12}", fullmatch=True))
def test_a_western_code_survives_parsing(text: str) -> None:
    assert str(parse_drug_code(text)) == text


@given(st.from_regex(r"Z[A-Z][0-9]{2}[A-Z]{2}[A-Z][0-9]{13}", fullmatch=True))
def test_a_patent_medicine_code_survives_parsing(text: str) -> None:
    assert str(parse_drug_code(text)) == text


def test_every_real_code_fits() -> None:
    if not REAL_CODES.exists():
        pytest.skip("real drug codes (../shared/data/drugs) are not here")
    with REAL_CODES.open(encoding="utf-8-sig") as file:
        codes = {row["code"] for row in csv.DictReader(file)}
    parsed = {text: parse_drug_code(text) for text in codes}
    kinds = [code.kind for code in parsed.values()]
    assert (kinds.count("X"), kinds.count("Z"), kinds.count("T")) == (5475, 8263, 0)
    assert all(str(code) == text for text, code in parsed.items())


@pytest.mark.parametrize(
    "text", ["8.69E+13", "6.90123E+12", "8.6901110000020e+13", " ８.６９Ｅ+１３ ", "9E+13", "8.69E13"]
)
@pytest.mark.parametrize("read", [parse_drug_code, clean_standard_code, clean_barcode, trace_prefix, clean_approval_no])
def test_a_code_that_a_spreadsheet_made_a_number_is_named_as_such(read: Callable[[str], object], text: str) -> None:
    with pytest.raises(MangledBySpreadsheet, match="“文本”格式") as refused:
        read(text)
    assert refused.value.reason == "spreadsheet_number"


@pytest.mark.parametrize(
    "number",
    ["国药准字H20184010", "国药准字HJ20160685", "国药准字HC20171003", "国药准字Z44021980", "国药准字J20130078"],
)
def test_approval_numbers(number: str) -> None:
    assert clean_approval_no(number) == number


@pytest.mark.parametrize("text", ["国药准字 H20184010", "　国药准字Ｈ２０１８４０１０", "国药准字h20184010 "])
def test_an_approval_number_is_normalised(text: str) -> None:
    assert clean_approval_no(text) == "国药准字H20184010"


@pytest.mark.parametrize(
    "text", ["", "国药准字X12345678", "国药准字H2023001", "H20160685", "国药准字H201840101", "国药准字BJ20184010"]
)
def test_a_wrong_approval_number_is_refused(text: str) -> None:
    with pytest.raises(CodeError) as refused:
        clean_approval_no(text)
    assert refused.value.reason == "approval_no"


@pytest.mark.parametrize("code", ["86901110000020", "86902884000629"])
def test_a_standard_code_with_its_check_digit_is_silent(code: str) -> None:
    assert standard_code_warning(clean_standard_code(code)) == ""


def test_a_wrong_check_digit_of_a_standard_code_warns_and_is_taken() -> None:
    assert "应为 0" in standard_code_warning(clean_standard_code("86900000000011"))


def test_a_standard_code_with_letters_has_no_check() -> None:
    assert standard_code_warning(clean_standard_code("8697805A000123")) == ""


@pytest.mark.parametrize("text", ["", "8690111000002", "85901110000020", "69012345678921234567", "8690111000002X"])
def test_a_standard_code_of_another_shape_is_refused(text: str) -> None:
    with pytest.raises(CodeError) as refused:
        clean_standard_code(text)
    assert refused.value.reason == "standard_code"


def test_a_barcode_with_its_check_digit_is_taken() -> None:
    assert clean_barcode(" ６９０１２３４５６７８９２") == "6901234567892"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("6901234567893", "barcode_check"),
        ("690123456789", "barcode"),
        ("5901234123457", "barcode"),
        ("69012345678920", "barcode"),
        ("6901234567892.0", "barcode"),
        ("", "barcode"),
    ],
)
def test_a_wrong_barcode_is_refused_with_its_reason(text: str, reason: str) -> None:
    with pytest.raises(CodeError) as refused:
        clean_barcode(text)
    assert refused.value.reason == reason


def test_only_the_first_seven_digits_of_a_trace_code_are_kept() -> None:
    assert trace_prefix("81234560001234567890") == "8123456"
    assert trace_prefix("8123456") == "8123456"


@pytest.mark.parametrize("text", ["", "812345", "8123456000123456789", "812345600012345678901", "8123456000123456789A"])
def test_a_wrong_trace_code_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(CodeError) as refused:
        trace_prefix(text)
    assert refused.value.reason == "trace_code"
    assert not text or text not in str(refused.value)
