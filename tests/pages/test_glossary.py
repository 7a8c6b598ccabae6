"""The words on the screen: no complete label of a badge, button, chip, heading, link or message is one we avoid.

Whole labels are compared, not substrings: 国家谈判药 is a badge, 谈判 is not.
"""

import ast
import re
import unicodedata
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
APPS = ("catalog", "config", "pharmacies", "prices")
CALLS = {"gettext", "gettext_lazy", "ngettext", "ngettext_lazy", "pgettext", "pgettext_lazy", "_", "gettext_noop"}
CHOICES = {"TextChoices", "IntegerChoices"}

AVOIDED = {
    # label avoided: the label instead
    "甲": "医保甲类",
    "甲类药": "医保甲类",
    "乙": "医保乙类",
    "乙类药": "医保乙类",
    "丙类": "目录外",
    "自费药": "目录外",
    "Rx": "处方药",
    "OTC甲": "非处方药(OTC)",
    "OTC乙": "非处方药(OTC)",
    "甲类OTC": "非处方药(OTC)",
    "乙类OTC": "非处方药(OTC)",
    "谈判": "国家谈判药",
    "限制用药": "限定支付范围",
    "集采": "集采中选",
    "进口好药": "原研药 · 通过一致性评价",
    "单独付费": "单独支付药品",
    "官方认证": "医保定点",
    "黑名单": "已暂停医保结算",
    "可理赔": "惠民保特药",
    "现价": "零售价",
    "到手价": "会员价, 预计个人支付",
    "报销后价": "预计个人支付",
    "最小制剂单位价格": "{x} 元/片",
    "省{x}元": "便宜 {x} 元",
    "省了{x}元": "便宜 {x} 元",
    "日均费用": "一个月约 {x} 元",
    "更新时间": "药店申报 · 2天前",
    "过期": "31天未更新",
    "已过期": "31天未更新",
    "in": "有货",
    "low": "少量",
    "out": "缺货",
    "查无结果": "暂无价格",
    "距离": "直线约 1.2 公里",
    "推荐": "最便宜",
    "智能排序": "又近又便宜",
    "已打烊": "休息中",
    "报错": "价格不符",
    "平替": "同药其他厂家／规格",
    "替代药": "同药其他厂家／规格",
    "购物车": "我的药单",
    "老人模式": "长辈版",
    "价格承诺": "比价凭证",
    "喂价": "数据报送",
    "feed": "数据报送",
    "隔离": "待核实(暂不公示)",
    "沉默上报者": "逾期未报送",
    "违规": "价格异动线索",
    "异常药店": "价格异动线索",
    "歧视": "阴阳价格线索",
    "案件": "核查事项",
    "重放": "复算",
    "传导": "中选价落地",
    "审计事件": "操作日志",
}
ON_CARDS_TOO = {"中位数": "多数药店价 {x} 元"}
"""Avoided on a card; a table of statistics may say it."""
CARDS = ("_card.html", "cards.py")


def normal(label: str) -> str:
    """As compared: NFKC, no blanks, every number or variable `{x}`, marks at the ends taken off."""
    text = unicodedata.normalize("NFKC", label)
    text = re.sub(r"%\(\w+\)[sd]|{{.*?}}|{\w*}|\d+(?:\.\d+)?", "{x}", text)
    return re.sub(r"\s+", "", text).strip(":,.;!?。、·•|/-–—→✔✓“”\"'()[]")


NORMAL = {normal(label).lower(): instead for label, instead in AVOIDED.items()}
NORMAL_ON_CARDS = {normal(label).lower(): instead for label, instead in ON_CARDS_TOO.items()}


class Texts(HTMLParser):
    """Every text of an element and every attribute that is shown or read out."""

    SHOWN = ("alt", "aria-label", "content", "placeholder", "title", "value")
    NAMES = ("data-count-of",)  # hold a word of the program

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if ("type", "radio") in attrs:
            attrs = [(name, said) for name, said in attrs if name != "value"]  # its label is beside it
        shown = (name for name, _said in attrs if name in self.SHOWN or name.startswith("data-"))
        said = dict(attrs)
        self.found += [said[name] or "" for name in shown if name not in self.NAMES]

    def handle_data(self, data: str) -> None:
        self.found.append(data)


def template_labels(source: str) -> Iterator[str]:
    """Messages each by itself, and the texts of elements with messages and variables written in."""
    source = re.sub(r"{#.*?#}|{% comment.*?endcomment %}", "", source, flags=re.S)
    for block in re.findall(r"{% blocktranslate.*?%}(.*?){% endblocktranslate %}", source, flags=re.S):
        yield from re.split(r"{% plural %}", block)
    message = r"""{% translate ["'](.*?)["'].*?%}"""
    yield from re.findall(message, source)
    whole = re.sub(r"{% blocktranslate.*?%}(.*?)(?:{% plural %}.*?)?{% endblocktranslate %}", r"\1", source, flags=re.S)
    whole = re.sub(message, r"\1", whole)
    whole = re.sub(r"{{.*?}}", "{x}", whole)
    for between_tags in ("", "\n"):  # {% if %} may stand inside a label, or part two of them
        texts = Texts()
        texts.feed(re.sub(r"{%.*?%}", between_tags, whole))
        for text in texts.found:
            yield text
            yield from re.split(r"\s+·\s+|\n", text)


