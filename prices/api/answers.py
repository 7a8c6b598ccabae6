"""The shapes of the answers, for the OpenAPI description; a test holds them against what `serializers` produce."""

from typing import Any

from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers

from catalog import models as catalogue
from pharmacies import models as places
from prices.api.serializers import STOCK_WORDS
from prices.models import FeedRun

Shape = serializers.Serializer[Any]
Text = serializers.CharField
MONEY = r"^\d+\.\d{2}$"


class Error(Shape):
    code = Text()
    message = Text(help_text="说明该怎么做")
    fields = serializers.DictField(child=serializers.ListField(child=Text()))  # type: ignore[assignment]  # named as the API says; the base class has another thing of that name


class Problem(Shape):
    error = Error()


REFUSALS = {
    400: "参数不对",
    401: "没有令牌",
    404: "没有这个内容",
    413: "内容太大",
    415: "内容类型不对",
    422: "同一个 Idempotency-Key 用于另一份内容",
    503: "超过时限，请按 Retry-After 稍后再试",
}


def refusals(*codes: int) -> dict[int, OpenApiResponse]:
    return {code: OpenApiResponse(Problem, description=REFUSALS[code]) for code in codes}


class Origin(Shape):
    lat = serializers.FloatField()
    lng = serializers.FloatField()


class Drug(Shape):
    code = Text(help_text="国家医保药品代码")
    name = Text(help_text="通用名")
    spec = Text(help_text="5mg×14片")
    manufacturer = Text()
    pack_count = serializers.IntegerField(help_text="一盒里的最小制剂单位数")
    unit = Text()


class DrugDetail(Drug):
    preparation = serializers.IntegerField()
    trade_name = Text(allow_blank=True)
    approval_no = Text(allow_blank=True)
    barcode = Text(allow_blank=True)
    rx_class = serializers.ChoiceField(catalogue.Drug.RxClass.values, allow_blank=True)
    quality = serializers.ChoiceField(catalogue.Drug.Quality.values, allow_blank=True)

    def get_fields(self) -> dict[str, Any]:
        insured = serializers.ChoiceField(
            ["甲", "乙"], allow_null=True, help_text="已核对的医保目录类别；未核对为 null"
        )
        return super().get_fields() | {"class": insured}


class Preparation(Shape):
    id = serializers.IntegerField()
    name = Text()
    dosage_form = Text()
    strength = Text()
    drugs = Drug(many=True)


class Pharmacy(Shape):
    code = Text()
    name = Text()
    kind = serializers.ChoiceField(places.Pharmacy.Kind.values)
    address = Text(allow_blank=True)
    phone = Text(allow_blank=True)
    lng = serializers.FloatField(help_text="WGS-84")
    lat = serializers.FloatField(help_text="WGS-84")
    designations = serializers.ListField(child=serializers.ChoiceField(places.Designation.Kind.values))
    open_now = serializers.BooleanField(allow_null=True, help_text="营业时间未登记为 null")


class PharmacyDetail(Pharmacy):
    region = Text(help_text="所在区划的代码")
    status = serializers.ChoiceField(places.PharmacyStatus.Status.values)
    hours = Text(allow_blank=True)
    distance_m = serializers.FloatField(allow_null=True, help_text="直线距离（米）")


class Offer(Shape):
    pharmacy = Pharmacy()
    drug = Drug()
    price = serializers.RegexField(MONEY, help_text="零售价（元/盒）")
    unit_price = serializers.RegexField(r"^\d+\.\d{4}$", help_text="每最小制剂单位（元）")
    cost = serializers.RegexField(MONEY, allow_null=True, help_text="药价加路费（元）；没有位置为 null")
    distance_m = serializers.FloatField(allow_null=True, help_text="直线距离（米）")
    stock = serializers.ChoiceField(list(STOCK_WORDS.values()))
    source = serializers.ChoiceField(["declared", "generated"])  # type: ignore[assignment]  # named as the API says; the base class has another thing of that name
    as_of = serializers.DateTimeField(help_text="报送人最近一次确认此价的时间")
    stale = serializers.BooleanField()
    rank = serializers.IntegerField(allow_null=True, help_text="并列名次：1, 1, 3；不排序的列表为 null")


class Page(Shape):
    next = serializers.URLField(allow_null=True)


class Offers(Page):
    origin = Origin(allow_null=True)
    results = Offer(many=True)


