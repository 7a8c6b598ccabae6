"""药品: from the classes of the catalogue to a preparation, its products, and a product county by county."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from catalog import browse
from catalog.editions import current
from catalog.models import Category, Drug, Edition, Preparation
from catalog.search import preparations as search_preparations
from pharmacies import access
from pharmacies.access import Action
from pharmacies.models import Region
from prices.models.leads import Lead
from prices.money import yuan
from prices.monitoring.tables import Column, Row, Table
from prices.statistics.history import Day, daily
from prices.statistics.nights import days
from prices.statistics.usual import Usual, usual_prices
from prices.views.console.charts import Chart, Line
from prices.views.console.leads import LeadRows, product_words
from prices.views.console.tables import answer
from prices.views.pages import text_of
from prices.views.staff import sessions
from prices.views.staff.guard import signed_in

A_PAGE = 60
"""Preparations of a class that are shown: those that most makers sell."""
DAYS = 365
LEADS = 20


# -- classes and preparations -----------------------------------------------------------------------------------------


@signed_in
@require_safe
def drugs(request: HttpRequest, adcode: str) -> HttpResponseBase:
    """Main classes; a class; the preparations of one (`?class=`), or of a name (`?q=`)."""
    at = timezone.now()
    area = access.area_for(sessions.person(request), Action.SEE, adcode, at=at)
    on = access.day(at)
    edition, q = current(on), text_of(request, "q")
    category = _category(edition, request.GET.get("class", ""))
    found = _preparations(edition, category, q)
    table = preparation_table(found, area, on) if found is not None else None
    file = answer(request, table) if table else None
    if file:
        return file
    group = category.code[: browse.GROUP] if category else ""
    context = {
        "place": area,
        "q": q,
        "category": category,
        "group": _category(edition, group) if category and category.code != group else None,
        "groups": _links(browse.groups(edition)) if edition and not category and not q else [],
        "leaves": _links(browse.leaves(edition, category.code))
        if edition and category and len(category.code) < browse.LEAF
        else [],
        "table": table,
    }
    return render(request, "console/drugs.html", context)


def _category(edition: Edition | None, code: str) -> Category | None:
    if not edition or not code:
        return None
    return Category.objects.filter(edition=edition, code=code.upper()[:12]).first()


def _links(categories: Any) -> list[tuple[str, str, str]]:
    return [(each.name, each.code, f"?{urlencode({'class': each.code})}") for each in categories]


def _preparations(edition: Edition | None, category: Category | None, q: str) -> list[Preparation] | None:
    """What the page lists; None where it lists classes."""
    if q:
        return [each for each, _drugs in search_preparations(q, limit=A_PAGE)]
    if category is None:
        return None if edition else list(browse.best_known(A_PAGE)[:A_PAGE])
    if edition and len(category.code) >= browse.LEAF:
        return list(browse.in_class(category.code, edition)[:A_PAGE])
    return None


def preparation_table(found: Sequence[Preparation], area: Region, on: date) -> Table:
    members = browse.members(list(found))
    drug_ids = [drug.pk for rows in members.values() for drug in rows]
    known = usual_prices([(pk, area.pk) for pk in drug_ids], on)
    waiting = _waiting(area, drug_ids)
    rows: list[Row] = []
    for each in found:
        usual = [known[drug.pk, area.pk] for drug in members[each.pk] if (drug.pk, area.pk) in known]
        rows.append(
            {
                "name": f"{each.generic_name} {each.strength}",
                "name_link": reverse("staff:console-preparation", args=[area.code, each.pk]),
                "products": len(members[each.pk]),
                "sold": len(usual),
                "shops": max((row.count for row in usual), default=0),
                "dispersion": max((_dispersion(row) for row in usual), default=None),
                "leads": sum(waiting.get(drug.pk, 0) for drug in members[each.pk]),
            }
        )
    return Table(
        name="preparations",
        title=_("制剂"),
        columns=[
            Column("name", _("制剂"), foreign=True),
            Column("products", _("产品"), "number"),
            Column("sold", _("有价的产品"), "number"),
            Column("shops", _("最多在售药店"), "number"),
            Column("dispersion", _("最大离散度"), "number"),
            Column("leads", _("待看线索"), "number"),
        ],
        rows=rows,
        caveat=_(
            "按%(area)s凌晨的统计；厂家多的在前，最多列 %(n)s 个。离散度是上下四分位数之差除以之和，取离散最大的产品。"
        )
        % {"area": area.name, "n": A_PAGE},
        on=on,
        empty=_("没有这样的药。换一个名称，或从分类里找。"),
    )


def _dispersion(usual: Usual) -> float:
    return (usual.q3_fen - usual.q1_fen) / (usual.q3_fen + usual.q1_fen)


def _waiting(area: Region, drug_ids: Sequence[int]) -> dict[int, int]:
    """Leads to look at, by product."""
    new = Lead.objects.within(area).filter(state=Lead.State.NEW, drug_id__in=drug_ids)
    return {row["drug_id"]: row["n"] for row in new.values("drug_id").annotate(n=Count("pk"))}


# -- the products of a preparation ------------------------------------------------------------------------------------


@signed_in
@require_safe
def preparation(request: HttpRequest, adcode: str, pk: int) -> HttpResponseBase:
    """Every product of the preparation with what the area's shops ask."""
    at = timezone.now()
    area = access.area_for(sessions.person(request), Action.SEE, adcode, at=at)
    found = get_object_or_404(Preparation, pk=pk)
    table = product_table(browse.members([found])[found.pk], area, access.day(at))
    file = answer(request, table)
    if file:
        return file
    return render(request, "console/preparation.html", {"place": area, "preparation": found, "table": table})


