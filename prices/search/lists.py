"""`reimbursed_as`: drug on the list AND pharmacy so designated AND both valid on the day."""

from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.db.models import Q, QuerySet

from catalog.models import Drug, DrugList, DrugListEntry, Listing, ListingMatch


@dataclass(frozen=True, slots=True)
class Coverage:
    """The drugs that can be reimbursed somewhere, and where.

    `areas` is None when being covered does not depend on the area; else the areas that have a list of the kind, and
    `pairs` says which drugs the list of an area names. The list of a pharmacy's nearest such area counts, alone.
    """

    drugs: tuple[Drug, ...]
    areas: tuple[int, ...] | None = None
    pairs: tuple[tuple[int, int], ...] = ()


LISTED = {"dual_channel": DrugList.Kind.DUAL_CHANNEL, "chronic_disease": DrugList.Kind.CHRONIC_DISEASE}
REIMBURSED_AS = ("dual_channel", "chronic_disease", "outpatient_pooling")


def coverage(drugs: tuple[Drug, ...], reimbursed_as: str, on: date) -> Coverage:
    """Which of `drugs` count as `reimbursed_as` on the day `on`, and in which areas."""
    if reimbursed_as in LISTED:
        return _listed(drugs, LISTED[reimbursed_as], on)
    in_force = Listing.objects.using(settings.SEARCH_DATABASE).in_force(on)
    reviewed = set(_accepted(drugs).filter(listing__in=in_force).values_list("drug_id", flat=True))
    return Coverage(tuple(drug for drug in drugs if drug.pk in reviewed))


def _accepted(drugs: tuple[Drug, ...]) -> QuerySet[ListingMatch]:
    matches = ListingMatch.objects.using(settings.SEARCH_DATABASE)
    return matches.filter(drug__in=drugs, state=ListingMatch.State.ACCEPTED)


def _listed(drugs: tuple[Drug, ...], kind: DrugList.Kind, on: date) -> Coverage:
    """An entry names a drug, a listing the drug has been matched to, or a generic name with or without its form."""
    lists = dict(DrugList.objects.using(settings.SEARCH_DATABASE).filter(kind=kind).valid(on).values_list("pk", "area"))
    of_listing: dict[int, set[int]] = {}
    for drug_id, listing_id in _accepted(drugs).values_list("drug_id", "listing_id"):
        of_listing.setdefault(listing_id, set()).add(drug_id)
    of_name: dict[str, list[Drug]] = {}
    for drug in drugs:
        of_name.setdefault(drug.preparation.generic_name, []).append(drug)
    entries = DrugListEntry.objects.using(settings.SEARCH_DATABASE).filter(drug_list__in=lists).valid(on)
    named = entries.filter(Q(drug__in=drugs) | Q(listing__in=of_listing) | Q(generic_name__in=of_name))
    pairs: set[tuple[int, int]] = set()
    for entry in named:
        covered = {entry.drug_id} if entry.drug_id else set()
        if entry.listing_id:
            covered |= of_listing[entry.listing_id]
        for drug in of_name.get(entry.generic_name, ()):
            if entry.dosage_form in ("", drug.preparation.dosage_form):
                covered.add(drug.pk)
        pairs.update((lists[entry.drug_list_id], drug_id) for drug_id in covered)
    somewhere = {drug_id for _area, drug_id in pairs}
    left = tuple(drug for drug in drugs if drug.pk in somewhere)
    return Coverage(left, tuple(lists.values()), tuple(sorted(pairs)))
