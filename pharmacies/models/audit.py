"""The log of what people did (操作日志): append-only by grants and one guard, written in the change's transaction."""

from django.conf import settings
from django.db import models


class AuditEvent(models.Model):
    """Who did what to which thing, when, with what before and after, and why."""

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
    before = models.JSONField("之前", null=True)
    after = models.JSONField("之后", null=True)
    reason = models.TextField("理由", blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "操作日志"
        indexes = [models.Index(name="audit_subject", fields=["subject", "subject_id"])]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.action} {self.subject} {self.subject_id}"
