"""What a line of search results says a drug costs from."""

from datetime import timedelta

import pytest
from django.db import connection

from prices.models import Offer, Stock
from prices.search.lowest import lowest
from prices.search.offers import find
from prices.search.questions import Barred, Target, Where
from prices.sql import statement
from tests import factories
from tests.factories import AT, small_town

pytestmark = pytest.mark.django_db


def test_it_is_the_price_of_the_first_offer_of_the_whole_province():
    town = small_town()
    first = find(Target.of_drug(town.drug), Where(region_id=factories.region().pk), sort="cheapest", at=AT, limit=1)
    assert lowest([town.drug.pk], at=AT) == {town.drug.pk: first.results[0].price_fen} == {town.drug.pk: 1260}


def test_stale_withdrawn_and_sold_out_offers_and_hospitals_do_not_count():
    drug = factories.drug()
    shops = [factories.pharmacy(north_m=n * 100) for n in range(1, 5)]
    factories.offer(drug, shops[0], "1.00", confirmed=AT - timedelta(days=11))
    factories.offer(drug, shops[1], "2.00", stock=Stock.OUT)
    factories.offer(drug, shops[2], "3.00", state=Offer.State.WITHDRAWN)
    factories.offer(drug, factories.pharmacy(kind="hospital"), "4.00")
    factories.offer(drug, shops[3], "5.00")
    factories.rebuild_today()
    assert lowest([drug.pk, factories.drug().pk], at=AT) == {drug.pk: 500}


def test_prices_are_walked_upward_by_their_index():
    """Whatever the planner thinks of a test's few rows, the statement can be answered by the walk."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        cursor.execute(
            "EXPLAIN " + statement("lowest"), {"drugs": [1], "at": AT, "stale_after": 1.5} | Barred().parameters
        )
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Index Scan using offer_cheapest" in plan
    assert "Sort" not in plan
