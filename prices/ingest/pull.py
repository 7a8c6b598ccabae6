"""Feeds fetched over HTTP(S) on a schedule. A 304 and the same bytes mean the same: the last snapshot still holds.

Whoever runs the other server decides what it answers: which address its name has this moment, how slowly it speaks, into how
much its bytes unfold.
"""

import ipaddress
import logging
import socket
import time
from datetime import datetime, timedelta
from typing import Any

import httpx
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from prices.ingest import store
from prices.ingest.receive import Refused, receive
from prices.models import Feed, FeedRun

log = logging.getLogger(__name__)
TIMEOUT = httpx.Timeout(30.0, read=120.0)
LONGEST = timedelta(minutes=20)
"""For all of a file: a server that sends a byte a minute must not keep the worker."""
NAT64 = ipaddress.ip_network("64:ff9b::/96")
UNFOLDED = ("", "identity", "gzip")
"""Encodings of an answer: of gzip 64 kB become 64 MB at most before they are counted, of others gigabytes."""


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
    asked = _asked(feed)
    chunks, size, end = [], 0, time.monotonic() + LONGEST.total_seconds()
    try:
        with httpx.Client(timeout=TIMEOUT) as client, client.stream("GET", **asked) as answer:
            if answer.status_code == 304:
                return None, feed.etag
            if answer.status_code != 200:
                raise PullProblem(_("对方服务器回答 %(status)d：请核对地址与权限") % {"status": answer.status_code})
            if answer.headers.get("Content-Encoding", "").lower() not in UNFOLDED:
                raise PullProblem(_("对方的压缩方式不能读取：请不压缩，或只用 gzip"))
            for chunk in answer.iter_bytes():
                size += len(chunk)
                if time.monotonic() > end:
                    raise PullProblem(_("对方发送得太慢：请检查对方服务器，或分成几个文件"))
                if size > settings.FEED_MAX_BYTES:
                    raise PullProblem(_("文件超过大小上限：请分成几个文件"))
                chunks.append(chunk)
            return b"".join(chunks), answer.headers.get("ETag", "")[:200]
    except httpx.HTTPError as error:
        raise PullProblem(_("无法取得文件（%(error)s）：请检查网络与证书") % {"error": type(error).__name__}) from error


def _asked(feed: Feed) -> dict[str, Any]:
    """What httpx is told. Connected to is the address that was looked at, by number: asked again, a name may say another."""
    headers = {"Accept-Encoding": "gzip"} | ({"If-None-Match": feed.etag} if feed.etag else {})
    address = _address(feed.url)
    if address is None:
        return {"url": feed.url, "headers": headers}
    url = httpx.URL(feed.url)
    host = url.netloc.decode("ascii")
    return {
        "url": url.copy_with(host=address),
        "headers": headers | {"Host": host},
        "extensions": {} if url.host == address else {"sni_hostname": url.raw_host.decode("ascii")},
    }


def _address(url: str) -> str | None:
    """A feed's address is data: it must not make this server talk to itself or to its own network. Where the name leads,
    as a number; None where it may lead anywhere. Raises `PullProblem`."""
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise PullProblem(_("地址应以 http:// 或 https:// 开头")) from error
    if parts.scheme not in {"http", "https"} or not parts.host:
        raise PullProblem(_("地址应以 http:// 或 https:// 开头"))
    if settings.FEED_PULL_PRIVATE:
        return None
    try:
        found = socket.getaddrinfo(parts.raw_host.decode("ascii"), parts.port or 443, type=socket.SOCK_STREAM)
    except OSError as error:
        raise PullProblem(_("找不到服务器 %(host)s：请核对地址") % {"host": parts.host}) from error
    addresses = [str(entry[4][0]) for entry in found]
    if not all(_is_outside(address) for address in addresses):
        raise PullProblem(_("地址指向内部网络：如确有需要，请管理员设置 FEED_PULL_PRIVATE=1"))
    return addresses[0]


def _is_outside(text: str) -> bool:
    """A public address, and none in which one of ours is wrapped up."""
    address = ipaddress.ip_address(text)
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if address in NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None and not inner.is_global:
            return False
    return address.is_global and not address.is_multicast


def _last_delivery(feed: Feed) -> bytes:
    last = feed.runs.filter(channel=FeedRun.Channel.PULL).order_by("-pk").first()
    if last is None:
        Feed.objects.filter(pk=feed.pk).update(etag="")
        raise PullProblem(_("对方称文件未变，但这里没有收到过：已清除标记，下次重新拉取"))
    return store.load(last)
