"""Finding drugs by what people type."""

import pytest

from catalog import search
from catalog.models import Drug
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
