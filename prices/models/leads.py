"""价格异动线索: what the detectors found, with all they saw; the events that explain many changes at once; the log.

A lead is a reason to look, never a finding of wrongdoing. Leads, like the big tables, hold `drug_id` and `pharmacy_id`
as plain columns. Money is in 分. Written only by `prices.monitoring`.
"""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from pharmacies.models import Region


class PriceEvent(models.Model):
    """Many changes of one day with one cause: they are looked at together and give one lead at most.

    `ratio` is the middle new price / old price, `offers` how many prices moved, in so many `shops`, of so many `drugs`.
    What is not the same for all of them is empty: `drug_id` of a chain that raised everything, `chain_id` of a market.
    """

    class Kind(models.TextChoices):
        CHAIN = "chain_repricing", _("连锁统一调价")
        MASS = "mass_repricing", _("批量调价")
        REFERENCE = "reference_change", _("随参考价调整")

    class Direction(models.TextChoices):
        UP = "up", _("上涨")
        DOWN = "down", _("下降")

    kind = models.CharField("类别", max_length=16, choices=Kind)
    on = models.DateField("日期")
    feed_id = models.IntegerField("报送", null=True)
    chain_id = models.IntegerField("连锁企业", null=True)
    drug_id = models.IntegerField("药品", null=True)
    direction = models.CharField("方向", max_length=4, choices=Direction)
    key = models.CharField(max_length=80)  # what tells it from the other events of the day
    ratio = models.FloatField("新旧价之比")
    offers = models.PositiveIntegerField("价格数")
    shops = models.PositiveIntegerField("药店数")
    drugs = models.PositiveIntegerField("药品数")

    class Meta:
        verbose_name = verbose_name_plural = "调价事件"
        constraints = [
            models.UniqueConstraint(name="event_once_a_day", fields=["on", "key"]),
            models.CheckConstraint(
                name="event_ratio_goes_its_way",
                condition=Q(direction="up", ratio__gt=1) | Q(direction="down", ratio__gt=0, ratio__lt=1),
            ),
            models.CheckConstraint(
                name="event_is_of_many", condition=Q(offers__gt=1, shops__gt=0, drugs__gt=0, offers__gte=F("shops"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.on} {self.key}"


class LeadQuerySet(models.QuerySet[Any]):
    def within(self, area: Region) -> "LeadQuerySet":
        """Those that officials of `area` see: of pharmacies that it or an area below it manages, or did under another name."""
        return self.filter(area__code__in=Region.objects.within(area).values("code"))

    def standing(self) -> "LeadQuerySet":
        """All but those that the nightly look took back."""
        return self.exclude(state=Lead.State.WITHDRAWN)


class Lead(models.Model):
    """A price level of one product at one shop, or a slow drift of a product in a city, that should be looked at.

    One for each level: `since` is when this price began, whatever comes in later about it. A drift has no pharmacy, its
    `price_fen` is the city's median and `since` the start of the week in which it was seen. `area` is the insurance
    area that manages the pharmacy (of a drift: the city), `city` the region whose shops are the peers.
    """

    class State(models.TextChoices):
        NEW = "new", _("待看")
        DISMISSED = "dismissed", _("已排除")
        CASE = "case", _("已转核查事项")
        WITHDRAWN = "withdrawn", pgettext_lazy("lead", "已撤回")

    class Withdrawn(models.TextChoices):
        NOT_REJECTED = "not_rejected", _("按全天的价格变动一起检验，不再显著")
        SLIP = "slip", _("是录入错误或其更正")
        EVENT = "event", _("属于一次统一调价")
        CAPPED = "capped", _("当日线索超过上限，排序靠后")
        CHANGED = "changed", _("当天又改了价")

    drug_id = models.IntegerField("药品")
    pharmacy_id = models.IntegerField("药店", null=True)
    chain_id = models.IntegerField("连锁企业", null=True)
    area = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+", verbose_name="统筹区")
    city = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+", verbose_name="比较地区")
    price_fen = models.IntegerField("价格(分)")
    previous_fen = models.IntegerField("原价(分)", null=True)
    since = models.DateTimeField("此价起始")
    ended_at = models.DateTimeField("此价结束", null=True)  # another price, or none, came after it
    on = models.DateField("发现日")
    found_at = models.DateTimeField("发现时间")
    excess = models.FloatField("高出比例")  # of the finding that says most: 0.42 is 42 % above
    score = models.FloatField("排序值")  # excess × how much it matters
    event = models.ForeignKey(
        PriceEvent, on_delete=models.PROTECT, null=True, related_name="leads", verbose_name="调价事件"
    )
    state = models.CharField("状态", max_length=9, choices=State, default=State.NEW)
    withdrawn_because = models.CharField("撤回原因", max_length=12, choices=Withdrawn, blank=True)
    dismissed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="排除人"
    )
    dismissed_at = models.DateTimeField("排除时间", null=True)
    reason = models.CharField("排除理由", max_length=200, blank=True)

    objects: Any = LeadQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "价格异动线索"
        constraints = [
            models.UniqueConstraint(
                name="lead_once_per_level",
                fields=["drug_id", "pharmacy_id", "since", "price_fen"],
                condition=Q(pharmacy_id__isnull=False),
            ),
            models.UniqueConstraint(
                name="lead_once_per_drift", fields=["drug_id", "city", "since"], condition=Q(pharmacy_id__isnull=True)
            ),
            # One on an event at most; those taken back do not count.
            models.UniqueConstraint(
                name="lead_once_per_event",
                fields=["event"],
                condition=Q(event__isnull=False) & ~Q(state="withdrawn"),
            ),
            models.CheckConstraint(
                name="lead_prices_above_zero",
                condition=Q(price_fen__gt=0) & (Q(previous_fen__isnull=True) | Q(previous_fen__gt=0)),
            ),
            models.CheckConstraint(
                name="lead_ends_after_it_began", condition=Q(ended_at__isnull=True) | Q(ended_at__gt=F("since"))
            ),
            models.CheckConstraint(
                name="lead_dismissed_by_somebody_for_a_reason",
                condition=(Q(state="dismissed", dismissed_by__isnull=False, dismissed_at__isnull=False) & ~Q(reason=""))
                | (~Q(state="dismissed") & Q(dismissed_by__isnull=True, dismissed_at__isnull=True, reason="")),
            ),
            models.CheckConstraint(
                name="lead_withdrawn_for_a_reason",
                condition=(Q(state="withdrawn") & ~Q(withdrawn_because=""))
                | (~Q(state="withdrawn") & Q(withdrawn_because="")),
            ),
        ]
        indexes = [
            models.Index(name="lead_of_area", fields=["area", "-on", "-score"]),
            models.Index(name="lead_of_pharmacy", fields=["pharmacy_id", "drug_id"]),
            models.Index(name="lead_of_day", fields=["on"]),
            models.Index(name="lead_of_drug", fields=["drug_id", "-on"]),
            # What is to be looked at is a small part of all there ever was: every page of the console counts it.
            models.Index(name="lead_waiting", fields=["area", "-score"], condition=Q(state="new")),
        ]

    def __str__(self) -> str:
        return f"{self.drug_id} {self.pharmacy_id} {self.price_fen} {self.on}"


class Finding(models.Model):
    """What one detector said of a lead, with everything needed to say it again (`monitoring.replay`).

    `inputs` holds what the detector saw: `day`, `price_fen`, `old_fen`; of own history `series` ([day, fen or null] …);
    of peers `region`, `count`, `median_fen`, `mad_ln`, and for the picture `peers` ([fen, shops] …); of the mode
    `mode_fen`, `count`; of a reference `reference_fen`, `basis`, `document`, `tiers`; of a settled price
    `settled_fen`, `settled_at`. `excess` is the share above what it compares with, `score` the detector's own measure.
    """

    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="findings", verbose_name="线索")
    detector = models.CharField("方法", max_length=20)
    version = models.PositiveSmallIntegerField("版本")
    rule_id = models.IntegerField("规则", null=True)
    parameters = models.JSONField("参数")
    inputs = models.JSONField("所见")
    score = models.FloatField("统计量", null=True)
    p = models.FloatField("p 值", null=True)
    adjusted = models.FloatField("校正后 p 值", null=True)
    excess = models.FloatField("高出比例")
    label = models.CharField("标记", max_length=20, blank=True)  # of the tier that a reference's multiple falls into

    class Meta:
        verbose_name = verbose_name_plural = "线索依据"
        constraints = [
            models.UniqueConstraint(name="finding_once_per_detector", fields=["lead", "detector"]),
            models.CheckConstraint(
                name="finding_p_is_a_probability",
                condition=(Q(p__isnull=True) | Q(p__gte=0, p__lte=1))
                & (Q(adjusted__isnull=True) | Q(adjusted__gte=0, adjusted__lte=1)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lead_id} {self.detector}"


class Screening(models.Model):
    """One look over changed prices: how many were tested and what came of it. Append-only.

    `changes` prices changed by that look's day, `slips` of them feed errors, `collapsed` part of an event; `tests` is
    the family over which false alarms are controlled, `groups` its products × cities, `rejected` what was significant,
    `leads` what is left of it after the least effect and the cap, `capped` what the cap took away.
    """

    class Kind(models.TextChoices):
        WATCH = "watch", _("随到随检")
        SWEEP = "sweep", _("每夜复检")

    kind = models.CharField("类别", max_length=5, choices=Kind)
    on = models.DateField("日期")
    at = models.DateTimeField("时间")
    changes = models.PositiveIntegerField("价格变动")
    slips = models.PositiveIntegerField("录入错误")
    collapsed = models.PositiveIntegerField("并入事件")
    tests = models.PositiveIntegerField("检验数")
    groups = models.PositiveIntegerField("分组数")
    rejected = models.PositiveIntegerField("显著")
    events = models.PositiveIntegerField("事件")
    leads = models.PositiveIntegerField("线索")
    capped = models.PositiveIntegerField("超过上限")
    withdrawn = models.PositiveIntegerField("撤回")
    seconds = models.FloatField("用时(秒)")

    class Meta:
        verbose_name = verbose_name_plural = "检验记录"
        indexes = [models.Index(name="screening_of_day", fields=["-on", "-id"])]

    def __str__(self) -> str:
        return f"{self.kind} {self.on}"


class WatchCursor(models.Model):
    """How far the watch has read the change history: one row. (xid, change_id) of the last change it has seen."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    xid = models.BigIntegerField(default=0)
    change_id = models.BigIntegerField(default=0)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "检验进度"
        constraints = [models.CheckConstraint(name="cursor_is_one_row", condition=Q(id=1))]

    def __str__(self) -> str:
        return f"{self.xid}:{self.change_id}"
