"""Spreadsheets at the desk: a file on its way from upload to a published run, and how such files read."""

from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from prices.models.feeds import Feed, FeedRun
from prices.models.leased import Leased, lease_and_token_together


class SheetLayout(models.Model):
    """What the columns of a till's export mean, as a person confirmed it once for this desk."""

    feed = models.ForeignKey(Feed, on_delete=models.CASCADE, related_name="layouts", verbose_name="窗口报送")
    signature = models.CharField("表头指纹", max_length=64)
    mapping = models.JSONField("列对照")  # their column name -> ours (`desk.sheets.columns.OURS`)
    confirmed_by = models.CharField("确认人", max_length=150)
    confirmed_at = models.DateTimeField("确认时间")

    class Meta:
        verbose_name = verbose_name_plural = "表格列对照"
        constraints = [models.UniqueConstraint(name="sheet_layout_once", fields=["feed", "signature"])]

    def __str__(self) -> str:
        return f"{self.feed_id} {self.signature[:8]}"


class Upload(Leased):
    """A spreadsheet that a person brought to the desk. The bytes are in the store of deliveries; what was read of them,
    and the preview, lie beside (`desk.sheets.kept`) and can be made again."""

    class State(models.TextChoices):
        READING = "reading", _("读取中")
        COLUMNS = "columns", _("待确认列")
        CHECKING = "checking", _("核对中")
        PREVIEWED = "previewed", _("待发布")
        APPLIED = "applied", _("已提交发布")
        TAKEN_BACK = "taken_back", _("已撤回")
        DISCARDED = "discarded", _("已放弃")
        FAILED = "failed", _("无法读取")

    WORKING = (State.READING, State.CHECKING)

    id = models.AutoField(primary_key=True)
    feed = models.ForeignKey(Feed, on_delete=models.PROTECT, related_name="uploads", verbose_name="窗口报送")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name="上传人")
    at = models.DateTimeField("上传时间")
    name = models.CharField("文件名", max_length=200)
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField("字节数")
    state = models.CharField("状态", max_length=10, choices=State, default=State.READING)
    progress = models.PositiveSmallIntegerField("进度", default=0)  # per cent
    columns = ArrayField(models.TextField(), verbose_name="原表头", default=list, blank=True)
    mapping = models.JSONField("列对照", default=dict, blank=True)
    skipped = ArrayField(models.IntegerField(), verbose_name="跳过的行", default=list, blank=True)
    counts = models.JSONField("预览统计", default=dict, blank=True)  # `desk.sheets.preview.Summary`
    holds = models.JSONField("整批待确认的原因", default=dict, blank=True)  # mode -> plain sentences
    previewed_at = models.DateTimeField("预览时间", null=True, blank=True)
    seen_run_id = models.IntegerField(null=True, blank=True)  # the newest publication that the preview knew of
    error = models.TextField("错误", blank=True)
    note = models.TextField("说明", blank=True)  # what a person should know before the next step
    run = models.ForeignKey(
        FeedRun, on_delete=models.PROTECT, null=True, blank=True, related_name="uploads", verbose_name="发布批次"
    )
    back_run = models.ForeignKey(
        FeedRun, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="撤回批次"
    )

    objects: Any = models.Manager()

    class Meta:
        verbose_name = verbose_name_plural = "上传表格"
        constraints = [
            models.CheckConstraint(
                name="upload_applied_has_a_run",
                condition=Q(state__in=["applied", "taken_back"], run__isnull=False)
                | (~Q(state__in=["applied", "taken_back"]) & Q(run__isnull=True)),
            ),
            models.CheckConstraint(
                name="upload_back_run_only_when_taken_back", condition=Q(back_run__isnull=True) | Q(state="taken_back")
            ),
            models.CheckConstraint(name="upload_progress_is_per_cent", condition=Q(progress__lte=100)),
            lease_and_token_together("upload_lease_and_token_together"),
        ]
        indexes = [
            models.Index(name="upload_of_feed", fields=["feed", "-id"]),
            models.Index(name="upload_working", fields=["lease_until"], condition=Q(state__in=["reading", "checking"])),
        ]

    def __str__(self) -> str:
        return f"{self.feed_id} {self.name} {self.state}"
