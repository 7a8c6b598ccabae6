"""What makes a drug findable: the two search columns of `Drug`, computed from its names. Their only writer.

`search_names` (trigrams, prefixes): the preparation's name, trade name, maker and codes, in `normal_text`, one per
line. `search_terms` (whole-term look-up): every reading of the names in pinyin, in full and as initials; all strings of
one or two neighbouring characters of names and maker, which trigrams cannot serve; the names and codes themselves.
"""

from dataclasses import dataclass
from functools import lru_cache

from catalog.models import Drug
from catalog.pinyin import bigrams, normal_text, readings

MAX_TERM = 60
"""Width of the column's elements; a longer term is cut, which only loses what nobody types."""


@dataclass(frozen=True, slots=True)
class SearchText:
    names: str
    terms: list[str]


def search_text(
    *,
    generic_name: str,
    trade_name: str = "",
    manufacturer: str = "",
    code: str = "",
    approval_no: str = "",
    barcode: str = "",
) -> SearchText:
    """The search columns of a drug with these fields; equal fields give equal columns."""
    names = [normal_text(text).strip() for text in (generic_name, trade_name, manufacturer)]
    codes = [normal_text(text).strip() for text in (code, approval_no, barcode)]
    whole = {text[:MAX_TERM] for text in (names[0], names[1], *codes) if text}
    terms = whole.union(
        _spoken(generic_name), _spoken(trade_name), _grams(names[0]), _grams(names[1]), _grams(names[2])
    )
    return SearchText("\n".join(text for text in (*names, *codes) if text), sorted(terms))


def describe(drug: Drug) -> None:
    """Set the search columns of `drug` from its fields and its preparation; the caller saves."""
    text = search_text(
        generic_name=drug.preparation.generic_name,
        trade_name=drug.trade_name,
        manufacturer=drug.manufacturer,
        code=drug.code,
        approval_no=drug.approval_no,
        barcode=drug.barcode,
    )
    drug.search_names, drug.search_terms = text.names, text.terms


@lru_cache(maxsize=50_000)
def _spoken(name: str) -> frozenset[str]:
    """Pinyin of a name in full and as initials, every reading."""
    if not name:
        return frozenset()
    found = readings(name)
    return frozenset(term[:MAX_TERM] for term in (*found.full, *found.initials))


@lru_cache(maxsize=50_000)
def _grams(name: str) -> frozenset[str]:
    return frozenset(bigrams(name))
