"""催报清单: who has not reported, how long for, and the number to call. To copy, print and take away."""

from datetime import datetime, time, timedelta

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_safe

from pharmacies import access
from pharmacies.access import Action
from pharmacies.models import Region
from prices.monitoring import reporters, tabled
from prices.monitoring.as_of import EARLIEST
from prices.views.console.tables import answer
from prices.views.staff import sessions
from prices.views.staff.guard import signed_in

BEHIND = (reporters.NEVER, reporters.SILENT, reporters.LATE)


@signed_in
@require_safe
def late(request: HttpRequest, adcode: str) -> HttpResponseBase:
    """Every shop that is behind, or those of one state; `?on=` as the list stood at the end of a past day."""
    at = timezone.now()
    area = access.area_for(sessions.person(request), Action.SEE, adcode, at=at)
    moment = _moment(request.GET.get("on", ""), at)
    past = moment is not None
    state = request.GET.get("state", "")
    wanted = (state,) if state in reporters.STATES else BEHIND
    ask = reporters.survey_past if moment else reporters.survey
    found = ask(area, at=moment or at, states=wanted)
    counts = found.counts
    table = tabled.late(found.shops, at=moment or at, past=past)
    by_area = tabled.reporting(found, at=moment or at)
    if file := answer(request, table, by_area):
        return file
    context = {
        "place": area,
        "at": moment or at,
        "past": past,
        "on": request.GET.get("on", "") if past else "",
        "latest": timezone.localdate(at) - timedelta(days=1),
        "total": sum(counts.values()),
        "behind": sum(counts[each] for each in BEHIND),
        "chips": [(each, reporters.STATES[each], counts[each]) for each in (*BEHIND, reporters.ON_TIME)],
        "state": state if state in reporters.STATES else "",
        "table": table,
        "by_area": by_area if len(by_area.rows) > 1 else None,
        "below": Region.objects.filter(parent__code=area.code, valid__contains=access.day(at)).order_by("code"),
    }
    return render(request, "console/late.html", context)


def _moment(text: str, at: datetime) -> datetime | None:
    """The last second of a past day; None for today, a day to come, one before all records, or what is no day."""
    try:
        day = parse_date(text)
    except ValueError:
        return None
    if day is None or not EARLIEST <= day < timezone.localdate(at):
        return None
    return datetime.combine(day, time(23, 59, 59), tzinfo=timezone.get_default_timezone())
