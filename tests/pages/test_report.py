"""The citizens' pages of reports: reached from the card and the shop, sent without a cookie, followed with a code."""

import io
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from PIL import Image

from pharmacies.models import User
from prices.models import Report, ReportGroup
from prices.monitoring.reports import answers, photos
from prices.views import report as pages
from tests import factories as f
from tests.factories import AT, Town, small_town

pytestmark = pytest.mark.django_db
NUMBER = re.compile(r'id="code"[^>]*>([0-9A-Z]{5} [0-9A-Z]{5})<')


@pytest.fixture
def town(monkeypatch: pytest.MonkeyPatch) -> Town:
    """On the day of its prices, which are shown for some weeks only."""
    monkeypatch.setattr(timezone, "now", lambda: AT)
    return small_town()


def page(answer: Any) -> str:
    assert not answer.cookies
    assert "no-store" in answer.headers["Cache-Control"]
    return str(answer.content.decode())


def form(client: Client, town: Town, kind: str = "price") -> dict[str, str]:
    """The fields of the form as the browser would send them."""
    text = page(client.get(f"/report/{town.mid.code}?kind={kind}&drug={town.drug.code}"))
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', text))


def send(client: Client, town: Town, headers: dict[str, str] | None = None, **said: Any) -> Any:
    return client.post(f"/report/{town.mid.code}", form(client, town) | said, headers=headers)


def code_of(answer: Any) -> str:
    assert answer.status_code == 200
    found = NUMBER.search(page(answer))
    assert found
    return found[1]


def a_photo() -> SimpleUploadedFile:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(out, "JPEG")
    return SimpleUploadedFile("IMG_王小明.jpg", out.getvalue(), "image/jpeg")


# -- the way there ----------------------------------------------------------------------------------------------------


def test_the_card_and_the_pharmacys_page_lead_to_the_form(client: Client, town: Town) -> None:
    cards = client.get(f"/drugs/{town.drug.code}?city=420100").content.decode()
    assert f'href="/report/{town.mid.code}?kind=price&amp;drug={town.drug.code}"' in cards
    shop = client.get(f"/pharmacies/{town.mid.code}").content.decode()
    assert f'href="/report/{town.mid.code}?kind=price"' in shop
    assert f'<a class="crumb" href="/report/{town.mid.code}">我要纠错</a>' in shop
    english = client.get(f"/en/pharmacies/{town.mid.code}").content.decode()
    assert f'href="/en/report/{town.mid.code}"' in english


def test_the_first_page_asks_what_is_wrong_and_names_the_hotlines(client: Client, town: Town) -> None:
    text = page(client.get(f"/report/{town.mid.code}"))
    for kind in ("price", "closed", "hours", "place"):
        assert f"?kind={kind}" in text
    assert "tel:12393" in text
    assert "tel:12315" in text
    assert "哪里不对？" in page(client.get(f"/report/{town.mid.code}?kind=nonsense"))


@pytest.mark.parametrize("code", ["P42010699999", "x", "%00", "a-b"])
def test_a_shop_that_there_is_not_is_not_found(client: Client, town: Town, code: str) -> None:
    assert client.get(f"/report/{code}").status_code == 404
    assert client.post(f"/report/{code}", {"kind": "closed"}).status_code == 404


def test_the_product_is_chosen_from_the_shops_own_shelf(client: Client, town: Town) -> None:
    text = page(client.get(f"/report/{town.mid.code}?kind=price"))
    assert "哪种药的价格不对？" in text
    found = page(client.get(f"/report/{town.mid.code}?kind=price&name=氨氯地平"))
    assert f"?kind=price&amp;drug={town.drug.code}" in found
    nothing = page(client.get(f"/report/{town.mid.code}?kind=price&name=板蓝根"))
    assert "这家店没有报过“板蓝根”的价格。" in nothing
    own_words = page(client.get(f"/report/{town.mid.code}?kind=price&other=1"))
    assert "哪种药：药名、规格和厂家" in own_words


# -- sending ----------------------------------------------------------------------------------------------------------


def test_a_price_is_sent_and_followed_without_a_cookie(client: Client, town: Town) -> None:
    shown = page(client.get(f"/report/{town.mid.code}?kind=price&drug={town.drug.code}"))
    assert "药店申报的价：15.00 元" in shown
    code = code_of(send(client, town, price="１８．００", text="价签上是 18 元", photo=a_photo()))
    report = Report.objects.get()
    assert (report.group.price_fen, report.group.drug_id) == (1800, town.drug.pk)
    assert report.photo.endswith(".jpg")
    assert "王小明" not in report.photo
    waiting = page(client.post("/track", {"code": code.lower()}))
    assert "已收到" in waiting
    answers.answer(report.group, text="药店已改正标价", by=User.objects.create_user("j"), at=f.AT)
    told = page(client.post("/track", {"code": code.replace(" ", "")}))
    assert "已答复" in told
    assert "药店已改正标价" in told
    assert town.mid.name not in told, "who is looked into is on no public page"
    assert not client.cookies


def test_a_double_click_and_a_reload_show_the_same_code(client: Client, town: Town) -> None:
    said = form(client, town) | {"price": "18.00"}
    first, second = (client.post(f"/report/{town.mid.code}", said) for _ in range(2))
    assert code_of(first) == code_of(second)
    assert Report.objects.count() == 1


