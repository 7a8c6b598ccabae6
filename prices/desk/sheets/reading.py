"""A spreadsheet as people send it becomes a table: the title above and the 合计 below are told from the rows.

Nothing is known yet of what the columns mean (`columns`) or what the rows name (`products`).
"""

import csv
import io
import re
import subprocess
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl
from django.utils.translation import gettext as _

from pharmacies.files import FileProblem, decode
from prices import apart
from prices.desk.sheets import columns, workbook

SECONDS = 120
SEARCHED = 30
"""Rows above which the header must stand."""
MAX_COLUMNS = 100
WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # XLSX, and the older XLS that many tills still write
LINE = "#line"
WEB_PAGE = re.compile(rb"\s*(?:<!doctype html|<html|<head|<table|<meta)", re.IGNORECASE)
SEPARATORS = (",", "\t", ";")
FOOTER = re.compile("合计|总计|共计|小计|本页|制表|打印|导出时间|审核|备注|页码|total", re.IGNORECASE)
ESCAPED = re.compile(
    r"""=\s*"([^"]*)"|'(?=[=+\-@\t\r\n＝＋－＠'])"""
)  # ="00123" and '=1+1: text that spreadsheets were told is text


@dataclass(frozen=True)
class Table:
    """`rows` has LINE (UInt32, the row as the spreadsheet numbers it) and the columns as sent, strings, trimmed, never
    null. `skipped` are the lines that are no rows: titles above, sums below."""

    rows: pl.DataFrame
    header_line: int
    skipped: list[int]

    @property
    def columns(self) -> list[str]:
        return [name for name in self.rows.columns if name != LINE]


def read(data: bytes) -> Table:
    """The table of a CSV (UTF-8, GB18030), XLSX or XLS file. Raises `FileProblem`."""
    records = [[_cell(cell) for cell in record] for record in _records(_text(data))]
    header = _header(records)
    names = _names(records[header])
    width = len(names)
    body = [(line, _fitted(cells, width)) for line, cells in enumerate(records, 1) if line > header + 1 and any(cells)]
    known = columns.propose(names)
    skipped = [line for line, cells in enumerate(records[:header], 1) if any(cells)]
    footers = {line for line, cells in body if _is_footer(cells, names, known)}
    kept = [(line, cells) for line, cells in body if line not in footers]
    if not kept:
        raise FileProblem(_("文件里只有表头，没有数据行：请检查导出条件后重新上传"))
    frame = pl.DataFrame(
        {LINE: [line for line, _cells in kept]}
        | {name: [cells[index] for _line, cells in kept] for index, name in enumerate(names)},
        schema={LINE: pl.UInt32, **dict.fromkeys(names, pl.String)},
    )
    return Table(frame, header + 1, sorted([*skipped, *footers]))


def _text(data: bytes) -> str:
    if data.startswith(WORKBOOKS):
        return _unfolded(data)
    if WEB_PAGE.match(data):
        raise FileProblem(_("这个文件其实是网页（收银软件常把网页存成 .xls）：请用 Excel 打开，另存为 XLSX 后再上传"))
    return decode(data)


def _unfolded(data: bytes) -> str:
    """The CSV that a limited process makes of a workbook."""
    try:
        done = apart.run(workbook, data, seconds=SECONDS)
    except subprocess.TimeoutExpired as error:
        raise FileProblem(_("读取工作簿用了太久：请只保留药品和价格的列，另存为 XLSX 后再上传")) from error
    if done.returncode == workbook.TOO_LARGE:
        raise FileProblem(_("工作表太大：请只保留药品和价格的列，或分成几个文件上传"))
    if done.returncode == workbook.LOCKED:
        raise FileProblem(_("工作簿有密码：请去掉密码后再上传"))
    if done.returncode:
        raise FileProblem(_("无法读取这个工作簿：请用 Excel 或 WPS 打开，另存为 XLSX 后再上传"))
    return done.stdout.decode()


def _records(text: str) -> Iterator[list[str]]:
    """Every record, blank ones too: the number of a row is what the spreadsheet shows."""
    sample = text[:20_000]
    separator = max(SEPARATORS, key=sample.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        yield from reader
    except csv.Error as error:
        raise FileProblem(
            _("第 %(line)d 行无法读取（%(error)s）：请另存为 XLSX 再上传") % {"line": reader.line_num, "error": error}
        ) from error


def _cell(cell: str) -> str:
    cell = cell.strip()
    if cell[:1] in ("=", "'") and (match := ESCAPED.match(cell)):
        return (match[1] if match[1] is not None else cell[1:]).strip()
    return cell


def _header(records: list[list[str]]) -> int:
    """The index of the row with the most column names that we know; else of the first row with three cells."""
    if not any(any(record) for record in records):
        raise FileProblem(_("文件是空的：请检查导出后重新上传"))
    scores = [len(columns.propose(_unique(record))) for record in records[:SEARCHED]]
    if max(scores) >= 2:
        return scores.index(max(scores))
    for index, record in enumerate(records[:SEARCHED]):
        if sum(bool(cell) for cell in record) >= 3:
            return index
    raise FileProblem(_("找不到表头：请确认前 30 行里有写着“品名、规格、零售价”之类的一行"))


def _unique(record: list[str]) -> list[str]:
    return list(dict.fromkeys(cell for cell in record if cell))


def _names(header: list[str]) -> list[str]:
    """A name for each column up to the last one that has one; a nameless or repeated column gets its letter."""
    while header and not header[-1]:
        header = header[:-1]
    if len(header) > MAX_COLUMNS:
        raise FileProblem(
            _("有 %(columns)d 列，最多 %(limit)d 列：请只保留需要的列") % {"columns": len(header), "limit": MAX_COLUMNS}
        )
    names: list[str] = []
    for index, cell in enumerate(header):
        name = " ".join(unicodedata.normalize("NFKC", cell).split())[:80]
        taken = not name or name in names or name == LINE
        names.append(_("%(name)s（%(column)s 列）") % {"name": name, "column": _letter(index)} if taken else name)
    return names


def _letter(index: int) -> str:
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _fitted(cells: list[str], width: int) -> list[str]:
    return (cells + [""] * width)[:width]


def _is_footer(cells: list[str], names: list[str], known: dict[str, str]) -> bool:
    """A line of sums or remarks: says so, and names no product by a code."""
    if not any(FOOTER.match(cell) for cell in cells[:4]):
        return sum(bool(cell) for cell in cells) == 0
    ours = {known[name]: cells[index] for index, name in enumerate(names) if name in known}
    return not any(ours.get(code) for code in ("drug_code", "barcode", "approval_no"))
