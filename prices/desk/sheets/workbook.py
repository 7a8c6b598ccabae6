"""The first filled sheet of a workbook, as CSV. Run as a program of its own, never imported by the server.

A workbook of 5 kB can ask for 512 GB, and reading one is native code: so it happens in a process with limits on memory
and time, which may die. Standard input: the bytes. Standard output: one CSV record for each row of the sheet, every
cell as text; a number as it would be typed. Exit status 3: no workbook; 4: it is locked by a password.
"""

import csv
import io
import resource
import sys
from datetime import date, datetime, time
from typing import Any

MEMORY_BYTES = 2 << 30
CPU_SECONDS = 60
EXACT = 10**15  # a spreadsheet keeps 15 digits; what is longer has lost its last ones
MOST_CHARACTERS = 300_000_000
"""A workbook of 100,000 rows unfolds into 10 million."""
MOST_CELLS = 20_000_000
"""Empty ones count: a workbook of 1 kB with one cell far off takes a minute to unfold."""
UNREADABLE, LOCKED, TOO_LARGE = 3, 4, 5


def text(value: Any) -> str:
    """A cell as text. Floats lose the noise of binary fractions; a number too long for a spreadsheet stays visibly
    mangled (8.69E+19), so that nobody takes it for a code."""
    if isinstance(value, float):
        if value.is_integer() and abs(value) < EXACT:
            return str(int(value))
        return f"{value:.15g}".replace("e+", "E+")
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime | date | time):
        return value.isoformat(sep=" ") if isinstance(value, datetime) else value.isoformat()
    return "" if value is None else str(value)


def main() -> int:
    import python_calamine as calamine

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    try:
        book = calamine.load_workbook(io.BytesIO(sys.stdin.buffer.read()))
        visible = calamine.SheetVisibleEnum.Visible
        rows: list[list[Any]] = []
        for sheet in book.sheets_metadata:
            if sheet.visible == visible and sheet.typ == calamine.SheetTypeEnum.WorkSheet:
                found = book.get_sheet_by_name(sheet.name)
                if found.total_height * found.total_width > MOST_CELLS:
                    return TOO_LARGE
                rows = found.to_python(skip_empty_area=False)
                if any(cell != "" for row in rows for cell in row):
                    break
    except calamine.PasswordError:
        return LOCKED
    except (calamine.CalamineError, MemoryError):
        return UNREADABLE
    output = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", errors="replace", newline="")
    writer, written = csv.writer(output), 0
    for row in rows:
        while row and row[-1] == "":
            row.pop()
        written += writer.writerow([text(cell) for cell in row])
        if written > MOST_CHARACTERS:
            return TOO_LARGE
    output.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
