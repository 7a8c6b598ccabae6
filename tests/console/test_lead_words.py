"""What a lead says of itself: sentences that an official reads aloud on the telephone."""

from datetime import date
from typing import Any

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import translation

from pharmacies.models import Region
from prices.models.leads import Finding, Lead, PriceEvent, Screening
from prices.models.rules import Rule
from prices.views.console import lead_method
from prices.views.console import lead_words as words

STEADY = [[f"2026-10-{day:02d}", 1890] for day in range(1, 29)]
PEERS = [[1790, 5], [1890, 40], [1990, 10], [2690, 1]]


@pytest.fixture(autouse=True)
def in_chinese() -> Any:
    with translation.override("zh-hans"):
        yield


def lead(price: int = 2690, previous: int | None = 1890) -> Lead:
    return Lead(price_fen=price, previous_fen=previous, city=Region(name="武汉市"))


def finding(detector: str, label: str = "", /, **inputs: Any) -> Finding:
    return Finding(detector=detector, version=1, parameters={}, inputs=inputs, label=label, excess=0.42)


def history(series: list[Any] = STEADY) -> Finding:
    return finding("history", series=series)


def peers(**inputs: Any) -> Finding:
    base: dict[str, Any] = {"count": 56, "median_fen": 1890, "mad_ln": 0.0135, "peers": PEERS}
    return finding("peers", **base | inputs)


def test_the_two_strongest_reasons_come_first_and_nothing_is_said_twice() -> None:
    found = [
        finding("change", old_fen=1890),
        peers(),
        finding("mode", mode_fen=1890, count=56),
        history(),
    ]
    assert words.headline(lead(), found) == "比这家店过去 28 天的常见价高 42%，同城 56 家中最高。"


def test_a_reference_of_a_document_is_said_before_the_neighbours() -> None:
    found = [peers(), finding("reference", "黄标", basis="listed", reference_fen=1500, document="挂网公告")]
    assert words.headline(lead(), found) == "是挂网价的 1.8 倍（高 79%），同城 56 家中最高。"


def test_a_change_alone_is_said_with_the_price_before() -> None:
    assert words.headline(lead(), [finding("change", old_fen=1890)]) == "比原来的 18.90 元涨了 42%。"


def test_a_lead_whose_reasons_are_gone_says_so() -> None:
    assert words.headline(lead(), []) == "这条线索没有留下依据。"


def test_a_place_among_neighbours_alone_says_how_far_too() -> None:
    assert words.headline(lead(), [peers()]) == "同城 56 家中最高，比中间价高 42%。"


def test_a_fall_is_a_fall() -> None:
    low = lead(price=945)
    assert words.movement(low) == "从 18.90 元降到 9.45 元（降 50%）"
    assert words.headline(low, [history(), peers()]) == "比这家店过去 28 天的常见价低 50%，同城 56 家中最低。"


def test_a_first_price_moved_from_nowhere() -> None:
    assert words.movement(lead(previous=None)) == "标价 26.90 元"
    assert words.movement(lead()) == "从 18.90 元涨到 26.90 元（涨 42%）"


def test_a_steady_price_is_called_steady_and_days_without_one_are_not_counted() -> None:
    series = [["2026-10-01", None], *STEADY[1:]]
    said = "这家店过去 28 天里有价的 27 天一直卖 18.90 元，现在 26.90 元，高 42%。"
    assert words.sentence(lead(), history(series)) == said


def test_a_price_that_moved_before_shows_its_range() -> None:
    series = [*STEADY[:20], *[[day, 1990] for day, _ in STEADY[20:]]]
    said = "这家店过去 28 天的常见价是 18.90 元（有价 28 天，18.90 元到 19.90 元），现在 26.90 元，高 42%。"
    assert words.sentence(lead(), history(series)) == said


def test_neighbours_are_counted() -> None:
    said = "武汉市有 56 家药店卖这种药，中间价 18.90 元；24.90 元在其中高于 55 家。"
    assert words.sentence(lead(price=2490), peers()) == said
    assert words.sentence(lead(), peers()).endswith("26.90 元在其中最高。")


def test_neighbours_that_were_not_kept_one_by_one_are_no_rank() -> None:
    assert words.headline(lead(), [peers(peers=[])]) == "比同城 56 家的中间价高 42%。"
    assert words.sentence(lead(), peers(peers=[])).endswith("26.90 元在其中高出 42%。")


