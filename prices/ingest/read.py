"""Step 2, read: bytes as received become a table of strings with line numbers. No meaning is given to a cell here.

The common case (no quotes, every line of one length) is read vectorised; anything else goes through the standard csv
module, which knows where each record began. Row problems are values, file problems are exceptions.
"""

import csv
import io
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl
from django.utils.translation import gettext as _

from pharmacies.files import FileProblem, decode

COLUMNS = ("pharmacy_code", "drug_code", "price", "stock", "effective_at", "kind", "quantity")
REQUIRED = frozenset({"drug_code", "price"})
SEPARATORS = (",", "\t", ";")
MAX_COLUMNS = 200  # a table is as large as its rows times its columns: a small file could ask for all memory
NO_TEXT = re.compile("[\0\ud800-\udfff]")  # neither PostgreSQL nor UTF-8 can store these
MAX_HEADER = 20_000  # letters of the line with the names: a hundred for each column
LINE, PROBLEM = "#line", "#problem"  # beside the sender's columns, whose names are their own affair


@dataclass(frozen=True)
class Sheet:
    """What a file says: `rows` has LINE (UInt32, 1-based line in the file), the columns as sent, all strings (empty,
    never null), and PROBLEM ("" or a reason code). `names` maps ours to theirs; `cut` says the last record is
    incomplete."""

    rows: pl.DataFrame
    names: Mapping[str, str]
    notes: list[str] = field(default_factory=list)
    cut: bool = False

    @property
    def columns(self) -> list[str]:
        """The sender's own columns, in their order."""
        return [name for name in self.rows.columns if name not in {LINE, PROBLEM}]

    def column(self, ours: str) -> pl.Expr:
        """Our column `ours`, trimmed, as an expression over `rows`; empty where they did not send it."""
        theirs = self.names.get(ours)
        return (pl.lit("") if theirs is None else pl.col(theirs).str.strip_chars()).alias(ours)


def read(data: bytes, *, format: str, mapping: Mapping[str, str], one_shop: bool) -> Sheet:
    """Read a delivery. `format` is csv or jsonl, `mapping` their column name -> ours, `one_shop` makes the pharmacy
    column optional. Raises `FileProblem` for a file that cannot be read as a whole."""
    text = decode(data)
    rows, cut = _json_lines(text) if format == "jsonl" else _csv(text)
    theirs = [name for name in rows.columns if name not in {LINE, PROBLEM}]
    names = ours_by_theirs(theirs, mapping)
    missing = sorted((REQUIRED if one_shop else REQUIRED | {"pharmacy_code"}) - names.keys())
    if missing:
        raise FileProblem(
            _("缺少列 %(missing)s：表头应写 pharmacy_code,drug_code,price，或先为此报送设置列对照")
            % {"missing": "、".join(missing)}
        )
    ignored = [name for name in theirs if name not in names.values()]
    notes = [_("已忽略不认识的列：%(names)s") % {"names": "、".join(ignored)}] if ignored else []
    if rows.is_empty():
        raise FileProblem(_("文件里只有表头，没有数据行：请检查导出条件后重新报送"))
    return Sheet(rows=rows, names=names, notes=notes, cut=cut)


def _plain(name: str) -> str:
    return unicodedata.normalize("NFKC", name).strip().lower()


def ours_by_theirs(theirs: list[str], mapping: Mapping[str, str]) -> dict[str, str]:
    """Which of their columns is which of ours: our name -> their name. Two for one is a `FileProblem`."""
    ours = {_plain(their): our for their, our in mapping.items()}
    names: dict[str, str] = {}
    for their in theirs:
        our = ours.get(_plain(their), _plain(their))
        if our not in COLUMNS:
            continue
        if our in names:
            raise FileProblem(
                _("两列都是 %(our)s（%(a)s、%(b)s）：请只保留一列") % {"our": our, "a": names[our], "b": their}
            )
        names[our] = their
    return names


def _refuse_too_wide(columns: int) -> None:
    if columns > MAX_COLUMNS:
        raise FileProblem(
            _("有 %(columns)d 列，最多 %(limit)d 列：请检查分隔符和表头") % {"columns": columns, "limit": MAX_COLUMNS}
        )


def _header(line: str) -> tuple[list[str], str]:
    separator = max(SEPARATORS, key=line.count)
    if len(line) > MAX_HEADER:  # before a gigabyte of commas becomes as many cells
        raise FileProblem(_("表头有 %(n)d 个字，太长了：请检查分隔符和换行") % {"n": len(line)})
    header = [name.strip() for name in next(csv.reader([line], delimiter=separator))]
    _refuse_too_wide(len(header))
    repeated = sorted({name for name in header if name and header.count(name) > 1})
    if repeated:
        raise FileProblem(_("表头有重复的列：%(names)s。请删去多余的列") % {"names": "、".join(repeated)})
    # A header cell may be empty (Excel's trailing column); it still needs a name of its own.
    return [name or f"({number})" for number, name in enumerate(header, 1)], separator


