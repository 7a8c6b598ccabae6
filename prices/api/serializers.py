"""What the API answers, as plain dicts: explicit fields, money as strings, times in +08:00, codes as identifiers.

The pages render from these same dicts, so that page and API cannot disagree.
"""

from datetime import datetime
from typing import Any

from django.utils import timezone

from catalog.models import Drug, Preparation
from pharmacies.geo import Wgs84
from prices.money import unit_price, yuan
from prices.search.pharmacies import Listed
from prices.search.questions import Found, Shop

STOCK_WORDS = {0: "unknown", 1: "in", 2: "low", 3: "out", 4: "order"}


def time_json(at: datetime) -> str:
    """ISO 8601 in Shanghai, to the second: 2026-11-21T08:00:00+08:00."""
    return timezone.localtime(at).replace(microsecond=0).isoformat()


def origin_json(origin: Wgs84 | None) -> dict[str, float] | None:
    return {"lat": origin.lat, "lng": origin.lng} if origin else None


def drug_json(drug: Drug) -> dict[str, Any]:
    """The product as an offer names it; `preparation` must be loaded."""
    return {
        "code": drug.code,
        "name": drug.preparation.generic_name,
        "spec": f"{drug.preparation.strength}×{drug.pack_count}{drug.unit}",
        "manufacturer": drug.manufacturer,
        "pack_count": drug.pack_count,
        "unit": drug.unit,
    }


def drug_detail_json(drug: Drug, insurance_class: str | None) -> dict[str, Any]:
    """`class` is 甲 or 乙 by a reviewed listing in force, null when nobody has reviewed one."""
    return drug_json(drug) | {
        "preparation": drug.preparation_id,
        "trade_name": drug.trade_name,
        "approval_no": drug.approval_no,
        "barcode": drug.barcode,
        "rx_class": drug.rx_class,
        "quality": drug.quality,
        "class": insurance_class,
    }


def preparation_json(preparation: Preparation, drugs: list[Drug]) -> dict[str, Any]:
    return {
        "id": preparation.pk,
        "name": preparation.generic_name,
        "dosage_form": preparation.dosage_form,
        "strength": preparation.strength,
        "drugs": [drug_json(drug) for drug in drugs],
    }


def pharmacy_json(shop: Shop, at: datetime) -> dict[str, Any]:
    """`open_now` is null when the hours are unknown."""
    return {
        "code": shop.code,
        "name": shop.name,
        "kind": shop.kind,
        "address": shop.address,
        "phone": shop.phone,
        "lng": round(shop.lng, 6),
        "lat": round(shop.lat, 6),
        "designations": list(shop.designations),
        "open_now": shop.open_at(at),
    }


def pharmacy_detail_json(listed: Listed, at: datetime) -> dict[str, Any]:
    return pharmacy_json(listed.shop, at) | {
        "region": listed.region,
        "status": listed.status,
        "hours": listed.shop.hours,
        "distance_m": metres_json(listed.distance_m),
    }


def offer_json(found: Found, at: datetime) -> dict[str, Any]:
    return {
        "pharmacy": pharmacy_json(found.shop, at),
        "drug": drug_json(found.drug),
        "price": str(yuan(found.price_fen)),
        "unit_price": str(unit_price(found.price_fen, found.drug.pack_count)),
        "cost": None if found.cost is None else str(found.cost),
        "distance_m": metres_json(found.distance_m),
        "stock": STOCK_WORDS[found.stock],
        "source": "generated" if found.generated else "declared",
        "as_of": time_json(found.as_of),
        "stale": found.stale,
        "rank": found.rank,
    }


def metres_json(distance_m: float | None) -> float | None:
    return None if distance_m is None else round(distance_m, 2)
