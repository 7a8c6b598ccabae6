from django.urls import path

from prices.views.console import index

urlpatterns = [
    path("console/<str:adcode>/index", index.index, name="console-index"),
]
