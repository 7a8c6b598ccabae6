"""Every address: pages in Chinese at `/` and in English under `/en/`, the API under `/api/v1/`, probes at the root."""

from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path

handler403 = "prices.views.staff.refusals.forbidden"
handler404 = "prices.views.staff.refusals.not_found"
urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/v1/", include("prices.api.urls")),
    path("", include("prices.views.probes")),
    *i18n_patterns(
        path("", include("prices.views.urls")),
        path("", include("prices.views.staff.urls")),
        prefix_default_language=False,
    ),
]
