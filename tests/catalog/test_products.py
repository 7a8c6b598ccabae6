import pytest

from catalog.models import Drug, Preparation, SearchName
from catalog.products import MAX_TERM, describe, refresh_names, search_text
from tests import factories

AMLODIPINE = {
    "generic_name": "苯磺酸氨氯地平片",
    "trade_name": "络活喜",
    "manufacturer": "辉瑞制药有限公司",
    "code": "XC08CAB037A001010180517",
    "approval_no": "国药准字H10950224",
    "barcode": "6901234567892",
}


def test_a_drug_says_its_names_and_codes_one_per_line_and_how_they_are_spoken() -> None:
    text = search_text(**AMLODIPINE)
    assert (
        text.names
        == "苯磺酸氨氯地平片\n络活喜\n辉瑞制药有限公司\nxc08cab037a001010180517\n国药准字h10950224\n6901234567892"
    )
    assert text.terms == ["benhuangsuananlvdipingpian", "bhsaldpp", "lhx", "luohuoxi"]


def test_all_readings_of_a_disputed_character_are_terms() -> None:
    terms = set(search_text(generic_name="枸橼酸铋钾").terms)
    assert {"jysbj", "gysbj"} <= terms


def test_names_are_lower_case_one_per_line_without_empty_ones() -> None:
    text = search_text(generic_name="碳酸钙Ｄ3片", manufacturer="北京康远")
    assert text.names == "碳酸钙d3片\n北京康远"


def test_a_term_never_outgrows_its_column() -> None:
    text = search_text(generic_name="注射用" + "重组人干扰素" * 12, trade_name="A" * 200)
    assert max(map(len, text.terms)) == MAX_TERM


def test_equal_fields_give_equal_columns_in_order() -> None:
    drug = Drug(preparation=Preparation(generic_name=AMLODIPINE["generic_name"], dosage_form="片剂", strength="5mg"))
    for field, value in list(AMLODIPINE.items())[1:]:
        setattr(drug, field, value)
    describe(drug)
    text = search_text(**AMLODIPINE)
    assert (drug.search_names, drug.search_terms) == (text.names, text.terms)
    assert text.terms == sorted(set(text.terms))


def names(kind: str) -> dict[str, int]:
    return dict(SearchName.objects.filter(kind=kind).values_list("text", "products"))


@pytest.mark.django_db
def test_every_name_of_the_catalogue_is_there_once_with_its_number_of_products() -> None:
    for code in ("XC08CAB037A001010180517", "XC08CAB037A001010180518"):
        factories.drug(code=code, trade_name="络活喜", manufacturer="辉瑞制药有限公司")
    factories.drug(manufacturer="华润双鹤药业股份有限公司")
    assert names("generic") == {"苯磺酸氨氯地平片": 3}
    assert names("trade") == {"络活喜": 2}
    assert names("maker") == {"辉瑞制药有限公司": 2, "华润双鹤药业股份有限公司": 1}


@pytest.mark.django_db
def test_a_name_goes_with_its_last_product_and_comes_with_its_first() -> None:
    drug = factories.drug(trade_name="络活喜")
    Drug.objects.filter(pk=drug.pk).update(trade_name="压氏达")
    assert refresh_names() == 2
    assert names("trade") == {"压氏达": 1}
    assert refresh_names() == 0


@pytest.mark.django_db
def test_names_are_computed_anew_when_the_rules_of_comparison_change() -> None:
    factories.drug()
    SearchName.objects.update(lines="\nold\n")
    assert refresh_names() == 0
    refresh_names(anew=True)
    assert "氨氯地平" in SearchName.objects.get(kind="generic").lines
