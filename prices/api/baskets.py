"""`POST baskets`: where to buy several drugs, at one pharmacy or at two."""

from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from functools import wraps
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.models import Drug, Preparation
from pharmacies.codes import normal_code
from prices.api import answers
from prices.api.inputs import DEFAULT_RADIUS_M, Number, Whole, Yuan, bounded, place_of
from prices.api.serializers import metres_json, origin_json, pharmacy_json
from prices.ingest.receive import Refused
from prices.money import yuan
from prices.search.baskets import MAX_LINES, MAX_QUANTITY, MAX_RADIUS_M, BasketAnswer, BasketPlan, Line, fill
from prices.search.questions import Target, Where

MAX_BYTES = 64 * 1024
"""Twenty lines are 2 kB."""
UNSOLD = {
    "no_products": gettext_lazy("这个制剂下没有可比价的药品"),
    "not_for_retail": gettext_lazy("这种药品不得在零售药店销售"),
    "not_sold": gettext_lazy("这个范围内没有药店在售：请扩大半径，或换一个品规"),
}

# -- what is asked ----------------------------------------------------------------------------------------------------


class Lines(serializers.ListSerializer[Any]):
    """Lines whose mistakes are told with their numbers."""

    default_error_messages = {
        "not_a_list": gettext_lazy("items 应为列表"),
        "min_length": gettext_lazy("药单是空的：请给出 1 到 %(n)d 行") % {"n": MAX_LINES},
        "max_length": gettext_lazy("最多 %(n)d 行：请分成几张药单") % {"n": MAX_LINES},
    }

    def to_internal_value(self, data: Any) -> Any:
        try:
            return super().to_internal_value(data)
        except serializers.ValidationError as error:
            detail: Any = error.detail
            if "non_field_errors" in detail:  # about the list as a whole
                raise serializers.ValidationError(detail["non_field_errors"]) from error
            raise serializers.ValidationError(list(_numbered(detail))) from error


def _numbered(errors: dict[int, Any]) -> Iterable[str]:
    for number, detail in errors.items():
        fields = detail if isinstance(detail, dict) else {"non_field_errors": detail}  # a list: the line is null
        for name, messages in fields.items():
            where = f"items[{number}]" if name == "non_field_errors" else f"items[{number}].{name}"
            yield f"{where}：{messages[0]}"


class Item(serializers.Serializer[Any]):
    """Packs of one drug, or of a preparation whichever of its drugs."""

    drug = serializers.CharField(max_length=30, default="", help_text="国家医保药品代码；与 preparation 二选一")
    preparation = Whole(**bounded(1, 2**31 - 1), required=False, help_text="制剂编号；与 drug 二选一")
    quantity = Whole(**bounded(1, MAX_QUANTITY, default=1), help_text="盒数；制剂的一盒是它多数药品的包装数")

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        if bool(data["drug"]) == ("preparation" in data):
            raise serializers.ValidationError(_("请给出 drug（药品代码）或 preparation（制剂编号）之一"))
        data["drug"] = normal_code(data["drug"])
        return data


