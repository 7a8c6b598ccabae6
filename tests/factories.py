"""Rows for tests, one tiny function per thing: what a test does not care about has a plausible default.

`small_town` is the world that search, monitoring and journeys share; its answers can be worked out by eye.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from itertools import count
from typing import Any

from django.contrib.gis.geos import MultiPolygon, Point, Polygon
from django.db import connections
from django.db.backends.postgresql.psycopg_any import DateRange

from catalog.models import (
    Drug,
    DrugList,
    DrugListEntry,
    Edition,
    Listing,
    ListingMatch,
    Preparation,
    ReferencePrice,
)
from catalog.products import describe, refresh_names
from pharmacies import hours as opening
from pharmacies import today
from pharmacies.importers import outlines
from pharmacies.models import Chain, Designation, Outline, Pharmacy, PharmacyStatus, Region
from prices.models import Feed, FeedRun, Offer, PharmacyFeed, Stock
from prices.money import fen_of

SHANGHAI = timezone(timedelta(hours=8))
AT = datetime(2026, 11, 21, 10, 0, tzinfo=SHANGHAI)
"""A Saturday, ten in the morning: the moment every test happens at unless it says otherwise."""
ORIGIN = (114.302, 30.545)
"""lng, lat of the citizen: the middle of the small town."""
METRE = 1 / 111_195
"""Degrees of latitude in a metre."""

_number = count(1)


def since(start: date = date(2020, 1, 1), end: date | None = None) -> DateRange:
    """[start, end): valid for years, unless told otherwise."""
    return DateRange(start, end)


# -- who and where ----------------------------------------------------------------------------------------------------


def region(code: str = "420000", name: str = "湖北省", parent: Region | None = None, **fields: Any) -> Region:
    """The region of that code, made on first use; its level follows from its depth."""
    if found := Region.objects.filter(code=code).first():
        return found
    level = Region.Level.PROVINCE
    if parent:
        level = Region.Level.CITY if parent.parent_id is None else Region.Level.DISTRICT
    return Region.objects.create(
        **{"code": code, "name": name, "parent": parent, "level": level, "valid": since()} | fields
    )


def wuchang() -> Region:
    """湖北省 > 武汉市 > 武昌区."""
    return region("420106", "武昌区", region("420100", "武汉市", region()))


def hongshan() -> Region:
    """湖北省 > 武汉市 > 洪山区."""
    return region("420111", "洪山区", region("420100", "武汉市", region()))


def square(west: float, south: float, east: float, north: float) -> MultiPolygon:
    return MultiPolygon(Polygon.from_bbox((west, south, east, north)), srid=4326)


def outlined(of: Region, shape: MultiPolygon) -> Region:
    """The region, with that outline from now on."""
    Outline.objects.update_or_create(region=of, defaults={"shape": shape})
    return of


def pharmacy(
    name: str = "",
    *,
    east_m: float = 0,
    north_m: float = 0,
    designations: tuple[str, ...] = ("designated",),
    status: str = "normal",
    division: Region | None = None,
    hours: str = "",
    **fields: Any,
) -> Pharmacy:
    """A designated pharmacy so many metres from ORIGIN. `PharmacyToday` knows it only after `rebuild_today`."""
    n = next(_number)
    lng, lat = ORIGIN[0] + east_m * METRE / 0.8612, ORIGIN[1] + north_m * METRE
    lng, lat = fields.pop("lng", lng), fields.pop("lat", lat)
    kind = fields.pop("kind", "pharmacy")
    division = division or wuchang()
    row = Pharmacy.objects.create(
        **{
            "code": f"{'P' if kind == 'pharmacy' else 'H'}420106{n:05d}",
            "kind": kind,
            "name": name or f"测试大药房（{n}店）",
            "address": f"中山路{n}号",
            "division": division,
            "insurance_area": division,
            "cell": division.pk,
            "location": Point(lng, lat, srid=4326),
            "source_lng": lng,
            "source_lat": lat,
            "source_datum": "wgs84",
            "phone": "027-88880000",
            "hours": hours,
            "open_minutes": opening.parse(hours) if hours else None,
        }
        | fields
    )
    PharmacyStatus.objects.create(pharmacy=row, status=status, valid=since())
    for designation in designations:
        Designation.objects.create(pharmacy=row, kind=designation, area=row.insurance_area, valid=since())
    return row


def chain(name: str = "测试连锁") -> Chain:
    return Chain.objects.get_or_create(name=name)[0]


def rebuild_today(at: datetime = AT) -> None:
    today.rebuild(at)


def settle(*tables: str) -> None:
    """As after a night: the planner knows the committed rows, and the indexes are rid of the pages of earlier tests."""
    with connections["owner"].cursor() as cursor:
        for table in tables:
            cursor.execute(f"REINDEX TABLE {table}")
            cursor.execute(f"VACUUM (ANALYZE) {table}")


def renamed(old: Region, name: str, on: date = date(2026, 11, 1)) -> Region:
    """The region under another name from that day on, as an import leaves it: a new row of the same code."""
    Region.objects.filter(pk=old.pk).update(valid=since(end=on))
    heir: Region = Region.objects.create(code=old.code, name=name, parent=old.parent, level=old.level, valid=since(on))
    outlines.hand_on([heir.pk])
    return heir


# -- what -------------------------------------------------------------------------------------------------------------


def preparation(
    generic_name: str = "苯磺酸氨氯地平片", dosage_form: str = "片剂", strength: str = "5mg"
) -> Preparation:
    return Preparation.objects.get_or_create(generic_name=generic_name, dosage_form=dosage_form, strength=strength)[0]


def drug(of: Preparation | None = None, *, pack_count: int = 14, **fields: Any) -> Drug:
    """A product of the preparation `of`, findable by text search."""
    n = next(_number)
    row = Drug(
        **{
            "code": f"XC08CAB037A001{n:09d}",
            "preparation": of or preparation(),
            "manufacturer": f"测试制药{n}厂",
            "pack_count": pack_count,
            "unit": "片",
            "pack_unit": "盒",
        }
        | fields
    )
    describe(row)
    row.save()
    refresh_names()
    return row


def edition(year: int = 2026) -> Edition:
    valid = since(date(year, 1, 1), date(year + 1, 1, 1))
    fields = {"document": "医保发〔2025〕33号", "valid": valid, "state": "ready"}
    return Edition.objects.get_or_create(year=year, defaults=fields)[0]


def listing(generic_name: str = "氨氯地平", **fields: Any) -> Listing:
    base = {"edition": edition(), "section": "西药", "number": str(next(_number)), "ins_class": "甲"}
    return Listing.objects.create(**base | {"generic_name": generic_name} | fields)


def match(of: Drug, to: Listing, state: str = "accepted") -> ListingMatch:
    return ListingMatch.objects.create(
        drug=of, listing=to, state=state, reviewed_by="" if state == "candidate" else "药师"
    )


def drug_list(kind: str, area: Region, *drugs: Drug, valid: DateRange | None = None) -> DrugList:
    """A list of that kind in that area, naming `drugs`."""
    row = DrugList.objects.create(kind=kind, area=area, document="鄂医保发〔2026〕1号", valid=valid or since())
    for each in drugs:
        DrugListEntry.objects.create(drug_list=row, drug=each, valid=row.valid)
    return row


def reference_price(of: Drug, amount: str, **fields: Any) -> ReferencePrice:
    base = {"area": region(), "kind": "listed", "unit": "pack", "valid": since(), "document": "挂网公告"}
    return ReferencePrice.objects.create(**base | {"drug": of, "amount": amount} | fields)


# -- how much ---------------------------------------------------------------------------------------------------------


def feed(slug: str = "town", **fields: Any) -> Feed:
    """The feed of that slug, made on first use: all pharmacies, every 7 days."""
    return Feed.objects.get_or_create(slug=slug, defaults={"scope": "all"} | fields)[0]


def run(of: Feed | None = None, **fields: Any) -> FeedRun:
    """A published run of 1 row."""
    base = {
        "feed": of or feed(),
        "mode": "delta",
        "channel": FeedRun.Channel.COMMAND,
        "delivery_key": f"test:{next(_number)}",
        "sha256": "0" * 64,
        "size": 1,
        "state": FeedRun.State.PUBLISHED,
        "received_at": AT,
    }
    return FeedRun.objects.create(**base | fields)


def offer(
    of: Drug, at: Pharmacy, yuan: str, *, confirmed: datetime = AT, by: Feed | None = None, **fields: Any
) -> Offer:
    """A live offer, written as `ingest.publish` would leave it."""
    base = {
        "as_of": confirmed,
        "changed_at": confirmed,
        "confirmed_at": confirmed,
        "feed_id": (by or feed()).pk,
        "run_id": 1,
        "stock": Stock.IN,
    }
    key = {"drug_id": of.pk, "pharmacy_id": at.pk, "cell": at.cell}
    return Offer.objects.create(**base | key | {"price_fen": fen_of(yuan)} | fields)


def report(by: Feed, about: Pharmacy, at: datetime) -> PharmacyFeed:
    """The newest word of a feed about a pharmacy."""
    return PharmacyFeed.objects.create(pharmacy=about, feed=by, as_of=at, last_run_id=1)


# -- the small town ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Town:
    """North of ORIGIN stand, with the price of the one drug:

    not_designated   100 m    9.90   nearest and cheapest, but without a designation: never ranked
    near_dear        300 m   18.90
    stale            800 m   11.00   reported 20 days ago by a weekly feed: marked, after the fresh ones
    mid             1200 m   15.00
    far_cheap       4000 m   12.60
    """

    drug: Drug
    near_dear: Pharmacy
    mid: Pharmacy
    far_cheap: Pharmacy
    not_designated: Pharmacy
    stale: Pharmacy


def small_town() -> Town:
    town = Town(
        drug=drug(pack_count=14, manufacturer="辉瑞制药有限公司", trade_name="络活喜"),
        not_designated=pharmacy("路口药店", north_m=100, designations=()),
        near_dear=pharmacy("近而贵大药房", north_m=300),
        stale=pharmacy("久未报送药房", north_m=800),
        mid=pharmacy("居中大药房", north_m=1200),
        far_cheap=pharmacy("远而廉大药房", north_m=4000),
    )
    offer(town.drug, town.not_designated, "9.90")
    offer(town.drug, town.near_dear, "18.90")
    offer(town.drug, town.stale, "11.00", confirmed=AT - timedelta(days=20))
    offer(town.drug, town.mid, "15.00")
    offer(town.drug, town.far_cheap, "12.60")
    rebuild_today()
    return town
