"""What makes prices of different packs, strengths and makers comparable: 差比价规则, daily cost, tier marks.

Pure arithmetic in `Decimal` yuan: floats only inside log2, one rounding (half up) at the end. What the rules do not
cover, or what a product's text does not say for certain, is a `Refusal` with its reason, never a number. The price per
smallest unit (最小制剂单位价) is `prices.money.unit_price`.

差比价规则 (发改价格〔2011〕2452号): price of an item = price of the representative (代表品) × K; K multiplies when several
things differ: content (含量) 1.7^log2 X, fill volume (装量) 1.9^log2 X, pack count (包装数量) 1.95^log2 X.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _

from catalog.models import DailyDose, Drug
from catalog.specs import Fill, Strength, fill_of, is_counted, normal_text, strength_key, strength_of

STRENGTH: Final = Decimal("1.7")
VOLUME: Final = Decimal("1.9")
COUNT: Final = Decimal("1.95")
SMALL_INJECTION_ML: Final = 10
"""Chemical and biological injections up to this volume are not told apart by it."""

FormRatios = Mapping[tuple[str, str], Decimal]
"""(representative's dosage form, item's dosage form), in `normal_text` -> ratio, from a document somebody reviewed."""
NO_FORM_RATIOS: Final[FormRatios] = {}

ONE: Final = Decimal(1)
CENT: Final = Decimal("0.01")
TEN_THOUSANDTH: Final = Decimal("0.0001")
DAYS_OF_A_MONTH: Final = 30


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why there is no number: a stable word, and a sentence in the language of the moment."""

    reason: str
    words: str


def ranked_together(drugs: Iterable[Drug]) -> tuple[tuple[Drug, ...], tuple[Drug, ...]]:
    """(products of one preparation whose prices per smallest unit compare, those that are not ranked with them).

    They compare in the unit that most products state, the more finely counted of equals. A product in another unit is
    not ranked by unit price beside them; one whose pack nobody could read (1 盒) never beside one that was read,
    however many there are.
    """
    drugs = tuple(drugs)
    stated = Counter(drug.unit for drug in drugs)
    finest = {unit: max(drug.pack_count for drug in drugs if drug.unit == unit) for unit in stated}
    usual = max(stated, key=lambda unit: (is_counted(unit), stated[unit], finest[unit], unit), default="")
    return tuple(drug for drug in drugs if drug.unit == usual), tuple(drug for drug in drugs if drug.unit != usual)


# -- 差比价 -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Item:
    """A pack as the rule sees it; `excluded` says why the rule is not for it."""

    strength: str  # as written: 5mg, 10ml:0.1g
    count: int
    unit: str
    form: str
    excluded: Refusal | None = None

    @property
    def injection(self) -> bool:
        return "注射" in self.form


@dataclass(frozen=True, slots=True)
class Factor:
    """K and the ratios X (item ÷ representative) it is the product of; not rounded."""

    k: Decimal
    strength: Decimal = ONE
    volume: Decimal = ONE
    count: Decimal = ONE


def power(base: Decimal, ratio: Decimal) -> Decimal:
    """base^log2 ratio. Doubling multiplies by `base`, exactly."""
    return base ** Decimal(math.log2(ratio))


def item_of(drug: Drug) -> Item:
    """The drug (its preparation loaded) as the rule sees it."""
    return Item(
        strength=drug.preparation.strength,
        count=drug.pack_count,
        unit=drug.unit,
        form=normal_text(drug.preparation.dosage_form),
        excluded=exclusion(drug),
    )


def exclusion(drug: Drug) -> Refusal | None:
    """Chinese medicines and insulin have rules of their own."""
    if drug.code.startswith("T"):
        return Refusal("herbal_piece", _("中药饮片另有规定，不按差比价规则折算"))
    if drug.code.startswith("Z") or drug.approval_no.startswith("国药准字Z"):
        return Refusal("patent_medicine", _("中成药另有规定，不按差比价规则折算"))
    if drug.code.startswith("XA10A") or "胰岛素" in drug.preparation.generic_name:
        return Refusal("insulin", _("胰岛素另有规定，不按差比价规则折算"))
    return None


def factor(item: Item, representative: Item, *, form_ratios: FormRatios = NO_FORM_RATIOS) -> Factor | Refusal:
    """K of `item` against the representative of the same generic name; a refusal where the rule gives none."""
    if refusal := item.excluded or representative.excluded:
        return refusal
    form = ONE if item.form == representative.form else form_ratios.get((representative.form, item.form))
    if form is None:
        return Refusal("form", _("剂型不同，没有可用的剂型差比价，不能折算"))
    if item.unit != representative.unit:
        return Refusal("unit", _("最小单位不同（%(a)s、%(b)s），不能折算") % {"a": item.unit, "b": representative.unit})
    if not is_counted(item.unit):
        return Refusal("pack_unreadable", _("包装里有多少没有写明，不能折算"))
    contents = _contents(item, representative)
    if isinstance(contents, Refusal):
        return contents
    strength, volume = contents
    count = Decimal(item.count) / representative.count
    k = form * power(STRENGTH, strength) * power(VOLUME, volume) * power(COUNT, count)
    return Factor(k, strength, volume, count)


def _contents(item: Item, representative: Item) -> tuple[Decimal, Decimal] | Refusal:
    """(X of the strength, X of the fill volume). Equal writing is equal; else both must be read with certainty."""
    if strength_key(item.strength) == strength_key(representative.strength):
        return ONE, ONE
    mine, theirs = fill_of(item.strength), fill_of(representative.strength)
    if mine and theirs and mine.content.unit == theirs.content.unit:
        return _fills(mine, theirs, injection=item.injection)
    one, other = strength_of(item.strength), strength_of(representative.strength)
    if one and other and one.unit == other.unit:
        if one.unit in ("mg", "IU"):
            return one.amount / other.amount, ONE
        return Refusal("content_unknown", _("规格没有写明含量，不能折算"))
    return Refusal("strength_unreadable", _("规格无法准确识别，不按规格比较"))


