"""Log-in, second factor, recovery, invitations, sessions, and the start page."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
