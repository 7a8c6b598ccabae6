"""A table says the same on the page, in its files and in the frozen month."""

import csv
import io
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import IO, Any

import pytest
import python_calamine as calamine
from django.utils import translation

from pharmacies.models import Pharmacy
from prices.monitoring import tables
from prices.monitoring.tables import Column, Rows, Table, csv_file, restored, stored, xlsx_file
from prices.templatetags.tables import said
from tests import factories as f
from tests.factories import AT

COLUMNS = (
    Column("name", "药店", foreign=True),
    Column("price", "零售价", "yuan"),
    Column("n", "家数", "number"),
    Column("share", "占比", "percent"),
    Column("on", "日期", "date"),
    Column("at", "时间", "datetime"),
)
ROW = {"name": "甲店", "price": Decimal("12.60"), "n": 1234, "share": 0.1234, "on": date(2026, 11, 21), "at": AT}
EMPTY: dict[str, Any] = dict.fromkeys(ROW)


def table(*rows: dict[str, Any]) -> Table:
    return Table("t", "标题", COLUMNS, rows, "口径一句。", AT)


def written(write: Callable[[Table, IO[bytes]], int], of: Table) -> bytes:
    """The file; it says how many rows it has."""
    to = io.BytesIO()
    assert write(of, to) == len(of.rows)
    return to.getvalue()


def read_csv(of: Table) -> list[list[str]]:
    return list(csv.reader(io.StringIO(written(csv_file, of).decode("utf-8-sig"), newline="")))


def read_xlsx(of: Table, sheet: int = 0) -> list[list[Any]]:
    return calamine.load_workbook(io.BytesIO(written(xlsx_file, of))).get_sheet_by_index(sheet).to_python()


def test_cells_in_words() -> None:
    assert [said(ROW[column.key], column) for column in COLUMNS] == [
        "甲店", "12.60", "1,234", "12.3%", "2026-11-21", "2026-11-21 10:00",
    ]  # fmt: skip
    assert {said(None, column) for column in COLUMNS} == {"—"}


def test_a_csv_file_has_units_in_its_header_and_the_moment_in_its_last_column() -> None:
    assert read_csv(table(ROW, EMPTY)) == [
        ["药店", "零售价（元）", "家数", "占比（%）", "日期", "时间", "截至"],
        ["甲店", "12.60", "1234", "12.3", "2026-11-21", "2026-11-21 10:00", "2026-11-21 10:00"],
        ["", "", "", "", "", "", "2026-11-21 10:00"],
    ]


def test_a_workbook_has_numbers_as_numbers_and_a_sheet_that_says_what_they_mean() -> None:
    header, row, *_rest = read_xlsx(table(ROW))
    assert header == ["药店", "零售价（元）", "家数", "占比", "日期", "时间"]
    assert row[:4] == ["甲店", 12.6, 1234, 0.1234]
    assert row[4] == date(2026, 11, 21)
    assert str(row[5]) == "2026-11-21 10:00:00"
    assert read_xlsx(table(ROW), 1) == [["名称", "标题"], ["截至", "2026-11-21 10:00"], ["口径", "口径一句。"]]


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+86", "-2", "@SUM(A1)", "\t=1", "\n=1", "＝1+1", "＋1", "－2", "＠A1", '=HYPERLINK("http://x","y")'],
)
def test_nothing_a_spreadsheet_would_run_leaves_as_a_formula(text: str) -> None:
    evil = table({**ROW, "name": text})
    assert read_csv(evil)[1][0] == f"'{text}"
    assert read_xlsx(evil)[1][0] == f"'{text}"
    assert b"<f>" not in _sheet(written(xlsx_file, evil))


def _sheet(content: bytes) -> bytes:
    from zipfile import ZipFile

    return ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml")


def test_what_is_too_long_for_a_sheet_goes_on_in_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "SHEET_ROWS", 2)
    content = written(xlsx_file, table(*({**ROW, "n": n} for n in range(5))))
    book = calamine.load_workbook(io.BytesIO(content))
    assert book.sheet_names == ["数据", "数据 2", "数据 3", "口径"]
    sheets = [book.get_sheet_by_index(number).to_python() for number in range(3)]
    assert [[row[2] for row in sheet[1:]] for sheet in sheets] == [[0, 1], [2, 3], [4]]
    assert {sheet[0][0] for sheet in sheets} == {"药店"}


def test_a_negative_amount_stays_a_number() -> None:
    assert read_csv(table({**ROW, "price": Decimal("-3.20"), "share": -0.05}))[1][1:4] == ["-3.20", "1234", "-5.0"]


def test_a_stored_table_comes_back_as_it_was() -> None:
    before = table(ROW, EMPTY)
    with translation.override("zh-hans"):
        after = restored(stored(before))
    assert [dict(row) for row in after.rows] == [ROW, EMPTY]
    assert (after.title, after.caveat, after.on, after.columns) == ("标题", "口径一句。", AT, list(COLUMNS))
    assert written(csv_file, after) == written(csv_file, before)


def test_rows_are_made_when_they_are_asked_for() -> None:
    made = []

    def make(n: int) -> dict[str, Any]:
        made.append(n)
        return {"name": str(n)}

    rows = Rows(range(30_000), make)
    assert len(rows) == 30_000
    assert [row["name"] for row in rows[100:102]] == ["100", "101"]
    assert rows[-1]["name"] == "29999"
    assert made == [100, 101, 29_999]


def test_rows_of_a_queryset_are_counted_and_read_as_far_as_they_are_shown(
    db: None, django_assert_num_queries: Any
) -> None:
    for name in "甲乙丙":
        f.pharmacy(name)
    rows: Rows[Pharmacy] = Rows(Pharmacy.objects.order_by("pk"), lambda shop: {"name": shop.name})
    with django_assert_num_queries(3) as asked:
        assert (len(rows), rows[1:3], rows[0]) == (3, [{"name": "乙"}, {"name": "丙"}], {"name": "甲"})
    assert ["LIMIT" in each["sql"] for each in asked.captured_queries] == [False, True, True]
    with django_assert_num_queries(1):
        assert [row["name"] for row in rows] == ["甲", "乙", "丙"]
