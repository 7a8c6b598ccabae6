"""Pharmacies and medical institutions (定点医药机构): identity, place, status, designations."""

from typing import Any

from django.contrib.gis.db.models import PointField, PolygonField
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, RangeOperators
from django.contrib.postgres.indexes import GinIndex, GistIndex
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from pharmacies.fields import ValidField, ValidQuerySet, WeekMinutesField
from pharmacies.models.regions import Region


class Chain(models.Model):
    """连锁企业."""

    name = models.CharField("名称", max_length=80, unique=True)

    class Meta:
        verbose_name = verbose_name_plural = "连锁企业"

    def __str__(self) -> str:
        return self.name


class Pharmacy(models.Model):
    """A designated retail pharmacy (P code) or medical institution (H code), whatever its status.

    `location` is WGS-84; what was received (`source_*`) is kept beside it, because datums get mixed up.
    """

    class Kind(models.TextChoices):
        PHARMACY = "pharmacy", "零售药店"
        HOSPITAL = "hospital", "医院"
        CLINIC = "clinic", "基层医疗机构"

    class Datum(models.TextChoices):
        WGS84 = "wgs84", "WGS-84"
        GCJ02 = "gcj02", "GCJ-02"
        BD09 = "bd09", "BD-09"

    id = models.AutoField(primary_key=True)  # int4: the offers' key holds it 60 million times
    code = models.CharField("机构代码", max_length=12, unique=True)
    kind = models.CharField("类别", max_length=10, choices=Kind)
    level = models.CharField("等级", max_length=20, blank=True)
    name = models.CharField("名称", max_length=120)
    initials = models.CharField("拼音首字母", max_length=120, blank=True)
    chain = models.ForeignKey(
        Chain, on_delete=models.PROTECT, null=True, blank=True, related_name="pharmacies", verbose_name="连锁企业"
    )
    uscc = models.CharField("统一社会信用代码", max_length=18, blank=True)
    address = models.CharField("地址", max_length=200)
    division = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+", verbose_name="所在区划")
    insurance_area = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+", verbose_name="统筹区")
    location = PointField("位置", geography=True, srid=4326)
    source_lng = models.FloatField("收到的经度")
    source_lat = models.FloatField("收到的纬度")
    source_datum = models.CharField("收到的坐标系", max_length=5, choices=Datum)
    phone = models.CharField("电话", max_length=40, blank=True)
    # What the shop says it also does, words of `Service`; unlike designations nobody grants them.
    services = ArrayField(models.CharField(max_length=20), verbose_name="服务", default=list, db_default=[], blank=True)
    # What its people have said themselves (`phone`, `hours`), or an official of where it stands (`place`): a file that
    # knows it otherwise changes it no more.
    own_facts = ArrayField(
        models.CharField(max_length=5), verbose_name="自行登记", default=list, db_default=[], blank=True
    )
    license_no = models.CharField("药品经营许可证号", max_length=40, blank=True)
    license_to = models.DateField("许可证有效期至", null=True, blank=True)
    hours = models.CharField("营业时间", max_length=200, blank=True)
    open_minutes = WeekMinutesField("营业时段", null=True, blank=True, editable=False)
    # The division where it stood when it became known, for ever: offers are kept and searched by it (`PharmacyCell`).
    cell = models.IntegerField("分格", editable=False)

    class Meta:
        verbose_name = verbose_name_plural = "药店与医疗机构"
        indexes = [
            GinIndex(name="pharmacy_name_trgm", fields=["name"], opclasses=["gin_trgm_ops"]),
            models.Index(name="pharmacy_chain", fields=["chain"]),
        ]
        constraints = [
            models.CheckConstraint(
                name="pharmacy_code_fits_its_kind",
                condition=Q(code__regex=r"^P\d{11}$", kind="pharmacy")
                | Q(code__regex=r"^H\d{11}$", kind__in=["hospital", "clinic"]),
            ),
            models.CheckConstraint(
                name="pharmacy_hours_and_minutes_together",
                condition=Q(hours="", open_minutes__isnull=True) | (~Q(hours="") & Q(open_minutes__isnull=False)),
            ),
            models.CheckConstraint(
                name="pharmacy_services_are_known",
                condition=Q(
                    services__contained_by=[
                        *("consulting", "night", "delivery", "decoction", "pressure", "recycling", "ramp")
                    ]
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.code}"


class Service(models.TextChoices):
    """What a shop may say of itself (便民服务)."""

    CONSULTING = "consulting", "执业药师用药咨询"
    NIGHT = "night", "夜间售药窗口"
    DELIVERY = "delivery", "自送药品上门"
    DECOCTION = "decoction", "代煎中药"
    PRESSURE = "pressure", "免费测血压"
    RECYCLING = "recycling", "过期药品回收"
    RAMP = "ramp", "轮椅通道"


class PharmacyAlias(models.Model):
    """A chain's own store number (门店编号) for a pharmacy."""

    chain = models.ForeignKey(Chain, on_delete=models.CASCADE, related_name="aliases", verbose_name="连锁企业")
    store_no = models.CharField("门店编号", max_length=40)
    pharmacy = models.ForeignKey(Pharmacy, on_delete=models.CASCADE, related_name="aliases", verbose_name="药店")

    class Meta:
        verbose_name = verbose_name_plural = "门店编号"
        constraints = [models.UniqueConstraint(name="store_no_once_in_a_chain", fields=["chain", "store_no"])]

    def __str__(self) -> str:
        return self.store_no


class PharmacyStatus(models.Model):
    """Status history: normal, suspended (暂停结算) or terminated (解除协议), never two at a time."""

    class Status(models.TextChoices):
        NORMAL = "normal", "正常"
        SUSPENDED = "suspended", "已暂停医保结算"
        TERMINATED = "terminated", "已解除协议"

    pharmacy = models.ForeignKey(Pharmacy, on_delete=models.CASCADE, related_name="statuses", verbose_name="药店")
    status = models.CharField("状态", max_length=10, choices=Status)
    valid = ValidField()

    objects: Any = ValidQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "状态"
        constraints = [
            ExclusionConstraint(
                name="pharmacy_one_status_at_a_time",
                expressions=[(F("pharmacy"), RangeOperators.EQUAL), (F("valid"), RangeOperators.OVERLAPS)],
            )
        ]

    def __str__(self) -> str:
        return f"{self.pharmacy_id} {self.status}"


class Designation(models.Model):
    """A service the pharmacy is designated for (定点资格) in an insurance area, while its range holds."""

    class Kind(models.TextChoices):
        DESIGNATED = "designated", _("医保定点")
        DUAL_CHANNEL = "dual_channel", _("双通道药店")
        OUTPATIENT_POOLING = "outpatient_pooling", _("门诊统筹药店")
        CHRONIC_DISEASE = "chronic_disease", _("门诊慢特病药店")
        CROSS_REGION = "cross_region", _("异地结算")
        E_PRESCRIPTION = "e_prescription", _("电子处方")
        DELIVERY = "delivery", _("送药上门")
        COLD_CHAIN = "cold_chain", _("冷链")

        @property
        def bit(self) -> int:
            """Its place in `PharmacyToday.designations`; the order of members is therefore part of the schema."""
            return 1 << list(type(self)).index(self)

    pharmacy = models.ForeignKey(Pharmacy, on_delete=models.CASCADE, related_name="designations", verbose_name="药店")
    kind = models.CharField("资格", max_length=20, choices=Kind)
    area = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+", verbose_name="统筹区")
    valid = ValidField()

    objects: Any = ValidQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "定点资格"
        constraints = [
            ExclusionConstraint(
                name="designation_once_at_a_time",
                expressions=[
                    (F("pharmacy"), RangeOperators.EQUAL),
                    (F("kind"), RangeOperators.EQUAL),
                    (F("valid"), RangeOperators.OVERLAPS),
                ],
            )
        ]

    def __str__(self) -> str:
        return f"{self.pharmacy_id} {self.kind}"


class PharmacyToday(models.Model):
    """What searches need of a pharmacy on one day, in one small row; derived, written only by `pharmacies.today`."""

    pharmacy = models.OneToOneField(Pharmacy, on_delete=models.CASCADE, primary_key=True, related_name="today")
    day = models.DateField()
    kind = models.CharField(max_length=10)
    status = models.CharField(max_length=10)
    ranked = models.BooleanField()  # status normal and designated on that day
    designations = models.IntegerField()  # bits of Designation.Kind
    region_ids = ArrayField(models.BigIntegerField())  # division and insurance area with all their ancestors
    area_ids = ArrayField(models.BigIntegerField())  # insurance area with its ancestors, nearest first
    location = PointField(geography=True, srid=4326, spatial_index=False)
    open_minutes = WeekMinutesField(null=True)
    night = models.BooleanField()  # open at some time of some night (`hours.NIGHT`)
    cell = models.IntegerField()

    class Meta:
        verbose_name = verbose_name_plural = "药店今日"
        indexes = [
            GistIndex(name="pharmacytoday_location", fields=["location"]),
            GistIndex(Func(F("location"), template="(%(expressions)s::geometry)"), name="pharmacytoday_geometry"),
            GinIndex(name="pharmacytoday_regions", fields=["region_ids"]),
            models.Index(name="pharmacytoday_cell", fields=["cell"]),
            # Three more, for filters that few pharmacies pass, are made by a migration (0006): GeoDjango drops the condition
            # of an index on a place.
        ]

    def __str__(self) -> str:
        return f"{self.pharmacy_id} {self.day}"


class PharmacyCell(models.Model):
    """Where the pharmacies of a cell stand today: a box around them, and all regions that they are in.

    Which cell a pharmacy is in decides nothing but speed: a search looks into every cell that its circle or its region
    touches. Derived, written only by `pharmacies.today`.
    """

    cell = models.IntegerField(primary_key=True)
    box = PolygonField(srid=4326)
    region_ids = ArrayField(models.BigIntegerField())
    pharmacies = models.IntegerField()  # how many; and how many of them
    dual_channel = models.IntegerField()
    night = models.IntegerField()
    institutions = models.IntegerField()

    class Meta:
        verbose_name = verbose_name_plural = "药店分格"

    def __str__(self) -> str:
        return str(self.cell)
