"""What charts and strips draw, worked out on the server: places, words, and nothing where there is nothing to draw."""

import json
from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import translation

from prices.monitoring.tables import Table
from prices.views.console.charts import GROUND, LEFT, RIGHT, Chart, Line, strip

DAYS = [date(2026, 11, 20) + timedelta(days=n) for n in range(3)]
EMPTY = Table(name="t", title="", columns=[], rows=[], caveat="", on=DAYS[-1])


@pytest.fixture(autouse=True)
def in_chinese() -> Any:
    with translation.override("zh-hans"):
        yield


def chart(*values: float | None, days: list[date] = DAYS) -> Chart:
    return Chart(name="c", title="", days=days, lines=[Line("这家店 26.90 元", values, main=True)], table=EMPTY)


def test_the_plan_holds_days_values_and_gaps() -> None:
    plan = json.loads(chart(18.9, None, 26.9).plan)
    assert plan["x"] == ["2026-11-20", "2026-11-21", "2026-11-22"]
    assert plan["lines"] == [{"label": "这家店 26.90 元", "values": [18.9, None, 26.9], "main": True}]
    assert (plan["band"], plan["mark"], plan["zero"]) == (None, None, True)


def test_a_reader_hears_the_first_and_the_last_value() -> None:
    assert chart(18.9, None, 26.9).said == "这家店 26.90 元：从 18.90 到 26.90"


def test_one_day_or_no_value_is_no_chart() -> None:
    assert chart(18.9, None, 26.9).drawn
    assert not chart(None, None, None).drawn
    assert not chart(18.9, days=DAYS[:1]).drawn


def test_a_strip_puts_the_price_among_its_peers() -> None:
    drawn = strip([[1000, 30], [1500, 10], [2000, 1]], 2000, 1000, name="s", table=EMPTY)
    assert [bar.said for bar in drawn.bars] == ["10.00 元：30 家", "15.00 元：10 家", "20.00 元：1 家"]
    assert drawn.own_x == RIGHT
    assert drawn.own_words == "这个价 20.00 元"
    assert drawn.bars[0].height > drawn.bars[1].height > drawn.bars[2].height
    assert all(bar.y + bar.height == GROUND for bar in drawn.bars)


def test_prices_too_close_to_be_told_apart_share_a_bar() -> None:
    drawn = strip([[1000, 2], [1001, 3], [9000, 1]], 9000, 1001, name="s", table=EMPTY)
    assert [bar.said for bar in drawn.bars] == ["10.00 元到 10.01 元：5 家", "90.00 元：1 家"]


def test_where_all_ask_the_same_there_is_one_bar() -> None:
    drawn = strip([[1000, 12]], 1000, 1000, name="s", table=EMPTY)
    assert len(drawn.bars) == 1
    assert drawn.own_x == LEFT
    assert drawn.ticks == [(LEFT, "10.00", "start")]
