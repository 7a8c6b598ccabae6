"""Finding drugs by what people type."""

import logging

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog import search
from catalog.models import Drug, Preparation
from tests import factories


@pytest.fixture
def shelf(db: None) -> dict[str, Drug]:
    amlodipine = factories.preparation("苯磺酸氨氯地平片", "片剂", "5mg")
    levamlodipine = factories.preparation("苯磺酸左氨氯地平片", "片剂", "2.5mg")
    amoxicillin = factories.preparation("阿莫西林胶囊", "胶囊剂", "0.25g")
    return {
        "norvasc": factories.drug(
            amlodipine,
            pack_count=7,
            trade_name="络活喜",
            manufacturer="辉瑞制药有限公司",
            approval_no="国药准字H10950224",
            barcode="6901234567892",
            trace_prefix="8123456",
            code="XC08CAB037A001010180517",
        ),
        "amlodipine": factories.drug(amlodipine, pack_count=14, manufacturer="华润双鹤药业股份有限公司"),
        "levamlodipine": factories.drug(levamlodipine, manufacturer="施慧达药业集团有限公司", trade_name="施慧达"),
        "amoxicillin": factories.drug(amoxicillin, pack_count=24, manufacturer="珠海联邦制药股份有限公司"),
    }


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("XC08CAB037A001010180517", "norvasc"),
        ("xc08cab037a001010180517", "norvasc"),
        ("国药准字H10950224", "norvasc"),
        ("国药准字h10950224", "norvasc"),
        ("6901234567892", "norvasc"),
        ("络活喜", "norvasc"),
        ("络活", "norvasc"),
        ("luohuoxi", "norvasc"),
        ("辉瑞", "norvasc"),
        ("辉瑞制药有限公司", "norvasc"),
        ("阿莫西林", "amoxicillin"),
        ("阿莫", "amoxicillin"),
        ("莫", "amoxicillin"),
        ("amxl", "amoxicillin"),
        ("AMXLJN", "amoxicillin"),
        ("ａｍｘｌ", "amoxicillin"),
        ("am", "amoxicillin"),
        ("amoxilin", "amoxicillin"),
        ("左氨氯", "levamlodipine"),
        ("shihuida", "levamlodipine"),
        ("氨氯地平 双鹤", "amlodipine"),
        ("双鹤\u3000氨氯地平", "amlodipine"),
        ("H10950224", "norvasc"),
        ("h 1095 0224", "norvasc"),
        ("H1095", "norvasc"),
        ("XC08CAB037A0010101805", "norvasc"),
        ("690123456", "norvasc"),
        ("81234560123456789012", "norvasc"),
        ("8123456 0123 4567 8901 2", "norvasc"),
        ("zuoanlvdiping", "levamlodipine"),
        ("aldp", "amlodipine"),
        ("zald", "levamlodipine"),
        ("huirui", "norvasc"),
        ("阿莫西林膠囊", "amoxicillin"),
        ("阿莫西林胶襄", "amoxicillin"),
        ("阿莫林", "amoxicillin"),
        ("阿莫西西林", "amoxicillin"),
        ("阿西莫林", "amoxicillin"),
        ("络活西", "norvasc"),
        ("amoxilinn", "amoxicillin"),
        ("辉瑞络活喜", "norvasc"),
        ("氨氯地平片 7片", "norvasc"),
        ("氨氯地平 14", "amlodipine"),
        ("氨氯地平5mg 双鹤", "amlodipine"),
        ("氨氯地平片2.5mg*14片", "levamlodipine"),
        ("阿莫西林 250毫克", "amoxicillin"),
        ("阿莫西林0.25", "amoxicillin"),
        ("阿莫西林 胶囊剂", "amoxicillin"),
    ],
)
def test_what_people_type_finds_the_drug(query: str, first: str, shelf: dict[str, Drug]) -> None:
    assert search.drugs(query)[0] == shelf[first]


