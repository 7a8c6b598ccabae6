"""The console's own tables, each made in one place: for its page, its files, the frozen month and the report."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from pharmacies.models import Region
from prices.models import AccessGap
from prices.monitoring import access_gaps, compliance, reporters
from prices.monitoring.compliance import Compliance
from prices.monitoring.reporters import Found, Reporter
from prices.monitoring.tables import Column, Row, Rows, Table

TENTH = Decimal("0.1")


def _desk(code: str) -> str:
    return reverse("staff:desk", args=[code])


# -- 催报清单 ----------------------------------------------------------------------------------------------------------

LATE = (
    Column("name", _("药店"), foreign=True),
    Column("phone", _("电话")),
    Column("last", _("最近报送"), "datetime"),
    Column("days", _("逾期天数"), "number"),
    Column("state", _("状态")),
    Column("due", _("应在此前报送"), "datetime"),
    Column("feed", _("报送渠道"), foreign=True),
    Column("area", _("统筹区"), foreign=True),
    Column("chain", _("连锁企业"), foreign=True),
    Column("address", _("地址"), foreign=True),
    Column("code", _("机构代码")),
)


def late(found: Sequence[Reporter], *, at: datetime, past: bool = False) -> Table:
    """The shops as they come; a shop that never reported has neither times nor days."""
    words = _(
        "统计范围：正常的医保定点零售药店。最近一次报送（任一渠道）超过报送周期 {stale} 倍为逾期未报送，超过 {hidden} 倍（市民已看不到价格）为长期未报送。"
    )
    caveat = str(words).format(stale=f"{settings.STALE_AFTER:g}", hidden=f"{settings.HIDDEN_AFTER:g}")
    if past:
        caveat += gettext("按当时已收到的报送；早于 {days} 天的报送不计。").format(days=reporters.LOOK_BACK.days)
    return Table(
        "late", _("催报清单"), LATE, Rows(found, _late_row), caveat, at, _("没有逾期的药店。所有药店都按时报送。")
    )


def _late_row(each: Reporter) -> Row:
    return {
        "name": each.name,
        "name_link": _desk(each.code),
        "phone": each.phone or None,
        "phone_link": f"tel:{each.phone}" if each.phone else "",
        "last": each.last,
        "days": each.days_late,
        "state": reporters.STATES[each.state],
        "due": each.due,
        "feed": each.feed or None,
        "area": each.area,
        "chain": each.chain or None,
        "address": each.address,
        "code": each.code,
    }


def reporting(found: Found, *, at: datetime) -> Table:
    """How many shops of each area are in each state."""
    columns = (
        Column("area", _("统筹区"), foreign=True),
        Column("shops", _("药店数"), "number"),
        *(Column(state, words, "number") for state, words in reporters.STATES.items()),
    )
    rows = [{"area": name, "shops": sum(of.values()), **of} for (_code, name), of in sorted(found.by_area.items())]
    return Table("reporting", _("报送情况"), columns, rows, late([], at=at).caveat, at)


# -- 报送合规 ----------------------------------------------------------------------------------------------------------

MEASURES = (
    Column("expected", _("应报次数"), "number"),
    Column("received", _("实报次数"), "number"),
    Column("on_time", _("报送率"), "percent"),
    Column("late_days", _("逾期天数"), "number"),
    Column("lines", _("报送行数"), "number"),
    Column("refused", _("退回行数"), "number"),
    Column("refused_share", _("退回率"), "percent"),
    Column("observed", _("市民所见价"), "number"),
    Column("agreed_share", _("与公示价一致"), "percent"),
)
COMPLIANCE_CAVEAT = _(
    "应报次数：当月已过去的完整报送周期数；实报次数：其中有报送的周期数；报送率为两者之比。逾期天数：最近报送早于周期 {stale} 倍的天数之和。"
    "退回行数只含能认出药店的行。市民所见价：当月每家店每个药品最近一次市民反馈的价格，与当时公示价相比；市民多在价格不符时反馈，比例偏低是常态。"
)


def _measures(sums: Compliance) -> Row:
    return {
        "expected": sums.expected,
        "received": sums.received,
        "on_time": sums.on_time,
        "late_days": sums.late_days,
        "lines": sums.lines,
        "refused": sums.refused,
        "refused_share": sums.refused_share,
        "observed": sums.observed,
        "agreed_share": sums.agreed_share,
    }


def _compliance_caveat() -> str:
    return str(COMPLIANCE_CAVEAT).format(stale=f"{settings.STALE_AFTER:g}")


def compliance_by_area(area: Region, month: date) -> Table:
    """One row for each area that manages pharmacies itself, by code."""
    found = compliance.by_area(area, month)
    regions = Region.objects.in_bulk(found)
    columns = (Column("area", _("统筹区"), foreign=True), Column("shops", _("药店数"), "number"), *MEASURES)
    rows = [
        {
            "area": region.name,
            "area_link": reverse("staff:console-compliance", args=[region.code]) + f"?month={month:%Y-%m}",
            "shops": found[region.pk].shops,
            **_measures(found[region.pk]),
        }
        for region in sorted(regions.values(), key=lambda region: region.code)
    ]
    title = gettext("报送合规（按统筹区）%(month)s") % {"month": f"{month:%Y-%m}"}
    return Table(
        "compliance-areas",
        title,
        columns,
        rows,
        _compliance_caveat(),
        compliance.through(month) or month,
        _("这个月还没有统计。每天凌晨统计到前一天为止。"),
    )


def compliance_by_shop(area: Region, month: date) -> Table:
    """Every pharmacy, those that reported least of what was expected first."""
    columns = (
        Column("name", _("药店"), foreign=True),
        *MEASURES,
        Column("area", _("统筹区"), foreign=True),
        Column("chain", _("连锁企业"), foreign=True),
        Column("code", _("机构代码")),
    )

    def row(shop: compliance.Shop) -> Row:
        return {
            "name": shop.name,
            "name_link": _desk(shop.code),
            **_measures(shop.sums),
            "area": shop.area,
            "chain": shop.chain or None,
            "code": shop.code,
        }

    title = gettext("报送合规（按药店）%(month)s") % {"month": f"{month:%Y-%m}"}
    on = compliance.through(month) or month
    return Table(
        "compliance-shops", title, columns, Rows(compliance.by_shop(area, month), row), _compliance_caveat(), on
    )


# -- 双通道药品缺口 ----------------------------------------------------------------------------------------------------

ACCESS = (
    Column("region", _("区县"), foreign=True),
    Column("drug", _("药品"), foreign=True),
    Column("form", _("剂型和规格"), foreign=True),
    Column("nearest", _("最近有货的双通道药店"), foreign=True),
    Column("km", _("直线距离（公里）"), "number"),
    Column("since", _("自"), "date"),
    Column("listed", _("有价而未报有货的药店"), "number"),
)


def access(area: Region, on: date, *, kept: bool = False) -> Table:
    """Where a dual-channel preparation is nowhere in stock; nobody at all has it: no nearest. `kept`: without what was
    not so on the day `on`, but at a later look."""
    caveat = gettext(
        "统计范围：该区县适用的双通道名单中有产品代码的制剂。有货：正常的双通道药店报“有货”或“少量”，且报送没有过期；"
        "没报库存不算有货，列在最后一栏。距离：从该区县药店所在的中间位置起的直线距离，不是路程，可到邻近市县。每晚核对一次。"
    )
    if kept:
        caveat += gettext("这一天以后又核对过的缺口，当时最近的药店和距离没有留下，不列。")
    inside = set(Region.objects.within(area).values_list("pk", flat=True))

    def row(gap: AccessGap) -> Row:
        """A pharmacy of another area has no page for these officials."""
        near = gap.nearest
        if kept and gap.seen > on:
            return {**_gap(gap), "nearest": None, "km": None, "listed": None}
        return {
            **_gap(gap),
            "nearest": near.name if near else _("全省都没有"),
            "nearest_link": _desk(near.code) if near and near.insurance_area_id in inside else "",
            "km": None if gap.distance_m is None else Decimal(gap.distance_m / 1000).quantize(TENTH),
            "listed": gap.listed,
        }

    return Table(
        "access",
        _("双通道药品缺口"),
        ACCESS,
        Rows(access_gaps.gaps(area, on), row),
        caveat,
        on,
        _("没有缺口：名单上的每个制剂在每个区县都有双通道药店有货，或还没有核对过。"),
    )


def _gap(gap: AccessGap) -> Row:
    """Which it is, and since when."""
    return {
        "region": gap.region.name,
        "drug": gap.preparation.generic_name,
        "form": f"{gap.preparation.dosage_form} {gap.preparation.strength}".strip(),
        "since": gap.since,
    }
