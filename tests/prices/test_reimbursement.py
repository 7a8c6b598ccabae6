"""What a card says about being reimbursed is what the filter `reimbursed_as` lets through."""

import pytest
from django.utils import timezone

from catalog.insurance import facts
from prices.search.lists import REIMBURSED_AS
from prices.search.offers import find
from prices.search.questions import Filters, Target, Where
from prices.search.reimbursement import shops, standing, ways
from tests import factories
from tests.factories import AT, since

pytestmark = pytest.mark.django_db
ON = timezone.localdate(AT)


@pytest.fixture
def province():
    """Two counties of 武汉市 and the city 宜昌市; lists of the province, of a city and of a county; three products."""
    hubei = factories.region()
    west, east = factories.wuchang(), factories.hongshan()
    yichang = factories.region("420500", "宜昌市", hubei)
    far = factories.region("420502", "西陵区", yichang)
    of = factories.preparation("司美格鲁肽注射液", "注射剂", "1.5ml")
    drugs = [factories.drug(of, pack_count=n) for n in (1, 2, 3)]
    factories.match(drugs[0], factories.listing("司美格鲁肽", ins_class="乙", kind="谈判"))
    factories.match(drugs[1], factories.listing("司美格鲁肽", ins_class="乙"), state="candidate")
    factories.drug_list("dual_channel", hubei, drugs[0], drugs[1])
    factories.drug_list("dual_channel", yichang, drugs[2])
    factories.drug_list("dual_channel", east, drugs[0], valid=since(end=ON))
    named = factories.drug_list("chronic_disease", west)
    named.entries.create(generic_name="司美格鲁肽注射液", dosage_form="注射剂", valid=named.valid)
    for place in (west, east, far):
        for designations in (("designated",), ("designated", *REIMBURSED_AS), ("designated", "dual_channel")):
            shop = factories.pharmacy(division=place, designations=designations)
            for n, drug in enumerate(drugs):
                factories.offer(drug, shop, f"{500 + n}.00")
    factories.rebuild_today()
    return Target.of_preparation(of, tuple(drugs)), hubei


def answered(province, way=None):
    target, hubei = province
    where = Where(region_id=hubei.pk)
    return find(target, where, sort="cheapest", at=AT, filters=Filters(reimbursed_as=way), limit=100).results


@pytest.mark.parametrize("way", REIMBURSED_AS)
def test_a_card_says_what_the_filter_lets_through(province, way):
    of_all = facts(province[0].drugs, ON)
    everything = answered(province)
    where = shops(everything)
    said = {
        (found.shop.code, found.drug.code)
        for found in everything
        if standing(found, where[found.shop.id], way, of_all).reimbursed
    }
    passed = {(found.shop.code, found.drug.code) for found in answered(province, way)}
    assert said == passed
    assert 0 < len(said) < len(everything) == 27


def test_the_nearest_area_with_a_list_decides_alone(province):
    of_all = facts(province[0].drugs, ON)
    found = [each for each in answered(province) if "dual_channel" in each.shop.designations]
    where = shops(found)
    areas = {standing(each, where[each.shop.id], "dual_channel", of_all).area for each in found}
    assert areas == {"湖北省", "宜昌市"}


def test_only_ways_that_can_let_something_through_are_offered(province):
    _one, candidate, _three = province[0].drugs
    assert ways(facts(province[0].drugs, ON)) == list(REIMBURSED_AS)
    assert ways(facts([candidate], ON)) == ["dual_channel", "chronic_disease"]
    assert ways(facts([factories.drug()], ON)) == []


def test_all_pharmacies_of_an_answer_take_one_query(province, django_assert_num_queries):
    found = answered(province)
    with django_assert_num_queries(1):
        assert len(shops(found)) == 9
    with django_assert_num_queries(0):
        assert shops([]) == {}
