"""How numbers are said: the glossary's forms, in both languages."""

from datetime import date, datetime, timedelta

import pytest
from django.template import Context, Template
from django.utils import translation
from django.utils.translation import gettext
from psycopg.types.range import DateRange

from pharmacies.hours import parse
from prices.templatetags.yaobi import price
from prices.views import words
from tests.factories import AT, SHANGHAI

pytestmark = pytest.mark.usefixtures("chinese")


@pytest.fixture
def chinese():
    with translation.override("zh-hans"):
        yield


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        ("27.13", "27元1角3分"),
        ("12.60", "12元6角"),
        ("12.00", "12元"),
        ("12.06", "12元零6分"),
        ("0.57", "5角7分"),
        ("0.05", "5分"),
        ("1234.50", "1234元5角"),
    ],
)
def test_a_screen_reader_hears_yuan_jiao_and_fen(amount, said):
    assert words.spoken(amount) == said


@pytest.mark.parametrize(
    ("amount", "said"),
    [("0.9000", "0.90 元/片"), ("1.9379", "1.94 元/片"), ("0.0571", "0.0571 元/片"), ("0.0999", "0.0999 元/片")],
)
def test_a_unit_price_has_two_decimals_and_four_below_ten_fen(amount, said):
    assert words.unit_price(amount, "片") == said


@pytest.mark.parametrize(
    ("metres", "said"),
    [(3, "10 米"), (304.9, "300 米"), (994.9, "990 米"), (995, "1.0 公里"), (1204.31, "1.2 公里"), (36_499, "36 公里")],
)
def test_distance_is_said_in_metres_below_a_kilometre(metres, said):
    assert words.distance(metres) == said


@pytest.mark.parametrize(
    ("ago", "said"),
    [
        (timedelta(), "今天"),
        (timedelta(hours=9), "今天"),
        (timedelta(hours=11), "昨天"),
        (timedelta(days=2), "2天前"),
        (timedelta(days=29), "29天前"),
        (timedelta(days=30), "2026年10月22日"),
        (timedelta(days=-1), "今天"),
    ],
)
def test_age_is_relative_under_thirty_days_and_counts_calendar_days_in_shanghai(ago, said):
    assert words.age((AT - ago).isoformat(), AT) == said


def test_a_stale_price_says_for_how_many_days_it_was_not_updated():
    assert words.stale(AT - timedelta(days=31), AT) == "31天未更新"


@pytest.mark.parametrize(
    ("hours", "at", "said"),
    [
        ("Mo-Su 08:00-22:00", AT, "营业中 · 至22:00"),
        ("24/7", AT, "24小时"),
        ("Mo-Fr 08:00-22:00", AT, "休息中 · 周一08:00开门"),
        ("Mo-Su 08:00-09:00", AT, "休息中 · 明天08:00开门"),
        ("Mo-Su 14:00-18:00", AT, "休息中 · 14:00开门"),
        ("Mo-Su 20:00-02:00", datetime(2026, 11, 21, 23, 0, tzinfo=SHANGHAI), "营业中 · 至次日02:00"),
        ("off", AT, "休息中"),
    ],
)
def test_a_card_says_whether_the_shop_is_open_and_until_when(hours, at, said):
    assert words.open_now(parse(hours), at)[0] == said


def test_unknown_hours_are_said_to_be_unknown():
    assert words.open_now(None, AT) == ("未登记营业时间", False)


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        ("24/7", []),
        ("08:00-22:00", [("每天", "08:00–22:00")]),
        ("Mo-Fr 08:00-21:30;Sa-Su 09:00-21:00", [("周一至周五", "08:00–21:30"), ("周六至周日", "09:00–21:00")]),
        ("Mo-Sa 08:00-12:00,14:00-18:00", [("周一至周六", "08:00–12:00、14:00–18:00"), ("周日", "休息")]),
        ("20:00-02:00", [("每天", "20:00–次日02:00")]),
    ],
)
def test_the_week_joins_days_with_equal_hours(hours, said):
    assert words.week(parse(hours)) == said


def test_in_english_money_and_dates_are_english():
    with translation.override("en"):
        assert words.money("12.6") == "¥12.60"
        assert words.unit_price("0.9000", "片") == "¥0.90 per tablet"
        assert words.age(AT - timedelta(days=40), AT) == "12 Oct 2026"
        assert words.age(AT - timedelta(days=2), AT) == "2 days ago"
        assert words.straight(1204.31) == "about 1.2 km in a straight line"


def test_thousands_are_set_off_in_the_large_price_as_in_every_other():
    assert words.money("1613.80") == "1,613.80 元"
    assert "1,613.80" in price("1613.80")


@pytest.mark.parametrize(
    ("valid", "said"),
    [
        (DateRange(date(2026, 1, 1), None), "自 2026年1月1日起"),
        (DateRange(date(2026, 1, 1), date(2027, 1, 1)), "2026年1月1日至2026年12月31日"),
        (DateRange(None, date(2027, 1, 1)), "至 2026年12月31日"),
        (DateRange(None, None), "长期有效"),
    ],
)
def test_a_range_of_days_is_told_with_its_last_day(valid: DateRange, said: str) -> None:
    assert words.validity(valid) == said


@pytest.mark.parametrize(("language", "said"), [("zh-hans", "共 12,345 行"), ("en", "12,345 rows")])
def test_a_count_in_a_sentence_has_separators_and_still_chooses_its_plural(language, said):
    sentence = "{% load i18n yaobi %}{% blocktranslate count n=n|grouped %}共 {{ n }} 行{% plural %}共 {{ n }} 行{% endblocktranslate %}"
    with translation.override(language):
        assert Template(sentence).render(Context({"n": 12345})) == said
        one = Template(sentence).render(Context({"n": 1}))
    assert one == ("共 1 行" if language == "zh-hans" else "1 row")


def test_a_count_is_said_alike_from_python_and_stays_a_number():
    count = words.grouped(1234567)
    assert (f"{count}", gettext("%(n)s 家") % {"n": count}) == ("1,234,567", "1,234,567 家")
    assert count + 1 == 1234568


def test_what_is_no_count_is_left_alone_in_a_template():
    assert Template("{{ pk }} {{ year }}").render(Context({"pk": 12345, "year": 2026})) == "12345 2026"
