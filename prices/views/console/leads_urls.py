from django.urls import path

from prices.views.console import leads, overview

urlpatterns = [
    path("console/<str:adcode>", overview.overview, name="console"),
    path("console/<str:adcode>/leads", leads.leads, name="console-leads"),
    path("console/<str:adcode>/leads/<int:pk>", leads.lead, name="console-lead"),
]
