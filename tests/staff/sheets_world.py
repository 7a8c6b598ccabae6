"""A pharmacy whose till exports spreadsheets, three products, and the ways such files look."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import xlsxwriter

from catalog.models import Drug
from pharmacies.models import Pharmacy, User
from prices.desk.feeds import desk_feed
from prices.desk.sheets import applying, kept, uploads, work
from prices.ingest.runs import process
from prices.models import FeedRun, Upload
from tests import factories as f
from tests.factories import AT

HEADER = ("品名", "规格", "生产厂家", "批准文号", "条码", "医保编码", "零售价", "会员价", "库存数量")
LATER = AT + timedelta(minutes=5)


@dataclass(frozen=True)
class Desk:
    """`drugs`: 氨氯地平 5mg×14片 of 甲药厂 and ×28片 of the same approval number, and 阿莫西林 0.25g×24粒 of 乙药厂."""

    shop: Pharmacy
    clerk: User
    drugs: tuple[Drug, Drug, Drug]

    @property
    def feed(self) -> Any:
        return desk_feed(self.shop)


def desk() -> Desk:
    amlodipine = f.preparation("苯磺酸氨氯地平片", "片剂", "5mg")
    amoxicillin = f.preparation("阿莫西林胶囊", "胶囊剂", "0.25g")
    drugs = (
        f.drug(
            amlodipine,
            pack_count=14,
            manufacturer="甲制药有限公司",
            approval_no="国药准字H20030001",
            barcode="6901234567892",
        ),
        f.drug(
            amlodipine,
            pack_count=28,
            manufacturer="甲制药有限公司",
            approval_no="国药准字H20030001",
            barcode="6901234567908",
        ),
        f.drug(
            amoxicillin, pack_count=24, unit="粒", manufacturer="乙药业股份有限公司", approval_no="国药准字H42021234"
        ),
    )
    return Desk(f.pharmacy("中山路大药房"), User.objects.create_user("clerk"), drugs)


def csv(*rows: Sequence[object], header: Sequence[str] = HEADER, encoding: str = "utf-8") -> bytes:
    lines = [",".join(map(str, row)) for row in (header, *rows)]
    return ("\r\n".join(lines) + "\r\n").encode(encoding)


def xlsx(*rows: Sequence[object]) -> bytes:
    """A workbook with these rows, numbers as numbers."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    sheet = book.add_worksheet()
    for number, row in enumerate(rows):
        sheet.write_row(number, 0, row)
    book.close()
    return buffer.getvalue()


def row(drug: Drug, price: object, *, stock: object = "", member: object = "", **cells: object) -> list[object]:
    """A row under HEADER that names `drug` by its code, unless `cells` say otherwise."""
    own: dict[str, object] = {
        "品名": drug.preparation.generic_name,
        "规格": "",
        "生产厂家": "",
        "批准文号": "",
        "条码": "",
        "医保编码": drug.code,
        "零售价": price,
        "会员价": member,
        "库存数量": stock,
    } | cells
    return [own[name] for name in HEADER]


def brought(world: Desk, data: bytes, *, name: str = "价格表.csv", at: datetime = AT, place: Any = None) -> Upload:
    """The upload as its worker leaves it."""
    upload = uploads.bring(place or world.shop, data, name=name, by=world.clerk, at=at)
    return work.work(upload.pk, clock=lambda: at)


def previewed(world: Desk, data: bytes, *, at: datetime = AT, place: Any = None) -> Upload:
    """… with the proposed columns confirmed."""
    upload = brought(world, data, at=at, place=place)
    if upload.state == Upload.State.COLUMNS:
        uploads.confirm_columns(upload, upload.mapping, by=world.clerk, at=at)
        upload = work.work(upload.pk, clock=lambda: at)
    return upload


def applied(upload: Upload, *, at: datetime = LATER, mode: str = "delta", reason: str = "", **options: Any) -> FeedRun:
    """The upload's run, decided."""
    options = {"may_release": False} | options
    run = applying.apply(upload, mode=mode, reason=reason, by=upload.by, at=at, **options)
    upload.refresh_from_db()
    return process(run.pk, clock=lambda: at)


def verdicts(upload: Upload) -> dict[int | None, str]:
    """What its preview says of each line."""
    return {line: said for line, said, _reasons in _previewed_rows(upload)}


def reasons(upload: Upload) -> dict[int | None, list[str]]:
    """Why, for the lines where there is something to say."""
    return {line: said for line, _verdict, said in _previewed_rows(upload) if said}


def _previewed_rows(upload: Upload) -> list[tuple[Any, ...]]:
    found = kept.load(upload, "preview")
    assert found is not None
    return found.select("line", "verdict", "reasons").rows()
