"""Who is late, for how long, and as it was known on a day gone by."""

from datetime import timedelta

import pytest

from pharmacies.models import Region
from prices.monitoring import reporters
from tests import factories as f
from tests.factories import AT
from tests.monitoring.reporting_world import reporters as world
from tests.monitoring.reporting_world import sent, weekly

pytestmark = pytest.mark.django_db


def states(area: Region | None = None) -> dict[str, str]:
    return {each.name: each.state for each in reporters.survey(area or f.wuchang(), at=AT).shops}


def test_each_shop_is_in_time_late_silent_or_never_reported() -> None:
    world()
    found = reporters.survey(f.wuchang(), at=AT)
    assert [(each.name, each.state, each.days_late) for each in found.shops] == [
        ("never", "never", None),
        ("silent", "silent", 30),
        ("late", "late", 3),
        ("on_time", "on_time", 0),
    ]
    assert found.counts == {"on_time": 1, "late": 1, "silent": 1, "never": 1}


def test_shops_nobody_asked_for_are_counted_and_not_listed() -> None:
    shops = world()
    f.report(weekly(), f.pharmacy("洪山店", division=f.hongshan()), AT)
    f.rebuild_today()
    found = reporters.survey(f.region(), at=AT, states=["late"])
    assert [each.code for each in found.shops] == [shops["late"].code]
    assert found.by_area == {
        ("420106", "武昌区"): {"on_time": 1, "late": 1, "silent": 1, "never": 1},
        ("420111", "洪山区"): {"on_time": 1, "late": 0, "silent": 0, "never": 0},
    }


def test_the_province_sees_every_countys_shops_and_a_county_only_its_own() -> None:
    world()
    assert len(states(f.region())) == 4
    assert states(f.hongshan()) == {}


def test_of_two_feeds_the_one_that_keeps_the_shop_fresh_longest_counts() -> None:
    shops = world()
    f.report(f.feed("monthly", cadence=timedelta(days=30)), shops["silent"], AT - timedelta(days=35))
    assert states()["silent"] == "on_time"


def test_a_feed_that_is_switched_off_keeps_nobody_fresh() -> None:
    world()
    weekly().__class__.objects.update(active=False)
    assert states() == {"never": "never", "silent": "silent", "late": "silent", "on_time": "silent"}


def test_the_list_of_a_past_day_knows_only_what_had_been_received_by_then() -> None:
    shop = f.pharmacy("甲店")
    f.rebuild_today()
    sent(shop, AT - timedelta(days=20))
    sent(shop, AT - timedelta(days=1))
    then = {n: reporters.survey_past(f.wuchang(), at=AT - timedelta(days=n)).shops[0] for n in (25, 15, 5)}
    assert (then[25].state, then[15].state, then[5].state) == ("never", "on_time", "late")
    assert then[5].last == AT - timedelta(days=20)
    assert then[5].days_late == 5  # 15 days after a report that is fresh for 10.5


def test_a_shop_that_was_suspended_on_that_day_was_not_expected_to_report() -> None:
    shop = f.pharmacy("甲店", status="suspended")
    sent(shop, AT - timedelta(days=20))
    f.rebuild_today()
    assert reporters.survey_past(f.wuchang(), at=AT - timedelta(days=5)).shops == []
