"""The net in which a confidential number would be caught: neither too wide nor too narrow."""

import pytest

from .telling import RATIO, told


@pytest.mark.parametrize(
    "text",
    [
        *("77.77 元", '"77.77"', "77.7700", "<b>77</b>.77", "7777 分", "11.11 元/片", "11.1100", "155.54", "22.22"),
        *("1.29 倍", "1.2857", "128.6%", "高 29%,129%", "28.57%", "0.7778", "77.8%"),
    ],
)
def test_the_walk_would_notice(text: str) -> None:
    assert told(text)


@pytest.mark.parametrize(
    "text", ["99.99 元", "14.2843 元/片", "420106", "2026-11-21", "177.77", "77.775", "027-88880000"]
)
def test_the_walk_does_not_cry_wolf(text: str) -> None:
    assert told(text) == []


@pytest.mark.parametrize("text", ["是支付标准的 128.6%", "支付标准 1.3 倍", "高于支付标准 28 %", "1.3倍支付标准"])
def test_a_ratio_would_be_noticed(text: str) -> None:
    assert RATIO.search(text)
