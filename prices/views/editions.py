"""The catalogue by edition (年版): the one in force beside the next, and what changes from one to another.

Nothing is interpreted: texts are the document's own, and the page says that the comparison is ours.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy

from catalog.editions import Change, current, difference, upcoming
from catalog.models import Edition, Herb, Listing
from prices.views import words
from prices.views.badges import CLASSES
from prices.views.pages import last_report, page
from prices.views.sentences import name

PAGE = 50
KINDS = {
    "new": gettext_lazy("新增"),
    "gone": gettext_lazy("不再列入"),
    "moved": gettext_lazy("所在部分变化"),
    "class": gettext_lazy("甲乙类变化"),
    "restriction": gettext_lazy("限定支付范围变化"),
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What a card says of an edition. `state`: current, next or past."""

    edition: Edition
    state: str
    days: str
    parts: tuple[tuple[str, int], ...]
    """(part of the document, entries: rows of one number are one)"""
    herbs: int

    @property
    def total(self) -> int:
        return sum(many for _name, many in self.parts)


@dataclass(frozen=True, slots=True)
class Filter:
    label: str
    many: int
    url: str
    chosen: bool


@page
def editions(request: HttpRequest) -> HttpResponse:
    """The edition in force and those to come, with what their documents hold; earlier ones by name."""
    on = timezone.localdate()
    now, following = current(on), upcoming(on)
    known = _ready()
    context = {
        "shown": [_facts(edition, on) for edition in [*([now] if now else []), *following]],
        "past": [edition for edition in known if edition != now and edition not in following],
        "comparable": len(known) > 1,
        "as_of": last_report(),
    }
    return render(request, "citizen/editions.html", context)


@page
def changes(request: HttpRequest) -> HttpResponse:
    """What changes between two editions, `from` and `to` a year each; by default the one in force and its neighbour."""
    on = timezone.localdate()
    known = _ready()
    if len(known) < 2:
        return render(request, "citizen/editions_changes.html", {"known": known, "as_of": last_report()})
    before, after = _pair(request, known, on)
    found = difference(before, after).changes
    many: Counter[str] = Counter(change.kind for change in found)
    kind = request.GET.get("kind", "")
    kind = kind if kind in KINDS else ""
    chosen = [change for change in found if not kind or change.kind == kind]
    number = _page_number(request, len(chosen))
    first = (number - 1) * PAGE
    query = {"from": str(before.year), "to": str(after.year)}
    context = {
        "known": known,
        "before": before,
        "after": after,
        "begins": words.day(after.valid.lower) if after.valid.lower > on else "",
        "filters": _filters(request.path, query, kind, many),
        "rows": [_row(change) for change in chosen[first : first + PAGE]],
        "number": number,
        "before_url": _address(request.path, query, kind, number - 1) if number > 1 else "",
        "after_url": _address(request.path, query, kind, number + 1) if first + PAGE < len(chosen) else "",
        "as_of": last_report(),
    }
    return render(request, "citizen/editions_changes.html", context)


def _ready() -> list[Edition]:
    """Editions that may be shown, the oldest first."""
    return list(Edition.objects.filter(state=Edition.State.READY).order_by("valid"))


def _facts(edition: Edition, on: date) -> Facts:
    parts = edition.listings.values_list("section").annotate(many=Count("number", distinct=True))
    by_part = dict(parts.order_by())
    return Facts(
        edition=edition,
        state="current" if edition.valid.lower <= on else "next",
        days=words.validity(edition.valid),
        parts=tuple((label, by_part[part]) for part, label in Listing.Section.choices if part in by_part),
        herbs=Herb.objects.filter(edition=edition).count(),
    )


def _pair(request: HttpRequest, known: list[Edition], on: date) -> tuple[Edition, Edition]:
    """The two editions asked for. 404 when the address names one that is not there, or one twice."""
    by_year = {str(edition.year): edition for edition in known}
    if not request.GET.get("from") and not request.GET.get("to"):
        now = current(on)
        at = known.index(now) if now in known else len(known) - 1
        at = min(at + 1, len(known) - 1)
        return known[at - 1], known[at]
    pair = by_year.get(request.GET.get("from", "")), by_year.get(request.GET.get("to", ""))
    if pair[0] is None or pair[1] is None or pair[0] == pair[1]:
        raise Http404
    return pair[0], pair[1]


def _row(change: Change) -> dict[str, Any]:
    """One change as the page shows it: `was` and `becomes` are words, `texts` are the document's own."""
    was, becomes = change.before, change.after
    row: dict[str, Any] = {"kind": change.kind, "label": str(KINDS[change.kind]), "name": change.name}
    row |= {"form": change.form, "was": "", "becomes": "", "texts": ()}
    if change.kind in ("new", "gone"):
        listing = becomes or was
        if listing is not None:
            where = format_html("{} · {}", _class(listing), _place(listing))
            row["becomes" if change.kind == "new" else "was"] = where
            row["texts"] = ((gettext("限定支付范围"), name(listing.restriction)),) if listing.restriction else ()
    elif was is not None and becomes is not None:
        if change.kind == "moved":
            row["was"], row["becomes"] = _place(was), _place(becomes)
        elif change.kind == "class":
            row["was"], row["becomes"] = _class(was), _class(becomes)
        else:
            row["texts"] = ((gettext("原来"), _restriction(was)), (gettext("改为"), _restriction(becomes)))
    return row


def _class(listing: Listing) -> str:
    return str(CLASSES[listing.ins_class][0])


def _place(listing: Listing) -> SafeString:
    """The part of the document, by the document's own name."""
    return name(listing.get_section_display())


def _restriction(listing: Listing) -> str:
    return name(listing.restriction) if listing.restriction else gettext("没有限定")


def _filters(path: str, query: dict[str, str], kind: str, many: Counter[str]) -> list[Filter]:
    found = [Filter(gettext("全部"), many.total(), _address(path, query, "", 1), not kind)]
    found += [
        Filter(str(label), many[key], _address(path, query, key, 1), key == kind)
        for key, label in KINDS.items()
        if many[key]
    ]
    return found


def _page_number(request: HttpRequest, many: int) -> int:
    text = request.GET.get("page", "1")
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 0
    if number < 1 or (number > 1 and (number - 1) * PAGE >= many):
        raise Http404
    return number


def _address(path: str, query: dict[str, str], kind: str, number: int) -> str:
    said = query | ({"kind": kind} if kind else {}) | ({"page": str(number)} if number > 1 else {})
    return f"{path}?{urlencode(said)}"
