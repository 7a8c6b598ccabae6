"""The names a product may carry to be a printed row of the catalogue.

A name cell holds more than a name: an older name in brackets (埃索美拉唑(艾司奥美拉唑)), further forms
(感冒清热颗粒(片、胶囊)), several names one below the other (硝苯地平Ⅰ, 硝苯地平Ⅱ), or all of them with 、 between. What
stands in brackets and is neither form nor name says which product is meant (皮下注射, 30R, CHO细胞) and is never
dropped: without it the row would mean more than it says.
"""

import re
from collections.abc import Iterator

_FORMS = """丸 水丸 蜜丸 大蜜丸 小蜜丸 水蜜丸 糊丸 浓缩丸 微丸 滴丸 胶丸 片 分散片 肠溶片 缓释片 控释片 咀嚼片 泡腾片 含片
    口含片 口崩片 口腔崩解片 薄膜衣片 糖衣片 胶囊 硬胶囊 软胶囊 肠溶胶囊 缓释胶囊 控释胶囊 颗粒 肠溶颗粒 散 口服液 口服溶液
    口服乳液 口服混悬液 合剂 糖浆 露 水 酒 药酒 酊 酊剂 液 洗液 搽剂 擦剂 洗剂 膏 煎膏 软膏 乳膏 软化膏 软化乳膏 硬膏 橡胶膏
    凝胶膏 巴布膏 贴膏 贴剂 膜 凝胶 栓 喷雾剂 气雾剂 吸入剂 粉雾剂 注射液 滴眼液 滴耳液 滴鼻液 眼膏 灌肠剂 灌肠液 锭 胶
    膏剂 茶 袋泡茶 曲 丹"""
FORMS = frozenset(_FORMS.split())
"""Dosage forms as they end the name of a Chinese patent medicine or stand in its brackets."""

_SAID_ABOUT = re.compile("[指含]")  # (含儿童型), [指大豆油]: told to the reader, part of no name
_WHICH = re.compile(
    r"[^\u4e00-\u9fff]*"  # (Ⅰ), (30R), (18AA-Ⅶ), (13), (pH4)
    r"|.*(?:细胞|[型方式]|冻干|酵母|假单胞菌|蜜炼|皮下|注射|输注|吸入|鞘内|静脉|关节腔)"
)
_NOT_CHINESE_END = re.compile(r"[^\u4e00-\u9fff]+\Z")
_ALSO = re.compile("又称[:：]?")
_AN_ALTERNATIVE = re.compile("[\u4e00-\u9fff]{4,}")
_OPEN, _CLOSE = "([", ")]"
_FULL_WIDTH = str.maketrans("（）［］【】", "()[][]")
_LONGEST_FORM = max(map(len, FORMS))


def names(printed: str) -> tuple[str, ...]:
    """All names in a name cell, in the order printed, each once; brackets come out half-width."""
    text = printed.translate(_FULL_WIDTH).strip()
    found: dict[str, None] = {}
    for part in outside_brackets(text, "、"):
        for name in _stacked(part):
            for written in _variants(name):
                found.update(dict.fromkeys(_of_one(written)))
    return tuple(found)


def outside_brackets(text: str, separators: str) -> list[str]:
    """`text` split at `separators` that no bracket encloses; full-width brackets count like plain ones."""
    parts, start, depth = [], 0, 0
    for at, character in enumerate(text.translate(_FULL_WIDTH)):
        depth += (character in _OPEN) - (character in _CLOSE)
        if character in separators and depth <= 0:
            parts.append(text[start:at])
            start = at + 1
    return [part.strip() for part in [*parts, text[start:]] if part.strip()]


def groups(text: str) -> tuple[str, list[str], str]:
    """(text before the first bracket, contents of the bracket groups that follow at once, what is left)."""
    plain = text.translate(_FULL_WIDTH)
    start = next((at for at, character in enumerate(plain) if character in _OPEN), len(text))
    found: list[str] = []
    at = start
    while at < len(text) and plain[at] in _OPEN:
        depth = 0
        for end in range(at, len(text)):
            depth += (plain[end] in _OPEN) - (plain[end] in _CLOSE)
            if depth == 0:
                break
        else:
            return text[:start], found, text[at:]
        found.append(text[at + 1 : end].strip())
        at = end + 1
    return text[:start], found, text[at:]


def _stacked(text: str) -> list[str]:
    """Names printed one below the other in one cell, whose lines have been joined: each begins with the same stem."""
    stem = _stem(text)
    if not stem:
        return [text]
    starts = [0] + [at for at in _occurrences(text, stem) if at > 0]
    return [text[start:end] for start, end in zip(starts, [*starts[1:], len(text)], strict=True)]


def _stem(text: str) -> str:
    """The longest beginning of `text` that begins again outside brackets; "" when none does."""
    for length in range(len(text) // 2, 1, -1):
        stem = text[:length]
        if length == 2 and not text.startswith(stem * 2):
            break
        if stem == "注射用" or _occurrences(text, stem) == []:
            continue
        return _NOT_CHINESE_END.sub("", stem)
    return ""


def _occurrences(text: str, stem: str) -> list[int]:
    """Where `stem` begins again: outside brackets, not after `/` (a pack of two products), 注射用 before it with it."""
    found, depth = [], 0
    for at, character in enumerate(text):
        depth += (character in _OPEN) - (character in _CLOSE)
        if at >= len(stem) and depth == 0 and text.startswith(stem, at) and text[at - 1] != "/":
            found.append(at - 3 if text.endswith("注射用", 0, at) and at - 3 >= len(stem) else at)
    return found


def _variants(name: str) -> Iterator[str]:
    """雷公藤多苷[甙]片: two ways to write a character. 卡络磺钠(肾上腺色腙)氯化钠: two names for a beginning."""
    before, inside, after = groups(name)
    if not after or len(inside) != 1 or not before:
        yield name
    elif len(inside[0]) == 1 and "\u4e00" <= inside[0] <= "\u9fff":
        yield before + after
        yield before[:-1] + inside[0] + after
    elif _AN_ALTERNATIVE.fullmatch(inside[0]):
        yield before + after
        yield inside[0] + after
    else:
        yield name


def _of_one(name: str) -> list[str]:
    """The names in one name with the bracket groups at its end."""
    base, inside, after = groups(name)
    if after or not base:
        return [name]
    found = [base]
    for content in inside:
        items = content.split("、")
        if all(item in FORMS for item in items):
            found += [_without_form(base) + item for item in items]
        elif _SAID_ABOUT.match(content):
            continue
        elif _WHICH.fullmatch(content):
            bracket = f"[{content}]" if f"[{content}]" in name else f"({content})"
            found = [each + bracket for each in found]
        else:
            found.append(_ALSO.sub("", content))
    return found


def _without_form(name: str) -> str:
    """感冒清热颗粒 -> 感冒清热; a name that does not end in a form stays."""
    for length in range(min(_LONGEST_FORM, len(name) - 1), 0, -1):
        if name[-length:] in FORMS:
            return name[:-length]
    return name
