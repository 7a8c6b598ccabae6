"""HOW MUCH, over time, and who says so: feeds and their runs, current offers, changes."""

from prices.models.feeds import Feed, FeedRun, PharmacyFeed, Rejection, RunPharmacy
from prices.models.offers import Offer, PriceChange, ScheduledPrice, SourcePrice, Stock

__all__ = [
    "Feed",
    "FeedRun",
    "Offer",
    "PharmacyFeed",
    "PriceChange",
    "Rejection",
    "RunPharmacy",
    "ScheduledPrice",
    "SourcePrice",
    "Stock",
]
