import pytest
from hypothesis import given
from hypothesis import strategies as st

from pharmacies.codes import (
    CodeError,
    InstitutionCode,
    clean_uscc,
    is_valid_uscc,
    parse_institution_code,
    uscc_check_character,
)

USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
adcodes = st.from_regex(r"[1-8][0-9]{5}", fullmatch=True)


def test_a_pharmacy_code_gives_its_division_and_serial() -> None:
    assert parse_institution_code("P31010100003") == InstitutionCode("P", "310101", "00003")


def test_a_hospital_code_has_the_same_shape() -> None:
    assert parse_institution_code("H35030200090") == InstitutionCode("H", "350302", "00090")


def test_full_width_lower_case_and_blanks_are_accidents_of_typing() -> None:
    assert str(parse_institution_code(" ｐ３１０１０１ 00003 ")) == "P31010100003"


@pytest.mark.parametrize(
    "text", ["", "P4201060001", "P420106000012", "A42010600001", "P42010600O01", "42010600001", "P4201060000１x"]
)
def test_a_code_of_another_shape_is_refused_with_advice(text: str) -> None:
    with pytest.raises(CodeError, match="12 位") as refused:
        parse_institution_code(text)
    assert refused.value.reason == "institution_code"


@given(st.sampled_from("PH"), adcodes, st.from_regex(r"[0-9]{5}", fullmatch=True))
def test_a_code_survives_parsing(kind: str, adcode: str, serial: str) -> None:
    assert str(parse_institution_code(kind + adcode + serial)) == kind + adcode + serial


@pytest.mark.parametrize("code", ["91110108551385082Q", "91420106MA4K000150"])
def test_valid_credit_codes_are_taken(code: str) -> None:
    assert is_valid_uscc(code)
    assert clean_uscc(f" {code.lower()} ") == code


@pytest.mark.parametrize(
    ("body", "check"),
    [
        ("91110108551385082", "Q"),
        ("91420106MA4K00015", "0"),  # weighted sum 1457 = 31 * 47: the case that a missing last mod gets wrong
        ("91420106MA4K2X3Y9", "C"),
        ("92420106MA4F5N8R1", "2"),
        ("91420106177750000", "G"),
        ("91420100177752841", "W"),
    ],
)
def test_the_check_character_of_a_credit_code(body: str, check: str) -> None:
    assert uscc_check_character(body) == check


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("91420100177752841K", "uscc_check"),
        ("91420106MA4K00015", "uscc_form"),
        ("91420106MA4K0001500", "uscc_form"),
        ("9142010OMA4K000150", "uscc_form"),
        ("91420106MA4KI00150", "uscc_form"),
        ("", "uscc_form"),
    ],
)
def test_a_wrong_credit_code_is_refused_with_its_reason(code: str, reason: str) -> None:
    assert not is_valid_uscc(code)
    with pytest.raises(CodeError) as refused:
        clean_uscc(code)
    assert refused.value.reason == reason


@given(adcodes, st.text(USCC_ALPHABET, min_size=9, max_size=9), st.integers(0, 16), st.sampled_from(USCC_ALPHABET))
def test_one_wrong_character_never_passes(adcode: str, organisation: str, place: int, other: str) -> None:
    body = "91" + adcode + organisation
    code = body + uscc_check_character(body)
    assert is_valid_uscc(code)
    changed = code[:place] + other + code[place + 1 :]
    assert is_valid_uscc(changed) == (changed == code)
