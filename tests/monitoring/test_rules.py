"""Which detector works where, and how that is changed."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db.models import ProtectedError

from pharmacies.models import AuditEvent, Region
from prices.models import Rule
from prices.monitoring import detectors, rules
from prices.monitoring.detectors import change, history
from prices.monitoring.parameters import Absurd
from tests import factories as f
from tests.factories import AT, since
from tests.monitoring import impossible_rules as made

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 21)
DAY = timedelta(days=1)


def changed(area: Region, *, detector: str = "change", days: int = 0, **fields: Any) -> Rule:
    """The rule of the area, changed so many days after today."""
    base: dict[str, Any] = {"parameters": {"min_share": 0.3}, "active": True, "reason": "会议决定", "by": "li"}
    return rules.change(area=area, detector=detector, at=AT + days * DAY, **base | fields)


def test_where_nobody_has_made_a_rule_the_defaults_hold() -> None:
    for area in (None, f.wuchang().pk):
        found = rules.current(area, TODAY)
        assert list(found) == list(detectors.MODULES)
        assert (found["change"].parameters, found["change"].active) == (change.Parameters(), True)
        assert found["change"].rule_id is None


def test_the_nearest_area_wins() -> None:
    district = f.wuchang()
    city, province = district.parent, f.region()
    assert city
    changed(province, parameters={"min_share": 0.3})
    changed(city, parameters={"min_share": 0.2}, active=False)
    shares = {area.name: rules.current(area.pk, TODAY)["change"] for area in (province, city, district, f.hongshan())}
    assert {name: rule.parameters.stated()["min_share"] for name, rule in shares.items()} == {
        "湖北省": 0.3,
        "武汉市": 0.2,
        "武昌区": 0.2,
        "洪山区": 0.2,
    }
    assert [rule.active for rule in shares.values()] == [True, False, False, False]
    assert rules.current(district.pk, TODAY)["history"].parameters == history.Parameters()


def test_a_rule_holds_from_its_day_until_the_next(django_assert_num_queries: Any) -> None:
    area = f.region()
    first = changed(area)
    second = changed(area, days=10, parameters={"min_share": 0.5})
    with django_assert_num_queries(2):
        found = rules.current(area.pk, TODAY + 9 * DAY)
    assert found["change"].rule_id == first.pk
    assert rules.current(area.pk, TODAY + 10 * DAY)["change"].rule_id == second.pk
    assert rules.current(area.pk, TODAY - DAY)["change"].rule_id is None
    first.refresh_from_db()
    assert (first.valid.lower, first.valid.upper) == (TODAY, TODAY + 10 * DAY)


def test_what_is_announced_comes_on_its_day_unless_it_is_called_off() -> None:
    area = f.region()
    now = changed(area)
    announced = changed(area, parameters={"min_share": 0.5}, on=TODAY + 30 * DAY)
    assert rules.current(area.pk, TODAY + 29 * DAY)["change"].rule_id == now.pk
    assert rules.current(area.pk, TODAY + 30 * DAY)["change"].rule_id == announced.pk
    other = changed(area, days=5, parameters={"min_share": 0.6})
    assert rules.current(area.pk, TODAY + 30 * DAY)["change"].rule_id == other.pk
    announced.refresh_from_db()
    assert announced.valid.isempty


def test_a_second_thought_on_the_same_day_leaves_both_rows() -> None:
    area = f.region()
    changed(area)
    changed(area, parameters={"min_share": 0.5})
    assert Rule.objects.count() == 2
    assert rules.current(area.pk, TODAY)["change"].parameters.stated()["min_share"] == 0.5


def test_a_change_is_in_the_log_with_what_was_before() -> None:
    area = f.region()
    changed(area)
    changed(area, days=1, active=False, reason="误报太多")
    event: Any = AuditEvent.objects.get(action="rule.change", reason="误报太多")
    assert (event.area, event.actor_name) == (area, "li")
    assert event.before["parameters"]["min_share"] == 0.3
    assert (event.before["active"], event.after["active"], event.after["from"]) == (True, False, "2026-11-22")


def test_a_renamed_county_keeps_its_rules_until_it_makes_its_own() -> None:
    county = f.region("421023", "监利县", f.wuchang().parent)
    changed(county)
    renamed_on = TODAY + 30 * DAY
    Region.objects.filter(pk=county.pk).update(valid=since(end=renamed_on))
    heir = Region.objects.create(
        code=county.code, name="监利市", parent=county.parent, level="district", valid=since(renamed_on)
    )
    assert rules.current(heir.pk, renamed_on)["change"].parameters.stated()["min_share"] == 0.3
    changed(heir, days=31, parameters={"min_share": 0.4})
    assert rules.current(heir.pk, renamed_on + DAY)["change"].parameters.stated()["min_share"] == 0.4


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "absurd parameters": ({"parameters": {"min_share": -1}}, "至少变动的比例"),
    "no reason": ({"reason": "  "}, "请写明理由"),
    "an endless reason": ({"reason": "长" * 201}, "最多 200 个字"),
    "an unknown detector": ({"detector": "guess"}, "没有名为“guess”的规则"),
    "yesterday": ({"on": TODAY - DAY}, "不能从过去的日子起改"),
}


@pytest.mark.parametrize(("fields", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_what_makes_no_sense_is_refused_and_changes_nothing(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(Absurd, match=words):
        changed(f.region(), **fields)
    assert not Rule.objects.exists()
    assert not AuditEvent.objects.exists()


def test_a_change_of_nothing_is_refused() -> None:
    area = f.wuchang()
    changed(area)
    with pytest.raises(Absurd, match="与现行规则相同"):
        changed(area)
    changed(f.hongshan())  # the same elsewhere is a rule of its own


def test_a_parameter_that_the_rule_did_not_know_has_its_default() -> None:
    rule = made.rule(parameters={"min_share": 0.4, "since_dropped": 1})
    found = rules.current(rule.area_id, TODAY)["change"]
    assert found.parameters == change.Parameters(min_share=0.4)


def test_an_area_with_rules_stays() -> None:
    area = f.wuchang()
    changed(area)
    with pytest.raises(ProtectedError):
        area.delete()
