"""核查事项: the list that officials work through, with how many of the cases found something; and opening one."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from catalog.models import Drug
from pharmacies import access
from pharmacies.access import Action
from pharmacies.models import Pharmacy, Region, User
from prices.models import Case, Lead, ReportGroup
from prices.monitoring import cases
from prices.monitoring.cases import CaseProblem
from prices.monitoring.reports.answers import AnswerProblem, into_case
from prices.monitoring.tables import Column, Row, Table, in_parts
from prices.views.console.tables import answer
from prices.views.staff import sessions, signed_in

OFFERED = 50
"""Other leads of the same shop that may be looked into together."""
FILTERS = {
    "open": _("未办结"),
    "late": _("已超期"),
    "mine": _("我经办的"),
    "all": _("全部"),
    **dict(Case.State.choices),
}


@signed_in
@require_safe
def listed(request: HttpRequest, adcode: str) -> HttpResponseBase:
    """Cases about the area's pharmacies: what is due first comes first, what is closed last."""
    at, person = timezone.now(), sessions.person(request)
    area = access.area_for(person, Action.SEE, adcode, at=at)
    said = request.GET.get("state", "open")
    chosen = said if said in FILTERS else "open"
    query = request.GET.get("q", "").replace("\x00", "").strip()[:60]
    within = Case.objects.within(area)
    table = case_table(_found(within, chosen, query, person, at), area, at=at)
    file = answer(request, table)
    if file:
        return file
    context = {
        "place": area,
        "table": table,
        "chosen": chosen,
        "filters": FILTERS.items(),
        "q": query,
        "unfinished": within.unfinished().count(),
        "late": within.unfinished().filter(due_at__lt=at).count(),
        "precision": cases.precision(area, at=at),
    }
    return render(request, "console/cases.html", context)


def _found(within: "QuerySet[Case]", chosen: str, query: str, person: User, at: datetime) -> "QuerySet[Case]":
    found = within
    if chosen in Case.State.values:
        found = found.filter(state=chosen)
    elif chosen != "all":
        found = found.exclude(state=Case.State.CLOSED)
    if chosen == "late":
        found = found.filter(due_at__lt=at)
    if chosen == "mine":
        found = found.filter(owner=person)
    if query:
        shop = Q(pharmacy__name__icontains=query) | Q(pharmacy__code__iexact=query)
        found = found.filter(shop | Q(number__icontains=query) | Q(title__icontains=query))
    return found.order_by(F("due_at").asc(nulls_last=True), "-closed_at", "-pk")


class CaseRows(Sequence[Row]):
    """The cases of a queryset as rows of a table, read as far as they are shown."""

    def __init__(self, found: "QuerySet[Case]", area: Region, at: datetime) -> None:
        self.found, self.area, self.at = found, area, at

    def __len__(self) -> int:
        return self.found.count()

    def __getitem__(self, index: Any) -> Any:
        rows = self._read(self.found)
        if isinstance(index, slice):
            return [self._row(case) for case in rows[index]]
        return self._row(rows[index])

    @staticmethod
    def _read(cases: Any) -> Any:
        return cases.select_related("pharmacy", "owner", "pharmacy__insurance_area")

    def __iter__(self) -> Iterator[Row]:
        for part in in_parts(self._read(self.found)):
            yield from map(self._row, part)

    def _row(self, case: Case) -> Row:
        return {
            "number": case.number,
            "number_link": reverse("staff:console-case", args=[self.area.code, case.pk]),
            "pharmacy": case.pharmacy.name,
            "title": case.title,
            "state": state_words(case),
            "due": case.due_at,
            "late": gettext("已超期") if case.due_at and case.due_at < self.at else "",
            "owner": case.owner.display_name,
            "opened": case.opened_at,
            "area": case.pharmacy.insurance_area.name,
        }


def state_words(case: Case) -> str:
    """`核实中`; of a closed one `办结 · 已整改`."""
    return " · ".join(filter(None, (case.get_state_display(), case.get_outcome_display())))


def case_table(found: "QuerySet[Case]", area: Region, *, at: datetime) -> Table:
    return Table(
        name="cases",
        title=_("核查事项"),
        columns=[
            Column("number", _("编号")),
            Column("pharmacy", _("药店"), foreign=True),
            Column("title", _("事项"), foreign=True),
            Column("state", _("状态")),
            Column("due", _("办理期限"), "datetime"),
            Column("late", _("是否超期")),
            Column("owner", _("经办人"), foreign=True),
            Column("opened", _("立项时间"), "datetime"),
            Column("area", _("统筹区"), foreign=True),
        ],
        rows=CaseRows(found, area, at),
        caveat=_("线索和反馈供核实，不等于违规；办理期限按工作日计，节假日以设置为准。查实：办结时已整改或有处置的。"),
        on=at,
        empty=_("没有这样的核查事项。"),
    )


