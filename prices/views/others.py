"""同药其他厂家／规格: the other products of a drug, each with its quality label and the lowest price of the province.

Where a drug is not exchanged for another (`catalog.equivalents`) nothing is offered, and the reason is said.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from catalog.comparability import Factor, equivalent_price
from catalog.equivalents import Equivalent, Relation, others
from catalog.models import Drug
from prices.money import unit_price, yuan
from prices.search.lowest import lowest
from prices.views import badges, words
from prices.views.sentences import name, sentence

SHOWN = 12
"""Lines of a group in sight; the rest is folded."""


@dataclass(frozen=True, slots=True)
class Line:
    url: str
    maker: str
    spec: str
    trade_name: str
    quality: str
    labelled: bool  # whether `quality` is a label, or says that there is none
    price: str  # 0.20 元/片; empty where nobody has a fresh price
    converted: str  # the price as one of the product asked about, by 差比价; empty where the rule gives none


@dataclass(frozen=True, slots=True)
class Group:
    label: str
    lines: tuple[Line, ...]

    @property
    def first(self) -> tuple[Line, ...]:
        return self.lines[:SHOWN]

    @property
    def rest(self) -> tuple[Line, ...]:
        return self.lines[SHOWN:]


@dataclass(frozen=True, slots=True)
class Others:
    """`reason`: why there are others but none is offered."""

    groups: tuple[Group, ...] = ()
    reason: str = ""

    def __bool__(self) -> bool:
        return bool(self.groups or self.reason)


def others_of(products: tuple[Drug, ...], at: datetime) -> Others:
    """Of one product: the others. Of all products of a preparation: these, and other strengths beside the first."""
    if not products:
        return Others()
    asked = products[0]
    found = others(asked, on=timezone.localdate(at))
    offered = [each for each in found if each.allowed]
    if found and not offered:
        return Others(reason=found[0].caution or "")
    whole = [asked] if len(products) > 1 else []
    prices = lowest([each.drug.pk for each in offered] + [drug.pk for drug in whole], at=at)
    same = [_line(drug, None, prices) for drug in whole]
    same += [_line(each.drug, each, prices) for each in offered if each.relation != Relation.COMPARABLE]
    other = [_line(each.drug, each, prices) for each in offered if each.relation == Relation.COMPARABLE]
    groups = (Group(gettext("同规格"), tuple(same)), Group(gettext("其他规格"), tuple(other)))
    return Others(tuple(group for group in groups if group.lines))


def _line(drug: Drug, of: Equivalent | None, prices: dict[int, int]) -> Line:
    fen = prices.get(drug.pk)
    return Line(
        url=reverse("citizen:drug", args=[drug.code]),
        maker=drug.manufacturer,
        spec=f"{drug.preparation.strength}×{drug.pack_count}{drug.unit}",
        trade_name=drug.trade_name,
        quality=of.quality if of else _quality(drug),
        labelled=bool(drug.quality),
        price=words.unit_price(unit_price(fen, drug.pack_count), drug.unit) if fen else "",
        converted=_converted(of, yuan(fen)) if of and fen else "",
    )


def _quality(drug: Drug) -> str:
    return str(badges.QUALITIES[drug.quality]) if drug.quality else gettext("未标明一致性评价")


def _converted(of: Equivalent, price: Decimal) -> str:
    """`按差比价折合 5mg×14片 约 12.30 元`: only where a tablet of one is not a tablet of the other."""
    if of.by_unit or not isinstance(of.factor, Factor):
        return ""
    asked = of.representative
    as_asked = words.money(equivalent_price(price, of.factor.k))
    spec = name(f"{asked.preparation.strength}×{asked.pack_count}{asked.unit}")
    return sentence(gettext("按差比价折合%(spec)s：约 %(money)s"), spec=spec, money=as_asked)
