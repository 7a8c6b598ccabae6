"""Browsing: lists in force, classes of the catalogue, and their preparations with the lowest price of each.

Nothing here needs a position or a name: it is for who does not know how the drug is spelled.
"""

from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext

from catalog import browse as catalogue
from catalog.editions import current
from catalog.models import Category, DrugList, Edition, Preparation
from prices.views import badges, words
from prices.views.pages import last_report, page, text_of
from prices.views.rows import rows
from prices.views.sentences import name

PAGE = 30
LAST_PAGE = 400


@dataclass(frozen=True, slots=True)
class Shelf:
    """What a page of preparations is about: our title or the data's name, what it means, its source, and the way back."""

    title: str = ""
    name: str = ""
    """What the data call it: a class, a disease of the list."""
    words: str = ""
    source: tuple[str, ...] = ()
    notes: tuple[tuple[str, str, bool], ...] = ()
    """(label, address, chosen)"""
    up_url: str = ""
    up_label: str = ""


@page
def index(request: HttpRequest) -> HttpResponse:
    """Lists by kind, then main classes. Three queries and the age of the data."""
    on = timezone.localdate()
    edition = current(on)
    by_kind = {kind: list(found) for kind, found in groupby(_kinds(on), key=lambda row: row.kind)}
    kinds = [
        {"label": str(badges.LISTS[kind][0]), "words": str(badges.LISTS[kind][1]), "lists": by_kind[kind]}
        for kind in catalogue.SHOWN_KINDS
        if kind in by_kind
    ]
    context = {
        "kinds": kinds,
        "tendered": catalogue.tendered(on).exists(),
        "edition": edition,
        "groups": list(catalogue.groups(edition)) if edition else [],
        "as_of": last_report(),
    }
    return render(request, "citizen/browse.html", context)


@page
def drug_list(request: HttpRequest, pk: int) -> HttpResponse:
    """The preparations of one list, as it holds today."""
    on = timezone.localdate()
    found = get_object_or_404(catalogue.lists(on), pk=pk)
    label, meaning = badges.LISTS[DrugList.Kind(found.kind)]
    said = catalogue.notes(found, on)
    note = text_of(request, "note") if text_of(request, "note") in said else ""
    choices = [(gettext("全部"), request.path, not note)]
    choices += [(badges.disease(each), f"{request.path}?{urlencode({'note': each})}", each == note) for each in said]
    shelf = Shelf(
        title=f"{label} · {badges.disease(note)}" if note in badges.DISEASES else str(label),
        name="" if note in badges.DISEASES else note,
        words=str(meaning),
        source=(name(found.area.name), name(found.document), words.validity(found.valid)),
        notes=tuple(choices) if said else (),
        up_url=reverse("citizen:browse"),
        up_label=gettext("按名单和分类找药"),
    )
    return _shelf(request, shelf, catalogue.on_list(found, on, note=note), {"note": note} if note else {})


@page
def tendered(request: HttpRequest) -> HttpResponse:
    """Preparations with a 集采中选 product."""
    shelf = Shelf(
        title=gettext("集采中选"),
        words=gettext("国家或省组织集中采购的中选产品。同一种药里不是每个厂家都中选，点进去看是哪一家。"),
        up_url=reverse("citizen:browse"),
        up_label=gettext("按名单和分类找药"),
    )
    return _shelf(request, shelf, catalogue.tendered(timezone.localdate()), {})


@page
def drug_class(request: HttpRequest, code: str) -> HttpResponse:
    """A main class shows its classes; a class shows its preparations."""
    edition = current(timezone.localdate())
    if edition is None:
        raise Http404
    category = get_object_or_404(Category, edition=edition, code=code.upper().replace("\x00", ""))
    if len(category.code) < catalogue.LEAF:
        return _group(request, edition, category)
    group = Category.objects.filter(edition=edition, code=category.code[: catalogue.GROUP]).first()
    up = group.code if group else category.code
    shelf = Shelf(
        name=category.name,
        source=(category.code, name(edition.document)),
        up_url=reverse("citizen:class", args=[up]) if group else reverse("citizen:browse"),
        up_label=name(group.name) if group else gettext("按名单和分类找药"),
    )
    return _shelf(request, shelf, catalogue.in_class(category.code, edition), {})


def _group(request: HttpRequest, edition: Edition, category: Category) -> HttpResponse:
    leaves = list(catalogue.leaves(edition, category.code))
    context = {"category": category, "edition": edition, "leaves": leaves, "as_of": last_report()}
    return render(request, "citizen/browse_class.html", context)


def _shelf(request: HttpRequest, shelf: Shelf, found: Any, query: dict[str, str]) -> HttpResponse:
    """One page of preparations with their lowest prices: three queries."""
    number = _page_number(request)
    first = (number - 1) * PAGE
    preparations: list[Preparation] = list(found[first : first + PAGE + 1])
    if not preparations and number > 1:
        raise Http404
    shown = preparations[:PAGE]
    members = catalogue.members(shown)
    context = {
        "shelf": shelf,
        "preparations": rows([(row, members[row.pk]) for row in shown], at=timezone.now()),
        "number": number,
        "before_url": _address(request.path, query, number - 1) if number > 1 else "",
        "after_url": _address(request.path, query, number + 1) if len(preparations) > PAGE else "",
        "as_of": last_report(),
    }
    return render(request, "citizen/browse_list.html", context)


def _kinds(on: date) -> list[DrugList]:
    return sorted(catalogue.lists(on), key=lambda row: catalogue.SHOWN_KINDS.index(row.kind))


def _page_number(request: HttpRequest) -> int:
    text = request.GET.get("page", "1")
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 0
    if not 1 <= number <= LAST_PAGE:
        raise Http404
    return number


def _address(path: str, query: dict[str, str], number: int) -> str:
    said = urlencode(query | ({"page": str(number)} if number > 1 else {}))
    return f"{path}?{said}" if said else path
