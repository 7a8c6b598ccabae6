"""From an area to its pharmacies, and one pharmacy as its officials see it: its leads, its reports, where to look on."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Count, Max, Q, QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from pharmacies import access
from pharmacies.access import Action
from pharmacies.models import Pharmacy, PharmacyStatus, Region
from prices.desk.standing import Report
from prices.models import PharmacyFeed
from prices.models.cases import Case
from prices.models.leads import Lead
from prices.monitoring.tables import Column, Row, Table, in_parts
from prices.views import words
from prices.views.console.leads import lead_table
from prices.views.console.tables import answer
from prices.views.pages import text_of
from prices.views.staff import sessions
from prices.views.staff.guard import signed_in


def managed(area: Region) -> "QuerySet[Pharmacy]":
    """The pharmacies that the area or one below it manages."""
    found: QuerySet[Pharmacy] = Pharmacy.objects.filter(insurance_area__in=Region.objects.within(area))
    return found


@signed_in
@require_safe
def pharmacies(request: HttpRequest, adcode: str) -> HttpResponseBase:
    """Every pharmacy of the area by name, with when it last reported and how many leads there are."""
    at = timezone.now()
    area = access.area_for(sessions.person(request), Action.SEE, adcode, at=at)
    q = text_of(request, "q")
    found = managed(area)
    if q:
        found = found.filter(Q(name__icontains=q) | Q(code__iexact=q) | Q(initials__istartswith=q))
    table = pharmacy_table(found.order_by("name", "code"), area, at=at)
    file = answer(request, table)
    if file:
        return file
    return render(request, "console/pharmacies.html", {"place": area, "table": table, "q": q})


class PharmacyRows(Sequence[Row]):
    """Pharmacies as rows of a table, read as far as they are shown."""

    def __init__(self, found: "QuerySet[Pharmacy]", area: Region, at: datetime) -> None:
        self.found, self.area, self.at = found, area, at

    def __len__(self) -> int:
        return self.found.count()

    def __getitem__(self, index: Any) -> Any:
        found = self._read(self.found)
        if isinstance(index, slice):
            return _rows(list(found[index]), self.area, at=self.at)
        return _rows([found[index]], self.area, at=self.at)[0]

    @staticmethod
    def _read(shops: Any) -> Any:
        return shops.select_related("insurance_area")

    def __iter__(self) -> Iterator[Row]:
        for part in in_parts(self._read(self.found)):
            yield from _rows(part, self.area, at=self.at)


def _rows(shops: Sequence[Pharmacy], area: Region, *, at: datetime) -> list[Row]:
    """Two queries whatever their number."""
    ids = [shop.pk for shop in shops]
    reports = PharmacyFeed.objects.filter(pharmacy__in=ids).values("pharmacy_id").annotate(last=Max("as_of"))
    last: dict[int, datetime] = dict(reports.values_list("pharmacy_id", "last"))
    new = Lead.objects.filter(state=Lead.State.NEW, pharmacy_id__in=ids)
    counted = new.values("pharmacy_id").annotate(n=Count("pk")).values_list("pharmacy_id", "n")
    leads = {pk: n for pk, n in counted if pk is not None}
    return [
        {
            "name": shop.name,
            "name_link": reverse("staff:console-pharmacy", args=[area.code, shop.code]),
            "code": shop.code,
            "area": shop.insurance_area.name,
            "address": shop.address,
            "last": last.get(shop.pk),
            "days": words.days_since(last[shop.pk], at) if shop.pk in last else None,
            "leads": leads.get(shop.pk, 0),
        }
        for shop in shops
    ]


def pharmacy_table(found: "QuerySet[Pharmacy]", area: Region, *, at: datetime) -> Table:
    return Table(
        name="pharmacies",
        title=_("药店"),
        columns=[
            Column("name", _("药店"), foreign=True),
            Column("code", _("机构代码")),
            Column("area", _("统筹区"), foreign=True),
            Column("address", _("地址"), foreign=True),
            Column("last", _("最近报送"), "datetime"),
            Column("days", _("距今天数"), "number"),
            Column("leads", _("待看线索"), "number"),
        ],
        rows=PharmacyRows(found, area, at),
        caveat=_("这个统筹区及其下级管理的药店和医疗机构；最近报送是任何一个报送渠道最近一次报的时间。"),
        on=at,
        empty=_("这里没有这样的药店。"),
    )


@signed_in
@require_safe
def pharmacy(request: HttpRequest, adcode: str, code: str) -> HttpResponseBase:
    """One pharmacy: who it is, when it reported, its leads and cases, and the way to its prices."""
    at = timezone.now()
    area = access.area_for(sessions.person(request), Action.SEE, adcode, at=at)
    shop = get_object_or_404(
        managed(area).select_related("insurance_area", "chain"),
        code=code.replace("\x00", " "),
    )
    leads = Lead.objects.within(area).filter(pharmacy_id=shop.pk).order_by("-on", "-score", "pk")
    table = lead_table(leads, area, at=at)
    file = answer(request, table)
    if file:
        return file
    status = PharmacyStatus.objects.valid(access.day(at)).filter(pharmacy=shop).first()
    context = {
        "place": area,
        "pharmacy": shop,
        "status": status.get_status_display() if status and status.status != PharmacyStatus.Status.NORMAL else "",
        "reports": reports(shop, at=at),
        "cases": Case.objects.within(area).filter(pharmacy=shop).order_by("-opened_at"),
        "table": table,
    }
    return render(request, "console/pharmacy.html", context)


def reports(shop: Pharmacy, *, at: datetime) -> list[Report]:
    """When each feed last spoke about the pharmacy, the newest first, whoever made what it said."""
    found = []
    for each in PharmacyFeed.objects.filter(pharmacy=shop).select_related("feed").order_by("-as_of"):
        due = each.as_of + each.feed.cadence * settings.STALE_AFTER
        found.append(Report(each.feed.name or each.feed.slug, each.as_of, due, late=at > due))
    return found
