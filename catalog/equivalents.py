"""同药其他厂家／规格: what else there is of the same drug, how near it is, and what of its price may be compared.

Peer groups from strict to loose, each containing the one before: 同 SKU (one product code), 四同 (name, maker, form,
strength and pack), 三同 (name, form, strength: one preparation), comparable (name without its form, group of forms).
Salts and numbered formulas (Ⅱ) are different names. Nothing is offered for restricted, oncology, biological and
narrow-range drugs; a page that shows others says `ADVICE`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.conf import settings
from django.db.models import Case, Q, QuerySet, TextChoices, When
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog import cautions
from catalog.comparability import Factor, Refusal, factor, item_of
from catalog.insurance import facts
from catalog.matching.forms import GROUPS
from catalog.matching.names import Way, form_of, read
from catalog.models import Drug, DrugList, Preparation
from catalog.specs import format_spec, is_counted, normal_text, strength_key

ADVICE: Final = gettext_lazy("换药请先问医生或药师")
MOST: Final = 200
"""Products of a group that are looked at: more than anybody reads."""

FORM_GROUPS: Final = (
    *("口服常释剂型", "缓释控释剂型", "口服液体剂", "丸剂", "颗粒剂", "口服散剂", "外用散剂", "软膏剂", "贴剂"),
    *("外用液体剂", "硬膏剂", "凝胶剂", "涂剂", "栓剂", "滴眼剂", "滴耳剂", "滴鼻剂", "吸入剂", "注射剂"),
)
"""Groups of the catalogue's own table. Its other words (溶液剂) put what is drunk and what is rubbed in together."""


class Relation(TextChoices):
    FOUR_SAME = "four_same", gettext_lazy("同厂家同规格")
    THREE_SAME = "three_same", gettext_lazy("同药其他厂家／包装")
    COMPARABLE = "comparable", gettext_lazy("同药其他规格／剂型")


@dataclass(frozen=True, slots=True)
class Equivalent:
    """Another product of the same drug as `representative`, the one that was asked about.

    `by_unit`: prices per smallest unit compare as they stand. `factor`: K of 差比价 against the representative, or why
    there is none. `quality` is a label, never empty. `caution`: why it may not be offered as a choice.
    """

    drug: Drug
    representative: Drug
    relation: Relation
    spec: str
    unit: str
    quality: str
    by_unit: bool
    factor: Factor | Refusal
    caution: str | None

    @property
    def allowed(self) -> bool:
        return self.caution is None


def others(drug: Drug, *, on: date) -> list[Equivalent]:
    """Every other product of the comparable group on that day: nearest relation first, then maker and pack."""
    # Ordered before the cut: of a common drug there are more, and the nearest must not fall behind it.
    same = {name: getattr(drug, name) for name in ("preparation_id", "manufacturer", "pack_count", "unit")}
    nearness = Case(When(**same, then=0), When(preparation_id=drug.preparation_id, then=1), default=2)
    ordered = comparable(drug).exclude(pk=drug.pk).order_by(nearness, "manufacturer", "pack_count", "code")
    group = list(ordered[:MOST])
    reasons = _cautions([drug, *group], on)
    found = [_equivalent(each, drug, reasons.get(drug.pk) or reasons.get(each.pk)) for each in group]
    return sorted(found, key=lambda each: list(Relation).index(each.relation))


def caution(drug: Drug, *, on: date) -> str | None:
    """Why nothing else is offered instead of `drug` on that day; None when others may be shown, with `ADVICE`."""
    return _cautions([drug], on).get(drug.pk)


# -- peer groups ------------------------------------------------------------------------------------------------------


def _drugs() -> QuerySet[Drug]:
    return Drug.objects.using(settings.SEARCH_DATABASE).select_related("preparation")


def same_sku(drug: Drug) -> QuerySet[Drug]:
    """One product code: the drug itself, at all shops."""
    return _drugs().filter(code=drug.code)


def four_same(drug: Drug) -> QuerySet[Drug]:
    """四同: the same preparation of the same maker in the same pack."""
    return three_same(drug).filter(manufacturer=drug.manufacturer, pack_count=drug.pack_count, unit=drug.unit)


def three_same(drug: Drug) -> QuerySet[Drug]:
    """三同: the same name, form and strength of any maker, in any pack."""
    return _drugs().filter(preparation=drug.preparation_id)


