"""Why a preparation stands among the results when its own name does not say so: the trade name, maker or code.

Names are compared by the lines that the search itself compares (`SearchName`): readings, old names and all.
"""

import re
from dataclasses import dataclass
from functools import reduce
from operator import or_

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext

from catalog.models import Drug, Preparation, SearchName
from catalog.names import folded, plain
from catalog.search import words_of
from prices.views.sentences import name, sentence

GENERIC, TRADE, MAKER = SearchName.Kind.GENERIC, SearchName.Kind.TRADE, SearchName.Kind.MAKER
Lines = dict[tuple[str, str], str]
Found = list[tuple[Preparation, list[Drug]]]


@dataclass(frozen=True, slots=True)
class Matched:
    """`why` is empty where the name itself matched; `near`: a word is in no name, so that it was taken for a slip.

    `products`: ids of the drugs that a trade name or a number singles out; `product`: the one whose own code was typed.
    """

    why: tuple[str, ...]
    near: bool
    products: frozenset[int] = frozenset()
    product: Drug | None = None


def explain(query: str, found: Found) -> dict[int, Matched]:
    """By preparation what of it the query's words matched: `商品名 络活喜`, `厂家 辉瑞制药有限公司`. One query."""
    words = words_of(query)
    lines = _lines(found)
    return {preparation.pk: _explained(words, preparation, drugs, lines) for preparation, drugs in found}


def _lines(found: Found) -> Lines:
    drugs = [drug for _preparation, members in found for drug in members]
    wanted = {
        GENERIC: {preparation.generic_name for preparation, _members in found},
        TRADE: {drug.trade_name for drug in drugs if drug.trade_name},
        MAKER: {drug.manufacturer for drug in drugs},
    }
    asked = (Q(kind=kind, text__in=names) for kind, names in wanted.items())
    stored = SearchName.objects.using(settings.SEARCH_DATABASE).filter(reduce(or_, asked))
    return {(kind, text): lines for kind, text, lines in stored.values_list("kind", "text", "lines")}


def _explained(words: list[str], preparation: Preparation, drugs: list[Drug], lines: Lines) -> Matched:
    said: list[str] = []
    near = False
    products: frozenset[int] = frozenset()
    own = plain(f"{preparation.generic_name}{preparation.dosage_form}{preparation.strength}")
    for word in words:
        if word in own:
            continue
        why = _of_word(word, preparation, drugs, lines)
        # A number is a strength or a pack, however it is written.
        near = near or (why is None and not re.search(r"\d", word))
        said.append(why or "")
        if why:
            products = _products(word, drugs, lines) or products
    product = next((drug for drug in drugs if {folded(drug.code), drug.barcode} & set(words)), None)
    return Matched(tuple(dict.fromkeys(filter(None, said))), near, products, product)


def _products(word: str, drugs: list[Drug], lines: Lines) -> frozenset[int]:
    return frozenset(
        drug.pk
        for drug in drugs
        if word in lines.get((TRADE, drug.trade_name), "")
        or word in (plain(drug.approval_no), drug.barcode, folded(drug.code))
    )


def _of_word(word: str, preparation: Preparation, drugs: list[Drug], lines: Lines) -> str | None:
    """What the word matched, empty for the name itself, None for nothing."""
    generic = lines.get((GENERIC, preparation.generic_name), "").split()
    if any(word in line for line in generic):
        other = next((line for line in generic if word in line and not word.isascii()), "")
        return sentence(gettext("又名 %(text)s"), text=name(other)) if other else ""
    for drug in drugs:
        if word in lines.get((TRADE, drug.trade_name), ""):
            return sentence(gettext("商品名 %(text)s"), text=name(drug.trade_name))
    for drug in drugs:
        if word == plain(drug.approval_no):
            return sentence(gettext("批准文号 %(text)s"), text=name(drug.approval_no))
        if drug.barcode and word == drug.barcode:
            return sentence(gettext("条形码 %(text)s"), text=name(drug.barcode))
        if len(word) > 5 and folded(drug.code).startswith(word):
            return sentence(gettext("药品代码 %(text)s"), text=name(drug.code))
    for drug in drugs:
        if word in lines.get((MAKER, drug.manufacturer), ""):
            return sentence(gettext("厂家 %(text)s"), text=name(drug.manufacturer))
    return None
