"""市民反馈: the queue of the area, and one group of reports, which is answered, put to the pharmacy, or made a case."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.db.models import F, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from catalog.models import Drug
from pharmacies import access
from pharmacies.access import Action
from pharmacies.models import Region, User
from prices.models import Case, Inquiry, Offer, Report, ReportGroup
from prices.money import yuan
from prices.monitoring.reports import answers, photos
from prices.monitoring.reports.answers import AnswerProblem
from prices.monitoring.tables import Column, Row, Table, in_parts
from prices.views import words
from prices.views.console.report_words import READY, product, question
from prices.views.console.tables import answer
from prices.views.staff import sessions, signed_in

State, Kind = ReportGroup.State, ReportGroup.Kind
SHOWN = 100
"""Reports of a group that its page shows, the newest first."""
FILTERS = {"all": _("全部"), **dict(State.choices)}


# -- the queue --------------------------------------------------------------------------------------------------------


@signed_in
@require_safe
def listed(request: HttpRequest, adcode: str) -> HttpResponseBase:
    """Groups of reports about the area's pharmacies: what has waited longest first, what is answered last."""
    at = timezone.now()
    area = access.area_for(sessions.person(request), Action.SEE, adcode, at=at)
    said = request.GET
    state = said.get("state", State.OPEN)
    kind = said.get("kind", "")
    chosen = {
        "state": state if state in FILTERS else State.OPEN,
        "kind": kind if kind in Kind.values else "",
        "q": said.get("q", "").replace("\x00", "").strip()[:60],
    }
    table = report_table(_found(area, **chosen), area, at=at)
    file = answer(request, table)
    if file:
        return file
    within = ReportGroup.objects.within(area)
    context = {
        "place": area,
        "table": table,
        "chosen": chosen,
        "states": FILTERS.items(),
        "kinds": Kind.choices,
        "open": within.filter(state=State.OPEN).count(),
        "asked": within.filter(state=State.ASKED).count(),
        "replied": within.filter(state=State.ASKED, inquiry__state=Inquiry.State.REPLIED).count(),
        "cases": within.filter(state=State.CASE).count(),
        "done": within.waiting().filter(state=State.CASE, case__state=Case.State.CLOSED).count(),
    }
    return render(request, "console/reports.html", context)


def _found(area: Region, *, state: str, kind: str, q: str) -> "QuerySet[ReportGroup]":
    found: QuerySet[ReportGroup] = ReportGroup.objects.within(area)
    if state != "all":
        found = found.filter(state=state)
    if kind:
        found = found.filter(kind=kind)
    if q:
        drugs = Drug.objects.filter(Q(preparation__generic_name__icontains=q) | Q(code__iexact=q))
        shop = Q(pharmacy__name__icontains=q) | Q(pharmacy__code__iexact=q)
        found = found.filter(shop | Q(drug_id__in=drugs.values("pk")))
    return found.order_by(F("answered_at").desc(nulls_first=True), "first_at", "pk")


class GroupRows(Sequence[Row]):
    """The groups of a queryset as rows of a table, read as far as they are shown."""

    def __init__(self, found: Any, area: Region) -> None:
        self.found, self.area = found, area

    def __len__(self) -> int:
        return self.found.count()

    def __getitem__(self, index: Any) -> Any:
        if not isinstance(index, slice):
            return self[index : index + 1][0]
        return _rows(list(self._read(self.found)[index]), self.area)

    @staticmethod
    def _read(groups: Any) -> Any:
        return groups.counted().select_related("pharmacy__insurance_area", "inquiry", "case")

    def __iter__(self) -> Iterator[Row]:
        for part in in_parts(self._read(self.found)):
            yield from _rows(part, self.area)


def _rows(groups: Sequence[Any], area: Region) -> list[Row]:
    """Each group in one line: two queries for products and prices whatever their number."""
    drugs = Drug.objects.select_related("preparation").in_bulk({each.drug_id for each in groups if each.drug_id})
    live = Offer.objects.filter(
        drug_id__in=drugs, pharmacy_id__in={each.pharmacy_id for each in groups}, state=Offer.State.LIVE
    )
    prices = {(drug, shop): fen for drug, shop, fen in live.values_list("drug_id", "pharmacy_id", "price_fen")}
    rows: list[Row] = []
    for group in groups:
        drug, declared = drugs.get(group.drug_id), prices.get((group.drug_id, group.pharmacy_id))
        rows.append(
            {
                "pharmacy": group.pharmacy.name,
                "pharmacy_link": reverse("staff:console-report", args=[area.code, group.pk]),
                "kind": group.get_kind_display(),
                "product": product(drug) if drug else "",
                "seen": yuan(group.price_fen) if group.price_fen else None,
                "declared": yuan(declared) if declared else None,
                "n": group.n,
                "photos": group.photos,
                "first": group.first_at,
                "last": group.last_at,
                "state": state_words(group),
                "area": group.pharmacy.insurance_area.name,
            }
        )
    return rows


def state_words(group: ReportGroup) -> str:
    """`已转药店核实`, and what an official should know before opening it."""
    more = ""
    if group.state == State.ASKED and group.inquiry is not None and group.inquiry.state == Inquiry.State.REPLIED:
        more = gettext("药店已回复")
    if group.state == State.CASE and group.case is not None and group.case.state == Case.State.CLOSED:
        more = gettext("结果已公开") if group.case.published_at else gettext("已办结，请答复市民")
    return " · ".join(filter(None, (group.get_state_display(), more)))


