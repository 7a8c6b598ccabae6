"""Impossible states of what citizens report: attempts by constraint."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from prices.models import Report, ReportGroup, ReportQuota
from tests import factories as f
from tests.factories import AT
from tests.monitoring.impossible_leads import two
from tests.prices.impossible_desk import clerk


def group(**fields: Any) -> ReportGroup:
    base = {"pharmacy": f.pharmacy(), "kind": "price", "drug_id": 1, "price_fen": 2690, "first_at": AT, "last_at": AT}
    return ReportGroup.objects.create(**base | fields)


def answered(**fields: Any) -> ReportGroup:
    return group(**{"state": "answered", "answer": "已核实", "answered_by": clerk(), "answered_at": AT} | fields)


def report() -> Report:
    return Report.objects.create(group=group(), at=AT, code_digest="0" * 64)


def quota(**fields: Any) -> ReportQuota:
    return ReportQuota.objects.create(**{"sender": "x", "hour": AT, "count": 1} | fields)


IMPOSSIBLE: dict[str, list[Callable[[], object]]] = {
    "report_drug_and_price_of_a_price": [
        lambda: group(kind="closed", price_fen=None),
        lambda: group(kind="hours", drug_id=None),
        lambda: group(kind="place"),
    ],
    "report_price_above_zero": [lambda: group(price_fen=0), lambda: group(price_fen=-1)],
    "report_last_not_before_first": [lambda: group(last_at=AT - timedelta(seconds=1))],
    "report_asked_has_an_inquiry": [lambda: group(state="asked")],
    "report_case_is_named": [lambda: group(state="case")],
    "report_answer_is_whole": [
        lambda: answered(answer=""),
        lambda: answered(answered_by=None),
        lambda: answered(answered_at=None),
        lambda: group(answer="已核实"),
        lambda: group(answered_by=clerk()),
        lambda: group(answered_at=AT),
    ],
    "report_quota_once": [two(quota), two(quota, sender="")],
}
KEYS: dict[str, Callable[[], object]] = {"report of a code": two(report)}
