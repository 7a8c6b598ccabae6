"""How offers are reimbursed where they are sold: drug on the list of the pharmacy's nearest area that has such a list
AND pharmacy so designated, both today. The same rule as the filter `reimbursed_as`; a test compares the two.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings

from catalog.insurance import Facts, ListFact
from pharmacies.models import PharmacyToday
from prices.search.lists import LISTED, REIMBURSED_AS
from prices.search.questions import Found


@dataclass(frozen=True, slots=True)
class Standing:
    """What decides about an offer. `area` is the list's, empty when no list decides.

    `covered`: the drug counts there; `designated`: the pharmacy does. Reimbursed is what is both.
    """

    covered: bool
    designated: bool
    area: str = ""

    @property
    def reimbursed(self) -> bool:
        return self.covered and self.designated


@dataclass(frozen=True, slots=True)
class Shop:
    """Where a pharmacy of an answer stands, as of today: its divisions, and its insurance area, nearest first."""

    region_ids: tuple[int, ...]
    area_ids: tuple[int, ...]


def shops(results: Iterable[Found]) -> dict[int, Shop]:
    """The pharmacies of an answer by id. One query."""
    ids = {found.shop.id for found in results}
    if not ids:
        return {}
    rows = PharmacyToday.objects.using(settings.SEARCH_DATABASE).filter(pharmacy__in=ids)
    return {
        pk: Shop(tuple(regions), tuple(areas))
        for pk, regions, areas in rows.values_list("pharmacy_id", "region_ids", "area_ids")
    }


def ways(facts: Facts) -> list[str]:
    """The values of `reimbursed_as` that can pass anything: some list, or a reviewed class, counts one of the drugs."""
    found = [way for way in REIMBURSED_AS if way in LISTED and facts.naming(LISTED[way])]
    return found + (["outpatient_pooling"] if any(facts.accepted.values()) else [])


def standing(found: Found, shop: Shop | None, way: str, facts: Facts) -> Standing:
    """How `found` stands for `way`, one of `REIMBURSED_AS`."""
    designated = way in found.shop.designations
    if way not in LISTED:
        return Standing(bool(facts.accepted.get(found.drug.pk)), designated)
    nearest = _nearest(shop, [each for each in facts.lists if each.kind == LISTED[way]])
    if nearest is None:
        return Standing(False, designated)
    return Standing(found.drug.pk in nearest.drug_ids, designated, nearest.area)


def _nearest(shop: Shop | None, lists: list[ListFact]) -> ListFact | None:
    of_area = {each.area_id: each for each in lists}
    areas = shop.area_ids if shop else ()
    return next((of_area[area] for area in areas if area in of_area), None)