def report_table(found: "QuerySet[ReportGroup]", area: Region, *, at: datetime) -> Table:
    return Table(
        name="reports",
        title=pgettext_lazy("several", "市民反馈"),
        columns=[
            Column("pharmacy", _("药店"), foreign=True),
            Column("kind", _("类别")),
            Column("product", _("药品"), foreign=True),
            Column("seen", _("市民所见价"), "yuan"),
            Column("declared", _("药店申报价"), "yuan"),
            Column("n", _("件数"), "number"),
            Column("photos", _("照片"), "number"),
            Column("first", _("最早收到"), "datetime"),
            Column("last", _("最近收到"), "datetime"),
            Column("state", _("状态")),
            Column("area", _("统筹区"), foreign=True),
        ],
        rows=GroupRows(found, area),
        caveat=_(
            "同一家店、同一类、同一种药、同一个价格，相隔不到七天的反馈合成一组。反馈供核实，不等于违规；市民所见价不参加排序。"
        ),
        on=at,
        empty=_("没有这样的反馈。"),
    )


# -- one group --------------------------------------------------------------------------------------------------------


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def one(request: HttpRequest, adcode: str, pk: int) -> HttpResponse:
    """What citizens said about one thing, and what can be done with it."""
    at, person = timezone.now(), sessions.person(request)
    area = access.area_for(person, Action.SEE, adcode, at=at)
    group = _of_area(area, pk)
    if request.method != "POST":
        return render(request, "console/report.html", _context(group, area, person, at))
    access.area_for(person, Action.OPEN_CASE, adcode, at=at)
    do, text = request.POST.get("do"), request.POST.get("text", "")
    try:
        if do == "answer":
            answers.answer(group, text=text.strip() or request.POST.get("ready", ""), by=person, at=at)
            messages.success(request, gettext("已答复"))
        elif do == "ask":
            answers.ask(group, text=text, by=person, at=at)
            messages.success(request, gettext("已请药店说明"))
        else:
            raise BadRequest("do")
    except AnswerProblem as problem:
        group = _of_area(area, pk)
        context = _context(group, area, person, at) | {"problem": str(problem), "done": do, "text": text}
        return render(request, "console/report.html", context, status=422)
    return redirect("staff:console-report", adcode=area.code, pk=group.pk)


def _of_area(area: Region, pk: int) -> ReportGroup:
    rows = ReportGroup.objects.within(area).counted()
    related = ("pharmacy__insurance_area", "inquiry", "case", "answered_by")
    found: ReportGroup | None = rows.select_related(*related).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def _context(group: ReportGroup, area: Region, person: User, at: datetime) -> dict[str, Any]:
    drug = Drug.objects.select_related("preparation").filter(pk=group.drug_id or 0).first()
    offer = Offer.objects.filter(drug_id=group.drug_id or 0, pharmacy_id=group.pharmacy_id).first()
    offer = offer if offer is not None and offer.state == Offer.State.LIVE else None
    may = access.may(person, Action.OPEN_CASE, area, at=at)
    return {
        "place": area,
        "at": at,
        "group": group,
        "pharmacy": group.pharmacy,
        "reference": answers.reference(group),
        "state": state_words(group),
        "drug": drug,
        "product": product(drug) if drug else "",
        "seen": yuan(group.price_fen) if group.price_fen else None,
        "difference": difference(group.price_fen, offer.price_fen if offer else None),
        "offer": offer,
        "declared": yuan(offer.price_fen) if offer else None,
        "reports": group.reports.order_by("-at", "-pk")[:SHOWN],
        "replies": group.inquiry.replies.select_related("by").order_by("pk") if group.inquiry else [],
        "others": ReportGroup.objects.waiting().filter(pharmacy=group.pharmacy).exclude(pk=group.pk).count(),
        "may_answer": may and group.state != State.ANSWERED,
        "may_ask": may and group.state == State.OPEN,
        "may_open": may and group.state in (State.OPEN, State.ASKED),
        "ready": READY[group.kind],
        "question": question(group, group.pharmacy, drug, offer),
        "longest": answers.LONGEST,
        "shown": SHOWN,
    }


def difference(seen: int | None, declared: int | None) -> str:
    """`比申报价高 3.00 元（20%）`; nothing where one of the two is not known, in 分."""
    if not seen or not declared:
        return ""
    said = {"yuan": words.money(yuan(abs(seen - declared))), "percent": round(100 * abs(seen - declared) / declared)}
    if seen > declared:
        return gettext("比申报价高 %(yuan)s（%(percent)d%%）") % said
    return gettext("比申报价低 %(yuan)s（%(percent)d%%）") % said if seen < declared else gettext("与申报价相同")


@signed_in
@require_safe
def photo(request: HttpRequest, adcode: str, pk: int, report: int) -> HttpResponse:
    """A citizen's photo: ours by now, painted anew when it came; shown to officials of the area only."""
    area = access.area_for(sessions.person(request), Action.SEE, adcode, at=timezone.now())
    row = Report.objects.filter(group=_of_area(area, pk), pk=report).first()
    data = photos.load(row) if row else None
    if data is None:
        raise Http404
    shown = HttpResponse(data, content_type="image/jpeg")
    shown["X-Content-Type-Options"] = "nosniff"
    return shown
