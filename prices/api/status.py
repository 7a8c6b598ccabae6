"""`GET status`: how much there is, how new it is, who reports."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Count, F, Max
from django.utils import timezone

from pharmacies.models import PharmacyToday, Region
from prices.api.serializers import time_json
from prices.models import Feed
from prices.search.statements import run


def status_json(at: datetime) -> dict[str, Any]:
    database = settings.SEARCH_DATABASE
    feeds = feed_states(at)
    newest = max((feed["as_of"] for feed in feeds if feed["as_of"]), default=None)
    regions = Region.objects.using(database).valid(timezone.localdate(at)).order_by("code")
    return {
        "version": settings.SPECTACULAR_SETTINGS["VERSION"],
        "offers": count_offers(),
        "pharmacies": PharmacyToday.objects.using(database).filter(ranked=True).count(),
        "as_of": newest,
        "feeds": feeds,
        "regions": [
            {"code": code, "name": name, "level": level, "parent": parent}
            for code, name, level, parent in regions.values_list("code", "name", "level", "parent__code")
        ],
    }


def count_offers() -> int:
    """Live offers; an estimate when there are millions (count_all_offers.sql)."""
    return int(run("count_all_offers", {})[0][0])


def feed_states(at: datetime) -> list[dict[str, Any]]:
    """Active feeds with their newest report; the built-in desks of single shops are left out."""
    feeds = Feed.objects.using(settings.SEARCH_DATABASE).filter(active=True, desk=False)
    rows = feeds.values("slug", "name", "cadence").annotate(
        newest=Max("reports__as_of"), shops=Count(F("reports__pharmacy_id"))
    )
    return [_feed_json(dict(feed), at) for feed in rows.order_by("slug")]


def _feed_json(feed: dict[str, Any], at: datetime) -> dict[str, Any]:
    newest = feed["newest"]
    return {
        "id": feed["slug"],
        "name": feed["name"],
        "as_of": time_json(newest) if newest else None,
        "pharmacies": feed["shops"],
        "late": newest is None or at > newest + feed["cadence"] * settings.STALE_AFTER,
    }
