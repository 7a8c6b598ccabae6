"""价格异动线索: the list that officials work through, and a lead's page, which says why before it shows anything."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db.models import Prefetch, Q, QuerySet, Sum
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from catalog.models import Drug
from pharmacies import access
from pharmacies.access import Action
from pharmacies.models import Chain, Pharmacy, Region
from prices.models.cases import Case
from prices.models.leads import Finding, Lead, Screening
from prices.models.rules import Detector, Rule
from prices.money import yuan
from prices.monitoring.tables import Column, Row, Table, in_parts
from prices.views.console import lead_method, lead_pictures, lead_words
from prices.views.console.tables import answer
from prices.views.staff import sessions
from prices.views.staff.guard import signed_in

# -- the list ---------------------------------------------------------------------------------------------------------


@signed_in
@require_safe
def leads(request: HttpRequest, adcode: str) -> HttpResponseBase:
    """Leads of the area's pharmacies, what matters most first; by state, reason, area below, and product or pharmacy."""
    at = timezone.now()
    area = access.area_for(sessions.person(request), Action.SEE, adcode, at=at)
    chosen = _chosen(request, area)
    table = lead_table(_filtered(area, chosen), area, at=at)
    found = answer(request, table)
    if found:
        return found
    context = {
        "place": area,
        "table": table,
        "chosen": chosen,
        "states": Lead.State.choices,
        "detectors": Detector.choices,
        "below": Region.objects.within(area).exclude(pk=area.pk).order_by("code"),
    }
    return render(request, "console/leads.html", context)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the list is narrowed to; each empty: not narrowed."""

    state: str
    detector: str
    below: str
    q: str


def _chosen(request: HttpRequest, area: Region) -> Chosen:
    said = request.GET
    state = said.get("state", Lead.State.NEW)
    detector = said.get("detector", "")
    return Chosen(
        state=state if state in Lead.State.values else "",
        detector=detector if detector in Detector.values else "",
        below=said.get("area", "").replace("\x00", "")[:12],
        q=said.get("q", "").replace("\x00", "").strip()[:60],
    )


def _filtered(area: Region, chosen: Chosen) -> "QuerySet[Lead]":
    found = Lead.objects.within(area)
    if chosen.state:
        found = found.filter(state=chosen.state)
    if chosen.detector:
        found = found.filter(findings__detector=chosen.detector)
    if chosen.below:
        below = Region.objects.within(area).filter(code=chosen.below).first()
        if below:
            found = found.filter(area__in=Region.objects.within(below))
    if chosen.q:
        shop = Q(name__icontains=chosen.q) | Q(code__iexact=chosen.q)
        drug = Q(preparation__generic_name__icontains=chosen.q) | Q(code__iexact=chosen.q)
        shops, drugs = Pharmacy.objects.filter(shop), Drug.objects.filter(drug)
        found = found.filter(Q(pharmacy_id__in=shops.values("pk")) | Q(drug_id__in=drugs.values("pk")))
    ordered: QuerySet[Lead] = found.order_by("-score", "-on", "pk")
    return ordered


class Place(NamedTuple):
    name: str


class Line(NamedTuple):
    """What the list says of a lead."""

    pk: int
    drug_id: int
    pharmacy_id: int | None
    price_fen: int
    previous_fen: int | None
    on: date
    state: str
    city_name: str
    area_name: str

    @property
    def city(self) -> Place:
        return Place(self.city_name)


COLUMNS = ("pk", "drug_id", "pharmacy_id", "price_fen", "previous_fen", "on", "state", "city__name", "area__name")


class Seen(NamedTuple):
    """What the list says of a finding."""

    lead_id: int
    detector: str
    inputs: dict[str, Any]


class LeadRows(Sequence[Row]):
    """The leads of a queryset as rows of a table, read as far as they are shown."""

    def __init__(self, found: "QuerySet[Lead]", area: Region) -> None:
        self.found, self.area = found, area
        self.products: dict[int, str] = {}
        self.shops: dict[int, str] = {}

    def __len__(self) -> int:
        return self.found.count()

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return self._rows(list(self.found.values_list(*COLUMNS)[index]))
        return self._rows([self.found.values_list(*COLUMNS)[index]])[0]

    def __iter__(self) -> Iterator[Row]:
        for part in in_parts(self.found.values_list(*COLUMNS)):
            yield from self._rows(part)

    def _rows(self, found: Sequence[tuple[Any, ...]]) -> list[Row]:
        """Each lead in one line: three queries whatever their number. No objects of the database: there may be hundreds
        of thousands."""
        lines = [Line(*each) for each in found]
        self._learn(lines)
        seen: dict[int, list[Seen]] = {line.pk: [] for line in lines}
        findings = Finding.objects.filter(lead__in=seen).order_by("pk").values_list(*Seen._fields)
        for each in map(Seen._make, findings):
            seen[each.lead_id].append(each)
        states = {value: str(label) for value, label in Lead.State.choices}
        base = reverse("staff:console-leads", args=[self.area.code])
        return [
            {
                "product": self.products[line.drug_id],
                "product_link": f"{base}/{line.pk}",
                "shop": self.shops.get(line.pharmacy_id, line.city_name) if line.pharmacy_id else line.city_name,
                "why": lead_words.headline(line, seen[line.pk]),
                "previous": None if line.previous_fen is None else yuan(line.previous_fen),
                "price": yuan(line.price_fen),
                "on": line.on,
                "area": line.area_name,
                "state": states[line.state],
            }
            for line in lines
        ]

    def _learn(self, lines: Sequence[Line]) -> None:
        """The names that are not known yet of products and shops: of many leads they are few."""
        drugs = {line.drug_id for line in lines} - self.products.keys()
        shops = {line.pharmacy_id for line in lines if line.pharmacy_id} - self.shops.keys()
        if drugs:
            self.products |= {pk: product_words(drug) for pk, drug in _drugs(drugs).items()}
        if shops:
            self.shops |= dict(Pharmacy.objects.filter(pk__in=shops).values_list("pk", "name"))


def with_findings(rows: "QuerySet[Lead]") -> "QuerySet[Lead]":
    """With city, area and findings."""
    named = rows.select_related("city", "area")
    return named.prefetch_related(Prefetch("findings", queryset=Finding.objects.order_by("pk")))


def lead_table(found: "QuerySet[Lead]", area: Region, *, at: datetime) -> Table:
    return Table(
        name="leads",
        title=_("价格异动线索"),
        columns=[
            Column("product", _("药品"), foreign=True),
            Column("shop", _("药店"), foreign=True),
            Column("why", _("为什么")),
            Column("previous", _("原价"), "yuan"),
            Column("price", _("标价"), "yuan"),
            Column("on", _("发现日"), "date"),
            Column("area", _("统筹区"), foreign=True),
            Column("state", _("状态")),
        ],
        rows=LeadRows(found, area),
        caveat=_(
            "供核实，不等于违规。按“高出比例 × 影响大小”排序；同一家店同一种药的同一个价只出一条；先排除录入错误，统一调价合为一条。"
        ),
        on=at,
        empty=_("没有这样的线索。换一个状态或地区看看。"),
    )


# -- one lead ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reason:
    """What one detector found, in words and in small print."""

    name: str
    words: str
    method: list[str]


@signed_in
@require_safe
def lead(request: HttpRequest, adcode: str, pk: int) -> HttpResponseBase:
    """Why it should be looked at, then the price over time, the peers, the shops around, and how it was worked out."""
    at = timezone.now()
    area = access.area_for(sessions.person(request), Action.SEE, adcode, at=at)
    found = get_object_or_404(with_findings(Lead.objects.within(area)).select_related("event"), pk=pk)
    shown = page_of(found, area, at=at)
    series, peers, around = shown["series"], shown["peers"], shown["around"]
    tables = [series.table, *([peers.table] if peers else []), *([around.table] if around else [])]
    file = answer(request, *tables)
    if file:
        return file
    user = sessions.person(request)
    shown["may_act"] = found.state == Lead.State.NEW and access.may(user, Action.OPEN_CASE, area, at=at)
    return render(request, "console/lead.html", shown)


def page_of(found: Lead, area: Region, *, at: datetime) -> dict[str, Any]:
    """Everything the page says about the lead."""
    drug = _drugs([found.drug_id])[found.drug_id]
    shops = Pharmacy.objects.select_related("insurance_area", "chain")
    pharmacy = shops.filter(pk=found.pharmacy_id).first() if found.pharmacy_id is not None else None
    findings = lead_words.in_order(found.findings.all())
    chain_id = found.event.chain_id if found.event else None
    chain = Chain.objects.filter(pk=chain_id).first() if chain_id is not None else None
    return {
        "place": area,
        "lead": found,
        "drug": drug,
        "product": product_words(drug),
        "pharmacy": pharmacy,
        "headline": lead_words.headline(found, findings),
        "movement": lead_words.movement(found),
        "case": Case.objects.within(area).filter(leads__lead=found).order_by("-pk").first(),
        "reasons": reasons(found, findings),
        "family": _family(found.on),
        "event": found.event and lead_words.event_words(found.event, chain.name if chain else ""),
        "series": lead_pictures.series(found, at=at),
        "peers": lead_pictures.peers(found, findings),
        "around": lead_pictures.around(pharmacy, drug, at=at) if pharmacy else None,
    }


def _family(on: date) -> str:
    """Of the whole day's look at night; until then of all looks so far; nothing where none was kept."""
    looks = Screening.objects.filter(on=on)
    night = looks.filter(kind=Screening.Kind.SWEEP).order_by("-pk").first()
    if night:
        return lead_method.family(night)
    sums = looks.aggregate(**{name: Sum(name) for name in lead_method.FAMILY})
    return "" if sums["changes"] is None else lead_method.family(Screening(on=on, **sums))


def reasons(found: Lead, findings: Sequence[Finding]) -> list[Reason]:
    """What each finding says, with the rule that its parameters come from: one query for all rules."""
    rules = Rule.objects.select_related("area").in_bulk([each.rule_id for each in findings if each.rule_id])
    said = []
    for each in findings:
        named = Detector(each.detector).label if each.detector in Detector.values else each.detector
        whose = lead_method.rule_words(rules.get(each.rule_id) if each.rule_id else None)
        said.append(Reason(str(named), lead_words.sentence(found, each), [*lead_method.method(each), whose]))
    return said


# -- names ------------------------------------------------------------------------------------------------------------


def _drugs(keys: Iterable[int]) -> dict[int, Drug]:
    return Drug.objects.select_related("preparation").defer("search_names", "search_terms").in_bulk(keys)


def product_words(drug: Drug) -> str:
    """`苯磺酸氨氯地平片 5mg×14片 · 辉瑞制药有限公司`."""
    kind = drug.preparation
    return gettext("%(name)s %(strength)s×%(count)s%(unit)s · %(maker)s") % {
        "name": kind.generic_name,
        "strength": kind.strength,
        "count": drug.pack_count,
        "unit": drug.unit,
        "maker": drug.manufacturer,
    }
