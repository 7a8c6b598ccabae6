"""Badges and what a tap on them explains. The terms are the glossary's; facts come from dated rows, never guessed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Q
from django.utils.translation import gettext, gettext_lazy

from catalog.models import Drug, DrugList, DrugListEntry, Listing, ListingMatch, ReferencePrice
from pharmacies.models import Designation
from prices.views import words


@dataclass(frozen=True, slots=True)
class Badge:
    label: str
    words: str
    tone: str = ""


RX = {
    "rx": (gettext_lazy("处方药"), gettext_lazy("处方药须凭处方在药师指导下购买和使用")),
    "otc": (gettext_lazy("非处方药(OTC)"), gettext_lazy("请按药品说明书或在药师指导下购买和使用")),
}
CLASSES = {
    "甲": (gettext_lazy("医保甲类"), gettext_lazy("在医保目录内，先不用自付，按比例报销")),
    "乙": (gettext_lazy("医保乙类"), gettext_lazy("在医保目录内，自己先付一部分，其余按比例报销")),
}
LISTS = {
    DrugList.Kind.DUAL_CHANNEL: (
        gettext_lazy("双通道药品"),
        gettext_lazy("定点医院和双通道药店都能买，报销政策相同"),
    ),
    DrugList.Kind.SEPARATE_PAYMENT: (
        gettext_lazy("单独支付药品"),
        gettext_lazy("门诊用这种药有单独的报销政策，须医生上传“单独支付”处方"),
    ),
    DrugList.Kind.CHRONIC_DISEASE: (
        gettext_lazy("门诊慢特病用药"),
        gettext_lazy("办理了相应待遇的参保人，在规定的医疗机构（或药店）可报销"),
    ),
    DrugList.Kind.TWO_DISEASES: (
        gettext_lazy("“两病”用药"),
        gettext_lazy("办理了相应待遇的参保人，在规定的医疗机构（或药店）可报销"),
    ),
    DrugList.Kind.SUPPLEMENTARY: (
        gettext_lazy("惠民保特药"),
        gettext_lazy("当地惠民保目录内，具体以保险条款为准"),
    ),
}
QUALITIES = {
    "originator": gettext_lazy("原研药"),
    "passed": gettext_lazy("通过一致性评价"),
    "deemed": gettext_lazy("视同通过一致性评价"),
}
DESIGNATIONS = {
    Designation.Kind.DESIGNATED: (gettext_lazy("医保定点"), gettext_lazy("可刷个人账户（含家庭共济）结算")),
    Designation.Kind.DUAL_CHANNEL: (gettext_lazy("双通道药店"), gettext_lazy("这家店可以按双通道报销")),
    Designation.Kind.OUTPATIENT_POOLING: (
        gettext_lazy("门诊统筹药店"),
        gettext_lazy("凭处方在此店买药，可按职工医保门诊统筹报销"),
    ),
    Designation.Kind.CHRONIC_DISEASE: (
        gettext_lazy("门诊慢特病药店"),
        gettext_lazy("办理了门诊慢特病待遇的参保人，可在此店买药报销"),
    ),
    Designation.Kind.CROSS_REGION: (gettext_lazy("异地结算"), gettext_lazy("外地参保人可在此店直接结算")),
    Designation.Kind.E_PRESCRIPTION: (gettext_lazy("电子处方"), gettext_lazy("医院开的电子处方可以转到此店")),
    Designation.Kind.DELIVERY: (gettext_lazy("送药上门"), gettext_lazy("可以送货；费用和时间请问药店")),
    Designation.Kind.COLD_CHAIN: (gettext_lazy("冷链"), gettext_lazy("需要冷藏的药可以全程冷藏")),
}
ON_CARDS = (Designation.Kind.DUAL_CHANNEL, Designation.Kind.OUTPATIENT_POOLING, Designation.Kind.DELIVERY)


def of_drugs(drugs: Iterable[Drug], on: date) -> list[Badge]:
    """The header's badges: what holds for any of `drugs` (one preparation) on that day. Three queries."""
    drugs = list(drugs)
    if not drugs:
        return []
    classes = sorted({drug.rx_class for drug in drugs if drug.rx_class}, reverse=True)
    badges = [Badge(*map(str, RX[key])) for key in dict.fromkeys("rx" if name == "rx" else "otc" for name in classes)]
    listings = list(
        Listing.objects.in_force(on)
        .filter(matches__drug__in=drugs, matches__state=ListingMatch.State.ACCEPTED)
        .order_by("ins_class")
        .distinct()
    )
    badges += [Badge(*map(str, CLASSES[name])) for name in dict.fromkeys(row.ins_class for row in listings)]
    for row in listings:
        badges += _of_listing(row)
    return list(dict.fromkeys(badges + _of_lists(drugs, listings, on)))


