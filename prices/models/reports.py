"""市民反馈: what citizens tell us about a shop, without saying who they are, and what became of it.

Reports of the same thing stand in one group, and a group is what an official answers. Nothing here says who sent a
report, from where, or with which code it can be followed: of the code only a keyed digest is kept.
"""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from pharmacies.models import Pharmacy, Region
from prices.models.cases import Case
from prices.models.inquiries import Inquiry


class ReportGroupQuerySet(models.QuerySet[Any]):
    def within(self, area: Region) -> "ReportGroupQuerySet":
        """Those about pharmacies that the area or one below it manages."""
        return self.filter(pharmacy__insurance_area__in=Region.objects.within(area))

    def waiting(self) -> "ReportGroupQuerySet":
        """Those that still ask something of an official: not answered, and their case, if they have one, not published."""
        return self.exclude(state=ReportGroup.State.ANSWERED).exclude(case__published_at__isnull=False)

    def growing(self) -> "ReportGroupQuerySet":
        """Those that take more reports: what is said again after the answer, or the case, is to be seen again."""
        return self.exclude(state=ReportGroup.State.ANSWERED).exclude(case__state=Case.State.CLOSED)

    def counted(self) -> "ReportGroupQuerySet":
        """With `n`, how many reports each holds, and `photos`, how many of them show something."""
        return self.annotate(n=models.Count("reports"), photos=models.Count("reports", filter=~Q(reports__photo="")))


class ReportGroup(models.Model):
    """Reports of one thing: the same shop, kind, drug and price, each within days of another.

    Written only by `prices.monitoring.reports`. `price_fen` is what citizens saw on the shelf, in 分.
    """

    class Kind(models.TextChoices):
        PRICE = "price", _("价格不符")
        CLOSED = "closed", _("已关门")
        HOURS = "hours", _("营业时间")
        PLACE = "place", _("位置")

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("report", "待处理")
        ASKED = "asked", pgettext_lazy("report", "已转药店核实")
        CASE = "case", pgettext_lazy("report", "已转核查事项")
        ANSWERED = "answered", pgettext_lazy("report", "已答复")

    pharmacy = models.ForeignKey(
        Pharmacy, on_delete=models.PROTECT, related_name="citizen_reports", verbose_name="药店"
    )
    kind = models.CharField("类别", max_length=6, choices=Kind)
    drug_id = models.IntegerField("药品", null=True, blank=True)
    price_fen = models.IntegerField("市民所见价(分)", null=True, blank=True)
    first_at = models.DateTimeField("最早收到")
    last_at = models.DateTimeField("最近收到")
    state = models.CharField("状态", max_length=8, choices=State, default=State.OPEN)
    inquiry = models.OneToOneField(
        Inquiry, on_delete=models.PROTECT, null=True, blank=True, related_name="report_group", verbose_name="问询"
    )
    case = models.ForeignKey(
        Case, on_delete=models.PROTECT, null=True, blank=True, related_name="report_groups", verbose_name="核查事项"
    )
    answer = models.TextField("答复", max_length=500, blank=True)  # what those who reported it read
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="答复人",
    )
    answered_at = models.DateTimeField("答复时间", null=True, blank=True)

    objects: Any = ReportGroupQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "市民反馈"
        constraints = [
            models.CheckConstraint(
                name="report_drug_and_price_of_a_price",
                condition=Q(kind="price") | Q(drug_id__isnull=True, price_fen__isnull=True),
            ),
            models.CheckConstraint(name="report_price_above_zero", condition=Q(price_fen__gt=0)),
            models.CheckConstraint(name="report_last_not_before_first", condition=Q(last_at__gte=F("first_at"))),
            models.CheckConstraint(
                name="report_asked_has_an_inquiry", condition=~Q(state="asked") | Q(inquiry__isnull=False)
            ),
            models.CheckConstraint(name="report_case_is_named", condition=~Q(state="case") | Q(case__isnull=False)),
            models.CheckConstraint(
                name="report_answer_is_whole",
                condition=Q(state="answered", answered_by__isnull=False, answered_at__isnull=False) & ~Q(answer="")
                | ~Q(state="answered") & Q(answer="", answered_by__isnull=True, answered_at__isnull=True),
            ),
        ]
        indexes = [
            models.Index(name="report_group_of_thing", fields=["pharmacy", "kind", "drug_id", "-last_at"]),
            models.Index(name="report_group_waiting", fields=["first_at"], condition=~Q(state="answered")),
        ]

    def __str__(self) -> str:
        return f"{self.pharmacy_id} {self.kind} {self.state}"


class Report(models.Model):
    """What one citizen sent, once: their words, and a photo without anything that says where or by what it was taken."""

    group = models.ForeignKey(ReportGroup, on_delete=models.PROTECT, related_name="reports", verbose_name="反馈")
    at = models.DateTimeField("时间")
    text = models.TextField("内容", max_length=500, blank=True)
    photo = models.CharField("照片", max_length=120, blank=True)  # where it lies in the file storage
    code_digest = models.CharField(max_length=64, unique=True)  # keyed: the code itself is known to the citizen alone

    class Meta:
        verbose_name = verbose_name_plural = "市民反馈内容"
        indexes = [models.Index(name="report_with_photo", fields=["at"], condition=~Q(photo=""))]

    def __str__(self) -> str:
        return f"{self.group_id} {self.at:%Y-%m-%d}"


class ReportQuota(models.Model):
    """How many reports came in one hour from one address (a digest whose key changes daily), or, with an empty `sender`,
    from everybody. Forgotten after a day; no report points here."""

    sender = models.CharField("来处", max_length=64, blank=True)
    hour = models.DateTimeField("小时")
    count = models.PositiveIntegerField("数量")

    class Meta:
        verbose_name = verbose_name_plural = "反馈限量"
        constraints = [models.UniqueConstraint(name="report_quota_once", fields=["sender", "hour"])]

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H} {self.count}"
