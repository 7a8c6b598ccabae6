"""What must be known before a plan is chosen and filled in, in one statement: lists, cells, counts."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from catalog.models import DrugList
from pharmacies.models import Pharmacy
from prices.search.cells import Cell, around
from prices.search.lists import LISTED, Named, named
from prices.search.questions import Filters, Where
from prices.search.statements import run

FEW_OFFERS = 600
"""Up to so many live offers of the drugs, reading them all beats any walk."""


class Survey(NamedTuple):
    """`lists` by their kind; `offers` are counted up to one more than a few."""

    lists: dict[str, Named]
    everywhere: int  # pharmacies
    cells: tuple[Cell, ...]
    offers: int


def survey(drug_ids: Sequence[int], where: Where, filters: Filters, on: date) -> Survey:
    kinds = _kinds(filters)
    ((names, areas, drugs, everywhere, *cells, offers),) = run(
        "survey",
        {
            "kinds": kinds,
            "day": on,
            "drugs": list(drug_ids),
            "region_id": where.region_id,
            **around(where.origin, where.reach_m)._asdict(),
            "few_offers": FEW_OFFERS,
        },
    )
    listed = list(zip(names or (), areas or (), drugs or (), strict=True))
    return Survey(
        lists={kind: named((area, drug) for name, area, drug in listed if name == kind) for kind in kinds},
        everywhere=everywhere or 0,
        cells=tuple(map(Cell, *(column or () for column in cells))),
        offers=offers,
    )


def _kinds(filters: Filters) -> list[str]:
    """The lists that matter: what may not be retailed, where pharmacies are asked for; what is reimbursed."""
    retail = Pharmacy.Kind.PHARMACY in filters.kinds
    kinds = [DrugList.Kind.NOT_FOR_RETAIL] if retail else []
    if filters.reimbursed_as in LISTED:
        kinds.append(LISTED[filters.reimbursed_as])
    return [kind.value for kind in kinds]
