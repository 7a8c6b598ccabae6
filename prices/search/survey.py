"""What must be known before a plan is chosen and filled in, in one statement: lists, cells, counts."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal, NamedTuple

from catalog.models import DrugList
from pharmacies.hours import NIGHT, minute_of_week
from pharmacies.models import Designation, Pharmacy
from prices.search.cells import Cell, around
from prices.search.lists import LISTED, Named, named
from prices.search.questions import Filters, Where
from prices.search.statements import run

Source = Literal["dual_channel", "night", "institutions", "cells"]
"""Where few pharmacies are found: those of the touched cells, or an index that holds just them (few_pharmacies.sql)."""

FEW_OFFERS = 600
"""Up to so many live offers of the drugs, reading them all beats any walk."""
FEW_PHARMACIES = 2000
"""Up to so many pharmacies of a source, probing them beats walking past the others."""


class Survey(NamedTuple):
    """`lists` by their kind; `offers` and `shops` (by source) are counted up to one more than a few."""

    lists: dict[str, Named]
    everywhere: int  # pharmacies
    cells: tuple[Cell, ...]
    offers: int
    shops: dict[Source, int]


def survey(drug_ids: Sequence[int], where: Where, filters: Filters, at: datetime, on: date) -> Survey:
    kinds, sources = _kinds(filters), _sources(filters, at)
    ((names, areas, drugs, everywhere, *boxes, offers, shops),) = run(
        "survey",
        {
            "kinds": kinds,
            "day": on,
            "drugs": list(drug_ids),
            "region_id": where.region_id,
            **around(where.origin, where.reach_m)._asdict(),
            "sources": sources,
            "few_offers": FEW_OFFERS,
            "few_shops": FEW_PHARMACIES,
        },
    )
    listed = list(zip(names or (), areas or (), drugs or (), strict=True))
    return Survey(
        lists={kind: named((area, drug) for name, area, drug in listed if name == kind) for kind in kinds},
        everywhere=everywhere or 0,
        cells=tuple(map(Cell, *(column or () for column in boxes))),
        offers=offers,
        shops=dict(zip(sources, shops, strict=True)),
    )


def _kinds(filters: Filters) -> list[str]:
    """The lists that matter: what may not be retailed, where pharmacies are asked for; what is reimbursed."""
    retail = Pharmacy.Kind.PHARMACY in filters.kinds
    kinds = [DrugList.Kind.NOT_FOR_RETAIL] if retail else []
    if filters.reimbursed_as in LISTED:
        kinds.append(LISTED[filters.reimbursed_as])
    return [kind.value for kind in kinds]


def _sources(filters: Filters, at: datetime) -> list[Source]:
    """The few pharmacies, if any, among which all that pass must be."""
    sources: list[Source] = []
    if filters.reimbursed_as == Designation.Kind.DUAL_CHANNEL:
        sources.append("dual_channel")
    if filters.open_now and any(start <= minute_of_week(at) < end for start, end in NIGHT):
        sources.append("night")
    if Pharmacy.Kind.PHARMACY not in filters.kinds:
        sources.append("institutions")
    return sources
