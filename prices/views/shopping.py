"""The lines of a 药单 by name, and the API's plans for it in words. Pure but for looking the names up."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy

from catalog.models import Drug, Preparation
from pharmacies.geo import Wgs84
from pharmacies.navigation import Link, links
from prices.api.serializers import drug_json
from prices.views import words

MAX_LINES, MAX_QUANTITY = 20, 999
MAX_ID = 2**31 - 1
UNSOLD = {
    "no_products": gettext_lazy("没有可以比价的产品"),
    "not_for_retail": gettext_lazy("本品不在零售药店销售"),
    "not_sold": gettext_lazy("这个范围内没有药店在售：请把范围放大，或换一个规格"),
}
"""Why no pharmacy here has a line, by the API's reason, in the page's own words: those of the API are Chinese alone."""


@dataclass(frozen=True, slots=True)
class Item:
    """A line as the browser keeps it: packs of one drug (code) or of a preparation (number)."""

    drug: str
    preparation: int
    quantity: int

    @property
    def asked(self) -> dict[str, Any]:
        """As the API takes it."""
        what = {"drug": self.drug} if self.drug else {"preparation": self.preparation}
        return {**what, "quantity": self.quantity}


@dataclass(frozen=True, slots=True)
class Line:
    """A line by name; `url` is empty for what the catalogue does not know."""

    item: Item
    name: str
    spec: str
    maker: str
    url: str


@dataclass(frozen=True, slots=True)
class Bought:
    """A line at a stop: the product, what a pack costs there, what the line costs."""

    name: str
    spec: str
    maker: str
    url: str
    quantity: int
    price: str
    subtotal: str
    units: str  # `56 片`: what the line costs for, where the packs there hold another number than those asked for


@dataclass(frozen=True, slots=True)
class Stop:
    number: int
    pharmacy: dict[str, Any]
    open_words: str
    links: list[Link]
    lines: list[Bought]
    subtotal: str


@dataclass(frozen=True, slots=True)
class Missing:
    """A line that stays open; `why` no pharmacy here has it, empty where only these stops have it not."""

    line: Line
    why: str


@dataclass(frozen=True, slots=True)
class Plan:
    """A way to buy the list. `saved`: what it costs less than the first plan, for as many lines; empty if it does not."""

    stops: list[Stop]
    missing: list[Missing]
    price: str
    travel: str
    total: str
    distance_m: float
    filled: int
    saved: str = ""
    best: bool = False


def items_of(given: Any) -> list[Item] | None:
    """Read what a browser sent; None when it is no list of lines."""
    if not isinstance(given, list) or len(given) > MAX_LINES:
        return None
    found = [_item(each) for each in given]
    return None if None in found else [each for each in found if each]


def _item(given: Any) -> Item | None:
    if not isinstance(given, dict):
        return None
    drug, preparation, quantity = given.get("drug", ""), given.get("preparation", 0), given.get("quantity")
    if type(quantity) is not int or not 1 <= quantity <= MAX_QUANTITY:
        return None
    if type(preparation) is not int or not 0 <= preparation <= MAX_ID or bool(drug) == bool(preparation):
        return None
    if drug and not (isinstance(drug, str) and drug.isascii() and drug.isalnum() and len(drug) <= 30):
        return None
    return Item(drug.upper(), preparation, quantity)


def lines_of(items: Iterable[Item]) -> list[Line]:
    """In the same order. Two queries."""
    wanted = list(items)
    drugs = _drugs({item.drug for item in wanted if item.drug})
    preparations = Preparation.objects.in_bulk({item.preparation for item in wanted if item.preparation})
    made = []
    for item in wanted:
        if drug := drugs.get(item.drug):
            shown = drug_json(drug)
            made.append(Line(item, shown["name"], shown["spec"], drug.manufacturer, _url(drug)))
        elif found := preparations.get(item.preparation):
            spec = f"{found.strength} · {found.dosage_form}"
            url = reverse("citizen:preparation", args=[found.pk])
            made.append(Line(item, found.generic_name, spec, gettext("不限厂家"), url))
        else:
            made.append(Line(item, gettext("目录里没有这种药"), item.drug or str(item.preparation), "", ""))
    return made


def in_catalogue(lines: list[Line]) -> tuple[list[Line], list[Line]]:
    """(known, gone)"""
    return [line for line in lines if line.url], [line for line in lines if not line.url]


def plans_of(answer: dict[str, Any], lines: list[Line], gone: list[Line]) -> list[Plan]:
    """The API's answer for `lines` in words; the plan that fills most lines, then costs least, is marked. One query.

    `gone` are lines that the API was not asked for; they are missing in every plan.
    """
    codes = {line["drug"] for plan in answer["plans"] for stop in plan["stops"] for line in stop["lines"]}
    drugs = _drugs(codes)
    unsold = {each["item"]: str(UNSOLD[each["reason"]]) for each in answer["unsold"]}
    lacking = {n: Missing(line, unsold.get(n, "")) for n, line in enumerate(lines)}
    also = [Missing(line, "") for line in gone]
    made = [_plan(plan, lines, drugs, [lacking[n] for n in plan["missing"]] + also) for plan in answer["plans"]]
    if not made:
        return []
    best = max(range(len(made)), key=lambda n: (made[n].filled, -Decimal(made[n].total), -n))
    return [_marked(plan, made[0], best=n == best) for n, plan in enumerate(made)]


def _marked(plan: Plan, first: Plan, *, best: bool) -> Plan:
    less = Decimal(first.total) - Decimal(plan.total)
    saved = str(less) if less > 0 and plan.filled == first.filled else ""
    return replace(plan, saved=saved, best=best)


def _plan(plan: dict[str, Any], lines: list[Line], drugs: dict[str, Drug], missing: list[Missing]) -> Plan:
    stops = [_stop(number, stop, lines, drugs) for number, stop in enumerate(plan["stops"], start=1)]
    return Plan(
        stops=stops,
        missing=missing,
        price=plan["price"],
        travel=str(Decimal(plan["total"]) - Decimal(plan["price"])),
        total=plan["total"],
        distance_m=plan["distance_m"],
        filled=sum(len(stop.lines) for stop in stops),
    )


def _stop(number: int, stop: dict[str, Any], lines: list[Line], drugs: dict[str, Drug]) -> Stop:
    pharmacy = stop["pharmacy"]
    bought = [_bought(line, lines[line["item"]], drugs[line["drug"]]) for line in stop["lines"]]
    return Stop(
        number=number,
        pharmacy=pharmacy,
        open_words=_open(pharmacy["open_now"]),
        links=links(pharmacy["name"], Wgs84(pharmacy["lng"], pharmacy["lat"])),
        lines=bought,
        subtotal=str(sum((Decimal(line.subtotal) for line in bought), Decimal(0))),
    )


def _bought(line: dict[str, Any], asked: Line, drug: Drug) -> Bought:
    shown = drug_json(drug)
    quantity = asked.item.quantity
    return Bought(
        name=shown["name"],
        spec=shown["spec"],
        maker=drug.manufacturer,
        url=_url(drug),
        quantity=quantity,
        price=line["price"],
        subtotal=line["subtotal"],
        units=_units(line, quantity, drug),
    )


def _units(line: dict[str, Any], quantity: int, drug: Drug) -> str:
    price, subtotal = Decimal(line["price"]), Decimal(line["subtotal"])
    if price * quantity == subtotal:
        return ""
    return f"{round(subtotal / price * drug.pack_count)} {words.unit_name(drug.unit)}"


def _open(now: bool | None) -> str:
    if now is None:
        return gettext("未登记营业时间")
    return gettext("营业中") if now else gettext("休息中")


def _drugs(codes: set[str]) -> dict[str, Drug]:
    found = Drug.objects.filter(code__in=codes - {""}).select_related("preparation")
    return {drug.code: drug for drug in found}


def _url(drug: Drug) -> str:
    return reverse("citizen:drug", args=[drug.code])
