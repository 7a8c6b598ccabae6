"""What people at the desk changed, price by price: beside the run that carried it, with what they were warned of."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from prices.models.feeds import FeedRun

OLD = ("old_total", "old_quantity", "old_as_of", "old_feed_id", "old_run_id")


class DeskChange(models.Model):
    """One price that a person set, or took off the shelf, and what stood there before; money in 分.

    `old_*` are empty where the product was not on the shelf, `new_*` where it was taken off. Written with the run, before
    it is published: whether it came to be shown is said by the offer.
    """

    run = models.ForeignKey(FeedRun, on_delete=models.PROTECT, related_name="desk_changes", verbose_name="报送批次")
    pharmacy_id = models.IntegerField("药店")
    drug_id = models.IntegerField("药品")
    old_fen = models.IntegerField("原价(分)", null=True)
    old_stock = models.SmallIntegerField("原库存", null=True)
    new_fen = models.IntegerField("新价(分)", null=True)
    new_stock = models.SmallIntegerField("新库存", null=True)
    warnings = ArrayField(models.CharField(max_length=40), verbose_name="提醒", default=list, blank=True)
    reason = models.CharField("理由", max_length=200, blank=True)
    undone_in = models.ForeignKey(
        FeedRun, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="撤销批次"
    )

    class Meta:
        verbose_name = verbose_name_plural = "窗口改价"
        constraints = [
            models.UniqueConstraint(name="desk_change_once", fields=["run", "pharmacy_id", "drug_id"]),
            models.CheckConstraint(
                name="desk_change_changes_something",
                condition=Q(old_fen__isnull=False) | Q(new_fen__isnull=False),
            ),
            models.CheckConstraint(
                name="desk_change_price_and_stock_together",
                condition=(
                    Q(old_fen__isnull=True, old_stock__isnull=True) | Q(old_fen__isnull=False, old_stock__isnull=False)
                )
                & (
                    Q(new_fen__isnull=True, new_stock__isnull=True)
                    | Q(new_fen__isnull=False, new_fen__gt=0, new_stock__isnull=False)
                ),
            ),
            models.CheckConstraint(
                name="desk_change_warned_has_a_reason", condition=Q(warnings__len=0) | ~Q(reason="")
            ),
        ]
        indexes = [models.Index(name="desk_change_of_offer", fields=["pharmacy_id", "drug_id"])]

    def __str__(self) -> str:
        return f"{self.run_id} {self.drug_id} {self.old_fen} {self.new_fen}"


class MemberChange(models.Model):
    """A member price (会员价) that a sheet set, and the assertion that it replaced, word for word (yuan, as `SourcePrice`).

    `old_*` are empty where there was none. Written with the run, before it is published; rows that say again what stands
    there are left out. Taking the sheet back starts from it.
    """

    run = models.ForeignKey(
        FeedRun, on_delete=models.PROTECT, related_name="member_changes", db_index=False, verbose_name="报送批次"
    )
    pharmacy_id = models.IntegerField("药店")
    drug_id = models.IntegerField("药品")
    new_total = models.DecimalField("新会员价", max_digits=14, decimal_places=4)
    old_total = models.DecimalField("原会员价", max_digits=14, decimal_places=4, null=True)
    old_quantity = models.PositiveIntegerField("原数量", null=True)
    old_as_of = models.DateTimeField("原数据时间", null=True)
    old_feed_id = models.IntegerField("原报送", null=True)
    old_run_id = models.IntegerField("原批次", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "会员价改动"
        constraints = [
            models.UniqueConstraint(name="member_change_once", fields=["run", "pharmacy_id", "drug_id"]),
            models.CheckConstraint(name="member_change_above_zero", condition=Q(new_total__gt=0)),
            models.CheckConstraint(
                name="member_change_old_is_whole",
                condition=Q(**dict.fromkeys((f"{name}__isnull" for name in OLD), True))
                | Q(old_total__gt=0, old_quantity__gt=0, **dict.fromkeys((f"{name}__isnull" for name in OLD), False)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.run_id} {self.drug_id} {self.old_total} {self.new_total}"
