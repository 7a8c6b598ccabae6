"""The pages on which a person sees a spreadsheet through, at the desk of a pharmacy and of a chain."""

import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from pharmacies.models import Membership, PharmacyAlias, User
from prices.desk.sheets import exports, reading, work
from prices.ingest.runs import process
from prices.models import FeedRun, Offer, Rejection, Upload
from tests import factories as f
from tests.prices.deliveries import shown
from tests.staff.sheets_world import HEADER, Desk, applied, csv, desk, previewed, row, xlsx
from tests.staff.signing import sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> Desk:
    return desk()


@pytest.fixture
def clerk(client: Client, world: Desk) -> Client:
    Membership.objects.create(user=world.clerk, role="editor", pharmacy=world.shop, valid=f.since())
    return sign_in(client, world.clerk)


def bring(client: Client, world: Desk, data: bytes, name: str = "价格表.csv") -> str:
    """The address of the upload, as far as a worker takes it."""
    answer = client.post(f"/desk/{world.shop.code}/uploads", {"file": SimpleUploadedFile(name, data)})
    assert answer.status_code == 302, answer.content.decode()
    return answer.headers["Location"] if worked() else ""


def worked() -> Upload:
    """The newest upload after its worker, and its run after its."""
    upload = work.work(Upload.objects.latest("pk").pk)
    for run in FeedRun.objects.in_flight():
        process(run.pk)
    return upload


def confirmed(client: Client, world: Desk, data: bytes, name: str = "价格表.csv") -> str:
    """… with the proposed columns confirmed on the page."""
    address = bring(client, world, data, name)
    upload = Upload.objects.latest("pk")
    if upload.state == "columns":
        fields = {f"column-{n}": upload.mapping.get(name, "") for n, name in enumerate(upload.columns)}
        client.post(f"{address}/columns", fields)
        worked()
    return address


def page(client: Client, address: str, **query: Any) -> str:
    answer = client.get(address, query)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.content.decode()


def test_a_person_takes_a_tills_export_from_file_to_shelf_and_back(clerk: Client, world: Desk) -> None:
    a, _b, c = world.drugs
    rows: list[list[object]] = [
        row(a, "￥12.60", stock="3"),
        row(c, "8"),
        row(c, "9", 医保编码="", 品名="络活喜"),
        ["合计", *[""] * 8],
    ]
    address = bring(clerk, world, xlsx(["价格表"], HEADER, *rows), "till.xlsx")
    assert "是什么" in page(clerk, address)
    confirmed_at = confirmed(clerk, world, xlsx(["价格表"], HEADER, *rows), "till.xlsx")
    first = page(clerk, confirmed_at)
    assert "共 3 种：2 新增，1 待配对" in first
    assert "络活喜" in first  # the tab that needs a person is open
    assert "12.60" in page(clerk, confirmed_at, show="new")
    clerk.post(f"{confirmed_at}/apply", {"mode": "delta"})
    worked()
    assert "采用 2 行" in page(clerk, confirmed_at)
    assert shown(a, world.shop) == "12.60"
    clerk.post(f"{confirmed_at}/take-back")
    worked()
    assert "已撤回 2 个改动" in page(clerk, confirmed_at)
    assert shown(a, world.shop) is None


def test_a_file_that_cannot_be_read_is_told_on_its_page(clerk: Client, world: Desk) -> None:
    address = bring(clerk, world, b"PK\x03\x04nothing", "a.xlsx")
    assert "无法读取这个工作簿" in page(clerk, address)


@pytest.mark.parametrize(("sent", "says"), [({}, "请先选择一个文件"), ({"file": b" "}, "文件是空的")])
def test_an_upload_without_a_file_is_told_where_it_was_tried(
    clerk: Client, world: Desk, sent: dict[str, bytes], says: str
) -> None:
    files = {name: SimpleUploadedFile("a.csv", data) for name, data in sent.items()}
    answer = clerk.post(f"/desk/{world.shop.code}/uploads", files)
    assert (answer.status_code, says in answer.content.decode()) == (422, True)


def test_a_file_above_the_limit_is_refused(clerk: Client, world: Desk, settings: Any) -> None:
    settings.SHEET_MAX_BYTES = 10
    answer = clerk.post(f"/desk/{world.shop.code}/uploads", {"file": SimpleUploadedFile("a.csv", b"x" * 11)})
    assert answer.status_code == 422
    assert not Upload.objects.exists()


def test_the_page_asks_again_while_a_worker_is_at_it_and_survives_a_reload(clerk: Client, world: Desk) -> None:
    answer = clerk.post(
        f"/desk/{world.shop.code}/uploads", {"file": SimpleUploadedFile("a.csv", csv(row(world.drugs[0], "1")))}
    )
    address = answer.headers["Location"]
    for _reload in range(2):
        first = page(clerk, address)
        assert 'hx-trigger="every 1s"' in first
        assert "http-equiv" in first
    fragment = clerk.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in fragment
    worked()
    assert "hx-trigger" not in clerk.get(address, headers={"HX-Request": "true"}).content.decode()


