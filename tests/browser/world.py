"""A small province for the browser: 24 shops whose order by price is the reverse of their order by distance.

Shop n sells a 14-tablet pack at 10 + n yuan and stands (25 - n) × 100 m north of the origin, in 武昌区. Further: one
stale price that would be the cheapest, one suspended and one undesignated shop that are not ranked, one shop in 洪山区
with a larger pack that is dearer by the pack and cheapest by the tablet. The catalogue has this year's edition and the
next, in which the drug's row has another restriction and a row is gone; two lists name the drug.

In 宜昌市 stand another drug of both channels, with a restriction and a confidential standard, dearer where it is
reimbursed and sold by a hospital too, and a drug that no pharmacy may sell.
"""

from datetime import datetime, timedelta

from django.utils import timezone

from catalog.models import Category, Drug, DrugList, DrugListEntry, PaymentStandard
from catalog.products import describe
from pharmacies.models import Region
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
DUAL, DUAL_SHOP, OTHER_SHOP, HOSPITAL = (
    "司美格鲁肽注射液",
    "双通道大药房（夷陵路店）",
    "平价大药房（夷陵路店）",
    "中心医院",
)
RESTRICTION = "限二甲双胍等口服降糖药控制效果不佳的BMI≥25的患者"
NOT_FOR_RETAIL = "注射用不零售药"
STALE, SUSPENDED = "久未报送药房（徐东店）", "已暂停大药房（中南路店）"


def shop_name(n: int) -> str:
    return f"测试大药房（第{n:02d}分店）"


def build() -> None:
    """Commit the province; times are relative to now, because the server's clock is the real one."""
    now = timezone.now()
    land = factories.square(113.5, 30.0, 115.0, 31.0)
    hubei = factories.outlined(region("420000", "湖北省"), land)
    wuhan = factories.outlined(region("420100", "武汉市", hubei), land)
    west = factories.outlined(region("420106", "武昌区", wuhan), factories.square(113.5, 30.0, 114.4, 31.0))
    east = factories.outlined(region("420111", "洪山区", wuhan), factories.square(114.4, 30.0, 115.0, 31.0))
    yichang = region("420500", "宜昌市", hubei)
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
    _both_channels(hubei, yichang, now)
    factories.rebuild_today(now)


def _both_channels(hubei: Region, yichang: Region, now: datetime) -> None:
    drug = _drug(of=factories.preparation(DUAL, "注射剂", "1.5ml"), pack_count=1, unit="支", manufacturer="诺和诺德")
    year = factories.edition(timezone.localdate(now).year)
    row = factories.listing("司美格鲁肽", edition=year, ins_class="乙", kind="谈判", restriction=RESTRICTION)
    PaymentStandard.objects.create(listing=row, confidential=True)
    factories.match(drug, row)
    dual = DrugList.objects.get(kind="dual_channel")
    DrugListEntry.objects.create(drug_list=dual, drug=drug, valid=dual.valid)
    factories.reference_price(drug, "478.50", area=hubei)
    never = _drug(of=factories.preparation(NOT_FOR_RETAIL, "注射剂", "1mg"), pack_count=1, unit="支")
    factories.drug_list("not_for_retail", hubei, never)
    shop = factories.pharmacy(OTHER_SHOP, lng=111.29, lat=30.70, division=yichang)
    both = ("designated", "dual_channel")
    dearer = factories.pharmacy(DUAL_SHOP, lng=111.30, lat=30.71, division=yichang, designations=both)
    hospital = factories.pharmacy(HOSPITAL, lng=111.31, lat=30.72, division=yichang, kind="hospital")
    for place, price in ((shop, "450.00"), (dearer, "470.00"), (hospital, "460.00")):
        factories.offer(drug, place, price, confirmed=now)
    factories.offer(never, hospital, "99.00", confirmed=now)


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
    made = factories.drug(rx_class="rx", **fields)  # type: ignore[arg-type]  # the test says which fields
    describe(made)
    made.save()
    return made
