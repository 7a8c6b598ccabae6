"""本期定稿: the tables of a month as they stood when an official declared them final. Append-only; and the work of it."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from pharmacies.models import Region, User
from prices.models.leased import Leased, lease_and_token_together


class Freeze(models.Model):
    """A month of an area is frozen once; what is corrected later changes the live tables, not these.

    `sha256` is over the digests of its tables, one a line, in their order. Written only by `monitoring.freezing`.
    """

    area = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+", verbose_name="地区")
    month = models.DateField("月份")  # its first day
    at = models.DateTimeField("定稿时间")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name="定稿人")
    note = models.CharField("说明", max_length=200, blank=True)
    sha256 = models.CharField(max_length=64)

    class Meta:
        verbose_name = verbose_name_plural = "本期定稿"
        constraints = [
            models.UniqueConstraint(name="freeze_once_a_month", fields=["area", "month"]),
            models.CheckConstraint(name="freeze_of_a_month", condition=Q(month__day=1)),
            models.CheckConstraint(name="freeze_has_a_digest", condition=Q(sha256__regex=r"^[0-9a-f]{64}$")),
        ]

    def __str__(self) -> str:
        return f"{self.area_id} {self.month:%Y-%m}"


class FrozenTable(models.Model):
    """One table of a frozen month: JSON text as `monitoring.tables.stored` says, and the SHA-256 of exactly that text."""

    freeze = models.ForeignKey(Freeze, on_delete=models.PROTECT, related_name="tables", verbose_name="定稿")
    position = models.PositiveSmallIntegerField("次序")
    name = models.CharField("表名", max_length=40)
    title = models.CharField("标题", max_length=120)
    rows = models.PositiveIntegerField("行数")
    content = models.TextField("内容")
    sha256 = models.CharField(max_length=64)

    class Meta:
        verbose_name = verbose_name_plural = "定稿表格"
        constraints = [
            models.UniqueConstraint(name="frozen_table_once", fields=["freeze", "name"]),
            models.UniqueConstraint(name="frozen_table_in_its_place", fields=["freeze", "position"]),
        ]

    def __str__(self) -> str:
        return f"{self.freeze_id} {self.name}"


class Freezing(Leased):
    """A month that somebody has asked to be frozen: work for one worker at a time. It has become the freeze `made`, or it
    has left nothing and says by `failure` why; then anybody may ask again.

    Written only by `monitoring.freezes`, which asks, and `monitoring.freezing`, which does it.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("排队中")
        RUNNING = "running", _("正在定稿")
        DONE = "done", _("已定稿")
        FAILED = "failed", _("未完成")

    WORKING = (State.WAITING, State.RUNNING)

    class Failure(models.TextChoices):
        FROZEN = "frozen", _("这个月已经定稿，不能再改")
        NOT_OVER = "not_over", _("这个月还没有结束：月底以后才能定稿")
        INCOMPLETE = "incomplete", _("这个月的统计不完整：请等每晚的统计完成，或请运维补算")
        GAVE_UP = "gave_up", _("处理三次均未完成，这个月没有定稿：请再定稿一次，仍不行请联系运维")

    id = models.AutoField(primary_key=True)
    area = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+", verbose_name="地区")
    month = models.DateField("月份")  # its first day
    at = models.DateTimeField("发起时间")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name="发起人")
    note = models.CharField("说明", max_length=200, blank=True)
    state = models.CharField("状态", max_length=8, choices=State, default=State.WAITING)
    progress = models.PositiveSmallIntegerField("进度(%)", default=0)
    failure = models.CharField("未完成的原因", max_length=10, choices=Failure, blank=True)
    finished_at = models.DateTimeField("完成时间", null=True, blank=True)
    made = models.OneToOneField(
        Freeze, on_delete=models.PROTECT, null=True, blank=True, related_name="freezing", verbose_name="定稿"
    )

    objects: Any = models.Manager()

    class Meta:
        verbose_name = verbose_name_plural = "定稿任务"
        constraints = [
            models.UniqueConstraint(
                name="freezing_once_at_a_time",
                fields=["area", "month"],
                condition=Q(state__in=["waiting", "running"]),
            ),
            models.CheckConstraint(name="freezing_of_a_month", condition=Q(month__day=1)),
            models.CheckConstraint(name="freezing_progress_is_a_share", condition=Q(progress__lte=100)),
            models.CheckConstraint(
                name="freezing_made_or_failed_when_it_ended",
                condition=Q(state__in=["waiting", "running"], finished_at__isnull=True, made__isnull=True, failure="")
                | Q(state="done", finished_at__isnull=False, made__isnull=False, failure="", lease_until__isnull=True)
                | Q(
                    state="failed",
                    finished_at__isnull=False,
                    made__isnull=True,
                    failure__in=["frozen", "not_over", "incomplete", "gave_up"],
                    lease_until__isnull=True,
                ),
            ),
            lease_and_token_together("freezing_lease_and_token_together"),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.area_id} {self.month:%Y-%m} {self.state}"
