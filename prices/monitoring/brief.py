"""专报: what an area's officials tell their superiors on one page, in sentences, each with its number and its date."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, Max, Q
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from pharmacies.models import Region
from prices.models import AreaFigure, Case, Landing, Lead
from prices.models.figures import IndexPoint
from prices.money import yuan
from prices.monitoring import access_gaps, passthrough, tabled_months
from prices.monitoring.changes import midnight
from prices.monitoring.compliance import next_month
from prices.monitoring.documents import Grid, Part, Point, letter
from prices.monitoring.tables import Column, Table

MONTH = timedelta(days=30)
WORST = 5
WORST_NAME = "worst"
"""The name of `worst`'s table."""


@dataclass(frozen=True, slots=True)
class Line:
    """A paragraph: what it is about, and the sentences."""

    about: str
    text: str


def lines(area: Region, *, at: datetime) -> list[Line]:
    """As things are now: the newest night's numbers, leads and cases of the last 30 days. What no night has worked out is
    said to be missing. In Chinese whatever the page's language."""
    on = timezone.localdate(at)
    return _lines(area, at - MONTH, at, landed=list(passthrough.landings(area)), looked=access_gaps.last_look(), on=on)


def lines_of_month(area: Region, month: date, *, landed: Sequence[Landing]) -> list[Line]:
    """As things were when the month ended, `landed` being its last day's landings; leads and cases of its days."""
    start, until = midnight(month), midnight(next_month(month))
    last = next_month(month) - timedelta(days=1)
    first = access_gaps.first_look()
    looked = last if first is not None and first <= last else None
    return _lines(area, start, until, landed=landed, looked=looked, on=last, month=month)


def _lines(
    area: Region,
    start: datetime,
    until: datetime,
    *,
    landed: Sequence[Landing],
    looked: date | None,
    on: date,
    month: date | None = None,
) -> list[Line]:
    """`looked`: the day of the comparison of 双通道 shelves; `month` where all of it is about that month."""
    with translation.override("zh-hans"):
        return [
            Line(_("报送"), _reporting(area, month or timezone.localdate(start), on)),
            Line(_("价格水平"), _level(area, month or timezone.localdate(start), on)),
            Line(_("线索与核查"), _work(area, start, until, when=_("当月") if month else _("近 30 天"))),
            Line(_("集采中选价落地"), _landing(landed)),
            Line(_("双通道药品"), _access(area, looked, past=month is not None)),
        ]


def table(area: Region, month: date, *, landed: Sequence[Landing]) -> Table:
    """The sentences of a month as a table, to be kept."""
    columns = (Column("about", _("事项")), Column("text", _("内容")))
    said = lines_of_month(area, month, landed=landed)
    rows = [{"about": line.about, "text": line.text} for line in said]
    on = next_month(month) - timedelta(days=1)
    return Table("brief", _("专报"), columns, rows, _("由各表的数生成，口径见各表。"), on)


def worst(area: Region, on: date) -> Table:
    """The areas directly below with the smallest share of shops that report in time, on the last day up to `on` of which
    there are figures."""
    day = AreaFigure.objects.filter(on__lte=on).order_by("-on").values_list("on", flat=True).first()
    below = AreaFigure.objects.filter(area__parent__code=area.code, shops__gt=0).select_related("area")
    rows = list(below.filter(on=day)) if day else []
    rows.sort(key=lambda row: (row.reporting / row.shops, row.area.code))
    columns = (
        Column("area", _("更新及时率较低的地区"), foreign=True),
        Column("shops", _("药店数"), "number"),
        Column("timely", _("更新及时率"), "percent"),
        Column("behind", _("逾期和长期未报送"), "number"),
        Column("leads", _("待看线索"), "number"),
    )
    found = [
        {
            "area": row.area.name,
            "shops": row.shops,
            "timely": row.reporting / row.shops,
            "behind": row.late + row.silent,
            "leads": row.open_leads,
        }
        for row in rows[:WORST]
    ]
    caveat = _("更新及时率：最近一次报送没有过期的药店占比。待看线索：当天夜里还没有人看过的线索。")
    return Table(WORST_NAME, _("更新及时率较低的地区"), columns, found, caveat, day or on, _("没有下级地区的统计。"))


def document(area: Region, said: Sequence[Line], worst: Table | None, *, on: date) -> bytes:
    """The one page as .docx: the sentences, and the areas below that report worst. `on`: the day of the numbers."""
    with translation.override("zh-hans"):
        parts: list[Part] = [Point(line.about, line.text) for line in said]
        return letter(
            title=_("{area}药品价格监测专报").format(area=area.name),
            number=_("数据截至{year}年{month}月{day}日").format(year=on.year, month=on.month, day=on.day),
            parts=[*parts, *([_grid(worst)] if worst and worst.rows else [])],
            on=on,
            one_page=True,
            sender=_("【报送单位】"),
            note=_("价格由药店报送，以店内明码标价为准。价格异动线索供核实，不等于违规。各数口径见监测平台相应表格。"),
        )


def _share(part: float, whole: float) -> str:
    return f"{100 * part / whole:.1f}%" if whole else "—"


