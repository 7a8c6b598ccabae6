"""Before a price is published at the desk: what about it is unusual enough to ask for a reason.

Nothing here forbids. Every slip that the one door would refuse of a machine is among these warnings (a test holds that),
so that whoever answers them with a reason gets through. A confidential payment standard warns of nothing.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from catalog import standards
from catalog.confidential import publishable
from catalog.models import Drug, ListingMatch, ReferencePrice
from pharmacies.models import Pharmacy, PharmacyToday, Region
from prices.ingest.slips import TOLERANCE
from prices.money import yuan
from prices.sql import statement

UNUSUAL_RISE, UNUSUAL_FALL = Decimal("1.5"), Decimal("0.5")
PEERS_LEAST = 5
"""With fewer neighbours nothing is said of them."""
PEERS_SHARE, PEERS_ABOVE = Decimal("0.95"), Decimal("1.15")
"""Above so many of them, and so far above the one in the middle: retail prices stick together."""


@dataclass(frozen=True, slots=True)
class Remark:
    """`code` is stable and kept with the change; `text` is for the editor."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """A price in 分 for a product, and the shop's last one, if it ever had one."""

    drug: Drug
    fen: int
    last_fen: int | None


def warn(pharmacy: Pharmacy, proposals: Sequence[Proposal], *, at: datetime) -> dict[int, list[Remark]]:
    """Drug id → what is unusual, most striking first; a product without warnings is missing. Few queries for all."""
    if not proposals:
        return {}
    medians = _medians([each.drug.pk for each in proposals if each.last_fen is None])
    peers = _among_peers(pharmacy, proposals)
    above = _above_standard(pharmacy, proposals, at=at)
    found = {}
    for each in proposals:
        pk = each.drug.pk
        said = [*_against_last(each, medians), *_as_a_unit(each, medians), *peers.get(pk, ()), *above.get(pk, ())]
        if said:
            found[pk] = said
    return found


def near(price: float, other: float) -> bool:
    """Within 5 % either way, as the one door judges."""
    return abs(math.log(price) - math.log(other)) <= TOLERANCE + 1e-12


def times(fen: int, other: int) -> str:
    """How many times as much, in words: `10.0 倍`, of small parts `1.0%`."""
    ratio = Decimal(fen) / Decimal(other)
    return _("%(n)s 倍") % {"n": f"{ratio:.1f}"} if ratio >= 1 else _("%(n)s%%") % {"n": f"{ratio * 100:.1f}"}


def _against_last(each: Proposal, medians: Mapping[int, int]) -> list[Remark]:
    if each.last_fen is not None:
        if not UNUSUAL_FALL < Decimal(each.fen) / each.last_fen < UNUSUAL_RISE:
            return [Remark("last_price", _("是您上次价格的 %(times)s") % {"times": times(each.fen, each.last_fen)})]
        return []
    median = medians.get(each.drug.pk)
    if median and not UNUSUAL_FALL < Decimal(each.fen) / median < UNUSUAL_RISE:
        return [Remark("others_price", _("是其他药店中间价的 %(times)s") % {"times": times(each.fen, median)})]
    return []


def _as_a_unit(each: Proposal, medians: Mapping[int, int]) -> list[Remark]:
    """The price of one tablet, or of so many packs: a unit mixed up. A pack of one has no unit to mix up."""
    reference, pack = each.last_fen or medians.get(each.drug.pk), each.drug.pack_count
    if not reference or pack == 1 or near(each.fen, reference):
        return []
    if near(each.fen, reference / pack):
        return [Remark("per_unit", _("像是一%(unit)s的价格") % {"unit": _(each.drug.unit)})]
    if near(each.fen, reference * pack):
        return [Remark("times_pack", _("像是按%(unit)s数乘过的价格") % {"unit": _(each.drug.unit)})]
    return []


def _rows(name: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement(name), parameters)
        return list(cursor.fetchall())


