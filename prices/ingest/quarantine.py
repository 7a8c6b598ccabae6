"""Rows in quarantine: a person settles what they mean, the settlement is remembered, and they come back as a new run
with their own date. Never guessed, never lost."""

import json
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone
from django.utils.translation import gettext as _

from catalog.models import Alias, Drug
from pharmacies import audit
from prices.ingest.read import ours_by_theirs
from prices.ingest.receive import receive
from prices.models import Feed, FeedRun, Rejection
from prices.models.feeds import Mode

OPEN = (Rejection.State.REFUSED, Rejection.State.REVIEW)


class NotOpen(Exception):
    """The row is settled already, or there is nothing about it to settle."""


def settle_code(rejection_id: int, *, drug: Drug, by: str, reason: str, at: datetime) -> list[FeedRun]:
    """This feed's unknown code means `drug`: remember it, and replay every open row of the feed with that code."""
    with transaction.atomic():
        row = _open(rejection_id)
        if not row.their_code:
            raise NotOpen(_("这一行的药品代码已识别，不需要对照：疑似录错的价格请用 --accept"))
        feed, today = row.run.feed, timezone.localdate(at)
        Alias.objects.create(
            source=feed.slug, their_code=row.their_code, drug=drug, reviewed_by=by, valid=DateRange(today, None)
        )
        _record(row, at=at, by=by, reason=reason, after={"their_code": row.their_code, "drug": drug.code})
        return replay_settled(feed, by=by, at=at)


def accept_price(rejection_id: int, *, by: str, reason: str, at: datetime) -> FeedRun:
    """The suspected slip is the real price, says a named person, and why."""
    if not reason.strip():
        raise ValueError(_("请写明理由"))
    with transaction.atomic():
        row = _open(rejection_id)
        if not all(code.startswith("suspected_") for code in row.reasons):
            raise NotOpen(_("只有疑似录错的价格可以确认属实；其他问题请改正后重新报送"))
        _record(row, at=at, by=by, reason=reason, after={"price_fen": row.price_fen})
        return _replay(row.run.feed, [row], by=by, at=at, override_reason=reason)


def replay_settled(feed: Feed, *, by: str, at: datetime) -> list[FeedRun]:
    """Replay the feed's open rows whose code has been settled meanwhile: the newest of each price, as a run of its
    own. What was sent back or waits for a person as a whole stays out. Returns the runs, none if nothing came back."""
    settled = Alias.objects.valid(timezone.localdate(at)).filter(source=feed.slug).values("their_code")
    with transaction.atomic():
        rows = (
            Rejection.objects.select_for_update(of=["self"])
            .select_related("run")
            .filter(
                run__feed=feed,
                run__state=FeedRun.State.PUBLISHED,
                state__in=OPEN,
                reasons=["drug_unknown"],
                their_code__in=settled,
            )
        )
        newest = {(row.pharmacy_id, row.their_code): row for row in rows.order_by("run__received_at", "run_id", "line")}
        if not newest:
            return []
        run = _replay(feed, newest.values(), by=by, at=at)
        rows.update(state=Rejection.State.SETTLED, settled_by=by, replayed_in=run)
    return [run]


def _open(rejection_id: int) -> Rejection:
    row = Rejection.objects.select_for_update(of=["self"]).select_related("run__feed").filter(pk=rejection_id).first()
    if row is None or row.state not in OPEN:
        raise NotOpen(_("第 %(id)d 号退回记录不存在或已处理") % {"id": rejection_id})
    return row


def _record(row: Rejection, *, at: datetime, by: str, reason: str, after: dict[str, object]) -> None:
    audit.record(
        at=at,
        by=by,
        action="rejection.settle",
        subject="prices.Rejection",
        subject_id=row.pk,
        before={"reasons": row.reasons, "raw": row.raw},
        after=after,
        reason=reason,
    )


def _replay(feed: Feed, rows: Iterable[Rejection], *, by: str, at: datetime, override_reason: str = "") -> FeedRun:
    rows = list(rows)
    data = "\n".join(json.dumps(_dated(row, feed), ensure_ascii=False) for row in rows).encode()
    run = receive(
        feed=feed,
        data=data,
        at=at,
        channel=FeedRun.Channel.REPLAY,
        format="jsonl",
        mode=Mode.DELTA,
        idempotency_key="replay:" + ",".join(str(row.pk) for row in rows[:8]) + f":{len(rows)}",
        operator=by,
        override_reason=override_reason,
    )
    ids = [row.pk for row in rows]
    Rejection.objects.filter(pk__in=ids).update(state=Rejection.State.SETTLED, settled_by=by, replayed_in=run)
    return run


def _dated(row: Rejection, feed: Feed) -> dict[str, str]:
    """The row as sent, with the date it had: its own, or else when its delivery arrived."""
    cells = dict(row.raw)
    theirs = ours_by_theirs(list(cells), feed.mapping).get("effective_at", "effective_at")
    cells[theirs] = cells.get(theirs, "").strip() or row.run.received_at.isoformat()
    return cells