def python_labels(source: str) -> Iterator[str]:
    """Messages of gettext calls, and the labels of a model's choices."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
            yield from _strings(node.args[1:] if node.func.id.startswith("pgettext") else node.args)
        elif isinstance(node, ast.ClassDef) and any(getattr(base, "attr", "") in CHOICES for base in node.bases):
            values = [line.value for line in node.body if isinstance(line, ast.Assign)]
            yield from _strings(value.elts[-1] for value in values if isinstance(value, ast.Tuple))


def _strings(nodes: object) -> Iterator[str]:
    for node in nodes:  # type: ignore[attr-defined]  # nodes of a parsed template
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def script_labels(source: str) -> Iterator[str]:
    """Texts in Chinese; a script's other strings are names."""
    for text in re.findall(r"""["'`]([^"'`\n]*)["'`]""", source):
        if re.search("[\u4e00-\u9fff]", text):
            yield text


READERS = {".html": template_labels, ".py": python_labels, ".js": script_labels}


def files(root: Path) -> list[Path]:
    found = [*(root / "templates").rglob("*.html"), *(root / "config" / "static" / "js").glob("*.js")]
    for app in APPS:
        found += [file for file in (root / app).rglob("*.py") if "migrations" not in file.parts]
    return sorted(set(found))


def avoided(root: Path) -> list[str]:
    """`file: label (say instead)` for every label of the tree below `root` that is avoided."""
    found = []
    for file in files(root):
        words = NORMAL | NORMAL_ON_CARDS if file.name in CARDS else NORMAL
        for label in READERS[file.suffix](file.read_text(encoding="utf-8")):
            if instead := words.get(normal(label).lower()):
                found.append(f"{file.relative_to(root)}: {label.strip()} ({instead})")
    return sorted(set(found))


def test_no_label_is_one_that_the_glossary_avoids():
    assert avoided(ROOT) == []


@pytest.mark.parametrize(
    ("file", "source", "label"),
    [
        ("templates/x.html", '<button>{% translate "购物车" %}</button>', "购物车"),
        ("templates/x.html", "<h2> 查无结果 </h2>", "查无结果"),
        ("templates/x.html", '<span class="chip">省 {{ amount|money }} 元</span>', "省 {x} 元"),
        ("templates/x.html", "<p>{% blocktranslate %}省 {{ saved }} 元{% endblocktranslate %}</p>", "省 {"),
        ("templates/x.html", '<p>{% blocktranslate count n=n %}{{ n }} 种{% plural %}平替{% endblocktranslate %}</p>', "平替"),
        ("templates/x.html", '<a aria-label="推荐">…</a>', "推荐"),
        ("templates/x.html", "<b>{% if a %}甲{% else %}目录外{% endif %}</b>", "甲"),
        ("templates/x.html", "<li>{% translate '距离' %} · {{ m }}</li>", "距离"),
        ("templates/_card.html", "<dt>中位数</dt>", "中位数"),
        ("prices/views/x.py", 'label = gettext("智能排序")', "智能排序"),
        ("prices/views/x.py", 'said = ngettext("省 %(n)s 元", "省 %(n)s 元", n)', "省 %(n)s 元"),
        ("prices/views/x.py", 'said = pgettext("sort", "推荐")', "推荐"),
        ("catalog/models/x.py", 'class Kind(models.TextChoices):\n    A = "甲", "甲"\n', "甲"),
        ("config/static/js/x.js", 'button.textContent = "报错";', "报错"),
    ],
)  # fmt: skip
def test_an_avoided_label_is_found_wherever_it_is_planted(tmp_path, file, source, label):
    planted = tmp_path / file
    planted.parent.mkdir(parents=True)
    planted.write_text(source, encoding="utf-8")
    found = avoided(tmp_path)
    assert found
    assert all(line.startswith(f"{file}: {label}") for line in found)


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("templates/x.html", "<span>国家谈判药</span><p>按距离从近到远，不推荐任何一家。</p>"),
        ("templates/x.html", "{# 购物车 #}<p class='low'>{{ stock }}</p>"),
        ("templates/stats.html", "<th>中位数</th>"),
        ("prices/views/x.py", 'KIND = "谈判"\nlabel = gettext("限定支付范围")'),
        ("catalog/models/x.py", 'class Kind(models.TextChoices):\n    A = "甲", "医保甲类"\n'),
        ("config/static/js/x.js", 'list.dataset.state = "in";'),
    ],
)
def test_longer_labels_and_names_in_code_are_left_alone(tmp_path, file, source):
    planted = tmp_path / file
    planted.parent.mkdir(parents=True)
    planted.write_text(source, encoding="utf-8")
    assert avoided(tmp_path) == []


def test_the_lint_reads_what_is_on_the_screen():
    """Labels that are there today; a reader that goes blind fails here."""
    templates = {label for file in files(ROOT) if file.suffix == ".html" for label in template_labels(file.read_text())}
    code = {label for file in files(ROOT) if file.suffix == ".py" for label in python_labels(file.read_text())}
    assert {"查价", "长辈版", "导航", "怎么用"} <= templates
    assert {"处方药", "医保甲类", "双通道药品", "有货"} <= code
