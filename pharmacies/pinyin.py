"""拼音首字母 of names, so that a pharmacy is found by typing the initials of its name."""

import re
import unicodedata
from functools import lru_cache

_PART = re.compile("[\u3400-\u9fff]+|[a-z0-9]+")


def initials(name: str) -> str:
    """天济大药房（夷陵路2店） -> tjdyfyll2d: one lower-case letter a character; letters and digits are kept."""
    parts = _PART.findall(unicodedata.normalize("NFKC", name).lower())
    return "".join(part if part.isascii() else _of_characters(part) for part in parts)


@lru_cache(maxsize=20_000)
def _of_characters(text: str) -> str:
    """Read together, because a character's reading depends on its neighbours: 重庆 cq, 重量 zl."""
    # Imported here: its dictionaries cost tens of megabytes, which a web process need not pay.
    from pypinyin import Style, lazy_pinyin

    return "".join(letter for letter in lazy_pinyin(text, style=Style.FIRST_LETTER) if letter.isascii())