def _csv(text: str) -> tuple[pl.DataFrame, bool]:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    skipped = len(text) - len(text.lstrip("\n"))
    first, _newline, body = text[skipped:].partition("\n")
    header, separator = _header(first)
    lines = body.count("\n") + (0 if body.endswith("\n") or not body else 1)
    even = body.count(separator) == (len(header) - 1) * lines
    if even and lines and '"' not in body and "\n\n" not in body and not body.startswith("\n"):
        try:
            return _even(body, header, separator, first_line=2 + skipped), False
        except pl.exceptions.PolarsError:
            pass  # one line longer, another shorter: found below, line by line
    return _uneven(body, header, separator, first_line=2 + skipped)


def _even(body: str, header: list[str], separator: str, *, first_line: int) -> pl.DataFrame:
    rows = pl.read_csv(
        body.encode(),
        has_header=False,
        new_columns=header,
        separator=separator,
        quote_char=None,
        infer_schema=False,
        row_index_name=LINE,
        row_index_offset=first_line,
    )
    if rows.width != len(header) + 1:
        raise pl.exceptions.ShapeError("uneven")
    rows = rows.with_columns(pl.col(header).fill_null(""), pl.col(LINE).cast(pl.UInt32), pl.lit("").alias(PROBLEM))
    return rows.filter(pl.any_horizontal(pl.col(header).str.strip_chars() != ""))  # spreadsheets end in blank records


def _records(body: str, separator: str, first_line: int) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(body), delimiter=separator)
    while True:
        line = first_line + reader.line_num
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise FileProblem(
                _("第 %(line)d 行无法读取（%(error)s）：请另存为 CSV 再报") % {"line": line, "error": error}
            ) from error
        if any(cell.strip() for cell in record):
            yield line, record


def _uneven(body: str, header: list[str], separator: str, *, first_line: int) -> tuple[pl.DataFrame, bool]:
    width = len(header)
    columns: list[list[str]] = [[] for _name in header]
    lines: list[int] = []
    problems: list[str] = []
    for line, record in _records(body, separator, first_line):
        lines.append(line)
        problems.append("" if len(record) == width else "ragged")
        for cells, cell in zip(columns, (record + [""] * width)[:width], strict=True):
            cells.append(cell)
    unclosed = body.count('"') % 2 == 1
    cut = bool(problems) and (unclosed or (problems[-1] == "ragged" and not body.endswith("\n")))
    if cut:
        problems[-1] = "cut"
    frame = pl.DataFrame(dict(zip(header, columns, strict=True)), schema=dict.fromkeys(header, pl.String))
    return (
        frame.with_columns(pl.Series(LINE, lines, pl.UInt32), pl.Series(PROBLEM, problems, pl.String)),
        cut,
    )


def _json_record(line: str) -> dict[str, str] | None:
    """The fields of one JSON object as text; None when the line is something else or names a field twice."""
    try:
        value = json.loads(line, parse_float=str, parse_int=str, parse_constant=str, object_pairs_hook=_each_once)
        if not isinstance(value, dict):
            return None
        cells = {key: "" if cell is None else str(cell) for key, cell in value.items()}
    except (ValueError, RecursionError):
        return None
    if "\\u" in line:  # an escape can say what no text may hold
        cells = {NO_TEXT.sub("\ufffd", key): NO_TEXT.sub("\ufffd", cell) for key, cell in cells.items()}
    return cells


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("a field is there twice")
    return fields


def _json_lines(text: str) -> tuple[pl.DataFrame, bool]:
    """One JSON object a line; numbers keep the digits they were sent with."""
    records: list[dict[str, str]] = []
    lines: list[int] = []
    problems: list[str] = []
    # Not splitlines(): a string may hold U+2028 and its like.
    for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1):
        if line.strip():
            record = _json_record(line)
            records.append(record or {})
            lines.append(number)
            problems.append("ragged" if record is None else "")
    names = sorted({key for record in records for key in record} - {LINE, PROBLEM})
    _refuse_too_wide(len(names))
    cut = bool(problems) and problems[-1] == "ragged" and not text.endswith("\n")
    if cut:
        problems[-1] = "cut"
    frame = pl.DataFrame({name: [record.get(name, "") for record in records] for name in names})
    if not names:
        raise FileProblem(_('没有可读的记录：每行应是一个 JSON 对象，如 {"drug_code": …, "price": …}'))
    return frame.with_columns(pl.Series(LINE, lines, pl.UInt32), pl.Series(PROBLEM, problems, pl.String)), cut
