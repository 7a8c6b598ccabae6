"""The slip (邀请单) and what one does with it: join a place, or come back into one's account."""

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from pharmacies.accounts import invitations
from pharmacies.accounts.invitations import Refusal, Unusable
from pharmacies.models import Invitation, User
from prices.views.staff import refusals, sessions
from prices.views.staff.accounts import arrived, form_page
from prices.views.staff.enrol import qr
from prices.views.staff.forms import NewAccountForm, NewPasswordForm
from prices.views.staff.guard import open_to_all, signed_in


def link(request: HttpRequest, invitation: Invitation) -> str:
    return request.build_absolute_uri(reverse("staff:invitation", args=[invitations.token(invitation)]))


@require_http_methods(["GET", "HEAD"])
@signed_in
def slip(request: HttpRequest, pk: int) -> HttpResponse:
    """The slip to hand over or print, for those who may invite there; until it is used."""
    at = timezone.now()
    found = Invitation.objects.select_related("pharmacy", "chain", "area", "within", "user").filter(pk=pk).first()
    if found is None or not isinstance(request.user, User) or not invitations.may_hand_out(request.user, found, at=at):
        raise Http404
    usable = not found.used_at and not found.revoked_at and found.expires_at > at
    if not usable:
        return render(request, "staff/slip.html", {"invitation": found})
    address = link(request, found)
    token = invitations.token(found)
    return render(request, "staff/slip.html", {"invitation": found, "link": address, "token": token, "qr": qr(address)})


@form_page
@open_to_all
def typed(request: HttpRequest) -> HttpResponse:
    """For a slip without a camera: type what stands on it."""
    if request.method == "POST" and request.POST.get("token", "").strip():
        return redirect("staff:invitation", token=request.POST["token"].strip().replace("/", "")[:60])
    return render(request, "staff/invitation_typed.html")


@sensitive_post_parameters("password", "again")
@form_page
@open_to_all
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """What the slip offers. Looking uses nothing up: chat programs look at every link."""
    try:
        found = invitations.find(token, at=timezone.now())
        if found.kind == Invitation.Kind.RESET:
            return _come_back(request, found)
        if sessions.is_in(request, at=timezone.now()) and isinstance(request.user, User):
            return _join(request, request.user, found)
        return _join_new(request, found)
    except Unusable as error:
        return render(request, "staff/invitation_unusable.html", {"why": refusal_words(error.why)}, status=410)


def _join(request: HttpRequest, user: User, found: Invitation) -> HttpResponse:
    if request.method == "POST":
        invitations.accept(invitation=found, user=user, at=timezone.now())
        messages.success(request, gettext("您已加入 %(place)s。") % {"place": found.place and found.place.name})
        return redirect("staff:start")
    return render(request, "staff/invitation_join.html", {"invitation": found})


def _join_new(request: HttpRequest, found: Invitation) -> HttpResponse:
    form = NewAccountForm(request.POST or None, user=User(), initial={"name": found.name})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            user = invitations.accept_new(
                invitation=found,
                username=data["username"],
                name=data["name"],
                password=data["password"],
                at=timezone.now(),
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return _enter(request, user)
    context = {"invitation": found, "form": form, "login_address": refusals.login_address(request)}
    return render(request, "staff/invitation.html", context)


def _come_back(request: HttpRequest, found: Invitation) -> HttpResponse:
    if found.user is None:
        raise PermissionDenied
    form = NewPasswordForm(request.POST or None, user=found.user)
    if request.method == "POST" and form.is_valid():
        try:
            user = invitations.come_back(invitation=found, password=form.cleaned_data["password"], at=timezone.now())
        except ValidationError as error:
            form.add_error("password", error)
        else:
            return _enter(request, user)
    return render(request, "staff/invitation_back.html", {"invitation": found, "form": form})


def _enter(request: HttpRequest, user: User) -> HttpResponse:
    """A new password is set: on to the phone."""
    at = timezone.now()
    if not settings.SECOND_FACTOR:
        sessions.complete(request, user, factor=sessions.WITHOUT, at=at)
        return arrived(request, reverse("staff:start"))
    request.session.flush()
    sessions.wait(request, user, at=at)
    return redirect("staff:enrol")


def refusal_words(why: Refusal) -> str:
    return {
        Refusal.UNKNOWN: gettext("没有这张邀请单。请核对单子上的 20 个字符，或请发给您的人重新打印。"),
        Refusal.USED: gettext("这张邀请单已经用过。如果是您用的，请直接登录；如果不是，请马上告诉发给您的人。"),
        Refusal.REVOKED: gettext("这张邀请单已被撤回。请找发给您的人问一问。"),
        Refusal.EXPIRED: gettext("这张邀请单已超过 7 天，不能再用。请发给您的人重新开一张。"),
        Refusal.LAPSED: gettext("开这张邀请单的人现在不能再发这样的邀请。请找负责人重新开一张。"),
        Refusal.NOT_YOURS: gettext("这张邀请单不是给这个账号的。"),
        Refusal.MEMBER: gettext("您已经是这里的成员了，角色也一样，不用再加入。"),
    }[why]
