"""The overview, the leads, and what is done with one."""

from django.urls import path

from prices.views.console import lead_steps, leads, overview

urlpatterns = [
    path("console/<str:adcode>", overview.overview, name="console"),
    path("console/<str:adcode>/leads", leads.leads, name="console-leads"),
    path("console/<str:adcode>/leads/<int:pk>", leads.lead, name="console-lead"),
    path("console/<str:adcode>/leads/<int:pk>/replay", lead_steps.replayed, name="console-replay"),
    path("console/<str:adcode>/leads/<int:pk>/dismiss", lead_steps.dismiss, name="console-dismiss"),
]