def test_the_usual_price_names_how_many_ask_it() -> None:
    said = "武汉市的多数药店价是 18.90 元（按 56 家统计），26.90 元是它的 1.4 倍（高 42%）。"
    assert words.sentence(lead(), finding("mode", mode_fen=1890, count=56)) == said


def test_a_multiple_close_to_one_keeps_two_places() -> None:
    assert words.times(1984, 1890) == "1.05"
    assert words.percent(1984, 1890) == "5.0%"


def test_a_reference_names_its_document_and_the_scheme_s_mark() -> None:
    seen: dict[str, Any] = {"basis": "listed", "reference_fen": 1500, "document": "苏医保发〔2025〕1号"}
    said = "挂网价是 15.00 元（依据：苏医保发〔2025〕1号），26.90 元是它的 1.8 倍（高 79%）"
    assert words.sentence(lead(), finding("reference", "黄标", **seen)) == f"{said}，按阈值方案属于“黄标”。"
    assert words.sentence(lead(), finding("reference", **seen)) == f"{said}。"


def test_a_settlement_above_the_shelf_names_both_prices() -> None:
    seen = finding("settled", settled_fen=2090, settled_at="2026-11-18T09:30:00+08:00")
    said = "2026年11月18日刷医保实际结算 20.90 元，比店里的标价 18.90 元高 11%。医保结算价不得高于不刷医保的价。"
    assert words.sentence(lead(price=1890), seen) == said
    assert words.headline(lead(price=1890), [seen]) == "刷医保的结算价比标价高 11%。"


def test_a_drift_is_said_of_the_city() -> None:
    seen = finding("drift", series=[["2026-09-07", 1000], ["2026-09-14", 1020], ["2026-09-21", 1050]])
    risen = lead(price=1100, previous=None)
    assert words.headline(risen, [seen]) == "武汉市的中间价 3 周里慢慢涨了 10%。"
    assert "从 10.00 元涨到 11.00 元（涨 10%）" in words.sentence(risen, seen)


def test_small_print_names_the_method_its_version_and_every_parameter() -> None:
    seen = history()
    seen.score, seen.p, seen.adjusted = 17.5, 1e-9, 0.0356
    seen.parameters = {"window_days": 28, "direction": "up", "of_an_older_version": 3}
    said = lead_method.method(seen)
    assert said[0] == "方法：与本店过去的价格相比，第 1 版"
    assert "统计量 17.50" in said
    assert "偶然出现的概率 p = 小于 0.0001" in said
    assert "按当天全部检验校正后 p = 0.0356" in said
    assert "往回看的天数 28 天" in said
    assert "方向 只看涨价" in said
    assert said[-1] == "of_an_older_version 3"


def test_small_print_says_among_how_many_changes_it_was_found() -> None:
    numbers = {"changes": 600000, "slips": 120, "collapsed": 40000, "tests": 21000, "rejected": 300, "leads": 50}
    assert lead_method.family(Screening(on=date(2026, 11, 21), **numbers)) == (
        "2026年11月21日一共有 600,000 个价格变动：120 个是录入错误，40,000 个属于统一调价；"
        "其余检验了 21,000 次，300 次显著，最后留下 50 条线索。"
    )


def test_small_print_says_whose_parameters_they_were() -> None:
    assert lead_method.rule_words(None) == "按方法自带的参数"
    rule = Rule(area=Region(name="武汉市"), valid=DateRange(date(2026, 11, 1), None), reason="试行")
    assert lead_method.rule_words(rule) == "按武汉市自 2026年11月1日起的规则（试行）"


def test_many_changes_of_one_cause_are_said_to_be_one() -> None:
    event = PriceEvent(direction="up", ratio=1.15, offers=340, shops=12, drugs=30)
    assert words.event_words(event, "甲连锁") == (
        "甲连锁同一天在 12 家店一起调价：340 个价格上涨，中间幅度 15%。合为一条线索。"
    )
    assert words.event_words(event, "").startswith("同一天 12 家店的 340 个价格一起上涨")


@pytest.mark.parametrize("name", words.STRONGEST)
def test_every_reason_has_its_words(name: str) -> None:
    assert name in words.CLAUSES
    assert name in words.SENTENCES
