"""`GET drugs/{code}/history`: what the shops of an area asked, day by day."""

import re
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from pharmacies.models import Region
from prices.api import answers, cursors
from prices.api.inputs import Whole, bounded
from prices.api.public import page, public, the_drug, understood
from prices.money import yuan
from prices.statistics import history as statistics

DEFAULT_DAYS, MAX_DAYS = 90, 366
EARLIEST, LATEST = date(2000, 1, 1), date(3000, 1, 1)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Day(serializers.DateField):
    """A date in plain digits, 2026-01-01."""

    default_error_messages = {"invalid": gettext_lazy("应为日期，例如 2026-01-01")}

    def to_internal_value(self, value: Any) -> date:
        if not _DAY.fullmatch(str(value)):
            self.fail("invalid", format="YYYY-MM-DD")
        found: date = super().to_internal_value(value)
        return found


class HistoryQuery(serializers.Serializer[Any]):
    area = serializers.RegexField(
        r"^[0-9A-Za-z]{2,12}$",
        required=False,
        error_messages={"invalid": gettext_lazy("应为区划代码，例如 420106")},
        help_text="区县、市州、省或统筹区的代码；默认全省",
    )
    to = Day(required=False, help_text="最后一天，含；默认今天")
    limit = Whole(**bounded(1, MAX_DAYS, default=MAX_DAYS), help_text="每页天数")
    cursor = serializers.CharField(max_length=600, default="", help_text="上一页 next 地址里的 cursor")

    def get_fields(self) -> dict[str, Any]:
        begin = Day(required=False, help_text="第一天，含；默认 to 之前 89 天")  # `from` is no name in Python
        return {"from": begin} | super().get_fields()

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        today = timezone.localdate(timezone.now())
        data.setdefault("to", today)
        data.setdefault("from", data["to"] - timedelta(days=DEFAULT_DAYS - 1))
        for name in ("from", "to"):
            if data[name] > today:
                raise serializers.ValidationError({name: [_("还没有到这一天：最晚是今天 %(day)s") % {"day": today}]})
            if data[name] < EARLIEST:
                raise serializers.ValidationError({name: [_("太早：最早 %(day)s") % {"day": EARLIEST}]})
        if data["from"] > data["to"]:
            raise serializers.ValidationError({"from": [_("from 不能晚于 to")]})
        return data


@extend_schema(
    operation_id="list_drug_history",
    tags=["drugs"],
    summary="一个药品在一个地区每天的众数价、四分位数和药店数",
    parameters=[HistoryQuery],
    auth=[],
    responses={200: answers.History, **answers.refusals(400, 404, 503)},
)
@public
def history(request: Request, code: str) -> Response:
    found = the_drug(code)
    asked = understood(HistoryQuery, request)
    area = _area(asked.get("area"), asked["to"])
    (start,) = cursors.decode(asked["cursor"], _ordinal) or (asked["from"].toordinal(),)
    first = max(date.fromordinal(start), asked["from"])
    last = min(first + timedelta(days=asked["limit"] - 1), asked["to"])
    days = statistics.daily(found.pk, area.pk, first, last) if area and first <= last else []
    more = [last.toordinal() + 1] if last < asked["to"] else None
    next_url = cursors.next_url(request, more, **{name: asked[name] for name in ("from", "to")})
    return Response(page([day_json(day) for day in days], next_url))


def day_json(day: statistics.Day) -> dict[str, Any]:
    """Money in yuan with 2 decimals; null where there is nothing to say."""
    fen = {
        "mode": day.mode_fen,
        "min": day.min_fen,
        "q1": day.q1_fen,
        "median": day.median_fen,
        "q3": day.q3_fen,
        "max": day.max_fen,
    }
    said = {name: None if value is None else str(yuan(value)) for name, value in fen.items()}
    return {"date": day.on.isoformat(), **said, "count": day.count}


def _ordinal(value: Any) -> bool:
    return cursors.place(value) and EARLIEST.toordinal() <= value <= LATEST.toordinal()


def _area(code: str | None, on: date) -> Region | None:
    """The region of that code on that day, else the newest that ever had it; the province where no code is given, None
    before any is known. Raises `ValidationError` for a code that no region ever had."""
    regions = Region.objects.using(settings.SEARCH_DATABASE)
    regions = regions.filter(code=code) if code else regions.filter(level=Region.Level.PROVINCE)
    found: Region | None = regions.valid(on).order_by("pk").first() or regions.order_by("-valid").first()
    if code and found is None:
        raise serializers.ValidationError({"area": [_("没有这个区划代码：请用 6 位代码，见 status 的 regions")]})
    return found
