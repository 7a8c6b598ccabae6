"""Which rows fit which products: one rule a line, on rows written for the purpose."""

import pytest

from catalog.matching.forms import printed, words_of
from catalog.matching.names import form_of
from catalog.matching.rules import Catalogue, Entry, leading, product
from catalog.matching.text import plain

ROWS = (
    # section, number, names, form, category
    ("西药", "1", "甲地平", "口服常释剂型", "XC08C"),
    ("西药", "1", "甲地平 甲地平Ⅰ 甲地平Ⅲ", "缓释控释剂型", "XC08C"),
    ("西药", "2", "左甲地平 左旋甲地平", "口服常释剂型", "XC08C"),
    ("西药", "3", "甲地平乙普利", "口服常释剂型", "XC09B"),
    ("西药", "4", "甲地平叶酸片(Ⅱ)", "", "XC08C"),
    ("西药", "5", "丙昔洛", "软膏剂", "XD06"),
    ("西药", "5", "丙昔洛", "口服常释剂型(不含分散片)", "XJ05A"),
    ("西药", "5", "丙昔洛", "注射剂", "XJ05A"),
    ("西药", "5", "丙昔洛氯化钠", "注射剂", "XJ05A"),
    ("西药", "6", "丁甘草", "口服常释剂型", "XA05B"),
    ("西药", "7", "复方丁甘草", "口服常释剂型", "XR05F"),
    ("西药", "8", "戊洛芬", "口服常释剂型", "XM01A"),
    ("西药", "9", "戊洛芬钠", "滴眼剂", "XS01B"),
    ("西药", "10", "己米松", "口服常释剂型", "XH02A"),
    ("西药", "10", "己米松", "注射剂", "XH02A"),
    ("西药", "10", "己米松磷酸钠", "注射剂", "XH02A"),
    ("西药", "11", "庚胰岛素混合(30R)", "注射剂", "XA10A"),
    ("西药", "12", "庚胰岛素混合(50R)", "注射剂", "XA10A"),
    ("西药", "13", "辛硝唑", "栓剂", "XG01A"),
    ("西药", "14", "辛硝唑", "栓剂", "XP01A"),
    ("西药", "15", "壬沙坦癸噻嗪", "口服常释剂型", "XC09D"),
    ("西药", "16", "壬沙坦", "咀嚼片", "XC09C"),
    ("西药", "17", "子状腺片", "口服常释剂型", "XH03A"),
    ("西药", "18", "硝酸丑油", "舌下片剂", "XC01D"),
    ("西药", "19", "丑油", "舌下片剂", "XA06A"),
    ("西药", "20", "寅替卡松", "软膏剂", "XD07A"),
    ("西药", "21", "重组人卯素", "注射剂", "XL03A"),
    ("西药", "22", "环辰素", "口服常释剂型", "XJ01A"),
    ("西药", "23", "甘油", "栓剂", "XA06A"),
    ("西药", "27", "聚乙戌", "口服散剂", "XA06A"),
    ("西药", "28", "亥糖酸钙", "口服液体剂", "XA12A"),
    ("西药", "24", "多种申素(12)", "注射剂", "XA11E"),
    ("西药", "25", "酉林克拉(7:1)", "口服常释剂型", "XJ01C"),
    ("西药", "26", "酉林克拉", "口服常释剂型", "XJ01C"),
    ("谈判西药", "2", "多种申素注射液(13)", "", "XA11E"),
    ("谈判西药", "1", "巳替尼片", "", "XL01E"),
    ("中成药", "1", "午黄丸 午黄片", "", "ZA04B"),
    ("中成药", "2", "未清胶囊", "", "ZA04B"),
)
CATALOGUE = Catalogue(
    Entry(place, section, number, tuple(names.split()), form, category)
    for place, (section, number, names, form, category) in enumerate(ROWS)
)


def found(name: str, form: str = "", **said: str) -> list[str]:
    """Rows that lead, as section/number form; the sorted rest does not matter to a decision."""
    fits = CATALOGUE.fits(product(name=name, form=form, **said))
    return [f"{fit.entry.section}{fit.entry.number} {fit.entry.form}".strip() for fit in leading(fits)]


