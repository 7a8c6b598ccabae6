"""Files that people send: bytes to text, text to rows. What is not certain is refused with a sentence, never guessed.

Text is UTF-8 (with or without byte order mark) or GB18030, which is what Chinese Excel writes. Problems of a whole file
are exceptions (`FileProblem`), problems of a row are values (`RowProblem`): one bad row must not hide the next.
"""

import csv
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext as _

MAX_REFERENCE_BYTES = 300_000_000
"""No list of a province is larger; the feed pipeline has a limit of its own."""

_BOM = b"\xef\xbb\xbf"
_CJK = re.compile("[\u3400-\u9fff]")
_MULTIBYTE = rb"(?:[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3})"
_UTF8_LINE = re.compile(rb"(?m)^[^\n\x80-\xff]*+(?:" + _MULTIBYTE + rb"[^\n\x80-\xff]*+)++$")
"""A line that holds non-ASCII bytes and nothing but well-formed UTF-8. Possessive: a GB18030 line fails at once."""


class FileProblem(ValueError):
    """The file as a whole cannot be read; the message is one sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class RowProblem:
    """Why one row cannot be taken: a stable word, and a sentence for the person who corrects it."""

    line: int  # 1-based; the header is line 1
    reason: str
    advice: str
    raw: Mapping[str, str]  # the row's own columns, as received


@dataclass(frozen=True, slots=True)
class Row:
    """One record: `values` under our column names (trimmed), `raw` under the file's own."""

    line: int
    values: Mapping[str, str]
    raw: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    columns: tuple[str, ...]  # of ours, those that the file has
    rows: tuple[Row, ...]
    problems: tuple[RowProblem, ...]  # rows whose cells do not fit the header
    notes: tuple[str, ...]


# -- bytes ------------------------------------------------------------------------------------------------------------


def read_bytes(path: Path, *, limit: int = MAX_REFERENCE_BYTES) -> bytes:
    """The file's bytes. Raises `FileProblem` when it is missing, no file, not readable or over `limit` bytes."""
    try:
        if path.is_dir():
            raise FileProblem(_("“%(path)s”是文件夹：请给出文件名") % {"path": path})
        if not path.is_file():
            raise FileProblem(_("找不到文件“%(path)s”：请检查路径") % {"path": path})
        if (size := path.stat().st_size) > limit:
            raise FileProblem(
                _("文件“%(path)s”有 %(size)d 字节，超过上限 %(limit)d 字节：请拆分后再导入")
                % {"path": path, "size": size, "limit": limit}
            )
        return path.read_bytes()
    except OSError as error:
        raise FileProblem(
            _("无法读取文件“%(path)s”（%(error)s）：请检查权限") % {"path": path, "error": error.strerror}
        ) from error


def decode(data: bytes) -> str:
    """Text of a UTF-8 or GB18030 file, without byte order mark. Raises `FileProblem`."""
    _refuse_other_formats(data)
    if data.startswith(_BOM):
        return _strict_utf8(data[len(_BOM) :])
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        _refuse_mixed(data, error)
    try:
        return data.decode("gb18030")
    except UnicodeDecodeError as error:
        raise FileProblem(
            _("第 %(line)d 行既不是 UTF-8 也不是 GB18030 编码：请用“另存为 CSV UTF-8”重新保存后再报")
            % {"line": _line_of(data, error.start)}
        ) from error


def _refuse_other_formats(data: bytes) -> None:
    if not data.strip(b" \t\r\n\xef\xbb\xbf"):
        raise FileProblem(_("文件是空的：请检查导出是否成功"))
    if data.startswith(b"PK\x03\x04"):
        name = _("Excel 工作簿 (XLSX)") if b"[Content_Types].xml" in data[:4096] else _("压缩包 (ZIP)")
    else:
        names = {
            b"\xd0\xcf\x11\xe0": _("旧版 Excel 文件 (XLS)"),
            b"%PDF": _("PDF 文件"),
            b"\x1f\x8b": _("压缩包 (GZIP)"),
            b"\xff\xfe": _("UTF-16 文本"),
            b"\xfe\xff": _("UTF-16 文本"),
        }
        name = next((name for magic, name in names.items() if data.startswith(magic)), "")
    if name:
        raise FileProblem(
            _("文件格式是 %(format)s，不是 CSV：请另存为“CSV UTF-8（逗号分隔）”后再报") % {"format": name}
        )
    if (zero := data.find(b"\0")) >= 0:
        raise FileProblem(
            _("第 %(line)d 行含有空字节，不是文本文件：请另存为“CSV UTF-8（逗号分隔）”后再报")
            % {"line": _line_of(data, zero)}
        )