class BasketBody(serializers.Serializer[Any]):
    items = Lines(child=Item(), min_length=1, max_length=MAX_LINES, help_text="药单，1 到 20 行；同一药品只写一行")
    lat = Number(help_text="纬度，WGS-84；先舍入到 3 位小数")
    lng = Number(help_text="经度，WGS-84")
    radius_m = Number(**bounded(1, MAX_RADIUS_M, default=DEFAULT_RADIUS_M), help_text="半径（米）")
    max_stops = Whole(**bounded(1, 2, default=2), help_text="最多去几家")
    yuan_per_km = Yuan(**bounded(0, 100, default=Decimal(1)), help_text="每公里路费（元）")

    def validate_items(self, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
        seen: dict[Any, int] = {}
        for number, item in enumerate(items):
            first = seen.setdefault(item["drug"] or item["preparation"], number)
            if first != number:
                raise serializers.ValidationError(
                    _("items[%(first)d] 和 items[%(second)d] 相同：请合成一行，把盒数加起来")
                    % {"first": first, "second": number}
                )
        return items

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        data["origin"] = place_of(data)
        return data


def _understood(request: Request) -> dict[str, Any]:
    """The question, checked. Raises `Refused`, `ParseError` or `ValidationError`."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BYTES:
        raise Refused("too_large", _("内容太大：药单最多 %(n)d 行") % {"n": MAX_LINES})
    try:
        body = BasketBody(data=request.data)
    except RecursionError as error:  # thousands of brackets
        raise exceptions.ParseError from error
    body.is_valid(raise_exception=True)
    return dict(body.validated_data)


def _lines(items: list[dict[str, Any]]) -> list[Line]:
    """The drugs and preparations asked for. Raises `ValidationError` for those that do not exist. At most 3 queries."""
    codes = [item["drug"] for item in items if item["drug"]]
    numbers = [item["preparation"] for item in items if not item["drug"]]
    drugs = Drug.objects.using(settings.SEARCH_DATABASE).select_related("preparation")
    by_code = {drug.code: drug for drug in drugs.filter(code__in=codes)} if codes else {}
    preparations = Preparation.objects.using(settings.SEARCH_DATABASE).in_bulk(numbers) if numbers else {}
    members: dict[int, list[Drug]] = {number: [] for number in preparations}
    for drug in drugs.filter(preparation__in=members) if members else []:
        members[drug.preparation_id].append(drug)
    lines = []
    for number, item in enumerate(items):
        if item["drug"] in by_code:
            target = Target.of_drug(by_code[item["drug"]])
        elif item.get("preparation") in preparations:
            preparation = preparations[item["preparation"]]
            target = Target.of_preparation(preparation, tuple(members[preparation.pk]))
        elif item["drug"]:
            raise _unknown(number, _("没有这个药品代码：请核对国家医保药品代码，或用 drugs?q= 查找"))
        else:
            raise _unknown(number, _("没有这个制剂编号：请用 preparations?q= 查找"))
        lines.append(Line(target, item["quantity"]))
    return lines


def _unknown(number: int, message: str) -> serializers.ValidationError:
    return serializers.ValidationError({"items": [f"items[{number}]：{message}"]})


# -- what is answered -------------------------------------------------------------------------------------------------


def open_to_all(view: Callable[[Request], Response]) -> Callable[..., Any]:
    """A POST that any site may make, without cookies; nobody keeps the answer, since it is about a position."""

    @wraps(view)
    def answered(request: Request) -> Response:
        response = Response(status=204) if request.method == "OPTIONS" else view(request)
        response["Access-Control-Allow-Origin"] = "*"
        response["Access-Control-Allow-Headers"] = "Content-Type"
        response["Cache-Control"] = "private, no-store"
        return response

    return api_view(["POST", "OPTIONS"])(answered)


@extend_schema(
    operation_id="fill_basket",
    tags=["offers"],
    summary="药单：几种药一起买，去一家或两家",
    request=BasketBody,
    auth=[],
    responses={200: answers.Basket, **answers.refusals(400, 413, 415, 503)},
)
@open_to_all
def baskets(request: Request) -> Response:
    return Response(answer_json(_understood(request), timezone.now()))


def answer_json(asked: dict[str, Any], at: datetime) -> dict[str, Any]:
    """The answer to a checked `BasketBody`: the API's, and what the page of the list is drawn from.

    Raises `ValidationError` for a drug that does not exist, `SearchTimeout`.
    """
    answer = fill(
        _lines(asked["items"]),
        Where(asked["origin"], asked["radius_m"]),
        at=at,
        max_stops=asked["max_stops"],
        yuan_per_km=asked["yuan_per_km"],
    )
    return basket_json(answer, at)


def basket_json(answer: BasketAnswer, at: datetime) -> dict[str, Any]:
    return {
        "origin": origin_json(answer.origin),
        "plans": [_plan_json(plan, at) for plan in answer.plans],
        "unsold": [
            {"item": number, "reason": reason, "message": str(UNSOLD[reason])} for number, reason in answer.unsold
        ],
    }


def _plan_json(plan: BasketPlan, at: datetime) -> dict[str, Any]:
    return {
        "stops": [
            {
                "pharmacy": pharmacy_json(stop.shop, at),
                "lines": [
                    {
                        "item": bought.line,
                        "drug": bought.drug.code,
                        "price": str(yuan(bought.price_fen)),
                        "subtotal": str(yuan(bought.subtotal_fen)),
                    }
                    for bought in stop.bought
                ],
            }
            for stop in plan.stops
        ],
        "missing": list(plan.missing),
        "price": str(yuan(plan.price_fen)),
        "distance_m": metres_json(plan.distance_m),
        "total": str(plan.total),
    }
