from catalog.models import Drug, Preparation
from catalog.products import MAX_TERM, describe, search_text

AMLODIPINE = {
    "generic_name": "苯磺酸氨氯地平片",
    "trade_name": "络活喜",
    "manufacturer": "辉瑞制药有限公司",
    "code": "XC08CAB037A001010180517",
    "approval_no": "国药准字H10950224",
    "barcode": "6901234567892",
}


def test_a_drug_is_found_by_names_readings_initials_and_codes() -> None:
    terms = set(search_text(**AMLODIPINE).terms)
    expected = {"苯磺酸氨氯地平片", "benhuangsuananlvdipingpian", "bhsaldpp", "络活喜", "luohuoxi", "lhx"}
    expected |= {"xc08cab037a001010180517", "国药准字h10950224", "6901234567892"}
    assert expected <= terms


def test_one_and_two_characters_of_name_trade_name_and_maker_are_terms() -> None:
    terms = set(search_text(**AMLODIPINE).terms)
    assert {"氨", "地平", "活喜", "辉", "制药"} <= terms
    assert "片络" not in terms


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
