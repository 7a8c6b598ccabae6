"""医保支付标准 as the edition in force prints them, for one product: only where the printed specification is surely its own."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal

from catalog import confidential
from catalog.models import Drug, Edition, ListingMatch, PaymentStandard
from catalog.specs import fill_of, normal_text, parse_spec, strength_key, strength_of


def printed(drugs: Iterable[Drug], on: date) -> dict[int, Decimal]:
    """Drug id → the standard of a pack in yuan, not rounded, by accepted rows of the edition in force on `on`.

    Nothing of a drug whose standard is confidential, whose agreement is over, that has a condition (`note`), or that
    several printed specifications fit with different amounts. Two queries. `drugs` with their preparations.
    """
    wanted = {drug.pk: drug for drug in drugs}
    matches = ListingMatch.objects.filter(
        drug__in=wanted,
        state=ListingMatch.State.ACCEPTED,
        listing__edition__state=Edition.State.READY,
        listing__edition__valid__contains=on,
        listing__standards__confidential=False,
    )
    rows = matches.select_related("listing").prefetch_related("listing__standards").distinct()
    found: dict[int, set[Decimal]] = {}
    for match in rows:
        if match.listing.agreement_is_over(on):
            continue
        amounts = (per_pack(standard, wanted[match.drug_id]) for standard in match.listing.standards.all())
        found.setdefault(match.drug_id, set()).update(amount for amount in amounts if amount is not None)
    secret = confidential.is_confidential(found, on) if found else frozenset()
    return _certain(found, secret)


def _certain(found: Mapping[int, set[Decimal]], secret: frozenset[int]) -> dict[int, Decimal]:
    return {pk: next(iter(amounts)) for pk, amounts in found.items() if len(amounts) == 1 and pk not in secret}


def per_pack(standard: PaymentStandard, drug: Drug) -> Decimal | None:
    """What the standard allows for a pack of `drug`; None unless its specification is the drug's beyond doubt.

    `10mg/片` is of one smallest unit, `10mg×7片/盒` of a pack of seven. Of `每片含…` and the like nothing is said.
    """
    if standard.amount is None or standard.note:
        return None
    amount: Decimal = standard.amount
    strength, text = drug.preparation.strength, normal_text(standard.spec)
    if (pack := parse_spec(text)) is not None:
        mine = parse_spec(f"{strength}×{drug.pack_count}{drug.unit}")
        return amount if pack == mine else None
    head, _slash, unit = text.rpartition("/")
    same = (strength_of(head) or fill_of(head)) is not None and strength_key(head) == strength_key(strength)
    return amount * drug.pack_count if same and unit == normal_text(drug.unit) else None
