"""Two counties, and rows of a pharmacy file: what the tests of `import_pharmacies` share."""

import csv
import io
from datetime import date
from typing import Any

import pytest

from pharmacies.geo import Wgs84
from pharmacies.importers import pharmacies
from pharmacies.importers.outcome import Outcome
from pharmacies.models import Pharmacy

from ..factories import AT, hongshan, outlined, region, square, wuchang

HERE = Wgs84(114.302437, 30.544612)
BASE = {
    "code": "P42010600001",
    "name": "天济大药房（夷陵路店）",
    "kind": "pharmacy",
    "address": "夷陵路1号",
    "lng": "114.302437",
    "lat": "30.544612",
    "datum": "wgs84",
    "designations": "designated",
}
FULL = BASE | {
    "status": "suspended@2026-11-01",
    "chain": "天济连锁",
    "store_no": "007",
    "uscc": "91420106MA4K000150",
    "adcode": "420106",
    "insurance_area": "420199",
    "phone": "027-88880000",
    "hours": "Mo-Fr 08:00-21:30;Sa-Su 09:00-21:00",
    "level": "",
    "license_no": "鄂CB0270001",
    "license_to": "2029-12-31",
}


@pytest.fixture(autouse=True)
def two_counties() -> None:
    """武昌 west of 114.4, 洪山 east of it; 市本级 manages both."""
    outlined(wuchang(), square(114.2, 30.4, 114.4, 30.7))
    outlined(hongshan(), square(114.4, 30.4, 114.6, 30.7))
    region("420199", "市本级", wuchang().parent, kind="insurance_area")


def file_of(*rows: dict[str, Any], encoding: str = "utf-8") -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(dict.fromkeys(name for row in rows for name in row)), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode(encoding)


def load(*rows: dict[str, Any], at: Any = AT, **kwargs: Any) -> Outcome:
    return pharmacies.load(data=file_of(*rows), at=at, by="测试员", **kwargs)


def imported(**change: str) -> Pharmacy:
    outcome = load(BASE | change)
    assert outcome.problems == (), outcome.problems
    return Pharmacy.objects.get(code=(BASE | change)["code"])


def held(row: Pharmacy) -> set[tuple[str, date | None, date | None]]:
    return {(each.kind, each.valid.lower, each.valid.upper) for each in row.designations.all()}
