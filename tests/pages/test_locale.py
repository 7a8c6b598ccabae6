"""English is complete: every Chinese message of the pages is translated, and the compiled file is the written one."""

import ast
import gettext
import re
from pathlib import Path

import pytest
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[2]
LOCALE = ROOT / "locale" / "en" / "LC_MESSAGES"
CALLS = {"gettext", "gettext_lazy", "gettext_noop", "ngettext", "pgettext", "pgettext_lazy", "_", "_lazy"}
Key = tuple[str, str]  # context, message id


def compiled() -> dict[object, str]:
    with (LOCALE / "django.mo").open("rb") as file:
        return dict(gettext.GNUTranslations(file)._catalog)  # type: ignore[attr-defined]  # gettext has no public way to its messages


def written() -> dict[object, str]:
    """What django.po says, keyed as gettext keys a catalogue: `context\\x04id`, or (id, plural form)."""
    found: dict[object, str] = {}
    for block in (LOCALE / "django.po").read_text(encoding="utf-8").split("\n\n"):
        parts: dict[str, str] = {}
        field = ""
        for line in block.splitlines():
            match = re.match(r'(?:(msg\w+(?:\[\d\])?) )?(".*")$', line)
            if match:
                field = match[1] or field
                parts[field] = parts.get(field, "") + ast.literal_eval(match[2])
        if "msgid" not in parts:
            continue
        key = f"{parts['msgctxt']}\x04{parts['msgid']}" if "msgctxt" in parts else parts["msgid"]
        if "msgid_plural" in parts:
            found |= {(key, n): parts[f"msgstr[{n}]"] for n in (0, 1)}
        else:
            found[key] = parts["msgstr"]
    return found


SPOKEN = (
    "prices/views/**/*.py",
    "prices/templatetags/*.py",
    "prices/desk/**/*.py",
    "prices/monitoring/**/*.py",
    "prices/models/*.py",  # the names of their choices
    *(f"prices/ingest/{name}.py" for name in ("read", "reasons", "receive", "runs", "stage")),
    "prices/money.py",
    *(
        f"pharmacies/{name}.py"
        for name in ("access", "files", "geo", "hours", "members", "navigation", "shop", "stores")
    ),
    "pharmacies/accounts/*.py",
    "pharmacies/models/*.py",
    "pharmacies/audit/reading.py",
    *(f"catalog/{name}.py" for name in ("cautions", "comparability", "equivalents", "search/__init__")),
)
"""Modules whose words stand on pages."""


def python_messages() -> set[Key]:
    found = set()
    for file in [file for each in SPOKEN for file in ROOT.glob(each)]:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id not in CALLS:
                continue
            said = [str(argument.value) for argument in node.args if isinstance(argument, ast.Constant)]
            if said:  # a word that comes from a variable is a message where it is written
                found.add((said[0], said[1]) if node.func.id.startswith("pgettext") else ("", said[0]))
    return found


def template_messages() -> set[Key]:
    found = set()
    for file in (ROOT / "templates").rglob("*.html"):
        code = templatize(file.read_text(encoding="utf-8"))
        for name, text in re.findall(r"(\w*gettext|\b_)\(((?:[^()]|\([^()]*\))*?[\"'])\s*(?:,\s*count)?\)", code):
            said = [
                ast.literal_eval(each.lstrip("u"))
                for each in re.findall(r"u?'(?:[^'\\]|\\.)*'|u?\"(?:[^\"\\]|\\.)*\"", text)
            ]
            found.add((said[0], said[1]) if name == "pgettext" else ("", said[0]))
    return found


def test_the_compiled_catalogue_equals_the_written_one():
    assert {key: text for key, text in compiled().items() if key} == {k: t for k, t in written().items() if k}


def test_the_templates_are_read_as_they_are_written():
    messages = template_messages()
    assert ("", "使用我的位置") in messages
    assert ("from this price", "起") in messages
    assert ("", "现有 %(pharmacies)s 家药店和医疗机构；最近一次报送：%(as_of)s。") in messages
    assert ("", "%(n)s 个厂家") in messages


@pytest.mark.parametrize("source", [python_messages, template_messages], ids=["views", "templates"])
def test_every_message_of_the_pages_is_translated(source):
    catalogue = compiled()
    keys = {f"{context}\x04{text}" if context else text for context, text in source()}
    assert sorted(key for key in keys if key not in catalogue and (key, 0) not in catalogue) == []


def test_no_translation_is_chinese_and_none_is_left_over():
    used = {f"{c}\x04{t}" if c else t for c, t in python_messages() | template_messages()}
    catalogue = {key: text for key, text in compiled().items() if key}
    said = [re.sub("“[^”]*”", "", text) for text in catalogue.values()]  # what is quoted is to be looked for as it is
    assert [text for text in said if re.search("[\u4e00-\u9fff]", text)] == []
    assert sorted({key[0] if isinstance(key, tuple) else key for key in catalogue} - used) == []


def test_templates_hold_no_chinese_outside_their_messages():
    """A word that is not a message would stay Chinese on the English page."""
    left = {}
    for file in (ROOT / "templates").rglob("*.html"):
        text = re.sub(
            r"{% blocktranslate.*?endblocktranslate %}|{%.*?%}|{#.*?#}",
            "",
            file.read_text(encoding="utf-8"),
            flags=re.S,
        )
        if words := re.findall("[\u3000-\u303f\u4e00-\u9fff]+", text):
            left[file.name] = words
    sticker = left.pop("sticker.html")  # hangs in the window, for citizens, in Chinese whoever prints it
    assert "扫一扫" in sticker
    assert left == {"base.html": ["中文"]}
