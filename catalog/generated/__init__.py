"""A catalogue of any size that looks like the real one: for measurements, and for provinces made up around it.

`products(n, seed=1)` yields rows, always the same for the same arguments; `load` puts them into an empty catalogue with
COPY. A few names have hundreds of products, most have a handful; names differ by a salt, a form or a syllable as real
ones do. Codes have the shape and check digits of real ones and are unique; approval numbers begin with 99 as none does.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from django.db import transaction

from catalog.generated.making import Product, generic_names, made
from catalog.models import Drug, Preparation
from catalog.products import describe, refresh_names
from pharmacies.importers.bulk import columns_of, copy_in

__all__ = ["NotEmpty", "Product", "generic_names", "load", "products"]

BATCH = 20_000


class NotEmpty(Exception):
    """The catalogue holds drugs already."""


@dataclass(frozen=True, slots=True)
class _Key:
    name: str
    form: str
    strength: str


def products(count: int, *, seed: int = 1, known: Iterable[Product] = ()) -> Iterator[Product]:
    """`count` products; `known` ones come first and count, and no generated code repeats one of theirs."""
    first = list(known)[:count]
    taken = {row.code for row in first}
    fresh = (row for row in made(count, seed=seed) if row.code not in taken)
    return (row for row, _number in zip(chain(first, fresh), range(count), strict=False))


@transaction.atomic
def load(rows: Iterable[Product]) -> int:
    """Write the rows into an empty catalogue, findable; how many they were. Raises `NotEmpty`."""
    if Drug.objects.exists() or Preparation.objects.exists():
        raise NotEmpty
    written = 0
    known: dict[_Key, Preparation] = {}
    batch: list[Product] = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            written += _write(batch, known)
            batch = []
    written += _write(batch, known)
    refresh_names()
    return written


def _write(rows: list[Product], known: dict[_Key, Preparation]) -> int:
    keys = dict.fromkeys(_key(row) for row in rows)
    missing = [
        Preparation(generic_name=key.name, dosage_form=key.form, strength=key.strength)
        for key in keys
        if key not in known
    ]
    for preparation in Preparation.objects.bulk_create(missing, batch_size=2000):
        known[_Key(preparation.generic_name, preparation.dosage_form, preparation.strength)] = preparation
    copy_in(Drug, columns_of(Drug), (_drug(row, known[_key(row)]) for row in rows))
    return len(rows)


def _key(row: Product) -> _Key:
    return _Key(row.generic_name, row.dosage_form, row.strength)


def _drug(row: Product, preparation: Preparation) -> Drug:
    drug = Drug(
        code=row.code,
        preparation=preparation,
        trade_name=row.trade_name,
        manufacturer=row.manufacturer,
        pack_count=row.pack_count,
        unit=row.unit,
        pack_unit=row.pack_unit,
        approval_no=row.approval_no,
        barcode=row.barcode,
        trace_prefix=row.trace_prefix,
        rx_class=row.rx_class,
        quality=row.quality,
    )
    describe(drug)
    return drug
