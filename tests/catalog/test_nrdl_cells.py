"""The two cells that hold several things, name and payment standard, and the days of an agreement."""

from datetime import date
from decimal import Decimal

import pytest

from catalog.nrdl.names import names
from catalog.nrdl.rows import categories_of, joined
from catalog.nrdl.standards import Footnote, Standard, agreement, standards
from pharmacies.importers.reading import CellError


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("氨氯地平", ["氨氯地平"]),
        ("埃索美拉唑(艾司奥美拉唑)", ["埃索美拉唑", "艾司奥美拉唑"]),
        ("埃索美拉唑（艾司奥美拉唑）", ["埃索美拉唑", "艾司奥美拉唑"]),
        ("法维拉韦片(又称:法匹拉韦片)", ["法维拉韦片", "法匹拉韦片"]),
        ("卡左双多巴(左旋多巴/卡比多巴)", ["卡左双多巴", "左旋多巴/卡比多巴"]),
        ("人促红素[重组人促红素(CHO细胞)]", ["人促红素", "重组人促红素(CHO细胞)"]),
        ("多粘菌素B(多粘菌素)", ["多粘菌素B", "多粘菌素"]),
        ("卡络磺钠(肾上腺色腙)氯化钠", ["卡络磺钠氯化钠", "肾上腺色腙氯化钠"]),
    ],
)
def test_a_name_in_brackets_is_another_name_of_the_same_row(printed: str, expected: list[str]) -> None:
    assert list(names(printed)) == expected


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("感冒清热颗粒(片、胶囊)", ["感冒清热颗粒", "感冒清热片", "感冒清热胶囊"]),
        ("九味羌活片(口服液)", ["九味羌活片", "九味羌活口服液"]),
        ("藿香正气水(丸、软胶囊)", ["藿香正气水", "藿香正气丸", "藿香正气软胶囊"]),
        ("紫雪、紫雪胶囊（散、颗粒）", ["紫雪", "紫雪胶囊", "紫雪散", "紫雪颗粒"]),
        ("青鹏膏剂(软膏)", ["青鹏膏剂", "青鹏软膏"]),
        ("消癌平丸、消癌平颗粒(通关藤颗粒)", ["消癌平丸", "消癌平颗粒", "通关藤颗粒"]),
        ("小儿金丹(小儿金丹片)", ["小儿金丹", "小儿金丹片"]),
        ("生脉饮(党参方)、生脉片(颗粒)(党参方)", ["生脉饮(党参方)", "生脉片(党参方)", "生脉颗粒(党参方)"]),
    ],
)
def test_forms_in_brackets_make_one_name_each(printed: str, expected: list[str]) -> None:
    assert list(names(printed)) == expected


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("硝苯地平硝苯地平Ⅰ硝苯地平Ⅱ", ["硝苯地平", "硝苯地平Ⅰ", "硝苯地平Ⅱ"]),
        ("茶碱茶碱Ⅱ", ["茶碱", "茶碱Ⅱ"]),
        ("硫酸钡硫酸钡Ⅰ型硫酸钡Ⅱ型", ["硫酸钡", "硫酸钡Ⅰ型", "硫酸钡Ⅱ型"]),
        ("复方氨基酸(18AA)复方氨基酸(18AA-Ⅰ)", ["复方氨基酸(18AA)", "复方氨基酸(18AA-Ⅰ)"]),
        ("双黄连注射液注射用双黄连(冻干)", ["双黄连注射液", "注射用双黄连(冻干)"]),
        ("雷公藤片雷公藤多苷[甙]片", ["雷公藤片", "雷公藤多苷片", "雷公藤多甙片"]),
        (
            "羟乙基淀粉(200/0.5)氯化钠羟乙基淀粉(130/0.4)氯化钠",
            ["羟乙基淀粉(200/0.5)氯化钠", "羟乙基淀粉(130/0.4)氯化钠"],
        ),
    ],
)
def test_names_printed_below_each_other_are_taken_apart(printed: str, expected: list[str]) -> None:
    assert list(names(printed)) == expected


@pytest.mark.parametrize(
    "printed",
    [
        "雌二醇/雌二醇地屈孕酮",  # one pack with two kinds of tablets
        "精蛋白重组人胰岛素混合(40/60)",
        "帕妥珠曲妥珠单抗注射液(皮下注射)",
        "紫杉醇(白蛋白结合型)",
        "碘[131I]化钠",
        "生脉饮(人参方)",
        "重组人促红素-β(CHO细胞)",
        "注射用头孢呋辛钠/氯化钠注射液",
        "复方聚乙二醇(3350)电解质散",
        "中/长链脂肪乳(C6-24)",
    ],
)
def test_what_says_which_product_is_meant_stays_with_the_name(printed: str) -> None:
    assert names(printed) == (printed,)


