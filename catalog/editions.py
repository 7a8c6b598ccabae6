"""Editions of the insured catalogue by day, and what changes from one to the next."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from django.conf import settings

from catalog.models import Edition, Listing
from catalog.pinyin import normal_text

Kind = Literal["new", "gone", "moved", "class", "restriction"]
KINDS: tuple[Kind, ...] = ("new", "gone", "moved", "class", "restriction")


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is different for one row; `before` is None for a new one, `after` for one that is gone."""

    kind: Kind
    name: str
    form: str
    before: Listing | None
    after: Listing | None


@dataclass(frozen=True, slots=True)
class Difference:
    """All changes from one edition to another, by kind and then in the order printed."""

    before: Edition
    after: Edition
    changes: tuple[Change, ...]

    @property
    def counts(self) -> dict[Kind, int]:
        return {kind: sum(change.kind == kind for change in self.changes) for kind in KINDS}


def current(on: date) -> Edition | None:
    """The edition in force on the day `on` (Asia/Shanghai)."""
    found: Edition | None = _ready().valid(on).first()
    return found


def upcoming(on: date) -> list[Edition]:
    """Editions that are ready and begin after the day `on`, the next first."""
    return list(_ready().filter(valid__startswith__gt=on).order_by("valid"))


def _ready() -> Any:
    return Edition.objects.using(settings.SEARCH_DATABASE).filter(state=Edition.State.READY)


def difference(before: Edition, after: Edition) -> Difference:
    """What is new, gone, moved (another part of the document), of another class or with another restriction.

    A row is the same drug when name and form agree, whatever its part and number: 谈判 becomes 常规 by moving. Names are
    compared as printed first, then by any name the cell holds (感冒清热颗粒 that becomes 感冒清热颗粒(片) is no new drug).
    """
    old, new = _rows(before), _rows(after)
    pairs = [pair for keys in (_as_printed, _by_any_name) for pair in _paired(old, new, keys)]
    changes = [
        *(Change("new", row.generic_name, row.dosage_form, None, row) for row in new.values()),
        *(Change("gone", row.generic_name, row.dosage_form, row, None) for row in old.values()),
        *(change for one, other in pairs for change in _changes(one, other)),
    ]
    changes.sort(key=lambda change: (KINDS.index(change.kind), _place(change.after or change.before)))
    return Difference(before, after, tuple(changes))


# -- pairing ----------------------------------------------------------------------------------------------------------


def _rows(edition: Edition) -> dict[int, Listing]:
    """The edition's rows in the order printed, by key."""
    found = Listing.objects.using(settings.SEARCH_DATABASE).filter(edition=edition)
    return {row.pk: row for row in sorted(found, key=_place)}


def _place(row: Listing | None) -> tuple[int, int, int]:
    if row is None:
        return (0, 0, 0)
    number = int(row.number) if row.number.isdecimal() else 0
    sections: list[str] = Listing.Section.values
    return (sections.index(row.section) if row.section in sections else len(sections), number, row.row)


def _as_printed(row: Listing) -> list[Hashable]:
    return [(normal_text(row.generic_name), normal_text(row.dosage_form))]


def _by_any_name(row: Listing) -> list[Hashable]:
    return [(normal_text(name), normal_text(row.dosage_form)) for name in row.names]


def _paired(
    old: dict[int, Listing], new: dict[int, Listing], keys: Callable[[Listing], Iterable[Hashable]]
) -> Iterator[tuple[Listing, Listing]]:
    """Pairs that share a key, taken out of both; of several the one in the same part, then the first printed."""
    by_key: defaultdict[Hashable, list[Listing]] = defaultdict(list)
    for row in new.values():
        for key in keys(row):
            by_key[key].append(row)
    for same_part in (True, False):
        for row in list(old.values()):
            candidates = (other for key in keys(row) for other in by_key[key] if other.pk in new)
            found = next((other for other in candidates if not same_part or other.section == row.section), None)
            if found is not None:
                del old[row.pk], new[found.pk]
                yield row, found


def _changes(before: Listing, after: Listing) -> Iterator[Change]:
    name, form = after.generic_name, after.dosage_form
    if (before.section, before.kind) != (after.section, after.kind):
        yield Change("moved", name, form, before, after)
    if before.ins_class != after.ins_class:
        yield Change("class", name, form, before, after)
    if before.restriction != after.restriction:
        yield Change("restriction", name, form, before, after)
