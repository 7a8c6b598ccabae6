"""药品零售价格指数: the one headline line, month by month, and in the appendix the other ways to work it out."""

from collections.abc import Sequence
from datetime import date, datetime

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from pharmacies import access
from pharmacies.access import Action
from pharmacies.models import Region
from prices.models.figures import IndexPoint
from prices.monitoring.compliance import next_month
from prices.monitoring.tables import Column, Row, Table
from prices.views import words
from prices.views.console import measures
from prices.views.console.charts import Chart, Line
from prices.views.console.tables import answer
from prices.views.staff import sessions
from prices.views.staff.guard import signed_in

Kind, Weights = IndexPoint.Kind, IndexPoint.Weights
HEADLINE = (Kind.JEVONS, Weights.EQUAL)
MEANS: dict[str, Promise] = {
    Kind.JEVONS: _("每种产品当月价与上月价之比的几何平均，逐月相乘。不用销量，每种产品一样重。"),
    Kind.TORNQVIST: _("按前后两月的份额加权的几何平均，逐月相乘。"),
    Kind.FISHER: _("按上月份额和按本月份额两种算法的几何平均，逐月相乘。"),
    Kind.GEKS: _("十三个月里两两相比再平均，避免逐月相乘的漂移。"),
    Kind.TPD: _("把所有产品、所有月份的价格一起回归，容许产品中途上市或停售。"),
}


@signed_in
@require_safe
def index(request: HttpRequest, adcode: str) -> HttpResponseBase:
    """The headline of the area, or of the nearest one above it that has an index; and every other series of it."""
    at = timezone.now()
    area = access.area_for(sessions.person(request), Action.SEE, adcode, at=at)
    newest = measures.index_of(area)
    points = _points(newest.area) if newest else []
    headline = [point for point in points if (point.kind, point.weights) == HEADLINE]
    chart = _chart(newest.area, headline) if newest else None
    appendix = _appendix(points, headline[-1].at) if headline else None
    file = answer(request, *([chart.table] if chart else []), *([appendix] if appendix else []))
    if file:
        return file
    context = {
        "place": area,
        "newest": newest,
        "sentence": sentence(headline) if headline else "",
        "chart": chart,
        "appendix": appendix,
        "means": [(kind.label, MEANS[kind]) for kind in Kind],
    }
    return render(request, "console/index.html", context)


def _points(area: Region) -> list[IndexPoint]:
    return list(IndexPoint.objects.filter(area=area).order_by("kind", "weights", "on"))


def sentence(points: Sequence[IndexPoint]) -> str:
    """`2026年11月是 101.48：比 2026年8月（基期）高 1.5%，比上月高 0.3%。`"""
    last = points[-1]
    values = {
        "month": words.month(last.on),
        "value": f"{last.value:.2f}",
        "base": words.month(last.base),
        "since_base": _moved(last.value, 100),
    }
    if len(points) < 2:
        return gettext("%(month)s是基期，指数为 100。下个月起看得出涨落。") % values
    values["since_last"] = _moved(last.value, points[-2].value)
    # A month in which no night was worked out has no point.
    follows = next_month(points[-2].on) == last.on
    values["before"] = gettext("上月") if follows else words.month(points[-2].on)
    said = gettext("%(month)s是 %(value)s：与基期 %(base)s相比%(since_base)s，与%(before)s相比%(since_last)s。")
    if last.provisional:
        said = gettext(
            "%(month)s（本月未完）是 %(value)s：与基期 %(base)s相比%(since_base)s，与%(before)s相比%(since_last)s。"
        )
    return said % values


def _moved(now: float, then: float) -> str:
    share = f"{abs(100 * (now / then - 1)):.1f}%"
    if share == "0.0%":
        return gettext("持平")
    return gettext("高 %(share)s") % {"share": share} if now > then else gettext("低 %(share)s") % {"share": share}


def _chart(area: Region, points: Sequence[IndexPoint]) -> Chart:
    newest = points[-1]
    table = Table(
        name="index",
        title=_("药品零售价格指数"),
        columns=[
            Column("on", _("月份")),
            Column("value", _("指数"), "number"),
            Column("items", _("产品数"), "number"),
            Column("coverage", _("产品覆盖率"), "percent"),
            Column("state", _("状态")),
        ],
        rows=[
            {
                "on": f"{point.on:%Y-%m}",
                "value": round(point.value, 2),
                "items": point.items,
                "coverage": point.coverage,
                "state": gettext("本月未完") if point.provisional else gettext("已定"),
            }
            for point in reversed(points)
        ],
        caveat=_(
            "链式杰文斯指数，基期为 100。一种产品的月价是月末当天各店标价的中间价（未完的月份取最近一天），"
            "至少 3 家店有价才算；只比前后两月都有价的产品，每种一样重，不用销量。已过月份的数不再改。"
        ),
        on=newest.at,
    )
    return Chart(
        name=f"index-{area.code}",
        title=gettext("%(area)s药品零售价格指数") % {"area": area.name},
        days=[point.on for point in points],
        lines=[Line(f"{newest.value:.2f}", [round(point.value, 2) for point in points], main=True)],
        zero=False,
        months=True,
        table=table,
    )


def _appendix(points: Sequence[IndexPoint], at: datetime) -> Table:
    """A column for each series, a row for each month, newest first."""
    known = {(point.kind, point.weights) for point in points}
    series = sorted(known, key=lambda each: (Kind.values.index(each[0]), Weights.values.index(each[1])))
    months: dict[date, dict[str, object]] = {}
    for point in points:
        row = months.setdefault(point.on, {"on": f"{point.on:%Y-%m}"})
        row[f"{point.kind}_{point.weights}"] = round(point.value, 2)
    rows: list[Row] = [months[on] for on in sorted(months, reverse=True)]
    columns = [Column("on", _("月份"))]
    for kind, weights in series:
        label = gettext("%(kind)s（%(weights)s）") % {"kind": Kind(kind).label, "weights": Weights(weights).label}
        columns.append(Column(f"{kind}_{weights}", label, "number"))
    return Table(
        name="appendix",
        title=_("其他算法的指数"),
        columns=columns,
        rows=rows,
        caveat=_("供研究对照，对外只用上面一个指数。权重不是销量：没有人报送销量，用标价和有价的药店数代替。"),
        on=at,
    )
