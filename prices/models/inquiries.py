"""What citizens report and officials ask about a pharmacy, and what its people answer."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from pharmacies.models import Pharmacy


class Inquiry(models.Model):
    """A report of a citizen (市民反馈) or a question of an official (问询) that its pharmacy may answer.

    Opened by the regulators' side through `prices.desk.inquiries.open_inquiry`; nothing in it says who the citizen is.
    """

    class Kind(models.TextChoices):
        REPORT = "report", _("市民反馈")
        INQUIRY = "inquiry", _("问询")

    class State(models.TextChoices):
        OPEN = "open", _("待回复")
        REPLIED = "replied", _("已回复")
        CLOSED = "closed", _("已办结")

    pharmacy = models.ForeignKey(Pharmacy, on_delete=models.PROTECT, related_name="inquiries", verbose_name="药店")
    kind = models.CharField("类别", max_length=7, choices=Kind)
    reference = models.CharField("编号", max_length=40, blank=True)  # of the case it belongs to
    drug_id = models.IntegerField("药品", null=True, blank=True)
    title = models.CharField("标题", max_length=80)
    text = models.TextField("内容", max_length=2000)
    opened_at = models.DateTimeField("收到时间")
    due_at = models.DateTimeField("回复期限", null=True, blank=True)
    state = models.CharField("状态", max_length=7, choices=State, default=State.OPEN)

    class Meta:
        verbose_name = verbose_name_plural = "反馈与问询"
        indexes = [models.Index(name="inquiry_of_pharmacy", fields=["pharmacy", "-opened_at"])]
        constraints = [
            models.CheckConstraint(
                name="inquiry_due_after_it_came", condition=Q(due_at__isnull=True) | Q(due_at__gt=models.F("opened_at"))
            )
        ]

    def __str__(self) -> str:
        return f"{self.pharmacy_id} {self.title}"


class InquiryReply(models.Model):
    """What somebody at the pharmacy answered, with a document or without. Append-only."""

    inquiry = models.ForeignKey(Inquiry, on_delete=models.PROTECT, related_name="replies", verbose_name="反馈与问询")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name="回复人")
    at = models.DateTimeField("时间")
    text = models.TextField("回复", max_length=2000)
    document = models.CharField("文件", max_length=120, blank=True)  # its name as it was sent
    stored = models.CharField(max_length=120, blank=True)  # where it lies in the file storage

    class Meta:
        verbose_name = verbose_name_plural = "回复"
        constraints = [
            models.CheckConstraint(
                name="reply_document_is_stored",
                condition=Q(document="", stored="") | (~Q(document="") & ~Q(stored="")),
            )
        ]

    def __str__(self) -> str:
        return f"{self.inquiry_id} {self.at:%Y-%m-%d}"
