"""Sentences that hold names from the data: on a page in another language the names stay Chinese and say so."""

from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language


def name(text: str) -> SafeString:
    """A name from the data: marked as Chinese on a page in another language."""
    if (get_language() or "").startswith("zh"):
        return conditional_escape(text)
    return format_html('<span lang="zh-CN">{}</span>', text)


def sentence(template: str, **values: str) -> SafeString:
    """`template` is one of ours, translated, with `%(key)s`; values are escaped unless they are names already."""
    return SafeString(template % {key: conditional_escape(value) for key, value in values.items()})