class Shelf(Page):
    results = Offer(many=True)


class Drugs(Page):
    results = DrugDetail(many=True)


class Preparations(Page):
    results = Preparation(many=True)


class Pharmacies(Page):
    results = PharmacyDetail(many=True)


class HistoryDay(Shape):
    date = serializers.DateField()
    mode = serializers.RegexField(MONEY, allow_null=True, help_text="众数价（元/盒），多数药店价；不足 5 家为 null")
    min = serializers.RegexField(MONEY, allow_null=True)
    q1 = serializers.RegexField(MONEY, allow_null=True, help_text="下四分位数")
    median = serializers.RegexField(MONEY, allow_null=True)
    q3 = serializers.RegexField(MONEY, allow_null=True, help_text="上四分位数")
    max = serializers.RegexField(MONEY, allow_null=True)
    count = serializers.IntegerField(help_text="药店数；0 时其余为 null")


class History(Page):
    results = HistoryDay(many=True)


class BasketLine(Shape):
    item = serializers.IntegerField(help_text="items 里的第几行，从 0 起")
    drug = Text(help_text="买哪一个：国家医保药品代码")
    price = serializers.RegexField(MONEY, help_text="零售价（元/盒）")
    subtotal = serializers.RegexField(MONEY, help_text="这一行的药价（元）")


class BasketStop(Shape):
    pharmacy = Pharmacy()
    lines = BasketLine(many=True)


class BasketPlan(Shape):
    stops = BasketStop(many=True, help_text="按先后")
    missing = serializers.ListField(child=serializers.IntegerField(), help_text="买不到的行，从 0 起")
    price = serializers.RegexField(MONEY, help_text="药价合计（元）")
    distance_m = serializers.FloatField(help_text="从出发点依次走完的直线距离（米）")
    total = serializers.RegexField(MONEY, help_text="药价加路费（元）")


class Unsold(Shape):
    item = serializers.IntegerField(help_text="items 里的第几行，从 0 起")
    reason = serializers.ChoiceField(["no_products", "not_for_retail", "not_sold"])
    message = Text(help_text="说明该怎么做")


class Basket(Shape):
    origin = Origin()
    plans = BasketPlan(many=True, help_text="去一家的最优方案；去两家更好时再给一个")
    unsold = Unsold(many=True, help_text="范围内哪些行没有药店在售")


class FeedStatus(Shape):
    id = Text(help_text="slug")
    name = Text(allow_blank=True)
    as_of = serializers.DateTimeField(allow_null=True)
    pharmacies = serializers.IntegerField()
    late = serializers.BooleanField()


class RegionStatus(Shape):
    code = Text()
    name = Text()
    level = serializers.ChoiceField(places.Region.Level.values)
    parent = Text(allow_null=True)  # type: ignore[assignment]  # named as the API says; the base class has another thing of that name


class Status(Shape):
    version = Text()
    offers = serializers.IntegerField()
    pharmacies = serializers.IntegerField()
    as_of = serializers.DateTimeField(allow_null=True)
    feeds = FeedStatus(many=True)
    regions = RegionStatus(many=True)


class RunReceived(Shape):
    run = serializers.IntegerField()
    state = serializers.ChoiceField(FeedRun.State.values)


class RunOutcome(RunReceived):
    rows = serializers.IntegerField()
    accepted = serializers.IntegerField()
    changed = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    withdrawn = serializers.IntegerField()
    refused = serializers.IntegerField()
    seconds = serializers.FloatField()
    error = Text(required=False, help_text="失败时：原因")
    notes = serializers.ListField(child=Text(), required=False, help_text="说明：忽略的列、为何待确认")


class TriedRow(Shape):
    line = serializers.IntegerField()
    row = serializers.DictField(child=Text(), help_text="报送人自己的列")
    reason = Text()
    advice = Text()


class TriedRun(Shape):
    state = serializers.ChoiceField(FeedRun.State.values)
    rows = serializers.IntegerField()
    accepted = serializers.IntegerField()
    changed = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    withdrawn = serializers.IntegerField()
    refused = serializers.IntegerField()
    seconds = serializers.FloatField()
    rejections = TriedRow(many=True, help_text="前 100 行")
    error = Text(required=False, help_text="失败时：原因")
    notes = serializers.ListField(child=Text(), required=False, help_text="说明：忽略的列、为何待确认")