@pytest.mark.parametrize(
    ("name", "form", "rows"),
    [
        # salts, acids, water
        ("甲地平片", "片剂", ["西药1 口服常释剂型"]),
        ("苯磺酸甲地平片", "片剂", ["西药1 口服常释剂型"]),
        ("重酒石酸甲地平片", "片剂", ["西药1 口服常释剂型"]),
        ("硫酸氢甲地平胶囊", "胶囊剂", ["西药1 口服常释剂型"]),
        ("甲地平二钠片", "片剂", ["西药1 口服常释剂型"]),
        ("甲地平叔丁胺片", "片剂", ["西药1 口服常释剂型"]),
        ("盐酸甲地平钾片", "片剂", ["西药1 口服常释剂型"]),
        ("半水合甲地平片", "片剂", ["西药1 口服常释剂型"]),
        ("壬沙坦钾癸噻嗪片", "片剂", ["西药15 口服常释剂型"]),
        ("丙酸寅替卡松乳膏", "乳膏剂", ["西药20 软膏剂"]),
        ("注射用己米松磷酸钠", "注射剂", ["西药10 注射剂"]),
        # false friends: a name that only contains the other is another drug
        ("左旋甲地平片", "片剂", ["西药2 口服常释剂型"]),
        ("右甲地平片", "片剂", []),
        ("消旋甲地平片", "片剂", []),
        ("甲地平乙普利片", "片剂", ["西药3 口服常释剂型"]),
        ("甲地平乙普利胶囊", "胶囊剂", ["西药3 口服常释剂型"]),
        ("甲地平丙普利片", "片剂", []),
        ("复方丁甘草片", "片剂", ["西药7 口服常释剂型"]),
        ("复方甲地平片", "片剂", []),
        ("小儿甲地平片", "片剂", []),
        ("卯素注射液", "注射剂", []),
        ("注射用重组人卯素", "注射剂", ["西药21 注射剂"]),
        # Roman numerals are names of their own
        ("甲地平缓释片(Ⅰ)", "片剂", ["西药1 缓释控释剂型"]),
        ("甲地平缓释片(III)", "片剂", ["西药1 缓释控释剂型"]),
        ("甲地平缓释片(Ⅱ)", "片剂", []),
        ("甲地平片(Ⅰ)", "片剂", []),
        ("甲地平叶酸片(Ⅱ)", "片剂", ["西药4"]),
        ("甲地平叶酸片(II)", "片剂", ["西药4"]),
        ("甲地平叶酸片", "片剂", []),
        ("甲地平叶酸片(Ⅰ)", "片剂", []),
        # the form chooses the row
        ("甲地平缓释胶囊", "胶囊剂", ["西药1 缓释控释剂型"]),
        ("甲地平片", "片剂(缓释)", ["西药1 缓释控释剂型"]),
        ("甲地平颗粒", "颗粒剂", []),
        ("甲地平", "片剂", ["西药1 口服常释剂型"]),
        ("丙昔洛乳膏", "乳膏剂", ["西药5 软膏剂"]),
        ("丙昔洛片", "薄膜衣片", ["西药5 口服常释剂型(不含分散片)"]),
        ("丙昔洛分散片", "片剂", []),
        ("注射用丙昔洛钠", "注射剂", ["西药5 注射剂"]),
        ("丙昔洛氯化钠注射液", "注射剂", ["西药5 注射剂"]),
        ("丙昔洛滴眼液", "滴眼剂", []),
        ("壬沙坦咀嚼片", "片剂", ["西药16 咀嚼片"]),
        ("壬沙坦片", "片剂", []),
        ("环辰素片", "片剂", ["西药22 口服常释剂型"]),  # not 环辰 in the form 素片
        ("子状腺片", "片剂", ["西药17 口服常释剂型"]),
        # printed with a salt in another form
        ("戊洛芬钠滴眼液", "滴眼剂", ["西药9 滴眼剂"]),
        ("戊洛芬钠片", "片剂", []),
        ("硝酸丑油舌下片", "片剂", ["西药18 舌下片剂"]),
        ("硝酸甘油栓", "栓剂", []),  # no salt of glycerol
        ("聚乙戌散", "口服散剂", ["西药27 口服散剂"]),
        ("聚乙戌钠钾散", "口服散剂", []),
        ("亥糖酸钙锌口服溶液", "口服溶液剂", []),
        # remarks in brackets, and brackets that are part of the name
        ("甲地平片(薄膜衣片)", "片剂", ["西药1 口服常释剂型"]),
        ("甲地平片(7:1)", "片剂", ["西药1 口服常释剂型"]),
        ("庚胰岛素混合注射液(30R)", "注射剂", ["西药11 注射剂"]),
        ("庚胰岛素混合注射液(40R)", "注射剂", []),
        ("注射用多种申素(12)", "注射剂", ["西药24 注射剂"]),
        ("多种申素注射液(13)", "注射剂", ["谈判西药2"]),
        ("多种申素注射液(14)", "注射剂", []),
        ("酉林克拉片(7:1)", "片剂", ["西药25 口服常释剂型"]),
        ("酉林克拉片(4:1)", "片剂", ["西药26 口服常释剂型"]),
        # whole names: negotiated rows and Chinese patent medicines
        ("巳替尼片", "片剂", ["谈判西药1"]),
        ("巳替尼", "片剂", ["谈判西药1"]),
        ("甲磺酸巳替尼片", "片剂", []),
        ("巳替尼胶囊", "胶囊剂", []),
        ("午黄丸(浓缩丸)", "丸剂", ["中成药1"]),
        ("午黄浓缩丸", "丸剂(浓缩丸)", ["中成药1"]),
        ("午黄滴丸", "滴丸剂", []),
        ("未清胶囊", "胶囊剂", ["中成药2"]),
        ("未清软胶囊", "软胶囊", []),
        # equal rows stay two
        ("辛硝唑栓", "栓剂", ["西药13 栓剂", "西药14 栓剂"]),
        ("", "", []),
        ("()", "片剂", []),
    ],
)
def test_a_product_fits_a_row_by_its_name_without_salt_and_by_its_form(name: str, form: str, rows: list[str]) -> None:
    assert found(name, form) == rows


