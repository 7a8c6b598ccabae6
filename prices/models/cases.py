"""核查事项: what officials look into at a pharmacy, step by step, with the evidence as it stood on the first day.

A case opens from 价格异动线索 and citizens' reports, is worked on by people, and ends with an outcome. Its verbs are in
`prices.monitoring.cases`; nobody else writes here. A lead is no breach, and an open case is none either.
"""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from pharmacies.models import Pharmacy, Region
from prices.models.inquiries import Inquiry
from prices.models.leads import Lead


class CaseQuerySet(models.QuerySet[Any]):
    def within(self, area: Region) -> "CaseQuerySet":
        """Those of pharmacies that the area or one below it manages now, whoever managed them on the first day."""
        return self.filter(pharmacy__insurance_area__in=Region.objects.within(area))

    def unfinished(self) -> "CaseQuerySet":
        return self.exclude(state=Case.State.CLOSED)

    def confirmed(self) -> "CaseQuerySet":
        """Those in which something was found and put right or acted upon: what a rule is measured by."""
        return self.filter(outcome__in=Case.CONFIRMED)


class Case(models.Model):
    """One thing looked into at one pharmacy. `revision` grows with every step: who acts on an older one is told."""

    class State(models.TextChoices):
        TRIAGE = "triage", _("待初核")
        VERIFY = "verify", _("核实中")
        NOTICE = "notice", _("已发提醒函")
        REPLIED = "replied", pgettext_lazy("case", "已回复")
        OVERDUE = "overdue", _("逾期未回复")
        INTERVIEW = "interview", _("约谈")
        RECTIFY = "rectify", _("限期整改")
        RECHECK = "recheck", _("复查")
        CLOSED = "closed", _("办结")

    class Outcome(models.TextChoices):
        DATA_ERROR = "data_error", _("录入错误")
        DUPLICATE = "duplicate", _("重复")
        EXPLAINED = "explained", _("已说明")
        CORRECTED = "corrected", _("已整改")
        SUSPENDED = "suspended", _("暂停医保结算")
        PAUSED = "paused", _("中止协议")
        TERMINATED = "terminated", _("解除协议")
        HANDED_OVER = "handed_over", _("移交市场监管")

    MEASURES = (Outcome.SUSPENDED, Outcome.PAUSED, Outcome.TERMINATED, Outcome.HANDED_OVER)
    """处置."""
    CONFIRMED = (Outcome.CORRECTED, *MEASURES)

    number = models.CharField("编号", max_length=30, unique=True)
    pharmacy = models.ForeignKey(Pharmacy, on_delete=models.PROTECT, related_name="cases", verbose_name="药店")
    area = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+", verbose_name="立项统筹区")
    title = models.CharField("事项", max_length=120)
    state = models.CharField("状态", max_length=9, choices=State, default=State.TRIAGE)
    outcome = models.CharField("结果", max_length=11, choices=Outcome, blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name="经办人"
    )
    opened_at = models.DateTimeField("立项时间")
    due_at = models.DateTimeField("办理期限", null=True, blank=True)  # of the present state; none once it is closed
    closed_at = models.DateTimeField("办结时间", null=True, blank=True)
    reopened_at = models.DateTimeField("重新核查时间", null=True, blank=True)  # once at most
    revision = models.PositiveIntegerField("版本", default=1)
    inquiry = models.OneToOneField(
        Inquiry, on_delete=models.PROTECT, null=True, blank=True, related_name="case", verbose_name="问询"
    )
    # What the public may read once two people agreed on it.
    public_text = models.TextField("公开内容", max_length=1000, blank=True)
    public_name = models.BooleanField("公开药店名称", default=False)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="拟稿人",
    )
    proposed_at = models.DateTimeField("拟稿时间", null=True, blank=True)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="发布人",
    )
    published_at = models.DateTimeField("发布时间", null=True, blank=True)

    objects: Any = CaseQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "核查事项"
        constraints = [
            models.CheckConstraint(
                name="case_closed_with_an_outcome",
                condition=Q(state="closed", closed_at__isnull=False, due_at__isnull=True) & ~Q(outcome="")
                | ~Q(state="closed") & Q(closed_at__isnull=True, due_at__isnull=False, outcome=""),
            ),
            models.CheckConstraint(
                name="case_asked_before_it_answers",
                condition=Q(inquiry__isnull=False) | ~Q(state__in=["notice", "replied", "overdue"]),
            ),
            models.CheckConstraint(
                name="case_proposal_is_whole",
                condition=Q(public_text="", public_name=False, proposed_by__isnull=True, proposed_at__isnull=True)
                | ~Q(public_text="") & Q(state="closed", proposed_by__isnull=False, proposed_at__isnull=False),
            ),
            models.CheckConstraint(
                name="case_publication_is_whole",
                condition=Q(published_by__isnull=True, published_at__isnull=True)
                | Q(published_by__isnull=False, published_at__isnull=False, proposed_by__isnull=False),
            ),
            models.CheckConstraint(
                name="case_published_by_another",
                condition=Q(published_by__isnull=True) | ~Q(published_by=F("proposed_by")),
            ),
            models.CheckConstraint(
                name="case_reopened_after_it_opened",
                condition=Q(reopened_at__isnull=True) | Q(reopened_at__gte=F("opened_at")),
            ),
        ]
        indexes = [
            models.Index(name="case_of_area", fields=["area", "opened_at"]),
            models.Index(name="case_of_pharmacy", fields=["pharmacy", "-opened_at"]),
            models.Index(name="case_waiting_for_answer", fields=["due_at"], condition=Q(state="notice")),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.state}"


