"""Binding a phone (绑定动态码), and the recovery codes that are printed then."""

import segno
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from pharmacies.accounts import keys, people, recovery, totp
from pharmacies.accounts.factors import Verdict, second_factor
from pharmacies.models import User
from prices.views.staff import refusals, sessions
from prices.views.staff.accounts import form_page, guessed_right, knows_password, too_many, verdict_words, wait_words
from prices.views.staff.forms import AnotherPhoneForm, CodeForm
from prices.views.staff.guard import open_to_all, signed_in

SEED = "enrolling"
"""In the session until the phone has shown a right code: the seed, which without the SECRET_KEY is no secret."""


def qr(text: str) -> SafeString:
    """A QR code as SVG, dark on white in any colour scheme."""
    drawn = segno.make(text, error="m").svg_inline(scale=5, border=3, light="#fff", omitsize=True)
    return mark_safe(drawn)  # noqa: S308  segno draws squares; the text is in none of its attributes


@sensitive_post_parameters("code")
@form_page
@open_to_all
def enrol(request: HttpRequest) -> HttpResponse:
    """At the first log-in, before anything else; later from one's account, to bind another phone."""
    at = timezone.now()
    goal = refusals.safe_next(request, request.POST.get("next") or request.GET.get("next"))
    user, entering = _who(request)
    if user is None:
        return redirect(refusals.login_address(request))
    seed = request.session.setdefault(SEED, keys.new_seed())
    request.session.modified = True
    form = CodeForm(request.POST or None) if entering else AnotherPhoneForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and (entering or knows_password(request, user, form)):
        verdict = totp.enrol(user=user, seed=seed, code=form.cleaned_data["code"], at=at)
        if verdict is Verdict.RIGHT:
            return _enrolled(request, user, entering, goal)
        form.add_error("code", verdict_words(verdict))
    uri = totp.uri(seed, user.username)
    context = {"form": form, "next": goal, "qr": qr(uri), "uri": uri, "key": totp.spelled(seed), "entering": entering}
    return render(request, "staff/enrol.html", context)


def _who(request: HttpRequest) -> tuple[User | None, bool]:
    """Whose phone it will be, and whether they are just coming in. Who has one already must have shown it."""
    at = timezone.now()
    if sessions.is_in(request, at=at) and isinstance(request.user, User):
        return request.user, False
    waiting = sessions.waiting(request, at=at)
    return (waiting, True) if waiting and not second_factor().enrolled(waiting) else (None, True)


def _enrolled(request: HttpRequest, user: User, entering: bool, goal: str) -> HttpResponse:
    at = timezone.now()
    del request.session[SEED]
    codes = recovery.renew(user=user, at=at)
    if entering:
        sessions.complete(request, user, factor=second_factor().name, at=at)
    else:
        people.end_sessions(user=user)  # those that the old phone opened
        sessions.keep(request, user)
    unfinished = refusals.unfinished(request)
    context = {"codes": codes, "next": reverse("staff:resume") if unfinished else goal, "at": at}
    return render(request, "staff/codes.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def recovery_codes(request: HttpRequest) -> HttpResponse:
    """How many are left; new ones for who shows the phone (or asks right after a recovery)."""
    at, user = timezone.now(), sessions.person(request)
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if wait := too_many(request, user):
            form.add_error(None, wait_words(wait))
        elif (verdict := second_factor().verify(user, form.cleaned_data["code"], at=at)) is Verdict.RIGHT:
            guessed_right(request, user)
            return render(request, "staff/codes.html", {"codes": recovery.renew(user=user, at=at), "at": at})
        else:
            form.add_error("code", verdict_words(verdict))
    context = {"form": form, "left": recovery.left(user), "recovered": request.session[sessions.FACTOR] == "recovery"}
    return render(request, "staff/recovery_codes.html", context)
