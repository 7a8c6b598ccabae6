"""The calls anybody may make: no credentials, no cookie, any origin."""

from collections.abc import Callable, Sequence
from dataclasses import astuple
from functools import cache, wraps
from typing import Any

from django.conf import settings
from django.http import Http404, HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from catalog import search as catalog_search
from catalog.insurance import classes
from catalog.models import Drug, Preparation
from pharmacies.codes import normal_code
from pharmacies.models import Region
from prices.api import answers, cursors
from prices.api.inputs import OffersQuery, PharmaciesQuery, Query, TextQuery
from prices.api.serializers import (
    drug_detail_json,
    offer_json,
    origin_json,
    pharmacy_detail_json,
    preparation_json,
)
from prices.api.status import status_json
from prices.search import pharmacies as pharmacy_search
from prices.search.offers import find
from prices.search.questions import Filters, Place, Target, Where

PLACE = (cursors.flag, cursors.number, cursors.whole, cursors.text, cursors.text, cursors.place, cursors.place)
MAX_OFFSET = 2_000
"""Nobody reads so far; a list is refined by typing more."""

View = Callable[..., Response]


def public(view: View) -> Callable[..., HttpResponseBase]:
    """A GET that any site may make; an answer about a position is kept by nobody."""

    @wraps(view)
    def answered(request: Request, *args: Any, **kwargs: Any) -> Response:
        response = view(request, *args, **kwargs)
        response["Access-Control-Allow-Origin"] = "*"
        if "lat" in request.query_params:
            response["Cache-Control"] = "private, no-store"
        return response

    return api_view(["GET", "HEAD"])(answered)


