"""Spreadsheets at the desk, and a chain's head office."""

from django.urls import URLPattern, path

from prices.views.staff import chain, chain_runs, uploads


def pages(place: str, kind: str) -> list[URLPattern]:
    """The pages that spreadsheets have at the desk of a pharmacy and of a chain."""
    verbs = [
        path(f"{place}/uploads/<int:pk>/{verb}", uploads.act, {"verb": verb}, name=f"{kind}-upload-{verb}")
        for verb in uploads.VERBS
    ]
    return [
        path(f"{place}/uploads", uploads.listed, name=f"{kind}-uploads"),
        path(f"{place}/uploads/<int:pk>", uploads.upload, name=f"{kind}-upload"),
        *verbs,
        path(f"{place}/uploads/<int:pk>/not-taken.<str:kind>", uploads.file, name=f"{kind}-upload-file"),
        path(f"{place}/uploads/<int:pk>/rejections.csv", uploads.refused, name=f"{kind}-upload-refused"),
    ]


urlpatterns = [
    *pages("desk/<str:code>", "desk"),
    path("desk/<str:code>/uploads/unchanged", uploads.unchanged, name="desk-unchanged"),
    path("desk/<str:code>/uploads/prices.<str:kind>", uploads.sheet, name="desk-sheet"),
    *pages("chain/<int:chain>", "chain"),
    path("chain/<int:chain>", chain.home, name="chain"),
    path("chain/<int:chain>/prices", chain.prices, name="chain-prices"),
    path("chain/<int:chain>/prices/<str:drug>", chain.price, name="chain-price"),
    path("chain/<int:chain>/prices/<str:drug>/withdraw", chain.withdraw, name="chain-withdraw"),
    path("chain/<int:chain>/runs", chain_runs.runs, name="chain-runs"),
    path("chain/<int:chain>/runs/<int:pk>", chain_runs.run, name="chain-run"),
    path("chain/<int:chain>/shops", chain.shops, name="chain-shops"),
    path("chain/<int:chain>/shops/numbers.<str:kind>", chain.store_sheet, name="chain-store-sheet"),
]
