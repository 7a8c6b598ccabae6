"""WHAT: the insured drug catalogue by edition, products, lists, schemes and reference prices."""

from catalog.models.editions import Edition, Listing, ListingMatch, PaymentStandard
from catalog.models.lists import DrugList, DrugListEntry, ReferencePrice, Scheme
from catalog.models.products import Alias, Drug, Preparation

__all__ = [
    "Alias",
    "Drug",
    "DrugList",
    "DrugListEntry",
    "Edition",
    "Listing",
    "ListingMatch",
    "PaymentStandard",
    "Preparation",
    "ReferencePrice",
    "Scheme",
]
