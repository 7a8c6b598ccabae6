"""Tables of the console: one page of a table, its cells in words, and the files that this person may take."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django import template
from django.core.paginator import Page, Paginator
from django.http import HttpRequest
from django.utils import timezone

from pharmacies import access
from pharmacies.access import Action
from prices.monitoring.tables import Column, Row, Table
from prices.views import words

register = template.Library()

A_PAGE, ALL = 100, 2000
DASH = "—"
TENTH = Decimal("0.1")
UNIT = re.compile(r"(?<=[0-9%]) (?=[\u4e00-\u9fff])")


@dataclass(frozen=True, slots=True)
class Cell:
    column: Column
    text: str
    link: str


@dataclass(frozen=True, slots=True)
class Shown:
    """What the partial lays out; addresses are empty where there is nothing to lead to."""

    table: Table
    rows: list[list[Cell]]
    page: Page[Row]
    before: str
    after: str
    all: str  # the address of the whole table on one page, to copy or print
    files: list[tuple[str, str]]
    as_of: str


@register.simple_tag(takes_context=True)
def shown_table(context: dict[str, Any], table: Table) -> Shown:
    """The page of the table that the address asks for (`?page=` of the table `of`; `?all=` of them on one). Files only for
    whom may take them at `place`."""
    request: HttpRequest = context["request"]
    meant = request.GET.get("of", table.name) == table.name
    a_page = ALL if meant and request.GET.get("all") else A_PAGE
    page = Paginator(table.rows, a_page).get_page(request.GET.get("page") if meant else 1)
    count, of = page.paginator.count, table.name
    place = context.get("place")
    may = place is not None and access.may(request.user, Action.EXPORT, place, at=timezone.now())
    return Shown(
        table=table,
        rows=[[cell_of(row, column) for column in table.columns] for row in page],
        page=page,
        before=_address(request, of=of, page=page.previous_page_number()) if page.has_previous() else "",
        after=_address(request, of=of, page=page.next_page_number()) if page.has_next() else "",
        all=_address(request, of=of, all=1, page=None) if a_page < count <= ALL else "",
        files=[
            (kind.upper(), _address(request, format=kind, table=of, of=None, page=None, all=None))
            for kind in ("csv", "xlsx")
            if may
        ],
        as_of=words.minute(table.on) if isinstance(table.on, datetime) else words.day(table.on),
    )


def _address(request: HttpRequest, **changed: object) -> str:
    """The page's own query with these values; None takes one out."""
    query = request.GET.copy()
    for name, value in changed.items():
        query.pop(name, None)
        if value is not None:
            query[name] = str(value)
    return f"?{query.urlencode()}"


def cell_of(row: Row, column: Column) -> Cell:
    return Cell(column, unbroken(said(row.get(column.key), column)), str(row.get(f"{column.key}_link") or ""))


@register.filter
def unbroken(text: str) -> str:
    """A number and its unit stay on one line: `28 天`."""
    return UNIT.sub("\u00a0", text)


def said(value: Any, column: Column) -> str:
    """The cell in words of the active language; a dash for what is not known."""
    if value is None or value == "":
        return DASH
    if column.kind == "yuan":
        return f"{Decimal(value):,.2f}"
    if column.kind == "percent":
        return f"{(100 * Decimal(str(value))).quantize(TENTH, ROUND_HALF_UP)}%"
    if column.kind == "number":
        return f"{value:,}" if isinstance(value, int | Decimal) else f"{value:,.2f}"
    if isinstance(value, datetime):
        return f"{timezone.localtime(value):%Y-%m-%d %H:%M}"
    return value.isoformat() if isinstance(value, date) else str(value)
