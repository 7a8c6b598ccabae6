"""The forms, readings and grams by which a name is compared."""

import pytest

from catalog.names import DOSAGE_FORMS, SALTS, folded, forms, grams_of, name_text, plain
from catalog.traditional import simplified


@pytest.mark.parametrize(
    ("name", "core"),
    [
        ("苯磺酸氨氯地平片", "氨氯地平"),
        ("阿托伐他汀钙片", "阿托伐他汀"),
        ("注射用头孢曲松钠", "头孢曲松"),
        ("吸入用布地奈德混悬液", "布地奈德"),
        ("六味地黄丸(浓缩丸)", "六味地黄"),
        ("重酒石酸去甲肾上腺素注射液", "去甲肾上腺素"),
        ("硝酸甘油片", "硝酸甘油"),
        ("叶酸片", "叶酸"),
        ("阿胶", "阿胶"),
    ],
)
def test_a_generic_name_is_known_without_salt_and_dosage_form(name: str, core: str) -> None:
    assert core in forms(name, "generic")
    assert name_text(name, "generic").length == len(core)


def test_the_whole_name_is_the_first_form() -> None:
    assert forms("硝苯地平缓释片(Ⅱ)", "generic") == ["硝苯地平缓释片ii", "硝苯地平缓释片", "硝苯地平", "心痛定"]


def test_a_household_name_makes_the_core_no_shorter() -> None:
    assert name_text("对乙酰氨基酚片", "generic").length == len("对乙酰氨基酚")


def test_a_trade_name_is_only_itself_and_a_maker_loses_its_legal_form() -> None:
    assert forms("达英-35", "trade") == ["达英35"]
    assert forms("北京康远制药股份有限公司", "maker") == ["北京康远制药股份有限公司", "北京康远"]


def test_both_readings_of_a_disputed_word_are_lines() -> None:
    lines = name_text("枸橼酸铋钾胶囊", "generic").lines.split("\n")
    assert {"jysbjjn", "gysbjjn", "gysbj", "juyuansuanbijia"} <= set(lines)


def test_every_part_of_a_name_can_be_looked_up_by_its_grams() -> None:
    text = name_text("苯磺酸氨氯地平片", "generic")
    for word in ("氨", "氨氯", "酸氨氯地", "al", "aldp", "anlvdiping", "be", "bhsaldpp"):
        assert set(grams_of(word)) <= set(text.grams), word
        assert word in text.lines


def test_a_single_letter_stands_only_for_beginnings() -> None:
    grams = name_text("苯磺酸氨氯地平片", "generic").grams
    assert "b" in grams
    assert "s" not in grams


def test_a_very_long_name_is_cut() -> None:
    assert max(map(len, name_text("甲" * 200, "generic").lines.split("\n"))) == 60


def test_no_name_at_all_has_no_lines() -> None:
    assert name_text("·", "trade").lines == "\n"


@pytest.mark.parametrize(
    ("typed", "compared"),
    [
        ("阿莫西林膠囊", "阿莫西林胶囊"),
        ("鹽酸二甲雙胍緩釋片", "盐酸二甲双胍缓释片"),
        ("紅黴素", "红霉素"),
        ("ＡＭＸＬ", "amxl"),
        ("Ⅱ", "ii"),
    ],
)
def test_widths_cases_and_traditional_characters_are_one(typed: str, compared: str) -> None:
    assert folded(typed) == compared


def test_folding_keeps_the_length_and_what_is_simplified_already() -> None:
    assert simplified("乾坤片 x") == "干坤片 x"
    assert all(simplified(word) == word for word in (*SALTS, *DOSAGE_FORMS))


def test_plain_text_holds_no_wildcard_of_like() -> None:
    assert plain("氨%氯_地\\平'; --") == "氨氯地平"