class CaseEvidence(models.Model):
    """What was known when the case opened, word for word: canonical JSON as text and its sha256. Append-only.

    Text and not jsonb: the digest is of these very characters, and PostgreSQL writes numbers its own way.
    """

    case = models.OneToOneField(Case, on_delete=models.PROTECT, primary_key=True, related_name="evidence")
    text = models.TextField("证据")
    sha256 = models.CharField(max_length=64)
    frozen_at = models.DateTimeField("固定时间")

    class Meta:
        verbose_name = verbose_name_plural = "核查证据"

    def __str__(self) -> str:
        return f"{self.case_id} {self.sha256[:12]}"


class CaseLead(models.Model):
    """A lead that a case looks into; a lead belongs to one case at most, and for good. Append-only."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="leads", verbose_name="核查事项")
    lead = models.OneToOneField(Lead, on_delete=models.PROTECT, related_name="case_lead", verbose_name="线索")

    class Meta:
        verbose_name = verbose_name_plural = "核查线索"

    def __str__(self) -> str:
        return f"{self.case_id} {self.lead_id}"


class CaseStep(models.Model):
    """One step of a case: who did what, in which role, when, why, under which document, until when. Append-only."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="steps", verbose_name="核查事项")
    revision = models.PositiveIntegerField("版本")  # of the case after this step
    name = models.CharField("步骤", max_length=12)  # a key of `prices.monitoring.cases.table`
    before = models.CharField("原状态", max_length=9, choices=Case.State, blank=True)
    after = models.CharField("新状态", max_length=9, choices=Case.State)
    outcome = models.CharField("结果", max_length=11, choices=Case.Outcome, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="经手人",
    )  # none: the calendar
    by_name = models.CharField("姓名", max_length=150)
    role = models.CharField("身份", max_length=60, blank=True)  # roles held at that moment, in words
    at = models.DateTimeField("时间")
    reason = models.TextField("说明", max_length=2000, blank=True)
    document_number = models.CharField("文号", max_length=60, blank=True)
    due_at = models.DateTimeField("期限", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "核查步骤"
        constraints = [
            models.UniqueConstraint(name="case_step_once_per_revision", fields=["case", "revision"]),
            models.UniqueConstraint(name="case_reopened_once", fields=["case"], condition=Q(name="reopen")),
            models.CheckConstraint(
                name="case_formal_step_by_a_person_with_a_number",
                condition=~Q(
                    name__in=["notice", "interview", "rectify", "suspended", "paused", "terminated", "handed_over"]
                )
                | ~Q(document_number="") & Q(by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id}#{self.revision} {self.name}"


class CaseDocument(models.Model):
    """A letter made for a step, stored once and never made again: what was sent stays what it was. Append-only."""

    class Kind(models.TextChoices):
        NOTICE = "notice", _("提醒函")
        INTERVIEW = "interview", _("约谈记录")

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="documents", verbose_name="核查事项")
    step = models.OneToOneField(CaseStep, on_delete=models.PROTECT, related_name="document", verbose_name="步骤")
    kind = models.CharField("类别", max_length=9, choices=Kind)
    number = models.CharField("文号", max_length=60)
    stored = models.CharField(max_length=120, unique=True)  # where it lies in the file storage
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField("字节数")
    made_at = models.DateTimeField("生成时间")

    class Meta:
        verbose_name = verbose_name_plural = "核查文书"
        constraints = [
            models.CheckConstraint(name="case_document_has_a_number", condition=~Q(number="")),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.kind}"
