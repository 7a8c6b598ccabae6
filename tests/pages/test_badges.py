"""Badges say what dated rows say, and nothing that nobody has reviewed."""

from datetime import date

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone, translation

from prices.views import badges
from tests import factories
from tests.factories import AT, since

pytestmark = pytest.mark.django_db
ON = timezone.localdate(AT)


@pytest.fixture(autouse=True)
def chinese():
    with translation.override("zh-hans"):
        yield


def labels(*drugs):
    return [badge.label for badge in badges.of_drugs(drugs, ON)]


def test_nothing_known_means_no_badge():
    assert labels(factories.drug()) == []


def test_the_class_shows_only_when_a_person_has_accepted_the_match():
    drug = factories.drug(rx_class="rx")
    factories.match(drug, factories.listing(ins_class="乙"), state="candidate")
    assert labels(drug) == ["处方药"]
    factories.match(drug, factories.listing(ins_class="甲"))
    assert labels(drug) == ["处方药", "医保甲类"]


def test_both_otc_classes_are_one_badge():
    assert labels(factories.drug(rx_class="otc_a"), factories.drug(rx_class="otc_b")) == ["非处方药(OTC)"]


def test_a_negotiated_drug_says_the_last_day_of_its_agreement():
    drug = factories.drug()
    until = DateRange(date(2025, 1, 1), date(2027, 1, 1))
    factories.match(drug, factories.listing(ins_class="乙", kind="谈判", agreement=until, restriction="限二线用药"))
    found = {badge.label: badge.words for badge in badges.of_drugs([drug], ON)}
    assert found["国家谈判药"].endswith("协议有效期到 2026年12月31日")
    assert found["限定支付范围"].endswith("：限二线用药")


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


def test_a_tendered_product_says_its_price_and_its_last_day():
    drug, other = factories.drug(), factories.drug()
    factories.reference_price(
        drug, "0.0571", kind="vbp", unit="smallest", document="国采第九批", valid=since(end=date(2027, 1, 1))
    )
    found = badges.tendered([drug, other], ON)
    assert set(found) == {drug.pk}
    assert found[drug.pk].words == "国家或省组织集中采购的中选产品：国采第九批，中选价 0.0571 元/片，至 2026年12月31日"


def test_a_card_names_only_services_that_differ_between_shops():
    assert badges.on_card(["designated", "cross_region"]) == []
    assert badges.on_card(["designated", "delivery", "dual_channel"]) == ["双通道药店", "送药上门"]
