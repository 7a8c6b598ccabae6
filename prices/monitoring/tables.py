"""A table of the console: what its columns are, what its numbers mean, and of which day they are.

One value serves the page, the file that leaves it, the month that is frozen and the report: they cannot differ.
"""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from itertools import islice
from tempfile import TemporaryDirectory
from typing import IO, Any, Generic, Literal, TypeVar, overload

import xlsxwriter
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext

from prices.desk.sheets.exports import safe

Kind = Literal["text", "yuan", "number", "percent", "date", "datetime"]
Row = Mapping[str, Any]
Words = str | Promise
FORMATS = {"yuan": "#,##0.00", "percent": "0.0%", "date": "yyyy-mm-dd", "datetime": "yyyy-mm-dd hh:mm"}
NUMERIC = frozenset({"yuan", "number", "percent"})
WIDTHS = {"text": 24, "datetime": 18}
SHEET_ROWS = 1_048_575
"""Rows below the header that a sheet of Excel holds."""


@dataclass(frozen=True, slots=True)
class Column:
    """What a row holds under `key`: text (or words); yuan as a Decimal of yuan; a number; a percent as a share (0.123
    is 12.3 %); a date; an aware datetime. None: not known, shown as a dash and left empty in files.

    `foreign`: names from the data, Chinese on any page. A row may hold an address under `KEY_link`, where the cell leads.
    """

    key: str
    label: Words
    kind: Kind = "text"
    foreign: bool = False

    @property
    def numeric(self) -> bool:
        return self.kind in NUMERIC

    @property
    def heading(self) -> str:
        """The label, with the unit where it is money."""
        return gettext("%(label)s（元）") % {"label": self.label} if self.kind == "yuan" else str(self.label)


T = TypeVar("T")


class Rows(Sequence[Row], Generic[T]):
    """Rows made of `items` one by one when they are asked for: of thirty thousand a page shows a hundred.

    A queryset will do for `items`: it is counted, and read as far as it is shown.
    """

    def __init__(self, items: "Sequence[T] | QuerySet[Any]", make: Callable[[T], Row]) -> None:
        self._items, self._make = items, make

    def __len__(self) -> int:
        return self._items.count() if isinstance(self._items, QuerySet) else len(self._items)

    def __iter__(self) -> Iterator[Row]:
        return map(self._make, self._items)

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> list[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | list[Row]:
        if isinstance(index, slice):
            return [self._make(item) for item in self._items[index]]
        return self._make(self._items[index])


AT_ONCE = 1000
"""Rows that are in memory at a time where all are asked for."""


def in_parts(found: "QuerySet[Any, Any]") -> Iterator[list[Any]]:
    """What the queryset gives, in its order, AT_ONCE at a time: sorted once by a cursor of the database, however long the
    table. Page after page of a long table, each sorted anew, takes minutes."""
    rows = found.iterator(chunk_size=AT_ONCE)
    while part := list(islice(rows, AT_ONCE)):
        yield part


@dataclass(frozen=True, slots=True)
class Table:
    """`name` is that of its files (`late`), `caveat` the 口径 in one or two sentences, `on` the day or time of the data.

    `rows` are in the order to show; a lazy sequence that has a length and slices will do, so that a page of a long
    table costs a page. `empty` says why there is nothing and what to do.
    """

    name: str
    title: Words
    columns: Sequence[Column]
    rows: Sequence[Row]
    caveat: Words
    on: date | datetime
    empty: Words = ""

    @property
    def day(self) -> date:
        return timezone.localdate(self.on) if isinstance(self.on, datetime) else self.on

    @property
    def as_of(self) -> str:
        """`2026-11-21`, or with the minute where the data are of one."""
        return str(_plain(self.on))


def csv_file(table: Table, to: IO[bytes]) -> int:
    """UTF-8 with a mark; what a spreadsheet would run leaves as text; percents as numbers under `…（%）`; a last column
    says of when the row is, so that rows of several files stay apart. How many rows were written."""
    text = io.TextIOWrapper(to, "utf-8-sig", newline="")
    write = csv.writer(text).writerow
    write([*(safe(_heading(column)) for column in table.columns), gettext("截至")])
    stamp, columns, count = table.as_of, [(column.key, column) for column in table.columns], 0
    for row in table.rows:
        write([*(safe(_cell(row.get(key), column)) for key, column in columns), stamp])
        count += 1
    text.detach()
    return count


def xlsx_file(table: Table, to: IO[bytes]) -> int:
    """Numbers as numbers, text as text whatever it begins with; a last sheet holds title, 口径 and date. What is too long
    for one sheet goes on in the next. How many rows were written."""
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "remove_timezone": True,
    }
    with TemporaryDirectory(prefix="yaobi-xlsx-") as folder:
        book = xlsxwriter.Workbook(to, options | {"tmpdir": folder})
        try:
            count = _fill(book, table)
            book.close()
        finally:
            for sheet in book.worksheets():  # those of a book that broke off are still open
                sheet.row_data_fh.close()
    return count


