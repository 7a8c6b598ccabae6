"""Citizens' reports and officials' questions about a pharmacy: opened by the regulators' side, answered at the desk."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.translation import gettext as _

from pharmacies import audit
from pharmacies.models import Pharmacy, User
from prices.models import Inquiry, InquiryReply
from prices.monitoring import (
    cases,  # which asks through this module in turn: neither uses the other while loading
    written,
)

LARGEST = 5_000_000
LONGEST = 2000
AGAIN = timedelta(minutes=1)
"""The same words from the same person within this time are one answer."""
TYPES = {b"%PDF-": "application/pdf", b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}
"""What a document may be, by its first bytes; its name says nothing."""


class ReplyProblem(ValueError):
    """It cannot be answered so; the message says what to change."""


@dataclass(frozen=True, slots=True)
class Document:
    name: str
    data: bytes


def type_of(data: bytes) -> str | None:
    """The media type of a document that is taken, or None."""
    return next((kind for start, kind in TYPES.items() if data.startswith(start)), None)


def open_inquiry(
    pharmacy: Pharmacy,
    *,
    kind: str,
    title: str,
    text: str,
    by: User | str,
    at: datetime,
    drug_id: int | None = None,
    reference: str = "",
    due_at: datetime | None = None,
) -> Inquiry:
    """The regulators' side asks, or passes a citizen's report on: nothing in `text` may say who the citizen is."""
    with transaction.atomic():
        inquiry = Inquiry.objects.create(
            pharmacy=pharmacy,
            kind=kind,
            title=title.strip()[:80],
            text=text.strip()[:LONGEST],
            drug_id=drug_id,
            reference=reference,
            opened_at=at,
            due_at=due_at,
        )
        audit.record(
            action="inquiry.open", by=by, at=at, after={"kind": kind, "title": inquiry.title}, **_about(inquiry)
        )
    return inquiry


def reply(inquiry: Inquiry, *, text: str, document: Document | None, by: User, at: datetime) -> InquiryReply:
    """Answer, as often as need be until it is closed; the same once more (a double click) is the same answer. Raises
    `ReplyProblem`."""
    text = written.plain(text)
    if not text:
        raise ReplyProblem(_("请写下回复"))
    if len(text) > LONGEST:
        raise ReplyProblem(_("回复最多 %(n)d 字：较长的说明请作为文件附上") % {"n": LONGEST})
    if document and (len(document.data) > LARGEST or type_of(document.data) is None):
        raise ReplyProblem(_("文件应为 5 MB 以内的 PDF、PNG 或 JPEG"))
    with transaction.atomic():
        locked = Inquiry.objects.select_for_update().get(pk=inquiry.pk)
        if locked.state == Inquiry.State.CLOSED:
            raise ReplyProblem(_("已办结，不能再回复"))
        last = InquiryReply.objects.filter(inquiry=locked).order_by("pk").last()
        if last is not None and _is_again(last, text=text, document=document, by=by, at=at):
            return last
        stored = ""
        if document:
            name = f"inquiries/{inquiry.pk}/{uuid.uuid4().hex}"
            stored = default_storage.save(name, ContentFile(document.data))
        row = InquiryReply.objects.create(
            inquiry=locked, by=by, at=at, text=text, document=document.name[-120:] if document else "", stored=stored
        )
        before = {"state": locked.state}
        locked.state = Inquiry.State.REPLIED
        locked.save(update_fields=["state"])
        after = {"state": locked.state, "document": row.document}
        audit.record(action="inquiry.reply", by=by, at=at, before=before, after=after, **_about(locked))
        cases.replied(locked, text=text, by=by, at=at)
    return row


def _is_again(last: InquiryReply, *, text: str, document: Document | None, by: User, at: datetime) -> bool:
    """Whether the newest answer is this very one, sent a moment ago."""
    name = document.name[-120:] if document else ""
    return (last.by_id, last.text, last.document) == (by.pk, text, name) and at - last.at < AGAIN


def close(inquiry: Inquiry, *, reason: str, by: User | str, at: datetime) -> None:
    """The regulators' side is done with it."""
    with transaction.atomic():
        Inquiry.objects.filter(pk=inquiry.pk).update(state=Inquiry.State.CLOSED)
        audit.record(action="inquiry.close", by=by, at=at, after={"state": "closed"}, reason=reason, **_about(inquiry))


def _about(inquiry: Inquiry) -> audit.About:
    return {"subject": "prices.Inquiry", "subject_id": inquiry.pk, "place": inquiry.pharmacy}