@pytest.mark.parametrize(
    ("said", "rows"),
    [
        ({"code": "XG01AFX001A001010112345"}, ["西药13 栓剂"]),
        ({"code": "XP01ABX001A001010112345"}, ["西药14 栓剂"]),
        ({"code": "XC08CAX001A001010112345"}, []),
        ({"code": "not a code"}, ["西药13 栓剂", "西药14 栓剂"]),
        ({"code": "T001700368"}, []),
    ],
)
def test_the_category_of_the_code_speaks_for_one_of_equal_rows_or_against_all(said: dict, rows: list[str]) -> None:
    assert found("辛硝唑栓", "栓剂", **said) == rows


def test_the_category_of_the_code_settles_a_salt_that_is_printed_in_another_form() -> None:
    assert found("戊洛芬钠片", "片剂", code="XM01ABX001A001010112345") == ["西药8 口服常释剂型"]
    weak = CATALOGUE.fits(product(name="戊洛芬钠片", form="片剂"))
    assert [fit.entry.names for fit in weak] == [("戊洛芬",)]
    assert "目录另有“戊洛芬钠滴眼剂”" in weak[0].reason


@pytest.mark.parametrize(
    ("said", "leads"),
    [
        ({"approval_no": "国药准字Z20010001"}, True),
        ({"approval_no": "国药准字H20010001"}, False),
        ({"code": "ZA04BAW0001010100123"}, True),
        ({"code": "XA04BAW001A001010100123"}, False),
    ],
)
def test_a_western_drug_is_no_patent_medicine_of_the_same_name(said: dict[str, str], leads: bool) -> None:
    assert bool(found("未清胶囊", "胶囊剂", **said)) is leads


def test_a_contradiction_of_name_and_form_column_makes_a_weak_candidate() -> None:
    fits = CATALOGUE.fits(product(name="壬沙坦咀嚼片", form="颗粒剂"))
    assert leading(fits) == ()
    assert "名称与剂型栏不一致" in fits[0].reason


def test_an_unknown_form_gives_every_row_of_the_name_and_none_leads() -> None:
    fits = CATALOGUE.fits(product(name="丙昔洛", form="其他"))
    assert len(fits) == 3
    assert leading(fits) == ()


def test_a_reason_is_given_in_words() -> None:
    best = CATALOGUE.fits(product(name="苯磺酸甲地平片", form="片剂", code="XC08CAX001A001010112345"))[0]
    assert best.reason == "去掉盐基、酸根后名称相同；片属于口服常释剂型；药品代码分类 XC08CA 与条目分类 XC08C 一致"
    assert 0 < best.score <= 1


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("甲片（Ⅱ）", "甲片(II)", True),
        ("甲 片［Ⅱ］", "甲片Ⅱ", True),
        ("甲片Ⅰ", "甲片Ⅱ", False),
        ("甲片(Ⅰ)", "甲片(1)", False),
        ("氨基酸(18AA-V)", "氨基酸(18AA-Ⅴ)", True),
        ("维生素Ｂ１２", "维生素b12", True),
        ("维生素C", "维生素B", False),
        ("干扰素α-2b", "干扰素α2b", True),
        ("氮卓斯汀", "氮䓬斯汀", True),
        ("脂肪乳(C14～24)", "脂肪乳(C14-24)", True),
    ],
)
def test_one_writing_of_names(one: str, other: str, same: bool) -> None:
    assert (plain(one) == plain(other)) is same


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ("片剂", ("片",)),
        ("片剂（薄膜衣）", ("薄膜衣片",)),
        ("胶囊剂(软胶囊)", ("软胶囊",)),
        ("胶囊剂(缓释)", ("缓释胶囊",)),
        ("散剂", ("口服散", "外用散")),
        ("注射用无菌粉末", ("注射",)),
        ("雾化吸入用混悬液", ("吸入混悬液",)),
        ("盒剂", ()),
        ("", ()),
    ],
)
def test_the_form_column_is_read(form: str, words: tuple[str, ...]) -> None:
    assert words_of(form) == words


def test_a_form_that_no_group_names_covers_only_itself() -> None:
    assert printed("咀嚼片") == {"咀嚼片"}
    assert printed("植入剂") == {"植入"}
    assert "咀嚼片" not in printed("口服常释剂型")
    assert "分散片" not in printed("口服常释剂型(不含分散片)")


def test_name_and_column_together_say_the_form() -> None:
    assert form_of("甲片", "片剂(口含)").words == ("含片",)
    assert form_of("甲分散片", "片剂").words == ("分散片",)
    assert form_of("甲溶液", "外用溶液剂").words == ("外用溶液",)
    assert form_of("注射用甲", "").words == ("注射",)
    assert form_of("甲胶囊", "片剂").against == ("片",)