def test_unclear_columns_are_asked_again(clerk: Client, world: Desk) -> None:
    address = bring(clerk, world, csv(row(world.drugs[0], "1")))
    answer = clerk.post(f"{address}/columns", {"column-0": "name"}, follow=True)
    assert "哪一列是零售价" in answer.content.decode()
    assert Upload.objects.get().state == "columns"


def test_a_row_is_paired_by_choosing_searching_or_typing_a_code(clerk: Client, world: Desk) -> None:
    a, _b, c = world.drugs
    unknown = [row(a, "9", 医保编码="", 品名=name) for name in ("络活喜", "阿莫西林")]
    address = confirmed(clerk, world, csv(*unknown))
    assert c.code in page(clerk, address)  # a candidate by its name
    assert a.code in page(clerk, address, show="unmatched", line=2, q="氨氯地平")
    clerk.post(f"{address}/pair", {"pair-2": "", "code-2": a.code.lower(), "pair-3": c.code})
    assert worked().counts["new"] == 2
    assert "已记住 2 个配对" in page(clerk, address)


@pytest.mark.parametrize("fields", [{}, {"pair-2": ""}, {"pair-2": "", "code-2": "XX"}])
def test_a_pairing_that_names_no_product_is_told(clerk: Client, world: Desk, fields: dict[str, str]) -> None:
    address = confirmed(clerk, world, csv(row(world.drugs[0], "9", 医保编码="", 品名="络活喜")))
    answer = clerk.post(f"{address}/pair", fields, follow=True)
    assert "notice-alarm" in answer.content.decode()


def test_an_unusual_price_is_published_with_a_reason_only(clerk: Client, world: Desk) -> None:
    a, b, _c = world.drugs
    f.offer(a, world.shop, "10", run_id=f.run().pk)
    address = confirmed(clerk, world, csv(row(a, "100"), row(b, "20")))
    assert "有 1 个价格不寻常" in page(clerk, address)
    assert "像是应报价格的 10 倍" in page(clerk, address, show="doubtful")
    clerk.post(f"{address}/apply", {"reason": "进口新包装"})
    worked()
    assert shown(a, world.shop) == "100.00"


def test_what_a_worker_found_unusual_is_said_in_the_readers_language(clerk: Client, world: Desk) -> None:
    drugs = [f.drug(pack_count=7) for _ in range(20)]
    for drug in drugs:
        f.offer(drug, world.shop, "10", run_id=f.run().pk)
    address = confirmed(clerk, world, csv(*(row(drug, "16") for drug in drugs)))
    chinese, english = page(clerk, address, show="doubtful"), page(clerk, f"/en{address}", show="doubtful")
    assert "是您上次价格的 1.6 倍" in chinese
    assert "个价格变动超过" in chinese  # why the delivery would be held
    assert "1.6 times your last price" in english
    assert "倍" not in english
    assert "个价格变动超过" not in english


def test_a_held_run_is_released_on_the_page_by_who_may(clerk: Client, world: Desk) -> None:
    drugs = [f.drug(pack_count=7) for _ in range(20)]
    for drug in drugs:
        f.offer(drug, world.shop, "10", run_id=f.run().pk)
    address = confirmed(clerk, world, csv(*(row(drug, "16") for drug in drugs)))
    clerk.post(f"{address}/apply", {"reason": "统一调价"})
    worked()
    assert "请店长或总部管理员" in page(clerk, address)
    assert clerk.post(f"{address}/release", {"reason": "核实"}).status_code == 403
    manager = User.objects.create_user("manager")
    Membership.objects.create(user=manager, role="manager", pharmacy=world.shop, valid=f.since())
    sign_in(clerk, manager)
    clerk.post(f"{address}/release", {"reason": "核实"})
    worked()
    assert shown(drugs[0], world.shop) == "16.00"


def test_rows_that_were_not_taken_are_downloaded_with_reasons_and_without_formulas(clerk: Client, world: Desk) -> None:
    bad = row(world.drugs[0], "八块", 品名='=HYPERLINK("http://x")')
    address = confirmed(clerk, world, csv(bad, row(world.drugs[1], "20"), row(world.drugs[1], "9", 医保编码="?")))
    text = clerk.get(f"{address}/not-taken.csv").content.decode("utf-8-sig")
    assert text.splitlines()[0] == ",".join(["行号", *HEADER, "原因", "怎么改"])
    assert "'=HYPERLINK" in text
    assert "价格无法识别" in text
    assert len(text.splitlines()) == 3
    assert clerk.get(f"{address}/not-taken.xlsx").content.startswith(b"PK")
    assert clerk.get(f"{address}/not-taken.pdf").status_code == 404


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_the_shops_prices_go_out_and_come_back_without_a_question(clerk: Client, world: Desk, kind: str) -> None:
    a, b, _c = world.drugs
    f.offer(a, world.shop, "12.60")
    f.offer(b, world.shop, "20", stock=3)
    data = clerk.get(f"/desk/{world.shop.code}/uploads/prices.{kind}").content
    address = bring(clerk, world, data, f"a.{kind}")
    assert "共 2 种：2 未变" in page(clerk, address)
    assert "确认这 2 种没有变化" in page(clerk, address)


