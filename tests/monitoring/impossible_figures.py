"""Impossible states of what the console shows of a day, a month or a county: attempts by constraint."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from prices.models import AccessGap, AreaFigure, Freeze, FrozenTable, IndexPoint, Landing, ReporterMonth
from tests import factories as f
from tests.factories import AT
from tests.monitoring.impossible_leads import two
from tests.prices.impossible_desk import clerk

BASE, MONTH = date(2026, 10, 1), date(2026, 11, 1)


def figure(**fields: Any) -> AreaFigure:
    names = ("reporting", "late", "silent", "offers", "fresh", "products", "covered", "received", "refused")
    base: dict[str, Any] = {"area": f.wuchang(), "on": AT.date(), "at": AT, "shops": 3} | dict.fromkeys(names, 1)
    base |= {"dispersed": 1, "dispersion": 0.1, "leads": 0, "open_leads": 0}
    return AreaFigure.objects.create(**base | fields)


def point(**fields: Any) -> IndexPoint:
    base = {"area": f.wuchang(), "on": MONTH, "kind": "jevons", "weights": "equal", "value": 101.2, "base": BASE}
    return IndexPoint.objects.create(**base | {"items": 10, "coverage": 0.9, "at": AT} | fields)


def freeze(**fields: Any) -> Freeze:
    return Freeze.objects.create(
        **{"area": f.wuchang(), "month": MONTH, "at": AT, "by": clerk(), "sha256": "0" * 64} | fields
    )


def two_tables(**second: Any) -> None:
    base = {"freeze": freeze(), "position": 1, "name": "index", "title": "指数", "rows": 0, "content": "[]"}
    base |= {"sha256": "0" * 64}
    FrozenTable.objects.create(**base)
    FrozenTable.objects.create(**base | second)


def reporter(**fields: Any) -> ReporterMonth:
    names = ("expected", "received", "late_days", "lines", "refused", "observed", "agreed")
    base: dict[str, Any] = {"month": MONTH, "pharmacy_id": 1, "through": AT.date(), "at": AT}
    return ReporterMonth.objects.create(**base | dict.fromkeys(names, 1) | fields)


def gap(**fields: Any) -> AccessGap:
    base = {"preparation": f.preparation(), "region": f.wuchang(), "since": AT.date(), "seen": AT.date(), "listed": 0}
    return AccessGap.objects.create(**base | fields)


def near(**fields: Any) -> AccessGap:
    return gap(**{"nearest": f.pharmacy(), "distance_m": 3000.0} | fields)


def landing(**fields: Any) -> Landing:
    base: dict[str, Any] = {"region": f.wuchang(), "drug_id": 1, "on": AT.date()}
    base |= dict.fromkeys(("shops", "landed", "late", "above", "matched"), 1)
    base |= {"before_fen": 2690, "now_fen": 1260, "saved_fen": 1430}
    reference = fields.pop("reference", None) or f.reference_price(f.drug(), "12.60", kind="vbp")
    return Landing.objects.create(reference=reference, **base | fields)


def two_landings() -> None:
    one = landing()
    landing(reference=one.reference)


UNMATCHED: dict[str, Any] = {"matched": 0, "before_fen": None, "now_fen": None, "saved_fen": 0}

IMPOSSIBLE: dict[str, list[Callable[[], object]]] = {
    "figure_once_a_day": [two(figure)],
    "figure_every_shop_is_one_of_three": [
        lambda: figure(shops=4),
        lambda: figure(shops=2),
        lambda: figure(reporting=0),
        lambda: figure(late=0),
        lambda: figure(silent=0),
    ],
    "figure_parts_within_the_whole": [
        lambda: figure(fresh=2),
        lambda: figure(fresh=-1),
        lambda: figure(covered=2),
        lambda: figure(refused=2),
        lambda: figure(refused=-1),
    ],
    "figure_dispersion_of_some_products": [
        lambda: figure(dispersed=0),
        lambda: figure(dispersion=None),
        lambda: figure(dispersion=-0.1),
        lambda: figure(dispersion=1.0),
    ],
    "index_point_once": [two(point)],
    "index_point_above_zero": [lambda: point(value=0.0), lambda: point(value=-1.0), lambda: point(items=0)],
    "index_point_base_is_100": [
        lambda: point(base=MONTH),
        lambda: point(base=date(2026, 12, 1)),
        lambda: point(base=date(2026, 12, 1), value=100.0),
    ],
    "index_point_of_a_month": [lambda: point(on=date(2026, 11, 2)), lambda: point(base=date(2026, 10, 2))],
    "index_point_coverage_is_a_share": [
        lambda: point(coverage=0.0),
        lambda: point(coverage=-0.1),
        lambda: point(coverage=1.1),
    ],
    "freeze_once_a_month": [two(freeze)],
    "freeze_of_a_month": [lambda: freeze(month=date(2026, 11, 30))],
    "freeze_has_a_digest": [
        lambda: freeze(sha256=""),
        lambda: freeze(sha256="0" * 63),
        lambda: freeze(sha256="A" * 64),
    ],
    "frozen_table_once": [lambda: two_tables(position=2)],
    "frozen_table_in_its_place": [lambda: two_tables(name="figures")],
    "reporter_month_and_days_fit": [
        lambda: reporter(month=date(2026, 11, 2)),
        lambda: reporter(through=date(2026, 10, 31)),
    ],
    "reporter_parts_within_the_whole": [
        lambda: reporter(received=2),
        lambda: reporter(refused=2),
        lambda: reporter(agreed=2),
    ],
    "gap_open_once": [two(gap)],
    "gap_ends_after_it_began": [
        lambda: gap(until=AT.date()),
        lambda: gap(until=AT.date() - timedelta(days=1)),
    ],
    "gap_nearest_and_distance_together": [
        lambda: near(nearest=None),
        lambda: near(distance_m=None),
        lambda: near(distance_m=-1.0),
    ],
    "landing_once": [two_landings],
    "landing_parts_within_the_whole": [
        lambda: landing(landed=2),
        lambda: landing(late=2),
        lambda: landing(above=2),
    ],
    "landing_medians_of_matched_shops": [
        lambda: landing(matched=0),
        lambda: landing(before_fen=0),
        lambda: landing(now_fen=0),
        lambda: landing(before_fen=None),
        lambda: landing(now_fen=None),
        lambda: landing(**UNMATCHED | {"saved_fen": 1}),
        lambda: landing(**UNMATCHED | {"before_fen": 2690}),
        lambda: landing(**UNMATCHED | {"now_fen": 1260}),
    ],
}
KEYS: dict[str, Callable[[], object]] = {"month of a reporter": two(reporter)}
