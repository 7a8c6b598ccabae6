"""Read-only views of the catalogue."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from catalog.confidential import publishable
from catalog.models import (
    Alias,
    Category,
    DailyDose,
    Drug,
    DrugList,
    DrugListEntry,
    Edition,
    Herb,
    Listing,
    ListingMatch,
    PaymentStandard,
    Preparation,
    ReferencePrice,
    Scheme,
    SearchName,
)
from pharmacies.admin import ReadOnly


@admin.register(Preparation)
class PreparationAdmin(ReadOnly):
    list_display = ("generic_name", "dosage_form", "strength")
    search_fields = ("generic_name",)


@admin.register(Drug)
class DrugAdmin(ReadOnly):
    list_display = ("code", "preparation", "trade_name", "manufacturer", "pack_count", "unit", "rx_class", "quality")
    list_filter = ("rx_class", "quality")
    list_select_related = ("preparation",)
    search_fields = ("code", "search_names")


@admin.register(SearchName)
class SearchNameAdmin(ReadOnly):
    list_display = ("kind", "text", "products")
    list_filter = ("kind",)
    search_fields = ("text",)


@admin.register(DailyDose)
class DailyDoseAdmin(ReadOnly):
    list_display = ("generic_name", "dosage_form", "amount", "unit", "source", "reviewed_by")
    search_fields = ("generic_name", "atc")


@admin.register(Alias)
class AliasAdmin(ReadOnly):
    list_display = ("source", "their_code", "drug", "reviewed_by", "valid")
    list_select_related = ("drug",)
    search_fields = ("their_code", "source", "drug__code")


@admin.register(Edition)
class EditionAdmin(ReadOnly):
    list_display = ("year", "document", "valid", "state")


@admin.register(Category)
class CategoryAdmin(ReadOnly):
    list_display = ("edition", "code", "name")
    list_filter = ("edition",)
    list_select_related = ("edition",)
    search_fields = ("code", "name")


@admin.register(Herb)
class HerbAdmin(ReadOnly):
    list_display = ("edition", "number", "name", "not_alone")
    list_filter = ("edition", "not_alone")
    list_select_related = ("edition",)
    search_fields = ("name",)


@admin.register(Listing)
class ListingAdmin(ReadOnly):
    list_display = ("edition", "section", "number", "row", "generic_name", "dosage_form", "ins_class", "kind")
    list_filter = ("edition", "ins_class", "kind")
    list_select_related = ("edition",)
    search_fields = ("generic_name",)


@admin.register(PaymentStandard)
class PaymentStandardAdmin(ReadOnly):
    """A confidential standard has no amount to show."""

    list_display = ("listing", "spec", "amount", "confidential")
    list_select_related = ("listing",)
    search_fields = ("listing__generic_name",)


@admin.register(ListingMatch)
class ListingMatchAdmin(ReadOnly):
    list_display = ("drug", "listing", "state", "score", "reason", "reviewed_by", "reviewed_at", "note")
    list_filter = ("state", "listing__edition")
    list_select_related = ("drug", "listing")
    search_fields = ("drug__code", "listing__generic_name")


@admin.register(DrugList)
class DrugListAdmin(ReadOnly):
    list_display = ("kind", "area", "document", "valid")
    list_filter = ("kind",)
    list_select_related = ("area",)
    search_fields = ("document",)


@admin.register(DrugListEntry)
class DrugListEntryAdmin(ReadOnly):
    list_display = ("drug_list", "drug", "listing", "generic_name", "dosage_form", "valid")
    list_select_related = ("drug_list", "drug", "listing")
    search_fields = ("generic_name", "drug__code")


@admin.register(Scheme)
class SchemeAdmin(ReadOnly):
    list_display = ("code", "name", "level", "area", "valid")
    list_select_related = ("area",)
    search_fields = ("code", "name")


@admin.register(ReferencePrice)
class ReferencePriceAdmin(ReadOnly):
    """Without what would state a confidential payment standard."""

    list_display = ("drug", "area", "kind", "amount", "unit", "valid", "document")
    list_filter = ("kind", "unit")
    list_select_related = ("drug", "area")
    search_fields = ("drug__code", "document")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ReferencePrice]:
        return publishable(super().get_queryset(request), timezone.localdate())