def _fill(book: Any, table: Table) -> int:
    bold = book.add_format({"bold": True})
    formats = {kind: book.add_format({"num_format": text}) for kind, text in FORMATS.items()}
    sheet = _sheet(book, gettext("数据"), table.columns, bold)
    columns = [(index, column.key, formats.get(column.kind)) for index, column in enumerate(table.columns)]
    count = 0
    for place, row in enumerate(table.rows):
        count, number = place + 1, place % SHEET_ROWS + 1
        if place and number == 1:
            sheet = _sheet(book, f"{gettext('数据')} {place // SHEET_ROWS + 1}", table.columns, bold)
        for index, key, style in columns:
            _write(sheet, number, index, row.get(key), style)
    about = book.add_worksheet(gettext("口径"))
    about.set_column(0, 0, 12)
    about.set_column(1, 1, 80)
    words = ((gettext("名称"), table.title), (gettext("截至"), table.as_of), (gettext("口径"), table.caveat))
    for line, (label, said) in enumerate(words):
        about.write_string(line, 0, label, bold)
        about.write_string(line, 1, str(safe(str(said))))
    return count


def _sheet(book: Any, name: str, columns: Sequence[Column], bold: Any) -> Any:
    """A sheet with its header, which stays in sight."""
    sheet = book.add_worksheet(name)
    for index, column in enumerate(columns):
        sheet.set_column(index, index, WIDTHS.get(column.kind, 12))
        sheet.write_string(0, index, column.heading, bold)
    sheet.freeze_panes(1, 1)
    return sheet


def _write(sheet: Any, row: int, index: int, value: Any, style: Any) -> None:
    if value is None:
        return
    if isinstance(value, datetime):
        sheet.write_datetime(row, index, timezone.localtime(value).replace(tzinfo=None), style)
    elif isinstance(value, date):
        sheet.write_datetime(row, index, value, style)
    elif isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        sheet.write_number(row, index, value, style)
    else:
        sheet.write_string(row, index, str(safe(str(value))))


def _heading(column: Column) -> str:
    return gettext("%(label)s（%%）") % {"label": column.label} if column.kind == "percent" else column.heading


def _cell(value: Any, column: Column) -> object:
    """A cell of a CSV file; None is empty."""
    if value is None:
        return ""
    if column.kind == "percent":
        return _rounded(100 * Decimal(str(value)), 1)
    if column.kind == "yuan":
        return _rounded(Decimal(value), 2)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else str(_plain(value))


def _rounded(value: Decimal, places: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def _plain(value: Any) -> Any:
    """Dates and times as text of Shanghai, to the minute; anything else as it is."""
    if isinstance(value, datetime):
        return timezone.localtime(value).strftime("%Y-%m-%d %H:%M")
    return value.isoformat() if isinstance(value, date) else value


def stored(table: Table) -> dict[str, Any]:
    """The table as JSON holds it, for ever: words in the language of now, money and shares as exact text."""
    return {
        "name": table.name,
        "title": str(table.title),
        "caveat": str(table.caveat),
        "on": table.on.isoformat(),
        "columns": [[each.key, str(each.label), each.kind, each.foreign] for each in table.columns],
        "rows": [[_kept(row.get(each.key)) for each in table.columns] for row in table.rows],
    }


def _kept(value: Any) -> Any:
    if value is None or isinstance(value, int | float):
        return value
    return value.isoformat() if isinstance(value, date | datetime) else str(value)


def restored(kept: Mapping[str, Any]) -> Table:
    """The table that `stored` wrote."""
    columns = [Column(key, label, kind, foreign) for key, label, kind, foreign in kept["columns"]]
    rows = [
        {each.key: _read(cell, each.kind) for each, cell in zip(columns, cells, strict=True)} for cells in kept["rows"]
    ]
    return Table(kept["name"], kept["title"], columns, rows, kept["caveat"], _moment(kept["on"]))


def _read(cell: Any, kind: Kind) -> Any:
    if kind == "text" or not isinstance(cell, str):
        return cell
    return Decimal(cell) if kind in NUMERIC else _moment(cell)


def _moment(text: str) -> date | datetime:
    return datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)
