"""规则: what an area watches for, and how that is changed. Nobody changes a rule without having seen what it would do:
the draft goes by way of a page that shows its back-test, or says that there is none."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from pharmacies import access
from pharmacies.access import Action
from pharmacies.models import Region, User
from prices.models import Rule
from prices.monitoring import backtests, detectors, rules
from prices.monitoring.parameters import Absurd
from prices.monitoring.tables import Column, Row, Table
from prices.statistics import nights
from prices.views import words
from prices.views.console import rule_words
from prices.views.console.backtest_words import verdict
from prices.views.console.rule_forms import DaysForm, DecisionForm, DraftForm
from prices.views.console.tables import answer
from prices.views.staff import sessions
from prices.views.staff.guard import signed_in


@signed_in
@require_safe
def all_rules(request: HttpRequest, adcode: str) -> HttpResponseBase:
    """Every detector with how it works here today, and what was changed before."""
    at = timezone.now()
    area = access.area_for(sessions.person(request), Action.SEE, adcode, at=at)
    now, past = _table(area, at), _history(area, at)
    found = answer(request, now, past)
    return found or render(request, "console/rules.html", {"place": area, "table": now, "history": past})


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def rule(request: HttpRequest, adcode: str, detector: str) -> HttpResponseBase:
    """One detector: how it works here, and a draft to try (`do=test`), to look at (`do=review`), to decide (`do=change`)."""
    at, by = timezone.now(), sessions.person(request)
    wanted = Action.EDIT_RULES if request.method == "POST" else Action.SEE
    area = access.area_for(by, wanted, adcode, at=at)
    if detector not in detectors.MODULES:
        raise Http404
    if request.method != "POST":
        history = _history(area, at, detector)
        return answer(request, history) or _page(request, area, detector, at, history=history)
    draft = DraftForm(request.POST, detector=detector)
    if not draft.is_valid():
        return _page(request, area, detector, at, draft=draft, status=422)
    if request.POST.get("do") == "test":
        return _test(request, area, detector, draft, by, at)
    if request.POST.get("do") == "change":
        return _change(request, area, detector, draft, by, at)
    return _review(request, area, detector, draft, DecisionForm(initial={"on": access.day(at)}), at)


def _page(
    request: HttpRequest,
    area: Region,
    detector: str,
    at: datetime,
    *,
    draft: DraftForm | None = None,
    days: DaysForm | None = None,
    history: Table | None = None,
    status: int = 200,
) -> HttpResponse:
    today = access.day(at)
    now = rules.current(area.pk, today)[detector]
    stored = Rule.objects.select_related("area").filter(pk=now.rule_id).first() if now.rule_id else None
    context = {
        "place": area,
        "detector": detector,
        "name": rule_words.name(detector),
        "about": rule_words.ABOUT[detector],
        "rule": now,
        "pairs": rule_words.pairs(now.parameters),
        "stored": stored,
        "history": history or _history(area, at, detector),
        "may": access.may(sessions.person(request), Action.EDIT_RULES, area, at=at),
        "draft": draft or DraftForm.of(detector, now.parameters, now.active),
        "testable": detector in backtests.TESTABLE,
        "untestable": rule_words.WITHOUT.get(detector, ""),
        "days": days or DaysForm.proposed(today, nights.first_day()),
    }
    return render(request, "console/rule.html", context, status=status)


def _test(request: HttpRequest, area: Region, detector: str, draft: DraftForm, by: User, at: datetime) -> HttpResponse:
    days = DaysForm(request.POST)
    if not days.is_valid():
        return _page(request, area, detector, at, draft=draft, days=days, status=422)
    try:
        found = backtests.start(
            area=area,
            detector=detector,
            parameters=draft.draft.stated(),
            first=days.cleaned_data["first"],
            last=days.cleaned_data["last"],
            by=by,
            at=at,
        )
    except Absurd as absurd:
        for problem in absurd.problems:
            days.add_error(None, problem)
        return _page(request, area, detector, at, draft=draft, days=days, status=422)
    return redirect("staff:console-backtest", area.code, found.pk)


def _review(
    request: HttpRequest,
    area: Region,
    detector: str,
    draft: DraftForm,
    decision: DecisionForm,
    at: datetime,
    status: int = 200,
) -> HttpResponse:
    """What would change, what a back-test said of exactly this draft, and the decision."""
    now = rules.current(area.pk, access.day(at))[detector]
    found = backtests.newest(area, detector, draft.draft.stated())
    context: dict[str, Any] = {
        "place": area,
        "detector": detector,
        "name": rule_words.name(detector),
        "rule": now,
        "active": draft.cleaned_data["active"],
        "changed": rule_words.changed(now, draft.draft),
        "pairs": rule_words.pairs(draft.draft),
        "draft": DraftForm.of(detector, draft.draft, draft.cleaned_data["active"], hidden=True),
        "decision": decision,
        "back_test": found,
        "verdict": verdict(found, backtests.answer(found)) if found else None,
        "untestable": rule_words.WITHOUT.get(detector, ""),
    }
    return render(request, "console/rule_review.html", context, status=status)


def _change(
    request: HttpRequest, area: Region, detector: str, draft: DraftForm, by: User, at: datetime
) -> HttpResponse:
    decision = DecisionForm(request.POST)
    if not decision.is_valid():
        return _review(request, area, detector, draft, decision, at, status=422)
    try:
        rules.change(
            area=area,
            detector=detector,
            parameters=draft.draft.stated(),
            active=draft.cleaned_data["active"],
            reason=decision.cleaned_data["reason"],
            document=decision.cleaned_data["document"],
            on=decision.cleaned_data["on"],
            by=by,
            at=at,
        )
    except Absurd as absurd:
        for problem in absurd.problems:
            decision.add_error(None, problem)
        return _review(request, area, detector, draft, decision, at, status=422)
    messages.success(
        request, gettext("规则已改：从 %(day)s 起生效，已记入操作日志。") % {"day": decision.cleaned_data["on"]}
    )
    return redirect("staff:console-rule", area.code, detector)


# -- tables -----------------------------------------------------------------------------------------------------------

ACTIVE, OFF = _("启用"), _("停用")


def _table(area: Region, at: datetime) -> Table:
    in_force = rules.current(area.pk, access.day(at))
    stored = Rule.objects.select_related("area").in_bulk([each.rule_id for each in in_force.values() if each.rule_id])
    rows: list[Row] = []
    for name, each in in_force.items():
        row = stored.get(each.rule_id) if each.rule_id else None
        rows.append(
            {
                "name": rule_words.name(name),
                "name_link": reverse("staff:console-rule", args=[area.code, name]),
                "about": rule_words.ABOUT[name],
                "state": ACTIVE if each.active else OFF,
                "parameters": rule_words.stated(each.parameters),
                "area": row.area.name if row else None,
                "since": row.valid.lower if row else None,
                "document": row.document if row else None,
            }
        )
    return Table(
        name="rules",
        title=_("现行规则"),
        columns=[
            Column("name", pgettext_lazy("one", "规则")),
            Column("about", _("看什么")),
            Column("state", _("状态")),
            Column("parameters", _("参数")),
            Column("area", _("由哪个地区规定"), foreign=True),
            Column("since", _("从"), "date"),
            Column("document", pgettext_lazy("paper", "文件"), foreign=True),
        ],
        rows=rows,
        caveat=_("最近一级地区的规定优先；没有规定的用系统默认参数（“由哪个地区规定”一栏为空）。"),
        on=at,
    )


def _history(area: Region, at: datetime, detector: str = "") -> Table:
    """What was decided here and above, the newest first."""
    above = [area.pk]
    while area.parent is not None:
        area = area.parent
        above.append(area.pk)
    found = Rule.objects.filter(area__in=above).select_related("area").order_by("-at", "-pk")
    if detector:
        found = found.filter(detector=detector)
    rows: list[Row] = [
        {
            "name": rule_words.name(row.detector),
            "at": row.at,
            "state": ACTIVE if row.active else OFF,
            "parameters": rule_words.stored(row.detector, row.parameters),
            "area": row.area.name,
            "since": row.valid.lower if row.valid else None,
            "until": words.last_day(row.valid) if row.valid else None,
            "reason": row.reason,
            "document": row.document,
            "by": row.by,
        }
        for row in found
    ]
    return Table(
        name="rule-history",
        title=_("改过的规则"),
        columns=[
            Column("name", pgettext_lazy("one", "规则")),
            Column("at", _("决定时间"), "datetime"),
            Column("state", _("状态")),
            Column("parameters", _("参数")),
            Column("area", _("地区"), foreign=True),
            Column("since", _("从"), "date"),
            Column("until", _("到"), "date"),
            Column("reason", _("理由"), foreign=True),
            Column("document", pgettext_lazy("paper", "文件"), foreign=True),
            Column("by", _("决定人"), foreign=True),
        ],
        rows=rows,
        caveat=_("本地区和上级地区作过的决定，新的在前；“从”“到”为空的，还没有生效就被取代。"),
        on=at,
        empty=_("还没有人改过规则：都按系统默认参数。"),
    )
