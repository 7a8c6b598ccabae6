"""The life of a run: claimed, read, checked, staged, published or held; once, whatever is killed meanwhile."""

import logging
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from pharmacies import audit
from pharmacies.files import FileProblem
from pharmacies.models import User
from prices import leases
from prices.ingest import publish as publishing
from prices.ingest import store
from prices.ingest.check import Checked, check, texts
from prices.ingest.directory import look_up, one_shop
from prices.ingest.read import LINE, PROBLEM, Sheet, read
from prices.ingest.receive import still_holds
from prices.ingest.stage import Staged, hold_reasons, stage
from prices.leases import Clock, Lease, Lost
from prices.models import FeedRun, Rejection
from prices.models.feeds import Mode

log = logging.getLogger(__name__)
State = FeedRun.State


def process(run_id: int, *, clock: Clock = timezone.now) -> FeedRun:
    """Take run `run_id` from wherever an earlier attempt left it to a decision, if it is free; return it as it is then.

    A broken file fails the run. Anything unforeseen is raised: the lease expires and the run is tried again.
    """
    lease = Lease.claim(FeedRun.objects.in_flight(), run_id, length=settings.LEASE, clock=clock)
    run: FeedRun = FeedRun.objects.select_related("feed", "confirms").get(pk=run_id)
    if lease is None:
        return run
    try:
        _attempt(run, lease)
    except Lost:
        log.warning("run %s was taken over by another attempt; this one stops", run.pk)
    run.refresh_from_db()
    log.info("run %s of %s: %s, %s rows, %s changed", run.pk, run.feed.slug, run.state, run.rows, run.changed)
    return run


def process_now(run_id: int, *, clock: Clock = timezone.now) -> FeedRun:
    """Like `process`, for somebody who waits: if a worker happens to have the run, until it has decided."""
    run = process(run_id, clock=clock)
    while run.state in FeedRun.IN_FLIGHT and run.lease_until and run.lease_until > clock():
        time.sleep(0.2)
        run = process(run_id, clock=clock)
    return run


def _attempt(run: FeedRun, lease: Lease) -> None:
    started = time.monotonic()
    try:
        held = _work(run, lease)
    except FileProblem as problem:
        lease.finish(state=State.FAILED, error=str(problem), finished_at=lease.clock())
    else:
        _finish(run, lease, held, seconds=time.monotonic() - started)


def _work(run: FeedRun, lease: Lease) -> list[str]:
    """Steps 2 to 4; returns why the run is held, if it is."""
    if run.confirms is not None:
        if still_holds(run.confirms):
            publishing.confirm(run, run.confirms, lease=lease)
            return []
        lease.renew(confirms=None)  # somebody else has spoken while it waited: it is a statement of its own
        run.confirms = None
    sheet, checked = _judged(run)
    lease.renew()
    done = publishing.published_shops(run)
    complete = run.mode == Mode.SNAPSHOT and _is_complete(run, sheet, checked)
    staged = stage(run, checked, complete=complete, done=done)
    _stage_outcome(run, lease, sheet, staged, done)
    decided = run.state == State.PUBLISHING or bool(run.released_by)
    if not decided and (reasons := hold_reasons(staged)):
        return reasons
    publishing.publish(run, staged.pharmacies, lease=lease)
    return []


def _judged(run: FeedRun) -> tuple[Sheet, Checked]:
    shop = one_shop(run.feed)
    sheet = read(store.load(run), format=run.format, mapping=run.feed.mapping, one_shop=shop is not None)
    rows = texts(sheet, shop_code=shop.code if shop else None)
    directory = look_up(
        run.feed,
        pharmacy_codes=rows["pharmacy_code"].unique().to_list(),
        drug_codes=rows["drug_code"].unique().to_list(),
        on=timezone.localdate(run.received_at),
    )
    return sheet, check(rows, directory, received_at=run.received_at, desk=run.channel == FeedRun.Channel.DESK)


def _is_complete(run: FeedRun, sheet: Sheet, checked: Checked) -> bool:
    """A snapshot whose silence counts: no cut record, and not much shorter than the feed's last one."""
    last = run.feed.runs.filter(state=State.PUBLISHED, mode=Mode.SNAPSHOT, pk__lt=run.pk).order_by("-pk").first()
    enough = last is None or checked.accepted.height >= settings.COMPLETE_SHARE * last.accepted
    return enough and not sheet.cut


