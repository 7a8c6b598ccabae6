"""Read-only views of feeds and runs. Offers and changes are too many for an admin list and have composite keys."""

from django.contrib import admin

from pharmacies.admin import ReadOnly
from prices.models import (
    AccessGap,
    AreaFigure,
    BackTest,
    BackTestDay,
    Case,
    CaseDocument,
    CaseEvidence,
    CaseLead,
    CaseStep,
    DeskChange,
    Feed,
    FeedRun,
    Finding,
    Freeze,
    Freezing,
    FrozenTable,
    IndexPoint,
    Inquiry,
    InquiryReply,
    Landing,
    Lead,
    MemberChange,
    PriceEvent,
    Rejection,
    Report,
    ReportGroup,
    ReportQuota,
    RollUp,
    Rule,
    RunPharmacy,
    ScheduledPrice,
    Screening,
    SheetLayout,
    Threshold,
    Upload,
    WatchCursor,
)


@admin.register(Feed)
class FeedAdmin(ReadOnly):
    list_display = ("slug", "name", "scope", "chain", "mode", "cadence", "active")
    list_filter = ("scope", "active", "desk")
    list_select_related = ("chain",)
    search_fields = ("slug", "name")
    exclude = ("token_hash",)
    raw_id_fields = ("pharmacies",)


@admin.register(FeedRun)
class FeedRunAdmin(ReadOnly):
    list_display = ("id", "feed", "state", "channel", "received_at", "rows", "accepted", "changed", "refused")
    list_filter = ("state", "channel")
    list_select_related = ("feed",)
    search_fields = ("feed__slug",)
    exclude = ("lease_token",)


@admin.register(RunPharmacy)
class RunPharmacyAdmin(ReadOnly):
    list_display = ("run", "pharmacy", "as_of", "accepted", "changed", "withdrawn", "disputed")
    list_select_related = ("run", "pharmacy")
    search_fields = ("pharmacy__code",)


@admin.register(Rejection)
class RejectionAdmin(ReadOnly):
    list_display = ("run", "line", "reasons", "their_code", "state", "settled_by")
    list_filter = ("state",)
    list_select_related = ("run",)
    search_fields = ("their_code",)


@admin.register(ScheduledPrice)
class ScheduledPriceAdmin(ReadOnly):
    list_display = ("drug_id", "pharmacy_id", "feed_id", "effective_at", "price_fen", "applied_run_id")


@admin.register(RollUp)
class RollUpAdmin(ReadOnly):
    list_display = ("first", "last", "at", "drugs", "written", "seconds")
    ordering = ("-last", "-id")


@admin.register(DeskChange)
class DeskChangeAdmin(ReadOnly):
    list_display = ("run", "drug_id", "pharmacy_id", "old_fen", "new_fen", "warnings", "reason")
    list_select_related = ("run",)
    raw_id_fields = ("run", "undone_in")


@admin.register(MemberChange)
class MemberChangeAdmin(ReadOnly):
    list_display = ("run", "drug_id", "pharmacy_id", "old_total", "new_total")
    list_select_related = ("run",)
    raw_id_fields = ("run",)


@admin.register(Rule)
class RuleAdmin(ReadOnly):
    list_display = ("area", "detector", "version", "active", "valid", "by", "at", "reason")
    list_filter = ("detector", "active")
    list_select_related = ("area",)


@admin.register(Threshold)
class ThresholdAdmin(ReadOnly):
    list_display = ("area", "basis", "lower", "upper", "label", "document", "valid")
    list_filter = ("basis",)
    list_select_related = ("area",)


@admin.register(SheetLayout)
class SheetLayoutAdmin(ReadOnly):
    list_display = ("feed", "signature", "confirmed_by", "confirmed_at")
    list_select_related = ("feed",)


@admin.register(Upload)
class UploadAdmin(ReadOnly):
    list_display = ("feed", "name", "state", "by", "at", "run", "back_run")
    list_filter = ("state",)
    list_select_related = ("feed", "by", "run", "back_run")
    exclude = ("lease_token",)
    raw_id_fields = ("run", "back_run")


@admin.register(Inquiry)
class InquiryAdmin(ReadOnly):
    list_display = ("pharmacy", "kind", "title", "state", "opened_at", "due_at")
    list_filter = ("kind", "state")
    list_select_related = ("pharmacy",)
    search_fields = ("pharmacy__code", "reference")


@admin.register(InquiryReply)
class InquiryReplyAdmin(ReadOnly):
    list_display = ("inquiry", "by", "at", "document")
    list_select_related = ("inquiry", "by")


@admin.register(Lead)
class LeadAdmin(ReadOnly):
    list_display = ("drug_id", "pharmacy_id", "price_fen", "previous_fen", "since", "on", "area", "state", "score")
    list_filter = ("state", "on")
    list_select_related = ("area",)
    raw_id_fields = ("area", "city", "event", "dismissed_by")


@admin.register(Finding)
class FindingAdmin(ReadOnly):
    list_display = ("lead", "detector", "version", "score", "p", "adjusted", "excess")
    list_filter = ("detector",)
    list_select_related = ("lead",)
    raw_id_fields = ("lead",)


