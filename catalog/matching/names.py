"""A registered name taken apart: 苯磺酸氨氯地平分散片 = 苯磺酸 | 氨氯地平 | 分散片."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from catalog.matching.forms import as_pill, is_pill, split_prefix, split_suffix, words_of
from catalog.matching.salts import ACIDS, BASES, ESTERS, HYDRATES, KEEP
from catalog.matching.text import plain

_REMARK = re.compile(
    r"\(((?:成人|儿童|小儿|无糖|含糖|低糖|有糖)[装型]?|无蔗糖|nr|薄膜衣片?|糖衣片?|肠溶|硬胶囊|含甘油|供[^()]{1,8}用|静脉滴注|[\d.]+(?::[\d.]+)+)\)"
)
_BRACKET = re.compile(r"\(([^()]*)\)")
_TAIL = re.compile(r"((?:\([^()]*\)|‹\d+›)*)$")
_INNER_ACID = re.compile("|".join(sorted((*ACIDS, *ESTERS), key=len, reverse=True)))
_METALS = "钠钾钙镁锌铝铁"
_INNER_BASE = re.compile(
    rf"(?<!氯化)(?<!酸氢)(?<!溴化)(?<![{_METALS}])(?:二钠|三钠|钠|二钾|钾|钙|镁)(?=[\u4e00-\u9fff/])(?![{_METALS}])"
)


class Way(IntEnum):
    """How a key of the product was got; the smaller the surer."""

    WHOLE = 0  # the registered name itself
    CORE = 1  # without its form
    SALT = 2  # and without salt, acid or water
    ESTER = 3  # without the acid of an ester
    MIXTURE = 4  # salts taken out of the middle of a compound's name


@dataclass(frozen=True, slots=True)
class Name:
    """`whole`: keys as it stands; `cores`: (way, key) without the form, the least taken away first; `words`: its forms."""

    whole: tuple[str, ...]
    cores: tuple[tuple[Way, str], ...]
    words: tuple[str, ...]


@lru_cache(maxsize=50_000)
def read(name: str) -> Name:
    """The keys and forms of a product's registered name (通用名)."""
    text = plain(name)
    pills = tuple(word for word in _BRACKET.findall(text) if is_pill(word))
    bare = _REMARK.sub("", text)
    bare = _BRACKET.sub(lambda found: "" if is_pill(found[1]) else found[0], bare) or text
    whole: dict[str, None] = {}
    cores: dict[str, Way] = {}
    words: tuple[str, ...] = ()
    for written in dict.fromkeys((text, bare)):  # with the remarks in brackets first: a row may print them
        body, marks = _without_marks(written)
        rest, words = _without_form(body)
        short = body.removesuffix("剂") if words else body  # 颗粒剂 for 颗粒
        whole.update(dict.fromkeys((written, short + marks, as_pill(body) + marks)))
        for way, key in _cores(rest):
            cores.setdefault(key + marks, way)
        if words:  # 甲状腺片 is printed with its form and a column for the form beside it
            cores.setdefault(written, Way.CORE)
    ordered = sorted(((way, key) for key, way in cores.items()), key=lambda pair: (pair[0], -len(pair[1])))
    return Name(tuple(whole), tuple(ordered), pills or words)


def _without_marks(text: str) -> tuple[str, str]:
    """混合注射液(30r) -> 混合注射液, (30r): brackets and Roman numerals at the end belong to what stands before."""
    tail = _TAIL.search(text)
    marks = tail[1] if tail else ""
    return text.removesuffix(marks), marks


def _without_form(body: str) -> tuple[str, tuple[str, ...]]:
    """The name without its form, and the words of the form."""
    rest, words = split_suffix(body)
    if not words:
        return split_prefix(body)
    stripped, prefixed = split_prefix(rest)
    if not prefixed:
        return rest, words
    return stripped, words if set(prefixed) & set(words) else prefixed  # 吸入用布地奈德混悬液


def _cores(rest: str) -> Iterator[tuple[Way, str]]:
    """What may be printed for a name without its form."""
    yield Way.CORE, rest
    if rest in KEEP:
        return
    seen = {rest}
    for left in _without_prefix(rest, (*ACIDS, *HYDRATES)):
        for right in _without_suffix(left):
            if right not in seen:
                seen.add(right)
                yield Way.SALT, right
    for left in _without_prefix(rest, ESTERS):
        if left not in seen:
            seen.add(left)
            yield Way.ESTER, left
    mixed = _INNER_BASE.sub("", _INNER_ACID.sub("", rest))
    for right in _without_suffix(mixed):
        if len(right) > 3 and right not in seen:
            seen.add(right)
            yield Way.MIXTURE, right


def _without_prefix(name: str, prefixes: tuple[str, ...]) -> list[str]:
    """The name, and what is left of it without one or two of the prefixes."""
    found = [name]
    for at in range(2):
        found += [
            each[len(prefix) :]
            for each in (found if at == 0 else found[1:])
            for prefix in prefixes
            if each.startswith(prefix) and len(each) > len(prefix) + 1
        ]
    return list(dict.fromkeys(found))


def _without_suffix(name: str) -> list[str]:
    """The name, and what is left of it without a base; two metals in a row (聚乙二醇钠钾) are a mixture, no salt."""
    if name in KEEP:
        return [name]
    left = (name.removesuffix(base) for base in BASES if name.endswith(base))
    return list(dict.fromkeys([name, *(rest for rest in left if len(rest) > 1 and rest[-1] not in _METALS)]))


@dataclass(frozen=True, slots=True)
class Form:
    """The words that a product's form may be, by its name, and what the 剂型 column says `against` it, if anything."""

    words: tuple[str, ...]
    against: tuple[str, ...] = ()


@lru_cache(maxsize=50_000)
def form_of(name: str, column: str) -> Form:
    """What the name ends in, made precise by the column 剂型 where that says more: 片 and 片剂(口含) -> 含片."""
    named, stated = read(name).words, words_of(column)
    if not named or not stated:
        return Form(named or stated)
    common = tuple(word for word in named if word in stated)
    if common:
        return Form(common)
    if any(said.endswith(word) for said in stated for word in named):  # the column is the more precise
        return Form(stated)
    if any(word.endswith(said) for said in stated for word in named):
        return Form(named)
    return Form(named, stated)
