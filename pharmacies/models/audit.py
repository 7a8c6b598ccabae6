"""The log of what people did (操作日志): append-only by grants and one guard, written in the change's transaction."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from pharmacies.models.pharmacies import Chain, Pharmacy
from pharmacies.models.regions import Region


class AuditEvent(models.Model):
    """Who did what to which thing, when, with what before and after, and why.

    `pharmacy`, `chain` or `area` is the place whose people may read it: at most one. An event of no place (an import at
    the command line) is read by the auditors of the province.
    """

    at = models.DateTimeField("时间")
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="操作人",
    )
    actor_name = models.CharField("操作人姓名", max_length=150)  # as it was then; a command names its operator
    action = models.CharField("操作", max_length=60)
    subject = models.CharField("对象", max_length=60)  # model label
    subject_id = models.CharField("对象编号", max_length=60)
    # Without constraints: the log outlives what it tells of, and nothing that empties other tables may reach it.
    pharmacy = models.ForeignKey(
        Pharmacy, models.DO_NOTHING, db_constraint=False, null=True, blank=True, related_name="+", verbose_name="药店"
    )
    chain = models.ForeignKey(
        Chain, models.DO_NOTHING, db_constraint=False, null=True, blank=True, related_name="+", verbose_name="连锁企业"
    )
    area = models.ForeignKey(
        Region, models.DO_NOTHING, db_constraint=False, null=True, blank=True, related_name="+", verbose_name="统筹区"
    )
    before = models.JSONField("之前", null=True)
    after = models.JSONField("之后", null=True)
    reason = models.TextField("理由", blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "操作日志"
        indexes = [models.Index(name="audit_subject", fields=["subject", "subject_id"])]
        constraints = [
            models.CheckConstraint(
                name="audit_of_at_most_one_place",
                condition=Q(pharmacy__isnull=True, chain__isnull=True)
                | Q(pharmacy__isnull=True, area__isnull=True)
                | Q(chain__isnull=True, area__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.action} {self.subject} {self.subject_id}"


class AuditUnsealed(models.Model):
    """An event that waits for its seal; written with the event, removed by the transaction that seals it.

    Whether an event is sealed is thus known by name and by no counter of the database: a log restored into another
    cluster, whose transaction ids begin again, goes on as if nothing had happened.
    """

    event = models.OneToOneField(
        AuditEvent, on_delete=models.DO_NOTHING, primary_key=True, related_name="+", verbose_name="操作日志"
    )

    class Meta:
        verbose_name = verbose_name_plural = "待封存的操作日志"

    def __str__(self) -> str:
        return str(self.event_id)


class AuditSeal(models.Model):
    """A batch of committed events, in the order of their numbers, and a digest over it and the previous seal.

    `digests[i]` is that of event `events[i]`, so that a changed event can be named; `digest` covers the whole row and
    the seal before it. The newest seal of a day is the day's head (日终摘要), which is also kept outside the database.
    """

    number = models.BigIntegerField("序号", primary_key=True)  # 1, 2, 3 … without a gap
    sealed_at = models.DateTimeField("封存时间")
    algorithm = models.CharField("算法", max_length=20)  # a name that hashlib knows: sha256, sm3
    events = ArrayField(models.BigIntegerField(), verbose_name="日志编号")
    digests = ArrayField(models.CharField(max_length=128), verbose_name="日志摘要")
    previous = models.CharField("上一封存的摘要", max_length=128, blank=True)
    digest = models.CharField("摘要", max_length=128)

    class Meta:
        verbose_name = verbose_name_plural = "操作日志封存"
        constraints = [
            models.CheckConstraint(name="seal_numbers_begin_at_one", condition=Q(number__gte=1)),
            models.CheckConstraint(name="seal_follows_a_seal", condition=Q(number=1, previous="") | ~Q(previous="")),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.digest}"
