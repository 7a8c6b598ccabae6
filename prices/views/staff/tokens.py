"""Tokens for tills: made, shown once, renewed, ended; and a place to try a delivery out."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from pharmacies import access
from pharmacies.access import Action
from pharmacies.models import Chain, Pharmacy
from prices.desk import sandbox, tills
from prices.ingest.receive import Refused
from prices.models import Feed, FeedRun
from prices.models.feeds import Mode
from prices.views.staff import sessions, signed_in

JSONL = (".jsonl", ".ndjson")


Place = Pharmacy | Chain


def _place(request: HttpRequest, where: dict[str, Any]) -> Place:
    """The pharmacy of `code` or the chain of `chain`, whose tokens this person manages."""
    person, at = sessions.person(request), timezone.now()
    if "chain" in where:
        return access.chain_for(person, Action.MANAGE_TOKENS, where["chain"], at=at)
    return access.pharmacy_for(person, Action.MANAGE_TOKENS, where["code"], at=at)


def _till(request: HttpRequest, slug: str, where: dict[str, Any]) -> tuple[Place, Feed]:
    """That place, and the till of its own."""
    place = _place(request, where)
    return place, tills.till_for(place, slug)


def _address(place: Place) -> str:
    if isinstance(place, Chain):
        return reverse("staff:chain-tokens", args=[place.pk])
    return reverse("staff:desk-tokens", args=[place.code])


def _context(request: HttpRequest, place: Place) -> dict[str, Any]:
    feeds = list(tills.tills(place))
    last: dict[int, FeedRun] = {}
    for run in FeedRun.objects.filter(feed__in=feeds).order_by("feed_id", "-pk").distinct("feed_id"):
        last[run.feed_id] = run
    return {
        "place": place,
        "base": _address(place),
        "code": place.code if isinstance(place, Pharmacy) else "",
        "at": timezone.now(),
        "tills": [(feed, last.get(feed.pk)) for feed in feeds],
        "modes": Mode.choices,
        "cadences": [(1, _("每天")), (7, _("每周")), (30, _("每月"))],
        "url": request.build_absolute_uri("/api/v1/feeds/"),
    }


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request: HttpRequest, **where: Any) -> HttpResponse:
    at = timezone.now()
    place = _place(request, where)
    if request.method != "POST":
        return render(request, "desk/tokens.html", _context(request, place))
    days = request.POST.get("cadence", "")
    try:
        feed, token = tills.create(
            place,
            name=request.POST.get("name", ""),
            mode=request.POST.get("mode", ""),
            cadence_days=int(days) if days.isdecimal() and len(days) < 4 else 0,
            by=sessions.person(request),
            at=at,
        )
    except tills.TillProblem as problem:
        context = _context(request, place) | {"problem": str(problem), "typed": request.POST}
        return render(request, "desk/tokens.html", context, status=422)
    return _shown_once(request, place, feed, token)


def _shown_once(request: HttpRequest, place: Place, feed: Feed, token: str) -> HttpResponse:
    """The token stands on this page only: it is stored nowhere, and no address leads back here."""
    context = _context(request, place) | {"issued": feed, "token": token}
    return render(request, "desk/tokens.html", context)


@signed_in
@require_POST
def rotate(request: HttpRequest, slug: str, **where: Any) -> HttpResponse:
    place, feed = _till(request, slug, where)
    token = tills.rotate(place, feed, by=sessions.person(request), at=timezone.now())
    return _shown_once(request, place, feed, token)


@signed_in
@require_POST
def revoke(request: HttpRequest, slug: str, **where: Any) -> HttpResponse:
    place, feed = _till(request, slug, where)
    tills.revoke(place, feed, by=sessions.person(request), at=timezone.now())
    messages.success(request, _("“%(name)s”的令牌已作废，它不能再报送") % {"name": feed.name})
    return redirect(_address(place))


@signed_in
@require_POST
def try_out(request: HttpRequest, slug: str, **where: Any) -> HttpResponse:
    """The sandbox: a file, or rows pasted, judged as that till's; nothing of it is published or kept."""
    place, feed = _till(request, slug, where)
    sent = request.FILES.get("file")
    pasted = request.POST.get("rows", "")[: sandbox.MAX_BYTES]
    context = _context(request, place) | {
        "tried_as": feed,
        "pasted": pasted,
    }
    try:
        if sent is not None and (sent.size or 0) > sandbox.MAX_BYTES:
            raise Refused(
                "too_large", _("试报的文件最多 %(limit)d 字节：请只发几行样例") % {"limit": sandbox.MAX_BYTES}
            )
        name = (sent.name or "").lower() if sent else ""
        data = sent.read() if sent else pasted.encode()
        tried = sandbox.try_delivery(
            feed, data, format="jsonl" if name.endswith(JSONL) else "csv", mode=None, at=timezone.now()
        )
    except Refused as problem:
        return render(request, "desk/tokens.html", context | {"try_problem": str(problem)}, status=422)
    return render(request, "desk/tokens.html", context | {"tried": tried})
