"""The desk's table: a pharmacy's prices looked at, edited in place, added from the catalogue, taken back.

The table works as a form without JavaScript; with it `desk.js` shows all rows and sends the same fields by itself, and
is answered in JSON.
"""

import json
import uuid
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from catalog import search
from pharmacies import access
from pharmacies.access import Action
from pharmacies.models import Pharmacy
from prices.desk import edits, shelf
from prices.desk.edits import Edit, Judged, Outcome
from prices.models import Offer
from prices.views import words
from prices.views.staff import sessions, signed_in
from prices.views.staff.runs import own_run

FIRST_ROWS = 40
"""Rows of the page itself; a browser with JavaScript fetches the others."""
FOUND = 20
STATUS = {"refused": 422, "warned": 422, "conflict": 409, "unchanged": 200, "received": 202}
FILTERS = ("", "stale", "out", "warned")


def wants_json(request: HttpRequest) -> bool:
    return "application/json" in request.headers.get("Accept", "")


@signed_in
@require_safe
def prices(request: HttpRequest, code: str) -> HttpResponse:
    at = timezone.now()
    pharmacy = access.pharmacy_for(sessions.person(request), Action.SEE, code, at=at)
    rows = shelf.shelf(pharmacy, at=at)
    query, only = request.GET.get("q", "").strip()[:60], request.GET.get("only", "")
    found = shelf.matching(rows, words=search.words_of(query), only=only if only in FILTERS else "")
    page = Paginator(found, FIRST_ROWS).get_page(request.GET.get("page"))
    context = _context(request, pharmacy, at) | {
        "rows": [_shown(row, at) for row in page],
        "page": page,
        "more": urlencode({"q": query, "only": only}),
        "query": query,
        "only": only,
        "counts": shelf.counts(rows),
    }
    return render(request, "desk/prices.html", context)


def _context(request: HttpRequest, pharmacy: Pharmacy, at: datetime) -> dict[str, Any]:
    return {
        "place": pharmacy,
        "at": at,
        "nonce": uuid.uuid4().hex,
        "may_edit": access.may(sessions.person(request), Action.EDIT_PRICES, pharmacy, at=at),
        "designated": edits.is_designated(pharmacy, at=at),
        "stocks": [(word, words.STOCK[word or "unknown"]) for word in ("in", "low", "out", "order", "")],
    }


def _shown(row: shelf.Row, at: datetime) -> dict[str, Any]:
    return {"row": row, "age": _age(row, at), "member": words.member(row.member)}


def _age(row: shelf.Row, at: datetime) -> str:
    return words.stale(row.as_of, at) if row.stale else words.age(row.as_of, at)


@signed_in
@require_safe
def rows(request: HttpRequest, code: str) -> HttpResponse:
    """All rows for `desk.js`: lists in the order of its `FIELDS`."""
    at = timezone.now()
    pharmacy = access.pharmacy_for(sessions.person(request), Action.SEE, code, at=at)
    ages: dict[tuple[date, int], str] = {}
    data = []
    for row in shelf.shelf(pharmacy, at=at):
        day = (timezone.localdate(row.as_of), row.stale)
        if day not in ages:
            ages[day] = _age(row, at)
        said = [
            row.code,
            row.name,
            row.spec,
            row.maker,
            row.terms,
            row.price,
            row.stock,
            ages[day],
            row.stale,
            row.warned,
            words.member(row.member),
        ]
        data.append(said)
    return JsonResponse({"rows": data}, json_dumps_params={"ensure_ascii": False, "separators": (",", ":")})


@signed_in
@require_POST
def edit(request: HttpRequest, code: str) -> HttpResponse:
    at = timezone.now()
    pharmacy = access.pharmacy_for(sessions.person(request), Action.EDIT_PRICES, code, at=at)
    sent = list(_edits(request))
    if not wants_json(request):
        sent = [each for each in sent if each.removed or f"{each.price.strip()}/{each.stock}" != each.seen]
    nonce = request.POST.get("nonce", "")[:64] or uuid.uuid4().hex
    reason = request.POST.get("reason", "")
    outcome = edits.submit(pharmacy, sent, nonce=nonce, by=sessions.person(request), at=at, reason=reason)
    if wants_json(request):
        return JsonResponse(_told(pharmacy, outcome), status=STATUS[outcome.state])
    if outcome.run:
        return redirect("staff:desk-run", code=pharmacy.code, pk=outcome.run.pk)
    context = _context(request, pharmacy, at) | {"outcome": outcome, "reason": reason}
    return render(request, "desk/judged.html", context, status=STATUS[outcome.state])


