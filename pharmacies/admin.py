"""The admin site shows every row and changes none: what people do goes through the verbs, which record it."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from pharmacies.models import (
    AuditEvent,
    AuditSeal,
    AuditUnsealed,
    Authenticator,
    Chain,
    Designation,
    FailedAttempts,
    Invitation,
    Membership,
    Outline,
    Pharmacy,
    PharmacyAlias,
    PharmacyCell,
    PharmacyStatus,
    PharmacyToday,
    PlaceProposal,
    RecoveryCode,
    Region,
    SpecialHours,
    User,
)


class ReadOnly(admin.ModelAdmin):
    """Look, do not touch. Lists are cut to pages that a big table can count."""

    list_per_page = 50
    show_full_result_count = False
    actions = None

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """Every column, those that no form could edit among them."""
        hidden = set(self.exclude or ())
        columns = (*self.opts.concrete_fields, *self.opts.many_to_many)
        return list(self.fields or (field.name for field in columns if field.name not in hidden))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


admin.site.unregister(Group)  # roles are memberships


@admin.register(User)
class ReadOnlyUser(ReadOnly, UserAdmin):
    list_display = ("username", "first_name", "is_active", "is_staff", "last_login")
    list_filter = ("is_active", "is_staff")
    filter_horizontal = ()
    fieldsets = None
    fields = ("username", "first_name", "last_name", "email", "is_active", "is_staff", "last_login", "date_joined")


@admin.register(Region)
class RegionAdmin(ReadOnly):
    list_display = ("code", "name", "kind", "level", "parent", "valid")
    list_filter = ("kind", "level")
    list_select_related = ("parent",)
    search_fields = ("code", "name")


@admin.register(Outline)
class OutlineAdmin(ReadOnly):
    """Whose outlines are here; what they look like is on the maps."""

    list_display = ("region",)
    list_select_related = ("region",)
    search_fields = ("region__code", "region__name")
    exclude = ("shape",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Outline]:
        return super().get_queryset(request).defer("shape")


@admin.register(Chain)
class ChainAdmin(ReadOnly):
    list_display = ("name",)
    search_fields = ("name",)


@admin.register(Pharmacy)
class PharmacyAdmin(ReadOnly):
    list_display = ("code", "name", "kind", "chain", "division", "insurance_area")
    list_filter = ("kind",)
    list_select_related = ("chain", "division", "insurance_area")
    search_fields = ("code", "name")


@admin.register(PharmacyAlias)
class PharmacyAliasAdmin(ReadOnly):
    list_display = ("chain", "store_no", "pharmacy")
    list_select_related = ("chain", "pharmacy")
    search_fields = ("store_no", "pharmacy__code")


@admin.register(PharmacyStatus)
class PharmacyStatusAdmin(ReadOnly):
    list_display = ("pharmacy", "status", "valid")
    list_filter = ("status",)
    list_select_related = ("pharmacy",)
    search_fields = ("pharmacy__code", "pharmacy__name")


@admin.register(Designation)
class DesignationAdmin(ReadOnly):
    list_display = ("pharmacy", "kind", "area", "valid")
    list_filter = ("kind",)
    list_select_related = ("pharmacy", "area")
    search_fields = ("pharmacy__code", "pharmacy__name")


@admin.register(PharmacyToday)
class PharmacyTodayAdmin(ReadOnly):
    list_display = ("pharmacy", "day", "status", "ranked", "designations")
    list_filter = ("ranked", "status")
    list_select_related = ("pharmacy",)
    search_fields = ("pharmacy__code", "pharmacy__name")


@admin.register(PharmacyCell)
class PharmacyCellAdmin(ReadOnly):
    list_display = ("cell", "pharmacies")


@admin.register(Membership)
class MembershipAdmin(ReadOnly):
    list_display = ("user", "role", "pharmacy", "chain", "area", "valid")
    list_filter = ("role",)
    list_select_related = ("user", "pharmacy", "chain", "area")
    search_fields = ("user__username",)


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnly):
    list_display = ("at", "actor_name", "action", "subject", "subject_id", "reason")
    list_filter = ("action",)
    search_fields = ("subject_id", "actor_name")
    date_hierarchy = None


@admin.register(AuditSeal)
class AuditSealAdmin(ReadOnly):
    list_display = ("number", "sealed_at", "digest")
    exclude = ("digests",)


@admin.register(AuditUnsealed)
class AuditUnsealedAdmin(ReadOnly):
    list_display = ("event",)
    list_select_related = ("event",)


@admin.register(Invitation)
class InvitationAdmin(ReadOnly):
    list_display = ("created_at", "kind", "name", "role", "created_by", "expires_at", "used_at", "revoked_at")
    list_filter = ("kind", "role")
    search_fields = ("name", "created_by")
    exclude = ("seed", "digest")


@admin.register(Authenticator)
class AuthenticatorAdmin(ReadOnly):
    list_display = ("user", "enrolled_at")
    list_select_related = ("user",)
    search_fields = ("user__username",)
    exclude = ("seed", "last_step")


@admin.register(RecoveryCode)
class RecoveryCodeAdmin(ReadOnly):
    list_display = ("user", "used_at")
    list_select_related = ("user",)
    search_fields = ("user__username",)
    exclude = ("digest",)


@admin.register(FailedAttempts)
class FailedAttemptsAdmin(ReadOnly):
    list_display = ("account", "address", "failures", "last_at", "not_before")
    search_fields = ("account", "address")


@admin.register(SpecialHours)
class SpecialHoursAdmin(ReadOnly):
    list_display = ("pharmacy", "valid", "hours", "note")
    list_select_related = ("pharmacy",)
    search_fields = ("pharmacy__code", "pharmacy__name")


@admin.register(PlaceProposal)
class PlaceProposalAdmin(ReadOnly):
    list_display = ("pharmacy", "state", "proposed_by", "proposed_at", "decided_by", "decided_at")
    list_filter = ("state",)
    list_select_related = ("pharmacy", "proposed_by", "decided_by")
    search_fields = ("pharmacy__code", "pharmacy__name")