@pytest.mark.parametrize("query", ["苯磺酸氨氯地平片", "苯磺酸氨", "bhsaldpp", "bhsal", "benhuangsuananlv"])
def test_the_plain_name_stands_before_the_longer_one(query: str, shelf: dict[str, Drug]) -> None:
    assert {drug.preparation.generic_name for drug in search.drugs(query)[:2]} == {"苯磺酸氨氯地平片"}


def test_the_name_itself_stands_before_names_that_hold_it(shelf: dict[str, Drug]) -> None:
    names = [drug.preparation.generic_name for drug in search.drugs("氨氯地平")]
    assert names == ["苯磺酸氨氯地平片", "苯磺酸氨氯地平片", "苯磺酸左氨氯地平片"]
    plain = factories.drug(factories.preparation("左氨氯地平", "片剂", "2.5mg"))
    assert search.drugs("左氨氯地平")[0] == plain


def test_every_word_must_match(shelf: dict[str, Drug]) -> None:
    assert search.drugs("阿莫西林 辉瑞") == []


@pytest.mark.parametrize(
    "query",
    [
        "",
        "   ",
        "\u3000",
        "\x00",
        "%",
        "_",
        "\\",
        "'; DROP TABLE catalog_drug; --",
        "<script>",
        "💊",
        "药" * 1000,
        "a" * 1000,
        "%%%",
        "x y z " * 200,
        "\n",
        "氨%平",
        "氨_地",
        "\udcff\udcfe",
        "\x00\x01\x1f\x7f\x80",
        "20mg",
        "99999999999999999999",
        "氨氯地平 30mg",
        "(" * 100,
        "[a-z]+$",
    ],
)
def test_odd_queries_find_nothing_and_break_nothing(query: str, shelf: dict[str, Drug]) -> None:
    assert search.drugs(query) == []
    assert search.preparations(query) == []


def test_preparations_come_once_with_all_their_drugs(shelf: dict[str, Drug]) -> None:
    found = search.preparations("氨氯地平")
    assert [preparation.generic_name for preparation, _drugs in found] == ["苯磺酸氨氯地平片", "苯磺酸左氨氯地平片"]
    assert found[0][1] == [shelf["amlodipine"], shelf["norvasc"]]


def test_pages_of_results_neither_skip_nor_repeat(shelf: dict[str, Drug]) -> None:
    whole = search.drugs("氨氯地平")
    assert [search.drugs("氨氯地平", limit=1, offset=n)[0] for n in range(3)] == whole


def test_a_strength_narrows_and_a_pack_comes_after_it(db: None) -> None:
    twenty = factories.preparation("阿托伐他汀钙片", "片剂", "20mg")
    ten = factories.preparation("阿托伐他汀钙片", "片剂", "10mg")
    maker = {"manufacturer": "无数字制药"}  # the factory's own are numbered, and a number is what is looked for
    other = factories.drug(ten, pack_count=7, **maker)
    pack = factories.drug(ten, pack_count=20, **maker)
    strength = factories.drug(twenty, pack_count=7, **maker)
    assert search.drugs("阿托伐他汀 20") == [strength, pack]
    assert search.drugs("阿托伐他汀20mg") == [strength]
    assert set(search.drugs("阿托伐他汀")) == {other, pack, strength}


def test_of_one_name_the_form_and_strength_with_most_products_come_first(db: None) -> None:
    rare = factories.preparation("阿莫西林片", "片剂", "0.25g")
    common = factories.preparation("阿莫西林胶囊", "胶囊剂", "0.25g")
    double = factories.preparation("阿莫西林胶囊", "胶囊剂", "0.5g")
    for of in (rare, double, common, common):
        factories.drug(of)
    assert [found for found, _drugs in search.preparations("阿莫西林")] == [common, double, rare]