def understood(serializer: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    """The parameters, checked. Raises `ValidationError`."""
    return dict(_reader(serializer).run_validation(request.query_params))


@cache
def _reader(serializer: type[serializers.Serializer[Any]]) -> serializers.Serializer[Any]:
    """One for all requests: making its fields takes longer than reading a question, and reading leaves no trace in them."""
    reader = serializer()
    reader.fields  # noqa: B018  made now, by one thread
    return reader


def page(results: Sequence[Any], next_url: str | None) -> dict[str, Any]:
    return {"results": list(results), "next": next_url}


# -- what -------------------------------------------------------------------------------------------------------------


def _offset(asked: dict[str, Any]) -> int:
    (offset,) = cursors.decode(asked["cursor"], lambda value: cursors.place(value) and value <= MAX_OFFSET) or (0,)
    return int(offset)


def _searched(request: Request, ask: Callable[..., list[Any]]) -> tuple[list[Any], str | None]:
    """A page of a text search and the address of the next."""
    asked = understood(TextQuery, request)
    offset, limit = _offset(asked), asked["limit"]
    found = ask(asked["q"], limit=limit + 1, offset=offset)
    more = len(found) > limit and offset + limit <= MAX_OFFSET
    return found[:limit], cursors.next_url(request, [offset + limit] if more else None)


@extend_schema(
    operation_id="list_drugs",
    tags=["drugs"],
    summary="找药品",
    parameters=[TextQuery],
    auth=[],
    responses={200: answers.Drugs, **answers.refusals(400, 503)},
)
@public
def drugs(request: Request) -> Response:
    found, next_url = _searched(request, catalog_search.drugs)
    insured = classes(found, timezone.localdate())
    return Response(page([drug_detail_json(drug, insured.get(drug.pk)) for drug in found], next_url))


@extend_schema(
    operation_id="read_drug",
    tags=["drugs"],
    summary="一个药品",
    auth=[],
    responses={200: answers.DrugDetail, **answers.refusals(404)},
)
@public
def drug(request: Request, code: str) -> Response:
    found = the_drug(code)
    insured = classes([found], timezone.localdate())
    return Response(drug_detail_json(found, insured.get(found.pk)))


@extend_schema(
    operation_id="list_preparations",
    tags=["drugs"],
    summary="找制剂（同名、同剂型、同规格的一组药品）",
    parameters=[TextQuery],
    auth=[],
    responses={200: answers.Preparations, **answers.refusals(400, 503)},
)
@public
def preparations(request: Request) -> Response:
    found, next_url = _searched(request, catalog_search.preparations)
    return Response(page([preparation_json(preparation, members) for preparation, members in found], next_url))


@extend_schema(
    operation_id="read_preparation",
    tags=["drugs"],
    summary="一个制剂",
    auth=[],
    responses={200: answers.Preparation, **answers.refusals(404)},
)
@public
def preparation(request: Request, pk: int) -> Response:
    return Response(preparation_json(*the_preparation(pk)))


def the_drug(code: str) -> Drug:
    """The drug of that code with its preparation. Raises `Http404`."""
    drugs = Drug.objects.using(settings.SEARCH_DATABASE).select_related("preparation")
    try:
        return drugs.get(code=normal_code(code))  # type: ignore[no-any-return]  # django-stubs loses the manager's type
    except Drug.DoesNotExist as error:
        raise Http404(_("没有这个药品代码：请核对国家医保药品代码，或用 drugs?q= 查找")) from error


def the_preparation(pk: int) -> tuple[Preparation, list[Drug]]:
    """The preparation and its drugs by maker and pack. Raises `Http404`."""
    found = Preparation.objects.using(settings.SEARCH_DATABASE).filter(pk=pk).first()
    if found is None:
        raise Http404(_("没有这个制剂编号：请用 preparations?q= 查找"))
    members = list(found.drugs.select_related("preparation").order_by("manufacturer", "pack_count", "code"))
    return found, members


# -- offers -----------------------------------------------------------------------------------------------------------


@extend_schema(
    operation_id="list_offers",
    tags=["offers"],
    summary="一个药品或制剂在各药店的价格",
    parameters=[OffersQuery],
    auth=[],
    responses={200: answers.Offers, **answers.refusals(400, 404, 503)},
)
@public
def offers(request: Request) -> Response:
    asked = understood(OffersQuery, request)
    at = timezone.now()
    where = Where(asked["origin"], asked.get("radius_m"), _region_id(asked.get("region"), at))
    after = cursors.decode(asked["cursor"], *PLACE)
    answer = find(
        _target(asked),
        where,
        sort=asked["sort"],
        at=at,
        filters=Filters(
            per_pharmacy=asked["per_pharmacy"],
            in_stock=asked["in_stock"],
            open_now=asked["open_now"],
            reimbursed_as=asked.get("reimbursed_as"),
            kinds=tuple(asked["institutions"]),
        ),
        limit=asked["limit"],
        after=Place(*after) if after else None,
        quantity=asked["quantity"],
        yuan_per_km=asked["yuan_per_km"],
    )
    ended = astuple(answer.after) if answer.after else None
    next_url = cursors.next_url(request, ended, **(origin_json(answer.origin) or {}))
    results = [offer_json(found, at) for found in answer.results]
    return Response({"origin": origin_json(answer.origin)} | page(results, next_url))


def _target(asked: dict[str, Any]) -> Target:
    if asked["drug"]:
        return Target.of_drug(the_drug(asked["drug"]))
    found, members = the_preparation(asked["preparation"])
    return Target.of_preparation(found, tuple(members))


def _region_id(code: str | None, at: Any) -> int | None:
    """The region of that code today. Raises `ValidationError` for a code that no region has."""
    if code is None:
        return None
    regions = Region.objects.using(settings.SEARCH_DATABASE).valid(timezone.localdate(at))
    found: int | None = regions.filter(code=code).values_list("pk", flat=True).first()
    if found is None:
        raise serializers.ValidationError({"region": [_("没有这个区划代码：请用 6 位代码，见 status 的 regions")]})
    return found


# -- pharmacies -------------------------------------------------------------------------------------------------------


@extend_schema(
    operation_id="list_pharmacies",
    tags=["pharmacies"],
    summary="附近的、范围内的或按名称找药店",
    parameters=[PharmaciesQuery],
    auth=[],
    responses={200: answers.Pharmacies, **answers.refusals(400, 503)},
)
@public
def pharmacies(request: Request) -> Response:
    asked = understood(PharmaciesQuery, request)
    limit, cursor, origin = asked["limit"], asked["cursor"], asked["origin"]
    if asked["bbox"]:
        after = cursors.decode(cursor, cursors.text)
        listing = pharmacy_search.in_box(*asked["bbox"], limit=limit, after=after)
    elif asked["q"]:
        after = cursors.decode(cursor, cursors.place, cursors.number, cursors.text)
        listing = pharmacy_search.named(asked["q"], origin=origin, limit=limit, after=after)
    else:
        after = cursors.decode(cursor, cursors.number, cursors.text)
        listing = pharmacy_search.near(origin, asked["radius_m"], limit=limit, after=after)
    at = timezone.now()
    next_url = cursors.next_url(request, listing.after, **(origin_json(origin) or {}))
    return Response(page([pharmacy_detail_json(listed, at) for listed in listing.results], next_url))


def the_pharmacy(code: str) -> pharmacy_search.Listed:
    """The pharmacy of that code, whatever its status. Raises `Http404`."""
    found = pharmacy_search.by_code(code)
    if found is None:
        raise Http404(_("没有这个机构代码：请核对，或用 pharmacies?q= 查找"))
    return found


@extend_schema(
    operation_id="read_pharmacy",
    tags=["pharmacies"],
    summary="一家药店",
    auth=[],
    responses={200: answers.PharmacyDetail, **answers.refusals(404)},
)
@public
def pharmacy(request: Request, code: str) -> Response:
    return Response(pharmacy_detail_json(the_pharmacy(code), timezone.now()))


@extend_schema(
    operation_id="list_pharmacy_offers",
    tags=["pharmacies"],
    summary="一家药店的价格，按药名",
    parameters=[Query],
    auth=[],
    responses={200: answers.Shelf, **answers.refusals(400, 404, 503)},
)
@public
def pharmacy_offers(request: Request, code: str) -> Response:
    asked = understood(Query, request)
    after = cursors.decode(asked["cursor"], cursors.text, cursors.text)
    at = timezone.now()
    found, ended = pharmacy_search.shelf(the_pharmacy(code), at=at, limit=asked["limit"], after=after)
    return Response(page([offer_json(each, at) for each in found], cursors.next_url(request, ended)))


@extend_schema(
    operation_id="read_status",
    tags=["status"],
    summary="有多少数据，有多新",
    auth=[],
    responses={200: answers.Status, **answers.refusals(503)},
)
@public
def status(request: Request) -> Response:
    return Response(status_json(timezone.now()))
