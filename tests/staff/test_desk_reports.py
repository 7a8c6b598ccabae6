"""Reports and questions about a shop: opened by the regulators' side, read and answered by its own people only."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, ProgrammingError, transaction
from django.test import Client
from django.utils import timezone

from pharmacies.models import AuditEvent, Membership
from prices.desk import inquiries
from prices.models import Inquiry, InquiryReply
from tests import factories as f
from tests.factories import AT, since
from tests.staff.desk_world import Desk, desk
from tests.staff.signing import sign_in

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.4 test"


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(timezone, "now", lambda: AT)
    made = desk()
    Membership.objects.create(user=made.editor, pharmacy=made.shop, role="editor", valid=since())
    return made


@pytest.fixture
def editor(client: Client, here: Desk) -> Client:
    return sign_in(client, here.editor)


def asked(here: Desk, **fields: object) -> Inquiry:
    said = {"kind": "report", "title": "店里的价格不符", "text": "标签写 28.00 元", "by": "平台", "at": AT}
    return inquiries.open_inquiry(here.shop, **said | fields)  # type: ignore[arg-type]  # the test says which fields


def test_a_report_is_listed_read_and_answered_with_a_document(editor: Client, here: Desk) -> None:
    inquiry = asked(here, drug_id=here.drug.pk)
    base = f"/desk/{here.shop.code}/reports"
    assert "待回复" in editor.get(base).content.decode()
    page = editor.get(f"{base}/{inquiry.pk}").content.decode()
    assert "标签写 28.00 元" in page
    assert here.drug.manufacturer in page
    sent = {"text": "标签已更换", "document": SimpleUploadedFile("照片 1.pdf", PDF)}
    assert editor.post(f"{base}/{inquiry.pk}", sent).status_code == 302
    reply = InquiryReply.objects.get()
    assert (reply.text, reply.by, reply.document) == ("标签已更换", here.editor, "照片 1.pdf")
    assert "已回复" in editor.get(base).content.decode()
    file = editor.get(f"{base}/{inquiry.pk}/documents/{reply.pk}")
    assert file.content == PDF
    assert file["Content-Disposition"].startswith("attachment")
    assert file["Content-Type"] == "application/pdf"
    assert [event.action for event in AuditEvent.objects.order_by("pk")] == ["inquiry.open", "inquiry.reply"]


@pytest.mark.parametrize(
    "sent",
    [
        {"text": "  "},
        {"text": "x" * 2001},
        {"text": "见附件", "document": ("page.html", b"<script>alert(1)</script>")},
        {"text": "见附件", "document": ("photo.png", b"GIF89a")},
        {"text": "见附件", "document": ("large.pdf", PDF + b"x" * inquiries.LARGEST)},
    ],
)
def test_an_answer_that_cannot_be_taken_says_why_and_keeps_what_was_typed(
    editor: Client, here: Desk, sent: dict[str, object]
) -> None:
    inquiry = asked(here)
    if isinstance(sent.get("document"), tuple):
        sent = sent | {"document": SimpleUploadedFile(*sent["document"])}  # type: ignore[misc]  # mypy infers no lambda with a default
    answer = editor.post(f"/desk/{here.shop.code}/reports/{inquiry.pk}", sent)
    assert answer.status_code == 422
    assert str(sent["text"]).strip() in answer.content.decode()
    assert not InquiryReply.objects.exists()


def test_a_double_click_answers_once_and_the_same_words_later_again(
    editor: Client, here: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"/desk/{here.shop.code}/reports/{asked(here).pk}"
    for _click in range(2):
        sent = {"text": "标签已更换", "document": SimpleUploadedFile("照片 1.pdf", PDF)}
        assert editor.post(address, sent)["Location"] == address
    assert InquiryReply.objects.count() == 1
    assert AuditEvent.objects.filter(action="inquiry.reply").count() == 1
    editor.post(address, {"text": "标签已更换"})  # the document is not there any more
    monkeypatch.setattr(timezone, "now", lambda: AT + timedelta(minutes=2))
    editor.post(address, {"text": "标签已更换"})
    assert InquiryReply.objects.count() == 3


def test_what_is_closed_takes_no_more_answers(editor: Client, here: Desk) -> None:
    inquiry = asked(here)
    inquiries.close(inquiry, reason="属实已改", by="平台", at=AT)
    assert editor.post(f"/desk/{here.shop.code}/reports/{inquiry.pk}", {"text": "再说一句"}).status_code == 422
    assert 'name="text"' not in editor.get(f"/desk/{here.shop.code}/reports/{inquiry.pk}").content.decode()


def test_a_viewer_reads_and_does_not_answer(client: Client, here: Desk) -> None:
    Membership.objects.update(role="viewer")
    inquiry = asked(here)
    viewer = sign_in(client, here.editor)
    address = f"/desk/{here.shop.code}/reports/{inquiry.pk}"
    assert 'name="text"' not in viewer.get(address).content.decode()
    assert viewer.post(address, {"text": "x"}).status_code == 403


def test_another_shops_reports_and_documents_are_not_there(editor: Client, here: Desk) -> None:
    theirs = inquiries.open_inquiry(f.pharmacy(), kind="inquiry", title="x", text="x", by="平台", at=AT)
    reply = inquiries.reply(theirs, text="x", document=inquiries.Document("x.pdf", PDF), by=here.editor, at=AT)
    own = asked(here)
    base = f"/desk/{here.shop.code}/reports"
    for address in (f"/{theirs.pk}", f"/{theirs.pk}/documents/{reply.pk}", f"/{own.pk}/documents/{reply.pk}"):
        assert editor.get(base + address).status_code == 404


def test_answers_are_never_changed_and_reports_never_deleted(here: Desk) -> None:
    inquiries.reply(asked(here), text="x", document=None, by=here.editor, at=AT)
    for attempt in (
        lambda: InquiryReply.objects.update(text="y"),
        lambda: Inquiry.objects.all()._raw_delete("default"),
    ):
        with pytest.raises(ProgrammingError), transaction.atomic():
            attempt()
    with pytest.raises(IntegrityError), transaction.atomic():
        Inquiry.objects.update(due_at=AT)
