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
from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT, WD_TAB_LEADER
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt
from docx.text.paragraph import Paragraph
from docx.text.run import Run

from prices.monitoring import written

TITLE, BODY, HEAD = "方正小标宋简体", "仿宋", "黑体"
LARGE, NORMAL, TIGHT, SMALL = Pt(22), Pt(16), Pt(12), Pt(10.5)  # 二号, 三号, 小四, 五号
LINE = Pt(28)
GAP, CELL = Pt(8), Pt(3)
WIDTH = 15.6
"""Centimetres between the margins."""
DAY_WIDE, DAY_AFTER = 7, 4
"""A date is about seven letters wide and stands four letters from the margin."""
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
"""The media type."""
_BLANK = re.compile(r"(【[^】]*】)")
_UNPRINTABLE = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Heading:
    text: str


@dataclass(frozen=True, slots=True)
class Point:
    """A paragraph that begins with what it is about."""

    about: str
    text: str


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: a header row, and rows of as many cells; `widths` in centimetres, 15.6 of them on a page; `numbers`: which
    columns hold numbers."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    widths: Sequence[float] = ()
    numbers: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Space:
    """So many empty lines to write on, under what they are for."""

    text: str
    lines: int = 3


Part = str | Heading | Point | Grid | Space
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
        _sign(document, sender, f"{on.year}年{on.month}月{on.day}日")
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
    footer = section.footer.paragraphs[0]
    if note:
        _say(footer, note, size=SMALL)
        footer = section.footer.add_paragraph()
    footer.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _page_number(footer)
    for paragraph in section.footer.paragraphs:
        paragraph.paragraph_format.line_spacing = 1.0


def _sign(document: Docx, sender: str, day: str) -> None:
    """The name in the middle above the day, which stands four letters from the margin; with the end of the text on its
    page, for a page with nothing but a signature could belong to anything."""
    last = document.paragraphs[-1]
    for paragraph in (last, document.add_paragraph()):
        paragraph.paragraph_format.keep_with_next = True
        paragraph.paragraph_format.keep_together = True
    wide = len(sender) - DAY_WIDE
    after = max(DAY_AFTER, wide / 2)
    for text, letters in ((sender, after - wide / 2), (day, after)):
        signed = _line(document, text, align=WD_ALIGN_PARAGRAPH.RIGHT)
        signed.paragraph_format.right_indent = int(letters * NORMAL)
        signed.paragraph_format.keep_with_next = text == sender


def _page_number(paragraph: Paragraph) -> None:
    """`— 1 —`, counted by whoever opens the file."""
    _say(paragraph, "— ", size=SMALL)
    for kind in ("begin", "", "separate", "1", "end"):
        run = paragraph.add_run("1" if kind == "1" else "")
        _dress(run, BODY, SMALL)
        if kind == "1":
            continue
        part = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            part.set(qn("w:fldCharType"), kind)
        else:
            part.text = "PAGE"
        run._element.append(part)
    _say(paragraph, " —", size=SMALL)


def _tighten(document: Docx) -> None:
    section = document.sections[0]
    section.top_margin, section.bottom_margin = Cm(2.5), Cm(2.2)
    for paragraph in document.paragraphs:
        paragraph.paragraph_format.line_spacing = Pt(22)
        form = paragraph.paragraph_format
        if form.first_line_indent:
            form.first_line_indent = 2 * TIGHT
        if form.right_indent:
            form.right_indent = int(form.right_indent * TIGHT / NORMAL)
        for run in paragraph.runs:
            run.font.size = LARGE if run.font.size == LARGE else TIGHT


def _add(document: Docx, part: Part) -> None:
    if isinstance(part, Grid):
        _grid(document, part)
    elif isinstance(part, Heading):
        _line(document, part.text, font=HEAD)
    elif isinstance(part, Space):
        if part.text:
            _line(document, part.text).paragraph_format.first_line_indent = 2 * NORMAL
        for _ in range(part.lines):
            ruled = _line(document, "\t").paragraph_format
            ruled.tab_stops.add_tab_stop(Cm(WIDTH), WD_TAB_ALIGNMENT.RIGHT, WD_TAB_LEADER.LINES)
    elif isinstance(part, Point):
        point = _line(document, f"{part.about}：", font=HEAD)
        _say(point, part.text)
        point.paragraph_format.first_line_indent = 2 * NORMAL
    else:
        for text in _clean(part).split("\n"):
            _line(document, text).paragraph_format.first_line_indent = 2 * NORMAL


def _grid(document: Docx, grid: Grid) -> None:
    document.paragraphs[-1].paragraph_format.space_after = GAP
    table = document.add_table(rows=0, cols=len(grid.header), style="Table Grid")
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = not grid.widths
    for column, width in zip(table.columns, grid.widths, strict=False):
        column.width = Cm(width)
    for number, cells in enumerate((grid.header, *grid.rows)):
        row = table.add_row()
        _mark(row, "w:cantSplit")
        if not number:
            _mark(row, "w:tblHeader")
        for index, text in enumerate(cells):
            cell = row.cells[index]
            cell.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.CENTER
            if grid.widths:
                cell.width = Cm(grid.widths[index])
            said = _say(cell.paragraphs[0], text, font=BODY if number else HEAD, size=SMALL)
            said.paragraph_format.line_spacing = 1.2
            said.paragraph_format.space_before = said.paragraph_format.space_after = CELL
            if not number:
                said.alignment = WD_ALIGN_PARAGRAPH.CENTER
            elif index in grid.numbers:
                said.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    document.add_paragraph().paragraph_format.line_spacing = GAP


def _mark(row: Any, name: str) -> None:
    """A row that is not torn in two (`w:cantSplit`), or stands again on each page (`w:tblHeader`)."""
    row._tr.get_or_add_trPr().append(OxmlElement(name))


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
