"""Cells of a row into values. What is wrong with a row is collected, so that its sender hears of everything at once."""

import re
import unicodedata
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import TypeVar

from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import TextChoices
from django.utils.translation import gettext as _

from pharmacies.codes import CodeError
from pharmacies.files import Row, RowProblem

T = TypeVar("T")

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SPREADSHEET_NUMBER = re.compile(r"[0-9](?:\.[0-9]+)?E\+?[0-9]+", re.IGNORECASE)
FIRST_YEAR, LAST_YEAR = 1900, 2199
ALWAYS = DateRange(None, None, "()")


class CellError(ValueError):
    """A cell that cannot be taken. `reason` is stable; the message says what to do. Other readers' errors look alike."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class Cells:
    """One row being read; `problem` is what came of it."""

    def __init__(self, row: Row) -> None:
        self.row = row
        self._refusals: dict[str, str] = {}

    def has(self, column: str) -> bool:
        """Whether the file has the column at all: a column that is absent says nothing."""
        return column in self.row.values

    def text(self, column: str, *, limit: int, required: bool = False) -> str:
        """The cell with its blanks collapsed; at most `limit` characters."""
        text = " ".join(self.row.values.get(column, "").split())
        if required and not text:
            self.refuse("missing", _("%(column)s 不能为空") % {"column": column})
        if len(text) > limit:
            self.refuse(
                "too_long",
                _("%(column)s 有 %(n)d 个字，最多 %(limit)d 个") % {"column": column, "n": len(text), "limit": limit},
            )
        return text

    def identifier(self, column: str, *, limit: int, required: bool = False) -> str:
        """A number or code that is only stored: full-width forms become plain, a spreadsheet's 8.69E+13 is refused."""
        text = unicodedata.normalize("NFKC", self.text(column, limit=limit, required=required))
        if _SPREADSHEET_NUMBER.fullmatch(text):
            self.refuse("spreadsheet_number", _spreadsheet_advice(column, text))
        return text

    def read(self, column: str, reader: Callable[[str], T], default: T, *, required: bool = False) -> T:
        """What `reader` makes of the cell; `default` when it is empty or refused."""
        text = self.row.values.get(column, "")
        if not text:
            if required:
                self.refuse("missing", _("%(column)s 不能为空") % {"column": column})
            return default
        return self.attempt(lambda: reader(text), default)

    def attempt(self, work: Callable[[], T], default: T) -> T:
        """The result of `work`; when it refuses (a `ValueError` with a `reason`) that is noted instead."""
        try:
            return work()
        except ValueError as error:
            reason = getattr(error, "reason", "")
            if not reason:
                raise
            self.refuse(reason, str(error))
            return default

    def refuse(self, reason: str, advice: str) -> None:
        self._refusals.setdefault(reason, advice)

    @property
    def problem(self) -> RowProblem | None:
        if not self._refusals:
            return None
        return problem_of(self.row, list(self._refusals.items()))


def problem_of(row: Row, refusals: Iterable[tuple[str, str]]) -> RowProblem:
    """One problem for all that is wrong with a row: (reason, advice) pairs."""
    pairs = list(refusals)
    reasons = ";".join(reason for reason, _advice in pairs)
    return RowProblem(row.line, reasons, "；".join(advice for _reason, advice in pairs), row.raw)


def read_rows(
    rows: Iterable[Row], reader: Callable[[Cells], T], key: Callable[[T], object]
) -> tuple[list[T], list[RowProblem]]:
    """Every row through `reader`; a second row of the same `key` is a problem that names the first."""
    good: list[T] = []
    problems: list[RowProblem] = []
    first_line: dict[object, int] = {}
    for row in rows:
        cells = Cells(row)
        value = reader(cells)
        if (found := cells.problem) is None:
            line = first_line.setdefault(key(value), row.line)
            if line != row.line:
                cells.refuse("repeated", _("与第 %(line)d 行重复：请只保留一行") % {"line": line})
                found = cells.problem
        if found is None:
            good.append(value)
        else:
            problems.append(found)
    return good, problems


