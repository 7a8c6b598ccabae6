"""Tables of prices that the console shows: how procurement prices landed, and shelves of the past."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
from django.urls import reverse
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from catalog.models import Drug, ReferencePrice
from pharmacies.models import Pharmacy, Region
from prices.models import Landing
from prices.money import yuan
from prices.monitoring import as_of, passthrough
from prices.monitoring.as_of import Then
from prices.monitoring.detectors import passthrough as detector
from prices.monitoring.tables import Column, Row, Rows, Table

# -- 中选价落地 --------------------------------------------------------------------------------------------------------

COUNTS = (
    Column("shops", _("在售药店"), "number"),
    Column("landed", _("已落地"), "number"),
    Column("share", _("落地率"), "percent"),
    Column("days", _("落地天数（中位数）"), "number"),
    Column("late", _("逾期未落地"), "number"),
    Column("above", _("现高于中选价"), "number"),
    Column("before", _("执行前中位价"), "yuan"),
    Column("now", _("现中位价"), "yuan"),
    Column("fall", _("降幅"), "percent"),
    Column("saved", _("每店一盒少付合计"), "yuan"),
)


def landing_caveat(allowed: detector.Parameters) -> str:
    """How the days and the saving are worked out, in words."""
    words = gettext(
        "落地：零售价降到中选价加价 {markup}% 以内；天数从中选价执行日（后来上架的从上架日）算起，执行前已不高于的为 0 天；"
        "超过 {days} 天仍未降为逾期。只看近两年开始执行、现仍有效的中选价。前后中位价只比执行前一天和现在都在售的药店；"
        "“每店一盒少付合计”是这些药店每家卖一盒，比执行前一天的价格少收的钱之和，涨价的按负数计。没有销售数量，不能得出实际节约额。"
    )
    return words.format(markup=f"{100 * allowed.markup:g}", days=allowed.late_days)


def _counts(each: Landing) -> Row:
    before, now = each.before_fen, each.now_fen
    return {
        "shops": each.shops,
        "landed": each.landed,
        "share": each.landed / each.shops if each.shops else None,
        "days": None if each.days_median is None else Decimal(str(each.days_median)).normalize() + 0,
        "late": each.late,
        "above": each.above,
        "before": None if before is None else yuan(before),
        "now": None if now is None else yuan(now),
        "fall": None if before is None or now is None else 1 - now / before,
        "saved": yuan(each.saved_fen) if each.matched else None,
    }


def landings(area: Region, found: Sequence[Landing], on: date) -> Table:
    """One row for each procurement price in the area, as they come; `on` the day that they are of."""
    columns = (
        Column("drug", _("药品"), foreign=True),
        Column("price", _("中选价（每盒）"), "yuan"),
        Column("start", _("执行日"), "date"),
        *COUNTS,
        Column("maker", _("生产企业"), foreign=True),
        Column("scheme", _("集采批次"), foreign=True),
        Column("document", pgettext_lazy("paper", "文件"), foreign=True),
    )

    def row(each: Landing) -> Row:
        price = each.reference
        drug = price.drug
        return {
            "drug": name_of(drug),
            "drug_link": reverse("staff:console-landing", args=[area.code, price.pk]),
            "price": yuan(passthrough.fen_per_pack(price, drug.pack_count)),
            "start": price.valid.lower,
            "maker": drug.manufacturer,
            "scheme": price.scheme.name if price.scheme else None,
            "document": price.document,
            **_counts(each),
        }

    return Table(
        "passthrough",
        _("中选价落地"),
        columns,
        Rows(found, row),
        landing_caveat(passthrough.parameters(area.pk, on)),
        on,
        _("这里没有近两年开始执行、有药店在售的集采中选价。中选价用 import_reference_prices 导入，每晚统计。"),
    )


def landing_by_region(price: ReferencePrice, area: Region, on: date) -> Table:
    """How one price landed in the areas directly below, worst first."""
    columns = (Column("region", _("地区"), foreign=True), *COUNTS)

    def row(each: Landing) -> Row:
        address = reverse("staff:console-landing", args=[each.region.code, price.pk])
        return {"region": each.region.name, "region_link": address, **_counts(each)}

    found = list(passthrough.by_region(price.pk, area))
    caveat = landing_caveat(passthrough.parameters(area.pk, on))
    return Table("landing-regions", _("中选价落地（按地区）"), columns, Rows(found, row), caveat, on)


def landing_by_shop(price: ReferencePrice, area: Region, on: date) -> Table:
    """Every shop that sold the product since: those that have not come down first, then the slowest."""
    columns = (
        Column("name", _("药店"), foreign=True),
        Column("state", _("落地情况")),
        Column("days", _("落地天数"), "number"),
        Column("before", _("执行前一天"), "yuan"),
        Column("now", _("现零售价"), "yuan"),
        Column("area", _("统筹区"), foreign=True),
        Column("code", _("机构代码")),
    )
    fen = passthrough.fen_per_pack(price, price.drug.pack_count)
    asked = passthrough.Price(price.pk, price.drug_id, price.area_id, price.valid.lower, fen)
    found = passthrough.by_shop(asked, area, on)
    shops = Pharmacy.objects.select_related("insurance_area").in_bulk(found["shop"].to_list())

    def row(each: dict[str, Any]) -> Row:
        shop = shops[each["shop"]]
        return {
            "name": shop.name,
            "name_link": reverse("staff:desk", args=[shop.code]),
            "state": _landed(each),
            "days": None if each["days"] is None else int(each["days"]),
            "before": None if each["before"] is None else yuan(int(each["before"])),
            "now": None if each["now"] is None else yuan(int(each["now"])),
            "area": shop.insurance_area.name,
            "code": shop.code,
        }

    caveat = landing_caveat(passthrough.parameters(price.area_id, on))
    rows = Rows(_rows(found), row)
    return Table("landing-shops", _("中选价落地（按药店）"), columns, rows, caveat, on, _("没有药店卖过这个药品。"))


def _rows(found: pl.DataFrame) -> list[dict[str, Any]]:
    return list(found.iter_rows(named=True))


def _landed(each: dict[str, Any]) -> str:
    if each["now"] is None:
        return gettext("现不在售")
    if each["days"] is None:
        return gettext("逾期未落地") if each["late"] else gettext("未落地，未到期")
    return gettext("已落地") if each["low"] else gettext("落地后又高于中选价")


def name_of(drug: Drug) -> str:
    """`苯磺酸氨氯地平片 5mg×14片`."""
    of = drug.preparation
    return f"{of.generic_name} {of.strength}×{drug.pack_count}{drug.unit}"


# -- 历史时点 ----------------------------------------------------------------------------------------------------------

THEN_CAVEAT = _(
    "时点价：按有效时间，取这一时点正在执行的价格；按记录时间，只用当时（或所选时间）以前收到的报送。"
    "逐条的价格确认和库存不留历史，价格新旧按带来这个价格的报送和之后同一渠道的全量报送判断。“早于记录”的价格始于有记录之前。"
)
SINCE = (
    Column("since", _("此价起始"), "datetime"),
    Column("received", _("收到时间"), "datetime"),
    Column("state", _("当时状态")),
    Column("feed", _("报送渠道"), foreign=True),
    Column("run", _("批次"), "number"),
)


def _then(each: Then) -> Row:
    return {
        "price": yuan(each.fen),
        "since": each.since,
        "received": each.received_at,
        "state": as_of.STATES[each.state],
        "feed": each.feed,
        "run": each.run_id,
    }


def then_of_drug(found: Sequence[Then], drug: Drug, valid: datetime) -> Table:
    columns = (
        Column("name", _("药店"), foreign=True),
        Column("price", _("零售价"), "yuan"),
        *SINCE,
        Column("area", _("统筹区"), foreign=True),
        Column("code", _("机构代码")),
    )

    def row(each: Then) -> Row:
        link = reverse("staff:desk", args=[each.code])
        return {"name": each.name, "name_link": link, "area": each.where, "code": each.code, **_then(each)}

    title = gettext("%(name)s 的历史时点价格") % {"name": name_of(drug)}
    return Table("then-drug", title, columns, Rows(found, row), THEN_CAVEAT, valid, _("这一时点没有药店公示这个药品。"))


def then_of_shop(found: Sequence[Then], shop: Pharmacy, valid: datetime) -> Table:
    columns = (
        Column("name", _("药品"), foreign=True),
        Column("price", _("零售价"), "yuan"),
        *SINCE,
        Column("maker", _("生产企业"), foreign=True),
        Column("code", _("药品代码")),
    )

    def row(each: Then) -> Row:
        return {"name": each.name, "maker": each.where, "code": each.code, **_then(each)}

    title = gettext("%(name)s 的历史时点价格") % {"name": shop.name}
    return Table("then-shop", title, columns, Rows(found, row), THEN_CAVEAT, valid, _("这一时点这家药店没有公示价格。"))
