"""HOW MUCH, over time, and who says so: feeds and their runs, current offers, changes, statistics."""

from prices.models.backtests import BackTest, BackTestDay
from prices.models.cases import Case, CaseDocument, CaseEvidence, CaseLead, CaseStep
from prices.models.desk import DeskChange, MemberChange
from prices.models.feeds import Feed, FeedRun, PharmacyFeed, Rejection, RunPharmacy
from prices.models.figures import AreaFigure, IndexPoint
from prices.models.freezes import Freeze, Freezing, FrozenTable
from prices.models.inquiries import Inquiry, InquiryReply
from prices.models.leads import Finding, Lead, PriceEvent, Screening, WatchCursor
from prices.models.nightly import AccessGap, Landing, ReporterMonth
from prices.models.offers import Offer, PriceChange, ScheduledPrice, SourcePrice, Stock
from prices.models.reports import Report, ReportGroup, ReportQuota
from prices.models.rules import Detector, Rule, Threshold
from prices.models.sheets import SheetLayout, Upload
from prices.models.statistics import AreaPrice, RollUp

__all__ = [
    "AccessGap",
    "AreaFigure",
    "AreaPrice",
    "BackTest",
    "BackTestDay",
    "Case",
    "CaseDocument",
    "CaseEvidence",
    "CaseLead",
    "CaseStep",
    "DeskChange",
    "Detector",
    "Feed",
    "FeedRun",
    "Finding",
    "Freeze",
    "Freezing",
    "FrozenTable",
    "IndexPoint",
    "Inquiry",
    "InquiryReply",
    "Landing",
    "Lead",
    "MemberChange",
    "Offer",
    "PharmacyFeed",
    "PriceChange",
    "PriceEvent",
    "Rejection",
    "Report",
    "ReportGroup",
    "ReportQuota",
    "ReporterMonth",
    "RollUp",
    "Rule",
    "RunPharmacy",
    "ScheduledPrice",
    "Screening",
    "SheetLayout",
    "SourcePrice",
    "Stock",
    "Threshold",
    "Upload",
    "WatchCursor",
]
