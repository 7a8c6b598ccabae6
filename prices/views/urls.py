"""The citizens' pages."""

from django.urls import path

from prices.views import basket, browse, citizen, compare, editions, outlines, pharmacy, report, suggest

app_name = "citizen"
urlpatterns = [
    path("", citizen.home, name="home"),
    path("search", citizen.search, name="search"),
    path("suggest", suggest.suggestions, name="suggest"),
    path("browse", browse.index, name="browse"),
    path("browse/lists/<int:pk>", browse.drug_list, name="list"),
    path("browse/tendered", browse.tendered, name="tendered"),
    path("browse/classes/<str:code>", browse.drug_class, name="class"),
    path("catalogue", editions.editions, name="editions"),
    path("catalogue/changes", editions.changes, name="changes"),
    path("preparations/<int:pk>", compare.preparation, name="preparation"),
    path("drugs/<str:code>", compare.drug, name="drug"),
    path("list", basket.basket, name="basket"),
    path("list/lines", basket.lines, name="basket-lines"),
    path("list/plan", basket.plan, name="basket-plan"),
    path("pharmacies", pharmacy.find_by_name, name="pharmacies"),
    path("pharmacies/<str:code>", pharmacy.pharmacy, name="pharmacy"),
    path("report/<str:code>", report.report, name="report"),
    path("track", report.track, name="track"),
    path("about/prices", citizen.about, name="about"),
    path("map/outlines.geojson", outlines.outlines, name="outlines"),
]
