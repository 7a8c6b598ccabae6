"""The pharmacy desk: prices, tokens, standing, the shop."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
