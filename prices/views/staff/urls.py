"""Every address of those who log in, part by part."""

from django.urls import include, path

app_name = "staff"
urlpatterns = [
    path("", include("prices.views.staff.accounts_urls")),
    path("", include("prices.views.staff.people_urls")),
    path("", include("prices.views.staff.desk_urls")),
    path("", include("prices.views.staff.uploads_urls")),
    path("", include("prices.views.console.urls")),
]
