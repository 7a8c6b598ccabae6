"""What an area's officials see of a day in numbers, and the price index: worked out each night, kept for ever.

Everything here follows from offers, reports and `AreaPrice`; it is stored because a number that was shown must stay.
"""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from pharmacies.models import Region


class AreaFigure(models.Model):
    """The area's figures of one day, of the ranked retail pharmacies that it or an area below it manages.

    Every shop of `shops` is one of: `reporting` (its newest report makes prices fresh), `late` (they are marked as old,
    and still shown), `silent` (they are shown no more, or there never was one). Rows and leads are counted over the
    24 hours before `at`; of `received` rows those that name a shop. Written only by `monitoring.figures`.
    """

    area = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+", verbose_name="统筹区")
    on = models.DateField("日期")
    at = models.DateTimeField("截至时间")
    shops = models.PositiveIntegerField("药店数")
    reporting = models.PositiveIntegerField("按时报送")
    late = models.PositiveIntegerField("逾期未报送")
    silent = models.PositiveIntegerField("长期未报送")
    offers = models.BigIntegerField("零售价数")
    fresh = models.BigIntegerField("其中未过期")
    products = models.PositiveIntegerField("目录内产品数")
    covered = models.PositiveIntegerField("有价产品数")
    received = models.BigIntegerField("24小时内收到行数")
    refused = models.BigIntegerField("24小时内退回行数")
    dispersed = models.PositiveIntegerField("参与离散度的产品数")
    dispersion = models.FloatField("价格离散度", null=True)  # the middle quartile coefficient (Q3 - Q1) / (Q3 + Q1)
    leads = models.PositiveIntegerField("24小时内新线索")
    open_leads = models.PositiveIntegerField("待看线索")

    class Meta:
        verbose_name = verbose_name_plural = "地区日指标"
        constraints = [
            models.UniqueConstraint(name="figure_once_a_day", fields=["area", "on"]),
            models.CheckConstraint(
                name="figure_every_shop_is_one_of_three",
                condition=Q(shops=F("reporting") + F("late") + F("silent")),
            ),
            models.CheckConstraint(
                name="figure_parts_within_the_whole",
                condition=Q(offers__gte=F("fresh"), fresh__gte=0)
                & Q(products__gte=F("covered"))
                & Q(received__gte=F("refused"), refused__gte=0),
            ),
            models.CheckConstraint(
                name="figure_dispersion_of_some_products",
                condition=Q(dispersed=0, dispersion__isnull=True)
                | Q(dispersed__gt=0, dispersion__isnull=False, dispersion__gte=0, dispersion__lt=1),
            ),
        ]
        indexes = [models.Index(name="figure_of_day", fields=["on"])]

    def __str__(self) -> str:
        return f"{self.area_id} {self.on}"


class IndexPoint(models.Model):
    """药品零售价格指数 of an area in a month (`on` is its first day), `base` = 100.

    The first month of a series is 100 by definition. `items` products were compared, `coverage` is their share of those
    with a price in the month. Of a month that has not ended the point is `provisional` and made anew each night; one of a
    month that has ended stays. Nobody tells us what is sold: `shops` weighs a product by its price times the number of
    shops that ask it, in place of sales.
    Written only by `monitoring.headline`.
    """

    class Kind(models.TextChoices):
        JEVONS = "jevons", _("链式杰文斯指数")
        TORNQVIST = "tornqvist", _("链式托恩奎斯特指数")
        FISHER = "fisher", _("链式费雪指数")
        GEKS = "geks_t", _("多边 GEKS 指数")
        TPD = "tpd", _("时间产品虚拟变量指数")

    class Weights(models.TextChoices):
        EQUAL = "equal", _("各产品同权")
        SHOPS = "shops", _("按在售药店数加权")

    area = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+", verbose_name="地区")
    on = models.DateField("月份")
    kind = models.CharField("指数", max_length=10, choices=Kind)
    weights = models.CharField("权重", max_length=5, choices=Weights)
    value = models.FloatField("指数值")
    base = models.DateField("基期")
    items = models.PositiveIntegerField("产品数")
    coverage = models.FloatField("产品覆盖率")
    provisional = models.BooleanField("本月未完", default=False)
    at = models.DateTimeField("截至时间")

    class Meta:
        verbose_name = verbose_name_plural = "药品零售价格指数"
        constraints = [
            models.UniqueConstraint(name="index_point_once", fields=["area", "kind", "weights", "on"]),
            models.CheckConstraint(name="index_point_above_zero", condition=Q(value__gt=0, items__gt=0)),
            models.CheckConstraint(
                name="index_point_base_is_100", condition=Q(on__gt=F("base")) | Q(on=F("base"), value=100)
            ),
            models.CheckConstraint(name="index_point_of_a_month", condition=Q(on__day=1, base__day=1)),
            models.CheckConstraint(
                name="index_point_coverage_is_a_share", condition=Q(coverage__gt=0, coverage__lte=1)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.area_id} {self.on} {self.kind} {self.value}"
