"""Photos of citizens: whatever comes in, what is kept is a small upright JPEG with nothing in it but the picture."""

import io
import struct
import zlib
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.storage import default_storage
from PIL import Image

from pharmacies.models import User
from prices.models import Report, ReportGroup
from prices.monitoring.reports import answers, codes, photos, repaint, sending
from prices.monitoring.reports.photos import PhotoProblem
from prices.monitoring.reports.sending import Draft, Kind, ReportProblem
from tests import factories as f
from tests.factories import AT

GPS, ORIENTATION, MAKER, DESCRIPTION = 0x8825, 0x0112, 0x010F, 0x010E


def photo(size: tuple[int, int] = (64, 48), format: str = "JPEG", mode: str = "RGB", **options: Any) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, "red").save(out, format, **options)
    return out.getvalue()


def photo_with_everything() -> bytes:
    """As a telephone takes it: lying on its side, with where and by what it was taken; the left half is blue."""
    exif = Image.Exif()
    exif[ORIENTATION], exif[MAKER], exif[DESCRIPTION] = 6, "Huawei", "王小明的手机"
    exif.get_ifd(GPS).update({1: "N", 2: (30.0, 32.0, 42.0), 3: "E", 4: (114.0, 18.0, 7.0)})
    picture = Image.new("RGB", (400, 200), "red")
    picture.paste("blue", (0, 0, 200, 200))
    out = io.BytesIO()
    picture.save(out, "JPEG", exif=exif, comment=b"secret place", icc_profile=b"profile of a telephone")
    return out.getvalue()


def opened(jpeg: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(jpeg))
    assert picture.format == "JPEG"
    return picture


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few kilobytes that asks for width × height pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = zlib.compress(b"\0" * 5_000_000, 9)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def refused(data: bytes) -> str:
    with pytest.raises(PhotoProblem) as problem:
        photos.plain(data)
    return str(problem.value)


def test_position_maker_comment_and_profile_are_gone_and_it_stands_upright() -> None:
    taken = photo_with_everything()
    before = opened(taken)
    assert dict(before.getexif().get_ifd(GPS))
    assert before.info["comment"] == b"secret place"
    kept = photos.plain(taken)
    after = opened(kept)
    assert dict(after.getexif()) == {}
    assert set(after.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    for secret in (b"Exif", b"Huawei", b"secret", b"profile", "王小明".encode(), b"GPS"):
        assert secret not in kept
    assert after.size == (200, 400)
    red, _green, blue = after.getpixel((100, 50))  # type: ignore[misc]  # mypy infers no lambda with a default
    assert blue > 200 > red


@pytest.mark.parametrize(
    ("format", "mode"), [("JPEG", "L"), ("PNG", "RGBA"), ("PNG", "P"), ("PNG", "I;16"), ("WEBP", "RGB")]
)
def test_what_telephones_and_screens_make_is_taken(format: str, mode: str) -> None:
    out = io.BytesIO()
    Image.new(mode, (40, 30)).save(out, format)
    assert opened(photos.plain(out.getvalue())).size == (40, 30)


def test_a_large_photo_is_made_small() -> None:
    assert opened(photos.plain(photo((4000, 3000)))).size == (1600, 1200)


@pytest.mark.parametrize(
    "data",
    [
        b"%PDF-1.4 no photo",
        b"<svg onload='alert(1)'></svg>",
        b"MZ",
        b"GIF89a" + b"\0" * 100,
        "价格".encode(),
    ],
)
def test_what_is_no_photo_is_refused_in_words(data: bytes) -> None:
    assert "不是照片" in refused(data)


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xd8\xff",
        b"\xff\xd8\xff" + b"<script>" * 100,
        photo()[:200],
        b"\x89PNG\r\n\x1a\n" + b"\0" * 50,
        b"RIFF\x10\0\0\0WAVEfmt ",
        bomb(2000, 2000)[:-2000],
    ],
)
def test_what_only_begins_like_a_photo_is_refused_in_words(data: bytes) -> None:
    assert "打不开" in refused(data)


def test_a_decompression_bomb_and_fifty_megabytes_are_refused_in_words() -> None:
    assert repaint.MOST_PIXELS < 30_000 * 30_000
    assert len(bomb(30_000, 30_000)) < 10_000
    assert "太大" in refused(bomb(30_000, 30_000))
    assert "太大" in refused(b"\xff\xd8\xff" + bytes(50_000_000))


def test_a_photo_that_takes_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photos, "SECONDS", 0.001)
    assert "太大" in refused(photo())


def test_while_too_many_photos_are_being_painted_the_next_is_told_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photos, "SECONDS", 0.01)
    for _ in range(photos.AT_ONCE):
        photos._at_once.acquire()
    try:
        assert "过一会儿" in refused(photo())
    finally:
        photos._at_once.release(photos.AT_ONCE)


@pytest.mark.django_db
def test_a_photo_is_kept_beside_the_report_and_forgotten_long_after_the_answer() -> None:
    shop = f.pharmacy()
    draft = Draft(kind=Kind.CLOSED, mark=codes.fresh_mark(), photo=photo_with_everything())
    sending.send(shop, draft, address="203.0.113.7", at=AT)
    report = Report.objects.get()
    kept = photos.load(report)
    assert kept is not None
    assert opened(kept).size == (200, 400)
    by = User.objects.create_user("jing", password="x")
    answers.answer(ReportGroup.objects.get(), text="已核实", by=by, at=AT)
    assert photos.forget(at=AT + timedelta(days=179)) == 0
    assert photos.forget(at=AT + timedelta(days=181)) == 1
    assert not default_storage.exists(report.photo)
    report.refresh_from_db()
    assert (report.photo, photos.load(report)) == ("", None)


@pytest.mark.django_db
def test_with_a_bad_photo_nothing_is_sent() -> None:
    draft = Draft(kind=Kind.CLOSED, mark="m", photo=b"no photo")
    with pytest.raises(ReportProblem) as problem:
        sending.send(f.pharmacy(), draft, address="203.0.113.7", at=AT)
    assert set(problem.value.fields) == {"photo"}
    assert not Report.objects.exists()
