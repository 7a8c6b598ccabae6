"""What the complete endpoint is measured beside: an empty view behind the same middleware, and a bare DRF view around the
nearest query. Only `prices.bench.wsgi` serves these addresses, never the product."""

from importlib import import_module

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils import timezone
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.models import Drug
from pharmacies.geo import Wgs84
from prices.search.plans import ask, parameters
from prices.search.questions import Coverage, Filters, Target, Where
from prices.search.survey import survey

SHOWN = ("code", "name", "address", "lng", "lat", "price_fen", "stock", "as_of", "stale", "distance")


def empty(request: HttpRequest) -> HttpResponse:
    return HttpResponse(b"{}", content_type="application/json")


@api_view(["GET"])
def bare(request: Request) -> Response:
    """The least that gives the nearest offers as JSON: nothing is checked, nothing is worded."""
    asked = request.query_params
    drug = Drug.objects.using(settings.SEARCH_DATABASE).select_related("preparation").get(code=asked["drug"])
    target = Target.of_drug(drug)
    where = Where(Wgs84(float(asked["lng"]), float(asked["lat"])), float(asked["radius_m"]))
    at, filters = timezone.now(), Filters()
    found = survey([drug.pk], where, filters, timezone.localdate(at))
    question = parameters(
        target, Coverage(target.drugs), where, found, sort="nearest", filters=filters, at=at, rows=20, after=None
    )
    return Response([{name: getattr(row, name) for name in SHOWN} for row in ask("nearest_walk", question)])


# By its name, as settings name it: what stands above is not imported, and addresses with languages cannot be included.
product = import_module("config.urls").urlpatterns
urlpatterns = [path("bench/empty", empty), path("bench/bare", bare), *product]
