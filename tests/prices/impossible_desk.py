"""Impossible states of what people do at the desk: attempts by constraint."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from pharmacies.models import User
from prices.models import DeskChange, FeedRun, Inquiry, InquiryReply, MemberChange, SheetLayout, Upload
from tests import factories as f
from tests.factories import AT


def clerk() -> User:
    return User.objects.filter(username="li").first() or User.objects.create_user("li")


def run() -> FeedRun:
    return FeedRun.objects.first() or f.run()


def change(**fields: Any) -> DeskChange:
    base: dict[str, Any] = {"run": run(), "pharmacy_id": 1, "drug_id": 1}
    base |= {"old_fen": 1260, "old_stock": 1, "new_fen": 1350, "new_stock": 1}
    return DeskChange.objects.create(**base | fields)


def member_change(**fields: Any) -> MemberChange:
    base: dict[str, Any] = {"run": run(), "pharmacy_id": 1, "drug_id": 1, "new_total": 9}
    base |= {"old_total": 8, "old_quantity": 1, "old_as_of": AT, "old_feed_id": 1, "old_run_id": 1}
    return MemberChange.objects.create(**base | fields)


def upload(**fields: Any) -> Upload:
    base = {"feed": f.feed(), "by": clerk(), "at": AT, "name": "价格.csv", "sha256": "0" * 64, "size": 1}
    return Upload.objects.create(**base | fields)


def layout() -> SheetLayout:
    fields = {"signature": "x", "mapping": {}, "confirmed_by": "li", "confirmed_at": AT}
    return SheetLayout.objects.create(feed=f.feed(), **fields)


def inquiry(**fields: Any) -> Inquiry:
    base = {"kind": "report", "title": "价格不符", "text": "x", "opened_at": AT}
    return Inquiry.objects.create(pharmacy=f.pharmacy(), **base | fields)


def reply(**fields: Any) -> InquiryReply:
    return InquiryReply.objects.create(inquiry=inquiry(), by=clerk(), at=AT, text="x", **fields)


def twice(make: Callable[[], object]) -> Callable[[], object]:
    return lambda: (make(), make())


NO_OLD, NO_NEW = {"old_fen": None, "old_stock": None}, {"new_fen": None, "new_stock": None}

IMPOSSIBLE: dict[str, list[Callable[[], object]]] = {
    "desk_change_once": [twice(change)],
    "desk_change_changes_something": [lambda: change(**NO_OLD, **NO_NEW)],
    "desk_change_price_and_stock_together": [
        lambda: change(old_stock=None),
        lambda: change(new_stock=None),
        lambda: change(**NO_OLD | {"old_stock": 1}),
        lambda: change(**NO_NEW | {"new_stock": 1}),
        lambda: change(new_fen=0),
        lambda: change(new_fen=-1),
    ],
    "desk_change_warned_has_a_reason": [lambda: change(warnings=["times_ten"])],
    "member_change_once": [twice(member_change)],
    "member_change_above_zero": [lambda: member_change(new_total=0)],
    "member_change_old_is_whole": [
        lambda: member_change(old_total=None),
        lambda: member_change(old_run_id=None),
        lambda: member_change(old_total=0),
        lambda: member_change(old_quantity=0),
    ],
    "sheet_layout_once": [twice(layout)],
    "upload_applied_has_a_run": [
        lambda: upload(state="applied"),
        lambda: upload(state="taken_back"),
        lambda: upload(state="previewed", run=run()),
    ],
    "upload_back_run_only_when_taken_back": [lambda: upload(state="applied", run=run(), back_run=run())],
    "upload_lease_and_token_together": [lambda: upload(lease_until=AT), lambda: upload(lease_token=uuid.uuid4())],
    "upload_progress_is_per_cent": [lambda: upload(progress=101)],
    "inquiry_due_after_it_came": [lambda: inquiry(due_at=AT), lambda: inquiry(due_at=AT - timedelta(days=1))],
    "reply_document_is_stored": [lambda: reply(document="说明.pdf"), lambda: reply(stored="x")],
}
