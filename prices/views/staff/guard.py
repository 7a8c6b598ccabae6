"""The door of every staff page: password and second factor, or the way to them. What one may do is `access`'s."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from prices.views.staff import refusals, sessions

View = Callable[..., HttpResponseBase]


def signed_in(view: View) -> View:
    """The view runs for people who are logged in; `request.user` is a `User`. Nobody's cache keeps the answer.

    Others are sent to log in and come back; a script gets 401 and the address of the log-in page; a form that arrives
    after the session ran out is kept and can be sent again after the next log-in (`refusals`).
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        at = timezone.now()
        state = sessions.state(request, at=at)
        if state is not sessions.State.IN:
            return _private(refusals.not_signed_in(request, state))
        sessions.touch(request, at=at)
        refusals.sent_again(request)
        return _private(view(request, *args, **kwargs))

    guarded.signed_in = True  # type: ignore[attr-defined]  # a mark for the table of addresses
    return guarded


def open_to_all(view: View) -> View:
    """A page of the way in, for people who are not logged in yet; it is nobody's cache's business either."""

    @wraps(view)
    def private(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return _private(view(request, *args, **kwargs))

    return private


def _private(response: HttpResponseBase) -> HttpResponseBase:
    response["Cache-Control"] = "no-store"
    return response