def _reporting(area: Region, first: date, on: date) -> str:
    row = AreaFigure.objects.filter(area=area, on__gte=first, on__lte=on).order_by("-on").first()
    if row is None:
        return _("还没有统计。")
    said = "" if row.on == on else _("据 {day} 的统计：").format(day=row.on.isoformat())
    return said + _(
        "定点零售药店 {shops} 家，按时报送 {reporting} 家（{share}），逾期未报送 {late} 家，长期未报送 {silent} 家。"
        "零售价 {offers} 条，未过期的占 {fresh}。"
    ).format(
        shops=f"{row.shops:,}",
        reporting=f"{row.reporting:,}",
        share=_share(row.reporting, row.shops),
        late=f"{row.late:,}",
        silent=f"{row.silent:,}",
        offers=f"{row.offers:,}",
        fresh=_share(row.fresh, row.offers),
    )


def _level(area: Region, first: date, on: date) -> str:
    points = tabled_months.index_points(area, on.replace(day=1))
    rows = AreaFigure.objects.filter(area=area, on__gte=first, on__lte=on, dispersion__isnull=False)
    row = rows.order_by("-on").first()
    said = [_index(points)] if points else [_("还没有价格指数。")]
    if row is not None:
        said.append(
            _("价格离散度 {value}（{n} 个产品）。").format(value=f"{row.dispersion:.4f}", n=f"{row.dispersed:,}")
        )
    return "".join(said)


def _index(points: list[IndexPoint]) -> str:
    last = points[-1]
    said = _("{area}{month}药品零售价格指数 {value}（{base}为 100）").format(
        area=last.area.name, month=_month(last.on), value=f"{last.value:.2f}", base=_month(last.base)
    )
    if len(points) < 2:
        return said + "。"
    before = points[-2].on
    # A month in which no night was worked out has no point.
    said += _("，比上月") if next_month(before) == last.on else _("，比 {month}").format(month=_month(before))
    moved = round(100 * (last.value / points[-2].value - 1), 1)
    if not moved:
        return said + _("持平。")
    return said + _("{word} {share}%。").format(word=_("上涨") if moved > 0 else _("下降"), share=f"{abs(moved):.1f}")


def _month(on: date) -> str:
    return _("{year}年{month}月").format(year=on.year, month=on.month)


def _work(area: Region, start: datetime, until: datetime, *, when: str) -> str:
    leads = Lead.objects.within(area).standing().filter(found_at__gte=start, found_at__lt=until)
    closed = Q(closed_at__gte=start, closed_at__lt=until)
    counted = Case.objects.within(area).aggregate(
        opened=Count("pk", filter=Q(opened_at__gte=start, opened_at__lt=until)),
        closed=Count("pk", filter=closed),
        confirmed=Count("pk", filter=closed & Q(outcome__in=Case.CONFIRMED)),
    )
    return _(
        "{when}发现价格异动线索 {leads} 条，立核查事项 {opened} 件，办结 {closed} 件，其中查实并整改或处置 {confirmed} 件。"
    ).format(when=when, leads=leads.count(), **counted)


def _landing(found: Sequence[Landing]) -> str:
    saving = passthrough.saving(found)
    rows = [(each.shops, each.landed, each.late) for each in found if each.shops]
    if not rows:
        return _("没有近两年开始执行、有药店在售的中选价。")
    shops, landed, late = (sum(row[n] for row in rows) for n in range(3))
    said = _("有药店在售的中选产品 {products} 个，零售价降到中选价的占 {share}，逾期未落地 {late} 家次。").format(
        products=len(rows), share=_share(landed, shops), late=f"{late:,}"
    )
    if saving.fall is not None:
        said += _(
            "与执行前一天相比，中位价平均下降 {fall}%；前后都在售的药店每家每种卖一盒，合计少收 {saved} 元。"
        ).format(fall=f"{100 * saving.fall:.1f}", saved=f"{yuan(saving.saved_fen):,}")
    return said


def _access(area: Region, day: date | None, *, past: bool) -> str:
    """Of the past, the distances are not kept: a gap that is still there has those of now."""
    if day is None:
        return _("还没有核对。")
    found = access_gaps.gaps(area, day).order_by()
    counted = found.aggregate(
        n=Count("pk"), drugs=Count("preparation", distinct=True), counties=Count("region", distinct=True),
        farthest=Max("distance_m"), nowhere=Count("pk", filter=Q(nearest=None)),
    )  # fmt: skip
    if not counted["n"]:
        return _("名单上的制剂在每个区县都有双通道药店有货。")
    said = _("{drugs} 个制剂在 {counties} 个区县没有双通道药店有货（共 {n} 处）").format(
        **counted | {"n": f"{counted['n']:,}"}
    )
    if past:
        return said + "。"
    if counted["farthest"] is not None:
        said += _("，最近一家有货的最远在直线 {km} 公里外").format(km=f"{counted['farthest'] / 1000:.1f}")
    return said + (_("，{n} 处全省都没有货。").format(n=f"{counted['nowhere']:,}") if counted["nowhere"] else "。")


def _grid(table: Table) -> Grid:
    rows = [
        (
            row["area"], f"{row['shops']:,}", f"{100 * row['timely']:.1f}%", f"{row['behind']:,}", f"{row['leads']:,}",
        )
        for row in table.rows
    ]  # fmt: skip
    return Grid([column.heading for column in table.columns], rows, (4.6, 2.4, 2.8, 3.4, 2.4), (1, 2, 3, 4))
