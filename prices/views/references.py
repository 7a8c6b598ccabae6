"""Reference prices beside what shops ask: each with its unit, document, area and days. A lookup, never a verdict:
no ratio to a shelf price is made here, and of a confidential standard nothing is said but that it is confidential.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from django.utils.translation import gettext, gettext_lazy

from catalog.insurance import Facts
from catalog.models import Drug, Listing, PaymentStandard, ReferencePrice
from prices.views import badges, words
from prices.views.sentences import name, sentence

KINDS = {
    ReferencePrice.Kind.VBP: gettext_lazy("集采中选价"),
    ReferencePrice.Kind.LISTED: gettext_lazy("挂网价"),
    ReferencePrice.Kind.PAYMENT_STANDARD: gettext_lazy("医保支付标准"),
    ReferencePrice.Kind.NATIONAL_LOWEST: gettext_lazy("全国最低挂网价"),
}
"""In the order of the table."""
EXPLAINED = {
    ReferencePrice.Kind.VBP: gettext_lazy("集中采购确定的价格；医院按它采购，药店的售价可能不同"),
    ReferencePrice.Kind.LISTED: gettext_lazy("药品采购平台上公布的价格，供医院采购参考"),
    ReferencePrice.Kind.PAYMENT_STANDARD: gettext_lazy("医保基金按这个价计算支付，不一定是售价"),
    ReferencePrice.Kind.NATIONAL_LOWEST: gettext_lazy("各省采购平台上最低的价格"),
}
SUPPLIERS = {
    ReferencePrice.Supplier.MAIN: gettext_lazy("主供企业"),
    ReferencePrice.Supplier.RESERVE: gettext_lazy("备供企业"),
}


@dataclass(frozen=True, slots=True)
class Reference:
    """One line. `amount` is empty for what is not published, which `note` then says."""

    label: str
    explained: str
    amount: str
    converted: str  # the same per pack or per smallest unit; empty where there is nothing to convert
    of: str  # the specification or the product it is for, where the page shows several
    note: str
    source: str  # area, document, first and last day


def references(facts: Facts) -> list[Reference]:
    """All of the drugs' reference prices of that day, in the order of `KINDS`."""
    several = len(facts.drugs) > 1
    found: dict[str, list[Reference]] = {kind: [] for kind in KINDS}
    for row in facts.listings:
        if row.agreement_is_over(facts.on):
            continue  # its standard held while the agreement did
        standards = facts.standards.get(row.pk, [])
        standards = [each for each in standards if each.confidential][:1] or standards
        lines = [_standard(standard, row, facts) for standard in standards]
        found[ReferencePrice.Kind.PAYMENT_STANDARD] += dict.fromkeys(lines)
    for drug in facts.drugs:
        for price in facts.references.get(drug.pk, []):
            found[price.kind].append(_reference(price, drug, several=several))
    return [line for lines in found.values() for line in lines]


def _standard(standard: PaymentStandard, listing: Listing, facts: Facts) -> Reference:
    kind = ReferencePrice.Kind.PAYMENT_STANDARD
    amount = "" if standard.amount is None else badges.yuan_exact(standard.amount)
    note = str(name(standard.note)) if standard.note else ""
    edition = facts.edition
    source = badges.source("国家", edition.document, edition.valid.lower) if edition else ""
    return Reference(
        label=str(KINDS[kind]),
        explained=str(EXPLAINED[kind]),
        amount=amount,
        converted="",
        of=name(standard.spec) if standard.spec and amount else "",
        note=note if amount else gettext("支付标准保密，不公布"),
        source=_days(source, listing.agreement.upper if listing.agreement else None),
    )


def _reference(price: ReferencePrice, drug: Drug, *, several: bool) -> Reference:
    by_pack = price.unit == ReferencePrice.Unit.PACK
    return Reference(
        label=str(KINDS[ReferencePrice.Kind(price.kind)]),
        explained=str(EXPLAINED[ReferencePrice.Kind(price.kind)]),
        amount=badges.exact(price.amount, drug.pack_unit if by_pack else drug.unit),
        converted=_converted(price.amount, drug, by_pack=by_pack),
        of=name(f"{drug.manufacturer} {drug.preparation.strength}×{drug.pack_count}{drug.unit}") if several else "",
        note=_supply(price),
        source=_days(badges.source(price.area.name, price.document, price.valid.lower), price.valid.upper),
    )


def _converted(amount: Decimal, drug: Drug, *, by_pack: bool) -> str:
    """`约 0.945 元/片` of a price per pack, `约 9.07 元/盒` of one per tablet; nothing where a pack is one unit."""
    if drug.pack_count == 1:
        return ""
    if by_pack:
        each = (amount / drug.pack_count).quantize(Decimal("0.0001"), ROUND_HALF_UP)
        said = badges.exact(each, drug.unit)
    else:
        whole = (amount * drug.pack_count).quantize(Decimal("0.01"), ROUND_HALF_UP)
        said = badges.exact(whole, drug.pack_unit)
    return gettext("约 %(price)s") % {"price": said}


def _supply(price: ReferencePrice) -> str:
    """`主供企业，国家组织药品集采（第七批）`: who supplies the area, and the scheme."""
    parts = [str(SUPPLIERS[ReferencePrice.Supplier(price.supplier)])] if price.supplier else []
    parts += [name(price.scheme.name)] if price.scheme else []
    if len(parts) < 2:
        return parts[0] if parts else ""
    return sentence(gettext("%(supplier)s，%(scheme)s"), supplier=parts[0], scheme=parts[1])


def _days(source: str, upper: date | None) -> str:
    if upper is None:
        return source
    return sentence(gettext("%(source)s，至 %(day)s"), source=source, day=words.day(upper - timedelta(days=1)))
