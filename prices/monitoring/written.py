"""What people type into the forms of the console, the desk and the citizens' pages, as it is kept.

Browsers end lines with CR LF, some programs with the separators of Unicode; a form may carry characters that no database
takes (NUL), no letter prints, or that turn the direction of what stands behind them so that a page says another thing
than was written.
"""

import re
import unicodedata

_LINE_ENDS = re.compile("\r\n?|\x85|\u2028|\u2029")
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]")


def readable(text: str) -> str:
    """Lines end with LF, and nothing is left that cannot be read or turns the direction of the text."""
    return _UNPRINTABLE.sub("", _LINE_ENDS.sub("\n", text))


def plain(text: str) -> str:
    """`readable`, trimmed; empty where there is nothing to see: characters without a shape are no reason."""
    text = readable(text).strip()
    return text if any(unicodedata.category(each)[0] in "LNPS" for each in text) else ""


def line(text: str) -> str:
    """`plain` in a single line."""
    return " ".join(plain(text).split())
