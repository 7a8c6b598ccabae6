"""The parameters of a detector: a frozen dataclass whose fields know their words and bounds, so that one that makes no
sense is refused in words, and a form can be made of them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import Field, asdict, dataclass, field, fields
from typing import Any, Self

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

Label = str | Promise

DIRECTIONS: dict[str, Label] = {"up": gettext_lazy("只看涨价"), "both": gettext_lazy("涨价和降价都看")}


class Absurd(ValueError):
    """Parameters that make no sense. `problems` are sentences for the person who wrote them."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("；".join(problems))
        self.problems = list(problems)


def number(default: float, low: float, high: float, label: Label, unit: Label = "") -> Any:
    """A field of a number from `low` to `high`, both allowed."""
    return field(default=default, metadata={"label": label, "unit": unit, "low": low, "high": high, "type": float})


def whole(default: int, low: int, high: int, label: Label, unit: Label = "") -> Any:
    """A field of a whole number from `low` to `high`, both allowed."""
    return field(default=default, metadata={"label": label, "unit": unit, "low": low, "high": high, "type": int})


def choice(default: str, options: Mapping[str, Label], label: Label) -> Any:
    """A field of one of the words that are the keys of `options`."""
    return field(default=default, metadata={"label": label, "unit": "", "options": options, "type": str})


@dataclass(frozen=True)
class Bounded:
    """The base of every detector's `Parameters`."""

    @classmethod
    def read(cls, stated: Mapping[str, Any]) -> Self:
        """The parameters that JSON states; what it leaves out is the default. Raises `Absurd`."""
        known = {each.name: each for each in fields(cls)}
        if unknown := sorted(set(stated) - known.keys()):
            raise Absurd([_("没有名为 %(names)s 的参数") % {"names": pgettext("list", "、").join(map(str, unknown))}])
        found = cls(**{name: _plain(known[name], value) for name, value in stated.items()})
        if problems := found.problems():
            raise Absurd(problems)
        return found

    def problems(self) -> list[str]:
        """What makes no sense about the values, one sentence each; none for usable parameters."""
        found = [_problem(each, getattr(self, each.name)) for each in fields(self)]
        return [problem for problem in found if problem]

    def stated(self) -> dict[str, Any]:
        """As JSON stores them."""
        return asdict(self)


def _plain(known: "Field[Any]", value: Any) -> Any:
    """Whole numbers do for numbers: JSON does not tell 1 from 1.0."""
    if isinstance(value, bool):
        return value
    if known.metadata["type"] is float and isinstance(value, int):
        return float(value)
    if known.metadata["type"] is int and isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _problem(known: "Field[Any]", value: Any) -> str:
    about = known.metadata
    label, kind = str(about["label"]), about["type"]
    if kind is str:
        options = about["options"]
        known_words = pgettext("list", "、").join(f"{word}{_('（')}{text}{_('）')}" for word, text in options.items())
        return (
            "" if value in list(options) else _("“%(label)s”只能是 %(words)s") % {"label": label, "words": known_words}
        )
    numeric = isinstance(value, int if kind is int else int | float) and not isinstance(value, bool)
    if numeric and math.isfinite(value) and about["low"] <= value <= about["high"]:
        return ""
    bounds = {"label": label, "low": f"{about['low']:g}", "high": f"{about['high']:g}", "unit": str(about["unit"])}
    if kind is int:
        return _("“%(label)s”应为 %(low)s 到 %(high)s 的整数%(unit)s") % bounds
    return _("“%(label)s”应在 %(low)s 到 %(high)s %(unit)s之间") % bounds
