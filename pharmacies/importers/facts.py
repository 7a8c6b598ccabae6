"""Writing the dated facts of pharmacies: only what differs, old rows out before new ones come in."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from pharmacies.importers.bulk import columns_of, copy_in
from pharmacies.importers.history import Period, designations_after, statuses_after
from pharmacies.importers.reading import half_open
from pharmacies.models import Designation, PharmacyAlias, PharmacyStatus


@dataclass(frozen=True, slots=True)
class Said:
    """What a file says about one pharmacy; `statuses` is None when it says nothing about them."""

    pharmacy_id: int
    area_id: int
    designations: tuple[Period, ...]
    statuses: tuple[Period, ...] | None


def write_designations(said: Iterable[Said], *, on: date, new: set[int]) -> set[int]:
    """Ids of the pharmacies whose designations changed; `new` are those that were unknown before the file.

    A designation that ended keeps the area of its time, the others are of the pharmacy's area.
    """
    said = list(said)
    stored = _by_pharmacy(Designation, said)
    gone: list[int] = []
    come: list[Designation] = []
    for each in said:
        old = stored.get(each.pharmacy_id, [])
        areas = {(row.kind, row.valid.lower): row.area_id for row in old}
        periods = [Period(row.kind, row.valid.lower, row.valid.upper) for row in old]
        wanted = set()
        for period in designations_after(periods, each.designations, on=on, new=each.pharmacy_id in new):
            ended = period.end is not None and period.end <= on
            area_id = areas.get((period.word, period.start), each.area_id) if ended else each.area_id
            wanted.add((period.word, period.start, period.end, area_id))
        have = {(row.kind, row.valid.lower, row.valid.upper, row.area_id): row.pk for row in old}
        gone += [pk for key, pk in have.items() if key not in wanted]
        come += [
            Designation(pharmacy_id=each.pharmacy_id, kind=kind, area_id=area_id, valid=half_open(start, end))
            for kind, start, end, area_id in wanted - have.keys()
        ]
    return _swap(Designation, gone, come)


def write_statuses(said: Iterable[Said], *, on: date) -> set[int]:
    """Ids of the pharmacies whose status history changed."""
    said = [each for each in said if each.statuses is not None]
    stored = _by_pharmacy(PharmacyStatus, said)
    gone: list[int] = []
    come: list[PharmacyStatus] = []
    for each in said:
        old = stored.get(each.pharmacy_id, [])
        periods = [Period(row.status, row.valid.lower, row.valid.upper) for row in old]
        after = statuses_after(periods, each.statuses or (), on=on)
        wanted = {(period.word, period.start, period.end) for period in after}
        have = {(row.status, row.valid.lower, row.valid.upper): row.pk for row in old}
        gone += [pk for key, pk in have.items() if key not in wanted]
        come += [
            PharmacyStatus(pharmacy_id=each.pharmacy_id, status=status, valid=half_open(start, end))
            for status, start, end in wanted - have.keys()
        ]
    return _swap(PharmacyStatus, gone, come)


def write_store_numbers(numbers: dict[int, tuple[int | None, str]]) -> set[int]:
    """Ids of the pharmacies whose 门店编号 changed, from {pharmacy: (chain, number or "")}: one number each."""
    gone: list[int] = []
    kept: set[int] = set()
    for row in PharmacyAlias.objects.filter(pharmacy__in=numbers):
        if numbers[row.pharmacy_id] == (row.chain_id, row.store_no):
            kept.add(row.pharmacy_id)
        else:
            gone.append(row.pk)
    come = [
        PharmacyAlias(pharmacy_id=pharmacy_id, chain_id=chain_id, store_no=number)
        for pharmacy_id, (chain_id, number) in numbers.items()
        if number and chain_id and pharmacy_id not in kept
    ]
    return _swap(PharmacyAlias, gone, come)


def _by_pharmacy(model: Any, said: list[Said]) -> dict[int, list[Any]]:
    rows: dict[int, list[Any]] = defaultdict(list)
    for row in model.objects.filter(pharmacy__in=[each.pharmacy_id for each in said]):
        rows[row.pharmacy_id].append(row)
    return rows


def _swap(model: Any, gone: list[int], come: list[Any]) -> set[int]:
    """Delete, then insert: exclusion constraints look at every row as it comes."""
    touched = {row.pharmacy_id for row in come}
    if gone:
        leaving = model.objects.filter(pk__in=gone)
        touched.update(leaving.values_list("pharmacy", flat=True))
        leaving.delete()
    copy_in(model, columns_of(model), come)
    return touched
