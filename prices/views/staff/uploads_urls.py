"""Spreadsheets at the desk, and a chain's head office."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
