"""What somebody gets who is not logged in (any more), without losing what they were writing.

A form sent after the session ran out waits **in that session** until the same person has logged in again, and is then
offered for sending (`resume`). A script is told 401 and where to log in, and keeps its page as it is (`staff.js`).
"""

from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.views import defaults

from pharmacies.models import User
from prices.views.staff import sessions
from prices.views.staff.sessions import State

UNFINISHED = "unfinished"
OF_STAFF = ("staff", "desk", "chain", "console")
"""How addresses of people who log in begin."""
LARGEST = 200_000
"""Characters of a form that wait in a session; of files only their names do."""


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A form that came too late: where it goes, what it says, the page it stood on, and the names of the files that have to
    be chosen again."""

    user: int
    path: str
    page: str
    fields: list[list[str]]
    files: list[str] = field(default_factory=list)

    @property
    def said(self) -> list[tuple[str, str]]:
        """What the person had typed or chosen, by the words of the form; what only the form itself needs is left out."""
        words = _field_words()
        return [(words[name], value) for name, value in self.fields if name in words and value.strip()]


def safe_next(request: HttpRequest, address: str | None) -> str:
    """An address of this site to go on to, else the start page: nobody is sent elsewhere by a link."""
    fine = url_has_allowed_host_and_scheme(
        address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return address if address and fine and address.startswith("/") else reverse("staff:start")


def not_signed_in(request: HttpRequest, state: State) -> HttpResponse:
    if state is State.EXPIRED:
        user = request.user
        sessions.expire(request)
        if request.method == "POST" and not by_script(request) and isinstance(user, User):
            _keep(request, user)
    login = login_address(request, expired=state is State.EXPIRED)
    if not by_script(request):
        return redirect(login)
    answer = render(request, "staff/_signed_out.html", {"login": login}, status=401)
    answer["X-Login"] = login
    if request.method in ("GET", "HEAD") and "HX-Request" in request.headers:
        answer["HX-Redirect"] = login  # nothing typed is lost by leaving the page
    return answer


def login_address(request: HttpRequest, *, expired: bool = False) -> str:
    query = {"next": _page(request)} | ({"expired": "1"} if expired else {})
    return f"{reverse(settings.LOGIN_URL)}?{urlencode(query)}"


def by_script(request: HttpRequest) -> bool:
    """Asked for by htmx or fetch: the answer is not a page."""
    headers = request.headers
    asked = "HX-Request" in headers or headers.get("X-Requested-With") == "fetch"
    return asked or "application/json" in headers.get("Accept", "")


def _page(request: HttpRequest) -> str:
    """The page that was being looked at, to come back to; not the address of a fragment or of a form's action."""
    told = request.headers.get("HX-Current-URL") or request.headers.get("Referer") or ""
    try:
        parts = urlsplit(told)
    except ValueError:  # no browser's: an address that is none
        parts = urlsplit("")
    if request.method in ("GET", "HEAD") and not by_script(request):
        return request.get_full_path()
    if parts.path and parts.netloc == request.get_host():
        return parts.path + (f"?{parts.query}" if parts.query else "")
    return reverse("staff:start")


# -- forms that came too late -----------------------------------------------------------------------------------------


def _keep(request: HttpRequest, user: User) -> None:
    """Not so a form with a password in it."""
    if any("password" in name.lower() for name in request.POST):
        return
    fields = [
        [name, value]
        for name, values in request.POST.lists()
        for value in values
        if name != "csrfmiddlewaretoken" and isinstance(value, str)
    ]
    # A browser sends an empty file for a field in which none was chosen; Django leaves it out.
    sent = [file for _name, several in request.FILES.lists() for file in several]
    files = [PurePath(file.name or "").name[:200] for file in sent]
    if (fields or files) and sum(len(name) + len(value) for name, value in fields) <= LARGEST:
        request.session[UNFINISHED] = {
            "user": user.pk,
            "path": request.get_full_path(),
            "page": _page(request),
            "fields": fields,
            "files": files,
        }


def _field_words() -> dict[str, str]:
    """Names of the fields that people fill in, as the forms call them."""
    return {
        "price": gettext("零售价（元）"),
        "stock": gettext("库存"),
        "reason": gettext("理由"),
        "name": gettext("名称"),
        "names": gettext("门店编号"),
        "phone": gettext("电话"),
        "hours": gettext("营业时间"),
        "note": gettext("说明"),
        "text": gettext("回复"),
        "lng": gettext("经度"),
        "lat": gettext("纬度"),
        "first": gettext("从"),
        "last": gettext("到"),
        "on": gettext("执行日期"),
        "rows": gettext("样例"),
        "q": gettext("查找"),
    }


def unfinished(request: HttpRequest) -> Unfinished | None:
    """What this person was sending when their session ran out."""
    found: dict[str, Any] | None = request.session.get(UNFINISHED)
    return Unfinished(**found) if found and found["user"] == request.user.pk else None


def sent_again(request: HttpRequest) -> None:
    """The form that came too late arrives once more, in time: it no longer waits."""
    waits = request.session.get(UNFINISHED)
    if request.method == "POST" and waits and waits["path"] == request.get_full_path():
        forget_unfinished(request)


def forget_unfinished(request: HttpRequest) -> None:
    request.session.pop(UNFINISHED, None)


# -- forms that nobody here sent --------------------------------------------------------------------------------------


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without this site's mark (CSRF): most often one from before the last log-in, in another tab."""
    back = _page(request)
    if by_script(request):
        answer = render(request, "staff/_forged.html", {"back": back}, status=403)
    else:
        answer = render(request, "staff/forged.html", {"back": back}, status=403)
    answer["Cache-Control"] = "no-store"
    return answer


# -- what is not there, or not theirs ---------------------------------------------------------------------------------


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The 404 of every page. Nobody keeps it: tomorrow the same address may be there for somebody.

    Who is logged in is told that the place may be others', and not which; the pages of citizens ask for no session.
    """
    first = request.path.removeprefix("/en").split("/")[1:2]
    if first and first[0] in OF_STAFF and request.user.is_authenticated:
        return _unkept(render(request, "staff/nothing.html", status=404))
    return _unkept(defaults.page_not_found(request, exception))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """For who may see a place but not do this there."""
    return _unkept(defaults.permission_denied(request, exception))


def _unkept(answer: HttpResponse) -> HttpResponse:
    answer["Cache-Control"] = "no-store"
    return answer