def test_what_is_only_told_to_the_reader_is_in_no_name() -> None:
    assert names("脂肪乳(C14-24)[指大豆油]") == ("脂肪乳(C14-24)",)
    assert names("开喉剑喷雾剂(含儿童型)") == ("开喉剑喷雾剂",)


@pytest.mark.parametrize("printed", ["", "(", "((((", "甲(乙", ")甲(", "、、", "甲甲甲甲甲甲甲甲"])
def test_broken_names_do_not_break_the_reader(printed: str) -> None:
    assert all(names(printed)) or printed == ""


def one(spec: str, yuan: str, note: str = "") -> Standard:
    return Standard(spec=spec, amount=Decimal(yuan), note=note)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("*", [Standard(confidential=True)]),
        ("5.68元(10mg/片(按C22H25FN2O4S计))", [one("10mg/片(按C22H25FN2O4S计)", "5.68")]),
        ("1.70元(1g/袋)；3.95元(3g/袋)", [one("1g/袋", "1.70"), one("3g/袋", "3.95")]),
        ("275元(5mg/片)", [one("5mg/片", "275")]),
        ("479.00元/盒(A片0.375g,每盒30片)", [one("A片0.375g,每盒30片/盒", "479.00")]),
        ("31.03元(0.1ml/支 预灌封注射器）", [one("0.1ml/支 预灌封注射器", "31.03")]),
        ("8.30元(0.1g/片(以B计))(协议有效期内免费提供C)", [one("0.1g/片(以B计)", "8.30", "协议有效期内免费提供C")]),
        (
            "90.00元(625ml/袋[甲125ml；乙(16)250ml])；153.00元(1250ml/袋[甲250ml；乙(16)500ml])",
            [one("625ml/袋[甲125ml；乙(16)250ml]", "90.00"), one("1250ml/袋[甲250ml；乙(16)500ml]", "153.00")],
        ),
    ],
)
def test_every_standard_of_a_cell_is_one(text: str, expected: list[Standard]) -> None:
    assert list(standards(text, {})) == expected


def test_a_footnoted_standard_has_its_tiers_and_says_so() -> None:
    footnote = Footnote(unit="单价（元/毫居）", tiers=(("1-10毫居", Decimal(59)), ("11-50毫居", Decimal("47.2"))))
    note = "见备注2(每粒37MBq)；单价（元/毫居）"
    found = standards("见备注2(每粒37MBq)", {"备注2": footnote})
    assert found == (one("1-10毫居", "59", note), one("11-50毫居", "47.2", note))


def test_a_footnote_that_nobody_has_is_not_guessed() -> None:
    assert standards("见备注3(每粒)", {}) == ()


@pytest.mark.parametrize(
    "text", ["**", "5.68", "0元(1g)", "元(1g)", "5.68元(1g)多余", "5.68元(1g", "-1元(1g)", "1.5元(1g)；*"]
)
def test_a_standard_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(CellError, match="读不通"):
        standards(text, {})


def test_an_agreement_is_half_open_inside_and_inclusive_outside() -> None:
    days = agreement("2026年1月1日至2027年12月31日")
    inside = [days.lower <= day < days.upper for day in (date(2025, 12, 31), date(2026, 1, 1), date(2027, 12, 31))]
    assert [*inside, days.lower <= date(2028, 1, 1) < days.upper] == [False, True, True, False]


@pytest.mark.parametrize(
    "text", ["2025年", "2025年2月30日至2026年1月1日", "2026年1月1日至2025年1月1日", "长期", "2025-01-01"]
)
def test_a_bad_agreement_is_refused(text: str) -> None:
    with pytest.raises(CellError, match="协议有效期"):
        agreement(text)


def test_line_breaks_of_a_cell_go_and_leave_a_blank_only_between_latin_words() -> None:
    assert joined("限急\n、慢性肝病 。") == "限急、慢性肝病 。"
    assert joined("存在EGFR\nT790M突变；IL-\n2；37MBq\n每粒") == "存在EGFR T790M突变；IL-2；37MBq每粒"


def test_the_first_name_of_a_category_counts_and_none_is_not_a_name() -> None:
    assert categories_of([("XA", ""), ("XA", "甲"), ("XA", "乙"), ("XB", "")]) == {"XA": "甲"}
