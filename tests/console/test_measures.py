"""The figures of an area are those of its code: on the day it has another name nothing of it is gone."""

import pytest
from django.test import Client

from prices.monitoring import figures as nightly
from prices.monitoring.areas import added_upward
from prices.views.console import measures
from tests import factories as f
from tests.console.leads_world import TODAY, as_official, figure, lead
from tests.factories import AT
from tests.staff.accounts_world import Clock, text

pytestmark = pytest.mark.django_db


def test_counts_are_added_upward_under_old_names_and_new_ones() -> None:
    county, neighbour, city, province = f.wuchang(), f.hongshan(), f.region("420100"), f.region()
    elsewhere = f.region("420500", "宜昌市", province)
    new_county, new_city = f.renamed(county, "新武昌区"), f.renamed(city, "新武汉市")
    found = added_upward([(county.pk, 2), (new_county.pk, 3), (neighbour.pk, 10), (elsewhere.pk, 100)])
    assert found[county.pk] == found[new_county.pk] == 5
    assert found[city.pk] == found[new_city.pk] == 15
    assert found[province.pk] == 115


def test_an_area_keeps_its_figures_and_leads_on_the_day_of_its_new_name() -> None:
    county = f.wuchang()
    figure(county, TODAY, shops=21, reporting=18)
    lead(f.drug(), f.pharmacy())
    renamed = f.renamed(county, "新武昌区")
    assert measures.figures([renamed, f.hongshan()], TODAY)[renamed.pk].shops == 21
    assert measures.open_leads([renamed, f.region()]) == {renamed.pk: 1, f.region().pk: 1}
    assert nightly.leads(AT.replace(year=2000), AT)[1][renamed.pk] == 1
    figure(renamed, TODAY, shops=22, reporting=19)
    assert measures.figures([renamed], TODAY)[renamed.pk].shops == 22


def test_a_city_under_a_new_name_still_lists_its_counties(client: Client, clock: Clock) -> None:
    figure(f.wuchang(), TODAY)
    f.renamed(f.region("420100"), "新武汉市")
    official = as_official(client, f.region("420100"))
    for page in ("", "/late"):
        assert "武昌区" in text(official.get(f"/console/420100{page}")), page
