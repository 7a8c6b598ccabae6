"""Every address of the console, part by part."""

from django.urls import include, path

urlpatterns = [
    path("", include("prices.views.console.leads_urls")),
    path("", include("prices.views.console.figures_urls")),
    path("", include("prices.views.console.tables_urls")),
    path("", include("prices.views.console.rules_urls")),
    path("", include("prices.views.console.cases_urls")),
    path("", include("prices.views.console.reports_urls")),
]
