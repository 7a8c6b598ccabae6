"""The REST API, version 1. No trailing slashes."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
