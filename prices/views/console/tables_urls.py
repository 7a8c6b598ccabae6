"""报送, 集采, 双通道, the past, and frozen months."""

from django.urls import URLPattern, path

from prices.views.console import access_gaps, as_of, brief, compliance, freezes, late, passthrough

urlpatterns: list[URLPattern] = [
    path("console/<str:adcode>/late", late.late, name="console-late"),
    path("console/<str:adcode>/compliance", compliance.compliance, name="console-compliance"),
    path("console/<str:adcode>/access", access_gaps.access_gaps, name="console-access"),
    path("console/<str:adcode>/passthrough", passthrough.passthrough, name="console-passthrough"),
    path("console/<str:adcode>/passthrough/<int:pk>", passthrough.landing, name="console-landing"),
    path("console/<str:adcode>/as-of", as_of.as_of, name="console-as-of"),
    path("console/<str:adcode>/freezes", freezes.freezes, name="console-freezes"),
    path("console/<str:adcode>/freezes/asked/<int:pk>", freezes.freezing, name="console-freezing"),
    path("console/<str:adcode>/freezes/<int:pk>", freezes.frozen, name="console-freeze"),
    path("console/<str:adcode>/report.docx", brief.brief, name="console-brief"),
]
