"""What lists say about offers: `reimbursed_as` (drug on the list AND pharmacy so designated AND both valid on the day),
and what may not be retailed (麻醉药品, 第一类精神药品, 终止妊娠药品 …): never ranked at a pharmacy that the list binds.

Of the lists of a kind the one of a pharmacy's nearest area counts, alone.
"""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from django.conf import settings

from catalog.models import Drug, DrugList, Listing, ListingMatch
from pharmacies.models import Region
from prices.search.questions import Barred, Coverage
from prices.search.statements import run

LISTED = {"dual_channel": DrugList.Kind.DUAL_CHANNEL, "chronic_disease": DrugList.Kind.CHRONIC_DISEASE}
REIMBURSED_AS = ("dual_channel", "chronic_disease", "outpatient_pooling")


class Named(NamedTuple):
    """What the lists of a kind name: the areas that have such a list, and (area, drug) of what each names."""

    areas: tuple[int, ...]
    pairs: tuple[tuple[int, int], ...]


def named(rows: Iterable[tuple[int, int | None]]) -> Named:
    """From (area of a list, drug or None for a list that names none of those asked about)."""
    found = tuple(rows)
    areas = tuple(dict.fromkeys(area for area, _drug in found))
    return Named(areas, tuple((area, drug) for area, drug in found if drug is not None))


def coverage(drugs: tuple[Drug, ...], found: Named) -> Coverage:
    """Which of `drugs` a kind of list names, and in which areas."""
    somewhere = {drug_id for _area, drug_id in found.pairs}
    return Coverage(tuple(drug for drug in drugs if drug.pk in somewhere), found.areas, found.pairs)


def reviewed_listings(drugs: tuple[Drug, ...], on: date) -> Coverage:
    """Which of `drugs` a person has matched to a listing in force on the day `on`: these are covered everywhere."""
    in_force = Listing.objects.using(settings.SEARCH_DATABASE).in_force(on)
    accepted = ListingMatch.objects.using(settings.SEARCH_DATABASE).filter(
        drug__in=drugs, state=ListingMatch.State.ACCEPTED, listing__in=in_force
    )
    reviewed = set(accepted.values_list("drug_id", flat=True))
    return Coverage(tuple(drug for drug in drugs if drug.pk in reviewed))


def not_for_retail(drug_ids: Iterable[int], on: date) -> Barred:
    """Which of the drugs pharmacies of which areas may not sell on the day `on`. One query where there is none."""
    rows = run("listed", {"kind": DrugList.Kind.NOT_FOR_RETAIL.value, "day": on, "drugs": list(drug_ids)})
    return barred(named(rows))


def barred(found: Named) -> Barred:
    return Barred(found.areas, found.pairs) if found.pairs else Barred()


def at_no_pharmacy(unsold: Barred) -> set[int]:
    """The drugs that no pharmacy at all may sell: no statement need look for them."""
    if not unsold.pairs:
        return set()
    regions = Region.objects.using(settings.SEARCH_DATABASE)
    if regions.filter(parent=None).exclude(pk__in=unsold.areas).exists():
        return set()  # below that root there are pharmacies that no list binds
    pairs = set(unsold.pairs)
    return {drug_id for _area, drug_id in pairs if all((area, drug_id) in pairs for area in unsold.areas)}