def product_table(products: Sequence[Drug], area: Region, on: date) -> Table:
    known = usual_prices([(drug.pk, area.pk) for drug in products], on)
    before = usual_prices([(drug.pk, area.pk) for drug in products], on - timedelta(days=90))
    waiting = _waiting(area, [drug.pk for drug in products])
    rows: list[Row] = []
    for drug in products:
        usual, then = known.get((drug.pk, area.pk)), before.get((drug.pk, area.pk))
        rows.append(
            {
                "product": f"{drug.manufacturer} {drug.pack_count}{drug.unit}",
                "product_link": reverse("staff:console-product", args=[area.code, drug.code]),
                "leads": waiting.get(drug.pk, 0),
                "moved": usual.median_fen / then.median_fen - 1 if usual and then else None,
                **_prices(usual),
            }
        )
    return Table(
        name="products",
        title=_("产品"),
        columns=[
            Column("product", _("产品"), foreign=True),
            *PRICES,
            Column("moved", _("中间价 90 天变动"), "percent"),
            Column("leads", _("待看线索"), "number"),
        ],
        rows=rows,
        caveat=_("%(area)s参加排序的零售药店今天凌晨的标价；多数药店价是最常见的标价，至少 5 家店才有。")
        % {"area": area.name},
        on=on,
    )


PRICES = [
    Column("mode", _("多数药店价"), "yuan"),
    Column("median", _("中间价"), "yuan"),
    Column("low", _("最低"), "yuan"),
    Column("high", _("最高"), "yuan"),
    Column("shops", _("药店数"), "number"),
    Column("dispersion", _("离散度"), "number"),
]


def _prices(usual: Usual | None) -> dict[str, Any]:
    if usual is None:
        return {}
    money: dict[str, Decimal | None] = {
        "mode": None if usual.mode_fen is None else yuan(usual.mode_fen),
        "median": yuan(usual.median_fen),
        "low": yuan(usual.min_fen),
        "high": yuan(usual.max_fen),
    }
    return {**money, "shops": usual.count, "dispersion": _dispersion(usual)}


# -- one product ------------------------------------------------------------------------------------------------------


