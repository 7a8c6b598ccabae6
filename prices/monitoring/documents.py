"""Official letters as Word files: the layout of GB/T 9704-2012 (A4, 仿宋 三号, title 小标宋 二号), filled from parts.

Letters are Chinese whatever the page's language. What nobody knows yet stays as a blank to fill in by hand.
"""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from docx import Document
from docx.document import Document as Docx
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Cm, Pt
from docx.text.paragraph import Paragraph
from docx.text.run import Run

from prices.monitoring import written

TITLE, BODY, HEAD = "方正小标宋简体", "仿宋", "黑体"
LARGE, NORMAL, TIGHT, SMALL = Pt(22), Pt(16), Pt(12), Pt(10.5)  # 二号, 三号, 小四, 五号
LINE = Pt(28)
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
"""The media type."""
_BLANK = re.compile(r"(【[^】]*】)")
_UNPRINTABLE = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Heading:
    text: str


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: a header row, and rows of as many cells; `widths` in centimetres, 15.6 of them on a page."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    widths: Sequence[float] = ()


@dataclass(frozen=True, slots=True)
class Space:
    """So many empty lines to write on, under what they are for."""

    text: str
    lines: int = 3


Part = str | Heading | Grid | Space
"""A `str` is a paragraph; 【…】 in it is a blank, and is marked as one."""


def letter(
    *,
    title: str,
    parts: Sequence[Part],
    on: date,
    number: str = "",
    to: str = "",
    sender: str = "",
    note: str = "",
    one_page: bool = False,
) -> bytes:
    """The file. `number` (文号) stands below the title, `to` above the text, `sender` and the day below, `note` in small
    print at the foot of every page. Characters that XML cannot hold are left out. `one_page`: in 小四, for a report that
    has to fit."""
    document = Document()
    _page(document, note)
    _line(document, title, font=TITLE, size=LARGE, align=WD_ALIGN_PARAGRAPH.CENTER)
    if number:
        _line(document, number, align=WD_ALIGN_PARAGRAPH.CENTER)
    document.add_paragraph()
    if to:
        _line(document, f"{to}：")
    for part in parts:
        _add(document, part)
    if sender:
        document.add_paragraph()
        for text in (sender, f"{on.year}年{on.month}月{on.day}日"):
            _line(document, text, align=WD_ALIGN_PARAGRAPH.RIGHT)
    if one_page:
        _tighten(document)
    document.core_properties.title = _clean(" ".join(filter(None, (title, number))))
    document.core_properties.author = _clean(sender)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def _page(document: Docx, note: str) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.top_margin, section.bottom_margin = Cm(3.7), Cm(3.5)
    section.left_margin, section.right_margin = Cm(2.8), Cm(2.6)
    normal = document.styles["Normal"]
    normal.font.name, normal.font.size = BODY, NORMAL
    _set_chinese(normal.element, BODY)
    normal.paragraph_format.space_after = Pt(0)
    normal.paragraph_format.line_spacing = LINE
    if note:
        _say(section.footer.paragraphs[0], note, size=SMALL)


def _tighten(document: Docx) -> None:
    section = document.sections[0]
    section.top_margin, section.bottom_margin = Cm(2.5), Cm(2.2)
    for paragraph in document.paragraphs:
        paragraph.paragraph_format.line_spacing = Pt(22)
        if paragraph.paragraph_format.first_line_indent:
            paragraph.paragraph_format.first_line_indent = 2 * TIGHT
        for run in paragraph.runs:
            run.font.size = LARGE if run.font.size == LARGE else TIGHT


def _add(document: Docx, part: Part) -> None:
    if isinstance(part, Grid):
        _grid(document, part)
    elif isinstance(part, Heading):
        _line(document, part.text, font=HEAD)
    elif isinstance(part, Space):
        _line(document, part.text)
        for _ in range(part.lines):
            _line(document, "　" * 25).runs[0].underline = True
    else:
        for text in _clean(part).split("\n"):
            _line(document, text).paragraph_format.first_line_indent = 2 * NORMAL


def _grid(document: Docx, grid: Grid) -> None:
    table = document.add_table(rows=0, cols=len(grid.header), style="Table Grid")
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    for number, cells in enumerate((grid.header, *grid.rows)):
        row = table.add_row()
        for index, text in enumerate(cells):
            cell = row.cells[index]
            if grid.widths:
                cell.width = Cm(grid.widths[index])
            said = _say(cell.paragraphs[0], text, font=BODY if number else HEAD, size=SMALL)
            said.paragraph_format.line_spacing = 1.2
    document.add_paragraph()


def _line(
    document: Docx, text: str, *, font: str = BODY, size: Pt = NORMAL, align: WD_ALIGN_PARAGRAPH | None = None
) -> Paragraph:
    paragraph = _say(document.add_paragraph(), text, font=font, size=size)
    if align is not None:
        paragraph.alignment = align
    return paragraph


def _say(paragraph: Paragraph, text: str, *, font: str = BODY, size: Pt = NORMAL) -> Paragraph:
    for piece in filter(None, _BLANK.split(_clean(text))):
        run = paragraph.add_run(piece)
        _dress(run, font, size)
        run.underline = True if _BLANK.fullmatch(piece) else None
    return paragraph


def _dress(run: Run, font: str, size: Pt) -> None:
    run.font.name, run.font.size = font, size
    _set_chinese(run._element, font)


def _set_chinese(element: Any, font: str) -> None:
    """What Chinese characters are set in: python-docx names the Latin font only."""
    element.rPr.rFonts.set(qn("w:eastAsia"), font)


def _clean(text: str) -> str:
    return _UNPRINTABLE.sub("", written.readable(text))
