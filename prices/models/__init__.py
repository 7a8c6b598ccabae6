"""HOW MUCH, over time, and who says so: feeds and their runs, current offers, changes, statistics."""

from prices.models.desk import DeskChange
from prices.models.feeds import Feed, FeedRun, PharmacyFeed, Rejection, RunPharmacy
from prices.models.inquiries import Inquiry, InquiryReply
from prices.models.leads import Finding, Lead, PriceEvent, Screening, WatchCursor
from prices.models.offers import Offer, PriceChange, ScheduledPrice, SourcePrice, Stock
from prices.models.rules import Detector, Rule, Threshold
from prices.models.sheets import SheetLayout, Upload
from prices.models.statistics import AreaPrice, RollUp

__all__ = [
    "AreaPrice",
    "DeskChange",
    "Detector",
    "Feed",
    "FeedRun",
    "Finding",
    "Inquiry",
    "InquiryReply",
    "Lead",
    "Offer",
    "PharmacyFeed",
    "PriceChange",
    "PriceEvent",
    "Rejection",
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
