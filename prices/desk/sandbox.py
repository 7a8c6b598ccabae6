"""Trying a delivery out: every step of the one door, and nothing of it remains."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from prices.ingest import outcome, reasons, store
from prices.ingest.receive import Refused, receive
from prices.ingest.runs import process
from prices.models import Feed, FeedRun

MAX_BYTES = 2_000_000
"""Enough to see how a till's files are read; whole catalogues go through the real door."""
SHOWN = 100


@dataclass(frozen=True)
class Tried:
    """What would have become of the delivery: the counts of a run, its notes, and its first refused rows as (line, the
    sender's cells, reason, advice)."""

    state: str
    label: str
    counts: dict[str, Any]
    error: str
    notes: list[str]
    refused: list[tuple[int, dict[str, str], str, str]] = field(default_factory=list)


def try_delivery(feed: Feed, data: bytes, *, format: str, mode: str | None, at: datetime) -> Tried:
    """Receive and process `data` as the feed's, in a transaction that is rolled back. Raises `Refused`."""
    if len(data) > MAX_BYTES:
        raise Refused("too_large", _("试报的文件最多 %(limit)d 字节：请只发几行样例") % {"limit": MAX_BYTES})
    sha256 = store.digest(data)
    held = store.holds(sha256)
    try:
        return _tried_and_undone(feed, data, format=format, mode=mode, at=at)
    finally:
        if not held and not FeedRun.objects.filter(sha256=sha256).exists():
            store.forget(sha256)


def _tried_and_undone(feed: Feed, data: bytes, *, format: str, mode: str | None, at: datetime) -> Tried:
    with transaction.atomic():
        channel = FeedRun.Channel.PUSH
        key = f"sandbox:{at.timestamp()}"  # never mistaken for a delivery that was sent before
        run = receive(
            feed=feed, data=data, at=at, channel=channel, format=format, mode=mode, idempotency_key=key, queued=False
        )
        run = process(run.pk)
        tried = _tried(run)
        transaction.set_rollback(True)
    return tried


def _tried(run: FeedRun) -> Tried:
    rows = run.rejections.order_by("line")[:SHOWN]
    said = outcome.counts(run)
    del said["run"], said["state"]
    return Tried(
        state=run.state,
        label=str(run.get_state_display()),
        counts=said,
        error=run.error,
        notes=[str(note) for note in run.notes],
        refused=[(row.line, row.raw, reasons.says(row.reasons), reasons.advice(row.reasons)) for row in rows],
    )


def told(tried: Tried) -> dict[str, Any]:
    """As the API answers it."""
    rows = [{"line": line, "row": raw, "reason": says, "advice": do} for line, raw, says, do in tried.refused]
    said = {"state": tried.state, **tried.counts, "rejections": rows}
    return said | ({"error": tried.error} if tried.error else {}) | ({"notes": tried.notes} if tried.notes else {})
