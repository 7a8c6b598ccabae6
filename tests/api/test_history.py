"""`GET drugs/{code}/history` as a client sees it."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from prices.api import cursors
from prices.models import Offer
from prices.statistics.roll_up import roll_up
from tests import factories as f
from tests.factories import AT, Town

Get = Callable[..., Any]
DAY = timedelta(days=1)


def days(answer: Any) -> list[str]:
    return [row["date"] for row in answer["results"]]


@pytest.fixture
def weeks(town: Town) -> Town:
    """Worked out on the 1st, 2nd and 4th of November and today; the 3rd was missed."""
    Offer.objects.update(confirmed_at=AT - 20 * DAY)
    for back in (20, 19, 17, 0):
        Offer.objects.update(confirmed_at=AT - back * DAY)
        roll_up(AT - back * DAY)
    return town


def test_the_default_is_the_province_and_the_last_90_days(weeks, get):
    answer = get(f"drugs/{weeks.drug.code}/history")
    assert days(answer) == ["2026-11-01", "2026-11-02", "2026-11-04", "2026-11-21"]
    assert answer["next"] is None
    assert answer["results"][-1] == {
        "date": "2026-11-21", "mode": None, "min": "11.00", "q1": "12.20", "median": "13.80", "q3": "15.98",
        "max": "18.90", "count": 4,
    }  # fmt: skip
    assert get(f"drugs/{weeks.drug.code}/history", area="420000") == answer
    assert days(get(f"drugs/{weeks.drug.code}/history", **{"from": "2026-11-02", "to": "2026-11-04"})) == [
        "2026-11-02",
        "2026-11-04",
    ]


def test_five_shops_make_a_mode_in_every_area_above_them(town, get):
    f.offer(town.drug, f.pharmacy(), "15.00")
    f.offer(town.drug, f.pharmacy(), "15.00")
    f.rebuild_today()
    roll_up(AT)
    for area in ("420106", "420100", "420000"):
        (day,) = get(f"drugs/{town.drug.code}/history", area=area)["results"]
        assert (day["mode"], day["count"]) == ("15.00", 5)
    f.hongshan()
    assert get(f"drugs/{town.drug.code}/history", area="420111")["results"] == []


def test_pages_join_without_a_gap_or_a_repetition(weeks, get, client):
    whole = get(f"drugs/{weeks.drug.code}/history")["results"]
    page = get(f"drugs/{weeks.drug.code}/history", limit=7)
    found = page["results"]
    for _page in range(12):
        page = client.get(page["next"]).json()
        found += page["results"]
    assert found == whole
    assert page["next"] is None


@pytest.mark.parametrize(
    ("query", "field", "words"),
    [
        ({"area": "999999"}, "area", "没有这个区划代码"),
        ({"area": "武汉"}, "area", "应为区划代码"),
        ({"from": "2026-11-02", "to": "2026-11-01"}, "from", "不能晚于"),
        ({"from": "2026-11-31"}, "from", "应为日期"),
        ({"to": "昨天"}, "to", "应为日期"),
        ({"to": "2026-11-22"}, "to", "还没有到"),
        ({"from": "2026-11-22", "to": "2026-11-21"}, "from", "还没有到"),
        ({"from": "0001-01-01"}, "from", "太早"),
        ({"limit": "367"}, "limit", "之间"),
        ({"cursor": "x"}, "cursor", "翻页位置"),
    ],
)
def test_what_is_wrong_is_said(town, get, query, field, words):
    error = get(f"drugs/{town.drug.code}/history", status=400, **query)["error"]
    assert words in error["fields"][field][0]


def test_an_unknown_drug_is_not_found(db, get):
    assert get("drugs/XC08CAB037A009999999999/history", status=404)["error"]["code"] == "not_found"


def test_it_answers_what_the_description_says(weeks, get):
    schema = get("schema/")
    operation = schema["paths"]["/api/v1/drugs/{code}/history"]["get"]
    assert {parameter["name"] for parameter in operation["parameters"]} == {
        *("code", "area", "from", "to", "limit", "cursor")
    }
    for shape in schema["components"]["schemas"].values():
        if shape.get("type") == "object":
            shape["additionalProperties"] = False
    described = operation["responses"]["200"]["content"]["application/json"]["schema"]
    checker = Draft202012Validator(described | {"components": schema["components"]})
    checker.validate(get(f"drugs/{weeks.drug.code}/history"))


NAMES = ["area", "from", "to", "limit", "cursor", "lat"]
VALUES = st.one_of(
    st.sampled_from(["2026-11-01", "1999-12-31", "9999-12-31", "420000", "1", "-1", "WzFd", "Wzk5OTk5OTk5XQ"]),
    st.text(max_size=20),
    st.dates().map(str),
)


@pytest.mark.django_db
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=4))
def test_no_query_makes_the_server_fail(query, client, town):
    response = client.get(f"/api/v1/drugs/{town.drug.code}/history", query)
    assert response.status_code in (200, 400)


def test_a_forged_cursor_leads_nowhere(weeks, get):
    for day in (date(2999, 12, 31), date(2000, 1, 1)):
        answer = get(f"drugs/{weeks.drug.code}/history", cursor=cursors.encode([day.toordinal()]))
        assert answer["next"] is None
        assert set(days(answer)) <= {"2026-11-01", "2026-11-02", "2026-11-04", "2026-11-21"}
    get(f"drugs/{weeks.drug.code}/history", cursor=cursors.encode([date.max.toordinal()]), status=400)
