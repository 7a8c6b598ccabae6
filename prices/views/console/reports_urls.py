"""市民反馈: the queue, one group, its photos."""

from django.urls import URLPattern, path

from prices.views.console import reports

urlpatterns: list[URLPattern] = [
    path("console/<str:adcode>/reports", reports.listed, name="console-reports"),
    path("console/<str:adcode>/reports/<int:pk>", reports.one, name="console-report"),
    path("console/<str:adcode>/reports/<int:pk>/photos/<int:report>", reports.photo, name="console-report-photo"),
]
