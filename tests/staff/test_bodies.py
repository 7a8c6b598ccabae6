"""What is sent is read as far as its page can need it, and no further."""

import io
from typing import Any

import pytest
from django.core.files.uploadhandler import StopUpload, TemporaryFileUploadHandler
from django.test import Client
from django.utils.translation import gettext

from pharmacies.models import User
from prices.views import report
from tests import factories as f
from tests.staff.accounts_world import log_in

LARGE = 3_000_000


def form(boundary: str, name: str, size: int) -> bytes:
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="a.bin"\r\n\r\n'
    return head.encode() + bytes(size) + f"\r\n--{boundary}--\r\n".encode()


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Files that were begun on the disk."""
    begun: list[str] = []

    def new_file(self: Any, field: str, name: str, *args: Any, **kwargs: Any) -> None:
        begun.append(name)
        raise StopUpload(connection_reset=True)

    monkeypatch.setattr(TemporaryFileUploadHandler, "new_file", new_file)
    return begun


@pytest.mark.django_db
@pytest.mark.parametrize(
    "address", ["/staff/login", "/en/staff/login", "/staff/code", "/admin/login/", "/desk/P1", "/"]
)
def test_nobody_fills_the_disk_without_an_account(address: str, written: list[str]) -> None:
    client = Client(enforce_csrf_checks=True)
    client.cookies["csrftoken"] = "a" * 32
    answer = client.post(address, form("x", "f", LARGE), content_type="multipart/form-data; boundary=x")
    assert answer.status_code == 413
    assert answer.content.decode() == gettext("发送的内容太大，没有收下。") or address.startswith("/en")
    assert written == []


@pytest.mark.django_db
def test_who_is_logged_in_sends_a_sheet_and_no_more(
    client: Client, li: User, written: list[str], settings: Any
) -> None:
    log_in(client)
    sent: dict[str, Any] = {"content_type": "multipart/form-data; boundary=x"}
    assert client.post("/staff/password", form("x", "f", LARGE), **sent).status_code != 413
    settings.SHEET_MAX_BYTES = 900_000
    assert client.post("/staff/password", form("x", "f", LARGE), **sent).status_code == 413


@pytest.mark.django_db
def test_a_code_is_looked_up_with_ten_letters_and_not_with_files(client: Client) -> None:
    sent: dict[str, Any] = {"content_type": "multipart/form-data; boundary=x"}
    assert client.post("/track", form("x", "photo", 200_000), **sent).status_code == 413


@pytest.mark.django_db
def test_of_the_files_of_a_report_one_photo_is_kept(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[int] = []
    done = report.PhotoHandler.file_complete

    def complete(self: report.PhotoHandler, size: int) -> Any:
        kept.append(self.kept.getbuffer().nbytes if self.kept else 0)
        return done(self, size)

    monkeypatch.setattr(report.PhotoHandler, "file_complete", complete)
    data = {"code": "x", "photo": [io.BytesIO(bytes(1000)), io.BytesIO(bytes(1000))], "other": io.BytesIO(bytes(1000))}
    assert client.post("/track", data).status_code == 422
    assert kept == [1000]


@pytest.mark.django_db
@pytest.mark.parametrize("header", ["Referer", "HX-Current-URL"])
def test_an_address_that_is_none_breaks_no_page(client: Client, header: str) -> None:
    assert client.get("/staff", headers={header: "http://[bad"}).status_code == 302


@pytest.mark.django_db
@pytest.mark.parametrize("header", ["Origin", "Referer"])
def test_a_report_from_an_address_that_is_none_is_from_elsewhere(client: Client, header: str) -> None:
    answer = client.post(
        f"/report/{f.pharmacy().code}", {"kind": "hours", "text": "8 点"}, headers={header: "http://[bad"}
    )
    assert answer.status_code == 403


@pytest.mark.django_db
def test_a_class_that_no_database_could_hold_is_not_found(client: Client) -> None:
    assert client.get("/browse/classes/%00").status_code == 404
