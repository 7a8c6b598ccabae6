"""Impossible states of leads, their findings and events: attempts by constraint."""

from collections.abc import Callable
from typing import Any

from pharmacies.models import User
from prices.models import AreaPrice, Finding, Lead, PriceEvent, Screening, WatchCursor
from tests import factories as f
from tests.factories import AT


def event(**fields: Any) -> PriceEvent:
    base = {"kind": "chain_repricing", "on": AT.date(), "direction": "up", "key": "chain:1:up", "ratio": 1.2}
    return PriceEvent.objects.create(**base | {"offers": 6, "shops": 3, "drugs": 2} | fields)


def lead(**fields: Any) -> Lead:
    base = {"drug_id": 1, "pharmacy_id": 1, "area": f.wuchang(), "city": f.region("420100"), "price_fen": 2690}
    base |= {"since": AT, "on": AT.date(), "found_at": AT, "excess": 0.42, "score": 5.0}
    return Lead.objects.create(**base | fields)


def finding(of: Lead | None = None, **fields: Any) -> Finding:
    base = {"lead": of or lead(), "detector": "peers", "version": 1, "parameters": {}, "inputs": {}, "excess": 0.42}
    return Finding.objects.create(**base | fields)


def screening(**fields: Any) -> Screening:
    names = ("changes", "slips", "collapsed", "tests", "groups", "rejected", "events", "leads", "capped", "withdrawn")
    base = {"kind": "watch", "on": AT.date(), "at": AT, "seconds": 0.1} | dict.fromkeys(names, 0)
    return Screening.objects.create(**base | fields)


def cursor(**fields: Any) -> WatchCursor:
    return WatchCursor.objects.create(**{"at": AT} | fields)


def two(make: Callable[..., object], **both: Any) -> Callable[[], object]:
    return lambda: (make(**both), make(**both))


def two_on_an_event() -> None:
    one = event()
    lead(event=one)
    lead(event=one, pharmacy_id=2)


def two_findings() -> None:
    one = lead()
    finding(one)
    finding(one)


def dismissed(**fields: Any) -> None:
    by = User.objects.create(username="li")
    lead(**{"state": "dismissed", "dismissed_by": by, "dismissed_at": AT, "reason": "x"} | fields)


def spread(**fields: Any) -> None:
    prices = dict.fromkeys(("min_fen", "q1_fen", "median_fen", "q3_fen", "max_fen"), 1260)
    AreaPrice.objects.create(**{"drug_id": 1, "region_id": 1, "on": AT.date(), "count": 1} | prices | fields)


EMPTY = dict.fromkeys(("min_fen", "q1_fen", "median_fen", "q3_fen", "max_fen"))

IMPOSSIBLE: dict[str, list[Callable[[], object]]] = {
    "areaprice_spread_of_something": [lambda: spread(mad_ln=-0.1), lambda: spread(**EMPTY, count=0, mad_ln=0.0)],
    "event_once_a_day": [two(event)],
    "event_ratio_goes_its_way": [
        lambda: event(ratio=0.9),
        lambda: event(ratio=1.0),
        lambda: event(direction="down"),
        lambda: event(direction="down", ratio=0.0),
    ],
    "event_is_of_many": [
        lambda: event(offers=1, shops=1, drugs=1),
        lambda: event(shops=0),
        lambda: event(drugs=0),
        lambda: event(offers=2),
    ],
    "lead_once_per_level": [two(lead)],
    "lead_once_per_drift": [two(lead, pharmacy_id=None)],
    "lead_once_per_event": [two_on_an_event],
    "lead_prices_above_zero": [lambda: lead(price_fen=0), lambda: lead(previous_fen=0)],
    "lead_ends_after_it_began": [lambda: lead(ended_at=AT)],
    "lead_dismissed_by_somebody_for_a_reason": [
        lambda: dismissed(reason=""),
        lambda: dismissed(dismissed_by=None),
        lambda: dismissed(dismissed_at=None),
        lambda: dismissed(state="new"),
        lambda: lead(reason="x"),
    ],
    "lead_withdrawn_for_a_reason": [
        lambda: lead(state="withdrawn"),
        lambda: lead(withdrawn_because="slip"),
    ],
    "finding_once_per_detector": [two_findings],
    "finding_p_is_a_probability": [lambda: finding(p=1.1), lambda: finding(p=-0.1), lambda: finding(adjusted=2.0)],
    "cursor_is_one_row": [lambda: cursor(id=2)],
}
