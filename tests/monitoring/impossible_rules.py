"""Impossible states of rules and thresholds: attempts by constraint."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from prices.models import Rule, Threshold
from tests import factories as f
from tests.factories import AT, since


def threshold(**fields: Any) -> Threshold:
    base = {
        "area": f.region(),
        "basis": "listed",
        "lower": 1,
        "upper": 2,
        "label": "黄标",
        "document": "x",
        "valid": since(),
    }
    return Threshold.objects.create(**base | fields)


def rule(**fields: Any) -> Rule:
    base = {"area": f.region(), "detector": "change", "version": 1, "parameters": {}, "valid": since()}
    return Rule.objects.create(**base | {"reason": "x", "by": "li", "at": AT} | fields)


def two(make: Callable[..., object], **second: Any) -> Callable[[], object]:
    return lambda: (make(), make(**second))


LATER = {"valid": since(date(2027, 1, 1))}

IMPOSSIBLE: dict[str, list[Callable[[], object]]] = {
    "threshold_bounds_in_order": [
        lambda: threshold(lower=2, upper=2),
        lambda: threshold(lower=2, upper=1),
        lambda: threshold(lower=Decimal("0.9")),
    ],
    "threshold_has_a_document": [lambda: threshold(document=""), lambda: threshold(label="")],
    "threshold_one_mark_at_a_time": [
        two(threshold),
        two(threshold, lower=Decimal("1.5"), upper=None),
        two(threshold, **LATER),
    ],
    "rule_has_a_reason": [lambda: rule(reason="")],
    "rule_detector_is_known": [lambda: rule(detector="guess")],
    "rule_one_at_a_time": [two(rule), two(rule, **LATER)],
}
