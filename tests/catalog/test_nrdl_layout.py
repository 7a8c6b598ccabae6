"""Pages of a document, as the PDF reader hands them on, into rows: no PDF is needed to say what a page may look like."""

from decimal import Decimal

import pytest

from catalog.nrdl import layout
from catalog.nrdl.pdf import Page, RuledTable
from catalog.nrdl.rows import categories_of
from pharmacies.files import FileProblem, Row

FRONT = Page(
    1,
    "示例药品目录\n（2030 年）\n其中西药部分 2 个，中成药部分 1 个（含民\n族药 1 个），协议期内谈判药品部分 3 个（含西药 2\n个、"
    "中成药 1 个），共计 6\n个。西药甲类药品 1 个，中成药甲类药品 0 个，准予支付的品种 3 个外，准予支付费用的品种 5 个",
    [RuledTable([["合并归类的剂型", "包含的具体剂型"], ["丸剂", "丸剂、滴丸"]])],
)
HEAD = ["药品分\n类代码", "药品分类", "", "编号", "药品名称", "医保支付标准", "备注", "协议有效期"]
TALKS = "协议期内谈判药品部分\n（一）西药\n药品分\n药品分类 编号"
CATEGORY = ["XA", "示例", "", "", "", "", "", ""]
DAYS = "2031年1月1日至\n2031年12月31日"
ROW = ["", "", "乙", "1", "试验单抗注射\n液", "*", "限成人。", DAYS]


def read(*pages: Page) -> layout.Document:
    return layout.read([FRONT, *pages])


def talks(*rows: list[str], names: dict[int, str] | None = None, number: int = 2) -> Page:
    return Page(number, TALKS, [RuledTable([HEAD, CATEGORY, *rows], {1: "示例", **(names or {})})])


def more(*rows: list[str], number: int = 3) -> Page:
    return Page(number, "", [RuledTable(list(rows))])


def values(row: Row, *columns: str) -> tuple[str, ...]:
    return tuple(row.values[column] for column in columns)


def test_the_totals_and_the_year_are_read_from_the_text() -> None:
    document = read()
    assert document.year == 2030
    assert document.declared == {
        "western": 2,
        "patent": 1,
        "ethnic": 1,
        "negotiated": 3,
        "negotiated_western": 2,
        "negotiated_patent": 1,
        "total": 6,
        "class_a_western": 1,
        "class_a_patent": 0,
        "herbs": 3,
    }


@pytest.mark.parametrize("text", ["", "年度报告（2030年）", "药品目录（2030 年）", "西药部分 2 个，共计 6 个"])
def test_another_document_is_refused(text: str) -> None:
    with pytest.raises(FileProblem, match="不是国家医保药品目录"):
        layout.read([Page(1, text, [])])


@pytest.mark.parametrize(
    ("title", "section"),
    [
        ("西药部分\n", "西药"),
        ("中成药部分\n", "中成药"),
        ("协议期内谈判药品部分（含竞价药品）\n（一）西药\n", "谈判西药"),
        ("协议期内谈判药品部分\n(二)中成药\n", "谈判中成药"),
        ("竞价药品部分\n", "竞价"),
        ("协议期内谈判药品部分\n（三）竞价药品\n", "竞价"),
    ],
)
def test_a_part_is_known_by_the_title_above_its_table(title: str, section: str) -> None:
    document = read(Page(2, title + "药品分类代码 药品分类", [RuledTable([HEAD, CATEGORY, ROW], {1: "示例"})]))
    assert document.rows[0].values["section"] == section


def test_a_head_that_is_only_repeated_does_not_end_the_part() -> None:
    again = Page(3, "药品分\n类代码", [RuledTable([HEAD, ["", "", "乙", "2", "甲片", "*", "", DAYS]])])
    assert [row.values["section"] for row in read(talks(ROW), again).rows] == ["谈判西药", "谈判西药"]


def test_a_row_knows_its_page_category_and_number() -> None:
    document = read(talks(ROW, ["", "", "乙", "★（1）", "试验片", "*", "", DAYS]))
    first, second = document.rows
    assert values(first, "page", "category_code", "ins_class", "no", "star") == ("2", "XA", "乙", "1", "0")
    assert values(second, "no", "star") == ("1", "1")
    assert (first.line, second.line) == (2, 3)


def test_a_row_goes_on_on_the_next_page() -> None:
    rest = ["", "", "", "", "", "", "和儿童。", ""]
    document = read(talks(ROW), more(rest, ["", "", "乙", "2", "甲片", "*", "", DAYS]))
    assert [row.values["remark"] for row in document.rows] == ["限成人。\n和儿童。", ""]


def test_the_rest_of_a_row_never_joins_across_a_category() -> None:
    rest = ["", "", "", "", "", "", "和儿童。", ""]
    ending = talks(ROW, ["XB", "另类", "", "", "", "", "", ""], names={3: "另类"})
    with pytest.raises(FileProblem, match=r"第 3 页.*和儿童"):
        read(ending, more(rest))


def test_a_category_keeps_a_name_that_runs_over_the_lines_into_the_next_row() -> None:
    spilled = ["", "", "溶液\n乙", *ROW[3:]]
    document = read(
        Page(
            2, TALKS, [RuledTable([HEAD, ["XB05BB", "影响平衡的", "", "", "", "", "", ""], spilled], {1: "影响平衡的"})]
        )
    )
    assert categories_of(document.categories) == {"XB05BB": "影响平衡的溶液"}
    assert values(document.rows[0], "ins_class", "no") == ("乙", "1")


@pytest.mark.parametrize(
    "row",
    [
        ["", "", "丙", "2", "甲片", "*", "", DAYS],
        ["", "", "乙", "", "甲片", "*", "", DAYS],
        ["", "", "乙", "二", "甲片", "*", "", DAYS],
        ["散落", "", "乙", "2", "甲片", "*", "", DAYS],
        ["", "", "乙"],
    ],
)
def test_a_row_that_does_not_fit_is_refused_with_its_page(row: list[str]) -> None:
    with pytest.raises(FileProblem, match="第 3 页的表格读不通"):
        read(talks(ROW), more(row))


def test_tiers_belong_to_the_footnote_named_above_them() -> None:
    tiers = RuledTable(
        [["规格（毫居）", "单价（元/毫居）", "举例"], ["1-10", "59.00", "…"], ["11-50", "0.8*59.00=47.20", "…"]]
    )
    notes = Page(3, "备注1：保密的标识为*。\n备注2：阶梯如下：\n规格（毫居）单价（元/毫居） 举例", [tiers])
    found = read(talks(ROW), notes).footnotes["备注2"]
    assert found.unit == "单价（元/毫居）"
    assert found.tiers == (("1-10毫居", Decimal("59.00")), ("11-50毫居", Decimal("47.20")))


def test_herbs_stand_two_in_a_row_and_come_out_in_order() -> None:
    first = RuledTable(
        [["序号", "饮片名称", "备注"] * 2, ["1", "示例根", "", "3", "示例花", "□"], ["2", "示例叶", "", "", "", ""]]
    )
    second = RuledTable([["4", "示例皮", "□\n限示例患者", "", "", ""]])
    document = read(talks(ROW), Page(3, "中药饮片部分", [first]), Page(4, "", [second]))
    assert [values(row, "no", "name", "mark") for row in document.herbs] == [
        ("1", "示例根", ""),
        ("2", "示例叶", ""),
        ("3", "示例花", "□"),
        ("4", "示例皮", "□限示例患者"),
    ]
