"""The facts about drugs on a day: only what is reviewed and in force, in a fixed number of queries."""

from datetime import date, timedelta

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone

from catalog.insurance import QUERIES, UNREVIEWED, facts
from catalog.models import Edition, PaymentStandard
from tests import factories
from tests.factories import AT, since

pytestmark = pytest.mark.django_db
ON = timezone.localdate(AT)


def next_year() -> Edition:
    return factories.edition(2027)


def test_no_drugs_no_queries(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert facts((), ON).lists == ()


def test_many_drugs_take_as_many_queries_as_one(django_assert_num_queries):
    area = factories.region()
    drugs = [factories.drug(pack_count=n) for n in range(1, 30)]
    next_year()
    for drug in drugs:
        row = factories.listing()
        factories.match(drug, row)
        PaymentStandard.objects.create(listing=row, amount="1.00")
        factories.reference_price(drug, "2.00")
    factories.drug_list("dual_channel", area, *drugs)
    for asked in (drugs[:1], drugs):
        with django_assert_num_queries(QUERIES):
            found = facts(asked, ON)
            assert [each.area.name for rows in found.references.values() for each in rows] == ["湖北省"] * len(asked)


def test_rows_of_another_edition_say_nothing_today():
    drug = factories.drug()
    factories.match(drug, factories.listing(edition=next_year(), ins_class="乙"))
    assert facts([drug], ON).class_of(drug) == ""
    assert facts([drug], date(2027, 1, 1)).class_of(drug) == "乙"


def test_an_edition_that_is_still_loading_does_not_exist():
    drug = factories.drug()
    row = factories.listing()
    factories.match(drug, row)
    Edition.objects.update(state="loading")
    next_year()
    Edition.objects.filter(year=2027).update(state="loading")
    found = facts([drug], ON)
    assert (found.edition, found.following, found.class_of(drug)) == (None, None, "")


def test_rows_of_both_classes_are_for_a_person_to_say():
    drug = factories.drug()
    for name in "甲乙":
        factories.match(drug, factories.listing(ins_class=name))
    assert facts([drug], ON).class_of(drug) == UNREVIEWED


def test_a_candidate_beside_an_accepted_row_is_not_mentioned():
    drug = factories.drug()
    factories.match(drug, factories.listing(ins_class="乙"), state="candidate")
    assert facts([drug], ON).class_of(drug) == UNREVIEWED
    factories.match(drug, factories.listing(ins_class="甲"))
    assert facts([drug], ON).class_of(drug) == "甲"


def test_the_next_edition_is_read_by_name_and_form_and_by_reviewed_matches_first():
    drug = factories.drug()
    row = factories.listing("氨氯地平", dosage_form="口服常释剂型")
    factories.match(drug, row)
    assert facts([drug], ON).carried == {}
    other_form = factories.listing("氨氯地平", dosage_form="口服液体剂", edition=next_year())
    assert facts([drug], ON).carried == {row.pk: []}
    same = factories.listing("氨氯地平", dosage_form="口服常释剂型", edition=next_year())
    assert facts([drug], ON).carried == {row.pk: [same]}
    factories.match(drug, other_form)
    assert facts([drug], ON).carried == {row.pk: [other_form]}


def test_a_list_counts_for_what_it_names_and_an_empty_one_is_still_there():
    drug = factories.drug()
    wuhan = factories.wuchang().parent
    factories.drug_list("dual_channel", factories.region(), drug)
    factories.drug_list("dual_channel", wuhan)
    factories.drug_list("chronic_disease", wuhan, drug, valid=since(end=ON))
    found = facts([drug], ON)
    assert [(each.kind, each.area, each.drug_ids) for each in found.lists] == [
        ("dual_channel", "湖北省", {drug.pk}),
        ("dual_channel", "武汉市", frozenset()),
    ]
    assert [each.area for each in found.naming("dual_channel")] == ["湖北省"]


def test_a_list_may_name_a_row_of_the_catalogue():
    drug, other = factories.drug(), factories.drug()
    row = factories.listing()
    factories.match(drug, row)
    factories.match(other, row, state="candidate")
    made = factories.drug_list("separate_payment", factories.region())
    made.entries.create(listing=row, valid=made.valid)
    assert facts([drug, other], ON).named_everywhere("separate_payment") == {drug.pk}


def test_a_nearer_list_that_does_not_name_the_drug_ends_everywhere():
    drug = factories.drug()
    factories.drug_list("not_for_retail", factories.region(), drug)
    assert facts([drug], ON).named_everywhere("not_for_retail") == {drug.pk}
    factories.drug_list("not_for_retail", factories.wuchang().parent)
    assert facts([drug], ON).named_everywhere("not_for_retail") == set()


def test_a_reference_price_that_states_a_confidential_standard_is_no_fact():
    drug = factories.drug()
    row = factories.listing(ins_class="乙", kind="谈判")
    factories.match(drug, row)
    factories.reference_price(drug, "3.00", kind="payment_standard")
    factories.reference_price(drug, "4.00", kind="listed")
    assert len(facts([drug], ON).references[drug.pk]) == 2
    PaymentStandard.objects.create(listing=row, confidential=True)
    assert [each.kind for each in facts([drug], ON).references[drug.pk]] == ["listed"]


def test_reference_prices_count_on_their_days():
    drug = factories.drug()
    factories.reference_price(drug, "3.00", valid=DateRange(date(2026, 1, 1), ON))
    assert facts([drug], ON).references == {}
    (row,) = facts([drug], ON - timedelta(days=1)).references[drug.pk]
    assert str(row.amount) == "3.0000"
