"""Regions: one tree of administrative divisions, function zones and insurance areas (统筹区)."""

from typing import Any

from django.contrib.gis.db.models import MultiPolygonField
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q

from pharmacies.fields import ValidField, ValidQuerySet


class RegionQuerySet(ValidQuerySet):
    def within(self, region: "Region") -> "RegionQuerySet":
        """The region and everything below it. One that was renamed is a new row of the same code: what is below the old
        row is below the new one too."""
        children: dict[int | None, list[int]] = {}
        namesakes: dict[str, list[int]] = {}
        for pk, parent, code in self.model.objects.values_list("pk", "parent_id", "code"):
            children.setdefault(parent, []).append(pk)
            namesakes.setdefault(code, []).append(pk)
        found: set[int] = set()
        queue = list(namesakes.get(region.code, []))
        while queue:
            each = queue.pop()
            found.add(each)
            queue.extend(children.get(each, []))
        return self.filter(pk__in=found)


class Region(models.Model):
    """A division (行政区划), a function zone (功能区) or an insurance area (统筹区), while its range holds.

    A pharmacy stands in a division and is managed by an insurance area; lists, thresholds and officials' scope hang on
    the latter. Where it lies is told by its outline.
    """

    class Kind(models.TextChoices):
        DIVISION = "division", "行政区划"
        ZONE = "zone", "功能区"
        INSURANCE_AREA = "insurance_area", "统筹区"

    class Level(models.TextChoices):
        PROVINCE = "province", "省"
        CITY = "city", "市州"
        DISTRICT = "district", "区县"

    code = models.CharField("代码", max_length=12)
    name = models.CharField("名称", max_length=60)
    kind = models.CharField("类别", max_length=16, choices=Kind, default=Kind.DIVISION)
    level = models.CharField("级别", max_length=10, choices=Level)
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children", verbose_name="上级"
    )
    valid = ValidField()

    objects: Any = RegionQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "地区"
        constraints = [
            ExclusionConstraint(
                name="region_code_once_at_a_time",
                expressions=[(F("code"), RangeOperators.EQUAL), (F("valid"), RangeOperators.OVERLAPS)],
            ),
            models.CheckConstraint(
                name="region_only_a_province_has_no_parent",
                condition=Q(level="province", parent__isnull=True) | (~Q(level="province") & Q(parent__isnull=False)),
            ),
            models.CheckConstraint(name="region_not_its_own_parent", condition=~Q(parent=F("id"))),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.code}"


class Outline(models.Model):
    """The area of a region, in WGS-84; not every region has one.

    Hundreds of kilobytes each, so they have a table of their own: whoever reads regions reads them only by asking. A
    region that comes into force under a known code without an outline begins with that of its predecessor
    (`pharmacies.importers.outlines`).
    """

    region = models.OneToOneField(
        Region, on_delete=models.CASCADE, primary_key=True, related_name="outline", verbose_name="地区"
    )
    shape = MultiPolygonField("边界", srid=4326)

    class Meta:
        verbose_name = verbose_name_plural = "地区边界"

    def __str__(self) -> str:
        return str(self.region)
