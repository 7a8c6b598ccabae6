"""The REST API, version 1. No trailing slashes but for `schema/` and `docs/`; the other form of a GET is redirected."""

from django.urls import path, re_path, register_converter
from django.urls.converters import StringConverter

from prices.api import baskets, docs, history, private, public
from prices.api.errors import unknown_address


class CodeConverter(StringConverter):
    """A drug's or institution's code."""

    regex = "[0-9A-Za-z]{1,30}"


register_converter(CodeConverter, "code")

app_name = "api"
urlpatterns = [
    path("drugs", public.drugs, name="drugs"),
    path("drugs/<code:code>", public.drug, name="drug"),
    path("drugs/<code:code>/history", history.history, name="drug-history"),
    path("preparations", public.preparations, name="preparations"),
    path("preparations/<int:pk>", public.preparation, name="preparation"),
    path("offers", public.offers, name="offers"),
    path("baskets", baskets.baskets, name="baskets"),
    path("pharmacies", public.pharmacies, name="pharmacies"),
    path("pharmacies/<code:code>", public.pharmacy, name="pharmacy"),
    path("pharmacies/<code:code>/offers", public.pharmacy_offers, name="pharmacy-offers"),
    path("status", public.status, name="status"),
    path("feeds/<slug:slug>/runs", private.push, name="push"),
    path("feeds/<slug:slug>/sandbox", private.sandbox, name="sandbox"),
    path("runs/<int:pk>", private.run, name="run"),
    path("runs/<int:pk>/rejections.csv", private.rejections, name="rejections"),
    path("schema/", docs.schema, name="schema"),
    path("docs/", docs.viewer, name="docs"),
    re_path(r"^(?P<path>(?s:.*))$", unknown_address),
]
