"""How an area watches its prices: what counts as unusual there, and how far above which reference (dated, with document)."""

from typing import Any

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from pharmacies.fields import ValidField, ValidQuerySet
from pharmacies.models import Region


class Detector(models.TextChoices):
    """The values are the names of the modules in `prices.monitoring.detectors`."""

    CHANGE = "change", _("变动幅度")
    HISTORY = "history", _("与本店过去的价格相比")
    PEERS = "peers", _("与同城药店相比")
    MODE = "mode", _("高于多数药店价")
    REFERENCE = "reference", _("高于参考价")
    SETTLED = "settled", _("阴阳价格线索")
    DRIFT = "drift", _("缓慢上涨")
    PASSTHROUGH = "passthrough", _("中选价落地")


class Threshold(models.Model):
    """One line of a 阈值方案: from `lower` times the reference price up to below `upper` times the mark is `label`.

    A price must also stand above the reference, so that `lower` 1 means "dearer at all". The lines of one area, basis and
    range of days are one scheme; the nearest area that has one wins as a whole. Written only by
    `prices.monitoring.thresholds`.
    """

    class Basis(models.TextChoices):
        LISTED = "listed", _("挂网价")
        VBP = "vbp", _("集采中选价")
        PAYMENT_STANDARD = "payment_standard", _("医保支付标准")
        NATIONAL_LOWEST = "national_lowest", _("全国最低挂网价")
        SAME_VARIETY = "same_variety", _("同品种已挂网价")
        MODE = "mode", _("多数药店价")

    area = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+", verbose_name="地区")
    basis = models.CharField("比较依据", max_length=20, choices=Basis)
    lower = models.DecimalField("倍数(含)", max_digits=8, decimal_places=4)
    upper = models.DecimalField("倍数(不含)", max_digits=8, decimal_places=4, null=True, blank=True)
    label = models.CharField("标识", max_length=40)
    document = models.CharField("文件", max_length=120)
    valid = ValidField()

    objects: Any = ValidQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "阈值方案"
        constraints = [
            models.CheckConstraint(
                name="threshold_bounds_in_order",
                condition=Q(lower__gte=1) & (Q(upper__isnull=True) | Q(upper__gt=F("lower"))),
            ),
            models.CheckConstraint(name="threshold_has_a_document", condition=~Q(document="") & ~Q(label="")),
            ExclusionConstraint(
                name="threshold_one_mark_at_a_time",
                expressions=[
                    (F("area"), RangeOperators.EQUAL),
                    (F("basis"), RangeOperators.EQUAL),
                    (Func(F("lower"), F("upper"), function="numrange"), RangeOperators.OVERLAPS),
                    (F("valid"), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label} {self.lower}"


class Rule(models.Model):
    """With which parameters a detector works in an area and below it, on which days, and who decided so and why.

    The nearest area wins; where none has a rule the detector's own defaults hold. A row is never changed but for the end
    of `valid`; one replaced on its first day keeps an empty range. Written only by `prices.monitoring.rules`.
    """

    area = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+", verbose_name="地区")
    detector = models.CharField("规则", max_length=12, choices=Detector)
    version = models.PositiveSmallIntegerField("版本")  # of the detector, when the rule was made
    parameters = models.JSONField("参数")
    active = models.BooleanField("启用", default=True)
    valid = ValidField()
    document = models.CharField("文件", max_length=120, blank=True)
    reason = models.CharField("理由", max_length=200)
    by = models.CharField("操作人", max_length=150)
    at = models.DateTimeField("操作时间")

    objects: Any = ValidQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "监测规则"
        constraints = [
            models.CheckConstraint(name="rule_has_a_reason", condition=~Q(reason="")),
            models.CheckConstraint(name="rule_detector_is_known", condition=Q(detector__in=Detector.values)),
            ExclusionConstraint(
                name="rule_one_at_a_time",
                expressions=[
                    (F("area"), RangeOperators.EQUAL),
                    (F("detector"), RangeOperators.EQUAL),
                    (F("valid"), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.detector} {self.area_id}"
