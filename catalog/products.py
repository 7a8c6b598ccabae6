"""What makes a drug findable: two columns of `Drug` computed from its names, and the table `SearchName`. Their only
writer.

`SearchName` holds every distinct generic name, trade name and maker once, with its forms and readings
(`catalog.names`): some ten thousand short rows stand for 170,000 products, so a search reads few of them.
`search_names` and `search_terms` of a drug say the same of that one product, for lists that are already at hand (the
shelf of a pharmacy): names and codes in comparable form, one per line; readings in pinyin.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

from django.db import connections, transaction

from catalog.models import Drug, SearchName
from catalog.names import Kind, folded, name_text
from catalog.pinyin import readings
from catalog.sql import statement

MAX_TERM = 60
"""Width of the column's elements; a longer term is cut, which only loses what nobody types."""
BATCH = 2000


@dataclass(frozen=True, slots=True)
class SearchText:
    names: str
    terms: list[str]


def search_text(
    *,
    generic_name: str,
    trade_name: str = "",
    manufacturer: str = "",
    code: str = "",
    approval_no: str = "",
    barcode: str = "",
) -> SearchText:
    """The search columns of a drug with these fields; equal fields give equal columns."""
    lines = (generic_name, trade_name, manufacturer, code, approval_no, barcode)
    names = [folded(text).strip() for text in lines]
    return SearchText(
        "\n".join(text for text in names if text), sorted(_spoken(generic_name).union(_spoken(trade_name)))
    )


def describe(drug: Drug) -> None:
    """Set the search columns of `drug` from its fields and its preparation; the caller saves."""
    text = search_text(
        generic_name=drug.preparation.generic_name,
        trade_name=drug.trade_name,
        manufacturer=drug.manufacturer,
        code=drug.code,
        approval_no=drug.approval_no,
        barcode=drug.barcode,
    )
    drug.search_names, drug.search_terms = text.names, text.terms


def refresh_names(*, anew: bool = False, using: str = "default", model: Any = SearchName) -> int:
    """Make `SearchName` agree with the catalogue as it is now; the number of names that were written or removed.

    Call it after drugs were written; when nothing differs it only reads. `anew` computes every row again, for new
    rules of comparison. Two at once end with the same rows. `model` is the historical one in a migration.
    """
    with transaction.atomic(using=using):
        if anew:
            model.objects.using(using).all().delete()
        with connections[using].cursor() as cursor:
            cursor.execute(statement("name_differences"))
            differing: list[tuple[str, str, int | None]] = cursor.fetchall()
        for kind in SearchName.Kind.values:
            gone = [text for its, text, products in differing if its == kind and products is None]
            if gone:
                model.objects.using(using).filter(kind=kind, text__in=gone).delete()
        fresh = [_row(model, kind, text, products) for kind, text, products in differing if products is not None]
        model.objects.using(using).bulk_create(
            fresh,
            batch_size=BATCH,
            update_conflicts=True,
            unique_fields=["kind", "text"],
            update_fields=["lines", "grams", "length", "products"],
        )
    return len(differing)


def _row(model: Any, kind: str, text: str, products: int) -> Any:
    compared = name_text(text, cast("Kind", kind))
    return model(
        kind=kind,
        text=text,
        lines=compared.lines,
        grams=list(compared.grams),
        length=compared.length,
        products=products,
    )


@lru_cache(maxsize=50_000)
def _spoken(name: str) -> frozenset[str]:
    """Pinyin of a name in full and as initials, every reading."""
    found = readings(name)
    return frozenset(term[:MAX_TERM] for term in (*found.full, *found.initials))
