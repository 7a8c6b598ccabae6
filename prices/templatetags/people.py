"""How people are named on a page."""

import re

from django import template

register = template.Library()


@register.filter
def masked(name: str) -> str:
    """A user name that is a telephone or identity number, without its middle: 138****5678."""
    if re.fullmatch(r"\d{11}", name):
        return f"{name[:3]}****{name[-4:]}"
    if re.fullmatch(r"\d{17}[\dXx]", name):
        return f"{name[:6]}********{name[-4:]}"
    return name
