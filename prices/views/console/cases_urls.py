"""核查事项: the list, one case, its files."""

from django.urls import URLPattern, path

from prices.views.console import cases, cases_one

urlpatterns: list[URLPattern] = [
    path("console/<str:adcode>/cases", cases.listed, name="console-cases"),
    path("console/<str:adcode>/cases/open", cases.opened, name="console-case-open"),
    path("console/<str:adcode>/cases/<int:pk>", cases_one.one, name="console-case"),
    path("console/<str:adcode>/cases/<int:pk>/letters/<int:document>", cases_one.letter, name="console-case-letter"),
    path("console/<str:adcode>/cases/<int:pk>/evidence.json", cases_one.frozen, name="console-case-evidence"),
]
