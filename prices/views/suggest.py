"""Suggestions while somebody types: a fragment of options for the search field's list.

What is typed about an illness is health data: the answer is kept by nobody (no-store), and logs hold no query
(config/logs.py). Without scripts nothing asks for it.
"""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.http import urlencode
from django.utils.translation import gettext, ngettext

from catalog.search import Suggestion, suggest
from prices.views.pages import page, text_of

MOST = 8


@dataclass(frozen=True, slots=True)
class Option:
    """One line of the list: what is shown, and where it leads."""

    name: str
    detail: str
    matched: str
    url: str


@page
def suggestions(request: HttpRequest) -> HttpResponse:
    query = text_of(request, "q")
    found = [_option(row) for row in suggest(query, limit=MOST)] if query else []
    response = render(request, "citizen/_suggestions.html", {"suggestions": found, "said": _said(len(found))})
    patch_cache_control(response, private=True, no_store=True)
    return response


def _option(row: Suggestion) -> Option:
    """The comparison that the suggestion names; a name without one is searched for."""
    if row.preparation_id is not None:
        url = reverse("citizen:preparation", args=[row.preparation_id])
    elif row.drug_code:
        url = reverse("citizen:drug", args=[row.drug_code])
    else:
        url = f"{reverse('citizen:search')}?{urlencode({'q': row.name})}"
    matched = row.matched if row.matched != row.name else ""
    return Option(row.name, row.detail, matched, url)


def _said(many: int) -> str:
    """What a screen reader hears when the list has changed."""
    if not many:
        return gettext("没有建议，可以直接查价")
    return ngettext("%(n)s 条建议，按上下键选择", "%(n)s 条建议，按上下键选择", many) % {"n": many}
