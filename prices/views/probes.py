"""Probes for operators: process, dependencies, metrics."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
