"""A small province for the browser: 24 shops whose order by price is the reverse of their order by distance.

Shop n sells a 14-tablet pack at 10 + n yuan and stands (25 - n) × 100 m north of the origin, in 武昌区. Further: one
stale price that would be the cheapest, one suspended and one undesignated shop that are not ranked, one shop in 洪山区
with a larger pack that is dearer by the pack and cheapest by the tablet. The catalogue has this year's edition and the
next, in which the drug's row has another restriction and a row is gone; two lists name the drug.
"""

from datetime import timedelta

from django.contrib.gis.geos import MultiPolygon, Polygon
from django.utils import timezone

from catalog.models import Category, Drug
from catalog.products import describe
from tests import factories
from tests.factories import region

SHOPS = 24
ORIGIN = (30.5450321, 114.3020456)
"""lat, lng of the citizen, finer than may ever leave the browser."""
ROUNDED = "30.545,114.302"
DRUG = "苯磺酸氨氯地平片"
CODE = "XC08CAB037A001010100001"
"""Of the originator's product."""
CHEAPEST_BY_TABLET = "洪山大药房（珞喻路店）"
STALE, SUSPENDED = "久未报送药房（徐东店）", "已暂停大药房（中南路店）"


def shop_name(n: int) -> str:
    return f"测试大药房（第{n:02d}分店）"


def build() -> None:
    """Commit the province; times are relative to now, because the server's clock is the real one."""
    now = timezone.now()
    land = MultiPolygon(Polygon.from_bbox((113.5, 30.0, 115.0, 31.0)))
    hubei = region("420000", "湖北省", boundary=land)
    wuhan = region("420100", "武汉市", hubei, boundary=land)
    west = region("420106", "武昌区", wuhan, boundary=MultiPolygon(Polygon.from_bbox((113.5, 30.0, 114.4, 31.0))))
    east = region("420111", "洪山区", wuhan, boundary=MultiPolygon(Polygon.from_bbox((114.4, 30.0, 115.0, 31.0))))
    region("420500", "宜昌市", hubei)
    drug = _drug(code=CODE, pack_count=14, manufacturer="辉瑞制药有限公司", trade_name="络活喜", quality="originator")
    large = _drug(pack_count=28, manufacturer="华润赛科药业有限责任公司", quality="passed")
    _editions(drug, timezone.localdate(now).year)
    for kind in ("two_diseases", "dual_channel"):
        factories.drug_list(kind, hubei, drug, large)
    factories.reference_price(large, "0.50", kind="vbp", unit="smallest")
    feed = factories.feed()
    factories.run(feed, received_at=now)
    for n in range(SHOPS):
        shop = factories.pharmacy(shop_name(n), north_m=(25 - n) * 100, division=west, hours="24/7")
        factories.offer(drug, shop, f"{10 + n}.00", confirmed=now - timedelta(days=n % 5), by=feed)
    far = factories.pharmacy(CHEAPEST_BY_TABLET, east_m=10_000, division=east, phone="")
    factories.offer(large, far, "18.20", confirmed=now, by=feed)
    stale = factories.pharmacy(STALE, north_m=2_600, division=west)
    factories.offer(drug, stale, "5.00", confirmed=now - timedelta(days=20), by=feed)
    closed = factories.pharmacy(SUSPENDED, north_m=50, division=west, status="suspended")
    factories.offer(drug, closed, "1.00", confirmed=now, by=feed)
    nobody = factories.pharmacy("路口药店", north_m=60, division=west, designations=())
    factories.offer(drug, nobody, "2.00", confirmed=now, by=feed)
    factories.rebuild_today(now)


def _editions(drug: Drug, year: int) -> None:
    """This year's edition, to a row of which the drug is matched, and the next."""
    now, following = factories.edition(year), factories.edition(year + 1)
    for code, name in (("XC", "心血管系统"), ("XC08CA", "二氢吡啶衍生物类")):
        Category.objects.create(edition=now, code=code, name=name)
    row = {"number": "1", "category_code": "XC08CA", "dosage_form": "口服常释剂型"}
    factories.match(drug, factories.listing("氨氯地平", edition=now, **row))
    factories.listing("氨氯地平", edition=following, restriction="限高血压患者。", **row)
    factories.listing("已不列入的药", edition=now, number="2")


def _drug(**fields: object) -> Drug:
    made = factories.drug(rx_class="rx", **fields)  # type: ignore[arg-type]
    describe(made)
    made.save()
    return made