def _edits(request: HttpRequest) -> Iterable[Edit]:
    """The rows of the form: parallel lists `code`, `price`, `stock`, `seen`; `removed` names codes; empty additions are
    rows that nobody filled in."""
    fields = [request.POST.getlist(name) for name in ("code", "price", "stock", "seen")]
    removed = set(request.POST.getlist("removed"))
    sent = _rows_in_json(request.POST["rows"], removed) if "rows" in request.POST else zip(*fields, strict=False)
    for code, price, stock, seen in sent:
        code = code.strip()[:40]
        if seen or price.strip() or code in removed:
            yield Edit(code, price=price.strip()[:40], stock=stock[:10], seen=seen[:30], removed=code in removed)


def _rows_in_json(text: str, removed: set[str]) -> Iterable[tuple[str, str, str, str]]:
    """A script sends its rows in one field, [code, price, stock, seen, removed] each: a form may not have so many."""
    try:
        rows = json.loads(text)
    except ValueError as error:
        raise BadRequest("rows") from error
    for row in rows if isinstance(rows, list) else ():
        if not (isinstance(row, list) and len(row) == 5 and all(isinstance(cell, str) for cell in row[:4])):
            raise BadRequest("rows")
        if row[4]:
            removed.add(row[0])
        yield row[0], row[1], row[2], row[3]


def _told(pharmacy: Pharmacy, outcome: Outcome) -> dict[str, Any]:
    said: dict[str, Any] = {"state": outcome.state, "message": outcome.message}
    said["rows"] = [_told_row(row) for row in outcome.rows]
    if outcome.run:
        said["run"] = reverse("staff:desk-run", args=[pharmacy.code, outcome.run.pk])
    return said


def _told_row(row: Judged) -> dict[str, Any]:
    return {
        "code": row.edit.code,
        "seen": str(row.current or ""),
        "changes": row.changes,
        "errors": row.errors,
        "conflict": row.conflict if row.changes else "",
        "warnings": [warning.text for warning in row.warnings],
    }


@signed_in
@require_safe
def catalogue(request: HttpRequest, code: str) -> HttpResponse:
    """Products of the catalogue to put on the shelf; those that stand there already say so."""
    at = timezone.now()
    pharmacy = access.pharmacy_for(sessions.person(request), Action.EDIT_PRICES, code, at=at)
    query = request.GET.get("q", "").strip()[:60]
    found = search.drugs(query, limit=FOUND) if query else []
    live = Offer.objects.filter(pharmacy_id=pharmacy.pk, drug_id__in=[drug.pk for drug in found], state=1)
    prices = dict(live.values_list("drug_id", "price_fen"))
    context = _context(request, pharmacy, at) | {
        "query": query,
        "found": [{"drug": drug, "price": prices.get(drug.pk)} for drug in found],
    }
    fragment = "HX-Request" in request.headers
    return render(request, "desk/_catalogue.html" if fragment else "desk/catalogue.html", context)


@signed_in
@require_POST
def undo(request: HttpRequest, code: str, pk: int) -> HttpResponse:
    at = timezone.now()
    pharmacy = access.pharmacy_for(sessions.person(request), Action.EDIT_PRICES, code, at=at)
    run = own_run(pharmacy, pk)
    nonce = request.POST.get("nonce", "")[:64] or f"undo-{pk}"
    outcome = edits.undo(run, pharmacy, nonce=nonce, by=sessions.person(request), at=at)
    if wants_json(request):
        return JsonResponse(_told(pharmacy, outcome), status=STATUS[outcome.state])
    if outcome.message:
        messages.warning(request, outcome.message)
    return redirect("staff:desk-run", code=pharmacy.code, pk=outcome.run.pk if outcome.run else run.pk)
