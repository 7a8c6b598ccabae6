"""我的药单: the page, its lines by name, and where to buy them.

The list is kept by the browser alone. It comes in the body of two POSTs that read and keep nothing, and so does the
position: no address, log or cookie ever holds either.
"""

import json
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from rest_framework.exceptions import ValidationError

from prices.api.baskets import BasketBody, answer_json
from prices.search.middles import middle_of
from prices.search.statements import SearchTimeout
from prices.views import words
from prices.views.choice import DEFAULT_TRAVEL, Option, travel_options
from prices.views.pages import last_report, page
from prices.views.places import Places
from prices.views.shopping import Item, in_catalogue, items_of, lines_of, plans_of

RADII = (3_000, 5_000, 10_000, 20_000, 50_000)
DEFAULT_RADIUS = 5_000
MAX_BODY = 20_000
"""Bytes: twenty lines take two thousand."""

Asked = dict[str, Any]
Fragment = Callable[[HttpRequest, Asked], HttpResponse]


@page
def basket(request: HttpRequest) -> HttpResponse:
    said = gettext("%(distance)s内")
    radii = [
        Option(str(metres), said % {"distance": words.radius(metres)}, metres == DEFAULT_RADIUS) for metres in RADII
    ]
    context = {
        "places": Places.on(timezone.localdate()),
        "radii": radii,
        "travels": travel_options(DEFAULT_TRAVEL),
        "as_of": last_report(),
    }
    return render(request, "citizen/basket.html", context)


def fragment(view: Fragment) -> Callable[[HttpRequest], HttpResponse]:
    """A part of the page asked for with a JSON object; what went wrong is said in the same place, as the API says it.

    Exempt from the check of a CSRF token: it changes nothing and knows nobody, and the token would need a cookie.
    """

    @csrf_exempt
    @require_POST
    @cache_control(private=True, no_store=True)
    @wraps(view)
    def answered(request: HttpRequest) -> HttpResponse:
        try:
            return view(request, _body(request))
        except ValidationError as problem:
            return _refused(request, _first(problem.detail), 400)
        except (SearchTimeout, OperationalError):
            busy = _refused(request, gettext("系统正忙，没能在时限内查完：请稍后再试，或缩小范围。"), 503)
            busy["Retry-After"] = "5"
            return busy

    return answered


@fragment
def lines(request: HttpRequest, asked: Asked) -> HttpResponse:
    """The lines by name, with their quantities to change; what no longer exists says so."""
    return render(request, "citizen/_basket_lines.html", {"lines": lines_of(_items(asked))})


@fragment
def plan(request: HttpRequest, asked: Asked) -> HttpResponse:
    """Where to buy it all: with one stop and with two. The body is that of the API's `baskets`, or has a `region`
    (code) instead of `lat` and `lng`.
    """
    at = timezone.now()
    started = _start(asked, at)
    known, gone = in_catalogue(lines_of(_items(asked)))
    answer: Asked = {"plans": [], "unsold": []}
    if known:
        body = BasketBody(data=asked | {"items": [line.item.asked for line in known]})
        body.is_valid(raise_exception=True)
        answer = answer_json(dict(body.validated_data), at)
    context = {
        "plans": plans_of(answer, known, gone),
        "started": started,
        "radius_m": asked.get("radius_m"),
        "at": at,
    }
    return render(request, "citizen/_plan.html", context)


def _start(asked: Asked, at: datetime) -> str:
    """Put the middle of a named region in its place; its name, or nothing for who gave a position."""
    code = str(asked.pop("region", "") or "")
    if not code:
        return ""
    region = Places.on(timezone.localdate(at)).named(code)
    middle = middle_of(region.id) if region else None
    if region is None or middle is None:
        raise ValidationError({"region": [gettext("这个区县没有药店的位置：请换一个区县，或使用您的位置。")]})
    asked |= {"lat": middle.lat, "lng": middle.lng}
    return region.name


def _items(asked: Asked) -> list[Item]:
    found = items_of(asked.get("items"))
    if found is None:
        raise ValidationError({"items": [gettext("药单无法读取：请清空后重新加入。")]})
    return found


def _body(request: HttpRequest) -> Asked:
    try:
        read = json.loads(request.body) if len(request.body) <= MAX_BODY else None
    except (ValueError, RecursionError):
        read = None
    if not isinstance(read, dict):
        raise ValidationError({"items": [gettext("药单无法读取：请清空后重新加入。")]})
    return read


def _first(detail: Any) -> str:
    """The first message, whatever shape the framework gave it."""
    while isinstance(detail, dict | list | tuple) and detail:
        detail = next(iter(detail.values() if isinstance(detail, dict) else detail))
    return str(detail)


def _refused(request: HttpRequest, why: str, status: int) -> HttpResponse:
    return render(request, "citizen/_basket_refused.html", {"why": why}, status=status)
