"""Tables of one month of an area: what the night worked out, the index, leads and cases. Live, or for the frozen month."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from pharmacies.models import Region
from prices.models import AreaFigure, Case, IndexPoint, Lead
from prices.monitoring import figures as nightly
from prices.monitoring import headline
from prices.monitoring.changes import midnight
from prices.monitoring.compliance import next_month
from prices.monitoring.tables import Column, Row, Table


def figures(area: Region, month: date) -> Table:
    """The area and those directly below it, on the last day of the month that was worked out; leads of all its days."""
    until = next_month(month)
    rows = AreaFigure.objects.filter(on__gte=month, on__lt=until)
    on = rows.order_by("-on").values_list("on", flat=True).first() or month
    areas = [area, *Region.objects.filter(parent__code=area.code, valid__contains=on).order_by("code")]
    of_day = {row.area_id: row for row in rows.filter(on=on, area__in=areas)}
    # Not the sum of the nights' own: each counts the 24 hours before it, so that the month would begin a night early.
    leads = nightly.found_between(midnight(month), midnight(until))
    columns = (
        Column("area", _("统筹区"), foreign=True),
        Column("shops", _("药店数"), "number"),
        Column("timely", _("更新及时率"), "percent"),
        Column("late", _("逾期未报送"), "number"),
        Column("silent", _("长期未报送"), "number"),
        Column("offers", _("零售价数"), "number"),
        Column("fresh", _("未过期的价格"), "percent"),
        Column("coverage", _("覆盖率"), "percent"),
        Column("dispersion", _("价格离散度"), "number"),
        Column("leads", _("当月新线索"), "number"),
    )
    caveat = _(
        "当月最后一个统计日的数，线索为当月各日之和。更新及时率：最近一次报送没有过期的药店占比；未过期的价格：按报送周期仍算新的零售价占比；"
        "覆盖率：至少一家药店有价的产品占目录内产品的比例；价格离散度：各产品四分位离散系数的中位数。"
    )
    found = [_figure(each, of_day[each.pk], leads.get(each.pk, 0)) for each in areas if each.pk in of_day]
    return Table("figures", _("地区指标"), columns, found, caveat, on, _("这个月还没有统计。"))


def _figure(area: Region, row: AreaFigure, leads: int) -> Row:
    return {
        "area": area.name,
        "shops": row.shops,
        "timely": row.reporting / row.shops if row.shops else None,
        "late": row.late,
        "silent": row.silent,
        "offers": row.offers,
        "fresh": row.fresh / row.offers if row.offers else None,
        "coverage": row.covered / row.products if row.products else None,
        "dispersion": None if row.dispersion is None else round(row.dispersion, 4),
        "leads": leads,
    }


def index_points(area: Region, month: date) -> list[IndexPoint]:
    """The headline series up to the month, oldest first, of the area or the nearest one above it that has a series."""
    kind, weights = headline.HEADLINE
    over: Region | None = area
    while over is not None:
        points = IndexPoint.objects.filter(area=over, kind=kind, weights=weights, on__lte=month).select_related("area")
        if found := list(points.order_by("on")):
            return found
        over = over.parent
    return []


def index(area: Region, month: date) -> Table:
    """The headline index up to the month, newest first."""
    columns = (
        Column("on", _("月份"), "date"),
        Column("value", _("药品零售价格指数"), "number"),
        Column("items", _("产品数"), "number"),
        Column("coverage", _("产品覆盖率"), "percent"),
        Column("area", _("地区"), foreign=True),
    )
    points = index_points(area, month)
    rows = [
        {
            "on": each.on,
            "value": round(each.value, 2),
            "items": each.items,
            "coverage": each.coverage,
            "area": each.area.name,
        }
        for each in reversed(points)
    ]
    caveat = _("链式杰文斯指数，基期为 100，各产品同权，不用销量。当地产品太少时用上级地区的指数。")
    return Table("index", _("药品零售价格指数"), columns, rows, caveat, month, _("还没有指数。"))


def work(area: Region, month: date, at: datetime) -> Table:
    """Leads found and cases opened and closed in the month, counted at `at`."""
    start, until = midnight(month), midnight(next_month(month))
    leads = Lead.objects.within(area).filter(found_at__gte=start, found_at__lt=until)
    cases = Case.objects.within(area)
    closed = cases.filter(closed_at__gte=start, closed_at__lt=until)
    rows: Sequence[tuple[object, int]] = (
        *_by(leads, Lead.State.choices, "state", _("线索：{label}")),
        (_("核查事项：新立项"), cases.filter(opened_at__gte=start, opened_at__lt=until).count()),
        (_("核查事项：未办结"), cases.filter(opened_at__lt=until).exclude(closed_at__lt=until).count()),
        *_by(closed, Case.Outcome.choices, "outcome", _("办结：{label}")),
    )
    columns = (Column("what", _("项目")), Column("count", _("件数"), "number"))
    caveat = _("当月发现的价格异动线索按现在的状态计；线索供核实，不等于违规。办结按结果计。")
    found = [{"what": what, "count": count} for what, count in rows]
    return Table("work", _("线索与核查"), columns, found, caveat, at)


def _by(rows: QuerySet[Any], choices: Sequence[tuple[str, object]], field: str, words: object) -> list[tuple[str, int]]:
    totals = rows.aggregate(**{key: Count("pk", filter=Q(**{field: key})) for key, _label in choices})
    return [(str(words).format(label=label), totals[key]) for key, label in choices]