@admin.register(PriceEvent)
class PriceEventAdmin(ReadOnly):
    list_display = ("on", "kind", "chain_id", "drug_id", "direction", "ratio", "offers", "shops")
    list_filter = ("kind", "direction")


@admin.register(Screening)
class ScreeningAdmin(ReadOnly):
    list_display = ("on", "kind", "at", "changes", "slips", "tests", "rejected", "leads", "capped", "withdrawn")
    list_filter = ("kind",)


@admin.register(WatchCursor)
class WatchCursorAdmin(ReadOnly):
    list_display = ("xid", "change_id", "at")


@admin.register(ReportGroup)
class ReportGroupAdmin(ReadOnly):
    list_display = ("id", "pharmacy", "kind", "drug_id", "price_fen", "first_at", "last_at", "state")
    list_filter = ("kind", "state")
    list_select_related = ("pharmacy",)
    search_fields = ("pharmacy__code",)
    raw_id_fields = ("pharmacy", "inquiry", "case", "answered_by")


@admin.register(Report)
class ReportAdmin(ReadOnly):
    list_display = ("id", "group", "at")
    list_select_related = ("group",)
    raw_id_fields = ("group",)
    exclude = ("code_digest",)


@admin.register(ReportQuota)
class ReportQuotaAdmin(ReadOnly):
    list_display = ("hour", "count")
    exclude = ("sender",)


@admin.register(Case)
class CaseAdmin(ReadOnly):
    list_display = ("number", "pharmacy", "title", "state", "outcome", "owner", "due_at")
    list_filter = ("state", "outcome")
    list_select_related = ("pharmacy", "owner")
    search_fields = ("number", "pharmacy__code")
    raw_id_fields = ("pharmacy", "owner", "inquiry", "proposed_by", "published_by")


@admin.register(CaseEvidence)
class CaseEvidenceAdmin(ReadOnly):
    list_display = ("case", "sha256", "frozen_at")
    list_select_related = ("case",)


@admin.register(CaseLead)
class CaseLeadAdmin(ReadOnly):
    list_display = ("case", "lead")
    list_select_related = ("case", "lead")
    raw_id_fields = ("case", "lead")


@admin.register(CaseStep)
class CaseStepAdmin(ReadOnly):
    list_display = ("case", "revision", "name", "after", "by_name", "at", "document_number")
    list_select_related = ("case",)
    search_fields = ("case__number",)
    raw_id_fields = ("case", "by")


@admin.register(CaseDocument)
class CaseDocumentAdmin(ReadOnly):
    list_display = ("case", "kind", "number", "made_at", "size")
    list_select_related = ("case",)
    raw_id_fields = ("case", "step")


@admin.register(AccessGap)
class AccessGapAdmin(ReadOnly):
    list_display = ("region", "preparation", "since", "until", "seen", "nearest", "distance_m")
    list_select_related = ("region", "preparation", "nearest")
    search_fields = ("region__code", "preparation__generic_name")
    raw_id_fields = ("nearest", "preparation")


@admin.register(Landing)
class LandingAdmin(ReadOnly):
    list_display = ("reference", "region", "on", "shops", "landed", "late", "days_median", "saved_fen")
    list_select_related = ("reference", "region")
    search_fields = ("region__code",)
    raw_id_fields = ("reference",)


@admin.register(Freeze)
class FreezeAdmin(ReadOnly):
    list_display = ("area", "month", "at", "by", "sha256")
    list_select_related = ("area", "by")
    search_fields = ("area__code",)
    raw_id_fields = ("by",)


@admin.register(Freezing)
class FreezingAdmin(ReadOnly):
    list_display = ("area", "month", "state", "failure", "by", "at", "finished_at")
    list_filter = ("state",)
    list_select_related = ("area", "by")
    search_fields = ("area__code",)
    raw_id_fields = ("by", "made")
    exclude = ("lease_token",)


@admin.register(FrozenTable)
class FrozenTableAdmin(ReadOnly):
    list_display = ("freeze", "position", "name", "title", "rows", "sha256")
    list_select_related = ("freeze",)
    search_fields = ("name",)


@admin.register(AreaFigure)
class AreaFigureAdmin(ReadOnly):
    list_display = ("area", "on", "shops", "reporting", "late", "silent", "covered", "dispersion", "open_leads")
    list_select_related = ("area",)
    search_fields = ("area__code",)


@admin.register(IndexPoint)
class IndexPointAdmin(ReadOnly):
    list_display = ("area", "on", "kind", "weights", "value", "items", "coverage", "provisional")
    list_filter = ("kind", "weights", "provisional")
    list_select_related = ("area",)
    search_fields = ("area__code",)


@admin.register(BackTest)
class BackTestAdmin(ReadOnly):
    list_display = ("area", "detector", "first", "last", "state", "by", "at", "finished_at")
    list_filter = ("state", "detector")
    list_select_related = ("area", "by")
    raw_id_fields = ("by",)
    exclude = ("lease_token",)


@admin.register(BackTestDay)
class BackTestDayAdmin(ReadOnly):
    list_display = ("back_test", "on", "covered", "tests", "slips", "events", "found", "known", "seconds")
    list_select_related = ("back_test",)
    raw_id_fields = ("back_test",)