def comparable(drug: Drug) -> QuerySet[Drug]:
    """The same name without its form, in a form of the same group; any strength, maker and pack."""
    return _drugs().filter(preparation__in=_alike(drug.preparation))


def _alike(preparation: Preparation) -> list[int]:
    """Preparations of the comparable group. One query; names are read in Python."""
    name = preparation.generic_name
    core = _core(name)
    named = Q(generic_name=name)
    if core and name.startswith(core):
        named |= Q(generic_name__startswith=core)
    rows = Preparation.objects.using(settings.SEARCH_DATABASE).filter(named)
    mine = form_group(name, preparation.dosage_form)
    return [
        pk
        for pk, other, form in rows.values_list("pk", "generic_name", "dosage_form")
        if _core(other) == core and form_group(other, form) == mine
    ]


def _core(name: str) -> str:
    """A registered name without its form, salt and all: 阿莫西林胶囊 -> 阿莫西林."""
    cores = [key for way, key in read(name).cores if way == Way.CORE]
    return min(cores, key=len) if cores else normal_text(name)


def form_group(name: str, form: str) -> str:
    """The catalogue's group of a product's form; the form itself where the table has none or leaves it open."""
    found = form_of(name, form)
    if found.words and not found.against:
        groups = [group for group in FORM_GROUPS if all(word in GROUPS[group] for word in found.words)]
        if len(groups) == 1:
            return groups[0]
    return normal_text(form)


# -- one of them ------------------------------------------------------------------------------------------------------


def _equivalent(drug: Drug, asked: Drug, reason: str | None) -> Equivalent:
    preparation = drug.preparation
    quality = drug.get_quality_display()
    return Equivalent(
        drug=drug,
        representative=asked,
        relation=_relation(drug, asked),
        spec=format_spec(preparation.strength, drug.pack_count, drug.unit),
        unit=drug.unit,
        quality=_(quality) if quality else _("未标明一致性评价"),
        by_unit=_by_unit(drug, asked),
        factor=factor(item_of(drug), item_of(asked)),
        caution=reason,
    )


def _relation(drug: Drug, asked: Drug) -> Relation:
    if drug.preparation_id != asked.preparation_id:
        return Relation.COMPARABLE
    same = ("manufacturer", "pack_count", "unit")
    if all(getattr(drug, name) == getattr(asked, name) for name in same):
        return Relation.FOUR_SAME
    return Relation.THREE_SAME


def _by_unit(drug: Drug, asked: Drug) -> bool:
    """The same strength in the same unit and form: one tablet of one is one tablet of the other."""
    one, other = drug.preparation, asked.preparation
    return (
        drug.unit == asked.unit
        and is_counted(drug.unit)
        and normal_text(one.dosage_form) == normal_text(other.dosage_form)
        and strength_key(one.strength) == strength_key(other.strength)
    )


# -- what is not offered ----------------------------------------------------------------------------------------------


def _cautions(drugs: Iterable[Drug], on: date) -> dict[int, str]:
    """Drug id -> why it is not exchanged for another, for those that are not."""
    drugs = list(drugs)
    listed = {
        DrugList.Kind.NOT_FOR_RETAIL: _("这种药不得在药店零售"),
        DrugList.Kind.MONITORED: _("这种药列入重点监控，用药由医生决定"),
    }
    found: dict[int, str] = {}
    for each in facts(drugs, on).lists:
        if words := listed.get(DrugList.Kind(each.kind)):
            for drug_id in each.drug_ids:
                found.setdefault(drug_id, words)
    for drug in drugs:
        if words := _by_nature(drug):
            found.setdefault(drug.pk, words)
    return found


def _by_nature(drug: Drug) -> str:
    """By the product's own code, approval number and name."""
    name = drug.preparation.generic_name
    if drug.code.startswith(cautions.ONCOLOGY_CLASSES):
        return _("抗肿瘤药由医生按病情选定，不要自行换厂家")
    if (
        drug.approval_no.startswith(cautions.BIOLOGICAL_APPROVALS)
        or drug.code.startswith(cautions.BIOLOGICAL_CLASSES)
        or any(part in name for part in cautions.BIOLOGICAL_NAMES)
    ):
        return _("生物制品不同厂家不能自行互换")
    return next((str(why) for why, parts in cautions.NARROW_RANGE.items() if any(part in name for part in parts)), "")
