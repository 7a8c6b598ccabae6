"""A table as a file: for whom may take one, and told in the log. Every table of the console leaves through here."""

from urllib.parse import quote

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone

from pharmacies import access, audit
from pharmacies.access import Action
from prices.monitoring.tables import Table, csv_file, xlsx_file
from prices.views.staff import sessions

FILES = {
    "csv": (csv_file, "text/csv; charset=utf-8"),
    "xlsx": (xlsx_file, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}


def answer(request: HttpRequest, *tables: Table) -> HttpResponse | None:
    """The file that `?format=csv|xlsx` asks for; None where the page is asked for.

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
    content = write(table)
    with transaction.atomic():
        audit.record(
            at=at,
            by=by,
            action="console.export",
            subject="table",
            subject_id=table.name,
            place=area,
            after={"format": kind, "rows": len(table.rows), "as_of": table.as_of},
        )
    return attachment(content, content_type, f"{area.name}-{table.title}-{table.day:%Y%m%d}.{kind}")


def attachment(content: bytes, content_type: str, name: str) -> HttpResponse:
    """A file to keep under that name, whatever its letters."""
    response = HttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    response["X-Content-Type-Options"] = "nosniff"
    return response
