"""Badges and what a tap on them explains. The terms are the glossary's; facts come from dated rows, never guessed."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy, ngettext

from catalog.insurance import UNREVIEWED, Facts, ListFact
from catalog.models import Drug, DrugList, Listing, ReferencePrice
from pharmacies.models import Designation
from prices.views import words
from prices.views.sentences import name, sentence


@dataclass(frozen=True, slots=True)
class Badge:
    """`sources`: one line per document that says so, with its area and its first day."""

    label: str
    words: str
    tone: str = ""
    sources: tuple[str, ...] = ()


RX = {
    "rx": (gettext_lazy("处方药"), gettext_lazy("处方药须凭处方在药师指导下购买和使用")),
    "otc": (gettext_lazy("非处方药(OTC)"), gettext_lazy("请按药品说明书或在药师指导下购买和使用")),
}
CLASSES = {
    "甲": (gettext_lazy("医保甲类"), gettext_lazy("在医保目录内，先不用自付，按比例报销")),
    "乙": (gettext_lazy("医保乙类"), gettext_lazy("在医保目录内，自己先付一部分，其余按比例报销")),
    UNREVIEWED: (
        gettext_lazy("医保类别待核"),
        gettext_lazy("可能在医保目录内，还没有经人核对；是不是、按哪一类报销，请问医保部门（12393）"),
    ),
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
DISEASES = {"高血压": gettext_lazy("高血压"), "糖尿病": gettext_lazy("糖尿病")}
"""The two of “两病”, as entries of its lists note them."""
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
OF_SHOPS = {Designation.Kind.DUAL_CHANNEL, Designation.Kind.OUTPATIENT_POOLING, Designation.Kind.CHRONIC_DISEASE}
"""Their labels and explanations are about pharmacies."""
WITHOUT_INSURANCE = {Designation.Kind.DELIVERY, Designation.Kind.COLD_CHAIN}
"""What a shop still does when insurance settles nothing there."""
ON_CARDS = (Designation.Kind.OUTPATIENT_POOLING, Designation.Kind.DELIVERY)
"""Services that differ between shops. 双通道 is no service of a shop alone: a card says it as a sentence."""


def of_facts(facts: Facts) -> list[Badge]:
    """The header's badges: what holds for any of the drugs (one preparation) on that day."""
    classes = sorted({drug.rx_class for drug in facts.drugs if drug.rx_class}, reverse=True)
    kinds = dict.fromkeys("rx" if each == "rx" else "otc" for each in classes)
    badges = [_badge(RX[key]) for key in kinds] + _of_classes(facts)
    for row in facts.listings:
        badges += _of_listing(row, facts)
    badges += [_of_list(kind, facts) for kind in LISTS if facts.naming(kind)]
    return list(dict.fromkeys(badges))


def _badge(pair: tuple[str | Promise, str | Promise], sources: tuple[str, ...] = ()) -> Badge:
    return Badge(str(pair[0]), str(pair[1]), sources=sources)


def _of_classes(facts: Facts) -> list[Badge]:
    return [
        replace(_badge(CLASSES[key]), tone="warn") if key == UNREVIEWED else _badge(CLASSES[key], _edition(facts))
        for key in facts.classes()
        if key in CLASSES
    ]


def disease(note: str) -> str:
    """The note of a list's entry: a known disease in the page's language, else as the data have it."""
    return str(DISEASES[note]) if note in DISEASES else name(note)


def mixed_classes(facts: Facts) -> str:
    """Products of one preparation that differ: `医保甲类 3 种，医保乙类 2 种，其他 1 种不在其列`; empty when all agree."""
    found = facts.classes()
    if len(found) < 2:
        return ""
    named = {key: str(pair[0]) for key, pair in CLASSES.items()} | {"": gettext("没有医保类别")}
    said = [
        ngettext("%(name)s %(n)s 种", "%(name)s %(n)s 种", n) % {"name": named[key], "n": n} for key, n in found.items()
    ]
    return gettext("各产品的医保类别不同：%(classes)s。买哪一种，看那一种的页面。") % {
        "classes": gettext("，").join(said)
    }


def source(area: str, document: str, since: date | None) -> str:
    """`湖北省，鄂医保发〔2026〕1号，自2026年1月1日起`."""
    where = name(f"{area}，{document}" if document else area)
    if since is None:
        return where
    return sentence(gettext("%(where)s，自%(day)s起"), where=where, day=words.day(since))


def _edition(facts: Facts) -> tuple[str, ...]:
    if facts.edition is None:
        return ()
    return (source("国家", facts.edition.document, facts.edition.valid.lower),)