def test_no_text_that_leaves_is_a_formula() -> None:
    rows = [["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "甲", 1.5]]
    text = exports.as_csv(list("abcdefg"), rows).decode("utf-8-sig").splitlines()[1]
    assert text == "'=1+1,'+1,'-1,'@SUM(A1),'\tx,甲,1.5"
    book = exports.as_xlsx(list("abcdefg"), rows)
    assert reading.read(book).rows.row(0)[1:5] == ("=1+1", "+1", "-1", "@SUM(A1)")
    wide = exports.as_csv(list("abcd"), [["＝1+1", "＋1", "－1", "＠A1"]])
    assert wide.decode("utf-8-sig").splitlines()[1] == "'＝1+1,'＋1,'－1,'＠A1"
    assert reading.read(wide).rows.row(0)[1:] == ("＝1+1", "＋1", "－1", "＠A1")
    import zipfile

    with zipfile.ZipFile(io.BytesIO(book)) as parts:
        assert b"<f>" not in parts.read("xl/worksheets/sheet1.xml")


def test_a_quiet_week_takes_one_press(clerk: Client, world: Desk) -> None:
    f.offer(world.drugs[0], world.shop, "12.60", by=world.feed, confirmed=timezone.now() - timedelta(days=7))
    Offer.objects.update(run_id=f.run(world.feed, received_at=timezone.now() - timedelta(days=7)).pk)
    first = page(clerk, f"/desk/{world.shop.code}/uploads")
    assert "本周无变化，确认 1 种" in first
    clerk.post(f"/desk/{world.shop.code}/uploads/unchanged", {"nonce": "n"})
    for run in FeedRun.objects.in_flight():
        process(run.pk)
    assert Offer.objects.get().confirmed_at > timezone.now() - timedelta(minutes=1)


def test_an_upload_of_another_desk_is_not_found(clerk: Client, world: Desk) -> None:
    other = f.pharmacy("另一家")
    Membership.objects.create(user=world.clerk, role="editor", pharmacy=other, valid=f.since())
    address = bring(clerk, world, csv(row(world.drugs[0], "1")))
    pk = address.rsplit("/", 1)[1]
    assert clerk.get(f"/desk/{other.code}/uploads/{pk}").status_code == 404
    assert clerk.post(f"/desk/{other.code}/uploads/{pk}/discard").status_code == 404


def test_a_viewer_uploads_nothing(client: Client, world: Desk) -> None:
    viewer = User.objects.create_user("viewer")
    Membership.objects.create(user=viewer, role="viewer", pharmacy=world.shop, valid=f.since())
    sign_in(client, viewer)
    assert client.get(f"/desk/{world.shop.code}/uploads").status_code == 403
    assert client.post(f"/desk/{world.shop.code}/uploads/unchanged").status_code == 403


def test_head_office_changes_many_shops_with_one_sheet(client: Client, world: Desk) -> None:
    chain = f.chain()
    shops = [f.pharmacy(f"{n}号店", chain=chain) for n in range(2)]
    PharmacyAlias.objects.create(chain=chain, store_no="S1", pharmacy=shops[0])
    Membership.objects.create(user=world.clerk, role="head_office", chain=chain, valid=f.since())
    sign_in(client, world.clerk)
    sheet = csv(
        ("S1", world.drugs[0].code, "12.60"),
        (shops[1].code, world.drugs[0].code, "12.80"),
        (world.shop.code, world.drugs[0].code, "1.00"),
        header=("门店编号", "医保编码", "零售价"),
    )
    answer = client.post(f"/chain/{chain.pk}/uploads", {"file": SimpleUploadedFile("a.csv", sheet)})
    worked()
    address = answer.headers["Location"]
    client.post(f"{address}/columns", {"column-0": "pharmacy_code", "column-1": "drug_code", "column-2": "price"})
    worked()
    assert "共 3 种：2 新增，1 退回" in page(client, address)
    assert "此报送无权为这家药店报价" in page(client, address, show="refused")
    client.post(f"{address}/apply")
    worked()
    assert [shown(world.drugs[0], shop) for shop in (*shops, world.shop)] == ["12.60", "12.80", None]


def test_no_cell_and_no_column_that_comes_back_is_a_formula(clerk: Client, world: Desk) -> None:
    upload = previewed(world, csv(row(world.drugs[0], "12.60")))
    run = applied(upload)
    FeedRun.objects.filter(pk=run.pk).update(columns=["=cmd", "价"])
    Rejection.objects.create(run=run, line=2, raw={"=cmd": "=HYPERLINK(1)", "价": "-1"}, reasons=["drug_unknown"])
    told = clerk.get(f"/desk/{world.shop.code}/uploads/{upload.pk}/rejections.csv").content.decode("utf-8-sig")
    assert told.splitlines()[0].startswith("'=cmd,")
    assert told.splitlines()[1].startswith("'=HYPERLINK(1),'-1,")
    assert exports.as_csv(["=a"], [["=b"]]).decode("utf-8-sig").split() == ["'=a", "'=b"]
