"""Dated, regional lists of drugs, procurement schemes and reference prices."""

from typing import Any

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q

from catalog.models.editions import Listing
from catalog.models.products import Drug
from pharmacies.fields import ValidField, ValidQuerySet
from pharmacies.models import Region


class DrugList(models.Model):
    """A list that an area has published in a document: dual channel, separate payment and others of one shape."""

    class Kind(models.TextChoices):
        DUAL_CHANNEL = "dual_channel", "双通道药品"
        SEPARATE_PAYMENT = "separate_payment", "单独支付药品"
        TWO_DISEASES = "two_diseases", "“两病”用药"
        CHRONIC_DISEASE = "chronic_disease", "门诊慢特病用药"
        SUPPLEMENTARY = "supplementary", "惠民保特药"
        MONITORED = "monitored", "重点监控"
        NOT_FOR_RETAIL = "not_for_retail", "不得零售"
        THREE_IN = "three_in", "三进"

    kind = models.CharField("类别", max_length=20, choices=Kind)
    area = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+", verbose_name="地区")
    document = models.CharField("文件", max_length=120)
    valid = ValidField()

    objects: Any = ValidQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "药品名单"
        constraints = [
            ExclusionConstraint(
                name="list_one_of_a_kind_at_a_time",
                expressions=[
                    (F("kind"), RangeOperators.EQUAL),
                    (F("area"), RangeOperators.EQUAL),
                    (F("valid"), RangeOperators.OVERLAPS),
                ],
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.document}"


class DrugListEntry(models.Model):
    """A drug, a listing, or a generic name with its form: exactly one of the three."""

    drug_list = models.ForeignKey(DrugList, on_delete=models.CASCADE, related_name="entries", verbose_name="名单")
    drug = models.ForeignKey(Drug, on_delete=models.PROTECT, null=True, blank=True, verbose_name="药品")
    listing = models.ForeignKey(Listing, on_delete=models.PROTECT, null=True, blank=True, verbose_name="目录条目")
    generic_name = models.CharField("通用名", max_length=120, blank=True)
    dosage_form = models.CharField("剂型", max_length=60, blank=True)
    valid = ValidField()
    note = models.CharField("备注", max_length=200, blank=True)

    objects: Any = ValidQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "名单条目"
        constraints = [
            models.CheckConstraint(
                name="entry_has_exactly_one_target",
                condition=Q(drug__isnull=False, listing__isnull=True, generic_name="")
                | Q(drug__isnull=True, listing__isnull=False, generic_name="")
                | (Q(drug__isnull=True, listing__isnull=True) & ~Q(generic_name="")),
            ),
            models.CheckConstraint(
                name="entry_form_only_with_a_name", condition=Q(dosage_form="") | ~Q(generic_name="")
            ),
            *(
                # EXCLUDE ignores NULL, so each kind of target has a constraint of its own.
                ExclusionConstraint(
                    name=f"entry_{name}_once_at_a_time",
                    expressions=[
                        (F("drug_list"), RangeOperators.EQUAL),
                        *((F(column), RangeOperators.EQUAL) for column in columns),
                        (F("valid"), RangeOperators.OVERLAPS),
                    ],
                    condition=condition,
                )
                for name, columns, condition in (
                    ("drug", ["drug"], Q(drug__isnull=False)),
                    ("listing", ["listing"], Q(listing__isnull=False)),
                    ("name", ["generic_name", "dosage_form"], ~Q(generic_name="")),
                )
            ),
        ]
        indexes = [
            models.Index(name="entry_name", fields=["generic_name", "dosage_form"], condition=~Q(generic_name=""))
        ]

    def __str__(self) -> str:
        return self.generic_name or str(self.drug_id or self.listing_id)


class Scheme(models.Model):
    """A procurement scheme (集采): national round, provincial, alliance or city."""

    class Level(models.TextChoices):
        NATIONAL = "national", "国家"
        PROVINCIAL = "provincial", "省级"
        ALLIANCE = "alliance", "联盟"
        CITY = "city", "市级"

    code = models.CharField("编号", max_length=40, unique=True)
    name = models.CharField("名称", max_length=120)
    level = models.CharField("层级", max_length=20, choices=Level)
    round = models.CharField("批次", max_length=40, blank=True)  # 第七批, or the name of the alliance
    area = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+", verbose_name="地区")
    valid = ValidField()
    document = models.CharField("文件", max_length=120, blank=True)

    objects: Any = ValidQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "集采批次"

    def __str__(self) -> str:
        return self.name


class ReferencePrice(models.Model):
    """A typed reference price in yuan per pack or per smallest unit (4 decimals), with its document and area."""

    class Kind(models.TextChoices):
        LISTED = "listed", "挂网价"
        VBP = "vbp", "集采中选价"
        PAYMENT_STANDARD = "payment_standard", "医保支付标准"
        NATIONAL_LOWEST = "national_lowest", "全国最低挂网价"

    class Unit(models.TextChoices):
        PACK = "pack", "每盒"
        SMALLEST = "smallest", "每最小制剂单位"

    class Supplier(models.TextChoices):
        """A 集采 price is of the area's main supplier, or of the one that steps in (备选, 备供)."""

        MAIN = "main", "主供"
        RESERVE = "reserve", "备供"

    drug = models.ForeignKey(Drug, on_delete=models.CASCADE, related_name="references", verbose_name="药品")
    area = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+", verbose_name="地区")
    kind = models.CharField("类别", max_length=16, choices=Kind)
    amount = models.DecimalField("金额(元)", max_digits=12, decimal_places=4)
    unit = models.CharField("单位", max_length=8, choices=Unit)
    valid = ValidField()
    document = models.CharField("文件", max_length=120)
    scheme = models.ForeignKey(Scheme, on_delete=models.PROTECT, null=True, blank=True, verbose_name="集采批次")
    supplier = models.CharField("供应地位", max_length=7, choices=Supplier, blank=True)

    objects: Any = ValidQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "参考价"
        constraints = [
            models.CheckConstraint(name="reference_supplier_only_of_vbp", condition=Q(supplier="") | Q(kind="vbp")),
            models.CheckConstraint(name="reference_amount_above_zero", condition=Q(amount__gt=0)),
            ExclusionConstraint(
                name="reference_once_at_a_time",
                expressions=[
                    (F("drug"), RangeOperators.EQUAL),
                    (F("area"), RangeOperators.EQUAL),
                    (F("kind"), RangeOperators.EQUAL),
                    (F("valid"), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.drug_id} {self.kind} {self.amount}"
