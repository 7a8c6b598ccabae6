"""Browsing instead of typing: the preparations (制剂) on a list, in a class, or won in 集采, as of a day.

Every question is one queryset; nothing is counted that a page does not show. Lists name a drug, a listing or a generic
name; classes join a product by the first characters of its code, or by a reviewed listing's 药品分类代码.
"""

from datetime import date
from typing import Any

from django.db.models import CharField, Count, Exists, F, Min, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Concat, Length

from catalog.models import (
    Category,
    Drug,
    DrugList,
    DrugListEntry,
    Edition,
    Listing,
    ListingMatch,
    Preparation,
    ReferencePrice,
    SearchName,
)

SHOWN_KINDS = (
    DrugList.Kind.TWO_DISEASES,
    DrugList.Kind.CHRONIC_DISEASE,
    DrugList.Kind.DUAL_CHANNEL,
    DrugList.Kind.SEPARATE_PAYMENT,
    DrugList.Kind.SUPPLEMENTARY,
)
"""Lists that tell a citizen what is paid; the others are supervision's."""

GROUP, LEAF = 2, 6
"""Characters of a class: `XC` 心血管系统 is a group, `XC08CA` 二氢吡啶衍生物类 what a product code begins with."""

AFTER = "ZZ"
"""Put behind a class's code it sorts after every product code that begins with it: those go on with a letter and digits."""


def lists(on: date) -> QuerySet[DrugList]:
    """The lists in force that citizens browse, with their areas and their `size` in entries, wider areas first."""
    held = Q(entries__valid__contains=on)
    found: QuerySet[DrugList] = (
        DrugList.objects.valid(on)
        .filter(kind__in=SHOWN_KINDS)
        .select_related("area")
        .annotate(size=Count("entries", filter=held))
        .order_by("area__code")
    )
    return found


def on_list(drug_list: DrugList, on: date, *, note: str = "") -> QuerySet[Preparation]:
    """Preparations that the list names that day; with `note`, only by entries with that remark (高血压)."""
    entries = DrugListEntry.objects.valid(on).filter(drug_list=drug_list)
    if note:
        entries = entries.filter(note=note)
    named = entries.exclude(generic_name="")
    any_form = Preparation.objects.filter(generic_name__in=named.filter(dosage_form="").values("generic_name"))
    one_form = Preparation.objects.alias(pair=_pair()).filter(
        generic_name__in=named.values("generic_name"), pair__in=named.annotate(pair=_pair()).values("pair")
    )
    return _common_first(
        entries.exclude(drug=None).values("drug__preparation"),
        _accepted(entries.exclude(listing=None).values("listing")),
        any_form.values("pk"),
        one_form.values("pk"),
    )


def notes(drug_list: DrugList, on: date, *, most: int = 6) -> list[str]:
    """The remarks that sort a list's entries (高血压, 糖尿病) in its order; nothing when they are too many to choose from."""
    entries = DrugListEntry.objects.valid(on).filter(drug_list=drug_list).exclude(note="")
    said = entries.values("note").annotate(first=Min("pk")).order_by("first")
    found = [row["note"] for row in said[: most + 1]]
    return found if 1 < len(found) <= most else []


def best_known(names: int) -> QuerySet[Preparation]:
    """Preparations of the generic names with most products."""
    most = SearchName.objects.filter(kind=SearchName.Kind.GENERIC).order_by("-products", "text")
    found = Preparation.objects.filter(generic_name__in=list(most.values_list("text", flat=True)[:names]))
    return _common_first(found.values("pk"))


def tendered(on: date) -> QuerySet[Preparation]:
    """Preparations of which a product has a 集采中选价 in force."""
    won = ReferencePrice.objects.valid(on).filter(kind=ReferencePrice.Kind.VBP)
    return _common_first(won.values("drug__preparation"))


def groups(edition: Edition) -> QuerySet[Category]:
    """The edition's main classes (`XC`, `ZA`) that hold a product."""
    return _with_products(edition).annotate(width=Length("code")).filter(width=GROUP)


def leaves(edition: Edition, group: str) -> QuerySet[Category]:
    """Classes of a main class that a product code can begin with and that hold a product."""
    return _with_products(edition).annotate(width=Length("code")).filter(width=LEAF, code__startswith=group)


def in_class(code: str, edition: Edition) -> QuerySet[Preparation]:
    """Preparations with a product whose code begins so, or whose reviewed listing in `edition` is classed so."""
    listed = Listing.objects.filter(edition=edition, category_code__startswith=code)
    coded = Drug.objects.filter(code__gte=code, code__lt=code + AFTER)
    return _common_first(coded.values("preparation"), _accepted(listed.values("pk")))


def members(preparations: list[Preparation]) -> dict[int, list[Drug]]:
    """Every product of each preparation, by maker and pack; one query."""
    found: dict[int, list[Drug]] = {row.pk: [] for row in preparations}
    drugs = Drug.objects.filter(preparation__in=preparations).defer("search_names", "search_terms")
    for drug in drugs.order_by("manufacturer", "pack_count", "code"):
        found[drug.preparation_id].append(drug)
    return found


def _with_products(edition: Edition) -> QuerySet[Category]:
    # A range over the code's own index for each class, instead of one walk over all products.
    bound: Any = Concat(OuterRef("code"), Value(AFTER), output_field=CharField())
    coded = Drug.objects.filter(code__gte=OuterRef("code"), code__lt=bound)
    return Category.objects.filter(Exists(coded), edition=edition).order_by("code")


def _accepted(listings: QuerySet[Any]) -> QuerySet[Any]:
    """Ids of preparations of which a product is reviewed to be one of `listings`."""
    matches = ListingMatch.objects.filter(state=ListingMatch.State.ACCEPTED, listing__in=listings)
    return matches.values("drug__preparation")


def _pair() -> Concat:
    """Name and form in one value, so that one hashed look-up compares both."""
    return Concat("generic_name", Value("\n"), "dosage_form", output_field=CharField())


def _common_first(first: QuerySet[Any], *others: QuerySet[Any]) -> QuerySet[Preparation]:
    """The preparations with these ids: what most makers sell is what most people take; the rest by name.

    Ids are united, not alternatives of one condition: those the planner takes for most of the table. Makers are counted
    for the preparations found, by the index of their products.
    """
    ids = first.union(*others) if others else first
    own = Drug.objects.filter(preparation=OuterRef("pk")).order_by().values("preparation")
    makers = Subquery(own.annotate(many=Count("manufacturer", distinct=True)).values("many"))
    found = Preparation.objects.filter(pk__in=ids).annotate(makers=Coalesce(makers, 0))
    return found.order_by(F("makers").desc(), "generic_name", "strength", "pk")
