"""A rule with absurd parameters is refused, in words."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prices.monitoring import detectors
from prices.monitoring.detectors import change, drift, history
from prices.monitoring.parameters import Absurd

ABSURD: dict[str, tuple[Any, dict[str, Any], str]] = {
    "no share at all": (change, {"min_share": 0}, "至少变动的比例"),
    "a negative amount": (change, {"min_yuan": -1}, "至少变动"),
    "infinity": (change, {"min_yuan": math.inf}, "至少变动"),
    "no number": (change, {"min_yuan": math.nan}, "至少变动"),
    "a word for a number": (change, {"min_yuan": "一元"}, "至少变动"),
    "true for a number": (change, {"min_yuan": True}, "至少变动"),
    "nothing for a number": (change, {"min_yuan": None}, "至少变动"),
    "sideways": (change, {"direction": "sideways"}, "“方向”只能是 up"),
    "a list for a word": (change, {"direction": ["up"]}, "方向"),
    "an unknown name": (change, {"min_yuna": 1}, "没有名为 min_yuna 的参数"),
    "half a day": (history, {"window_days": 28.5}, "往回看的天数"),
    "a window of one day": (history, {"window_days": 1}, "往回看的天数"),
    "more days than the window": (history, {"window_days": 10, "min_days": 20}, "不能多于往回看的天数"),
    "no spread": (history, {"floor": 0}, "离散度下限"),
    "an unknown method": (drift, {"method": "guess"}, "方法"),
}


@pytest.mark.parametrize(("module", "stated", "words"), ABSURD.values(), ids=ABSURD.keys())
def test_absurd_parameters_are_refused_in_words(module: Any, stated: dict[str, Any], words: str) -> None:
    with pytest.raises(Absurd, match=words):
        module.Parameters.read(stated)


def test_every_problem_is_told_at_once() -> None:
    with pytest.raises(Absurd) as caught:
        change.Parameters.read({"min_yuan": 0, "min_share": 99})
    assert len(caught.value.problems) == 2


def test_json_does_not_tell_one_from_one_point_nought() -> None:
    read = history.Parameters.read({"window_days": 30.0, "limit": 4})
    assert (read.window_days, read.limit) == (30, 4.0)
    assert isinstance(read.window_days, int)
    assert isinstance(read.limit, float)


@pytest.mark.parametrize("name", detectors.MODULES)
def test_what_is_stored_reads_back_the_same(name: str) -> None:
    parameters: Any = detectors.MODULES[name].Parameters()
    assert type(parameters).read(parameters.stated()) == parameters


anything = st.none() | st.booleans() | st.floats() | st.integers() | st.sampled_from(["up", "both", "", "1.5", "上"])


@given(st.dictionaries(st.sampled_from(["min_yuan", "min_share", "direction"]), anything))
def test_whatever_is_stated_is_read_or_refused(stated: dict[str, Any]) -> None:
    try:
        read = change.Parameters.read(stated)
    except Absurd as absurd:
        refused, told = True, absurd.problems
    else:
        refused, told = False, read.problems()
    assert refused == bool(told)
    assert all(told)
