"""Text search for drugs and preparations: names, trade names, makers, pinyin, initials and codes; best match first.

Every word of a query must match; what the best word matched decides the rank (`RANKS`). `docs/search.md` states the
rules. What is searched for is health data: it is in no log and in no message.
"""

from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import ngettext

from catalog.models import Drug, Preparation
from catalog.search.asking import ask
from catalog.search.codes import by_code
from catalog.search.finding import Each, Found, found
from catalog.search.query import MAX_QUERY, MAX_WORDS, readable, words_of

__all__ = ["MAX_QUERY", "MAX_WORDS", "RANKS", "Suggestion", "drugs", "preparations", "suggest", "words_of"]

RANKS = (
    "code, approval number, barcode or trace code",
    "the name itself, with or without its salt and dosage form, or the trade name",
    "a name begins so",
    "a name's pinyin or initials",
    "a name holds it",
    "a name's pinyin or initials begin so",
    "a name's pinyin or initials hold it",
    "the maker, or the maker begins so",
    "the maker holds it",
    "one character off",
)

SHOWN_STRENGTHS = 3
DRUGS_PER_PREPARATION = 20
"""Drugs that are read of a code's beginning for each preparation asked for."""
_HEAVY = ("search_names", "search_terms")
"""Columns of a drug that no result shows."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A line under the search field.

    `name` is a generic name, `detail` its strengths and number of makers. `preparation_id` is set when there is one
    preparation to compare, `drug_code` when a code named one product; else the name is to be searched for. `matched`
    is the trade name, maker or name that the words stood in.
    """

    name: str
    detail: str
    preparation_id: int | None
    drug_code: str
    matched: str


def drugs(q: str, *, limit: int = 20, offset: int = 0) -> list[Drug]:
    """Drugs that match every word, best first, with their preparation loaded. No words: nothing."""
    text = readable(q)
    coded = by_code(text, offset + limit)
    ids = coded[offset : offset + limit] if coded else [each.drug for each in found(text, Each.DRUG, limit, offset)]
    return _drugs(ids)


def preparations(q: str, *, limit: int = 20, offset: int = 0) -> list[tuple[Preparation, list[Drug]]]:
    """Preparations of which a drug matches every word, best first, each with all its drugs by maker and pack."""
    text = readable(q)
    coded = by_code(text, (offset + limit) * DRUGS_PER_PREPARATION)
    if coded:
        ids = list(dict.fromkeys(drug.preparation_id for drug in _drugs(coded)))[offset : offset + limit]
    else:
        ids = [each.preparation for each in found(text, Each.PREPARATION, limit, offset)]
    database = settings.SEARCH_DATABASE
    known = Preparation.objects.using(database).in_bulk(ids)
    members: dict[int, list[Drug]] = {pk: [] for pk in ids}
    stored = Drug.objects.using(database).defer(*_HEAVY).filter(preparation__in=ids)
    for drug in stored.order_by("manufacturer", "pack_count", "code"):
        drug.preparation = known[drug.preparation_id]
        members[drug.preparation_id].append(drug)
    return [(known[pk], members[pk]) for pk in ids]


def suggest(q: str, *, limit: int = 8) -> list[Suggestion]:
    """What somebody who has typed `q` so far may mean: generic names, or products where it is a code; best first."""
    text = readable(q)
    coded = by_code(text, limit)
    if coded:
        return [_of_code(drug) for drug in _drugs(coded[:limit])]
    named = found(text, Each.NAME, limit, 0)
    rows = ask("suggested", {"names": [each.name for each in named]})
    described = {name: (strengths, ids, makers) for name, strengths, ids, makers in rows}
    return [_of_name(each, *described[each.name]) for each in named]


def _of_code(drug: Drug) -> Suggestion:
    preparation = drug.preparation
    detail = f"{preparation.strength}×{drug.pack_count}{drug.unit} · {drug.manufacturer}"
    return Suggestion(preparation.generic_name, detail, None, drug.code, drug.trade_name)


def _of_name(each: Found, strengths: list[str], ids: list[int], makers: int) -> Suggestion:
    """One line for a generic name; where the query named a strength, for the preparation of that strength."""
    if each.narrowed:
        own = Preparation.objects.using(settings.SEARCH_DATABASE).get(pk=each.preparation)
        return Suggestion(each.name, own.strength, own.pk, "", each.matched)
    shown = list(dict.fromkeys(strengths))
    some = "、".join(shown[:SHOWN_STRENGTHS]) + (" …" if len(shown) > SHOWN_STRENGTHS else "")
    said = ngettext("%(n)s 个厂家", "%(n)s 个厂家", makers) % {"n": makers}
    return Suggestion(each.name, f"{some} · {said}", ids[0] if len(ids) == 1 else None, "", each.matched)


def _drugs(ids: list[int]) -> list[Drug]:
    stored = Drug.objects.using(settings.SEARCH_DATABASE).defer(*_HEAVY).select_related("preparation").in_bulk(ids)
    return [stored[pk] for pk in ids if pk in stored]
