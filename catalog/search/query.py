"""What a query says: words that name something, numbers that tell a strength or a pack, or a code.

The text is about somebody's illness: it is never logged and stands in no message.
"""

import re
from dataclasses import dataclass
from decimal import Decimal

from catalog.names import folded, grams_of, is_latin, plain
from catalog.specs import strength_of

MAX_QUERY = 100
"""Characters; the longest name in the catalogue is shorter."""
MAX_WORDS = 6
SHORT, SHORT_LATIN = 2, 3
"""Characters of a word that says little: of the many names that it may mean, the most sold come first."""

_BREAKS = re.compile(r"[\s,;、|。]+")
_TIMES = re.compile(r"[*×✕✖]|(?<=[a-z0-9%\u4e00-\u9fff])x(?=\d)")
_NUMBER = r"\d{1,7}(?:\.\d{1,4})?"
_UNIT = "kg|mg|mcg|ug|μg|ng|g|ml|l|万iu|万u|万单位|iu|u|单位|千克|毫克|微克|克|毫升|升|%"
_PACK = "片|粒|袋|支|丸|贴|瓶|枚|s"
_SPEC = re.compile(
    rf"(?P<name>.*?(?<![\d.]))(?P<number>{_NUMBER})(?:(?P<unit>{_UNIT})|(?P<pack>{_PACK})装?(?:/[盒瓶袋])?)?"
)
_ENDS_IN_LATIN = re.compile(r"[a-z]$")
_FORMS = {f"{form}剂": form for form in ("片", "胶囊", "颗粒", "丸", "散", "软膏", "乳膏", "栓", "糖浆")}


@dataclass(frozen=True, slots=True)
class Spec:
    """A number of the query: `strength` is a pattern over written strengths, `pack` a count of smallest units."""

    strength: str | None
    pack: int | None


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to understand a query: `words` name a drug or its maker, `specs` narrow its strength."""

    words: tuple[str, ...]
    specs: tuple[Spec, ...] = ()


def readable(q: str) -> str:
    """The part of a query that is read, in comparable form: no control characters, no half characters, not too long."""
    whole = q[:MAX_QUERY].encode("utf-8", "ignore").decode()
    return re.sub(r"[\x00-\x1f\x7f-\x9f]", " ", folded(whole)).strip()


def words_of(q: str) -> list[str]:
    """The words of a query as names are compared; text beyond MAX_QUERY and words beyond MAX_WORDS are not read."""
    return [word for word in map(plain, _tokens(readable(q))) if word][:MAX_WORDS]


def understood(text: str) -> list[Reading]:
    """The readings of a `readable` text, the more literal one first: a number may belong to a name (门冬胰岛素30)."""
    tokens = _tokens(text)
    literal, loose = _reading(tokens, numbers=False), _reading(tokens, numbers=True)
    return [reading for reading in dict.fromkeys((literal, loose)) if reading.words]


def patterns(number: int, word: str) -> dict[str, object]:
    """A word as the statements of `catalog/sql` take it. Plain words hold no wildcard of LIKE."""
    one_letter = is_latin(word) and len(word) == 1
    return {
        "number": number,
        "latin": is_latin(word),
        "short": len(word) <= (SHORT_LATIN if is_latin(word) else SHORT),
        "grams": grams_of(word),
        "whole": f"\n{word}\n%",
        "equal": f"%\n{word}\n%",
        "begins": f"%\n{word}%",
        "holds": f"%\n{word}%" if one_letter else f"%{word}%",
    }


def _tokens(text: str) -> list[str]:
    return [token for part in _BREAKS.split(text) for token in _TIMES.split(part) if token][: MAX_WORDS * 2]


def _reading(tokens: list[str], *, numbers: bool) -> Reading:
    """`numbers`: take bare numbers for strengths, and split them off the name before them."""
    words: list[str] = []
    specs: list[Spec] = []
    for token in tokens:
        match = _SPEC.fullmatch(token)
        if match is None or not _is_spec(match, numbers=numbers):
            words.append(token)
            continue
        words.append(match["name"])
        specs.append(_spec(match))
    named = dict.fromkeys(plain(_FORMS.get(word, word)) for word in words)
    return Reading(tuple(word for word in named if word)[:MAX_WORDS], tuple(specs[:MAX_WORDS]))


def _is_spec(match: re.Match[str], *, numbers: bool) -> bool:
    """Vitamin b12 is a name, and so is d3: a number that follows a letter belongs to it."""
    if _ENDS_IN_LATIN.search(match["name"]):
        return False
    return numbers or bool(match["unit"] or (match["pack"] and not match["name"]))


def _spec(match: re.Match[str]) -> Spec:
    number = Decimal(match["number"])
    count = int(number) if number == number.to_integral_value() and number < 100_000 else None
    if match["pack"]:
        return Spec(None, count)
    if match["unit"] is None:
        return Spec(rf"(^|[^0-9.]){_digits(number)}([^0-9.]|$)", count)
    return Spec(rf"(^|[^0-9.])({'|'.join(_writings(match['number'] + match['unit']))})", None)


def _writings(strength: str) -> list[str]:
    """Patterns for every way to write the same strength: 0.5g, 500mg, 500毫克."""
    read = strength_of(strength)
    if read is None:
        return [re.escape(strength)]
    units: dict[str, list[tuple[Decimal, str]]] = {
        "mg": [(Decimal(1), "(mg|毫克)"), (Decimal("0.001"), "(g|克)"), (Decimal(1000), "(μg|ug|mcg|微克)")],
        "ml": [(Decimal(1), "(ml|毫升)"), (Decimal("0.001"), "(l|升)")],
        "IU": [(Decimal(1), "(iu|u|单位|国际单位)"), (Decimal("0.0001"), "万(iu|u|单位|国际单位)")],
        "%": [(Decimal(1), "%")],
    }
    return [_digits(read.amount * factor) + unit for factor, unit in units[read.unit]]


def _digits(number: Decimal) -> str:
    text = f"{number.normalize():f}"
    return re.escape(text) + ("0*" if "." in text else r"(\.0+)?")
