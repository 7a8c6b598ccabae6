"""Text search for drugs and preparations: names, trade names, makers, pinyin, initials and codes; best match first.

Every word of the query must match a drug; what the best word matched decides the rank (`RANKS`), then come shorter
names before longer ones, and of one name the strength with most products. Words of one or two characters have no trigram: they are looked up as whole terms, for
`search_terms` holds every string of one or two neighbouring characters of a name.
"""

import re

from django.conf import settings
from django.db.models import Case, Count, F, Func, IntegerField, Min, Q, QuerySet, TextField, Value, When
from django.db.models.functions import Concat, Least, Length

from catalog.models import Drug, Preparation
from catalog.pinyin import normal_text

MAX_QUERY = 100
"""Characters; the longest name in the catalogue is shorter."""
MAX_WORDS = 6

RANKS = (
    "code, approval number or barcode",
    "the generic or trade name itself",
    "the name begins so",
    "the name's pinyin or initials",
    "the name holds it",
    "the name's pinyin or initials begin so",
    "the maker, or part of a code",
)


def words_of(q: str) -> list[str]:
    """The words of a query as they are compared; text beyond MAX_QUERY and words beyond MAX_WORDS are not read."""
    return re.sub(r"[\x00-\x1f\x7f]", " ", normal_text(q[:MAX_QUERY])).split()[:MAX_WORDS]


def drugs(q: str, *, limit: int = 20, offset: int = 0) -> list[Drug]:
    """Drugs that match every word, best first, with their preparation loaded. No words: nothing."""
    matching = _matching(words_of(q))
    if matching is None:
        return []
    order = ("rank", Length("preparation__generic_name"), "preparation__generic_name", "preparation__strength")
    ordered = matching.select_related("preparation").order_by(*order, "manufacturer", "pack_count", "code")
    return list(ordered[offset : offset + limit])


def preparations(q: str, *, limit: int = 20, offset: int = 0) -> list[tuple[Preparation, list[Drug]]]:
    """Preparations of which a drug matches every word, best first, each with all its drugs by maker and pack."""
    matching = _matching(words_of(q))
    if matching is None:
        return []
    best = matching.values("preparation").annotate(best=Min("rank"), products=Count("pk"))
    # Of several strengths the one most makers sell is the one most people take.
    name = "preparation__generic_name"
    order = ("best", Length(name), name, "-products", "preparation__strength")
    ids = [row["preparation"] for row in best.order_by(*order, "preparation")[offset : offset + limit]]
    database = settings.SEARCH_DATABASE
    found = Preparation.objects.using(database).in_bulk(ids)
    members: dict[int, list[Drug]] = {pk: [] for pk in ids}
    for drug in Drug.objects.using(database).filter(preparation__in=ids).order_by("manufacturer", "pack_count", "code"):
        drug.preparation = found[drug.preparation_id]
        members[drug.preparation_id].append(drug)
    return [(found[pk], members[pk]) for pk in ids]


def _matching(words: list[str]) -> QuerySet[Drug] | None:
    """Drugs that match every word, annotated with their `rank`."""
    if not words:
        return None
    # The first line of `search_names` is the generic name as it is compared.
    matching = Drug.objects.using(settings.SEARCH_DATABASE).annotate(
        name=Func(F("search_names"), Value("\n"), Value(1), function="split_part", output_field=TextField()),
        # One term a line, so that a word after a line break begins a term: readings are terms.
        terms=Concat(
            Value("\n"),
            Func(F("search_terms"), Value("\n"), function="array_to_string", output_field=TextField()),
            output_field=TextField(),
        ),
    )
    for word in words:
        matching = matching.filter(_matches(word))
    ranks = [_rank(word) for word in words]
    return matching.annotate(rank=Least(*ranks) if len(ranks) > 1 else ranks[0])


def _matches(word: str) -> Q:
    by_term = Q(search_terms__contains=[word])
    if _is_latin(word):
        by_term |= Q(terms__contains=f"\n{word}")
    return by_term | Q(search_names__contains=word) if len(word) > 2 else by_term


def _rank(word: str) -> Case:
    trade = {"trade_name__iexact": word}
    tiers = [
        Q(code=word.upper()) | Q(approval_no=word.upper()) | Q(barcode=word),
        Q(name=word) | Q(**trade),
        Q(name__startswith=word) | Q(trade_name__istartswith=word),
        Q(search_terms__contains=[word]) if _is_latin(word) and len(word) > 2 else None,
        Q(name__contains=word) | Q(trade_name__icontains=word),
        Q(terms__contains=f"\n{word}") if _is_latin(word) else None,
    ]
    whens = [When(tier, then=Value(rank)) for rank, tier in enumerate(tiers) if tier is not None]
    return Case(*whens, default=Value(len(tiers)), output_field=IntegerField())


def _is_latin(word: str) -> bool:
    return word.isascii() and word.isalnum()
