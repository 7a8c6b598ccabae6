"""What the people of a pharmacy say about it themselves: hours of single days, and where it has moved to."""

from typing import Any

from django.conf import settings
from django.contrib.gis.db.models import PointField
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from pharmacies.fields import ValidField, ValidQuerySet
from pharmacies.models.pharmacies import Pharmacy


class SpecialHours(models.Model):
    """Hours of some days in place of the week's (节假日营业时间): `hours` as on any day, without names of days."""

    pharmacy = models.ForeignKey(Pharmacy, on_delete=models.CASCADE, related_name="special_hours", verbose_name="药店")
    valid = ValidField()
    hours = models.CharField("营业时间", max_length=80)  # 10:00-16:00, off, 24/7
    note = models.CharField("说明", max_length=40, blank=True)

    objects: Any = ValidQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "节假日营业时间"
        constraints = [
            models.CheckConstraint(
                name="special_hours_begin_and_end",
                condition=Q(valid__lower_inf=False, valid__upper_inf=False, valid__isempty=False),
            ),
            ExclusionConstraint(
                name="special_hours_once_a_day",
                expressions=[(F("pharmacy"), RangeOperators.EQUAL), (F("valid"), RangeOperators.OVERLAPS)],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pharmacy_id} {self.hours}"


class PlaceProposal(models.Model):
    """Where the people of a pharmacy say it stands, until an official of its area has said yes or no."""

    class State(models.TextChoices):
        PENDING = "pending", _("待核实")
        ACCEPTED = "accepted", _("已核实")
        REFUSED = "refused", _("退回")

    pharmacy = models.ForeignKey(Pharmacy, on_delete=models.CASCADE, related_name="proposals", verbose_name="药店")
    location = PointField("位置", geography=True, srid=4326)
    source_lng = models.FloatField("收到的经度")
    source_lat = models.FloatField("收到的纬度")
    source_datum = models.CharField("收到的坐标系", max_length=5, choices=Pharmacy.Datum)
    note = models.CharField("说明", max_length=200, blank=True)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name="提出人"
    )
    proposed_at = models.DateTimeField("提出时间")
    state = models.CharField("状态", max_length=8, choices=State, default=State.PENDING)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="核实人",
    )
    decided_at = models.DateTimeField("核实时间", null=True, blank=True)
    reason = models.CharField("理由", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "位置变更"
        constraints = [
            models.UniqueConstraint(
                name="place_proposed_once_at_a_time", fields=["pharmacy"], condition=Q(state="pending")
            ),
            models.CheckConstraint(
                name="place_decided_by_somebody",
                condition=Q(state="pending", decided_by__isnull=True, decided_at__isnull=True)
                | (~Q(state="pending") & Q(decided_by__isnull=False, decided_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="place_decided_by_another_person",
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("proposed_by")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pharmacy_id} {self.state}"
