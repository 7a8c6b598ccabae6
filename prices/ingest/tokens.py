"""Bearer tokens of feeds: shown once, kept as a digest."""

import hashlib
import secrets

from prices.models import Feed


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def issue(feed: Feed) -> str:
    """A new token for the feed; the old one, if any, stops working."""
    token = f"yaobi_{secrets.token_urlsafe(32)}"
    Feed.objects.filter(pk=feed.pk).update(token_hash=_hash(token))
    return token


def revoke(feed: Feed) -> None:
    Feed.objects.filter(pk=feed.pk).update(token_hash="")


def feed_for(token: str) -> Feed | None:
    """The active feed this token speaks for. The lookup is by digest, so its timing tells nothing about tokens."""
    return Feed.objects.filter(token_hash=_hash(token), active=True).first() if token else None