def _stage_outcome(run: FeedRun, lease: Lease, sheet: Sheet, staged: Staged, done: Sequence[int]) -> None:
    """Store the refused rows of the shops still to come, once, whatever attempt this is."""
    with transaction.atomic():
        state = run.state if run.state == State.PUBLISHING else State.STAGED
        lease.renew(state=state, rows=sheet.rows.height, columns=sheet.columns, notes=sheet.notes)
        run.rejections.exclude(pharmacy_id__in=done).delete()
        refused = staged.refused.drop("carries")
        raw = sheet.rows.join(refused.select("line"), left_on=LINE, right_on="line", how="semi").sort(LINE)
        cells = raw.drop(LINE, PROBLEM).to_dicts()
        Rejection.objects.bulk_create(
            (_rejection(run, row, cell) for row, cell in zip(refused.iter_rows(named=True), cells, strict=True)),
            batch_size=5000,
        )


def _rejection(run: FeedRun, row: dict[str, Any], cells: dict[str, str]) -> Rejection:
    state = Rejection.State.REVIEW if row.pop("review") else Rejection.State.REFUSED
    # PostgreSQL stores no NUL in text, and a refused row may hold anything.
    raw = {name: cell.replace("\0", "\ufffd") for name, cell in cells.items()}
    return Rejection(run=run, raw=raw, state=state, **row)


def _finish(run: FeedRun, lease: Lease, held: list[str], *, seconds: float) -> None:
    refused = run.rejections.count()
    if held:
        rows, notes = FeedRun.objects.values_list("rows", "notes").get(pk=run.pk)
        lease.finish(state=State.HELD, accepted=rows - refused, refused=refused, notes=[*notes, *held], seconds=seconds)
        return
    counts = run.pharmacies.aggregate(*(Sum(name, default=0) for name in ("accepted", "changed", "withdrawn")))
    accepted, changed = counts["accepted__sum"], counts["changed__sum"]
    with transaction.atomic():
        lease.finish(
            state=State.PUBLISHED,
            rows=accepted + refused,
            accepted=accepted,
            changed=changed,
            unchanged=accepted - changed,
            withdrawn=counts["withdrawn__sum"],
            refused=refused,
            seconds=seconds,
            finished_at=lease.clock(),
        )
        if run.mode == Mode.SNAPSHOT:
            older = run.feed.runs.filter(state=State.HELD, received_at__lte=run.received_at).exclude(pk=run.pk)
            older.update(state=State.SUPERSEDED, finished_at=lease.clock())


# --- decisions of a person about a held run ---------------------------------------------------------


class NotHeld(Exception):
    """Only a held run can be released or refused."""


def release(run_id: int, *, by: User | str, reason: str, at: datetime) -> FeedRun:
    """Let a held run through: it is checked again from its stored file and published."""
    return _decide(run_id, State.RECEIVED, by=by, reason=reason, at=at, action="run.release", attempts=0)


def refuse(run_id: int, *, by: User | str, reason: str, at: datetime) -> FeedRun:
    """Send a held run back: nothing of it is published."""
    return _decide(run_id, State.REFUSED, by=by, reason=reason, at=at, action="run.refuse", finished_at=at)


def _decide(
    run_id: int, state: State, *, by: User | str, reason: str, at: datetime, action: str, **fields: Any
) -> FeedRun:
    if not reason.strip():
        raise ValueError(_("请写明理由"))
    name = by if isinstance(by, str) else by.get_username()
    if state == State.RECEIVED:
        fields["released_by"] = name
    with transaction.atomic():
        if not FeedRun.objects.filter(pk=run_id, state=State.HELD).update(state=state, **fields):
            raise NotHeld(
                _("批次 %(run)d 不在“整批待确认”状态：用 GET runs/%(run)d 查看它现在的状态") % {"run": run_id}
            )
        after = {"state": str(state)}
        audit.record(
            at=at,
            by=by,
            action=action,
            subject="prices.FeedRun",
            subject_id=run_id,
            before={"state": str(State.HELD)},
            after=after,
            reason=reason,
        )
    decided: FeedRun = FeedRun.objects.select_related("feed").get(pk=run_id)
    return decided


# --- the sweep --------------------------------------------------------------------------------------


def unclaimed(*, at: datetime) -> list[FeedRun]:
    """Undecided runs that nobody works on, oldest first; those out of attempts are failed on the way."""
    error = _("处理三次均未完成，已发布的药店保持不变：请查看服务日志后重新报送")
    failing = {"state": State.FAILED, "finished_at": at, "error": error}
    return leases.unclaimed(FeedRun.objects.in_flight(), at=at, failing=failing)