def _strict_utf8(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FileProblem(
            _("文件标明是 UTF-8，但第 %(line)d 行不是：请用同一种编码重新保存") % {"line": _line_of(data, error.start)}
        ) from error


def _refuse_mixed(data: bytes, error: UnicodeDecodeError) -> None:
    """A file that is not UTF-8 but has lines of Chinese in UTF-8 was pasted together, or cut inside a character."""
    for match in _UTF8_LINE.finditer(data):
        if not _CJK.search(match[0].decode("utf-8", "replace")):
            continue
        if error.reason == "unexpected end of data":
            raise FileProblem(
                _("文件在第 %(line)d 行中途断了：请重新导出完整的文件") % {"line": _line_of(data, error.start)}
            )
        raise FileProblem(
            _("文件混用了两种编码：第 %(utf8)d 行是 UTF-8，第 %(other)d 行不是；请用同一种编码重新保存")
            % {"utf8": _line_of(data, match.start()), "other": _line_of(data, error.start)}
        )


def _line_of(data: bytes, position: int) -> int:
    return data.count(b"\n", 0, position) + 1


# -- rows -------------------------------------------------------------------------------------------------------------


def read_table(data: bytes, *, required: Iterable[str], optional: Iterable[str] = ()) -> Table:
    """Rows of a CSV file with a header. Column names are compared without case, blanks and full-width forms.

    Raises `FileProblem` for a missing or repeated column, unbalanced quotes and a file without any row. Unknown columns
    are ignored with a note; empty lines are skipped.
    """
    records = _records(decode(data))
    _line, header = next(records, (1, []))
    known = [*required, *optional]
    names = _header(header, required=list(required), known=known)
    rows: list[Row] = []
    problems: list[RowProblem] = []
    for line, cells in records:
        while len(cells) > len(header) and not cells[-1].strip():
            cells.pop()
        raw = dict(zip(header, cells, strict=False))
        if len(cells) == len(header):
            values = {ours: cells[index].strip() for ours, index in names.items()}
            rows.append(Row(line, values, raw))
        else:
            problems.append(_ragged(line, cells, header, raw))
    if not rows and not problems:
        raise FileProblem(_("文件只有表头，没有数据行：请检查导出是否成功"))
    ignored = [name for index, name in enumerate(header) if name.strip() and index not in names.values()]
    notes = [_("忽略了不认识的列：%(columns)s") % {"columns": _listed(ignored)}] if ignored else []
    return Table(tuple(names), tuple(rows), tuple(problems), tuple(notes))


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    """(line on which the record begins, cells) of every record that is not blank."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    end = 0
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise FileProblem(
                _("第 %(line)d 行开始的记录读不通（%(error)s）：请检查引号是否成对、行是否完整")
                % {"line": end + 1, "error": error}
            ) from error
        line, end = end + 1, reader.line_num
        if any(cell.strip() for cell in cells):
            yield line, cells


def column_key(name: str) -> str:
    """A column name as compared: no case, no outer blanks, no full-width forms."""
    return unicodedata.normalize("NFKC", name).strip().lower()


def _header(header: list[str], *, required: list[str], known: list[str]) -> dict[str, int]:
    """Position of each of our columns in the file."""
    keys = [column_key(name) for name in header]
    if len(keys) == 1 and re.search(r"[;\t|]", header[0]):
        raise FileProblem(_("列之间要用逗号分隔：请另存为“CSV UTF-8（逗号分隔）”后再报"))
    repeated = [name for name, count in Counter(keys).items() if count > 1 and name]
    if repeated:
        raise FileProblem(_("表头有重复的列：%(columns)s；每列只能出现一次") % {"columns": _listed(repeated)})
    missing = [name for name in required if name not in keys]
    if missing:
        raise FileProblem(
            _("表头缺少列：%(missing)s；文件里有：%(found)s")
            % {"missing": _listed(missing), "found": _listed([name for name in keys if name])}
        )
    return {name: keys.index(name) for name in known if name in keys}


def _listed(names: list[str]) -> str:
    shown = "、".join(name.strip()[:40] for name in names[:12])
    return shown + ("…" if len(names) > 12 else "")


def _ragged(line: int, cells: list[str], header: list[str], raw: dict[str, str]) -> RowProblem:
    advice = _("这一行有 %(cells)d 格，表头有 %(columns)d 列：请检查逗号和引号") % {
        "cells": len(cells),
        "columns": len(header),
    }
    return RowProblem(line, "row_shape", advice, raw)
