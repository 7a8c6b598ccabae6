"""Who works for a pharmacy, a chain or an area, and the log of what they did."""

from django.urls import URLPattern, path

from prices.views.staff import audit_log, people


def pages(place: str, kind: str) -> list[URLPattern]:
    """The pages that every kind of place has, below the address of the place."""
    return [
        path(f"{place}/people", people.people, name=f"{kind}-people"),
        path(f"{place}/people/<int:pk>", people.person, name=f"{kind}-person"),
        path(f"{place}/people/invitations/<int:pk>/revoke", people.revoke, name=f"{kind}-revoke"),
        path(f"{place}/audit", audit_log.page, name=f"{kind}-audit"),
        path(f"{place}/audit.csv", audit_log.download, name=f"{kind}-audit-file"),
    ]


urlpatterns = [
    *pages("desk/<str:code>", "desk"),
    *pages("chain/<int:chain>", "chain"),
    *pages("console/<str:adcode>", "console"),
]
