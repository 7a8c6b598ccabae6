"""拼音 of drug names for search: full spelling and initials in every reading people use.

Dictionaries disagree on a handful of characters that fill drug catalogues (枸橼酸, 炔, 参…), and so do pharmacies: a
name is indexed under all of them. Everything here is stable: the same name gives the same tuples in the same order.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice, product
from typing import cast

MAX_READINGS = 16
"""A name with four two-way characters has sixteen readings; beyond that nobody types the rest."""

_HAN = r"\u3007\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff"
_TOKEN = re.compile(rf"[a-z0-9]|[{_HAN}]")

WORDS: dict[str, tuple[str, ...]] = {
    # word: its readings, syllables separated by a blank, the standard one first
    "枸橼酸": ("ju yuan suan", "gou yuan suan"),
    "重酒石酸": ("zhong jiu shi suan", "chong jiu shi suan"),
    "重铬酸": ("zhong ge suan", "chong ge suan"),
    "重组": ("chong zu", "zhong zu"),
    "重楼": ("chong lou", "zhong lou"),
    "长效": ("chang xiao",),
    "长春": ("chang chun",),
    "莨菪": ("lang dang", "liang dang"),
    "阿胶": ("e jiao", "a jiao"),
    "薄荷": ("bo he", "bao he"),
    "厚朴": ("hou po", "hou pu"),
    "朴硝": ("po xiao", "pu xiao"),
    "没药": ("mo yao", "mei yao"),
    "没食子": ("mo shi zi", "mei shi zi"),
    "还少": ("huan shao", "hai shao"),
    "蛤蚧": ("ge jie", "ha jie"),
    "蛤壳": ("ge qiao", "ha ke", "ge ke"),
    "咀嚼": ("ju jue", "ju jiao"),
    "龟裂": ("jun lie", "gui lie"),
    "咯血": ("ka xue", "ge xue", "ka xie"),
}

CHARACTERS: dict[str, tuple[str, ...]] = {
    "炔": ("que", "gui"),
    "枸": ("gou",),
    "朴": ("po", "pu"),
    "豉": ("chi", "shi"),
    "桔": ("jie", "ju"),
    "吖": ("a", "ya"),
    "参": ("shen", "can"),
    "术": ("zhu", "shu"),
    "柏": ("bai", "bo"),
    "莨": ("liang", "lang"),
    "芎": ("xiong", "qiong"),
    "泊": ("bo", "po"),
    "壳": ("ke", "qiao"),
    "血": ("xue", "xie"),
    "露": ("lu", "lou"),
    "荨": ("xun", "qian"),
    "藏": ("zang", "cang"),
    "粘": ("zhan", "nian"),
    "咯": ("luo", "ge", "ka"),
    "伽": ("jia", "ga"),
    "茄": ("qie", "jia"),
    "龈": ("yin", "ken"),
    "仔": ("zi", "zai"),
    "噁": ("e", "wu"),
    "调": ("tiao", "diao"),
    "行": ("xing", "hang"),
    "长": ("chang", "zhang"),
    "重": ("zhong", "chong"),
    "降": ("jiang",),
    "地": ("di",),
    "单": ("dan",),
    "的": ("di", "de"),
    "弹": ("tan", "dan"),
}

_LONGEST_WORD = max(map(len, WORDS))


@dataclass(frozen=True, slots=True)
class Readings:
    """Full spellings (`benhuangsuan…`, ü as v) and initials (`bhs…`), the standard reading first, no repeats.

    Latin letters and digits of the name are kept in both; brackets, dashes and Greek letters are left out.
    """

    full: tuple[str, ...]
    initials: tuple[str, ...]


def readings(name: str) -> Readings:
    """Every plausible reading of a drug name: 枸橼酸钾 -> juyuansuanjia, gouyuansuanjia; jysj, gysj."""
    tokens = _TOKEN.findall(normal_text(name))
    spellings = [sum(choice, ()) for choice in islice(product(*_choices(tokens)), MAX_READINGS)]
    full = dict.fromkeys("".join(syllables) for syllables in spellings)
    initials = dict.fromkeys("".join(syllable[:1] for syllable in syllables) for syllables in spellings)
    return Readings(tuple(text for text in full if text), tuple(text for text in initials if text))


def _choices(tokens: list[str]) -> list[list[tuple[str, ...]]]:
    """For each word or character of the name, its readings as tuples of syllables."""
    usual = _usual_syllables("".join(tokens))
    choices: list[list[tuple[str, ...]]] = []
    at = 0
    while at < len(tokens):
        word = _word_at(tokens, at)
        if word:
            choices.append([tuple(reading.split()) for reading in WORDS[word]])
        else:
            choices.append([(syllable,) for syllable in CHARACTERS.get(tokens[at], (usual[at],))])
        at += len(word) or 1
    return choices


def _word_at(tokens: list[str], at: int) -> str:
    """The longest word of the table that starts here, or ""."""
    candidates = ("".join(tokens[at : at + length]) for length in range(_LONGEST_WORD, 1, -1))
    return next((word for word in candidates if word in WORDS), "")


def _usual_syllables(text: str) -> tuple[str, ...]:
    """The dictionary's reading in context, one entry a character; letters and digits stand for themselves."""
    # Imported here: its dictionaries cost tens of megabytes, which a web process that reads no name need not pay.
    from pypinyin import lazy_pinyin

    # A list from `errors` becomes one entry a character; the package's annotation leaves that out.
    one_each = cast("Callable[[str], str]", list)
    syllables = tuple(lazy_pinyin(text, errors=one_each))
    return tuple(syllable if syllable.isascii() else "" for syllable in syllables)


def normal_text(text: str) -> str:
    """What names and queries are compared in: NFKC, lower case."""
    return unicodedata.normalize("NFKC", text).lower()