@signed_in
@require_safe
def product(request: HttpRequest, adcode: str, code: str) -> HttpResponseBase:
    """A product's year in the area, area by area below it, and its leads."""
    at = timezone.now()
    area = access.area_for(sessions.person(request), Action.SEE, adcode, at=at)
    drug = Drug.objects.select_related("preparation").filter(code=code.replace("\x00", " ")).first()
    if drug is None:
        raise Http404
    on = access.day(at)
    chart = year(drug, area, on)
    below = list(Region.objects.filter(parent__code=area.code, valid__contains=on).order_by("code"))
    table = place_table(drug, [area, *below], on)
    file = answer(request, chart.table, table)
    if file:
        return file
    found = Lead.objects.within(area).standing().filter(drug_id=drug.pk).order_by("-on", "-score", "pk")
    context = {
        "place": area,
        "drug": drug,
        "product": product_words(drug),
        "chart": chart,
        "table": table,
        "leads": LeadRows(found, area)[:LEADS],
    }
    return render(request, "console/product.html", context)


def year(drug: Drug, area: Region, on: date) -> Chart:
    """What most of the area's shops asked, and the middle half of them, day by day."""
    first = on - timedelta(days=DAYS - 1)
    known = {day.on: day for day in daily(drug.pk, area.pk, first, on)}
    shown = list(days(min(known, default=on), on))
    mode = [_yuan(known.get(day), "mode_fen") or _yuan(known.get(day), "median_fen") for day in shown]
    newest = next((value for value in reversed(mode) if value is not None), None)
    return Chart(
        name=f"product-{drug.code}",
        title=gettext("%(area)s的标价") % {"area": area.name},
        days=shown,
        lines=[
            Line(
                "" if newest is None else gettext("多数药店 %(price)s 元") % {"price": f"{newest:.2f}"}, mode, main=True
            )
        ],
        band=([_yuan(known.get(day), "q1_fen") for day in shown], [_yuan(known.get(day), "q3_fen") for day in shown]),
        unit=_("元"),
        step=True,
        table=_year_table(list(known.values()), area, on),
    )


def _yuan(day: Day | None, name: str) -> float | None:
    fen = getattr(day, name) if day else None
    return None if fen is None else fen / 100


def _year_table(known: Sequence[Day], area: Region, on: date) -> Table:
    changed = [day for n, day in enumerate(known) if n == 0 or day.says != known[n - 1].says]
    names = ("mode", "q1", "median", "q3")
    return Table(
        name="year",
        title=_("标价变动"),
        columns=[
            Column("on", _("自"), "date"),
            Column("mode", _("多数药店价"), "yuan"),
            Column("q1", _("下四分位数"), "yuan"),
            Column("median", _("中间价"), "yuan"),
            Column("q3", _("上四分位数"), "yuan"),
            Column("shops", _("药店数"), "number"),
        ],
        rows=[
            {
                "on": day.on,
                "shops": day.count,
                **{
                    each: None if getattr(day, f"{each}_fen") is None else yuan(getattr(day, f"{each}_fen"))
                    for each in names
                },
            }
            for day in reversed(changed)
        ],
        caveat=_("%(area)s参加排序的零售药店，每天凌晨统计一次；色带是中间一半药店的标价。") % {"area": area.name},
        on=on,
    )


def place_table(drug: Drug, areas: Sequence[Region], on: date) -> Table:
    known = usual_prices([(drug.pk, area.pk) for area in areas], on)
    rows: list[Row] = [
        {
            "area": area.name,
            "area_link": reverse("staff:console-product", args=[area.code, drug.code]),
            **_prices(known.get((drug.pk, area.pk))),
        }
        for area in areas
    ]
    return Table(
        name="places",
        title=_("各地区"),
        columns=[Column("area", _("地区"), foreign=True), *PRICES],
        rows=rows,
        caveat=_("各地区参加排序的零售药店今天凌晨的标价；没有药店卖的地区是空的。"),
        on=on,
    )
