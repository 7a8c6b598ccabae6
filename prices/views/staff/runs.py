"""What was reported for a pharmacy, delivery by delivery, and what became of it."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from catalog.models import Drug
from pharmacies import access
from pharmacies.access import Action
from pharmacies.models import Pharmacy, User
from prices.desk import edits
from prices.desk.sending import Value
from prices.ingest import reasons
from prices.models import DeskChange, Feed, FeedRun, Rejection, RunPharmacy, Stock
from prices.money import yuan
from prices.views.staff import sessions, signed_in

A_PAGE = 30
REFUSED_SHOWN = 100


def runs_of(pharmacy: Pharmacy) -> QuerySet[Any]:
    """Deliveries that said something about this pharmacy, or came through a feed of its own; newest first."""
    said = RunPharmacy.objects.filter(pharmacy=pharmacy).values("run")
    own = [feed.pk for feed in feeds_of(pharmacy)]
    return FeedRun.objects.filter(Q(pk__in=said) | Q(feed__in=own)).select_related("feed").order_by("-pk")


def feeds_of(pharmacy: Pharmacy) -> list[Feed]:
    """The feeds that speak for this pharmacy and no other: the desk's and those of its tills."""
    reaching = Feed.objects.filter(pharmacies=pharmacy, scope=Feed.Scope.PHARMACIES).values("pk")
    return list(Feed.objects.filter(pk__in=reaching).annotate(shops=Count("pharmacies")).filter(shops=1))


def own_run(pharmacy: Pharmacy, pk: int) -> FeedRun:
    """A delivery that concerns this pharmacy. Raises Http404: others' runs are none of its business."""
    run: FeedRun | None = runs_of(pharmacy).filter(pk=pk).first()
    if run is None and FeedRun.objects.filter(pk=pk, desk_changes__pharmacy_id=pharmacy.pk).exists():
        run = FeedRun.objects.select_related("feed").get(pk=pk)
    if run is None:
        raise Http404
    return run


def named(runs: Iterable[FeedRun]) -> list[tuple[FeedRun, str]]:
    """Each with the name of the person who handed it in; "" of a till, the user name where nobody has it any more."""
    found = list(runs)
    people = User.objects.filter(username__in={run.operator for run in found if run.operator})
    names = {person.username: person.display_name for person in people}
    return [(run, names.get(run.operator, run.operator)) for run in found]


@signed_in
@require_safe
def runs(request: HttpRequest, code: str) -> HttpResponse:
    at = timezone.now()
    pharmacy = access.pharmacy_for(sessions.person(request), Action.SEE, code, at=at)
    page = Paginator(runs_of(pharmacy), A_PAGE).get_page(request.GET.get("page"))
    ids = [run.pk for run in page]
    signed = {row.run_id: row for row in RunPharmacy.objects.filter(pharmacy=pharmacy, run__in=ids)}
    context = {
        "place": pharmacy,
        "at": at,
        "page": page,
        "runs": [(*each, signed.get(each[0].pk)) for each in named(page)],
    }
    return render(request, "desk/runs.html", context)


@signed_in
@require_safe
def run(request: HttpRequest, code: str, pk: int) -> HttpResponse:
    """One delivery: for the page, or for `desk.js` that waits until it is public."""
    at = timezone.now()
    pharmacy = access.pharmacy_for(sessions.person(request), Action.SEE, code, at=at)
    found = own_run(pharmacy, pk)
    results = edits.results(found, pharmacy) if found.feed.desk else []
    if "application/json" in request.headers.get("Accept", ""):
        return JsonResponse(_told(pharmacy, found, results))
    context = {
        "place": pharmacy,
        "at": at,
        "run": found,
        "who": named([found])[0][1],
        "undecided": found.state in FeedRun.IN_FLIGHT,
        "signed": RunPharmacy.objects.filter(pharmacy=pharmacy, run=found).first(),
        "results": _described(results),
        "undoable": any(result.shown and not result.change.undone_in_id for result in results),
        "may_edit": access.may(sessions.person(request), Action.EDIT_PRICES, pharmacy, at=at),
        "refused": _refused(pharmacy, found),
    }
    return render(request, "desk/run.html", context)


def _refused(pharmacy: Pharmacy, run: FeedRun) -> list[dict[str, Any]]:
    """Rows sent back, of this pharmacy or of no known one where the feed is its own."""
    concerned = Q(pharmacy_id=pharmacy.pk)
    return refused_rows(run, concerned | Q(pharmacy_id=None) if run.feed in feeds_of(pharmacy) else concerned)


def refused_rows(run: FeedRun, concerned: Q) -> list[dict[str, Any]]:
    """The first of the rows sent back that are `concerned`, in words."""
    return [
        {
            "line": row.line,
            "raw": "，".join(str(cell) for cell in row.raw.values() if cell),
            "says": reasons.says(row.reasons),
            "advice": reasons.advice(row.reasons),
            "state": row.get_state_display(),
        }
        for row in Rejection.objects.filter(concerned, run=run).order_by("line")[:REFUSED_SHOWN]
    ]


def _told(pharmacy: Pharmacy, run: FeedRun, results: Sequence[edits.Result]) -> dict[str, Any]:
    codes = dict(Drug.objects.filter(pk__in=[each.change.drug_id for each in results]).values_list("pk", "code"))
    return {
        "state": run.state,
        "decided": run.state not in FeedRun.IN_FLIGHT,
        "rows": [
            {
                "code": codes[each.change.drug_id],
                "seen": str(value(each.change) or ""),
                "shown": each.shown,
                "why": each.why,
            }
            for each in results
        ],
        "undo": reverse("staff:desk-undo", args=[pharmacy.code, run.pk]),
    }


def value(change: DeskChange) -> Value | None:
    return None if change.new_fen is None else Value(change.new_fen, Stock(change.new_stock or 0))


def _described(results: Sequence[edits.Result]) -> list[dict[str, Any]]:
    drugs = Drug.objects.select_related("preparation").in_bulk([each.change.drug_id for each in results])
    return [
        {
            "drug": drugs[each.change.drug_id],
            "old": None if each.change.old_fen is None else yuan(each.change.old_fen),
            "new": None if each.change.new_fen is None else yuan(each.change.new_fen),
            "stock": Stock(each.change.new_stock).label if each.change.new_stock is not None else "",
            "result": each,
        }
        for each in results
    ]
