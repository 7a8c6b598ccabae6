"""A PDF comes from outside: another document, a cut or encrypted one, one that eats the machine. None gets in."""

import time
import zlib
from typing import Any

import pytest

from catalog.models import Edition, Listing
from catalog.nrdl import pdf
from catalog.nrdl.load import load
from pharmacies.files import FileProblem

from ..factories import AT
from . import small_edition as small


def written(*objects: bytes, trailer: bytes = b"") -> bytes:
    """A PDF of these objects, the first of which is the catalogue."""
    body, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    return (
        body
        + b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R %s>>\nstartxref\n%d\n%%%%EOF\n"
        % (
            size,
            table,
            size,
            trailer,
            len(body),
        )
    )


def one_page(content: bytes, filters: bytes = b"", trailer: bytes = b"") -> bytes:
    return written(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        b"<< /Length %d %s>>\nstream\n%s\nendstream" % (len(content), filters, content),
        trailer=trailer,
    )


LETTER = one_page(b"BT /F1 24 Tf 72 720 Td (Annual report) Tj ET")


def test_a_page_is_read_in_a_process_of_its_own() -> None:
    steps: list[tuple[int, int]] = []
    found = pdf.pages(LETTER, progress=lambda _what, done, total: steps.append((done, total)))
    assert [(page.number, page.text, page.tables) for page in found] == [(1, "Annual report", [])]
    assert steps == [(1, 1)]


def test_ruled_cells_and_what_runs_over_their_lines_are_read() -> None:
    lines = b"50 700 m 400 700 l S 50 680 m 400 680 l S 50 660 m 400 660 l S 50 660 m 50 700 l S 100 660 m 100 700 l S"
    lines += b" 130 660 m 130 700 l S 400 660 m 400 700 l S "
    texts = b"BT /F1 10 Tf 52 685 Td (XA01) Tj 55 0 Td (Long name of it) Tj -55 -20 Td (1) Tj 55 0 Td (a) Tj ET"
    (page,) = pdf.pages(one_page(lines + texts))
    (table,) = page.tables
    assert table.rows[1] == ["1", "a", ""]
    assert table.names == {0: "Long name of it"}


PASSWORD = b"/Encrypt << /Filter /Standard /V 1 /R 2 /Length 40 /P -4 /O <%s> /U <%s> >> /ID [<00> <00>] " % (
    b"11" * 32,
    b"22" * 32,
)

BAD: dict[str, tuple[bytes, str]] = {
    "another document": (LETTER, "不是国家医保药品目录"),
    "cut": (LETTER[: len(LETTER) // 2], "PDF 不完整"),
    "only a head": (b"%PDF-1.4\n", "PDF 不完整"),
    "encrypted": (one_page(b"q Q", trailer=PASSWORD), "有密码或已加密"),
    "garbage": (b"%PDF-1.4\n" + bytes(range(256)) * 20 + b"%%EOF", "读不通"),
    "no page": (written(b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [] /Count 0 >>"), "读不通"),
}


@pytest.mark.django_db
@pytest.mark.parametrize("name", BAD)
def test_a_bad_pdf_is_refused_and_nothing_changes(name: str) -> None:
    data, message = BAD[name]
    with pytest.raises(FileProblem, match=message):
        load(data=data, order=small.order(totals=""), at=AT, by="经办人")
    assert not Edition.objects.exists()
    assert not Listing.objects.exists()


def test_a_pdf_that_takes_too_long_is_stopped() -> None:
    started = time.monotonic()
    with pytest.raises(FileProblem, match="超过时间或内存上限"):
        pdf.pages(LETTER, seconds=0.01)
    assert time.monotonic() - started < 60


def unpacking_to(megabytes: int) -> bytes:
    """A small deflate stream of blanks: one flushed block again and again, since nothing before it is needed."""
    packer = zlib.compressobj(9)
    head = packer.compress(b" ") + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(b" " * (1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return zlib.compress(head + block * megabytes, 9)


def test_a_page_that_unpacks_to_all_memory_is_stopped() -> None:
    bomb = unpacking_to(3000)
    assert len(bomb) < 100_000
    started = time.monotonic()
    with pytest.raises(FileProblem, match=r"读不通|内存上限"):
        pdf.pages(one_page(bomb, b"/Filter [/FlateDecode /FlateDecode] "), seconds=600)
    assert time.monotonic() - started < 300


def test_a_pdf_brings_its_own_herbs_and_totals() -> None:
    options: dict[str, dict[str, Any]] = {
        "--herbs": {"totals": "", "herbs": small.HERBS},
        "--totals": {},
        "--categories": {"totals": "", "categories": b"code,name\n"},
    }
    for option, fields in options.items():
        with pytest.raises(FileProblem, match=f"不要写 {option}"):
            load(data=LETTER, order=small.order(**fields), at=AT, by="经办人")
