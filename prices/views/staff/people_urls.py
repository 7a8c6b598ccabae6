"""Who works for a pharmacy, a chain or an area, and the log of what they did."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
