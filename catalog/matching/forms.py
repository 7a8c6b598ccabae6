"""剂型: the words that registered names end in, and the groups that the catalogue prints instead of them.

`GROUPS` is the table of the catalogue's 凡例 (三、名称与剂型, (八)), 2024 edition; a word that the table does not put into
a group fits only a row that prints that very word. Words are written without the closing 剂 (片剂 = 片).
"""

import re
from functools import cache

from catalog.matching.text import plain

_ORAL = (
    *("片", "素片", "肠溶片", "包衣片", "薄膜衣片", "糖衣片", "浸膏片", "划痕片"),
    *("胶囊", "硬胶囊", "软胶囊", "胶丸", "肠溶胶囊", "肠溶软胶囊"),
)
GROUPS: dict[str, tuple[str, ...]] = {
    "口服常释剂型": (*_ORAL, "分散片"),
    "口服常释剂型(不含分散片)": _ORAL,
    "缓释控释剂型": ("缓释片", "缓释包衣片", "控释片", "缓释胶囊", "控释胶囊"),
    "口服液体剂": (
        *("口服溶液", "口服混悬液", "干混悬", "口服乳", "胶浆", "口服液", "乳液", "乳", "胶体溶液", "合"),
        *("酊", "口服滴", "混悬滴", "糖浆", "干糖浆"),
    ),
    "丸剂": ("丸", "滴丸"),
    "颗粒剂": ("颗粒", "肠溶颗粒"),
    "口服散剂": ("口服散", "口服粉"),
    "外用散剂": ("外用散", "外用粉", "撒布", "撒粉"),
    "软膏剂": ("软膏", "乳膏", "霜", "糊", "油膏"),
    "贴剂": ("贴", "贴膏", "膜", "透皮贴"),
    "外用液体剂": ("外用溶液", "洗", "漱口", "含漱液", "胶浆", "搽", "酊", "油"),
    "硬膏剂": ("硬膏", "亲水硬膏"),
    "凝胶剂": ("乳胶", "凝胶"),
    "涂剂": ("涂", "涂膜", "涂布"),
    "栓剂": ("栓", "直肠栓", "阴道栓"),
    "滴眼剂": ("滴眼",),
    "滴耳剂": ("滴耳",),
    "滴鼻剂": ("滴鼻",),
    "吸入剂": (
        *("气雾", "粉雾", "吸入", "吸入粉雾", "干粉吸入", "粉吸入", "雾化溶液", "吸入气雾", "吸入溶液"),
        *("吸入混悬液", "鼻喷雾", "喷雾", "鼻吸入气雾", "雾化液"),
    ),
    "注射剂": ("注射",),
    # Not of the table, but words that rows print and names write otherwise.
    "口服混悬剂": ("口服混悬液",),
    "口服乳剂": ("口服乳",),
    "乳剂": ("乳", "口服乳"),
    "口服粉剂": ("口服粉", "口服散"),
    "散剂": ("口服散", "外用散", "散"),
    "缓控释颗粒剂": ("缓释颗粒", "控释颗粒"),
    "液体剂": ("口服溶液", "口服液", "外用溶液", "溶液"),
    "溶液剂": ("口服溶液", "外用溶液", "溶液"),
    "片剂": ("片", "素片", "包衣片", "薄膜衣片", "糖衣片"),
    "舌下片剂": ("舌下片",),
    "喷雾剂": ("喷雾", "鼻喷雾"),
    "鼻用喷雾剂": ("鼻喷雾",),
    "吸入用溶液剂": ("吸入溶液",),
    "吸入溶液剂": ("吸入溶液",),
    "透皮贴剂": ("透皮贴",),
    "外用冻干制剂": ("外用冻干",),
    "气体剂型": ("气体",),
}