# -- opening one ------------------------------------------------------------------------------------------------------


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def opened(request: HttpRequest, adcode: str) -> HttpResponse:
    """Open a case from leads (`lead`) and groups of reports (`report`) of one shop; the page offers what else there is
    of that shop, so that one shop is asked once."""
    at, person = timezone.now(), sessions.person(request)
    area = access.area_for(person, Action.OPEN_CASE, adcode, at=at)
    sent = request.POST if request.method == "POST" else request.GET
    if not any(sent.get(name) for name in ("lead", "report", "pharmacy")):
        messages.warning(request, gettext("先打开一条线索或市民反馈，再从那里立项"))
        return redirect("staff:console-cases", adcode=area.code)
    managed = Pharmacy.objects.filter(insurance_area__in=Region.objects.within(area)).select_related("insurance_area")
    asked = Lead.objects.filter(pk__in=_numbers(sent.getlist("lead")))
    leads = list(asked.filter(pharmacy_id__in=managed.values("pk")))
    groups = list(ReportGroup.objects.within(area).filter(pk__in=_numbers(sent.getlist("report"))))
    if not leads and not groups and (moved := _moved(asked.within(area))):
        messages.warning(request, moved)
        return redirect("staff:console-leads", adcode=area.code)
    pharmacy = _shop(managed, [*leads, *groups], sent.get("pharmacy", ""))
    problem = ""
    if request.method == "POST":
        try:
            case = _open(pharmacy, leads, groups, by=person, at=at, reason=sent.get("reason", ""))
        except (CaseProblem, AnswerProblem) as error:
            problem = str(error)
        else:
            messages.success(request, gettext("已立项：%(number)s") % {"number": case.number})
            return redirect("staff:console-case", adcode=area.code, pk=case.pk)
    context = {
        "place": area,
        "pharmacy": pharmacy,
        "leads": _offered(pharmacy, {lead.pk for lead in leads}),
        "groups": _groups(pharmacy, {group.pk for group in groups}),
        "unfinished": Case.objects.within(area).unfinished().filter(pharmacy=pharmacy).order_by("pk"),
        "reason": sent.get("reason", ""),
        "problem": problem,
    }
    return render(request, "console/case_open.html", context, status=422 if problem else 200)


def _open(
    pharmacy: Pharmacy, leads: Sequence[Lead], groups: Sequence[ReportGroup], *, by: User, at: datetime, reason: str
) -> Case:
    with transaction.atomic():
        case = cases.open_case(pharmacy, leads, groups, by=by, at=at, reason=reason)
        for group in groups:
            into_case(group, case=case, by=by, at=at)
    return case


def _moved(leads: "QuerySet[Lead]") -> str:
    """What to say of leads that the area still has, of a shop that another one manages by now; empty where there are none."""
    shop = Pharmacy.objects.filter(pk__in=leads.values("pharmacy_id")).select_related("insurance_area").first()
    said = {"name": shop.name, "area": shop.insurance_area.name} if shop else {}
    return gettext("%(name)s现在由%(area)s管理：请那里的经办人立项，线索今晚转过去") % said if shop else ""


def _shop(managed: "QuerySet[Pharmacy]", things: Sequence[Any], code: str) -> Pharmacy:
    """The shop that all of it is about, or that `code` names; Http404 where that is none of the area's, or several."""
    ids = {each.pharmacy_id for each in things}
    found = managed.filter(pk__in=ids).first() if len(ids) == 1 else None
    found = found or (managed.filter(code=code.replace("\x00", "")).first() if code and not ids else None)
    if found is None:
        raise Http404
    return found


def _numbers(texts: Sequence[str]) -> list[int]:
    return [int(text) for text in texts if text.isascii() and text.isdecimal() and len(text) < 19]


def _offered(pharmacy: Pharmacy, chosen: set[int]) -> list[dict[str, Any]]:
    """New leads about the shop, those chosen first."""
    found = Lead.objects.filter(pharmacy_id=pharmacy.pk, state=Lead.State.NEW).order_by("-score", "pk")
    rows = [*found.filter(pk__in=chosen), *found.exclude(pk__in=chosen)[:OFFERED]]
    drugs = Drug.objects.select_related("preparation").in_bulk({lead.drug_id for lead in rows})
    return [{"lead": lead, "drug": drugs.get(lead.drug_id), "chosen": lead.pk in chosen} for lead in rows]


def _groups(pharmacy: Pharmacy, chosen: set[int]) -> list[dict[str, Any]]:
    """Groups of reports about the shop that wait for somebody."""
    waiting = [ReportGroup.State.OPEN, ReportGroup.State.ASKED]
    rows = ReportGroup.objects.counted().filter(pharmacy=pharmacy, state__in=waiting).order_by("first_at")
    drugs = Drug.objects.select_related("preparation").in_bulk({row.drug_id for row in rows if row.drug_id})
    return [{"group": row, "drug": drugs.get(row.drug_id), "chosen": row.pk in chosen} for row in rows]
