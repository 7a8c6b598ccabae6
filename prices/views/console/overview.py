"""总览: what an area's officials see first: the night's figures, the leads that matter most, the areas below, a search."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Q
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from pharmacies import access
from pharmacies.access import Action
from pharmacies.models import Chain, Pharmacy, Region, User
from prices.models.cases import Case
from prices.models.figures import AreaFigure
from prices.models.leads import Lead
from prices.models.reports import ReportGroup
from prices.monitoring import night
from prices.monitoring.tables import Column, Table
from prices.templatetags.staff import first_page
from prices.templatetags.tables import said
from prices.views.console import measures
from prices.views.console.charts import Chart, Line
from prices.views.console.leads import LeadRows
from prices.views.console.tables import answer
from prices.views.pages import text_of
from prices.views.staff import sessions
from prices.views.staff.guard import signed_in

SHOWN = 50
TOP = 5
DAYS = 90


@dataclass(frozen=True, slots=True)
class Card:
    """A large number: what it counts, what to know beside it, and where it leads."""

    label: Promise | str
    value: str
    note: str = ""
    link: str = ""
    warn: bool = False


@signed_in
@require_http_methods(["GET", "HEAD"])
def overview(request: HttpRequest, adcode: str) -> HttpResponseBase:
    """The figures of last night; the five leads that matter most now; the areas below."""
    at = timezone.now()
    user = sessions.person(request)
    area = access.area_for(user, Action.SEE, adcode, at=at)
    on = measures.last_day()
    areas = Region.objects.filter(parent__code=area.code, valid__contains=access.day(at))
    below = list(areas.order_by("code"))
    table = measures.area_table(below, on) if below and on else None
    trend = _trend(area, measures.past(area, on, DAYS)) if on else None
    file = answer(request, *([table] if table else []), *([trend.table] if trend else []))
    if file:
        return file
    new = Lead.objects.within(area).filter(state=Lead.State.NEW)
    context = {
        "place": area,
        "on": on,
        "behind": pgettext("list", "、").join(night.behind(at)) if on else "",
        "cards": cards(area, new.count(), on, at=at),
        "top": LeadRows(new.order_by("-score", "-on", "pk"), area)[:TOP],
        "table": table,
        "trend": trend,
        "count": _managed(area).count(),
        "q": text_of(request, "q"),
        **_search(request, area, user, at=at),
    }
    return render(request, "console/overview.html", context)


def cards(area: Region, new: int, on: date | None, *, at: datetime) -> list[Card]:
    """The figures of the newest night, leads as of now."""
    figure = measures.figures([area], on).get(area.pk) if on else None
    found = work(area, new, at=at)
    if figure:
        overdue = figure.late + figure.silent
        note = gettext("共 %(shops)s 家，其中 %(silent)s 家长期没有报送") % {
            "shops": f"{figure.shops:,}",
            "silent": figure.silent,
        }
        found.append(Card(_("逾期未报送"), f"{overdue:,}", note, _page(area, "late"), overdue > 0))
        for name in ("timely", "coverage", "fresh", "dispersion"):
            each = measures.MEASURES[name]
            value = said(each.of(figure), Column(name, each.label, each.kind))
            found.append(Card(each.label, value, str(each.caveat)))
    if point := measures.index_of(area):
        note = gettext("%(area)s，%(month)s，基期 %(base)s = 100") % {
            "area": point.area.name,
            "month": f"{point.on:%Y-%m}",
            "base": f"{point.base:%Y-%m}",
        }
        found.append(Card(_("药品零售价格指数"), f"{point.value:.2f}", note, _page(area, "index")))
    return found


def work(area: Region, new: int, *, at: datetime) -> list[Card]:
    """What waits for the area's officials now: leads, cases, citizens' reports."""
    now = gettext("现在")
    open_cases = Case.objects.within(area).unfinished()
    counted = open_cases.aggregate(n=Count("pk"), due=Count("pk", filter=Q(due_at__lt=at)))
    overdue = (
        gettext("现在，其中 %(n)s 件已过期限") % {"n": f"{counted['due']:,}"}
        if counted["due"]
        else gettext("现在，没有过期限的")
    )
    waiting = ReportGroup.objects.within(area).filter(state=ReportGroup.State.OPEN).count()
    return [
        Card(measures.MEASURES["leads"].label, f"{new:,}", now, _page(area, "leads"), new > 0),
        Card(_("未办结的核查事项"), f"{counted['n']:,}", overdue, _page(area, "cases"), counted["due"] > 0),
        Card(_("待处理的市民反馈"), f"{waiting:,}", now, _page(area, "reports"), waiting > 0),
    ]


def _page(area: Region, name: str) -> str:
    return reverse(f"staff:console-{name}", args=[area.code])


def _trend(area: Region, rows: list[AreaFigure]) -> Chart:
    """How punctual and how fresh the area has been."""
    timely, fresh = measures.MEASURES["timely"], measures.MEASURES["fresh"]

    def values(measure: measures.Measure) -> list[float | None]:
        return [None if (value := measure.of(row)) is None else round(100 * value, 1) for row in rows]

    def line(measure: measures.Measure, main: bool) -> Line:
        known = [value for value in values(measure) if value is not None]
        return Line(f"{measure.label} {known[-1]:.1f}%" if known else "", values(measure), main)

    table = Table(
        name="trend",
        title=_("报送和价格新旧"),
        columns=[
            Column("on", _("日期"), "date"),
            Column("timely", timely.label, "percent"),
            Column("fresh", fresh.label, "percent"),
            Column("shops", _("药店数"), "number"),
        ],
        rows=[
            {"on": row.on, "timely": timely.of(row), "fresh": fresh.of(row), "shops": row.shops}
            for row in reversed(rows)
        ],
        caveat=f"{timely.caveat} {fresh.caveat}",
        on=rows[-1].on if rows else timezone.localdate(),
    )
    return Chart(
        name=f"trend-{area.code}",
        title=_("报送和价格新旧"),
        days=[row.on for row in rows],
        lines=[line(timely, True), line(fresh, False)],
        unit="%",
        table=table,
    )


# -- to find a pharmacy -----------------------------------------------------------------------------------------------


def _managed(area: Region) -> Any:
    return Pharmacy.objects.filter(insurance_area__in=Region.objects.within(area))


def _search(request: HttpRequest, area: Region, user: User, *, at: datetime) -> dict[str, Any]:
    q = text_of(request, "q")
    if not q:
        return {}
    named = Q(name__icontains=q) | Q(code__iexact=q) | Q(initials__istartswith=q)
    rows = _managed(area).filter(named).select_related("insurance_area").order_by("name", "code")
    found = list(rows[: SHOWN + 1])
    chains = [
        chain
        for chain in Chain.objects.filter(name__icontains=q).order_by("name")[:SHOWN]
        if access.may(user, Action.SEE, chain, at=at)
    ]
    return {
        "pharmacies": [(each, first_page(each, user)) for each in found[:SHOWN]],
        "chains": [(each, first_page(each, user)) for each in chains],
        "cut": len(found) > SHOWN,
    }