WORDS: dict[str, tuple[str, ...]] = {
    # Several words: which of them is meant the writing leaves open.
    **{word: (word,) for words in GROUPS.values() for word in words},
    **{
        word: (word,)
        for word in (
            *("咀嚼片", "泡腾片", "口腔崩解片", "含片", "舌下片", "颊片", "阴道片", "阴道泡腾片", "阴道软胶囊"),
            *("阴道胶囊", "阴道凝胶", "阴道乳膏", "外用片", "可溶片", "肠溶缓释片", "肠溶缓释胶囊", "双释放肠溶胶囊"),
            *("缓释颗粒", "控释颗粒", "泡腾颗粒", "混悬颗粒", "眼膏", "眼用凝胶", "凝胶贴膏", "巴布膏", "灌肠"),
            *("植入", "冲洗", "醑", "锭", "口溶膜", "口腔贴片", "贴片", "缓释混悬", "膏", "煎膏", "膏药", "酒", "露"),
            *(
                "浓缩丸",
                "水丸",
                "蜜丸",
                "水蜜丸",
                "大蜜丸",
                "小蜜丸",
                "糊丸",
                "微丸",
                "浓缩水丸",
                "浓缩水蜜丸",
                "外用凝胶",
            ),
        )
    },
    "阴道用软胶囊": ("阴道软胶囊",),
    "阴道胶丸": ("阴道软胶囊",),
    "阴道用胶囊": ("阴道胶囊",),
    "溶液": ("口服溶液", "外用溶液", "吸入溶液"),
    "混悬液": ("口服混悬液",),
    "混悬": ("口服混悬液",),
    "散": ("口服散", "外用散"),
    "粉": ("口服粉", "外用粉"),
    "滴": ("口服滴",),
    "膜": ("膜",),
    "口服混悬": ("口服混悬液",),
    "口服混悬滴": ("混悬滴",),
    "口服乳液": ("口服乳",),
    "口服液体": ("口服溶液", "口服液", "口服混悬液"),
    "口服滴液": ("口服滴",),
    "口崩片": ("口腔崩解片",),
    "口含片": ("含片",),
    "润喉片": ("含片",),
    "口含": ("含片",),
    "口腔膜": ("口溶膜",),
    "颗粒冲": ("颗粒",),
    "滴眼液": ("滴眼",),
    "眼用": ("滴眼", "眼膏", "眼用凝胶"),
    "眼药水": ("滴眼",),
    "滴耳液": ("滴耳",),
    "滴鼻液": ("滴鼻",),
    "鼻喷": ("鼻喷雾",),
    "喷鼻": ("鼻喷雾",),
    "鼻用喷雾": ("鼻喷雾",),
    "外用气雾": ("外用气雾",),
    "吸入粉": ("吸入粉雾",),
    "粉雾吸入": ("吸入粉雾",),
    "吸入喷雾": ("喷雾",),
    "吸入用溶液": ("吸入溶液",),
    "雾化吸入溶液": ("吸入溶液",),
    "雾化溶液": ("雾化溶液",),
    "吸入用混悬液": ("吸入混悬液",),
    "雾化混悬液": ("吸入混悬液",),
    "雾化吸入用溶液": ("吸入溶液",),
    "雾化吸入用混悬液": ("吸入混悬液",),
    "吸入用气雾": ("吸入气雾",),
    "药粉": ("口服粉",),
    "贴膏": ("贴膏",),
    "透皮贴片": ("透皮贴",),
    "灌肠液": ("灌肠",),
    "搽液": ("搽",),
    "洗液": ("洗",),
    "含漱": ("含漱液",),
    "漱口液": ("漱口",),
    "药酒": ("酒",),
    "酊水": ("酊",),
    "冻干粉针": ("注射",),
    "粉针": ("注射",),
    "针": ("注射",),
    "无菌粉针": ("注射",),
    "静脉注射针": ("注射",),
    "注射液": ("注射",),
    "注射用溶液": ("注射",),
    "注射用粉": ("注射",),
    "注射用无菌粉末": ("注射",),
    "注射用浓溶液": ("注射",),
    "注射用乳": ("注射",),
    "注射用混悬液": ("注射",),
    "静脉滴注用注射液": ("注射",),
    "静脉输液": ("注射",),
    "输液": ("注射",),
    "乳状注射液": ("注射",),
    "滴注液": ("注射",),
    "口服冻干粉": ("口服冻干粉",),
}
"""A form as written, without 剂 -> the words it may mean."""

