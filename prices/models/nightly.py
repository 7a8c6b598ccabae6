"""What the console shows and no live query answers in time: worked out at night by `monitoring.nightly`'s parts."""

from django.db import models
from django.db.models import F, Q

from catalog.models import Preparation, ReferencePrice
from pharmacies.models import Pharmacy, Region


class ReporterMonth(models.Model):
    """How well a pharmacy reported in a month (`month`: its first day), up to and with the day `through`.

    `expected`: whole reporting periods of its feed within those days, `received`: those of them in which a report came;
    `late_days`: days on which its newest report was older than is tolerated. `lines` came in, `refused` of them were
    sent back. `observed` prices were told by citizens, `agreed` of them were the published one. Written only by
    `monitoring.compliance`, every night until the month is over.
    """

    pk = models.CompositePrimaryKey("month", "pharmacy_id")
    month = models.DateField("月份")
    pharmacy_id = models.IntegerField()
    through = models.DateField("截至")
    at = models.DateTimeField("计算时间")
    expected = models.PositiveIntegerField("应报")
    received = models.PositiveIntegerField("实报")
    late_days = models.PositiveIntegerField("逾期天数")
    lines = models.BigIntegerField("报送行数")
    refused = models.BigIntegerField("退回行数")
    observed = models.PositiveIntegerField("市民所见价")
    agreed = models.PositiveIntegerField("与公示价一致")

    class Meta:
        verbose_name = verbose_name_plural = "报送合规月报"
        constraints = [
            models.CheckConstraint(
                name="reporter_month_and_days_fit", condition=Q(month__day=1, through__gte=F("month"))
            ),
            models.CheckConstraint(
                name="reporter_parts_within_the_whole",
                condition=Q(received__lte=F("expected"), refused__lte=F("lines"), agreed__lte=F("observed")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.pharmacy_id}"


class AccessGap(models.Model):
    """In a county no dual-channel pharmacy has had the preparation in stock, from the day `since` until `until`.

    `nearest` is the nearest one that has it, on the day `seen`, so far from the middle of the county's pharmacies; none
    when no pharmacy of the province has. Written only by `monitoring.access_gaps`.
    """

    preparation = models.ForeignKey(Preparation, on_delete=models.PROTECT, related_name="+", verbose_name="制剂")
    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+", verbose_name="区县")
    since = models.DateField("自")
    until = models.DateField("至", null=True)
    seen = models.DateField("最近核对")
    nearest = models.ForeignKey(Pharmacy, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="最近")
    distance_m = models.FloatField("直线距离(米)", null=True)
    listed = models.PositiveIntegerField("有价而未报有货的药店")  # dual-channel pharmacies of the county

    class Meta:
        verbose_name = verbose_name_plural = "双通道药品缺口"
        constraints = [
            models.UniqueConstraint(
                name="gap_open_once", fields=["region", "preparation"], condition=Q(until__isnull=True)
            ),
            models.CheckConstraint(name="gap_ends_after_it_began", condition=Q(until=None) | Q(until__gt=F("since"))),
            models.CheckConstraint(
                name="gap_nearest_and_distance_together",
                condition=Q(nearest__isnull=True, distance_m__isnull=True)
                | Q(nearest__isnull=False, distance_m__isnull=False, distance_m__gte=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.region_id} {self.preparation_id} {self.since}"


class Landing(models.Model):
    """中选价落地 of one procurement price among the pharmacies that a region or an area below it manages.

    Of `shops` that sell the product, `landed` came down to the price with the allowed mark-up, in `days_median` days;
    `late` have not within the days allowed; `above` stand above it today. `before_fen` and `now_fen` are the medians of
    the `matched` shops that sold it on the day before and sell it today; `saved_fen` the sum of what one pack costs less
    at each of them. Written only by `monitoring.passthrough`.
    """

    reference = models.ForeignKey(ReferencePrice, on_delete=models.CASCADE, related_name="+", verbose_name="中选价")
    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+", verbose_name="地区")
    drug_id = models.IntegerField("药品")
    on = models.DateField("日期")
    shops = models.PositiveIntegerField("在售药店")
    landed = models.PositiveIntegerField("已落地")
    late = models.PositiveIntegerField("逾期未落地")
    above = models.PositiveIntegerField("现高于中选价")
    days_median = models.FloatField("落地天数中位数", null=True)
    matched = models.PositiveIntegerField("前后都在售")
    before_fen = models.IntegerField("执行前中位价(分)", null=True)
    now_fen = models.IntegerField("现中位价(分)", null=True)
    saved_fen = models.BigIntegerField("每店一盒少付(分)", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "中选价落地"
        constraints = [
            models.UniqueConstraint(name="landing_once", fields=["region", "reference"]),
            models.CheckConstraint(
                name="landing_parts_within_the_whole",
                condition=Q(shops__gte=F("landed")) & Q(shops__gte=F("late")) & Q(shops__gte=F("above")),
            ),
            models.CheckConstraint(
                name="landing_medians_of_matched_shops",
                condition=Q(matched=0, before_fen=None, now_fen=None, saved_fen=0)
                | Q(matched__gt=0, before_fen__isnull=False, before_fen__gt=0, now_fen__isnull=False, now_fen__gt=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference_id} {self.region_id}"