def test_a_brand_leads_to_its_own_product_and_to_the_preparation_with_all_its_makers(shelf: dict[str, Drug]) -> None:
    assert search.drugs("络活喜") == [shelf["norvasc"]]
    ((preparation, members),) = search.preparations("络活喜")
    assert preparation.generic_name == "苯磺酸氨氯地平片"
    assert set(members) == {shelf["norvasc"], shelf["amlodipine"]}


def test_a_slip_is_looked_for_only_where_nothing_is_written_so(shelf: dict[str, Drug]) -> None:
    factories.drug(factories.preparation("阿莫西森胶囊", "胶囊剂", "1g"))
    assert [drug.preparation.generic_name for drug in search.drugs("阿莫西林")] == ["阿莫西林胶囊"]


def test_suggestions_are_names_with_strengths_and_makers(shelf: dict[str, Drug]) -> None:
    first, second = search.suggest("氨氯")
    assert (first.name, first.detail, first.drug_code) == ("苯磺酸氨氯地平片", "5mg · 2 个厂家", "")
    assert first.preparation_id == shelf["amlodipine"].preparation_id
    assert second.name == "苯磺酸左氨氯地平片"


def test_a_suggestion_says_what_was_matched(shelf: dict[str, Drug]) -> None:
    assert [(each.name, each.matched) for each in search.suggest("luohuo")] == [("苯磺酸氨氯地平片", "络活喜")]
    assert search.suggest("施慧达药")[0].matched == "施慧达药业集团有限公司"


def test_a_name_with_several_strengths_is_no_preparation_until_one_is_typed(db: None) -> None:
    ten, twenty = (factories.preparation("阿托伐他汀钙片", "片剂", strength) for strength in ("10mg", "20mg"))
    for preparation in (ten, twenty, twenty):
        factories.drug(preparation)
    (name,) = search.suggest("阿托")
    assert (name.preparation_id, name.detail) == (None, "20mg、10mg · 3 个厂家")
    (chosen,) = search.suggest("阿托伐他汀 10mg")
    assert (chosen.preparation_id, chosen.detail) == (ten.pk, "10mg")


def test_a_code_is_suggested_as_its_product(shelf: dict[str, Drug]) -> None:
    (found,) = search.suggest("6901234567892")
    assert found.drug_code == shelf["norvasc"].code
    assert found.detail == "5mg×7片 · 辉瑞制药有限公司"


def test_there_are_no_more_suggestions_than_asked_for(shelf: dict[str, Drug]) -> None:
    assert len(search.suggest("氨氯", limit=1)) == 1
    assert search.suggest("") == []


def test_pages_of_preparations_neither_skip_nor_repeat(shelf: dict[str, Drug]) -> None:
    whole = [found.pk for found, _drugs in search.preparations("地平")]
    assert len(whole) == Preparation.objects.filter(generic_name__contains="地平").count()
    assert [search.preparations("地平", limit=1, offset=n)[0][0].pk for n in range(len(whole))] == whole
    assert search.preparations("地平", offset=len(whole)) == []


def test_many_trade_names_of_one_preparation_do_not_hide_the_next(db: None) -> None:
    same, other = factories.preparation("甲片"), factories.preparation("乙片")
    for number in range(40):
        factories.drug(same, trade_name=f"安{number:02d}")
    last = factories.drug(other, trade_name="安康之类")
    assert [found for found, _drugs in search.preparations("安", limit=2)] == [same, other]
    assert search.drugs("安", limit=50)[-1] == last


def test_of_a_trace_code_only_seven_digits_reach_the_database(shelf: dict[str, Drug]) -> None:
    with CaptureQueriesContext(
        connection,
    ) as asked:
        search.drugs("81234560123456789012")
    assert not any("0123456789012" in query["sql"] for query in asked.captured_queries)


def test_what_is_searched_for_is_not_logged(shelf: dict[str, Drug], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    for query in ("阿莫西林", "不存在的药名", "81234560123456789012"):
        search.suggest(query)
        search.drugs(query)
    assert caplog.text == ""
