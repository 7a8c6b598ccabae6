"""Step 1, receive: a delivery becomes a run, once, whichever way it came and however often it was sent."""

from datetime import datetime

from celery import current_app
from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _

from prices.ingest import store
from prices.models import Feed, FeedRun
from prices.models.feeds import Mode
from prices.sql import statement

State = FeedRun.State
SMALL_BYTES = 200_000


class Refused(ValueError):
    """A delivery that never becomes a run. `code` is stable, the message says what to do."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def receive(
    *,
    feed: Feed,
    data: bytes,
    at: datetime,
    channel: FeedRun.Channel | str,
    format: str = "csv",
    mode: str | None = None,
    idempotency_key: str | None = None,
    operator: str = "",
    override_reason: str = "",
    released_by: str = "",
    queued: bool = True,
) -> FeedRun:
    """Store the bytes and return their run: a new one, or the one this delivery already has.

    The key is the sender's Idempotency-Key, or else the file itself while it equals the feed's latest delivery. The
    same bytes right after the last published snapshot become a run that only confirms it. `released_by` has seen already
    why such a run would be held, and decided. A worker is told of the run unless the caller goes on to process it
    (`queued=False`).
    """
    mode = mode or feed.mode
    _refuse_impossible(feed, data, mode)
    if idempotency_key and (sent := feed.runs.filter(delivery_key=f"key:{idempotency_key}").first()) is not None:
        return _same_body(sent, store.digest(data), mode)  # before anything is stored: a refusal leaves nothing behind
    sha256 = store.save(data)
    with transaction.atomic():
        Feed.objects.select_for_update(no_key=True).get(pk=feed.pk)  # deliveries of one feed queue up here
        key, confirms = f"key:{idempotency_key}", None
        if idempotency_key:
            known: FeedRun | None = feed.runs.filter(delivery_key=key).first()
            if known is not None:
                return _same_body(known, sha256, mode)
        else:
            latest = _latest(feed)
            if latest is not None and (latest.sha256, latest.mode) == (sha256, mode):
                if not _is_published_snapshot(latest):
                    return latest
                confirms = latest.confirms or latest
                confirms = confirms if still_holds(confirms) else None
            key = f"file:{sha256}:{feed.runs.filter(sha256=sha256).count()}"
        run: FeedRun = FeedRun.objects.create(
            feed=feed,
            mode=mode,
            channel=channel,
            format=format,
            delivery_key=key,
            sha256=sha256,
            size=len(data),
            received_at=at,
            confirms=confirms,
            operator=operator,
            override_reason=override_reason,
            released_by=released_by,
        )
        if queued:
            enqueue(run)
    return run


def _refuse_impossible(feed: Feed, data: bytes, mode: str) -> None:
    if mode not in Mode.values:
        raise Refused("invalid_mode", _("报送方式应为 snapshot（全量）或 delta（增量）"))
    if not feed.active:
        raise Refused("feed_inactive", _("此报送已停用：请联系管理员"))
    if not data.strip():
        raise Refused("empty", _("文件是空的：请检查导出后重新报送"))
    if len(data) > settings.FEED_MAX_BYTES:
        raise Refused("too_large", _("文件超过 %(limit)d 字节：请分成几个文件") % {"limit": settings.FEED_MAX_BYTES})


def _latest(feed: Feed) -> FeedRun | None:
    """The feed's latest delivery that is in flight, held or published."""
    over = (State.FAILED, State.REFUSED, State.SUPERSEDED)
    return feed.runs.exclude(state__in=over).order_by("-pk").first()


def _same_body(known: FeedRun, sha256: str, mode: str) -> FeedRun:
    if (known.sha256, known.mode) != (sha256, mode):
        raise Refused("idempotency_key_reused", _("这个 Idempotency-Key 已用于另一份内容：新的内容请换一个键"))
    return known


def _is_published_snapshot(latest: FeedRun) -> bool:
    return latest.state == State.PUBLISHED and latest.mode == Mode.SNAPSHOT


def still_holds(run: FeedRun) -> bool:
    """Whether saying the same again can change nothing: no row was refused (a code may be known by now), the snapshot
    was complete, and nobody has published about those shops since. Asked on arrival, and again when the work begins."""
    if run.refused:
        return False
    with connection.cursor() as cursor:
        cursor.execute(statement("receive_still_holds"), {"run": run.pk, "feed": run.feed_id})
        (holds,) = cursor.fetchone()
    return bool(holds)


def enqueue(run: FeedRun, *, expires: float | None = None) -> None:
    """Tell a worker, once the row is there. If that fails nothing is lost: the sweep finds the run, again and again,
    so its own messages expire (seconds) rather than pile up behind a busy worker."""
    queue = "small" if run.size <= SMALL_BYTES else "bulk"

    def send() -> None:
        current_app.send_task("prices.tasks.process_run", [run.pk], queue=queue, retry=False, expires=expires)

    transaction.on_commit(send, robust=True)
