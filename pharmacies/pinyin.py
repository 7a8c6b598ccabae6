"""拼音首字母 of names, so that a pharmacy is found by typing the initials of its name."""

import unicodedata


def initials(name: str) -> str:
    """武汉天济大药房（夷陵路店） -> whtjdyfyldd: one lower-case letter a character; letters and digits are kept."""
    # Imported here: its dictionaries cost tens of megabytes, which a web process need not pay.
    from pypinyin import Style, lazy_pinyin

    spelt = "".join(lazy_pinyin(unicodedata.normalize("NFKC", name), style=Style.FIRST_LETTER))
    return "".join(letter for letter in spelt if letter.isascii() and letter.isalnum()).lower()
