"""Who the generated pharmacies are: chains of up to a tenth of all shops, single ones, institutions; states and services.

Arrays first (one entry a pharmacy, in the order of their places), rows of the tables at the end.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from django.contrib.gis.geos import Point
from django.db.backends.postgresql.psycopg_any import DateRange

from pharmacies import hours as opening
from pharmacies.models import Chain, Designation, Pharmacy, PharmacyStatus, Region
from pharmacies.pinyin import initials
from prices.generated.places import County, stand
from prices.generated.size import Bools, Floats, Ints, Size

CHAINS = 60
LARGEST_CHAIN = 0.10
IN_CHAIN = 0.70
INSTITUTIONS = 0.03
SINGLE = -1
"""Chain number of a shop of its own, and of an institution."""

HOURS: tuple[tuple[str, float], ...] = (
    ("08:00-21:30", 0.45),
    ("08:00-22:00", 0.25),
    ("Mo-Fr 08:00-21:30;Sa-Su 09:00-21:00", 0.14),
    ("24/7", 0.05),
    ("", 0.11),
)
SERVICES: tuple[tuple[Designation.Kind, float], ...] = (
    (Designation.Kind.DUAL_CHANNEL, 0.01),
    (Designation.Kind.OUTPATIENT_POOLING, 0.40),
    (Designation.Kind.CHRONIC_DISEASE, 0.25),
    (Designation.Kind.DELIVERY, 0.30),
)
SUSPENDED, UNDESIGNATED, SILENT = 0.01, 0.01, 0.05
SINCE = date(2020, 1, 1)
NAMES = ("康泰", "同和", "益寿", "百安", "福民", "济仁", "春晖", "回春", "瑞康", "和顺", "永康", "德济", "恒春", "惠众")


@dataclass(frozen=True)
class Shops:
    """One entry a pharmacy. `silent`: it stopped reporting weeks ago, so its prices are stale."""

    places: list[County]
    county: Ints
    lng: Floats
    lat: Floats
    chain: Ints
    institution: Bools
    suspended: Bools
    designated: Bools
    silent: Bools
    hours: Ints
    services: Bools  # (pharmacy, service)

    def __len__(self) -> int:
        return len(self.county)


def generate(size: Size, places: list[County]) -> Shops:
    county, lng, lat = stand(size, places)
    rng, count = size.rng(3), size.pharmacies
    falling = np.arange(2, CHAINS + 1) ** -1.0
    shares = [LARGEST_CHAIN, *falling / falling.sum() * (IN_CHAIN - LARGEST_CHAIN)]
    chain = rng.choice([*range(CHAINS), SINGLE], count, p=[*shares, 1 - sum(shares)])
    institution = rng.random(count) < INSTITUTIONS
    return Shops(
        places=places,
        county=county,
        lng=lng,
        lat=lat,
        chain=np.where(institution, SINGLE, chain),
        institution=institution,
        suspended=rng.random(count) < SUSPENDED,
        designated=rng.random(count) >= UNDESIGNATED,
        silent=rng.random(count) < SILENT,
        hours=rng.choice(len(HOURS), count, p=[share for _text, share in HOURS]),
        services=rng.random((count, len(SERVICES))) < [share for _kind, share in SERVICES],
    )


# -- rows -------------------------------------------------------------------------------------------------------------


def chains() -> list[Chain]:
    return [Chain(name=f"生成连锁第{number:02d}大药房") for number in range(1, CHAINS + 1)]


def pharmacies(shops: Shops, regions: dict[str, Region], owners: list[Chain]) -> Iterator[Pharmacy]:
    """Rows in the order of the arrays; `owners` are the chains by number, with their keys."""
    minutes = [opening.parse(text) if text else None for text, _share in HOURS]
    serials: dict[int, int] = {}
    for n in range(len(shops)):
        place = shops.places[shops.county[n]]
        serial = serials[int(shops.county[n])] = serials.get(int(shops.county[n]), 0) + 1
        name, kind = _name(shops, n, place, serial, owners)
        lng, lat = float(shops.lng[n]), float(shops.lat[n])
        division = regions[place.code]
        yield Pharmacy(
            code=f"{'P' if kind == Pharmacy.Kind.PHARMACY else 'H'}{place.code}{serial:05d}",
            kind=kind,
            name=name,
            initials=initials(name),
            chain=owners[shops.chain[n]] if shops.chain[n] != SINGLE else None,
            address=f"{place.name}生成路{serial}号",
            division=division,
            insurance_area=division,
            cell=division.pk,
            location=Point(lng, lat, srid=4326),
            source_lng=lng,
            source_lat=lat,
            source_datum=Pharmacy.Datum.WGS84,
            hours=HOURS[shops.hours[n]][0],
            open_minutes=minutes[shops.hours[n]],
        )


def _name(shops: Shops, n: int, place: County, serial: int, owners: list[Chain]) -> tuple[str, Pharmacy.Kind]:
    if shops.institution[n]:
        return f"{place.name}第{serial}社区卫生服务中心（演示）", Pharmacy.Kind.CLINIC
    if shops.chain[n] == SINGLE:
        return f"{place.name}{NAMES[n % len(NAMES)]}药房（{serial}号）", Pharmacy.Kind.PHARMACY
    return f"{owners[shops.chain[n]].name}（{place.name}{serial}店）", Pharmacy.Kind.PHARMACY


def statuses(shops: Shops, ids: Ints, on: date) -> Iterator[PharmacyStatus]:
    """Suspended shops only: no row means normal."""
    valid = DateRange(on - timedelta(days=20), None)
    for pharmacy_id in ids[shops.suspended].tolist():
        yield PharmacyStatus(pharmacy_id=pharmacy_id, status=PharmacyStatus.Status.SUSPENDED, valid=valid)


def designations(shops: Shops, ids: Ints, area_ids: Ints) -> Iterator[Designation]:
    """`area_ids`: the insurance area of each pharmacy."""
    held = [(Designation.Kind.DESIGNATED, shops.designated)]
    held += [(kind, shops.services[:, n]) for n, (kind, _share) in enumerate(SERVICES)]
    valid = DateRange(SINCE, None)
    for kind, flags in held:
        for pharmacy_id, area_id in zip(ids[flags].tolist(), area_ids[flags].tolist(), strict=True):
            yield Designation(pharmacy_id=pharmacy_id, kind=kind, area_id=area_id, valid=valid)
