"""A table as a file: for whom may take one, and told in the log. Every table of the console leaves through here."""

from contextlib import ExitStack
from tempfile import SpooledTemporaryFile
from typing import TypeVar
from urllib.parse import quote

from django.db import transaction
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from pharmacies import access, audit
from pharmacies.access import Action
from prices.monitoring.tables import Table, csv_file, xlsx_file
from prices.views.staff import sessions

FILES = {
    "csv": (csv_file, "text/csv; charset=utf-8"),
    "xlsx": (xlsx_file, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}
IN_MEMORY, BLOCK = 1 << 20, 1 << 16
"""Bytes of a file that need no disk, and that are read from it at a time."""


def answer(request: HttpRequest, *tables: Table) -> HttpResponse | FileResponse | None:
    """The file that `?format=csv|xlsx` asks for; None where the page is asked for.

    It is written whole, a long one to the disk, before its first byte leaves: a server that has begun an answer can
    only break it off, and half a list looks like a list.

    A page with several tables passes them all, and `?table=NAME` says which (the first, if it says nothing). The area is
    that of the address. Raises PermissionDenied for a 查看员, and Http404 for a format or a table that there is not.
    """
    kind = request.GET.get("format")
    if kind is None:
        return None
    at, by = timezone.now(), sessions.person(request)
    where = request.resolver_match.kwargs if request.resolver_match else {}
    area = access.area_for(by, Action.EXPORT, where.get("adcode", ""), at=at)
    named = {table.name: table for table in tables}
    table = named.get(request.GET.get("table", next(iter(named), "")))
    if table is None or kind not in FILES:
        raise Http404
    write, content_type = FILES[kind]
    with ExitStack() as until_sent:
        file = until_sent.enter_context(SpooledTemporaryFile(IN_MEMORY))
        rows = write(table, file)
        with transaction.atomic():
            audit.record(
                at=at,
                by=by,
                action="console.export",
                subject="table",
                subject_id=table.name,
                place=area,
                after={"format": kind, "rows": rows, "as_of": table.as_of},
            )
        size = file.tell()
        file.seek(0)
        name = f"{area.name}-{table.title}-{table.day:%Y%m%d}.{kind}"
        if size <= IN_MEMORY:
            return attachment(file.read(), content_type, name)
        until_sent.pop_all()  # the answer closes it
    sent = FileResponse(file, content_type=content_type)
    sent.block_size = BLOCK
    return _named(sent, name)


def attachment(content: bytes, content_type: str, name: str) -> HttpResponse:
    """A file to keep under that name, whatever its letters."""
    return _named(HttpResponse(content, content_type=content_type), name)


Answer = TypeVar("Answer", bound=HttpResponseBase)


def _named(response: Answer, name: str) -> Answer:
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    response["X-Content-Type-Options"] = "nosniff"
    return response
