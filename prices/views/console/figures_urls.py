"""Figures of the console: the map, the way down to pharmacies and products, the index."""

from django.urls import path

from prices.views.console import county_map, drugs, index, pharmacies

urlpatterns = [
    path("console/<str:adcode>/map", county_map.county_map, name="console-map"),
    path("console/<str:adcode>/pharmacies", pharmacies.pharmacies, name="console-pharmacies"),
    path("console/<str:adcode>/pharmacies/<str:code>", pharmacies.pharmacy, name="console-pharmacy"),
    path("console/<str:adcode>/drugs", drugs.drugs, name="console-drugs"),
    path("console/<str:adcode>/drugs/<int:pk>", drugs.preparation, name="console-preparation"),
    path("console/<str:adcode>/drugs/products/<str:code>", drugs.product, name="console-product"),
    path("console/<str:adcode>/index", index.index, name="console-index"),
]
