"""One's own account: the password, and where one is logged in."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_post_parameters

from pharmacies.accounts import passwords, people
from pharmacies.models import AuditEvent, User
from prices.views.staff import sessions
from prices.views.staff.accounts import form_page, knows_password
from prices.views.staff.forms import ChangePasswordForm
from prices.views.staff.guard import signed_in

LATEST = 10


@sensitive_post_parameters("current", "password", "again")
@form_page
@signed_in
def password(request: HttpRequest) -> HttpResponse:
    """A new password for who knows the old one; it ends all other sessions."""
    at, user = timezone.now(), sessions.person(request)
    form = ChangePasswordForm(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid():
        if not _changed(request, user, form):
            return render(request, "staff/password.html", {"form": form})
        sessions.keep(request, user)
        messages.success(request, gettext("密码已修改，其他设备已退出登录。"))
        return redirect("staff:start")
    return render(request, "staff/password.html", {"form": form, "at": at})


def _changed(request: HttpRequest, user: User, form: ChangePasswordForm) -> bool:
    if not knows_password(request, user, form):
        return False
    try:
        passwords.change(user=user, password=form.cleaned_data["password"], at=timezone.now())
    except ValidationError as error:
        form.add_error("password", error)
        return False
    return True


@form_page
@signed_in
def own_sessions(request: HttpRequest) -> HttpResponse:
    """The latest log-ins, and a button that ends them all, this one too."""
    at, user = timezone.now(), sessions.person(request)
    if request.method == "POST":
        people.log_out_everywhere(user=user, by=user, at=at)
        sessions.leave(request, at=at)
        messages.success(request, gettext("所有设备都已退出登录。"))
        return redirect("staff:login")
    events = AuditEvent.objects.filter(subject="pharmacies.User", subject_id=str(user.pk), action="account.log_in")
    return render(request, "staff/sessions.html", {"events": events.order_by("-id")[:LATEST]})
