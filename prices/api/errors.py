"""Errors as JSON: `{"error": {"code", "message", "fields"}}`, in words that say what to do."""

from typing import Any

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect, JsonResponse
from django.urls import resolve
from django.utils.encoding import iri_to_uri
from django.utils.translation import gettext as _
from rest_framework import exceptions, status
from rest_framework.response import Response

from prices.ingest.receive import Refused
from prices.search.statements import SearchTimeout

RETRY_AFTER_S = 5
REFUSED = {
    "idempotency_key_reused": status.HTTP_422_UNPROCESSABLE_ENTITY,
    "too_large": status.HTTP_413_REQUEST_ENTITY_TOO_LARGE,
}


class TokenMissing(exceptions.APIException):
    """A private resource was asked for without credentials. (The framework's own class turns into a 403.)"""

    status_code = status.HTTP_401_UNAUTHORIZED
    default_code = "not_authenticated"


def body(code: str, message: str, fields: dict[str, list[str]] | None = None) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "fields": fields or {}}}


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """What the caller is told about an error; None for a fault of ours, which is a 500."""
    if isinstance(error, exceptions.ValidationError):
        fields = _fields(error.detail)
        return Response(body("invalid", _summary(fields), fields), 400)
    if isinstance(error, Refused):
        return Response(body(error.code, str(error)), REFUSED.get(error.code, 400))
    if isinstance(error, SearchTimeout | OperationalError):
        busy = _("系统正忙，没能在时限内查完：请稍后再试，或缩小半径、换一个条件")
        return Response(body("busy", busy), 503, headers={"Retry-After": str(RETRY_AFTER_S)})
    if isinstance(error, Http404 | PermissionDenied):  # what one may not see is not there
        return Response(body("not_found", _not_found(error)), 404)
    if isinstance(error, SuspiciousOperation):
        return Response(body("unreadable", _("请求无法读取：请检查大小和格式")), 400)
    if isinstance(error, exceptions.APIException):
        return _of_framework(error)
    return None


def _of_framework(error: exceptions.APIException) -> Response:
    known: dict[type[exceptions.APIException], tuple[str, str]] = {
        exceptions.NotFound: ("not_found", _not_found(error)),
        exceptions.ParseError: ("unreadable", _("请求内容无法读取：请检查 JSON 或表单是否完整")),
        exceptions.MethodNotAllowed: ("method_not_allowed", _("这个地址不接受这种请求方法")),
        exceptions.UnsupportedMediaType: (
            "unsupported_media_type",
            _("不支持这种内容类型：请用 multipart/form-data 上传文件（字段 file）或发送 application/json"),
        ),
        exceptions.NotAcceptable: ("not_acceptable", _("只提供 JSON：请把 Accept 设为 application/json")),
        TokenMissing: ("not_authenticated", _("需要令牌：请在请求头加上 Authorization: Bearer 令牌")),
    }
    code, message = known.get(type(error), (str(error.default_code), str(error.detail)))
    headers = {"WWW-Authenticate": "Bearer"} if error.status_code == status.HTTP_401_UNAUTHORIZED else None
    return Response(body(code, message), error.status_code, headers=headers)


def _not_found(error: Exception) -> str:
    said = str(error)
    return said if said and isinstance(error, Http404) else _("没有这个内容：请检查地址和代码")


def _fields(detail: Any) -> dict[str, list[str]]:
    """Messages by field, whatever shape the framework gave them."""
    if isinstance(detail, dict):
        return {str(name): _messages(value) for name, value in detail.items()}
    return {"non_field_errors": _messages(detail)}


def _messages(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [message for part in value.values() for message in _messages(part)]
    if isinstance(value, list | tuple):
        return [message for part in value for message in _messages(part)]
    return [str(value)]


def _summary(fields: dict[str, list[str]]) -> str:
    """One line: every field with its first message."""
    said = [f"{name}：{messages[0]}" for name, messages in fields.items() if messages]
    return _("请改正后再试：") + "；".join(said)


def unknown_address(request: HttpRequest, path: str = "") -> HttpResponse:
    """Under the API: the other form of an address (with or without its last slash) is redirected, the rest is a 404."""
    other = request.path[:-1] if path.endswith("/") else f"{request.path}/"
    if request.method in ("GET", "HEAD") and resolve(other).func is not unknown_address:
        query = request.META.get("QUERY_STRING", "")
        return HttpResponsePermanentRedirect(f"{iri_to_uri(other)}?{query}" if query else iri_to_uri(other))
    return JsonResponse(body("not_found", _("没有这个地址：请看 /api/v1/docs/")), status=404)
