"""What all citizens' pages share: how they are read, how old the data is."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from pharmacies.models import PharmacyToday
from prices.models import FeedRun
from prices.monitoring.reports import observed
from prices.search.statements import SearchTimeout

View = Callable[..., HttpResponse]

MAX_TEXT = 60


def page(view: View) -> View:
    """A page for reading: GET and HEAD; a search over its time limit answers 503 with words, as the API does."""

    @require_safe
    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except (SearchTimeout, OperationalError):  # the time limit, or a database that is away
            answer = render(request, "503.html", status=503)
            answer["Retry-After"] = "60"
            return answer

    return answered


def last_report() -> datetime | None:
    """When the newest published delivery arrived: how old the whole is. Reads a few rows from the key's end. What
    citizens saw is no delivery."""
    newest = FeedRun.objects.filter(state=FeedRun.State.PUBLISHED).exclude(feed__slug=observed.SLUG).order_by("-id")
    return newest.values_list("received_at", flat=True).first()


def ranked_pharmacies() -> int:
    return PharmacyToday.objects.filter(ranked=True).count()


def text_of(request: HttpRequest, name: str) -> str:
    """What somebody typed: trimmed, cut, without the character a database refuses."""
    return _typed(request, name)[:MAX_TEXT].rstrip()


def is_cut(request: HttpRequest, name: str) -> bool:
    """More was typed than `text_of` reads."""
    return len(_typed(request, name)) > MAX_TEXT


def _typed(request: HttpRequest, name: str) -> str:
    return request.GET.get(name, "").replace("\x00", "").strip()
