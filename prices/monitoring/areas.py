"""What an area has laid down, and what it has from above: the nearest wins."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from typing import TypeVar

from pharmacies.models import Region

T = TypeVar("T")


def inherited(own: Mapping[int, Mapping[str, T]], base: Mapping[str, T]) -> dict[int | None, dict[str, T]]:
    """For every region, by its key, what holds there; under None what holds where nobody has laid down anything.

    `own`: what regions have laid down themselves, by name. A region that was renamed is a new row of the same code: what
    was laid down under the old name goes on until the new one says otherwise. One query.
    """
    rows = list(Region.objects.values_list("pk", "parent_id", "code", "valid"))
    rows.sort(key=lambda row: row[3].lower or date.min)
    by_code: dict[str, dict[str, T]] = defaultdict(dict)
    for pk, _parent, code, _valid in rows:
        by_code[code] |= own.get(pk, {})
    regions = {pk: (parent, code) for pk, parent, code, _valid in rows}
    found: dict[int | None, dict[str, T]] = {None: dict(base)}

    def of(pk: int | None) -> dict[str, T]:
        if pk is not None and pk not in found:
            parent, code = regions[pk]
            found[pk] = of(parent) | by_code[code]
        return found[pk]

    for pk in regions:
        of(pk)
    return found


def added_upward(counts: Iterable[tuple[int, int]]) -> dict[int, int]:
    """For every region, by its key, the counts of it and of all below it, under whatever names they were counted.

    `counts`: keys of regions and how many. One query.
    """
    above = {pk: (parent, code) for pk, parent, code in Region.objects.values_list("pk", "parent_id", "code")}
    by_code: dict[str, int] = defaultdict(int)
    for region, count in counts:
        pk: int | None = region
        while pk is not None:
            pk, code = above[pk]
            by_code[code] += count
    return {pk: by_code[code] for pk, (_parent, code) in above.items() if code in by_code}
