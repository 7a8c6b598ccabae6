"""Feeds fetched over HTTP(S) on a schedule. A 304 and the same bytes mean the same: the last snapshot still holds."""

import ipaddress
import logging
import socket
from datetime import datetime
from urllib.parse import urlsplit

import httpx
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from prices.ingest import store
from prices.ingest.receive import Refused, receive
from prices.models import Feed, FeedRun

log = logging.getLogger(__name__)
TIMEOUT = httpx.Timeout(30.0, read=120.0)


class PullProblem(Exception):
    """The file could not be fetched; the message says what to check."""


def claim_due(*, at: datetime) -> list[int]:
    """Feeds whose time has come, each handed out once: the next time is set by the update that claims it."""
    due = Feed.objects.filter(active=True, every__isnull=False).exclude(next_pull_at__gt=at)
    claimed = []
    for feed in due:
        mine = Feed.objects.filter(pk=feed.pk, next_pull_at=feed.next_pull_at)
        if feed.every and mine.update(next_pull_at=at + feed.every):
            claimed.append(feed.pk)
    return claimed


def pull(feed_id: int, *, at: datetime) -> str:
    """Fetch one feed and receive what came; returns the run's state or what went wrong."""
    feed = Feed.objects.get(pk=feed_id)
    try:
        data, etag = _fetch(feed)
        if data is None:
            data = _last_delivery(feed)
        run = receive(feed=feed, data=data, at=at, channel=FeedRun.Channel.PULL)
    except (PullProblem, Refused) as problem:
        log.warning("pull of %s: %s", feed.slug, problem)
        return str(problem)
    with transaction.atomic():
        Feed.objects.filter(pk=feed.pk).update(etag=etag)
    return run.state


def _fetch(feed: Feed) -> tuple[bytes | None, str]:
    """The body (None: not modified) and its ETag."""
    _refuse_inside(feed.url)
    headers = {"If-None-Match": feed.etag} if feed.etag else {}
    chunks, size = [], 0
    try:
        with httpx.stream("GET", feed.url, headers=headers, timeout=TIMEOUT, follow_redirects=False) as answer:
            if answer.status_code == 304:
                return None, feed.etag
            if answer.status_code != 200:
                raise PullProblem(_("对方服务器回答 %(status)d：请核对地址与权限") % {"status": answer.status_code})
            for chunk in answer.iter_bytes():
                size += len(chunk)
                if size > settings.FEED_MAX_BYTES:
                    raise PullProblem(_("文件超过大小上限：请分成几个文件"))
                chunks.append(chunk)
            return b"".join(chunks), answer.headers.get("ETag", "")[:200]
    except httpx.HTTPError as error:
        raise PullProblem(_("无法取得文件（%(error)s）：请检查网络与证书") % {"error": type(error).__name__}) from error


def _refuse_inside(url: str) -> None:
    """A feed's address is data: it must not make this server talk to itself or to its own network."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise PullProblem(_("地址应以 http:// 或 https:// 开头"))
    if settings.FEED_PULL_PRIVATE:
        return
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port or 443, type=socket.SOCK_STREAM)
    except OSError as error:
        raise PullProblem(_("找不到服务器 %(host)s：请核对地址") % {"host": parts.hostname}) from error
    if any(not ipaddress.ip_address(entry[4][0]).is_global for entry in found):
        raise PullProblem(_("地址指向内部网络：如确有需要，请管理员设置 FEED_PULL_PRIVATE=1"))


def _last_delivery(feed: Feed) -> bytes:
    last = feed.runs.filter(channel=FeedRun.Channel.PULL).order_by("-pk").first()
    if last is None:
        Feed.objects.filter(pk=feed.pk).update(etag="")
        raise PullProblem(_("对方称文件未变，但这里没有收到过：已清除标记，下次重新拉取"))
    return store.load(last)
