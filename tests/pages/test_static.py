"""Style sheets and scripts keep to what old browsers know (Chromium 78), and templates to the strict policy."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "config" / "static"
STYLES = sorted((STATIC / "css").glob("*.css"))
SCRIPTS = sorted((STATIC / "js").glob("*.js"))
TEMPLATES = sorted([*(ROOT / "templates").glob("*.html"), *(ROOT / "templates" / "citizen").glob("*.html")])
TOO_NEW_CSS = (
    r":has\(|:is\(|:where\(|\binset:|aspect-ratio|clamp\(|\bmin\(|\bmax\(|@layer|@container|(?<!grid-)(?<!-)\bgap:"
)
OF_THE_DESK = {
    "desk.css",
    "desk-bars.css",
    "desk-pages.css",
    "uploads.css",
    "console.css",
    "console-charts.css",
    "rules.css",
    "cases.css",
}
"""Only pages of the desk and the console load these: their floor is Chromium 86, which knows gaps between flexible boxes."""
TOO_NEW_JS = r"\?\.(?!\d)|\?\?|replaceAll|\.at\(|Promise\.any|structuredClone|\|\|=|&&="

TOKENS = (STATIC / "css" / "tokens.css").read_text(encoding="utf-8")


@pytest.mark.parametrize("file", STYLES, ids=lambda file: file.name)
def test_styles_use_nothing_newer_than_the_floor(file):
    text = re.sub(r"/\*.*?\*/", "", file.read_text(encoding="utf-8"), flags=re.S)
    found = re.findall(TOO_NEW_CSS, text)
    assert [each for each in found if not (file.name in OF_THE_DESK and each == "gap:")] == []


@pytest.mark.parametrize("file", SCRIPTS, ids=lambda file: file.name)
def test_scripts_use_nothing_newer_than_the_floor(file):
    text = re.sub(r"/\*.*?\*/|//.*", "", file.read_text(encoding="utf-8"), flags=re.S)
    assert re.findall(TOO_NEW_JS, text) == []


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.name)
def test_templates_have_no_inline_style_or_script(file):
    text = file.read_text(encoding="utf-8")
    assert re.findall(r"\sstyle=|<style|\son\w+=|javascript:|<script(?![^>]*\ssrc=)", text) == []
    assert re.findall(r"csrf_token|https?://", text.replace("http://www.w3.org", "")) == []


def luminance(colour: str) -> float:
    channels = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def tokens(scheme: str) -> dict[str, str]:
    light, dark = TOKENS.split("@media (prefers-color-scheme: dark)")
    found = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", light))
    return found | (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", dark)) if scheme == "dark" else {})


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("text", "ground", "least"),
    [
        ("ink", "paper", 7), ("ink", "surface", 7), ("muted", "paper", 5.5), ("muted", "surface", 5.5),
        ("brand", "paper", 5.5), ("brand", "surface", 5.5), ("brand", "brand-soft", 5.5), ("on-brand", "brand", 5.5),
        ("warn", "paper", 5.5), ("warn", "surface", 5.5), ("warn", "warn-soft", 5.5), ("alarm", "alarm-soft", 5.5),
        ("info", "info-soft", 5.5), ("edge", "paper", 3), ("edge", "surface", 3), ("muted", "map-land", 4.5),
    ],
)  # fmt: skip
def test_text_stands_out_from_its_ground(scheme, text, ground, least):
    colours = tokens(scheme)
    assert contrast(colours[text], colours[ground]) >= least
