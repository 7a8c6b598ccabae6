import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.pinyin import CHARACTERS, MAX_READINGS, WORDS, readings

REAL_PRODUCTS = Path(__file__).parents[2] / "../shared/data/drugs/guoyaozhunzi_products.csv"

names = st.text(
    st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5) | st.sampled_from("ab3(-Ⅱα参炔血 "), max_size=12
)


def test_a_plain_name_has_one_reading() -> None:
    amlodipine = readings("苯磺酸氨氯地平片")
    assert amlodipine.full == ("benhuangsuananlvdipingpian",)
    assert amlodipine.initials == ("bhsaldpp",)


@pytest.mark.parametrize(
    ("name", "initials"),
    [
        ("枸橼酸铋钾", {"jysbj", "gysbj"}),
        ("炔雌醇", {"qcc", "gcc"}),
        ("重酒石酸间羟胺", {"zjssjqa", "cjssjqa"}),
        ("参苓白术散", {"slbzs", "clbzs", "slbss", "clbss"}),
        ("黄柏", {"hb"}),
        ("山莨菪碱", {"sldj"}),
        ("地高辛", {"dgx"}),
        ("单硝酸异山梨酯", {"dxsyslz"}),
        ("川芎嗪", {"cxq", "cqq"}),
        ("泊沙康唑", {"bskz", "pskz"}),
        ("重组人干扰素", {"czrgrs", "zzrgrs"}),
        ("长春西汀", {"ccxt"}),
        ("阿司匹林肠溶片", {"asplcrp"}),
        ("阿胶", {"ej", "aj"}),
    ],
)
def test_names_that_people_read_differently_are_found_by_each_reading(name: str, initials: set[str]) -> None:
    assert set(readings(name).initials) == initials


@pytest.mark.parametrize(
    ("name", "full"),
    [
        ("炔诺酮", "quenuotong"),
        ("枸橼酸", "juyuansuan"),
        ("丹参", "danshen"),
        ("黄柏", "huangbai"),
        ("枸杞", "gouqi"),
        ("行气", "xingqi"),
        ("白术", "baizhu"),
        ("枳壳", "zhike"),
        ("长效", "changxiao"),
        ("厚朴", "houpo"),
        ("川芎", "chuanxiong"),
    ],
)
def test_the_standard_reading_comes_first(name: str, full: str) -> None:
    assert readings(name).full[0] == full


def test_letters_and_digits_stay_and_signs_go() -> None:
    assert readings("碳酸钙Ｄ₃片(Ⅱ)").initials == ("tsgd3pii",)
    assert readings("α-酮酸片").full == ("tongsuanpian",)
    assert readings("维生素B12片").full == ("weishengsub12pian",)


@pytest.mark.parametrize("name", ["", "  ", "()-", "αβ"])
def test_a_name_without_letters_has_no_reading(name: str) -> None:
    assert readings(name).full == ()
    assert readings(name).initials == ()


def test_many_doubtful_characters_do_not_multiply_without_end() -> None:
    assert len(readings("参炔术柏芎泊壳血").full) == MAX_READINGS


def test_the_table_gives_every_character_of_a_word_its_syllable() -> None:
    assert all(len(reading.split()) == len(word) for word, spelt in WORDS.items() for reading in spelt)
    assert all(len(character) == 1 and spelt for character, spelt in CHARACTERS.items())
    assert all(len(set(spelt)) == len(spelt) for spelt in (*WORDS.values(), *CHARACTERS.values()))


@given(names)
def test_readings_are_lower_case_latin_distinct_and_stable(name: str) -> None:
    found = readings(name)
    for texts in (found.full, found.initials):
        assert len(set(texts)) == len(texts) <= MAX_READINGS
        assert all(text.isascii() and text.isalnum() and text == text.lower() for text in texts)
    assert readings(name) == found


def test_real_products_are_found_by_the_initials_their_makers_printed() -> None:
    if not REAL_PRODUCTS.exists():
        pytest.skip("real products (../shared/data/drugs) are not here")
    with REAL_PRODUCTS.open(encoding="utf-8-sig") as file:
        printed = {row["DRUG_CHEM_NAME"]: row["DRUG_PINYIN"].lower() for row in csv.DictReader(file)}
    assert len(printed) > 900
    missed = [
        name
        for name, pinyin in printed.items()
        if not any(found.startswith("".join(filter(str.isalnum, pinyin))) for found in readings(name).initials)
    ]
    assert missed == []
