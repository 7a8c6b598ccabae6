"""The insured drug catalogue (医保药品目录) by edition; an edition is invisible until it is ready."""

from datetime import date
from typing import Any, Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q

from catalog.models.products import Drug
from pharmacies.fields import ValidField, ValidQuerySet


class Edition(models.Model):
    """One year's catalogue (年版)."""

    class State(models.TextChoices):
        LOADING = "loading", "导入中"
        READY = "ready", "已生效"

    year = models.PositiveSmallIntegerField("年版")
    document = models.CharField("文件", max_length=120)
    valid = ValidField()
    state = models.CharField("状态", max_length=8, choices=State, default=State.LOADING)
    declared = models.JSONField("文件所载数目", default=dict)  # totals printed in the document, as asserted on import
    source = models.CharField("来源文件", max_length=200, blank=True)
    sha256 = models.CharField("来源文件摘要", max_length=64, blank=True)

    objects: Any = ValidQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "目录年版"
        constraints = [
            ExclusionConstraint(
                name="edition_one_ready_at_a_time",
                expressions=[(F("valid"), RangeOperators.OVERLAPS)],
                condition=Q(state="ready"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.year}年版"


class Category(models.Model):
    """药品分类代码 of an edition: `XC08CA` 二氢吡啶衍生物; the first six characters of a product code join it."""

    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="categories", verbose_name="年版")
    code = models.CharField("分类代码", max_length=12)
    name = models.CharField("分类", max_length=120)

    class Meta:
        verbose_name = verbose_name_plural = "药品分类"
        constraints = [models.UniqueConstraint(name="category_once", fields=["edition", "code"])]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class Herb(models.Model):
    """中药饮片 that the fund pays, by name; `not_alone` (□): not paid when used alone."""

    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="herbs", verbose_name="年版")
    number = models.PositiveSmallIntegerField("编号")
    name = models.CharField("饮片名称", max_length=60)
    not_alone = models.BooleanField("单独使用时不支付", default=False)
    restriction = models.CharField("限定支付范围", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "中药饮片"
        constraints = [models.UniqueConstraint(name="herb_once", fields=["edition", "number"])]

    def __str__(self) -> str:
        return self.name


class ListingQuerySet(models.QuerySet[Any]):
    def in_force(self, on: date) -> Self:
        """Rows of the ready edition of that day."""
        return self.filter(edition__state=Edition.State.READY, edition__valid__contains=on)


class Listing(models.Model):
    """One printed row of the catalogue: class and restriction hold per row (form), not per name."""

    class Class(models.TextChoices):
        A = "甲", "医保甲类"
        B = "乙", "医保乙类"

    class Kind(models.TextChoices):
        ORDINARY = "常规", "常规"
        NEGOTIATED = "谈判", "国家谈判药"
        AUCTION = "竞价", "竞价药品"

    class Section(models.TextChoices):
        """The parts of the document; numbers restart in each."""

        WESTERN = "西药", "西药部分"
        PATENT = "中成药", "中成药部分"
        NEGOTIATED_WESTERN = "谈判西药", "协议期内谈判药品部分（西药）"
        NEGOTIATED_PATENT = "谈判中成药", "协议期内谈判药品部分（中成药）"
        AUCTION = "竞价", "竞价药品部分"

    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="listings", verbose_name="年版")
    section = models.CharField("部分", max_length=40, choices=Section)
    number = models.CharField("编号", max_length=12)
    row = models.PositiveSmallIntegerField("行", default=1)  # 1, then 2, 3 … for the ★ rows of the same number
    page = models.PositiveSmallIntegerField("页", default=0)  # of the document; 0: not said
    category_code = models.CharField("分类代码", max_length=12, blank=True)
    generic_name = models.CharField("药品名称", max_length=200)  # as printed, line breaks of the cell taken out
    # The names a product may carry to be this row: stacked names apart, bracketed names and forms written out.
    names = ArrayField(models.CharField(max_length=120), verbose_name="所含名称", default=list)
    dosage_form = models.CharField("剂型", max_length=120, blank=True)
    ins_class = models.CharField("甲乙类", max_length=1, choices=Class)
    kind = models.CharField("类别", max_length=2, choices=Kind, default=Kind.ORDINARY)
    restriction = models.TextField("限定支付范围", blank=True)
    agreement = DateRangeField("协议有效期", null=True, blank=True)

    objects: Any = ListingQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "目录条目"
        constraints = [
            models.UniqueConstraint(name="listing_once", fields=["edition", "section", "number", "row"]),
            models.CheckConstraint(name="listing_negotiated_is_class_b", condition=Q(kind="常规") | Q(ins_class="乙")),
        ]

    def __str__(self) -> str:
        return f"{self.generic_name} {self.dosage_form}"

    def agreement_is_over(self, on: date) -> bool:
        """Whether the row's agreement has ended before the day `on`; a row without one has none that ends."""
        return bool(self.agreement and self.agreement.upper and self.agreement.upper <= on)


class PaymentStandard(models.Model):
    """医保支付标准 of a listing: an amount in yuan per `spec`, or confidential (`*`), never both."""

    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="standards", verbose_name="目录条目")
    spec = models.CharField("规格", max_length=200, blank=True)
    amount = models.DecimalField("金额(元)", max_digits=12, decimal_places=4, null=True, blank=True)
    confidential = models.BooleanField("保密", default=False)
    note = models.TextField("说明", blank=True)  # a footnote's condition or tier, verbatim

    class Meta:
        verbose_name = verbose_name_plural = "支付标准"
        constraints = [
            models.CheckConstraint(
                name="standard_amount_or_confidential",
                condition=Q(confidential=True, amount__isnull=True)
                | Q(confidential=False, amount__isnull=False, amount__gt=0),
            )
        ]

    def __str__(self) -> str:
        return f"{self.listing_id} {self.spec}"


class ListingMatch(models.Model):
    """A product belongs to a listing: a candidate until a person has accepted it."""

    class State(models.TextChoices):
        CANDIDATE = "candidate", "待核"
        ACCEPTED = "accepted", "已核"
        REJECTED = "rejected", "不符"

    drug = models.ForeignKey(Drug, on_delete=models.CASCADE, related_name="matches", verbose_name="药品")
    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="matches", verbose_name="目录条目")
    state = models.CharField("状态", max_length=9, choices=State, default=State.CANDIDATE)
    score = models.FloatField("相似度", default=0)  # 0–1
    reason = models.CharField("依据", max_length=300, blank=True)  # why it is a candidate, in words
    reviewed_by = models.CharField("审核人", max_length=150, blank=True)
    reviewed_at = models.DateTimeField("审核时间", null=True, blank=True)
    note = models.CharField("审核说明", max_length=300, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "目录匹配"
        constraints = [
            models.UniqueConstraint(name="match_once", fields=["drug", "listing"]),
            models.CheckConstraint(
                name="match_decided_by_somebody", condition=Q(state="candidate") | ~Q(reviewed_by="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.drug_id} {self.listing_id}"
