"""The pharmacy desk: prices, tokens, standing, the shop."""

from django.urls import URLPattern, path

from prices.views.staff import desk, reports, runs, shop, standing, tokens

urlpatterns: list[URLPattern] = [
    path("desk/<str:code>", desk.prices, name="desk"),
    path("desk/<str:code>/rows", desk.rows, name="desk-rows"),
    path("desk/<str:code>/edits", desk.edit, name="desk-edit"),
    path("desk/<str:code>/catalogue", desk.catalogue, name="desk-catalogue"),
    path("desk/<str:code>/runs", runs.runs, name="desk-runs"),
    path("desk/<str:code>/runs/<int:pk>", runs.run, name="desk-run"),
    path("desk/<str:code>/runs/<int:pk>/undo", desk.undo, name="desk-undo"),
    path("desk/<str:code>/standing", standing.standing, name="desk-standing"),
    path("desk/<str:code>/shop", shop.shop, name="desk-shop"),
    path("desk/<str:code>/sticker", shop.sticker, name="desk-sticker"),
    path("desk/<str:code>/reports", reports.reports, name="desk-reports"),
    path("desk/<str:code>/reports/<int:pk>", reports.report, name="desk-report"),
    path("desk/<str:code>/reports/<int:pk>/documents/<int:reply>", reports.document, name="desk-report-document"),
    *(
        each
        for kind, place in (("desk", "desk/<str:code>"), ("chain", "chain/<int:chain>"))
        for each in (
            path(f"{place}/tokens", tokens.tokens, name=f"{kind}-tokens"),
            path(f"{place}/tokens/<slug:slug>/rotate", tokens.rotate, name=f"{kind}-token-rotate"),
            path(f"{place}/tokens/<slug:slug>/revoke", tokens.revoke, name=f"{kind}-token-revoke"),
            path(f"{place}/tokens/<slug:slug>/try", tokens.try_out, name=f"{kind}-token-try"),
        )
    ),
]