@pytest.mark.parametrize(
    ("typed", "words"), [("0", "价格要大于 0"), ("", "请写您看到的价格"), ("<b>十元", "请只写数字")]
)
def test_a_wrong_price_is_said_at_its_field_and_what_was_typed_stays(
    client: Client, town: Town, typed: str, words: str
) -> None:
    answer = send(client, town, price=typed, text="我写的字")
    text = page(answer)
    assert answer.status_code == 422
    assert words in text
    assert 'aria-invalid="true"' in text
    assert "我写的字" in text
    assert "<b>十元" not in text
    assert not Report.objects.exists()


def test_a_photo_that_is_no_photo_or_too_large_is_said_and_nothing_is_sent(client: Client, town: Town) -> None:
    for data, words in ((b"%PDF-", "不是照片"), (b"\xff\xd8\xff" + bytes(50_000_000), "照片太大")):
        answer = send(client, town, price="18.00", text="字还在", photo=SimpleUploadedFile("a.jpg", data))
        text = page(answer)
        assert answer.status_code == 422
        assert words in text
        assert "字还在" in text
    assert not Report.objects.exists()


def test_of_a_large_file_no_more_is_kept_than_tells_that_it_is_too_large() -> None:
    handler = pages.PhotoHandler()
    handler.new_file("photo", "a.jpg", "image/jpeg", 0)
    for start in range(0, 50_000_000, 65_536):
        handler.receive_data_chunk(bytes(65_536), start)
    assert handler.kept is not None
    assert photos.LARGEST < handler.kept.tell() < photos.LARGEST + 200_000


def test_a_body_larger_than_any_photo_is_not_read(client: Client, town: Town) -> None:
    answer = client.post(
        f"/report/{town.mid.code}", b"", content_type="multipart/form-data; boundary=x", CONTENT_LENGTH="2000000000"
    )
    assert answer.status_code == 413
    assert "照片太大" in page(answer)


def test_bytes_that_are_no_form_are_answered_with_the_first_question(client: Client, town: Town) -> None:
    path = f"/report/{town.mid.code}"
    for body, kind in (
        (b"\xff\xfe", "multipart/form-data; boundary=x"),
        (b"x", "multipart/form-data"),
        (b"{", "text/plain"),
    ):
        answer = client.post(path, body, content_type=kind)
        assert answer.status_code in (400, 422)
        assert "哪里不对？" in page(answer)


def test_too_many_are_refused_in_words_and_told_when_to_come_again(client: Client, town: Town, settings: Any) -> None:
    settings.REPORTS_AN_HOUR_PER_ADDRESS = 1
    code_of(send(client, town, price="18.00"))
    answer = send(client, town, price="18.10", text="字还在")
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 3600
    text = page(answer)
    assert "请过一小时再发" in text
    assert "字还在" in text


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://testserver"},
        {"Referer": "https://evil.example/page"},
    ],
)
def test_a_form_of_another_site_is_not_taken(client: Client, town: Town, headers: dict[str, str]) -> None:
    answer = send(client, town, headers, price="18.00", text="别人写的字")
    assert answer.status_code == 403
    text = page(answer)
    assert "没有收下" in text
    assert "别人写的字" not in text
    assert not Report.objects.exists()


@pytest.mark.parametrize(
    "headers",
    [{}, {"Origin": "http://testserver"}, {"Sec-Fetch-Site": "same-origin"}, {"Referer": "http://testserver/report/x"}],
)
def test_a_form_of_this_site_is_taken_also_where_cookies_are_checked(town: Town, headers: dict[str, str]) -> None:
    code_of(send(Client(enforce_csrf_checks=True), town, headers, price="18.00"))


def test_other_kinds_need_only_what_they_ask(client: Client, town: Town) -> None:
    path = f"/report/{town.mid.code}"
    code_of(client.post(path, {"kind": "closed"}))
    assert client.post(path, {"kind": "hours"}).status_code == 422
    code_of(client.post(path, {"kind": "hours", "text": "八点关门"}))
    code_of(client.post(path, {"kind": "place", "text": "在马路对面", "drug": town.drug.code, "price": "1"}))
    group = ReportGroup.objects.get(kind="place")
    assert (group.drug_id, group.price_fen) == (None, None)


# -- looking it up ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["", "7K3M9", "7K3M9 QXD2A", "'; DROP TABLE", "\x00", "码" * 60])
def test_a_code_that_there_is_not_is_said(client: Client, typed: str) -> None:
    answer = client.post("/track", {"code": typed})
    assert answer.status_code == 422
    assert "请核对" in page(answer)


def test_the_code_stands_in_no_address(client: Client, town: Town) -> None:
    code = code_of(send(client, town, price="18.00"))
    assert "已收到" not in page(client.get(f"/track?code={code}"))


def test_the_english_pages_say_the_same(client: Client, town: Town) -> None:
    said = form(client, town) | {"price": "18.00"}
    code = code_of(client.post(f"/en/report/{town.mid.code}", said))
    assert client.post("/en/track", {"code": code}).status_code == 200