# -- readers of one cell ----------------------------------------------------------------------------------------------


def plain(text: str) -> str:
    """Full-width forms as plain ones."""
    return unicodedata.normalize("NFKC", text).strip()


def day(text: str) -> date:
    """`2026-01-31`. Raises `CellError` (`date`)."""
    written = plain(text)
    try:
        found = date.fromisoformat(written) if _DAY.fullmatch(written) else None
    except ValueError:
        found = None
    if found is None:
        raise CellError("date", _("日期“%(text)s”不对：请写成 2026-01-31 的样子") % {"text": text[:40]})
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise CellError("date", _("日期“%(text)s”的年份不对：长期有效请留空") % {"text": text[:40]})
    return found


def valid_range(first: date | None, last: date | None) -> DateRange:
    """Half-open range of days from a file's first and last day, both inclusive; None is open."""
    if first and last and last < first:
        raise CellError(
            "range", _("有效期止 %(last)s 早于有效期起 %(first)s：请对调或改正") % {"first": first, "last": last}
        )
    return half_open(first, last + timedelta(days=1) if last else None)


def half_open(start: date | None, end: date | None) -> DateRange:
    """[start, end) written as PostgreSQL writes it, so that a range from a file equals the one stored."""
    return DateRange(start, end, "[)" if start else "()")


def validity(cells: Cells, default: DateRange | None = None) -> DateRange:
    """The range of the columns `valid_from` and `valid_to`; an empty end is that of `default`, or open."""
    first = cells.read("valid_from", day, None)
    last = cells.read("valid_to", day, None)
    stated = cells.attempt(lambda: valid_range(first, last), ALWAYS)
    if default is None:
        return stated
    return half_open(stated.lower or default.lower, stated.upper or default.upper)


def whole_number(low: int, high: int) -> Callable[[str], int]:
    """A reader of whole numbers from `low` to `high`. Raises `CellError` (`number`)."""

    def read(text: str) -> int:
        written = plain(text)
        if not re.fullmatch(r"[0-9]{1,10}", written) or not low <= int(written) <= high:
            raise CellError(
                "number",
                _("“%(text)s”不对：请填写 %(low)d 到 %(high)d 的整数") % {"text": text[:40], "low": low, "high": high},
            )
        return int(written)

    return read


def word(choices: type[TextChoices]) -> Callable[[str], str]:
    """A reader of one of the words of `choices`. Raises `CellError` (`unknown_word`)."""

    def read(text: str) -> str:
        written = plain(text).lower()
        if written not in choices.values:
            raise CellError(
                "unknown_word",
                _("“%(text)s”不认识：可用 %(words)s") % {"text": text[:40], "words": "、".join(choices.values)},
            )
        return written

    return read


def region_code(text: str) -> str:
    """A region's code, 6 to 12 digits or capital letters. Raises `CodeError` (`region_code`)."""
    code = re.sub(r"\s+", "", plain(text)).upper()
    if _SPREADSHEET_NUMBER.fullmatch(code):
        raise CodeError("spreadsheet_number", _spreadsheet_advice(_("地区代码"), code))
    if not re.fullmatch(r"[0-9A-Z]{6,12}", code):
        raise CodeError("region_code", _("地区代码“%(text)s”不对：应为 6 位区划代码") % {"text": text[:40]})
    return code


def refuse_spreadsheet_number(column: str, text: str) -> None:
    """A code that a spreadsheet has rewritten is refused before anything else is said about it."""
    if _SPREADSHEET_NUMBER.fullmatch(plain(text)):
        raise CodeError("spreadsheet_number", _spreadsheet_advice(column, text))


def _spreadsheet_advice(column: str, text: str) -> str:
    return _(
        "%(column)s“%(text)s”被电子表格改成了科学计数法，后几位已丢失：请把该列设为“文本”格式后从原系统重新导出"
    ) % {"column": column, "text": text[:40]}
