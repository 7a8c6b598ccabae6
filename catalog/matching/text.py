"""One writing of names and forms, so that equal things compare equal and different ones do not."""

import re
import unicodedata
from functools import lru_cache

_ROMAN = {chr(0x2160 + number): f"‹{number + 1}›" for number in range(12)}
_ASCII_ROMAN = {
    letters: f"‹{number}›"
    for number, letters in enumerate(("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X"), 1)
}
_MARK = re.compile(r"(?:(?<=[(-])|(?<=[\u4e00-\u9fff]))(?:III|II|IV|IX|VIII|VII|VI|I|V)(?=[)-]|$)")
_VARIANTS = str.maketrans(
    # Characters that registered names write in two ways.
    {"䓬": "卓", "粘": "黏", "癥": "症", "蟅": "虫", "䗪": "虫", "噁": "恶", "甙": "苷", "啰": "罗", "~": "-"}
)


@lru_cache(maxsize=100_000)
def plain(text: str) -> str:
    """NFKC, lower case, no blanks; square brackets as round ones; Ⅱ and (II) as the mark ‹2›, which no digit equals."""
    for roman, mark in _ROMAN.items():
        text = text.replace(roman, mark)
    text = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))
    text = text.translate(str.maketrans("[]【】〔〕", "()()()"))
    text = _MARK.sub(lambda found: _ASCII_ROMAN[found[0]], text)
    text = re.sub(r"\((‹\d+›)\)", r"\1", text).lower()
    return re.sub(r"(?<=[αβγω])-(?=\d)", "", text).translate(_VARIANTS)
