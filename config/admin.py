"""The admin site has no log-in of its own: whoever comes in has passed the second factor at the staff's door."""

from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from prices.views.staff import sessions


class GuardedSite(AdminSite):
    def has_permission(self, request: HttpRequest) -> bool:
        return sessions.is_in(request, at=timezone.now()) and super().has_permission(request)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Called for whoever may not enter; one who is logged in without rights here is told so, not asked again."""
        if self.has_permission(request):
            return redirect("admin:index")
        if sessions.is_in(request, at=timezone.now()):
            raise PermissionDenied
        return redirect_to_login(request.GET.get("next") or "/admin/")

    def password_change(  # type: ignore[override]  # the stubs know of the page only, not of a way elsewhere
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return redirect("staff:password")
