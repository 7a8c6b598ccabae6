"""Feeds (数据报送) and their runs (报送批次): who may report for whom, what arrived, what became of it."""

from datetime import timedelta
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from pharmacies.models import Chain, Pharmacy
from prices.models.leased import Leased, lease_and_token_together


class Mode(models.TextChoices):
    SNAPSHOT = "snapshot", _("全量")
    DELTA = "delta", _("增量")


class Feed(models.Model):
    """A reporter's channel: its scope (all pharmacies, a chain, or named ones) and how its files read."""

    class Scope(models.TextChoices):
        ALL = "all", "全部药店"
        CHAIN = "chain", "连锁企业"
        PHARMACIES = "pharmacies", "指定药店"

    id = models.AutoField(primary_key=True)  # int4: every offer holds it
    slug = models.SlugField("标识", max_length=60, unique=True)
    name = models.CharField("名称", max_length=120, blank=True)
    scope = models.CharField("范围", max_length=10, choices=Scope)
    chain = models.ForeignKey(Chain, on_delete=models.PROTECT, null=True, blank=True, verbose_name="连锁企业")
    pharmacies = models.ManyToManyField(Pharmacy, blank=True, related_name="feeds", verbose_name="药店")
    mode = models.CharField("默认方式", max_length=8, choices=Mode, default=Mode.DELTA)
    mapping = models.JSONField("列对照", default=dict, blank=True)  # their column name -> ours
    url = models.URLField("地址", max_length=500, blank=True)
    every = models.DurationField("拉取间隔", null=True, blank=True)
    next_pull_at = models.DateTimeField("下次拉取", null=True, blank=True)
    etag = models.CharField(max_length=200, blank=True)
    cadence = models.DurationField("报送周期", default=timedelta(days=7))
    token_hash = models.CharField(max_length=64, blank=True)  # sha256 of the bearer token, hex
    token_issued_at = models.DateTimeField("令牌签发时间", null=True, blank=True)
    token_used_at = models.DateTimeField("令牌最近使用", null=True, blank=True)  # to the minute
    desk = models.BooleanField("内置窗口", default=False)
    generated = models.BooleanField("生成数据", default=False)
    active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "数据报送"
        constraints = [
            models.CheckConstraint(
                name="feed_chain_scope_names_a_chain",
                condition=Q(scope="chain", chain__isnull=False) | (~Q(scope="chain") & Q(chain__isnull=True)),
            ),
            models.CheckConstraint(
                name="feed_url_and_interval_together",
                condition=Q(url="", every__isnull=True) | (~Q(url="") & Q(every__isnull=False, every__gt=timedelta(0))),
            ),
            models.CheckConstraint(name="feed_cadence_is_positive", condition=Q(cadence__gt=timedelta(0))),
        ]

    def __str__(self) -> str:
        return self.slug


class RunQuerySet(models.QuerySet[Any]):
    def in_flight(self) -> "RunQuerySet":
        """Received and not yet decided."""
        return self.filter(state__in=FeedRun.IN_FLIGHT)


class FeedRun(Leased):
    """One delivery and its way through the five steps; the truth about it is here, never in the broker."""

    class State(models.TextChoices):
        RECEIVED = "received", _("已接收")
        STAGED = "staged", _("已核对")
        HELD = "held", _("整批待确认")
        PUBLISHING = "publishing", _("发布中")
        PUBLISHED = "published", _("已发布")
        FAILED = "failed", _("失败")
        REFUSED = "refused", _("退回")
        SUPERSEDED = "superseded", _("已被新批次取代")

    IN_FLIGHT = (State.RECEIVED, State.STAGED, State.PUBLISHING)

    class Channel(models.TextChoices):
        COMMAND = "command", _("命令")
        PULL = "pull", _("拉取")
        PUSH = "push", _("接口")
        DESK = "desk", _("窗口")
        REPLAY = "replay", _("配对后重放")
        SCHEDULED = "scheduled", _("定时调价")

    id = models.AutoField(primary_key=True)  # int4: every offer holds it
    feed = models.ForeignKey(Feed, on_delete=models.PROTECT, related_name="runs", verbose_name="报送")
    mode = models.CharField("方式", max_length=8, choices=Mode)
    channel = models.CharField("途径", max_length=9, choices=Channel)
    delivery_key = models.CharField("投递键", max_length=200)
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField("字节数")
    format = models.CharField("格式", max_length=5, default="csv")
    state = models.CharField("状态", max_length=10, choices=State, default=State.RECEIVED)
    confirms = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="confirmations", verbose_name="确认批次"
    )  # the same bytes again: everything that run said still holds
    received_at = models.DateTimeField("接收时间")
    finished_at = models.DateTimeField("完成时间", null=True, blank=True)
    rows = models.PositiveIntegerField("行数", default=0)
    accepted = models.PositiveIntegerField("接受", default=0)
    changed = models.PositiveIntegerField("变动", default=0)
    unchanged = models.PositiveIntegerField("未变", default=0)
    withdrawn = models.PositiveIntegerField("下架", default=0)
    refused = models.PositiveIntegerField("退回", default=0)
    seconds = models.FloatField("用时(秒)", default=0)
    columns = ArrayField(models.TextField(), verbose_name="原表头", default=list, blank=True)
    notes = models.JSONField("说明", default=list, blank=True)  # plain sentences: ignored columns, why it is held
    error = models.TextField("错误", blank=True)
    released_by = models.CharField("放行人", max_length=150, blank=True)
    operator = models.CharField("提交人", max_length=150, blank=True)  # a named person may override a suspected slip
    override_reason = models.CharField("改价理由", max_length=200, blank=True)

    objects: Any = RunQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "报送批次"
        constraints = [
            models.UniqueConstraint(name="run_once_per_delivery", fields=["feed", "delivery_key"]),
            lease_and_token_together("run_lease_and_token_together"),
            models.CheckConstraint(
                name="run_override_names_a_person", condition=Q(override_reason="") | ~Q(operator="")
            ),
        ]
        indexes = [
            models.Index(
                name="run_in_flight",
                fields=["lease_until"],
                condition=Q(state__in=["received", "staged", "publishing"]),
            ),
            models.Index(name="run_of_feed", fields=["feed", "-id"]),
        ]

    def __str__(self) -> str:
        return f"{self.feed_id}#{self.pk} {self.state}"


