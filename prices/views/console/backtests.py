"""历史回测: the list, and what one found."""

from datetime import datetime

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from catalog.models import Drug
from pharmacies import access
from pharmacies.access import Action
from pharmacies.models import Pharmacy, Region
from prices.models import BackTest
from prices.money import yuan
from prices.monitoring import backtests, detectors
from prices.monitoring.backtests import Answer, Span
from prices.monitoring.tables import Column, Row, Table
from prices.views.console import rule_words
from prices.views.console.backtest_words import verdict
from prices.views.console.leads import product_words
from prices.views.console.rule_forms import DraftForm
from prices.views.console.tables import answer
from prices.views.staff import sessions
from prices.views.staff.guard import signed_in

NEWEST = 200


@signed_in
@require_safe
def all_back_tests(request: HttpRequest, adcode: str) -> HttpResponseBase:
    """Those of the area and of all below it, the newest first."""
    at = timezone.now()
    area = access.area_for(sessions.person(request), Action.SEE, adcode, at=at)
    table = _table(area, at)
    context = {
        "place": area,
        "table": table,
        "may": access.may(sessions.person(request), Action.EDIT_RULES, area, at=at),
        "testable": [(name, rule_words.name(name)) for name in backtests.TESTABLE],
    }
    return answer(request, table) or render(request, "console/backtests.html", context)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def back_test(request: HttpRequest, adcode: str, pk: int) -> HttpResponseBase:
    """What it found so far, in words, by month, in examples. POST stops it."""
    at, by = timezone.now(), sessions.person(request)
    wanted = Action.EDIT_RULES if request.method == "POST" else Action.SEE
    area = access.area_for(by, wanted, adcode, at=at)
    found = get_object_or_404(
        BackTest.objects.select_related("area", "by"), pk=pk, area__in=Region.objects.within(area)
    )
    if request.method == "POST":
        backtests.stop(found, by=by, at=at)
        return redirect("staff:console-backtest", area.code, found.pk)
    told = backtests.answer(found)
    months, examples = _months(found, told), _examples(found, told)
    file = answer(request, months, examples)
    if file:
        return file
    draft = detectors.MODULES[found.detector].Parameters.read(found.parameters)
    context = {
        "place": area,
        "back_test": found,
        "working": found.state in BackTest.WORKING,
        "name": rule_words.name(found.detector),
        "pairs": rule_words.pairs(draft),
        "answer": told,
        "verdict": verdict(found, told) if told.days else None,
        "months": months,
        "examples": examples,
        "may": access.may(by, Action.EDIT_RULES, area, at=at),
        "draft": DraftForm.of(found.detector, draft, True, hidden=True),
    }
    return render(request, "console/backtest.html", context)


def _table(area: Region, at: datetime) -> Table:
    here = BackTest.objects.filter(area__in=Region.objects.within(area)).select_related("area", "by")
    found = list(here.order_by("-id")[:NEWEST])
    totals = backtests.totals(found)
    rows: list[Row] = []
    for each in found:
        total = totals[each.pk]
        rows.append(
            {
                "name": rule_words.name(each.detector),
                "name_link": reverse("staff:console-backtest", args=[area.code, each.pk]),
                "parameters": rule_words.stored(each.detector, each.parameters),
                "area": each.area.name,
                "first": each.first,
                "last": each.last,
                "state": each.get_state_display(),
                "progress": backtests.progress(each, total) / 100,
                "found": total.found,
                "precision": total.precision,
                "by": each.by.display_name,
                "at": each.at,
            }
        )
    return Table(
        name="backtests",
        title=_("历史回测"),
        columns=[
            Column("name", pgettext_lazy("one", "规则")),
            Column("parameters", _("参数")),
            Column("area", _("地区"), foreign=True),
            Column("first", _("从"), "date"),
            Column("last", _("到"), "date"),
            Column("state", _("状态")),
            Column("progress", _("进度"), "percent"),
            Column("found", _("线索数"), "number"),
            Column("precision", _("查实率"), "percent"),
            Column("by", _("发起人"), foreign=True),
            Column("at", _("发起时间"), "datetime"),
        ],
        rows=rows,
        caveat=_("用过去的价格变动重新判断一遍：先排除录入错误和统一调价，控制误报，再与当时的线索和核查结论对照。"),
        on=at,
        empty=_("还没有做过历史回测：从一条规则的页面开始。"),
    )


def _months(found: BackTest, told: Answer) -> Table:
    return Table(
        name="months",
        title=_("按月"),
        columns=[
            Column("month", _("月份")),
            Column("days", _("天数"), "number"),
            Column("tests", _("检验的变动"), "number"),
            Column("slips", _("录入错误"), "number"),
            Column("events", _("统一调价"), "number"),
            Column("found", _("线索数"), "number"),
            Column("a_day", _("平均每天"), "number"),
            Column("known", _("当时已是线索"), "number"),
            Column("were", _("当时的线索"), "number"),
            Column("were_same", _("其中同一规则"), "number"),
            Column("labelled", _("有核查结论"), "number"),
            Column("confirmed", _("属实"), "number"),
            Column("precision", _("查实率"), "percent"),
        ],
        rows=[_month(span) for span in told.months],
        caveat=_("“当时的线索”是那些天按当时全部规则留下的线索；查实率 = 属实 ÷ 有核查结论，属实指已整改或已作处置。"),
        on=found.finished_at or found.at,
        empty=_("还没有算完一天。"),
    )


def _month(span: Span) -> Row:
    names = (
        *("days", "tests", "slips", "events", "found", "a_day", "known", "were", "were_same"),
        *("labelled", "confirmed", "precision"),
    )
    return {"month": f"{span.on:%Y-%m}"} | {name: getattr(span, name) for name in names}


def _examples(found: BackTest, told: Answer) -> Table:
    drugs = Drug.objects.select_related("preparation").in_bulk({each["drug"] for each in told.examples})
    shops = Pharmacy.objects.in_bulk({each["pharmacy"] for each in told.examples})
    rows: list[Row] = [
        {
            "on": each["on"],
            "drug": product_words(drugs[each["drug"]]),
            "shop": shops[each["pharmacy"]].name,
            "old": yuan(each["old_fen"]) if each["old_fen"] else None,
            "new": yuan(each["new_fen"]),
            "excess": each["excess"],
            "score": each["score"],
            "known": _("是") if each["known"] else _("否"),
        }
        for each in told.examples
        if each["drug"] in drugs and each["pharmacy"] in shops
    ]
    return Table(
        name="examples",
        title=_("例子：高出最多的线索"),
        columns=[
            Column("on", _("日期")),
            Column("drug", _("药品"), foreign=True),
            Column("shop", _("药店"), foreign=True),
            Column("old", _("原价"), "yuan"),
            Column("new", _("新价"), "yuan"),
            Column("excess", _("高出比例"), "percent"),
            Column("score", _("统计量"), "number"),
            Column("known", _("当时是线索")),
        ],
        rows=rows,
        caveat=_("供核实，不等于违规。"),
        on=found.finished_at or found.at,
        empty=_("没有线索。") if told.days else _("还没有算完一天。"),
    )
