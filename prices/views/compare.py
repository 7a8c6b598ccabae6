"""The comparison of a preparation or of one product: a list of offers beside a map.

The list is a fragment of the same address by the same view (`HX-Request`); it alone may be asked with a position.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.translation import gettext, gettext_lazy, ngettext

from catalog import insurance
from catalog.insurance import Facts
from catalog.models import Drug, Preparation
from pharmacies.models import Region
from prices.api.serializers import drug_json, offer_json
from prices.search.offers import find
from prices.search.questions import Answer, Target, Where
from prices.search.reimbursement import ways
from prices.views import badges, heads, words
from prices.views.cards import cards
from prices.views.choice import DEFAULT_LIMIT, RADII, Choice, is_fragment
from prices.views.frontier import chart
from prices.views.history import history_context
from prices.views.others import others_of
from prices.views.pages import last_report, page
from prices.views.places import Places
from prices.views.references import references

EVERYWHERE_M = 1_000_000


@dataclass(frozen=True, slots=True)
class Subject:
    """What is compared, for the page's head. `preparation_url` is empty on the preparation's own page."""

    name: str
    spec: str
    target: Target
    maker: str = ""
    preparation_url: str = ""
    products: tuple[Drug, ...] = field(default=(), repr=False)


@page
def preparation(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Preparation, pk=pk)
    drugs = tuple(found.drugs.select_related("preparation").order_by("manufacturer", "pack_count", "code"))
    one = drug_json(drugs[0]) if len(drugs) == 1 else None
    subject = Subject(
        name=found.generic_name,
        spec=one["spec"] if one else f"{found.strength} · {found.dosage_form}",
        target=Target.of_preparation(found, drugs),
        maker=one["manufacturer"] if one else "",
        products=drugs,
    )
    return _compare(request, subject)


@page
def drug(request: HttpRequest, code: str) -> HttpResponse:
    if not code.isalnum():
        raise Http404
    found = get_object_or_404(Drug.objects.select_related("preparation"), code=code.upper())
    shown = drug_json(found)
    subject = Subject(
        name=shown["name"],
        spec=shown["spec"],
        target=Target.of_drug(found),
        maker=found.manufacturer,
        preparation_url=reverse("citizen:preparation", args=[found.preparation_id]),
        products=(found,),
    )
    return _compare(request, subject)


def _compare(request: HttpRequest, subject: Subject) -> HttpResponse:
    at = timezone.now()
    on = timezone.localdate(at)
    facts = insurance.facts(subject.products, on)
    sold = heads.retail(facts)
    never = bool(sold and sold.never)
    choice = Choice.of(request, Places.on(on)).only(ways(facts), institutions=never)
    answer = _find(subject.target, choice, at)
    context = _list_context(request, subject, choice, answer, facts, never=never)
    if is_fragment(request):
        response = render(request, "citizen/_offers.html", context)
        response["HX-Replace-Url"] = choice.address(request.path)
    else:
        head = _head_context(subject, facts, sold) | _below_context(subject, choice, at, never=never)
        response = render(request, "citizen/compare.html", context | head)
    patch_vary_headers(response, ["HX-Request", "X-Position"])
    if choice.origin:
        patch_cache_control(response, private=True, no_store=True)
    return response


def _find(target: Target, choice: Choice, at: datetime) -> Answer:
    if choice.where is None or not target.drugs:
        return Answer((), None, None, at)
    return find(
        target,
        choice.where,
        sort=choice.sort,
        at=at,
        filters=choice.filters,
        limit=choice.limit,
        yuan_per_km=choice.yuan_per_km,
    )


def _head_context(subject: Subject, facts: Facts, sold: heads.Retail | None) -> dict[str, Any]:
    head = badges.of_facts(facts)
    if len(subject.products) == 1:
        head += badges.of_quality(subject.products[0])
        head += badges.tendered(facts).values()
    return {
        "badges": head,
        "mixed_classes": badges.mixed_classes(facts),
        "restrictions": heads.restrictions(facts),
        "changes": heads.changes(facts),
        "following": facts.following,
        "sold": sold,
        "references": references(facts),
        "products": subject.products,
        "as_of": last_report(),
    }


def _below_context(subject: Subject, choice: Choice, at: datetime, *, never: bool) -> dict[str, Any]:
    """What stands below the list: other makers and packs; of one product how its price moved in the chosen place.

    Prices of pharmacies alone are followed: of what no pharmacy may sell there is no history.
    """
    below: dict[str, Any] = {"others": others_of(subject.products, at)}
    if len(subject.products) == 1 and choice.region and not never:
        place = Region(pk=choice.region.id, name=choice.region.name)
        below["history"] = history_context(subject.products[0], place, timezone.localdate(at))
    return below


def _tabs(path: str, choice: Choice, never: bool) -> list[dict[str, Any]]:
    """The two channels as addresses; the one that may sell the drug, where only one may."""
    both = ((gettext("药店"), False, "tab-shops"), (gettext("医疗机构"), True, "tab-institutions"))
    return [
        {
            "id": anchor,
            "label": label,
            "chosen": choice.institutions == institutions,
            "url": choice.address(path, institutions=institutions, reimbursed_as="", limit=DEFAULT_LIMIT),
        }
        for label, institutions, anchor in both
        if institutions or not never
    ]


def _list_context(
    request: HttpRequest, subject: Subject, choice: Choice, answer: Answer, facts: Facts, *, never: bool
) -> dict[str, Any]:
    """`never`: no pharmacy may sell any of the products."""
    more = choice.more() if answer.after else None
    shown = cards(answer, facts, target=subject.target, sort=choice.sort, places=choice.places, city=choice.prefecture)
    context: dict[str, Any] = {
        "subject": subject,
        "single": len(subject.products) == 1,
        "choice": choice,
        "path": request.path,
        "tabs": _tabs(request.path, choice, never),
        "at": answer.at,
        "cards": shown.all,
        "usual": shown.usual,
        "chart": chart(answer, subject.target) if choice.sort == "frontier" else None,
        "not_ranked": len(subject.products) - len(subject.target.drugs),
        "place": choice.place_words(),
        "summary": _summary(subject, choice, answer),
        "paid_ways": _paid_ways(request.path, choice, facts),
        "more_url": choice.address(request.path, limit=more) if more else "",
        "full": bool(answer.after) and not more,
    }
    if not answer.results:
        context["empty"] = _empty(request.path, subject, choice, answer, never=never)
    return context


PAID_WAYS = {
    "dual_channel": gettext_lazy("只看能按双通道报销的店"),
    "chronic_disease": gettext_lazy("只看能按门诊慢特病报销的店"),
    "outpatient_pooling": gettext_lazy("只看能按门诊统筹报销的店"),
}


def _paid_ways(path: str, choice: Choice, facts: Facts) -> list[dict[str, Any]]:
    """Links that choose a way to be paid, or take it back; 双通道 stands in sight, the others behind 筛选."""
    if choice.institutions:
        return []
    return [
        {
            "name": way,
            "label": PAID_WAYS[way],
            "chosen": choice.reimbursed_as == way,
            "url": choice.address(path, reimbursed_as="" if choice.reimbursed_as == way else way),
        }
        for way in ways(facts)
    ]


def _summary(subject: Subject, choice: Choice, answer: Answer) -> str:
    """What stands after the place: `前 20 家 · 按每片价格从低到高`."""
    shown = len(answer.results)
    if not shown:
        return ""
    if answer.after:
        many = ngettext("前 %(n)s 家", "前 %(n)s 家", shown) % {"n": shown}
    else:
        many = ngettext("%(n)s 家", "%(n)s 家", shown) % {"n": shown}
    return f"{many} · {_order_words(subject.target, choice)}"


def _order_words(target: Target, choice: Choice) -> str:
    if choice.sort in ("nearest", "frontier"):
        return gettext("从近到远")
    if choice.sort == "value":
        return gettext("按药价加路费从少到多")
    first = target.drugs[0]
    unit = first.unit if target.multiple else first.pack_unit
    return gettext("按每%(unit)s价格从低到高") % {"unit": words.unit_name(unit)}


# -- nothing found ----------------------------------------------------------------------------------------------------


def _empty(path: str, subject: Subject, choice: Choice, answer: Answer, *, never: bool) -> dict[str, Any]:
    """Why there is nothing, where the nearest one is, and what to try."""
    if choice.where is None:
        why = gettext("这里还没有任何药店的数据。")
    elif choice.institutions:
        why = gettext("%(place)s现在没有医疗机构报这种药的价格，或已缺货、久未更新。")
    elif choice.filtered:
        why = gettext("%(place)s没有药店同时符合您选的条件。")
    else:
        why = gettext("%(place)s现在没有药店报这种药的价格，或已缺货、已暂停、久未更新。")
    return {
        "why": why % {"place": choice.place_words()},
        "nearest": _nearest(subject.target, choice, answer.at),
        "ways": [
            {"label": label, "url": choice.address(path, **changes)} for label, changes in _ways(choice, never=never)
        ],
    }


def _nearest(target: Target, choice: Choice, at: datetime) -> dict[str, Any] | None:
    """The nearest offer at any distance that passes the same filters, for who told us where they are."""
    if choice.origin is None:
        return None
    where = Where(choice.origin, EVERYWHERE_M)
    found = find(target, where, sort="nearest", at=at, filters=choice.filters, limit=1).results
    return offer_json(found[0], at) if found else None


def _ways(choice: Choice, *, never: bool) -> list[tuple[str, dict[str, Any]]]:
    """What to try, from the smallest step to the largest: (words, changes of the choice)."""
    steps: list[tuple[str, dict[str, Any]]] = []
    if choice.filtered:
        steps.append((gettext("去掉条件"), {"open_now": False, "in_stock": False, "reimbursed_as": ""}))
    if choice.near:
        wider = next((metres for metres in RADII if metres > choice.radius_m), None)
        if wider:
            steps.append((gettext("扩大到 %(distance)s") % {"distance": words.radius(wider)}, {"radius_m": wider}))
        if choice.places.province:
            steps.append((gettext("看全省"), {"city": choice.places.province}))
    elif choice.county and choice.city:
        steps.append((gettext("看%(place)s") % {"place": choice.city.name}, {"county": None}))
    if not choice.near and choice.city and choice.city != choice.places.province:
        whole = choice.places.province if choice.origin else None
        steps.append((gettext("看全省"), {"city": whole, "county": None}))
    if choice.institutions and not never:
        steps.append((gettext("看药店"), {"institutions": False}))
    if not choice.institutions:
        steps.append((gettext("看医疗机构"), {"institutions": True, "reimbursed_as": ""}))
    return steps
