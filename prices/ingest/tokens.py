"""Bearer tokens of feeds: shown once, kept as a digest."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db.models import Q

from prices.models import Feed

USED_EVERY = timedelta(minutes=1)
"""How exactly a feed knows when its token was last used: not every call writes."""


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def issue(feed: Feed, *, at: datetime | None = None) -> str:
    """A new token for the feed; the old one, if any, stops working."""
    token = f"yaobi_{secrets.token_urlsafe(32)}"
    Feed.objects.filter(pk=feed.pk).update(token_hash=_hash(token), token_issued_at=at, token_used_at=None)
    return token


def revoke(feed: Feed) -> None:
    Feed.objects.filter(pk=feed.pk).update(token_hash="")


def used(feed: Feed, *, at: datetime) -> None:
    """The feed's token has just been used."""
    before = Q(token_used_at__isnull=True) | Q(token_used_at__lt=at - USED_EVERY)
    Feed.objects.filter(before, pk=feed.pk).update(token_used_at=at)


def feed_for(token: str) -> Feed | None:
    """The active feed this token speaks for. The lookup is by digest, so its timing tells nothing about tokens."""
    return Feed.objects.filter(token_hash=_hash(token), active=True).first() if token else None
