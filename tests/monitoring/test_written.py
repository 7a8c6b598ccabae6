"""What people type, as it is kept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prices.monitoring.written import line, plain, readable

TYPED = {
    "lines of a browser": ("一\r\n二\r三", "一\n二\n三"),
    "separators of other programs": ("一\u2028二\u2029三\x85四", "一\n二\n三\n四"),
    "what no database takes": ("一\x00二", "一二"),
    "what nobody can read": ("一\x07\x1b\x9f二\ufeff", "一二"),
    "what turns the text behind it": ("\u202e价涨已\u202c\u2066x\u2069", "价涨已x"),
    "emoji of several parts": ("👨\u200d⚕️ 👍🏽", "👨\u200d⚕️ 👍🏽"),
    "Arabic and Hebrew": ("سعر מחיר", "سعر מחיר"),
    "mark-up": ("<b>贵</b> & {{ x }}", "<b>贵</b> & {{ x }}"),
    "tabs and lines within": ("  一\t二\n\n三 ", "一\t二\n\n三"),
    "nothing to see": (" \u3000\u200b\u200d\u2060\n\u00ad", ""),
    "accents without a letter": ("\u0301\u0301", ""),
    "a sign alone": ("？", "？"),
}


@pytest.mark.parametrize(("typed", "kept"), TYPED.values(), ids=TYPED.keys())
def test_what_can_be_read_is_kept_and_nothing_else(typed: str, kept: str) -> None:
    assert plain(typed) == kept


def test_one_line_is_one_line() -> None:
    assert line(" 武医保函\r\n〔2026〕\t1号 ") == "武医保函 〔2026〕 1号"


@given(st.text())
def test_again_it_is_the_same_and_a_database_takes_it(typed: str) -> None:
    kept = plain(typed)
    assert plain(kept) == kept == readable(kept)
    assert "\x00" not in kept
    assert "\r" not in kept
    kept.encode()