def _of_listing(listing: Listing) -> list[Badge]:
    badges = []
    if listing.kind == Listing.Kind.NEGOTIATED and listing.agreement and listing.agreement.upper:
        last = words.day(listing.agreement.upper - timedelta(days=1))
        text = gettext("国家谈判降价进目录，协议有效期到 %(day)s") % {"day": last}
        badges.append(Badge(gettext("国家谈判药"), text))
    elif listing.kind == Listing.Kind.NEGOTIATED:
        badges.append(Badge(gettext("国家谈判药"), gettext("国家谈判降价进目录")))
    elif listing.kind == Listing.Kind.AUCTION:
        badges.append(Badge(gettext("竞价药品"), gettext("医保按竞价标准支付，超出部分自付")))
    if listing.restriction:
        text = gettext("符合以下条件医保才支付（不影响医生开药和您购买）：%(text)s") % {"text": listing.restriction}
        badges.append(Badge(gettext("限定支付范围"), text, "warn"))
    return badges


def _of_lists(drugs: list[Drug], listings: list[Listing], on: date) -> list[Badge]:
    """Lists that name one of the drugs, one of their listings, or their name (with their form, if it says one)."""
    preparation = drugs[0].preparation
    named = Q(generic_name=preparation.generic_name, dosage_form__in=["", preparation.dosage_form])
    kinds = (
        DrugListEntry.objects.valid(on)
        .filter(named | Q(drug__in=drugs) | Q(listing__in=listings), drug_list__valid__contains=on)
        .values_list("drug_list__kind", flat=True)
    )
    found = set(kinds)
    return [Badge(*map(str, pair)) for kind, pair in LISTS.items() if kind in found]


def tendered(drugs: Iterable[Drug], on: date) -> dict[int, Badge]:
    """集采中选 by drug, with its price and its end, as the reference prices of that day say. One query."""
    rows = ReferencePrice.objects.valid(on).filter(drug__in=drugs, kind=ReferencePrice.Kind.VBP)
    found = {}
    for row in rows.select_related("drug", "scheme").order_by("-area__code"):
        unit = row.drug.unit if row.unit == ReferencePrice.Unit.SMALLEST else row.drug.pack_unit
        text = gettext("国家或省组织集中采购的中选产品：%(scheme)s，中选价 %(price)s") % {
            "scheme": row.scheme.name if row.scheme else row.document,
            "price": words.unit_price(row.amount, unit),
        }
        if row.valid.upper:
            last = words.day(row.valid.upper - timedelta(days=1))
            text += gettext("，至 %(day)s") % {"day": last}
        found[row.drug_id] = Badge(gettext("集采中选"), text)
    return found


def of_quality(drug: Drug) -> list[Badge]:
    if drug.quality not in QUALITIES:
        return []
    label = QUALITIES[drug.quality]
    return [Badge(str(label), gettext("原研=最早研发厂家；过评=与原研质量疗效一致"), "quality")]


def of_pharmacy(kinds: Iterable[str]) -> list[Badge]:
    """Every designation that holds, explained."""
    return [Badge(*map(str, pair)) for kind, pair in DESIGNATIONS.items() if kind in set(kinds)]


def on_card(kinds: Iterable[str]) -> list[str]:
    """Services that differ between shops; 医保定点 they all are."""
    held = set(kinds)
    return [str(DESIGNATIONS[kind][0]) for kind in ON_CARDS if kind in held]
