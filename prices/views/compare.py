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
from django.utils.translation import gettext, ngettext

from catalog.models import Drug, Preparation
from prices.api.serializers import drug_json, offer_json
from prices.search.offers import find
from prices.search.questions import Answer, Target, Where
from prices.views import badges, words
from prices.views.cards import cards
from prices.views.choice import RADII, Choice, is_fragment
from prices.views.pages import last_report, page
from prices.views.places import Places

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

    @property
    def drugs(self) -> list[dict[str, Any]]:
        """The products to choose among, when there is a choice."""
        return (
            [drug_json(drug) | {"trade_name": drug.trade_name} for drug in self.products]
            if len(self.products) > 1
            else []
        )


@page
def preparation(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Preparation, pk=pk)
    drugs = tuple(found.drugs.select_related("preparation").order_by("manufacturer", "pack_count", "code"))
    subject = Subject(
        name=found.generic_name,
        spec=f"{found.strength} · {found.dosage_form}",
        target=Target.of_preparation(found, drugs),
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
    choice = Choice.of(request, Places.on(timezone.localdate(at)))
    answer = _find(subject.target, choice, at)
    context = _list_context(request, subject, choice, answer)
    if is_fragment(request):
        response = render(request, "citizen/_offers.html", context)
        response["HX-Replace-Url"] = choice.address(request.path)
    else:
        response = render(request, "citizen/compare.html", context | _head_context(subject, at))
    patch_vary_headers(response, ["HX-Request", "X-Position"])
    if choice.origin:
        patch_cache_control(response, private=True, no_store=True)
    return response


def _find(target: Target, choice: Choice, at: datetime) -> Answer:
    if choice.where is None:
        return Answer((), None, None, at)
    return find(target, choice.where, sort=choice.sort, at=at, filters=choice.filters, limit=choice.limit)


def _head_context(subject: Subject, at: datetime) -> dict[str, Any]:
    on = timezone.localdate(at)
    head = badges.of_drugs(subject.products, on)
    if len(subject.products) == 1:
        head += badges.of_quality(subject.products[0])
        head += badges.tendered(subject.products, on).values()
    return {"badges": head, "as_of": last_report()}


def _list_context(request: HttpRequest, subject: Subject, choice: Choice, answer: Answer) -> dict[str, Any]:
    more = choice.more() if answer.after else None
    context: dict[str, Any] = {
        "subject": subject,
        "choice": choice,
        "path": request.path,
        "at": answer.at,
        "cards": cards(answer, by_unit=subject.target.multiple > 0),
        "place": choice.place_words(),
        "summary": _summary(subject, choice, answer),
        "more_url": choice.address(request.path, limit=more) if more else "",
        "full": bool(answer.after) and not more,
    }
    if not answer.results:
        context["empty"] = _empty(request.path, subject, choice, answer)
    return context


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
    if choice.sort == "nearest":
        return gettext("从近到远")
    first = target.drugs[0]
    unit = first.unit if target.multiple else first.pack_unit
    return gettext("按每%(unit)s价格从低到高") % {"unit": words.unit_name(unit)}


# -- nothing found ----------------------------------------------------------------------------------------------------


def _empty(path: str, subject: Subject, choice: Choice, answer: Answer) -> dict[str, Any]:
    """Why there is nothing, where the nearest one is, and what to try."""
    if choice.filtered:
        why = gettext("%(place)s没有药店同时符合您选的条件。")
    elif choice.where is None:
        why = gettext("这里还没有任何药店的数据。")
    else:
        why = gettext("%(place)s现在没有药店报这种药的价格，或已缺货、已暂停、久未更新。")
    return {
        "why": why % {"place": choice.place_words()},
        "nearest": _nearest(subject.target, choice, answer.at),
        "ways": [{"label": label, "url": choice.address(path, **changes)} for label, changes in _ways(choice)],
    }


def _nearest(target: Target, choice: Choice, at: datetime) -> dict[str, Any] | None:
    """The nearest offer at any distance that passes the same filters, for who told us where they are."""
    if choice.origin is None:
        return None
    where = Where(choice.origin, EVERYWHERE_M)
    found = find(target, where, sort="nearest", at=at, filters=choice.filters, limit=1).results
    return offer_json(found[0], at) if found else None


def _ways(choice: Choice) -> list[tuple[str, dict[str, Any]]]:
    """What to try, from the smallest step to the largest: (words, changes of the choice)."""
    ways: list[tuple[str, dict[str, Any]]] = []
    if choice.filtered:
        ways.append((gettext("去掉条件"), {"open_now": False, "in_stock": False}))
    if choice.near:
        wider = next((metres for metres in RADII if metres > choice.radius_m), None)
        if wider:
            ways.append((gettext("扩大到 %(distance)s") % {"distance": words.radius(wider)}, {"radius_m": wider}))
        if choice.places.province:
            ways.append((gettext("看全省"), {"city": choice.places.province}))
    elif choice.county and choice.city:
        ways.append((gettext("看%(place)s") % {"place": choice.city.name}, {"county": None}))
    if not choice.near and choice.city and choice.city != choice.places.province:
        whole = choice.places.province if choice.origin else None
        ways.append((gettext("看全省"), {"city": whole, "county": None}))
    if not choice.hospitals:
        ways.append((gettext("也看医院"), {"hospitals": True}))
    return ways
