"""A process of its own that writes what is on the pages of a PDF, one JSON object a line.

Run as a script by `pdf.py`, never imported by the program: a PDF is a small program written by a stranger, and what it
makes a parser do must end here. Nothing of the project is imported. Limits are set before the parser is loaded.

Output, a line for each page: `{"page": 1, "pages": 200, "text": …, "tables": [{"rows": [[cell, …], …], "names": {…}}]}`;
cells are text with the line breaks of the cell. `names` holds, for rows that begin with a classification code, all text
right of the code: such names run over the ruled lines. On trouble a last line `{"error": "encrypted", "broken" or "limits"}`.
"""

import json
import re
import resource
import sys
from typing import Any

MAX_MEMORY = 1 << 30  # address space; the 200 pages of 2024 take 64 MB
MAX_CPU_SECONDS = 240
MAX_PAGES = 1000
CODE = re.compile(r"[XZ][A-Z][0-9A-Z]{0,5}")


def main(path: str) -> None:
    limit(resource.RLIMIT_AS, MAX_MEMORY)
    limit(resource.RLIMIT_CPU, MAX_CPU_SECONDS)
    limit(resource.RLIMIT_FSIZE, 0)  # standard output is a pipe; nothing is written to a file
    import pdfplumber
    from pdfminer.pdfdocument import PDFEncryptionError, PDFPasswordIncorrect

    try:
        with pdfplumber.open(path) as document:
            number = len(document.pages)
            if not 0 < number <= MAX_PAGES:
                raise ValueError(f"{number} pages")
            for page in document.pages:
                say(described(page, number))
                page.close()
    except MemoryError:
        say({"error": "limits"})
    except Exception as error:  # noqa: BLE001 - whatever the parser does with a stranger's file, the parent gets one word
        causes = (error, *error.args)
        encrypted = any(isinstance(cause, PDFPasswordIncorrect | PDFEncryptionError) for cause in causes)
        say({"error": "encrypted" if encrypted else "broken"})


def limit(what: int, value: int) -> None:
    """For good, and never above what the machine's owner has set."""
    _soft, hard = resource.getrlimit(what)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(what, (value, value))


def say(line: dict[str, Any]) -> None:
    print(json.dumps(line, ensure_ascii=True), flush=True)


def described(page: Any, pages: int) -> dict[str, Any]:
    tables = page.find_tables()
    return {
        "page": page.page_number,
        "pages": pages,
        "text": page.extract_text() or "",
        "tables": [described_table(page, table) for table in tables],
    }


def described_table(page: Any, table: Any) -> dict[str, Any]:
    rows = [[cell or "" for cell in row] for row in table.extract()]
    names = {}
    for at, (cells, row) in enumerate(zip(rows, table.rows, strict=True)):
        if CODE.fullmatch(cells[0]) and row.cells[0]:
            names[at] = text_in(page, left=row.cells[0][2], right=table.bbox[2], top=row.bbox[1], bottom=row.bbox[3])
    return {"rows": rows, "names": names}


def text_in(page: Any, *, left: float, right: float, top: float, bottom: float) -> str:
    """The characters whose middle lies in the box, line by line."""
    inside = [
        (round(char["top"]), char["x0"], char["text"])
        for char in page.chars
        if left <= (char["x0"] + char["x1"]) / 2 <= right and top <= (char["top"] + char["bottom"]) / 2 <= bottom
    ]
    return "".join(text for _top, _x0, text in sorted(inside)).strip()


if __name__ == "__main__":
    main(sys.argv[1])