def _fills(mine: Fill, theirs: Fill, *, injection: bool) -> tuple[Decimal, Decimal] | Refusal:
    """Of solutions: content by concentration, and the volume. Small injections differ by their content alone."""
    if injection:
        small = [fill.volume <= SMALL_INJECTION_ML for fill in (mine, theirs)]
        if all(small):
            return mine.content.amount / theirs.content.amount, ONE
        if any(small):
            return Refusal("injection_volume", _("小容量与大容量注射剂之间没有装量差比价，不能折算"))
    return mine.concentration / theirs.concentration, mine.volume / theirs.volume


def expected_price(representative_price: Decimal, k: Decimal) -> Decimal:
    """What an item would cost by the rule, in yuan: the representative's price × K."""
    return (representative_price * k).quantize(CENT, ROUND_HALF_UP)


def equivalent_price(price: Decimal, k: Decimal) -> Decimal:
    """An item's own price as a price of the representative, in yuan: price ÷ K."""
    return (price / k).quantize(CENT, ROUND_HALF_UP)


# -- daily cost (日均费用) ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DailyCost:
    """Yuan a day (4 decimals) and for 30 days (2), at `units_a_day` smallest units; `source` says whose dose it is."""

    per_day: Decimal
    per_month: Decimal
    units_a_day: Decimal
    unit: str
    dose: str  # 5mg
    source: str  # WHO 2026, or the label


def daily_dose_of(drug: Drug) -> DailyDose | None:
    """The reviewed daily dose of the drug: of its form, else of its name. One query."""
    return daily_doses_of([drug]).get(drug.pk)


def daily_doses_of(drugs: Iterable[Drug]) -> dict[int, DailyDose]:
    """Drug id -> daily dose, for drugs that have one; preparations loaded. One query."""
    drugs = list(drugs)
    names = {drug.preparation.generic_name for drug in drugs}
    doses = DailyDose.objects.using(settings.SEARCH_DATABASE).filter(generic_name__in=names)
    stored = {(dose.generic_name, dose.dosage_form): dose for dose in doses}
    found = {}
    for drug in drugs:
        name, form = drug.preparation.generic_name, drug.preparation.dosage_form
        if dose := stored.get((name, form)) or stored.get((name, "")):
            found[drug.pk] = dose
    return found


def daily_cost(price: Decimal, drug: Drug, dose: DailyDose | None) -> DailyCost | Refusal:
    """What a day's dose costs at `price` yuan a pack; a refusal where the dose or the content is not known."""
    if dose is None:
        return Refusal("dose_unknown", _("没有经药师审核的日剂量，不计算每日费用"))
    if not is_counted(drug.unit):
        return Refusal("pack_unreadable", _("包装里有多少没有写明，不能折算"))
    content = _content_in(drug.preparation.strength, dose.unit)
    if content is None:
        return Refusal("strength_unreadable", _("规格无法换算成日剂量的单位，不计算每日费用"))
    units = dose.amount / content
    exact = price / drug.pack_count * units
    amount = f"{dose.amount.normalize():f}"
    return DailyCost(
        per_day=exact.quantize(TEN_THOUSANDTH, ROUND_HALF_UP),
        per_month=(exact * DAYS_OF_A_MONTH).quantize(CENT, ROUND_HALF_UP),
        units_a_day=_short(units),
        unit=drug.unit,
        dose=f"{amount}{drug.unit if dose.unit == DailyDose.Unit.UNIT else dose.unit}",
        source=dose.source,
    )


def _short(number: Decimal) -> Decimal:
    """For the eye: two decimals, or two digits of what is smaller than a tenth; 2, not 2.00, and never 0."""
    place = min(-2, number.adjusted() - 1)
    return Decimal(f"{number.quantize(Decimal(1).scaleb(place), ROUND_HALF_UP).normalize():f}")


def _content_in(strength: str, unit: str) -> Decimal | None:
    """How much of `unit` (mg, ml, IU, unit) one smallest unit holds."""
    if unit == DailyDose.Unit.UNIT:
        return ONE
    if fill := fill_of(strength):
        held: tuple[Strength, ...] = (fill.content, Strength(fill.volume, "ml"))
    else:
        read = strength_of(strength)
        held = (read,) if read else ()
    return next((each.amount for each in held if each.unit == unit), None)


# -- tier marks (黄标, 红标) -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tier:
    """A mark of an area's threshold set: for multiples from `lower` up to below `upper` (None: no end)."""

    lower: Decimal
    upper: Decimal | None
    label: str


JIANGSU_DOCUMENT: Final = "苏医保发〔2021〕64号"
JIANGSU_EXAMPLE: Final = (
    Tier(Decimal(1), Decimal(2), "黄标"),
    Tier(Decimal(2), Decimal(5), "红标★"),
    Tier(Decimal(5), Decimal(10), "红标★★"),
    Tier(Decimal(10), None, "红标★★★"),
)
"""An example of such a set, of another province; it holds nowhere until somebody loads it for an area."""


def tier_of(price: Decimal, reference: Decimal, tiers: Iterable[Tier]) -> Tier | None:
    """The mark of `price` as a multiple of `reference`, compared without rounding. A price that does not exceed the
    reference has none. A notice for regulator and pharmacy, never an accusation; never of a confidential standard."""
    if price <= reference:
        return None
    return next(
        (
            tier
            for tier in tiers
            if price >= tier.lower * reference and (tier.upper is None or price < tier.upper * reference)
        ),
        None,
    )
