"""From changes that people made to a run of the desk's feed: what every part of the desk ends in."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from pharmacies import audit
from pharmacies.models import Chain, Pharmacy, User
from prices.desk.feeds import desk_feed
from prices.ingest.check import REMOVED
from prices.ingest.receive import receive
from prices.ingest.schedule import STOCK_WORDS
from prices.models import DeskChange, FeedRun, Stock
from prices.models.feeds import Mode
from prices.money import yuan

TOLD_ONE_BY_ONE = 200
"""The audit log names so many changes; of more it says how many, and `DeskChange` has them all."""


@dataclass(frozen=True, slots=True)
class Value:
    """A price in 分 and its stock; where there is none the product is not on the shelf."""

    fen: int
    stock: Stock

    def __str__(self) -> str:
        return f"{yuan(self.fen)}/{STOCK_WORDS[self.stock]}"


@dataclass(frozen=True, slots=True)
class Change:
    """From `old` to `new` at one shop; None means not on the shelf. `warnings` are codes of `prices.desk.unusual`."""

    pharmacy_id: int
    pharmacy_code: str
    drug_id: int
    drug_code: str
    old: Value | None
    new: Value | None
    warnings: tuple[str, ...] = ()


def known(place: Pharmacy | Chain, nonce: str) -> FeedRun | None:
    """The run that this form has already become: the same press of a button, sent again."""
    run: FeedRun | None = desk_feed(place).runs.filter(delivery_key=f"key:{nonce}").first()
    return run


def send(
    place: Pharmacy | Chain,
    changes: Sequence[Change],
    *,
    nonce: str,
    reason: str,
    by: User,
    at: datetime,
    action: str = "desk.edit",
) -> FeedRun:
    """Hand `changes` in as one run of the place's desk feed; remember what stood there before; record who did it.

    With a reason a named person answers for what looks like a slip and for the size of the change, so nothing holds it.
    Raises `receive.Refused`.
    """
    with transaction.atomic():
        rows, told = [_line(change) for change in changes], changes if len(changes) <= TOLD_ONE_BY_ONE else []
        run = hand_in(
            place,
            rows,
            nonce=nonce,
            reason=reason,
            by=by,
            at=at,
            action=action,
            before={_key(place, change): str(change.old or "") for change in told},
            after={_key(place, change): str(change.new or "") for change in told} | {"changes": len(changes)},
        )
        DeskChange.objects.bulk_create((_row(run, change, reason) for change in changes), batch_size=5000)
    return run


def hand_in(
    place: Pharmacy | Chain,
    rows: Sequence[Mapping[str, str]],
    *,
    nonce: str,
    reason: str,
    by: User,
    at: datetime,
    action: str,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object],
) -> FeedRun:
    """Rows of a feed as one run of the place's desk feed, for which `by` answers if there is a reason; `before` and
    `after` are what the log says of it. Inside a transaction. Raises `receive.Refused`."""
    run = receive(
        feed=desk_feed(place),
        data="\n".join(json.dumps(row) for row in rows).encode(),
        at=at,
        channel=FeedRun.Channel.DESK,
        format="jsonl",
        mode=Mode.DELTA,
        idempotency_key=nonce,
        operator=by.get_username(),
        override_reason=reason,
        released_by=by.get_username() if reason else "",
    )
    audit.record(
        at=at,
        by=by,
        action=action,
        subject="prices.FeedRun",
        subject_id=run.pk,
        place=place,
        before=before,
        after=after,
        reason=reason,
    )
    return run


def _key(place: Pharmacy | Chain, change: Change) -> str:
    return change.drug_code if isinstance(place, Pharmacy) else f"{change.pharmacy_code}/{change.drug_code}"


def _line(change: Change) -> dict[str, str]:
    row = {"pharmacy_code": change.pharmacy_code, "drug_code": change.drug_code}
    if change.new is None:
        return row | {"price": "", "kind": REMOVED}
    return row | {"price": str(yuan(change.new.fen)), "stock": STOCK_WORDS[change.new.stock]}


def _row(run: FeedRun, change: Change, reason: str) -> DeskChange:
    old, new = change.old, change.new
    return DeskChange(
        run=run,
        pharmacy_id=change.pharmacy_id,
        drug_id=change.drug_id,
        old_fen=old.fen if old else None,
        old_stock=old.stock if old else None,
        new_fen=new.fen if new else None,
        new_stock=new.stock if new else None,
        warnings=list(change.warnings),
        reason=reason,
    )
