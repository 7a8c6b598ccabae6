"""专报: one page as .docx, of the numbers of now or of a frozen month. Who takes it stands in the log."""

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from pharmacies import access, audit
from pharmacies.access import Action
from prices.models import FrozenTable
from prices.monitoring import brief as verbs
from prices.monitoring import freezes
from prices.monitoring.documents import WORD
from prices.views.console.tables import attachment
from prices.views.staff import sessions
from prices.views.staff.guard import signed_in


@signed_in
@require_safe
def brief(request: HttpRequest, adcode: str) -> HttpResponse:
    """`?freeze=` a frozen month's own sentences; if they were changed since, to the page that says so."""
    at, by = timezone.now(), sessions.person(request)
    area = access.area_for(by, Action.EXPORT, adcode, at=at)
    if number := request.GET.get("freeze", ""):
        kept = FrozenTable.objects.select_related("freeze").filter(name="brief", freeze__in=freezes.of(area))
        found = get_object_or_404(kept, freeze=int(number[:18]) if number.isascii() and number.isdigit() else 0)
        beside = found.freeze.tables.filter(name=verbs.WORST_NAME).first()  # a month frozen before it was kept has none
        try:
            table, worst = freezes.read(found), freezes.read(beside) if beside else None
        except freezes.Tampered as problem:
            page = reverse("staff:console-freeze", args=[area.code, found.freeze_id])
            return redirect(f"{page}?name={problem}")
        lines = [verbs.Line(row["about"], row["text"]) for row in table.rows]
        on = table.day
    else:
        lines, on = verbs.lines(area, at=at), timezone.localdate(at)
        worst = verbs.worst(area, on)
    content = verbs.document(area, lines, worst, on=on)
    with transaction.atomic():
        audit.record(
            at=at,
            by=by,
            action="console.brief",
            subject="report",
            subject_id=area.code,
            place=area,
            after={"on": on.isoformat(), "freeze": number},
        )
    return attachment(content, WORD, f"{area.name}-专报-{on:%Y%m%d}.docx")
