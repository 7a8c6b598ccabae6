"""What most pharmacies of an area ask (众数价, 四分位数), day by day, and the nights it was worked out."""

from django.db import models
from django.db.models import F, Q


class RealField(models.FloatField):  # type: ignore[type-arg]  # not subscriptable at run time
    """Four bytes: six digits are enough for a measure of spread."""

    def db_type(self, connection: object) -> str:
        return "real"


MODE_MIN_SHOPS = 5
"""With fewer shops there is no mode."""


class AreaPrice(models.Model):
    """Shelf prices of a drug at the ranked retail pharmacies of a region, from the day `on` until the region's next row.

    Written only by `prices.statistics.roll_up`. Retail prices are sticky: there is a row only where something differs
    from the row before; one with `count` 0 closes the series. It speaks of no day after the last `RollUp`. All prices
    are whole 分; quartiles are numpy's 'linear' percentiles, rounded half up once.
    """

    pk = models.CompositePrimaryKey("drug_id", "region_id", "on")
    drug_id = models.IntegerField()
    region_id = models.IntegerField()
    on = models.DateField("日期")
    mode_fen = models.IntegerField("众数价", null=True)
    min_fen = models.IntegerField("最低价", null=True)
    q1_fen = models.IntegerField("下四分位数", null=True)
    median_fen = models.IntegerField("中位数", null=True)
    q3_fen = models.IntegerField("上四分位数", null=True)
    max_fen = models.IntegerField("最高价", null=True)
    count = models.IntegerField("药店数")
    # Median absolute deviation of ln price from ln `median_fen`, to 4 places; NULL but for cities and
    # counties that belong to none, whose shops are peers, and in rows older than this column.
    mad_ln = RealField("价格离散度", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "地区药价"
        constraints = [
            models.CheckConstraint(
                name="areaprice_spread_of_something",
                condition=Q(mad_ln__isnull=True) | Q(count__gt=0, mad_ln__gte=0),
            ),
            models.CheckConstraint(
                name="areaprice_prices_in_order",
                condition=Q(
                    count=0, min_fen=None, q1_fen=None, median_fen=None, q3_fen=None, max_fen=None, mode_fen=None
                )
                | Q(
                    count__gt=0,
                    min_fen__isnull=False,
                    q1_fen__isnull=False,
                    median_fen__isnull=False,
                    q3_fen__isnull=False,
                    max_fen__isnull=False,
                    min_fen__gt=0,
                    q1_fen__gte=F("min_fen"),
                    median_fen__gte=F("q1_fen"),
                    q3_fen__gte=F("median_fen"),
                    max_fen__gte=F("q3_fen"),
                ),
            ),
            models.CheckConstraint(
                name="areaprice_mode_of_five_shops",
                condition=Q(count__lt=MODE_MIN_SHOPS, mode_fen=None)
                | Q(
                    count__gte=MODE_MIN_SHOPS,
                    mode_fen__isnull=False,
                    mode_fen__gte=F("min_fen"),
                    mode_fen__lte=F("max_fen"),
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.drug_id} {self.region_id} {self.on} {self.mode_fen}"


class RollUp(models.Model):
    """The days `first` to `last` (both included) are worked out for all drugs. Append-only; a day in none was missed."""

    first = models.DateField("首日")
    last = models.DateField("末日")
    at = models.DateTimeField("截至时间")
    drugs = models.PositiveIntegerField("药品数")
    written = models.PositiveIntegerField("写入行数")
    seconds = models.FloatField("用时(秒)")

    class Meta:
        verbose_name = verbose_name_plural = "药价汇总"
        constraints = [models.CheckConstraint(name="rollup_days_in_order", condition=Q(first__lte=F("last")))]
        indexes = [models.Index(name="rollup_last_day", fields=["-last"])]

    def __str__(self) -> str:
        return f"{self.first}..{self.last}"