def _of_listing(listing: Listing, facts: Facts) -> list[Badge]:
    if listing.kind == Listing.Kind.NEGOTIATED:
        text = gettext("国家谈判降价进目录")
        if listing.agreement and listing.agreement.upper:
            last = words.day(listing.agreement.upper - timedelta(days=1))
            said = gettext("国家谈判降价进目录，协议有效期到 %(day)s")
            if listing.agreement_is_over(facts.on):
                said = gettext("国家谈判降价进目录，协议有效期已于 %(day)s结束；现在怎样支付，请问医保部门（12393）")
            text = said % {"day": last}
        return [Badge(gettext("国家谈判药"), text, sources=_edition(facts))]
    if listing.kind == Listing.Kind.AUCTION:
        return [Badge(gettext("竞价药品"), gettext("医保按竞价标准支付，超出部分自付"), sources=_edition(facts))]
    return []


def _of_list(kind: DrugList.Kind, facts: Facts) -> Badge:
    """A list of a part of the province says which part in the label; one that names some products says how many."""
    label, text = map(str, LISTS[kind])
    lists = facts.naming(kind)
    if not any(each.everywhere for each in lists):
        label = sentence(gettext("%(label)s（%(areas)s）"), label=label, areas=_areas(lists))
    named = {drug for each in lists for drug in each.drug_ids}
    if len(named) < len(facts.drugs):
        many = ngettext("只是其中 %(n)s 种产品", "只是其中 %(n)s 种产品", len(named)) % {"n": len(named)}
        text = f"{text}{gettext('；')}{many}"
    return Badge(label, text, sources=tuple(source(each.area, each.document, each.since) for each in lists))


def _areas(lists: list[ListFact]) -> str:
    if len(lists) > 2:
        return gettext("部分地区")
    return name("、".join(each.area for each in lists))


def tendered(facts: Facts) -> dict[int, Badge]:
    """集采中选 by drug, with its price and its end, as the reference prices of that day say."""
    found = {}
    for drug in facts.drugs:
        # The nearest to the whole province last: it is what most readers live under.
        for row in reversed(facts.references.get(drug.pk, [])):
            if row.kind == ReferencePrice.Kind.VBP:
                found[drug.pk] = _tender(row, drug)
    return found


def _tender(row: ReferencePrice, drug: Drug) -> Badge:
    unit = drug.unit if row.unit == ReferencePrice.Unit.SMALLEST else drug.pack_unit
    text = sentence(
        gettext("国家或省组织集中采购的中选产品：%(scheme)s，中选价 %(price)s"),
        scheme=name(row.scheme.name if row.scheme else row.document),
        price=exact(row.amount, unit),
    )
    if row.valid.upper:
        last = words.day(row.valid.upper - timedelta(days=1))
        text += sentence(gettext("，至 %(day)s"), day=last)
    return Badge(gettext("集采中选"), text, sources=(source(row.area.name, row.document, row.valid.lower),))


def exact(amount: Decimal, unit: str) -> str:
    """A reference price as its document writes it, 2 to 4 decimals: `0.648 元/片`, `13.23 元/盒`."""
    return gettext("%(amount)s 元/%(unit)s") % {"amount": _digits(amount), "unit": words.unit_name(unit)}


def yuan_exact(amount: Decimal) -> str:
    return gettext("%(amount)s 元") % {"amount": _digits(amount)}


def _digits(amount: Decimal) -> str:
    whole, _point, places = f"{amount:,.4f}".partition(".")
    return f"{whole}.{places[:2]}{places[2:].rstrip('0')}"


def of_quality(drug: Drug) -> list[Badge]:
    if drug.quality not in QUALITIES:
        return []
    label = QUALITIES[drug.quality]
    return [Badge(str(label), gettext("原研=最早研发厂家；过评=与原研质量疗效一致"), "quality")]


def of_pharmacy(kinds: Iterable[str], *, institution: bool = False, settles: bool = True) -> list[Badge]:
    """Every designation that holds, explained. A medical institution is called no 药店; where nothing is settled for
    insurance today (`settles`), nothing is said that needs it."""
    held = set(kinds) - (OF_SHOPS if institution else set())
    held = held if settles else held & WITHOUT_INSURANCE
    return [_badge(pair) for kind, pair in DESIGNATIONS.items() if kind in held]


def on_card(kinds: Iterable[str], *, institution: bool = False) -> list[str]:
    """Services that differ between shops; 医保定点 they all are."""
    held = set(kinds) - (OF_SHOPS if institution else set())
    return [str(DESIGNATIONS[kind][0]) for kind in ON_CARDS if kind in held]
