"""历史回测: what a rule would have found in the past, before anyone switches it on."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import ExpressionWrapper, F, Q
from django.utils.translation import gettext_lazy as _

from pharmacies.models import Region
from prices.models.leased import Leased, lease_and_token_together
from prices.models.rules import Detector

LONGEST_DAYS = 366
"""A back-test looks at so many days at most: 12 months."""


class BackTest(Leased):
    """A draft of a rule, tried on the days `first` to `last` (both included). Its answers are its `BackTestDay`s.

    `parameters` are complete, of the detector's `version` of that time. Written only by `monitoring.backtest`.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("排队中")
        RUNNING = "running", _("回测中")
        DONE = "done", _("已完成")
        STOPPED = "stopped", _("已停止")
        FAILED = "failed", _("未完成")

    WORKING = (State.WAITING, State.RUNNING)

    id = models.AutoField(primary_key=True)
    area = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+", verbose_name="地区")
    detector = models.CharField("规则", max_length=12, choices=Detector)
    version = models.PositiveSmallIntegerField("版本")
    parameters = models.JSONField("参数")
    first = models.DateField("首日")
    last = models.DateField("末日")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name="发起人")
    at = models.DateTimeField("发起时间")
    state = models.CharField("状态", max_length=8, choices=State, default=State.WAITING)
    finished_at = models.DateTimeField("完成时间", null=True, blank=True)
    error = models.TextField("错误", blank=True)

    objects: Any = models.Manager()

    class Meta:
        verbose_name = verbose_name_plural = "历史回测"
        constraints = [
            models.CheckConstraint(name="back_test_days_in_order", condition=Q(first__lte=F("last"))),
            models.CheckConstraint(
                name="back_test_of_a_year_at_most",
                condition=Q(
                    last__lt=ExpressionWrapper(
                        F("first") + timedelta(days=LONGEST_DAYS), output_field=models.DateTimeField()
                    )
                ),
            ),
            models.CheckConstraint(name="back_test_detector_is_known", condition=Q(detector__in=Detector.values)),
            models.CheckConstraint(
                name="back_test_ended_when_it_ended",
                condition=Q(state__in=["waiting", "running"], finished_at__isnull=True)
                | Q(state__in=["done", "stopped", "failed"], finished_at__isnull=False, lease_until__isnull=True),
            ),
            lease_and_token_together("back_test_lease_and_token_together"),
        ]
        indexes = [
            models.Index(name="back_test_of_area", fields=["area", "-id"]),
            models.Index(
                name="back_test_working", fields=["lease_until"], condition=Q(state__in=["waiting", "running"])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.detector} {self.first}..{self.last}"


class BackTestDay(models.Model):
    """What the draft finds on one past day. Append-only: a killed run goes on behind the last of them.

    `tests` prices changed and were no slips; `slips` are left out of that. `found` leads after control and cap, of them
    `known` had been leads then; `were` leads of this area stood on that day by all rules, `were_same` of them by this
    detector. Of the `labelled` (a concluded case followed) `confirmed` were right, `labelled_were` and `confirmed_were`
    say how many of those there are in all. `examples`: the leads with the most excess (`monitoring.trying.Look`).
    """

    back_test = models.ForeignKey(BackTest, on_delete=models.PROTECT, related_name="days", verbose_name="历史回测")
    on = models.DateField("日期")
    covered = models.BooleanField("当日有汇总")  # without a roll-up there are no peers to compare with
    tests = models.PositiveIntegerField("检验数")
    slips = models.PositiveIntegerField("录入错误")
    events = models.PositiveIntegerField("统一调价")
    found = models.PositiveIntegerField("线索数")
    known = models.PositiveIntegerField("与当时线索重合")
    were = models.PositiveIntegerField("当时线索")
    were_same = models.PositiveIntegerField("当时同一规则的线索")
    labelled = models.PositiveIntegerField("有结论")
    confirmed = models.PositiveIntegerField("结论属实")
    labelled_were = models.PositiveIntegerField("当时线索中有结论")
    confirmed_were = models.PositiveIntegerField("当时线索中属实")
    levels = models.JSONField("线索", default=list)  # [drug_id, pharmacy_id, 分] …: the same level again is no new lead
    examples = models.JSONField("举例", default=list)
    seconds = models.FloatField("用时(秒)")

    class Meta:
        verbose_name = verbose_name_plural = "历史回测按日结果"
        constraints = [
            models.UniqueConstraint(name="back_test_day_once", fields=["back_test", "on"]),
            models.CheckConstraint(
                name="back_test_parts_within_the_whole",
                condition=Q(known__lte=F("found"))
                & Q(were_same__lte=F("were"))
                & Q(confirmed__lte=F("labelled"), labelled__lte=F("found"))
                & Q(confirmed_were__lte=F("labelled_were"), labelled_were__lte=F("were")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.back_test_id} {self.on}"
