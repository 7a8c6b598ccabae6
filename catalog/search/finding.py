"""From the words of a query to ranked rows: the literal reading first, looser ones only when it finds nothing."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from catalog.names import is_latin
from catalog.search.asking import ask
from catalog.search.query import Reading, patterns, understood
from catalog.search.typos import corrected

NAMES_FOR_MORE = 12
"""Names followed beyond those asked for: a trade name and its generic name lead to the same preparation."""
MOST_NARROWED = 15_000
"""Products of the most selective word that are looked at when other words or a strength narrow them."""
SHORTEST_PART = 2


class Each(StrEnum):
    """What one row stands for."""

    DRUG = "drug"
    PREPARATION = "preparation"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class Found:
    """A row: the best drug of what it stands for, and the name that the best word matched."""

    drug: int
    preparation: int
    name: str
    matched: str
    narrowed: bool
    """Whether a number of the query chose the strength."""


def found(text: str, each: Each, limit: int, offset: int) -> list[Found]:
    """Rows for a `readable` text, best first. Nothing where it has no words, or one that nothing matches."""
    readings = understood(text)
    for reading in readings:
        if rows := _rows(reading, each, limit, offset):
            return rows
        if offset and _rows(reading, each, 1, 0):
            return []  # behind the last page
    for reading in readings:
        for looser in _looser(reading):
            if rows := _rows(looser, each, limit, offset):
                return rows
    return []


def _rows(reading: Reading, each: Each, limit: int, offset: int) -> list[Found]:
    narrowed = bool(reading.specs)
    if len(reading.words) > 1 or narrowed:
        rows = _narrowed(reading, each, limit, offset)
    else:
        rows = _of_one_word(reading.words[0], each, limit, offset)
    return [Found(drug, preparation, name, matched, narrowed) for drug, preparation, name, matched in rows]


def _narrowed(reading: Reading, each: Each, limit: int, offset: int) -> list[tuple[Any, ...]]:
    return ask(
        "find",
        {
            "words": _asked(reading.words),
            "specs": json.dumps([{"strength": spec.strength, "pack": spec.pack} for spec in reading.specs]),
            "asked": len(reading.words),
            "most": MOST_NARROWED,
            "each": each.value,
            "many": limit,
            "skip": offset,
        },
    )


def _of_one_word(word: str, each: Each, limit: int, offset: int) -> list[tuple[Any, ...]]:
    """Names first, then what they stand for: no more names than fill the page."""
    wanted, more = limit + offset, NAMES_FOR_MORE
    while True:
        names = ask("names_of", {"words": _asked((word,)), "names": wanted + more})
        rows = _named(names, each, limit, offset) if names else []
        if len(rows) == limit or len(names) < wanted + more:
            return rows
        more *= 10  # a dozen trade names and more of the same preparation


def _named(names: list[tuple[Any, ...]], each: Each, limit: int, offset: int) -> list[tuple[Any, ...]]:
    """What the names stand for, in their order."""
    followed = list(_enough(names, limit + offset)) if each == Each.DRUG else names
    page: dict[str, Any] = {"kinds": [name[0] for name in followed], "texts": [name[1] for name in followed]}
    page |= {"many": limit, "skip": offset}
    return ask("drugs_of", page) if each == Each.DRUG else ask("preparations_of", page | {"each": each.value})


def _enough(names: list[tuple[Any, ...]], wanted: int) -> Iterator[tuple[Any, ...]]:
    """The first names that have `wanted` products together, though a product may have three of the names."""
    products = 0
    for kind, text, count in names:
        if products >= wanted * 3:
            return
        yield kind, text, count
        products += count


def _asked(words: tuple[str, ...]) -> str:
    return json.dumps([patterns(number, word) for number, word in enumerate(words)])


def _looser(reading: Reading) -> Iterator[Reading]:
    """The reading with every word that no name holds taken apart (辉瑞络活喜) or corrected (阿斯匹林)."""
    known = _known(list(reading.words))
    unknown = [number for number in range(len(reading.words)) if number not in known]
    if not unknown:
        return
    number = unknown[0]
    for parts in _taken_apart(reading.words[number]):
        yield _replaced(reading, number, parts)
    words = [word if number in known else corrected(word) for number, word in enumerate(reading.words)]
    if all(words):
        yield replace(reading, words=tuple(word for word in words if word))


def _replaced(reading: Reading, number: int, parts: tuple[str, ...]) -> Reading:
    return replace(reading, words=(*reading.words[:number], *parts, *reading.words[number + 1 :]))


def _taken_apart(word: str) -> list[tuple[str, ...]]:
    """The ways to cut a Chinese word into two that names hold; the longest first part first."""
    if is_latin(word):
        return []
    cuts = [(word[:at], word[at:]) for at in range(len(word) - SHORTEST_PART, SHORTEST_PART - 1, -1)]
    known = _known([part for cut in cuts for part in cut])
    return [cut for at, cut in enumerate(cuts) if {2 * at, 2 * at + 1} <= known]


def _known(words: list[str]) -> set[int]:
    """The places of those words that occur in a name."""
    return {row[0] for row in ask("known_words", {"words": _asked(tuple(words))})}
