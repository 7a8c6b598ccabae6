"""How much of a request is read at all. The check of a form's CSRF mark reads its body before the view is asked, files too,
and writes them to the disk: without a limit anybody could fill it through the log-in page.
"""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext

OF_A_SHEET = 3
"""× the largest sheet: what is somewhat too large is read to its end and refused in words, where it was chosen."""


class LimitedBody:
    """Refuses what is larger than any form of this person can be. Stands before the CSRF check; views that are exempt
    from that one read their bodies themselves, and have limits of their own."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Callable[..., Any], *args: Any) -> HttpResponse | None:
        size = size_of(request)
        if size <= settings.DATA_UPLOAD_MAX_MEMORY_SIZE or getattr(view, "csrf_exempt", False):
            return None
        if request.user.is_authenticated and size <= OF_A_SHEET * settings.SHEET_MAX_BYTES:
            return None
        words = gettext("发送的内容太大，没有收下。")
        return HttpResponse(words, status=413, content_type="text/plain; charset=utf-8")


def size_of(request: HttpRequest) -> int:
    """Bytes of the body as the request says; no more of it is ever read."""
    said = request.META.get("CONTENT_LENGTH") or "0"
    return int(said) if said.isascii() and said.isdecimal() else 0
