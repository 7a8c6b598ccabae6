"""Feeds push their prices and read what became of them. A token speaks for one feed; strangers get 404."""

import json
from typing import Any, TypedDict

from django.conf import settings
from django.http import Http404, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import api_view, parser_classes
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from prices.api import answers
from prices.api.errors import TokenMissing
from prices.api.inputs import RunBody, RunQuery
from prices.desk.sandbox import told, try_delivery
from prices.ingest.outcome import counts, rejections_csv
from prices.ingest.receive import Refused, receive
from prices.ingest.tokens import feed_for, used
from prices.models import Feed, FeedRun

MAX_JSON_BYTES = 32 * 1024 * 1024
"""Rows in JSON are held in memory several times over; more belongs into a file."""
MAX_KEY = 150


def authorised_feed(request: Request) -> Feed:
    """The feed whose token the request carries. Raises `TokenMissing` (401) without one, `Http404` for a wrong one."""
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    if not token.strip():
        raise TokenMissing
    feed = feed_for(token.strip()) if scheme.lower() == "bearer" else None
    if feed is None:
        raise Http404
    used(feed, at=timezone.now())
    return feed


def authorised_run(request: Request, pk: int) -> FeedRun:
    """The run of that number, if it is the feed's own."""
    run: FeedRun | None = FeedRun.objects.filter(pk=pk, feed=authorised_feed(request)).first()
    if run is None:
        raise Http404
    return run


FEED_TOKEN: Any = [{"feedToken": []}]
KEY = OpenApiParameter("Idempotency-Key", OpenApiTypes.STR, OpenApiParameter.HEADER, description="重复发送时用同一个键")


@extend_schema(
    operation_id="push_run",
    tags=["feeds"],
    summary="报送一批价格",
    parameters=[RunQuery, KEY],
    request={"multipart/form-data": RunBody, "application/json": RunBody},
    responses={202: answers.RunReceived, **answers.refusals(400, 401, 404, 413, 415, 422)},
    auth=FEED_TOKEN,
)
@api_view(["POST"])
@parser_classes([MultiPartParser, JSONParser])
def push(request: Request, slug: str) -> Response:
    sent = _sent(request, slug)
    run = receive(**sent, channel=FeedRun.Channel.PUSH, at=timezone.now(), idempotency_key=_key(request))
    location = reverse("api:run", args=[run.pk])
    return Response({"run": run.pk, "state": run.state}, 202, headers={"Location": location})


@extend_schema(
    operation_id="try_run",
    tags=["feeds"],
    summary="试报：走完全部核对，说明会怎样，但什么也不公示、不留下",
    parameters=[RunQuery],
    request={"multipart/form-data": RunBody, "application/json": RunBody},
    responses={200: answers.TriedRun, **answers.refusals(400, 401, 404, 413, 415, 422)},
    auth=FEED_TOKEN,
)
@api_view(["POST"])
@parser_classes([MultiPartParser, JSONParser])
def sandbox(request: Request, slug: str) -> Response:
    return Response(told(try_delivery(**_sent(request, slug), at=timezone.now())))


class _Sent(TypedDict):
    feed: Feed
    data: bytes
    format: str
    mode: str | None


def _sent(request: Request, slug: str) -> _Sent:
    """What the feed `slug`, whose token the request carries, delivers. Raises as `authorised_feed` and `_delivery`."""
    feed = authorised_feed(request)
    if feed.slug != slug:
        raise Http404
    asked = RunQuery(data=request.query_params)
    asked.is_valid(raise_exception=True)
    data, format = _delivery(request)
    return {"feed": feed, "data": data, "format": format, "mode": asked.validated_data.get("mode")}


def _delivery(request: Request) -> tuple[bytes, str]:
    """The bytes to store and their format; rows become JSON Lines. Raises `Refused` or `ValidationError`."""
    size = int(request.META.get("CONTENT_LENGTH") or 0)
    is_json = (request.content_type or "").startswith("application/json")
    limit = min(settings.FEED_MAX_BYTES, MAX_JSON_BYTES) if is_json else settings.FEED_MAX_BYTES + 64 * 1024
    if size > limit:
        message = _("内容超过 %(limit)d 字节：请分成几批，或改为上传文件") % {"limit": limit}
        raise Refused("too_large", message)
    body = RunBody(data=request.data)
    body.is_valid(raise_exception=True)
    given: dict[str, Any] = body.validated_data
    if "rows" in given:
        return _json_lines(given["rows"]), "jsonl"
    name = (given["file"].name or "").lower()
    return given["file"].read(), "jsonl" if name.endswith((".jsonl", ".ndjson")) else "csv"


def _json_lines(rows: list[dict[str, Any]]) -> bytes:
    """One object a line, in ASCII: some line separators are no line breaks in JSON. Raises `Refused`."""
    try:
        json.dumps(rows, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise Refused("unreadable", _("rows 里有不成对的代理字符：请用完整的 UTF-8 文字")) from error
    return "".join(f"{json.dumps(row)}\n" for row in rows).encode()


def _key(request: Request) -> str | None:
    key = request.headers.get("Idempotency-Key", "").strip()
    if len(key) > MAX_KEY or not key.isascii() or not (key.isprintable() or not key):
        raise Refused("invalid_key", _("Idempotency-Key 应为不超过 %(n)d 个 ASCII 字符") % {"n": MAX_KEY})
    return key or None


@extend_schema(
    operation_id="read_run",
    tags=["feeds"],
    summary="一批报送的结果",
    responses={200: answers.RunOutcome, **answers.refusals(401, 404)},
    auth=FEED_TOKEN,
)
@api_view(["GET", "HEAD"])
def run(request: Request, pk: int) -> Response:
    found = authorised_run(request, pk)
    said: dict[str, Any] = counts(found)
    if found.error:
        said["error"] = found.error
    if found.notes:
        said["notes"] = found.notes
    return Response(said)


@extend_schema(
    operation_id="read_rejections",
    tags=["feeds"],
    summary="被退回的行：报送人自己的列，加 line, reason, advice",
    responses={(200, "text/csv"): OpenApiTypes.STR, **answers.refusals(401, 404)},
    auth=FEED_TOKEN,
)
@api_view(["GET", "HEAD"])
def rejections(request: Request, pk: int) -> HttpResponseBase:
    found = authorised_run(request, pk)
    response = StreamingHttpResponse(rejections_csv(found), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="run-{found.pk}-rejections.csv"'
    return response
