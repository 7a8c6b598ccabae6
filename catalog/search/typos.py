"""One slip of the finger: 阿斯匹林 for 阿司匹林, a character too many or too few, two in the wrong order.

Asked only of words that no name holds. The answer is the word as the names write it.
"""

import json
import re

from catalog.names import grams_of, is_latin
from catalog.search.asking import ask

SHORTEST, SHORTEST_LATIN, LONGEST = 3, 6, 20
"""Characters; in a shorter word every slip makes another word."""
CANDIDATES = 5


def corrected(word: str) -> str | None:
    """The likeliest word that names do hold and that is one slip from `word`, or None."""
    if word.isdigit() or not (SHORTEST_LATIN if is_latin(word) else SHORTEST) <= len(word) <= LONGEST:
        return None
    slips = _slips(word)
    tries = [{"grams": grams} for grams in _intact(word)]
    rows = ask(
        "near_names",
        {
            "tries": json.dumps(tries),
            "patterns": [f"%{slip}%" for slip in slips],
            "begins": [f"%\n{slip}%" for slip in slips],
            "whole": [f"%\n{slip}\n%" for slip in slips],
            "many": CANDIDATES,
        },
    )
    found = (_written(slips, lines) for _text, lines in rows)
    return next((right for right in found if right), None)


def _slips(word: str) -> list[str]:
    """Everything one slip away as LIKE patterns; `_` stands for the character that was meant."""
    many = range(len(word))
    wrong = [word[:at] + "_" + word[at + 1 :] for at in many]
    missing = [word[:at] + "_" + word[at:] for at in many[1:]]
    swapped = [word[:at] + word[at + 1] + word[at] + word[at + 2 :] for at in many[:-1]]
    extra = [word[:at] + word[at + 1 :] for at in many] if len(word) > SHORTEST else []
    return list(dict.fromkeys([*swapped, *wrong, *missing, *extra]))


def _intact(word: str) -> list[list[str]]:
    """Sets of grams: whatever the slip, a name that is meant holds all of one of them."""
    if len(word) == SHORTEST:
        return [[word[0], word[2]], [word[:2]], [word[1:]]]
    middle = len(word) // 2
    across = word[: middle - 1] + word[middle] + word[middle - 1] + word[middle + 1 :]
    return [grams_of(part) for part in (word[:middle], word[middle:], across)]


def _written(slips: list[str], lines: str) -> str | None:
    """How the names write it: a whole line, else a beginning, else any part that fits a slip."""
    either = "|".join(re.escape(slip).replace("_", "[^\n]") for slip in slips)
    for pattern in (f"(?<=\n)(?:{either})(?=\n)", f"(?<=\n)(?:{either})", either):
        if match := re.search(pattern, lines):
            return match[0]
    return None
