"""The figures of areas as the console says them: each with its label, its unit and its 口径. Read from last night's rows."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, Max
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from pharmacies.models import Region
from prices.models.figures import AreaFigure, IndexPoint
from prices.models.leads import Lead
from prices.monitoring.areas import added_upward
from prices.monitoring.tables import Column, Kind, Row, Table

Value = float | int | None


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure of an area's day. A percent is a share; `more` says which way attention goes: True where more is worse."""

    name: str
    label: Promise
    kind: Kind
    of: Callable[[AreaFigure], Value]
    caveat: Promise
    more: bool


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


MEASURES: dict[str, Measure] = {
    each.name: each
    for each in (
        Measure(
            "leads",
            _("待看线索"),
            "number",
            lambda row: row.open_leads,
            _("现在还没有排除、也没有转为核查事项的价格异动线索。"),
            more=True,
        ),
        Measure(
            "late",
            _("逾期未报送"),
            "percent",
            lambda row: _share(row.late + row.silent, row.shops),
            _("最近一次报送早于其报送周期的药店占比，含从未报送的。"),
            more=True,
        ),
        Measure(
            "timely",
            _("更新及时率"),
            "percent",
            lambda row: _share(row.reporting, row.shops),
            _("最近一次报送在其报送周期之内的药店占比。"),
            more=False,
        ),
        Measure(
            "coverage",
            _("覆盖率"),
            "percent",
            lambda row: _share(row.covered, row.products),
            _("至少一家药店有价的产品，占目录内产品的比例。"),
            more=False,
        ),
        Measure(
            "fresh",
            _("未过期的价格"),
            "percent",
            lambda row: _share(row.fresh, row.offers),
            _("按报送周期仍算新的零售价，占全部零售价的比例。"),
            more=False,
        ),
        Measure(
            "refused",
            _("退回率"),
            "percent",
            lambda row: _share(row.refused, row.received),
            _("当日收到的报送行里被退回或待核实的比例。"),
            more=True,
        ),
        Measure(
            "dispersion",
            _("价格离散度"),
            "number",
            lambda row: row.dispersion,
            _("各产品四分位离散系数的中位数：0 是各店同价，越大差别越大。"),
            more=True,
        ),
    )
}
COLUMNS = ("leads", "timely", "late", "coverage", "fresh", "refused", "dispersion")


def last_day() -> date | None:
    """The newest day with figures."""
    found: date | None = AreaFigure.objects.aggregate(on=Max("on"))["on"]
    return found


def figures(areas: Iterable[Region], on: date) -> dict[int, AreaFigure]:
    """The day's figures of those areas, by area; of one that has another name since, those under its old one."""
    areas = list(areas)
    rows = AreaFigure.objects.filter(area__code__in=[area.code for area in areas], on=on).select_related("area")
    by_code = {row.area.code: row for row in rows.order_by("area_id")}
    return {area.pk: by_code[area.code] for area in areas if area.code in by_code}


def open_leads(areas: Iterable[Region]) -> dict[int, int]:
    """Leads to look at now, by area with those below it: two queries."""
    new = Lead.objects.filter(state=Lead.State.NEW).values("area").annotate(n=Count("pk"))
    found = added_upward(new.order_by().values_list("area", "n"))
    return {area.pk: found.get(area.pk, 0) for area in areas}


def past(area: Region, last: date, days: int) -> list[AreaFigure]:
    """The area's figures of the days up to `last`, oldest first; a night that was missed has none."""
    first = last - timedelta(days=days - 1)
    found = AreaFigure.objects.filter(area__code=area.code, on__gte=first, on__lte=last)  # under its old name, too
    return list(found.order_by("on", "-area_id").distinct("on"))


def index_of(area: Region) -> IndexPoint | None:
    """The newest headline index of the area, or of the nearest area above it that has one."""
    above = [area.pk]
    parents: dict[int, int | None] = dict(Region.objects.values_list("pk", "parent_id"))
    while (up := parents[above[-1]]) is not None:
        above.append(up)
    points = IndexPoint.objects.filter(kind=IndexPoint.Kind.JEVONS, weights=IndexPoint.Weights.EQUAL, area__in=above)
    named = points.select_related("area")
    newest = {point.area_id: point for point in named.order_by("on")}
    return next((newest[pk] for pk in above if pk in newest), None)


def area_table(areas: list[Region], on: date, *, name: str = "areas") -> Table:
    """One row an area, with every figure; areas of which the night said nothing have dashes."""
    known, leads = figures(areas, on), open_leads(areas)
    rows: list[Row] = []
    for area in areas:
        row: dict[str, object] = {
            "area": area.name,
            "area_link": reverse("staff:console", args=[area.code]),
            "shops": None,
        }
        if figure := known.get(area.pk):
            row["shops"] = figure.shops
            row |= {each: MEASURES[each].of(figure) for each in COLUMNS}
        row["leads"] = leads[area.pk]
        rows.append(row)
    columns = [Column("area", _("地区"), foreign=True), Column("shops", _("药店数"), "number")]
    columns += [Column(each, MEASURES[each].label, MEASURES[each].kind) for each in COLUMNS]
    return Table(
        name=name,
        title=_("各地区"),
        columns=columns,
        rows=rows,
        caveat=_(
            "按统筹区管理的定点零售药店统计，每天凌晨算一次，待看线索是现在的；更新及时率看最近一次报送是否在报送周期之内。"
        ),
        on=on,
    )
