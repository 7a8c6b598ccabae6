"""How a name is compared: the forms under which people know it, their pinyin, and the grams an index finds it by.

A generic name is written 盐 + 有效成分 + 剂型 (苯磺酸氨氯地平片); people say the middle. Every name is therefore
kept as *lines*: the whole, the name without its salt, without its dosage form, without both, common old names, and
all of these in pinyin and as initials. What a query is tells how it stands to a line: it is one, begins one, or is held.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from catalog.common_names import COMMON_NAMES
from catalog.pinyin import normal_text, readings
from catalog.traditional import simplified

Kind = Literal["generic", "maker", "trade"]

_HAN = r"\u3007\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff"
_RUN = re.compile(rf"[a-z0-9{_HAN}]+")
_LATIN_RUN = re.compile(r"[a-z0-9]+")

_SALTS = """
苯磺酸 甲磺酸 甲苯磺酸 氢溴酸 重酒石酸 酒石酸 枸橼酸 马来酸 富马酸 琥珀酸 盐酸 硫酸 磷酸 硝酸 醋酸 乙酸 草酸 乳酸 双羟萘酸 丙酸
糠酸 戊酸 脯氨酸 门冬氨酸
"""
METALS = ("二钠", "钠", "钾", "钙", "镁", "锌", "叔丁胺")
USES = ("注射用", "吸入用", "口服用", "外用")
_DOSAGE_FORMS = """
片 缓释片 控释片 肠溶片 分散片 咀嚼片 泡腾片 口崩片 舌下片 含片 颊片 薄膜衣片 阴道片 阴道泡腾片 肠溶缓释片 干混悬剂 胶囊 软胶囊
缓释胶囊 控释胶囊 肠溶胶囊 肠溶软胶囊 阴道软胶囊 颗粒 干糖浆 细粒 散 丸 滴丸 微丸 水蜜丸 大蜜丸 蜜丸 水丸 浓缩丸 口服液 口服溶液
口服混悬液 口服乳 混悬液 混悬剂 糖浆 合剂 酊 酊剂 露 膏 煎膏 注射液 注射剂 粉针 冻干粉 滴眼液 眼膏 眼用凝胶 滴耳液 滴鼻液 鼻喷雾剂
喷雾剂 气雾剂 吸入气雾剂 吸入粉雾剂 粉吸入剂 吸入溶液 雾化溶液 乳膏 软膏 凝胶 凝胶剂 乳胶剂 贴膏 贴片 贴剂 栓 栓剂 搽剂 洗剂 溶液
滴剂 含漱液 涂剂 膜 缓释混悬液 缓释颗粒 肠溶颗粒 泡腾颗粒 吸入混悬液 灌肠液 透皮贴剂
"""
_COMPANY_ENDINGS = """
股份有限公司 有限责任公司 集团有限公司 有限公司 制药厂 药业集团 制药集团 集团 药业 制药 总公司 公司
"""


def _longest_first(words: str) -> tuple[str, ...]:
    return tuple(sorted(words.split(), key=len, reverse=True))


SALTS, DOSAGE_FORMS = _longest_first(_SALTS), _longest_first(_DOSAGE_FORMS)
COMPANY_ENDINGS = tuple(_COMPANY_ENDINGS.split())  # cut off in this order, one after the other

CORE = 2
"""Characters that must be left of a name when its dosage form is cut off."""
SALTLESS = 3
"""… and when its salt is: 硝酸甘油 is no salt of 甘油."""
INITIALS_GRAM, GRAM = 2, 3
MAX_LINE = 60


@dataclass(frozen=True, slots=True)
class NameText:
    """What of a name is stored for comparison. `lines` begins and ends with a line break; `length` is of the core."""

    lines: str
    grams: tuple[str, ...]
    length: int


def folded(text: str) -> str:
    """What queries and names are compared in: NFKC, simplified characters, lower case."""
    return simplified(normal_text(text))


def plain(text: str) -> str:
    """Folded, and only Chinese characters, Latin letters and digits: `硝苯地平缓释片(Ⅱ)` -> `硝苯地平缓释片ii`."""
    return "".join(_RUN.findall(folded(text)))


def is_latin(word: str) -> bool:
    """Whether a plain word can be pinyin or initials."""
    return word.isascii()


def grams_of(word: str) -> list[str]:
    """What a name must hold to hold the plain word: pairs of characters, of pinyin triples; shorter words whole."""
    size = GRAM if is_latin(word) else 2
    return sorted({word[at : at + size] for at in range(max(len(word) - size, 0) + 1)}) if word else []


def forms(name: str, kind: Kind) -> list[str]:
    """The plain forms of a name, the whole one first, its core last: 苯磺酸氨氯地平片 … 氨氯地平."""
    whole = plain(name)
    if kind == "trade" or not whole:
        return [whole] if whole else []
    if kind == "maker":
        return list(dict.fromkeys([whole, _short_maker(whole)]))
    bare = plain(re.sub(r"[(\[].*?[)\]]", "", folded(name))) or whole
    stem = _without_form(bare)
    core = _without_salt(stem, stem)
    found = dict.fromkeys([whole, bare, stem, _without_salt(bare, stem), core])
    old = dict.fromkeys(name for form in found for name in COMMON_NAMES.get(form, ()))
    return [*found, *(name for name in old if name not in found)]


@lru_cache(maxsize=20_000)
def name_text(name: str, kind: Kind) -> NameText:
    """The comparison of a name; equal names give equal texts."""
    written = [form[:MAX_LINE] for form in forms(name, kind)]
    length = min((len(form) for form in written if form in written[0]), default=0)
    # Every maker is a 有限公司: its pinyin would be found in all of them.
    spoken = [readings(form) for form in (written[-1:] if kind == "maker" else written)]
    initials = [line[:MAX_LINE] for each in spoken for line in each.initials]
    full = [line[:MAX_LINE] for each in spoken for line in each.full]
    lines = list(dict.fromkeys([*written, *initials, *full]))
    grams = {part for form in written for part in _parts(form, 1, 2)}
    grams |= {part for line in initials for part in _parts(line, INITIALS_GRAM)}
    latin = {run for line in lines for run in _LATIN_RUN.findall(line)}
    grams |= {part for run in latin for part in _parts(run, GRAM)}
    grams |= {line[:size] for line in lines if line.isascii() for size in (1, 2)}
    return NameText("\n" + "\n".join(lines) + "\n" if lines else "\n", tuple(sorted(grams)), length)


def _parts(text: str, *sizes: int) -> set[str]:
    return {text[at : at + size] for size in sizes for at in range(len(text) - size + 1)}


def _without_form(name: str) -> str:
    ending = next((form for form in DOSAGE_FORMS if name.endswith(form) and len(name) - len(form) >= CORE), "")
    stem = name.removesuffix(ending)
    use = next((use for use in USES if stem.startswith(use)), "")
    return stem.removeprefix(use)


def _without_salt(name: str, stem: str) -> str:
    """`name` without the acid before and the metal after its substance; `stem` is the name without its form."""
    ending = name[len(stem) :] if name.startswith(stem) else ""
    substance = stem
    acid = next((salt for salt in SALTS if substance.startswith(salt)), "")
    if acid and len(substance) - len(acid) >= SALTLESS:
        substance = substance.removeprefix(acid)
    metal = next((metal for metal in METALS if substance.endswith(metal)), "")
    if metal and len(substance) - len(metal) >= SALTLESS:
        substance = substance.removesuffix(metal)
    return substance + ending


def _short_maker(name: str) -> str:
    """北京康远制药有限公司 -> 北京康远; the name itself where too little would be left."""
    short = name
    for ending in COMPANY_ENDINGS:
        if short.endswith(ending) and len(short) - len(ending) >= CORE:
            short = short.removesuffix(ending)
    return short
