"""Words for templates: thin filters over `prices.views.words`, and what every page needs from the settings."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django import template
from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext

from prices.ingest.retold import retold
from prices.views import words

register = template.Library()

register.filter("money", words.money)
register.filter("grouped", words.grouped)
register.filter("straight", words.straight)
register.filter("radius", words.radius)
register.filter("age", words.age)
register.filter("stale_words", words.stale)
register.filter("day_words", words.day)
register.filter("minute_words", words.minute)
register.filter("unit_name", words.unit_name)
register.filter("retold", retold)


@register.filter
def price(amount: str | Decimal) -> SafeString:
    """The hero: large figures, a small yuan sign, and words of its own for a screen reader."""
    figures = f"{Decimal(amount):,.2f}"
    before, after = ("", "元") if (get_language() or "").startswith("zh") else ("¥", "")
    return format_html(
        '<span class="price"><span aria-hidden="true">{}{}{}</span><span class="visually-hidden">{}</span></span>',
        format_html("<small>{}</small>", before) if before else "",
        figures,
        format_html("<small>{}</small>", after) if after else "",
        words.spoken(amount),
    )


@register.filter
def per_unit(amount: str | Decimal, unit: str) -> str:
    return words.unit_price(amount, unit)


@register.filter
def brackets_below(label: str) -> SafeString:
    """The label, with a line of its own for what stands in brackets where the style sheet wants one."""
    before, bracket, rest = str(label).partition("(")
    return format_html("{}<br>{}{}", before, bracket, rest) if bracket else format_html("{}", before)


@register.filter
def stock_word(stock: str | None) -> str:
    return str(words.STOCK[stock or "unknown"])


@register.filter
def iso(value: datetime | str) -> str:
    return words.moment(value).isoformat(timespec="seconds")


@register.simple_tag
def demo_notice() -> bool:
    return bool(settings.DEMO_NOTICE)


@register.simple_tag
def map_tiles() -> dict[str, str]:
    """The tile layer of the settings, both empty when there is none."""
    return {"url": settings.MAP_TILE_URL, "notice": settings.MAP_TILE_NOTICE}


@register.simple_tag(takes_context=True)
def other_language(context: dict[str, Any]) -> str:
    """The address of this page in the other language; a page's address never holds a position."""
    request = context.get("request")
    path = request.get_full_path() if request else "/"
    if (get_language() or "").startswith("zh"):
        return f"/en{path}"
    return path.removeprefix("/en") or "/"


@register.simple_tag
def page_language() -> str:
    return "zh-CN" if (get_language() or "").startswith("zh") else "en"


@register.simple_tag
def foreign() -> SafeString:
    """`lang="zh-CN"` for names from the data on a page in another language; nothing on a Chinese page."""
    return SafeString("" if (get_language() or "").startswith("zh") else 'lang="zh-CN"')


@register.simple_tag
def rank_words(rank: int) -> str:
    return gettext("第 %(rank)s") % {"rank": rank}
