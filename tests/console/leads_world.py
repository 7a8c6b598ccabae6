"""A spike in 武昌区 among twelve shops of 武汉市, what the detectors stored about it, and the officials who look."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.test import Client

from catalog.models import Drug
from pharmacies.models import Membership, Pharmacy, Region, User
from prices.models import AreaPrice, RollUp
from prices.models.figures import AreaFigure, IndexPoint
from prices.models.leads import Finding, Lead, Screening
from prices.monitoring.detectors import MODULES
from tests import factories as f
from tests.factories import AT, since
from tests.prices.area_world import changed
from tests.staff.signing import sign_in

TODAY = date(2026, 11, 21)
PEERS = [[1790, 3], [1890, 7], [1990, 2]]
SERIES = [[str(TODAY - timedelta(days=29 - n)), 1890] for n in range(28)]


@dataclass
class World:
    drug: Drug
    shop: Pharmacy
    lead: Lead
    city: Region
    elsewhere: Region


def world() -> World:
    """The shop went from 18.90 to 26.90 yesterday; its neighbours ask 17.90 to 19.90."""
    city = f.region("420100", "武汉市", f.region())
    elsewhere = f.region("420502", "西陵区", f.region("420500", "宜昌市", f.region()))
    drug = f.drug(pack_count=14, manufacturer="辉瑞制药有限公司")
    shop = f.pharmacy("向阳大药房")
    f.offer(drug, shop, "26.90")
    changed(drug, shop, "18.90", "26.90", AT - timedelta(days=1))
    for n, price in enumerate(["17.90"] * 3 + ["18.90"] * 6 + ["19.90"] * 2):
        f.offer(drug, f.pharmacy(f"邻居{n}号", east_m=100 * (n + 1)), price)
    f.rebuild_today()
    area_price(drug, city, TODAY - timedelta(days=39))
    RollUp.objects.create(first=TODAY - timedelta(days=60), last=TODAY, at=AT, drugs=1, written=1, seconds=1)
    return World(drug, shop, lead(drug, shop), city, elsewhere)


def lead(drug: Drug, shop: Pharmacy, *, agreed: bool = True, **fields: Any) -> Lead:
    """As the watch leaves it: three detectors agreed, unless the test says what was found."""
    base: dict[str, Any] = {
        "drug_id": drug.pk,
        "pharmacy_id": shop.pk,
        "area": shop.insurance_area,
        "city": Region.objects.get(code="420100"),
        "price_fen": 2690,
        "previous_fen": 1890,
        "since": AT - timedelta(days=1),
        "on": TODAY,
        "found_at": AT,
        "excess": 0.42,
        "score": 5.0,
    }
    made = Lead.objects.create(**base | fields)
    if not agreed:
        return made
    seen: dict[str, Any] = {"day": str(TODAY), "price_fen": made.price_fen, "old_fen": made.previous_fen}
    finding(made, "change", **seen)
    finding(made, "history", p=1e-9, score=17.6, **seen, series=SERIES)
    finding(made, "peers", p=1e-8, score=12.0, **seen, count=12, median_fen=1890, mad_ln=0.0135, peers=PEERS)
    return made


def area_price(drug: Drug, area: Region, on: date, **fields: Any) -> AreaPrice:
    base: dict[str, Any] = {
        **{"drug_id": drug.pk, "region_id": area.pk, "on": on, "mode_fen": 1890, "min_fen": 1790, "q1_fen": 1870},
        **{"median_fen": 1890, "q3_fen": 1900, "max_fen": 1990, "count": 12},
    }
    return AreaPrice.objects.create(**base | fields)


def finding(of: Lead, detector: str, *, p: float | None = None, score: float | None = None, **inputs: Any) -> Finding:
    stated = MODULES[detector].Parameters().stated()
    return Finding.objects.create(
        **{"lead": of, "detector": detector, "version": 1, "parameters": stated, "inputs": inputs},
        **{"p": p, "adjusted": p, "score": score, "excess": 0.42},
    )


def plain(answer: Any) -> str:
    """The page; the space between a number and its unit, which does not break, as any other."""
    return str(answer.content.decode().replace("\u00a0", " "))


def figure(area: Region, on: date = TODAY, **fields: Any) -> AreaFigure:
    base: dict[str, Any] = {
        **{"area": area, "on": on, "at": AT, "shops": 20, "reporting": 17, "late": 2, "silent": 1},
        **{"offers": 1000, "fresh": 900, "products": 100, "covered": 80, "received": 500, "refused": 5},
        **{"dispersed": 50, "dispersion": 0.06, "leads": 1, "open_leads": 3},
    }
    return AreaFigure.objects.create(**base | fields)


def index(area: Region, on: date, value: float, *, base: date = date(2026, 8, 1), **fields: Any) -> IndexPoint:
    made: dict[str, Any] = {
        **{"area": area, "on": on, "kind": "jevons", "weights": "equal", "value": value, "base": base},
        **{"items": 80, "coverage": 0.8, "at": AT},
    }
    return IndexPoint.objects.create(**made | fields)


def official(area: Region, role: str = "officer", name: str = "") -> User:
    user = User.objects.create_user(name or f"{role}{area.code}", first_name="王经办")
    Membership.objects.create(user=user, area=area, role=role, valid=since())
    return user


def as_official(client: Client, area: Region, role: str = "officer") -> Client:
    return sign_in(client, official(area, role))


def screening(kind: str, **counts: int) -> Screening:
    names = ("changes", "slips", "collapsed", "tests", "groups", "rejected", "events", "leads", "capped", "withdrawn")
    return Screening.objects.create(kind=kind, on=TODAY, at=AT, seconds=1, **dict.fromkeys(names, 0) | counts)
