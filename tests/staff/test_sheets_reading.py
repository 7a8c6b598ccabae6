"""Spreadsheets as tills and people make them become tables; what is no table is told in one sentence."""

import io
import zipfile

import pytest
import xlsxwriter

from pharmacies.files import FileProblem
from prices.desk.sheets import columns, reading
from tests.staff.sheets_world import HEADER, csv, xlsx

ROW = ("阿莫西林胶囊", "0.25g×24粒", "乙药业", "国药准字H42021234", "6901234567892", "", "12.60", "11", "3")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_csv_is_read_in_the_encodings_that_excel_writes(encoding: str) -> None:
    table = reading.read(csv(ROW, encoding=encoding))
    assert table.columns == list(HEADER)
    assert table.rows.row(0) == (2, *ROW)


def test_a_title_above_and_a_sum_below_are_no_rows() -> None:
    sums = ["合计", "", "", "", "", "", 1260, "", 3]
    table = reading.read(xlsx(["某某大药房价格表"], [], HEADER, ROW, ROW, sums, ["制表人：张三"]))
    assert table.header_line == 3
    assert table.rows["#line"].to_list() == [4, 5]
    assert table.skipped == [1, 6, 7]


def test_numbers_of_a_workbook_read_as_they_would_be_typed() -> None:
    row = ["甲", "", "", "", 6901234567892, "", 0.1 + 0.2, 12, 3.0]
    assert reading.read(xlsx(HEADER, row)).rows.row(0)[5:] == ("6901234567892", "", "0.3", "12", "3")


def test_a_code_too_long_for_a_number_stays_visibly_mangled() -> None:
    row = ["甲", "", "", "", 81234567890123456789, "", 1, "", ""]
    assert reading.read(xlsx(HEADER, row)).rows["条码"][0] == "8.12345678901235E+19"


def test_text_that_was_escaped_as_text_comes_back_without_its_escape() -> None:
    table = reading.read(csv(('="0690"', "'=1+1", "'甲", "", "", "", "1", "", "")))
    assert table.rows.row(0)[1:4] == ("0690", "=1+1", "'甲")


def test_a_file_may_be_separated_by_tabs() -> None:
    table = reading.read(csv(ROW).replace(b",", b"\t"))
    assert table.rows.row(0) == (2, *ROW)


def test_columns_without_a_name_or_with_the_same_name_are_told_apart_by_their_letters() -> None:
    table = reading.read(csv(("甲", "1", "2", "3", "4"), header=("品名", "零售价", "", "零售价", "库存")))
    assert table.columns == ["品名", "零售价", "（C 列）", "零售价（D 列）", "库存"]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "空"),
        (csv(), "没有数据行"),
        (b"<html><table><tr><td>1</td></tr></table></html>", "网页"),
        (b"PK\x03\x04 and then nothing of a workbook", "无法读取这个工作簿"),
        (b"\xd0\xcf\x11\xe0 and then nothing of a workbook", "无法读取这个工作簿"),
        (b"%PDF-1.7", "PDF"),
        ("只有一格\n又一格\n".encode(), "找不到表头"),
    ],
)
def test_what_is_no_table_is_refused_with_a_sentence(data: bytes, says: str) -> None:
    with pytest.raises(FileProblem, match=says):
        reading.read(data)


def test_a_small_workbook_that_asks_for_all_memory_is_refused() -> None:
    honest = xlsx(("品名", "零售价", "库存"), ("甲", 1, 1))
    bomb = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(honest)) as book, zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as out:
        for name in book.namelist():
            content = book.read(name)
            if name == "xl/worksheets/sheet1.xml":
                content = content.replace(b'r="C2"', b'r="XFD1048576"').replace(b'<row r="2"', b'<row r="1048576"')
            out.writestr(name, content)
    with pytest.raises(FileProblem, match="工作簿"):
        reading.read(bomb.getvalue())


def test_the_headers_of_a_till_are_understood() -> None:
    assert columns.propose(HEADER) == {
        "品名": "name",
        "规格": "spec",
        "生产厂家": "maker",
        "批准文号": "approval_no",
        "条码": "barcode",
        "医保编码": "drug_code",
        "零售价": "price",
        "会员价": "member",
        "库存数量": "stock",
    }


def test_of_two_columns_for_one_the_more_usual_header_is_proposed() -> None:
    assert columns.propose(["单价", "零售价（元）", "商品名称", "品名"]) == {"零售价（元）": "price", "品名": "name"}


@pytest.mark.parametrize(
    ("mapping", "chain", "says"),
    [
        ({"甲": "name"}, False, "哪一列是零售价"),
        ({"甲": "price"}, False, "哪种药"),
        ({"甲": "price", "乙": "price", "丙": "name"}, False, "只能选一列"),
        ({"甲": "price", "丙": "name"}, True, "哪家门店"),
        ({"没有这一列": "price", "丙": "name"}, False, "哪一列是零售价"),
    ],
)
def test_columns_that_cannot_be_used_are_refused(mapping: dict[str, str], chain: bool, says: str) -> None:
    with pytest.raises(columns.ColumnsUnclear, match=says):
        columns.check(mapping, ["甲", "乙", "丙"], chain=chain)


def test_one_cell_far_off_does_not_unfold_the_empty_ones_before_it() -> None:
    book = io.BytesIO()
    with xlsxwriter.Workbook(book) as made:
        sheet = made.add_worksheet()
        sheet.write_row(0, 0, HEADER)
        sheet.write(3000, 16383, "x")
    with pytest.raises(FileProblem, match="太大"):
        reading.read(book.getvalue())


def test_empty_cells_and_rows_between_keep_the_numbers_of_the_rows() -> None:
    assert reading.read(xlsx(HEADER, ["", ""], [], ROW, ["", "", ""], ROW)).rows["#line"].to_list() == [4, 6]
