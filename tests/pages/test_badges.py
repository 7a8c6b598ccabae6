"""Badges say what dated rows say, and nothing that nobody has reviewed."""

from datetime import date, timedelta

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone, translation

from catalog.insurance import facts
from prices.views import badges
from tests import factories
from tests.factories import AT, since

pytestmark = pytest.mark.django_db
ON = timezone.localdate(AT)


@pytest.fixture(autouse=True)
def chinese():
    with translation.override("zh-hans"):
        yield


def head(*drugs):
    return {badge.label: badge for badge in badges.of_facts(facts(drugs, ON))}


def labels(*drugs):
    return list(head(*drugs))


def test_nothing_known_means_no_badge():
    assert labels(factories.drug()) == []


def test_the_class_shows_only_when_a_person_has_accepted_the_match():
    drug = factories.drug(rx_class="rx")
    factories.match(drug, factories.listing(ins_class="乙"), state="candidate")
    assert labels(drug) == ["处方药", "医保类别待核"]
    waiting = head(drug)["医保类别待核"]
    assert "乙" not in waiting.words
    assert (waiting.tone, waiting.sources) == ("warn", ())
    factories.match(drug, factories.listing(ins_class="甲"))
    assert labels(drug) == ["处方药", "医保甲类"]


def test_a_rejected_match_says_nothing_neither_that_it_is_listed_nor_that_it_is_not():
    drug = factories.drug()
    factories.match(drug, factories.listing(), state="rejected")
    assert labels(drug) == []


def test_a_class_says_the_document_and_the_day_it_comes_from():
    drug = factories.drug()
    factories.match(drug, factories.listing(ins_class="甲"))
    assert head(drug)["医保甲类"].sources == ("国家，医保发〔2025〕33号，自2026年1月1日起",)


def test_products_of_different_classes_are_both_named_and_counted():
    one, two, three, four = (factories.drug(pack_count=n) for n in (7, 14, 21, 28))
    factories.match(one, factories.listing(ins_class="甲"))
    for drug in (two, three):
        factories.match(drug, factories.listing(ins_class="乙"))
    factories.match(four, factories.listing(), state="candidate")
    of_all = facts((one, two, three, four), ON)
    assert [badge.label for badge in badges.of_facts(of_all)] == ["医保甲类", "医保乙类", "医保类别待核"]
    assert badges.mixed_classes(of_all).startswith(
        "各产品的医保类别不同：医保甲类 1 种，医保乙类 2 种，医保类别待核 1 种。"
    )
    assert badges.mixed_classes(facts((two, three), ON)) == ""


def test_both_otc_classes_are_one_badge():
    assert labels(factories.drug(rx_class="otc_a"), factories.drug(rx_class="otc_b")) == ["非处方药(OTC)"]


def test_a_negotiated_drug_says_the_last_day_of_its_agreement():
    drug = factories.drug()
    until = DateRange(date(2025, 1, 1), date(2027, 1, 1))
    factories.match(drug, factories.listing(ins_class="乙", kind="谈判", agreement=until))
    assert head(drug)["国家谈判药"].words.endswith("协议有效期到 2026年12月31日")


def test_an_agreement_that_is_over_is_not_said_to_hold():
    drug = factories.drug()
    row = factories.listing(ins_class="乙", kind="谈判", agreement=DateRange(date(2025, 1, 1), ON))
    factories.match(drug, row)
    words = head(drug)["国家谈判药"].words
    assert "协议有效期已于 2026年11月20日结束" in words
    assert not row.agreement_is_over(ON - timedelta(days=1))
    assert not factories.listing().agreement_is_over(ON)


def test_a_drug_whose_price_was_bid_for_says_how_it_is_paid():
    drug = factories.drug()
    factories.match(drug, factories.listing(ins_class="乙", kind="竞价"))
    assert head(drug)["竞价药品"].words == "医保按竞价标准支付，超出部分自付"


def test_a_list_counts_on_its_days_and_for_its_form_only():
    drug = factories.drug(factories.preparation("甲钴胺片", "片剂"))
    area = factories.region()
    factories.drug_list("dual_channel", area, drug, valid=since(end=date(2026, 11, 21)))
    assert labels(drug) == []
    factories.drug_list("separate_payment", area, drug)
    assert labels(drug) == ["单独支付药品"]
    other = factories.drug_list("chronic_disease", area)
    other.entries.create(generic_name="甲钴胺片", dosage_form="胶囊剂", valid=other.valid)
    assert labels(drug) == ["单独支付药品"]
    other.entries.create(generic_name="甲钴胺片", valid=other.valid)
    assert labels(drug) == ["单独支付药品", "门诊慢特病用药"]


def test_a_list_says_its_area_document_and_first_day():
    drug = factories.drug()
    factories.drug_list("dual_channel", factories.region(), drug, valid=since(date(2026, 1, 1)))
    assert head(drug)["双通道药品"].sources == ("湖北省，鄂医保发〔2026〕1号，自2026年1月1日起",)


def test_a_list_of_one_city_says_so_in_the_badge_itself():
    drug, other = factories.drug(), factories.drug()
    factories.wuchang()
    factories.drug_list("dual_channel", factories.region("420100"), drug)
    assert labels(drug) == ["双通道药品（武汉市）"]
    assert head(drug, other)["双通道药品（武汉市）"].words.endswith("；只是其中 1 种产品")


def test_lists_for_officials_are_no_badges():
    drug = factories.drug()
    for kind in ("monitored", "three_in", "not_for_retail"):
        factories.drug_list(kind, factories.region(), drug)
    assert labels(drug) == []


def test_a_tendered_product_says_its_price_and_its_last_day():
    drug, other = factories.drug(), factories.drug()
    factories.reference_price(
        drug, "0.0571", kind="vbp", unit="smallest", document="国采第九批", valid=since(end=date(2027, 1, 1))
    )
    found = badges.tendered(facts([drug, other], ON))
    assert set(found) == {drug.pk}
    assert found[drug.pk].words == "国家或省组织集中采购的中选产品：国采第九批，中选价 0.0571 元/片，至 2026年12月31日"
    assert found[drug.pk].sources == ("湖北省，国采第九批，自2020年1月1日起",)


def test_on_a_page_in_english_names_from_the_data_say_that_they_are_chinese():
    drug = factories.drug()
    factories.drug_list("dual_channel", factories.region(), drug)
    with translation.override("en"):
        (source,) = badges.of_facts(facts([drug], ON))[0].sources
    assert '<span lang="zh-CN">湖北省，鄂医保发〔2026〕1号</span>' in source


def test_what_comes_from_a_file_cannot_bring_markup_into_a_page():
    drug = factories.drug()
    area = factories.region()
    made = factories.drug_list("dual_channel", area, drug)
    made.document = "<script>alert(1)</script>"
    made.save()
    assert "<script>" not in head(drug)["双通道药品"].sources[0]


def test_a_card_names_only_services_that_differ_between_shops():
    assert badges.on_card(["designated", "cross_region"]) == []
    assert badges.on_card(["designated", "delivery", "outpatient_pooling"]) == ["门诊统筹药店", "送药上门"]


def test_a_medical_institution_is_called_no_pharmacy():
    held = ["designated", "delivery", "outpatient_pooling", "dual_channel"]
    assert badges.on_card(held, institution=True) == ["送药上门"]
    assert [badge.label for badge in badges.of_pharmacy(held, institution=True)] == ["医保定点", "送药上门"]
