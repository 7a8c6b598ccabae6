"""The citizens' pages."""

from django.urls import path

from prices.views import citizen, compare, outlines, pharmacy

app_name = "citizen"
urlpatterns = [
    path("", citizen.home, name="home"),
    path("search", citizen.search, name="search"),
    path("preparations/<int:pk>", compare.preparation, name="preparation"),
    path("drugs/<str:code>", compare.drug, name="drug"),
    path("pharmacies", pharmacy.find_by_name, name="pharmacies"),
    path("pharmacies/<str:code>", pharmacy.pharmacy, name="pharmacy"),
    path("about/prices", citizen.about, name="about"),
    path("map/outlines.geojson", outlines.outlines, name="outlines"),
]
