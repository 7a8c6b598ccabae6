"""价格走势 without scripts: the sentence, the table with a line a change, and words when there is nothing yet."""

from datetime import date, timedelta

import pytest
from django.template.loader import render_to_string
from django.utils import translation

from prices.models import AreaPrice, RollUp
from prices.views.history import history_context
from tests import factories as f
from tests.factories import AT

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
TODAY = date(2026, 11, 21)


@pytest.fixture
def drug():
    RollUp.objects.create(first=TODAY - 100 * DAY, last=TODAY, at=AT, drugs=1, written=1, seconds=0)
    return f.drug()


def said(drug, back, mode, *, count=7, low=None, high=None):
    """The row of so many days ago; prices in 分."""
    low, high = low or mode, high or mode
    AreaPrice.objects.create(
        drug_id=drug.pk, region_id=f.region().pk, on=TODAY - back * DAY, mode_fen=mode, min_fen=low, q1_fen=low,
        median_fen=low, q3_fen=high, max_fen=high, count=count,
    )  # fmt: skip


def history(drug):
    return history_context(drug, f.region(), TODAY)


@pytest.mark.parametrize(
    ("modes", "sentence"),
    [
        ({95: 1890, 30: 1690}, "最近 90 天，湖北省多数药店价从 18.90 元降到 16.90 元。"),
        ({39: 1690, 5: 1890}, "最近 40 天，湖北省多数药店价从 16.90 元涨到 18.90 元。"),
        ({60: 1690}, "最近 61 天，湖北省多数药店价一直是 16.90 元。"),
        ({60: 1690, 20: 1500, 3: 1690}, "最近 61 天，湖北省多数药店价有过变动，现在又是 16.90 元。"),
        ({0: 1690}, "湖北省多数药店价是 16.90 元。"),
    ],
)
def test_the_sentence_says_how_the_price_moved(drug, modes, sentence):
    for back, mode in modes.items():
        said(drug, back, mode)
    found = history(drug)
    assert found.sentence == sentence
    assert found.basis == "按 7 家药店的标价统计，2026年11月21日"


def test_on_an_english_page_the_name_of_the_place_is_marked_as_chinese(drug):
    said(drug, 60, 1690)
    with translation.override("en"):
        found = history(drug)
        page = render_to_string("citizen/_history.html", {"history": found})
    assert found.sentence == 'For the last 61 days the usual price in <span lang="zh-CN">湖北省</span> has been ¥16.90.'
    assert page.count('<span lang="zh-CN">湖北省</span>') == 2


def test_fewer_than_five_shops_have_no_usual_price(drug):
    said(drug, 3, None, count=2, low=900, high=1000)
    assert history(drug).sentence == ("湖北省现在有 2 家药店报价，不足 5 家，不算多数药店价；标价 9.00 元到 10.00 元。")
    said(drug, 1, None, count=1, low=900, high=900)
    assert history(drug).sentence.endswith("标价 9.00 元。")


def test_the_table_has_a_line_for_each_change_newest_first(drug):
    said(drug, 30, 1690, low=1500, high=1900)
    said(drug, 20, 1690, low=1500, high=1900, count=6)
    said(drug, 10, None, count=4, low=1500, high=1900)
    AreaPrice.objects.create(drug_id=drug.pk, region_id=f.region().pk, on=TODAY - 2 * DAY, count=0)
    found = history(drug)
    assert [(line.on, line.mode_words, line.half_words) for line in found.lines] == [
        (TODAY - 2 * DAY, "无报价", "—"),
        (TODAY - 10 * DAY, "不足 5 家", "15.00–19.00 元"),
        (TODAY - 30 * DAY, "16.90 元", "15.00–19.00 元"),
    ]
    assert found.sentence == "湖北省现在没有药店报这种药的价格。"
    page = render_to_string("citizen/_history.html", {"history": found})
    assert page.count("<tr data-on=") == 3
    assert 'data-on="2026-10-22" data-mode="16.90" data-q1="15.00" data-q3="19.00"' in page
    assert "<details" in page


def test_without_any_night_there_are_words_and_neither_chart_nor_table(db):
    found = history(f.drug())
    page = render_to_string("citizen/_history.html", {"history": found})
    assert "还没有价格走势" in page
    assert "<table" not in page
    assert "data-history-chart" not in page


def test_one_day_is_no_chart(drug):
    said(drug, 0, 1690)
    page = render_to_string("citizen/_history.html", {"history": history(drug)})
    assert "data-history-chart" not in page
    assert "<table" in page


def test_it_costs_few_queries(drug, django_assert_max_num_queries):
    said(drug, 95, 1890)
    region = f.region()
    with django_assert_max_num_queries(3):
        history_context(drug, region, TODAY)