def _medians(drugs: list[int]) -> dict[int, int]:
    """What others ask for products that the shop has never sold: the yardstick of the one door."""
    return dict(_rows("stage_peers", {"drugs": drugs})) if drugs else {}


def _among_peers(pharmacy: Pharmacy, proposals: Sequence[Proposal]) -> dict[int, list[Remark]]:
    """`高于全县 97% 的药店`: of the county, or where too few sell it there, of the wider regions around it."""
    found: dict[int, list[Remark]] = {}
    open_: dict[int, Proposal] = {each.drug.pk: each for each in proposals}
    for region in around(pharmacy):
        if not open_:
            break
        drugs, fens = list(open_), [each.fen for each in open_.values()]
        asked = {"drugs": drugs, "fens": fens, "region": region.pk, "pharmacy": pharmacy.pk}
        for drug_id, shops, below, median in _rows("desk_peers", asked):
            if shops < PEERS_LEAST:
                continue
            fen = open_.pop(drug_id).fen
            if Decimal(below) / shops >= PEERS_SHARE and fen > PEERS_ABOVE * median:
                text = _("高于%(place)s %(share)d%% 的药店") % {
                    "place": whole(region),
                    "share": 100 * below // shops,
                }
                found[drug_id] = [Remark("above_peers", text)]
    return found


def around(pharmacy: Pharmacy) -> list[Region]:
    """The county where it stands, then the city and the province."""
    regions: list[Region] = []
    region: Region | None = pharmacy.division
    while region is not None:
        regions.append(region)
        region = region.parent
    return regions


def whole(region: Region) -> str:
    """`全县`, `全区`, `全市`, `全省`: how people at the counter say it."""
    ends = {"县": _("全县"), "区": _("全区"), "市": _("全市"), "州": _("全州"), "省": _("全省")}
    return ends.get(region.name[-1:], region.name)


def _above_standard(pharmacy: Pharmacy, proposals: Sequence[Proposal], *, at: datetime) -> dict[int, list[Remark]]:
    """`高于国谈药支付标准`: of the standard of the day, per pack: the nearest area's, else the one that the catalogue prints."""
    on = timezone.localdate(at)
    today = PharmacyToday.objects.filter(pharmacy=pharmacy).first()
    areas = today.area_ids if today else []
    fens = {each.drug.pk: each for each in proposals}
    rows = ReferencePrice.objects.valid(on).filter(
        drug__in=fens, kind=ReferencePrice.Kind.PAYMENT_STANDARD, area__in=areas
    )
    # What an area has published comes before what the catalogue prints for everywhere, the nearest area last of all.
    packs = standards.printed([each.drug for each in fens.values()], on)
    for row in sorted(publishable(rows, on), key=lambda row: -areas.index(row.area_id)):
        per_pack = row.unit == ReferencePrice.Unit.PACK
        packs[row.drug_id] = row.amount if per_pack else row.amount * fens[row.drug_id].drug.pack_count
    above = {pk: pack for pk, pack in packs.items() if yuan(fens[pk].fen) > pack}
    negotiated = _negotiated(above, at)
    return {pk: [_standard(pk in negotiated, pack)] for pk, pack in above.items()}


def _standard(negotiated: bool, pack: Decimal) -> Remark:
    text = _("高于国谈药支付标准 %(amount)s 元") if negotiated else _("高于医保支付标准 %(amount)s 元")
    return Remark("above_standard", text % {"amount": f"{pack:.2f}"})


def _negotiated(drugs: Mapping[int, Any], at: datetime) -> set[int]:
    matches = ListingMatch.objects.filter(
        drug__in=drugs,
        state=ListingMatch.State.ACCEPTED,
        listing__kind="谈判",
        listing__edition__state="ready",
        listing__edition__valid__contains=timezone.localdate(at),
    )
    return set(matches.values_list("drug_id", flat=True))
