"""医保甲乙类 of products: only what a person has reviewed, only by a listing in force."""

from collections.abc import Iterable
from datetime import date

from django.conf import settings

from catalog.models import Drug, Listing, ListingMatch


def classes(drugs: Iterable[Drug], on: date) -> dict[int, str]:
    """Drug id -> 甲 or 乙 on the day `on`. A drug matched to rows of both classes has none: it is for a person to say."""
    database = settings.SEARCH_DATABASE
    matches = ListingMatch.objects.using(database).filter(
        drug__in=list(drugs),
        state=ListingMatch.State.ACCEPTED,
        listing__in=Listing.objects.using(database).in_force(on),
    )
    found: dict[int, set[str]] = {}
    for drug_id, ins_class in matches.values_list("drug_id", "listing__ins_class"):
        found.setdefault(drug_id, set()).add(ins_class)
    return {drug_id: next(iter(said)) for drug_id, said in found.items() if len(said) == 1}