PREFIXES: dict[str, tuple[str, ...]] = {
    "注射用": ("注射",),
    "吸入用": ("吸入溶液", "吸入混悬液", "吸入粉雾"),
    "阴道用": ("阴道胶囊", "阴道软胶囊", "阴道片"),
    "口服": ("口服散", "口服粉", "口服溶液"),
}
"""What a name may begin with instead of ending in a form."""

# Never the end of a name by themselves: too short, or the end of a substance too (四环 素片, 正红花 油).
_NOT_A_SUFFIX = frozenset("合乳洗油霜糊贴涂膜粉滴针酒露锭醑膏") | {
    "素片",
    "注射",
    "吸入",
    "冲洗",
    "植入",
    "口含",
    "乳液",
}
_SUFFIXES = sorted(
    {
        suffix
        for word in WORDS
        for suffix in (word, word + "剂")
        if word not in _NOT_A_SUFFIX or (suffix.endswith("剂") and word != "合")
    }
    | {"合剂", "贴膏", "搽剂", "糖浆"},
    key=len,
    reverse=True,
)
_PILLS = frozenset({"浓缩丸", "水丸", "蜜丸", "水蜜丸", "大蜜丸", "小蜜丸", "糊丸", "微丸", "浓缩水丸", "浓缩水蜜丸"})


def split_suffix(name: str) -> tuple[str, tuple[str, ...]]:
    """A plain name without brackets into (rest, words of its form): 缓释片, 注射液 …; no form: (name, ())."""
    for suffix in _SUFFIXES:
        if name.endswith(suffix) and len(name) > len(suffix):
            return name[: -len(suffix)], WORDS[suffix.removesuffix("剂") if suffix not in WORDS else suffix]
    return name, ()


def split_prefix(name: str) -> tuple[str, tuple[str, ...]]:
    """A plain name into (rest, words of its form) where it begins with one: 注射用, 吸入用."""
    for prefix, words in PREFIXES.items():
        if name.startswith(prefix) and len(name) > len(prefix):
            return name[len(prefix) :], words
    return name, ()


@cache
def words_of(form: str) -> tuple[str, ...]:
    """The words that a 注册剂型 may mean: 片剂(薄膜衣) -> 薄膜衣片. Empty when it says nothing that we know."""
    text = plain(form)
    inner = re.search(r"\(([^()]*)\)", text)
    base = re.sub(r"\([^()]*\)", "", text)
    bare = base.removesuffix("型").removesuffix("剂")
    if inner:
        for attempt in (inner[1], inner[1].removesuffix("剂"), inner[1] + bare, inner[1].removesuffix("衣") + bare):
            if attempt in WORDS:
                return WORDS[attempt]
    return WORDS.get(base) or WORDS.get(bare) or ()


@cache
def printed(form: str) -> frozenset[str]:
    """The words that a form printed in the catalogue covers: a group's, else the form itself."""
    text = plain(form)
    return frozenset(GROUPS.get(text) or words_of(text) or (text.removesuffix("剂"),))


def as_pill(name: str) -> str:
    """丸剂 of Chinese patent medicines are 水丸, 蜜丸, 浓缩丸 … alike (凡例 (九)): 红金消结浓缩丸 -> 红金消结丸."""
    for pill in sorted(_PILLS, key=len, reverse=True):
        if name.endswith(pill) and len(name) > len(pill):
            return name[: -len(pill)] + "丸"
    return name


def is_pill(word: str) -> bool:
    """浓缩丸, 水蜜丸 …: kinds of 丸 that names of products put into brackets. 滴丸 is not one."""
    return word in _PILLS
