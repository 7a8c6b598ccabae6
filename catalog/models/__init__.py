"""WHAT: the insured drug catalogue by edition, products, lists, schemes and reference prices."""

from catalog.models.editions import Category, Edition, Herb, Listing, ListingMatch, PaymentStandard
from catalog.models.lists import DrugList, DrugListEntry, ReferencePrice, Scheme
from catalog.models.products import Alias, DailyDose, Drug, Preparation, SearchName

__all__ = [
    "Alias",
    "Category",
    "DailyDose",
    "Drug",
    "DrugList",
    "DrugListEntry",
    "Edition",
    "Herb",
    "Listing",
    "ListingMatch",
    "PaymentStandard",
    "Preparation",
    "ReferencePrice",
    "Scheme",
    "SearchName",
]
