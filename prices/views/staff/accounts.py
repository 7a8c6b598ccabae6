"""Coming in and going out: password, second factor, recovery code; the start page."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import auth, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from pharmacies import access
from pharmacies.accounts import locks, people, recovery
from pharmacies.accounts.factors import Verdict, second_factor
from pharmacies.models import User
from prices.views.staff import refusals, sessions
from prices.views.staff.address import address_of
from prices.views.staff.forms import CodeForm, LogInForm, RecoveryForm, StaffForm
from prices.views.staff.guard import open_to_all, signed_in

form_page = require_http_methods(["GET", "HEAD", "POST"])
WORTH_TELLING = 3
"""Failures before a log-in: fewer are one's own fingers."""


@sensitive_post_parameters("password")
@form_page
@open_to_all
def login(request: HttpRequest) -> HttpResponse:
    """Step one: user name and password."""
    at = timezone.now()
    goal = refusals.safe_next(request, request.POST.get("next") or request.GET.get("next"))
    if sessions.is_in(request, at=at):
        return redirect(goal)
    form = LogInForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        account = people.normal(form.cleaned_data["username"])
        if wait := _too_fast(request, account, at=at):
            form.add_error(None, wait_words(wait))
            return _login_page(request, form, goal, status=429)
        name, password = people.stored_name(account), form.cleaned_data["password"]
        user = auth.authenticate(request, username=name, password=password)
        if isinstance(user, User):
            locks.knocked_right(address=address_of(request))
            tried = locks.succeeded(account=account, address=address_of(request))
            if tried >= WORTH_TELLING:
                words = ngettext(
                    "您登录之前，这里有 %(n)d 次没有成功。", "您登录之前，这里有 %(n)d 次没有成功。", tried
                )
                messages.warning(request, words % {"n": tried})
            return _second_step(request, user, goal)
        locks.tell(username=name, account=account, address=address_of(request), at=at)
        form.add_error(None, gettext("用户名或密码不对。请检查大小写和输入法，再试一次。"))
    return _login_page(request, form, goal)


def _too_fast(request: HttpRequest, account: str, *, at: datetime) -> timedelta:
    """Count one more password: of whatever account from here, and of this one; how long to wait before it is looked at."""
    address = address_of(request)
    if wait := locks.knock(address=address, at=at):
        return wait
    wait = locks.attempt(account=account, address=address, at=at)
    if wait:
        locks.knocked_right(address=address)
    return wait


def _login_page(request: HttpRequest, form: StaffForm, goal: str, status: int = 200) -> HttpResponse:
    context = {"form": form, "next": goal, "expired": "expired" in request.GET}
    return render(request, "staff/login.html", context, status=status)


def _second_step(request: HttpRequest, user: User, goal: str) -> HttpResponse:
    at = timezone.now()
    if not settings.SECOND_FACTOR:
        sessions.complete(request, user, factor=sessions.WITHOUT, at=at)
        return arrived(request, goal)
    sessions.wait(request, user, at=at)
    factor = second_factor()
    page = "staff:code" if factor.enrolled(user) else factor.enrol_page
    return redirect(f"{reverse(page)}?{urlencode({'next': goal})}")


@sensitive_post_parameters("code")
@form_page
@open_to_all
def code(request: HttpRequest) -> HttpResponse:
    """Step two: the code of the second factor."""
    at, factor = timezone.now(), second_factor()
    goal = refusals.safe_next(request, request.POST.get("next") or request.GET.get("next"))
    user = sessions.waiting(request, at=at)
    if user is None:
        return _to_login(request, goal)
    if not factor.enrolled(user):
        return redirect(f"{reverse(factor.enrol_page)}?{urlencode({'next': goal})}")
    form = CodeForm(request.POST or None)
    status = 200
    if request.method != "POST":
        factor.challenge(user, at=at)
    elif form.is_valid():
        if wait := too_many(request, user):
            form.add_error(None, wait_words(wait))
            status = 429
        else:
            verdict = factor.verify(user, form.cleaned_data["code"], at=at)
            if verdict is Verdict.RIGHT:
                return _in(request, user, factor.name, goal)
            guessed_wrong(user)
            form.add_error("code", verdict_words(verdict))
    context = {"form": form, "next": goal, "prompt": factor.prompt(user)}
    return render(request, "staff/code.html", context, status=status)


@sensitive_post_parameters("code")
@form_page
@open_to_all
def recover(request: HttpRequest) -> HttpResponse:
    """Step two without the phone: one of the printed codes."""
    at = timezone.now()
    goal = refusals.safe_next(request, request.POST.get("next") or request.GET.get("next"))
    user = sessions.waiting(request, at=at)
    if user is None:
        return redirect("staff:recovery-codes") if sessions.is_in(request, at=at) else _to_login(request, goal)
    form = RecoveryForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        if wait := too_many(request, user):
            form.add_error(None, wait_words(wait))
            status = 429
        elif recovery.use(user=user, typed=form.cleaned_data["code"], at=at):
            return _in(request, user, "recovery", reverse("staff:recovery-codes"))
        else:
            guessed_wrong(user)
            form.add_error("code", gettext("这个恢复码不对，或者已经用过。每个恢复码只能用一次，请换下一个。"))
    return render(request, "staff/recovery.html", {"form": form, "next": goal}, status=status)


