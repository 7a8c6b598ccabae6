from pathlib import Path

import pytest

from pharmacies.files import FileProblem, decode, read_bytes, read_table

CHINESE = "名称,价格\n阿莫西林胶囊,12.60\n"


@pytest.mark.parametrize(
    "data",
    [CHINESE.encode(), b"\xef\xbb\xbf" + CHINESE.encode(), CHINESE.encode("gb18030")],
    ids=["utf-8", "utf-8 with mark", "gb18030"],
)
def test_utf8_and_gb18030_read_the_same(data: bytes) -> None:
    assert decode(data) == CHINESE


def test_four_byte_gb18030_characters_are_read() -> None:
    assert decode("名称\n𠮷田药业㑇\n".encode("gb18030")) == "名称\n𠮷田药业㑇\n"


REFUSED = {
    "empty": (b"", "空的"),
    "blank": (b"\xef\xbb\xbf \r\n\n", "空的"),
    "xlsx": (b"PK\x03\x04\x14\x00....[Content_Types].xml", "XLSX"),
    "zip": (b"PK\x03\x04\x14\x00....prices.csv", "ZIP"),
    "xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "XLS"),
    "pdf": (b"%PDF-1.7\n", "PDF"),
    "gzip": (b"\x1f\x8b\x08\x00", "GZIP"),
    "utf-16 little": (b"\xff\xfe" + CHINESE.encode("utf-16-le"), "UTF-16"),
    "utf-16 big": (b"\xfe\xff" + CHINESE.encode("utf-16-be"), "UTF-16"),
    "utf-16 without mark": ("code,price\n1,2\n".encode("utf-16-le"), "空字节"),
    "NUL in line 3": (b"a,b\n1,2\n3,\x00\n", "第 3 行"),
    "neither": (b"a,b\n1,\xff\xff\n", "第 2 行既不是"),
    "marked but broken": (b"\xef\xbb\xbfa,b\n1,\xc4\xe3\n", "标明是 UTF-8，但第 2 行"),
    "utf-8 then gb18030": (CHINESE.encode() + "头孢,1\n".encode("gb18030"), "第 1 行是 UTF-8，第 3 行不是"),
    "gb18030 then utf-8": (CHINESE.encode("gb18030") + "头孢,1\n".encode(), "第 3 行是 UTF-8，第 1 行不是"),
    "cut inside a character": (CHINESE.encode() + "头孢".encode()[:-1], "第 3 行中途断了"),
}


@pytest.mark.parametrize(("data", "says"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_plain_text_is_refused_in_one_sentence(data: bytes, says: str) -> None:
    with pytest.raises(FileProblem, match=says) as refused:
        decode(data)
    assert "\n" not in str(refused.value)


def test_a_missing_file_a_folder_and_an_oversized_file_are_named(tmp_path: Path) -> None:
    large = tmp_path / "large.csv"
    large.write_bytes(b"x" * 11)
    for path, says in ((tmp_path / "none.csv", "找不到"), (tmp_path, "文件夹"), (large, "超过上限 10")):
        with pytest.raises(FileProblem, match=says):
            read_bytes(path, limit=10)


# -- tables -----------------------------------------------------------------------------------------------------------


def test_columns_come_in_any_order_and_unknown_ones_are_noted() -> None:
    table = read_table(" Price ,备注,ＣＯＤＥ\n1.20,x, A1 \n".encode(), required=["code", "price"], optional=["stock"])
    assert table.columns == ("code", "price")
    assert [(row.line, dict(row.values)) for row in table.rows] == [(2, {"code": "A1", "price": "1.20"})]
    assert table.rows[0].raw == {" Price ": "1.20", "备注": "x", "ＣＯＤＥ": " A1 "}
    assert table.notes == ("忽略了不认识的列：备注",)


def test_a_row_is_numbered_by_the_line_it_begins_on() -> None:
    table = read_table(b'code,price\n"A\nB",1\n\n,\nC,2\n', required=["code", "price"])
    assert [(row.line, row.values["code"]) for row in table.rows] == [(2, "A\nB"), (6, "C")]


def test_rows_of_another_width_are_row_problems_but_trailing_empty_cells_are_not() -> None:
    table = read_table(b"code,price\nA\nB,1,9\nC,2,,\n", required=["code", "price"])
    assert [(problem.line, problem.reason) for problem in table.problems] == [(2, "row_shape"), (3, "row_shape")]
    assert [row.values["code"] for row in table.rows] == ["C"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("code\nA\n", "缺少列：price；文件里有：code"),
        ("code,price,Code\nA,1,B\n", "重复的列：code"),
        ("code;price\nA;1\n", "逗号分隔"),
        ("code,price\n", "没有数据行"),
        ('code,price\nA,1\n"B,2\n', "第 3 行开始的记录读不通"),
        ('code,price\n"A"x,1\n', "第 2 行开始的记录读不通"),
        ("code,price\n" + "A" * 200_000 + ",1\n", "第 2 行开始的记录读不通"),
    ],
)
def test_a_table_that_cannot_be_read_is_refused_whole(text: str, says: str) -> None:
    with pytest.raises(FileProblem, match=says):
        read_table(text.encode(), required=["code", "price"])
