"""What lists say about offers: `reimbursed_as` (drug on the list AND pharmacy so designated AND both valid on the day),
and what may not be retailed (麻醉药品, 第一类精神药品, 终止妊娠药品 …): never ranked at a pharmacy that the list binds.

Of the lists of a kind the one of a pharmacy's nearest area counts, alone.
"""

from collections.abc import Iterable
from datetime import date

from django.conf import settings

from catalog.models import Drug, DrugList, Listing, ListingMatch
from pharmacies.models import Region
from prices.search.plans import run
from prices.search.questions import Barred, Coverage

LISTED = {"dual_channel": DrugList.Kind.DUAL_CHANNEL, "chronic_disease": DrugList.Kind.CHRONIC_DISEASE}
REIMBURSED_AS = ("dual_channel", "chronic_disease", "outpatient_pooling")

_Pairs = tuple[tuple[int, int], ...]


def coverage(drugs: tuple[Drug, ...], reimbursed_as: str, on: date) -> Coverage:
    """Which of `drugs` count as `reimbursed_as` on the day `on`, and in which areas."""
    if reimbursed_as in LISTED:
        areas, pairs = _listed(LISTED[reimbursed_as], (drug.pk for drug in drugs), on)
        somewhere = {drug_id for _area, drug_id in pairs}
        return Coverage(tuple(drug for drug in drugs if drug.pk in somewhere), areas, pairs)
    in_force = Listing.objects.using(settings.SEARCH_DATABASE).in_force(on)
    accepted = ListingMatch.objects.using(settings.SEARCH_DATABASE).filter(
        drug__in=drugs, state=ListingMatch.State.ACCEPTED, listing__in=in_force
    )
    reviewed = set(accepted.values_list("drug_id", flat=True))
    return Coverage(tuple(drug for drug in drugs if drug.pk in reviewed))


def not_for_retail(drug_ids: Iterable[int], on: date) -> Barred:
    """Which of the drugs pharmacies of which areas may not sell on the day `on`. One query where there is none."""
    areas, pairs = _listed(DrugList.Kind.NOT_FOR_RETAIL, drug_ids, on)
    return Barred(areas, pairs) if pairs else Barred()


def at_no_pharmacy(barred: Barred) -> set[int]:
    """The drugs that no pharmacy at all may sell: no statement need look for them."""
    if not barred.pairs:
        return set()
    regions = Region.objects.using(settings.SEARCH_DATABASE)
    if regions.filter(parent=None).exclude(pk__in=barred.areas).exists():
        return set()  # below that root there are pharmacies that no list binds
    named = set(barred.pairs)
    return {drug_id for _area, drug_id in named if all((area, drug_id) in named for area in barred.areas)}


def _listed(kind: DrugList.Kind, drug_ids: Iterable[int], on: date) -> tuple[tuple[int, ...], _Pairs]:
    """The areas that have a list of the kind, and (area, drug) of what each names (listed.sql)."""
    rows = run("listed", {"kind": kind.value, "day": on, "drugs": list(drug_ids)})
    areas = tuple(dict.fromkeys(area for area, _drug in rows))
    return areas, tuple((area, drug) for area, drug in rows if drug is not None)