def _to_login(request: HttpRequest, goal: str) -> HttpResponse:
    return redirect(f"{reverse('staff:login')}?{urlencode({'next': goal})}")


def too_many(request: HttpRequest, user: User) -> timedelta:
    """Count one more guess at this person's second factor: from here, and from wherever."""
    at, account = timezone.now(), f"2:{user.username}"
    here = locks.attempt(account=account, address=address_of(request), at=at)
    return here or locks.attempt(account=account, address=locks.ANYWHERE, at=at, policy=locks.CODES_ANYWHERE)


def guessed_wrong(user: User) -> None:
    locks.tell(username=user.username, account=f"2:{user.username}", address=locks.ANYWHERE, at=timezone.now())


def guessed_right(request: HttpRequest, user: User) -> None:
    for address in (address_of(request), locks.ANYWHERE):
        locks.succeeded(account=f"2:{user.username}", address=address)


def knows_password(request: HttpRequest, user: User, form: StaffForm) -> bool:
    """Asked again before the keys of an account change hands: a session may be somebody else's by now."""
    at, account = timezone.now(), f"1:{user.username}"
    if wait := locks.attempt(account=account, address=address_of(request), at=at):
        form.add_error(None, wait_words(wait))
        return False
    if not user.check_password(form.cleaned_data["current"]):
        form.add_error("current", gettext("现在的密码不对。"))
        return False
    locks.succeeded(account=account, address=address_of(request))
    return True


def _in(request: HttpRequest, user: User, factor: str, goal: str) -> HttpResponse:
    guessed_right(request, user)
    sessions.complete(request, user, factor=factor, at=timezone.now())
    return arrived(request, goal)


def arrived(request: HttpRequest, goal: str) -> HttpResponse:
    """Logged in: on to what was asked for, by way of what was left unfinished."""
    if refusals.unfinished(request):
        return redirect("staff:resume")
    refusals.forget_unfinished(request)
    return redirect(goal)


@require_POST
@open_to_all
def logout(request: HttpRequest) -> HttpResponse:
    sessions.leave(request, at=timezone.now())
    return redirect("staff:login")


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def resume(request: HttpRequest) -> HttpResponse:
    """What was being sent when the session ran out: the page's form sends it again, a POST to here drops it."""
    found = refusals.unfinished(request)
    if found is None:
        return redirect("staff:start")
    if request.method == "POST":
        refusals.forget_unfinished(request)
        return redirect(refusals.safe_next(request, found.page))
    return render(request, "staff/resume.html", {"unfinished": found})


@require_GET
@signed_in
def alive(request: HttpRequest) -> HttpResponse:
    """Somebody is typing: `signed_in` has noted it."""
    return HttpResponse(status=204)


@require_http_methods(["GET", "HEAD"])
@signed_in
def start(request: HttpRequest) -> HttpResponse:
    """The places one speaks for."""
    at = timezone.now()
    context: dict[str, Any] = {"places": access.places(request.user, at=at)}
    context["codes_left"] = recovery.left(sessions.person(request)) if settings.SECOND_FACTOR else None
    return render(request, "staff/start.html", context)


# -- words ------------------------------------------------------------------------------------------------------------


def wait_words(wait: timedelta) -> str:
    """How long, and that it concerns this address only."""
    seconds = int(wait.total_seconds()) + 1
    if seconds <= 60:
        return ngettext("试得太快了，请 %(n)d 秒后再试。", "试得太快了，请 %(n)d 秒后再试。", seconds) % {"n": seconds}
    minutes = -(-seconds // 60)
    said = ngettext(
        "错误次数太多，这个账号在这里暂时锁定，%(n)d 分钟后可以再试。换一个网络不受影响；忘了密码请找店长或管理员。",
        "错误次数太多，这个账号在这里暂时锁定，%(n)d 分钟后可以再试。换一个网络不受影响；忘了密码请找店长或管理员。",
        minutes,
    )
    return said % {"n": minutes}


def verdict_words(verdict: Verdict) -> str:
    return {
        Verdict.WRONG: gettext("动态码不对。请看手机上现在显示的 6 位数字。"),
        Verdict.REUSED: gettext("这个动态码刚才已经用过。请等手机上换出下一个，最多 30 秒。"),
        Verdict.LATE: gettext(
            "这个动态码不是现在的：可能输得晚了，也可能手机时间不准。请输入现在显示的数字；还不行，请把手机时间设为自动。"
        ),
    }[verdict]
