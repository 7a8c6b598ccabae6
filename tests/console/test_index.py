"""药品零售价格指数: one sentence, one line, and the other ways to work it out in the appendix."""

from datetime import date

import pytest
from django.test import Client

from prices.models.figures import IndexPoint
from prices.views.console.index import sentence
from tests import factories as f
from tests.console import leads_world as w
from tests.staff.accounts_world import Clock

pytestmark = pytest.mark.django_db


def point(month: int, value: float, *, provisional: bool = False) -> IndexPoint:
    return IndexPoint(on=date(2026, month, 1), base=date(2026, 8, 1), value=value, provisional=provisional)


def test_the_sentence_says_how_far_it_went() -> None:
    assert sentence([point(8, 100)]) == "2026年8月是基期，指数为 100。下个月起看得出涨落。"
    assert sentence([point(8, 100), point(9, 101.48)]) == (
        "2026年9月是 101.48：与基期 2026年8月相比高 1.5%，与上月相比高 1.5%。"
    )
    assert sentence([point(8, 100), point(9, 102), point(10, 99.97, provisional=True)]) == (
        "2026年10月（本月未完）是 99.97：与基期 2026年8月相比持平，与上月相比低 2.0%。"
    )


def test_without_the_month_before_the_one_it_is_compared_with_is_named() -> None:
    assert sentence([point(8, 100), point(10, 102)]) == (
        "2026年10月是 102.00：与基期 2026年8月相比高 2.0%，与2026年8月相比高 2.0%。"
    )
    december, january = point(12, 101), IndexPoint(on=date(2027, 1, 1), base=date(2026, 8, 1), value=102)
    assert "与上月相比高 1.0%" in sentence([point(8, 100), december, january])


def test_the_headline_and_the_appendix(client: Client, clock: Clock) -> None:
    city = f.wuchang().parent
    assert city
    for month, value in ((8, 100), (9, 101.4780)):
        w.index(city, date(2026, month, 1), value)
        w.index(city, date(2026, month, 1), value - (month - 8) / 10, kind="tornqvist", weights="shops")
    w.as_official(client, f.wuchang())
    page = client.get("/console/420106/index")
    assert "2026年9月是 101.48" in page.content.decode()
    assert page.context["chart"].plan.startswith('{"x": ["2026-08-01", "2026-09-01"]')
    assert "纵轴不从 0 开始。" in page.content.decode()
    assert "101.38" in page.content.decode()
    file = client.get("/console/420106/index?format=csv&table=appendix").getvalue().decode("utf-8-sig")
    assert "2026-09,101.48,101.38" in file


def test_without_a_month_the_page_says_when_there_will_be_one(client: Client, clock: Clock) -> None:
    page = w.as_official(client, f.wuchang()).get("/console/420106/index").content.decode()
    assert "还没有指数。" in page


def test_an_index_is_not_for_strangers(client: Client, clock: Clock) -> None:
    w.as_official(client, f.wuchang())
    assert client.get("/console/420500/index").status_code == 404
