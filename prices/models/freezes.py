"""本期定稿: the tables of a month as they stood when an official declared them final. Append-only."""

from django.db import models
from django.db.models import Q

from pharmacies.models import Region, User


class Freeze(models.Model):
    """A month of an area is frozen once; what is corrected later changes the live tables, not these.

    `sha256` is over the digests of its tables, one a line, in their order. Written only by `monitoring.freezes`.
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
