"""Products: what citizens compare (a preparation) and what carries a price (a drug, one product code)."""

from typing import Any

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, RangeOperators
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q

from pharmacies.fields import ValidField, ValidQuerySet


class Preparation(models.Model):
    """Generic name + dosage form + strength: the comparable set that citizens search for (通用名, 剂型, 含量规格)."""

    id = models.AutoField(primary_key=True)
    generic_name = models.CharField("通用名", max_length=120)
    dosage_form = models.CharField("剂型", max_length=60)
    strength = models.CharField("规格", max_length=120)

    class Meta:
        verbose_name = verbose_name_plural = "制剂"
        constraints = [
            models.UniqueConstraint(name="preparation_once", fields=["generic_name", "dosage_form", "strength"])
        ]

    def __str__(self) -> str:
        return f"{self.generic_name} {self.strength}"


class DailyDose(models.Model):
    """限定日剂量 (DDD) of a generic name, in one dosage form or in all: what a day's treatment of an adult takes.

    A mapping that a pharmacist has reviewed; `source` says whose figure it is (WHO, or the label).
    """

    class Unit(models.TextChoices):
        MG = "mg", "毫克"
        ML = "ml", "毫升"
        IU = "IU", "单位"
        UNIT = "unit", "片／粒／袋"  # smallest units, where a strength says nothing (fixed combinations)

    generic_name = models.CharField("通用名", max_length=120)
    dosage_form = models.CharField("剂型", max_length=60, blank=True)
    atc = models.CharField("ATC 代码", max_length=7, blank=True)
    amount = models.DecimalField("日剂量", max_digits=12, decimal_places=4)
    unit = models.CharField("单位", max_length=4, choices=Unit)
    source = models.CharField("来源", max_length=120)
    reviewed_by = models.CharField("审核人", max_length=150)

    class Meta:
        verbose_name = verbose_name_plural = "限定日剂量"
        constraints = [
            models.UniqueConstraint(name="daily_dose_once", fields=["generic_name", "dosage_form"]),
            models.CheckConstraint(name="daily_dose_above_zero", condition=Q(amount__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.generic_name} {self.amount} {self.unit}"


class Drug(models.Model):
    """One product code (国家医保药品代码, 品规): the level a price hangs on.

    `search_names` and `search_terms` say what a shelf is filtered by: names and codes in lower case, readings in pinyin;
    written by `catalog.products` together with the fields they are made of. The search itself reads `SearchName`.
    """

    class RxClass(models.TextChoices):
        RX = "rx", "处方药"
        OTC_A = "otc_a", "非处方药(OTC)"
        OTC_B = "otc_b", "非处方药(OTC)"

    class Quality(models.TextChoices):
        ORIGINATOR = "originator", "原研药"
        PASSED = "passed", "通过一致性评价"
        DEEMED = "deemed", "视同通过一致性评价"

    id = models.AutoField(primary_key=True)  # int4: the offers' key holds it 60 million times
    code = models.CharField("医保药品代码", max_length=23, unique=True)
    preparation = models.ForeignKey(Preparation, on_delete=models.PROTECT, related_name="drugs", verbose_name="制剂")
    trade_name = models.CharField("商品名", max_length=80, blank=True)
    manufacturer = models.CharField("生产企业", max_length=120)
    pack_count = models.PositiveIntegerField("转换比")  # smallest units in a pack
    unit = models.CharField("最小制剂单位", max_length=10)
    pack_unit = models.CharField("最小包装单位", max_length=10)
    approval_no = models.CharField("批准文号", max_length=20, blank=True)
    barcode = models.CharField("商品条码", max_length=13, blank=True)
    trace_prefix = models.CharField("追溯码前七位", max_length=7, blank=True)
    rx_class = models.CharField("处方分类", max_length=5, choices=RxClass, blank=True)
    quality = models.CharField("质量层次", max_length=10, choices=Quality, blank=True)
    search_names = models.TextField("检索名称", editable=False)  # lower-cased, one a line
    search_terms = ArrayField(models.CharField(max_length=60), verbose_name="检索词", editable=False)

    class Meta:
        verbose_name = verbose_name_plural = "药品"
        indexes = [
            # Codes are searched for while they are typed: by their beginning, whatever the database's collation.
            models.Index(
                name="drug_barcode", fields=["barcode"], opclasses=["text_pattern_ops"], condition=~Q(barcode="")
            ),
            models.Index(
                name="drug_approval",
                fields=["approval_no"],
                opclasses=["text_pattern_ops"],
                condition=~Q(approval_no=""),
            ),
            models.Index(name="drug_trace_prefix", fields=["trace_prefix"], condition=~Q(trace_prefix="")),
            models.Index(name="drug_maker", fields=["manufacturer"]),
            models.Index(name="drug_trade_name", fields=["trade_name"], condition=~Q(trade_name="")),
        ]
        constraints = [
            models.CheckConstraint(name="drug_pack_is_not_empty", condition=Q(pack_count__gt=0)),
            models.CheckConstraint(
                name="drug_code_has_a_known_form",
                condition=Q(
                    code__regex=r"^(X[A-Z]\d{2}[A-Z]{2}[A-Z]\d{3}[A-Z]\d{3}\d{9}|Z[A-Z]\d{2}[A-Z]{2}[A-Z]\d{13}|T\d{9})$"
                ),
            ),
            models.CheckConstraint(
                name="drug_trace_prefix_has_seven_digits",
                condition=Q(trace_prefix="") | Q(trace_prefix__regex=r"^\d{7}$"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.manufacturer}"


class SearchName(models.Model):
    """A distinct generic name, trade name or maker of the catalogue, as searches compare it.

    Derived from the other tables by `catalog.products.refresh_names`, its only writer. `lines` holds the forms and
    readings of the name between line breaks, `grams` what any part of a line is looked up by (`catalog.names`).
    """

    class Kind(models.TextChoices):
        GENERIC = "generic", "通用名"
        TRADE = "trade", "商品名"
        MAKER = "maker", "生产企业"

    id = models.AutoField(primary_key=True)
    kind = models.CharField("种类", max_length=7, choices=Kind)
    text = models.CharField("名称", max_length=120)
    lines = models.TextField("比较形式")
    grams = ArrayField(models.TextField(), verbose_name="检索片段")
    length = models.PositiveSmallIntegerField("主干字数")
    products = models.PositiveIntegerField("药品数")

    class Meta:
        verbose_name = verbose_name_plural = "检索名称"
        indexes = [GinIndex(name="search_name_grams", fields=["grams"])]
        constraints = [
            models.UniqueConstraint(name="search_name_once", fields=["kind", "text"]),
            models.CheckConstraint(name="search_name_has_products", condition=Q(products__gt=0)),
        ]

    def __str__(self) -> str:
        return self.text


class Alias(models.Model):
    """Somebody else's code for a drug, as reviewed: `source` is the slug of the feed that uses it."""

    source = models.CharField("来源", max_length=60)
    their_code = models.CharField("对方代码", max_length=60)
    drug = models.ForeignKey(Drug, on_delete=models.CASCADE, related_name="aliases", verbose_name="药品")
    reviewed_by = models.CharField("确认人", max_length=150)
    valid = ValidField()

    objects: Any = ValidQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "对照编码"
        constraints = [
            ExclusionConstraint(
                name="alias_means_one_drug_at_a_time",
                expressions=[
                    (F("source"), RangeOperators.EQUAL),
                    (F("their_code"), RangeOperators.EQUAL),
                    (F("valid"), RangeOperators.OVERLAPS),
                ],
            )
        ]

    def __str__(self) -> str:
        return f"{self.source}:{self.their_code}"
