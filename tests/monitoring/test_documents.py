"""Letters as Word files: what stands where, what is left to fill in, what no file may hold."""

import io
from datetime import date
from typing import Any

import pytest
from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Cm, Pt

from prices.monitoring.documents import Grid, Heading, Point, Space, letter

DAY = date(2026, 11, 2)


def read(**more: Any) -> Any:
    said: dict[str, Any] = {"title": "提醒函", "parts": ["正文。"], "on": DAY}
    made = letter(**said | more)
    return Document(io.BytesIO(made))


def lines(document: Any) -> list[str]:
    return [paragraph.text for paragraph in document.paragraphs if paragraph.text]


def test_a_letter_has_title_number_addressee_text_sender_and_day_in_this_order() -> None:
    found = read(number="武医保函〔2026〕1号", to="向阳大药房", sender="武昌区医疗保障部门", note="核查事项 1")
    assert lines(found) == [
        "提醒函", "武医保函〔2026〕1号", "向阳大药房：", "正文。", "武昌区医疗保障部门", "2026年11月2日",
    ]  # fmt: skip
    assert found.sections[0].footer.paragraphs[0].text == "核查事项 1"
    assert found.core_properties.title == "提醒函 武医保函〔2026〕1号"


def test_what_is_not_given_takes_no_place() -> None:
    assert lines(read()) == ["提醒函", "正文。"]


def test_it_is_a4_in_the_types_of_official_documents() -> None:
    found = read()
    section = found.sections[0]
    assert (round(section.page_width.cm, 1), round(section.page_height.cm, 1)) == (21.0, 29.7)
    assert round(section.left_margin.cm, 1) == 2.8
    (title,), (text,) = (paragraph.runs for paragraph in found.paragraphs if paragraph.text)
    assert (title.font.size, text.font.size) == (Pt(22), Pt(16))
    assert text._element.rPr.rFonts.get(qn("w:eastAsia")) == "仿宋"
    assert found.paragraphs[2].paragraph_format.first_line_indent == Pt(32)


def test_blanks_are_marked_and_words_around_them_are_not() -> None:
    (paragraph,) = (each for each in read(parts=["电话：【电话】。"]).paragraphs if "电话" in each.text)
    assert [(run.text, bool(run.underline)) for run in paragraph.runs] == [
        ("电话：", False), ("【电话】", True), ("。", False),
    ]  # fmt: skip


def test_tables_headings_and_lines_to_write_on() -> None:
    parts = [
        Heading("一、事由"),
        Grid(("药品", "标价"), [("甲", "1.00"), ("乙", "2.00")], (10, 5.6)),
        Space("意见：", 2),
    ]
    found = read(parts=parts)
    (table,) = found.tables
    assert [[cell.text for cell in row.cells] for row in table.rows] == [
        ["药品", "标价"],
        ["甲", "1.00"],
        ["乙", "2.00"],
    ]
    assert abs(table.rows[1].cells[0].width - Cm(10)) < Cm(0.01)
    assert [each for each in lines(found) if each.strip()] == ["提醒函", "一、事由", "意见："]
    assert sum(not each.strip() for each in lines(found)) == 2


def test_a_table_says_its_header_on_each_page_tears_no_row_and_is_as_wide_as_asked() -> None:
    (table,) = read(parts=[Grid(("药品", "标价"), [("甲", "1.00")], (10, 5.6), (1,))]).tables
    header, row = (each._tr.trPr for each in table.rows)
    assert [part.tag for part in header] == [qn("w:cantSplit"), qn("w:tblHeader")]
    assert [part.tag for part in row] == [qn("w:cantSplit")]
    assert [round(column.width.cm, 1) for column in table.columns] == [10.0, 5.6]
    assert [cell.paragraphs[0].alignment for cell in table.rows[1].cells] == [None, WD_ALIGN_PARAGRAPH.RIGHT]


def test_pages_are_numbered_below_the_note() -> None:
    noted, plain = (read(note=note).sections[0].footer.paragraphs for note in ("核查事项 1", ""))
    assert [each.text for each in noted] == ["核查事项 1", "— 1 —"]
    assert [each.text for each in plain] == ["— 1 —"]


@pytest.mark.parametrize("sender", ["某局", "湖北省恩施土家族苗族自治州医疗保障部门"])
def test_the_signature_is_never_alone_on_a_page_and_stands_above_the_middle_of_the_day(sender: str) -> None:
    *_before, text, empty, name, day = read(sender=sender).paragraphs
    assert (text.text, empty.text, name.text) == ("正文。", "", sender)
    assert all(each.paragraph_format.keep_with_next for each in (text, empty, name))
    name_after, day_after = (each.paragraph_format.right_indent.pt / 16 for each in (name, day))
    assert abs(name_after + len(sender) / 2 - (day_after + 3.5)) < 0.01
    assert name_after >= 0
    assert day_after >= 4


def test_a_point_begins_with_what_it_is_about() -> None:
    point = next(each for each in read(parts=[Point("报送", "共 3 家。")]).paragraphs if "报送" in each.text)
    fonts = [run._element.rPr.rFonts.get(qn("w:eastAsia")) for run in point.runs]
    assert (point.text, fonts) == ("报送：共 3 家。", ["黑体", "仿宋"])


def test_each_line_of_a_text_is_a_paragraph_and_what_xml_cannot_hold_is_left_out() -> None:
    assert lines(read(parts=["一\x00二\n三\x0b四\ufffe"])) == ["提醒函", "一二", "三四"]


def test_lines_as_browsers_send_them_leave_no_empty_line_behind() -> None:
    found = read(parts=["第一行\r\n第二行"])
    said = [each for each in found.paragraphs if each.text.startswith("第")]
    assert [each.text for each in said] == ["第一行", "第二行"]


def test_markup_in_the_text_stays_text() -> None:
    assert "<w:p>&amp;" in lines(read(parts=["<w:p>&amp;"]))