class RunPharmacy(models.Model):
    """The atomic unit of publishing: this run has said its say about this pharmacy. Append-only."""

    run = models.ForeignKey(FeedRun, on_delete=models.PROTECT, related_name="pharmacies")
    pharmacy = models.ForeignKey(Pharmacy, on_delete=models.PROTECT, related_name="+", db_index=False)
    as_of = models.DateTimeField("数据时间")
    accepted = models.PositiveIntegerField("接受", default=0)
    changed = models.PositiveIntegerField("变动", default=0)
    unchanged = models.PositiveIntegerField("未变", default=0)
    withdrawn = models.PositiveIntegerField("下架", default=0)
    disputed = models.PositiveIntegerField("存疑", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "批次药店"
        constraints = [models.UniqueConstraint(name="run_publishes_a_pharmacy_once", fields=["run", "pharmacy"])]
        indexes = [models.Index(name="run_of_pharmacy", fields=["pharmacy", "-run"])]

    def __str__(self) -> str:
        return f"{self.run_id} {self.pharmacy_id}"


class PharmacyFeed(models.Model):
    """When a pharmacy last reported through a feed, and how far its newest complete snapshot vouches for its offers.

    Every live, undisputed offer of this feed at this pharmacy is confirmed at least up to the snapshot mark, so that a
    snapshot in which nothing changed need not rewrite its offers.
    """

    pk = models.CompositePrimaryKey("pharmacy_id", "feed_id")
    pharmacy = models.ForeignKey(Pharmacy, on_delete=models.PROTECT, related_name="reports")
    feed = models.ForeignKey(Feed, on_delete=models.PROTECT, related_name="reports", db_index=False)
    as_of = models.DateTimeField("最近报送")
    last_run_id = models.IntegerField()  # the newest publication, whatever its dates
    snapshot_as_of = models.DateTimeField(null=True)
    snapshot_received_at = models.DateTimeField(null=True)
    snapshot_run_id = models.IntegerField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = "药店报送"
        constraints = [
            models.CheckConstraint(
                name="snapshot_mark_is_whole",
                condition=Q(
                    snapshot_as_of__isnull=True, snapshot_received_at__isnull=True, snapshot_run_id__isnull=True
                )
                | Q(snapshot_as_of__isnull=False, snapshot_received_at__isnull=False, snapshot_run_id__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.pharmacy_id} {self.feed_id}"


class Rejection(models.Model):
    """A row that was not published: its text as received, and why, in plain words (退回, 待核实)."""

    class State(models.TextChoices):
        REFUSED = "refused", _("退回")
        REVIEW = "review", _("待核实")
        SETTLED = "settled", _("已处理")

    run = models.ForeignKey(FeedRun, on_delete=models.CASCADE, related_name="rejections")
    line = models.PositiveIntegerField("行号")
    raw = models.JSONField("原文")  # the sender's own columns
    reasons = ArrayField(models.CharField(max_length=40), verbose_name="原因")
    pharmacy_id = models.IntegerField(null=True)
    drug_id = models.IntegerField(null=True)
    price_fen = models.IntegerField(null=True)  # of a suspected slip: the same on three days goes to a person
    their_code = models.CharField(max_length=60, blank=True)  # the drug code as sent, when nobody knows it
    state = models.CharField("状态", max_length=8, choices=State, default=State.REFUSED)
    settled_by = models.CharField("处理人", max_length=150, blank=True)
    replayed_in = models.ForeignKey(FeedRun, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        verbose_name = verbose_name_plural = "退回记录"
        constraints = [
            models.UniqueConstraint(name="rejection_once_per_line", fields=["run", "line"]),
            models.CheckConstraint(
                name="rejection_settled_by_somebody", condition=~Q(state="settled") | ~Q(settled_by="")
            ),
            models.CheckConstraint(name="rejection_has_a_reason", condition=Q(reasons__len__gt=0)),
        ]
        indexes = [
            models.Index(name="rejection_unknown_code", fields=["their_code"], condition=~Q(their_code="")),
            models.Index(
                name="rejection_of_offer", fields=["drug_id", "pharmacy_id"], condition=Q(drug_id__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.run_id}:{self.line} {self.reasons}"
