"""How people come in: invitations, the second factor, recovery codes, and failed attempts.

No secret stands here. The key of an authenticator and the token of an invitation follow from a random seed **and** the
installation's SECRET_KEY (`pharmacies.accounts.secrets`); of recovery codes only a keyed digest is kept. Who reads a
copy of the database can log in as nobody.
"""

from django.db import models
from django.db.models import F, Q

from pharmacies.models.people import Membership, User
from pharmacies.models.pharmacies import Chain, Pharmacy
from pharmacies.models.regions import Region


class Invitation(models.Model):
    """A slip that lets one person in: to a place in a role (join), or back into their own account (reset)."""

    class Kind(models.TextChoices):
        JOIN = "join", "加入"
        RESET = "reset", "重置登录"

    kind = models.CharField("类别", max_length=5, choices=Kind)
    name = models.CharField("姓名", max_length=60)  # for whom it is, as the inviter wrote it
    role = models.CharField("角色", max_length=12, choices=Membership.Role, blank=True)
    pharmacy = models.ForeignKey(Pharmacy, on_delete=models.CASCADE, null=True, blank=True, verbose_name="药店")
    chain = models.ForeignKey(Chain, on_delete=models.CASCADE, null=True, blank=True, verbose_name="连锁企业")
    area = models.ForeignKey(Region, on_delete=models.PROTECT, null=True, blank=True, verbose_name="统筹区")
    within = models.ForeignKey(
        Region, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="限于地区"
    )
    user = models.ForeignKey(
        User, on_delete=models.CASCADE, null=True, blank=True, related_name="+", verbose_name="重置的账号"
    )
    seed = models.CharField("种子", max_length=32)
    digest = models.CharField("摘要", max_length=64, unique=True)  # sha256 of the token
    created_at = models.DateTimeField("发出时间")
    created_by = models.CharField("发出人", max_length=150)
    expires_at = models.DateTimeField("有效至")
    used_at = models.DateTimeField("使用时间", null=True, blank=True)
    used_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="使用人"
    )
    revoked_at = models.DateTimeField("撤回时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "邀请"
        constraints = [
            models.CheckConstraint(
                name="invitation_to_one_place_or_for_one_account",
                condition=Q(kind="join", user__isnull=True)
                & (
                    Q(pharmacy__isnull=False, chain__isnull=True, area__isnull=True)
                    | Q(pharmacy__isnull=True, chain__isnull=False, area__isnull=True)
                    | Q(pharmacy__isnull=True, chain__isnull=True, area__isnull=False)
                )
                | Q(kind="reset", user__isnull=False)
                & Q(pharmacy__isnull=True, chain__isnull=True, area__isnull=True, role=""),
            ),
            models.CheckConstraint(
                name="invitation_role_fits_its_place",
                condition=Q(kind="reset")
                | Q(role="viewer")
                | Q(role__in=["editor", "manager"], area__isnull=True)
                | Q(role="head_office", chain__isnull=False)
                | Q(role__in=["analyst", "officer", "reviewer", "publisher", "auditor"], area__isnull=False),
            ),
            models.CheckConstraint(
                name="invitation_only_a_chain_is_limited",
                condition=Q(within__isnull=True) | Q(chain__isnull=False),
            ),
            models.CheckConstraint(
                name="invitation_used_or_revoked_once",
                condition=(Q(used_at__isnull=True) | Q(revoked_at__isnull=True))
                & (Q(used_at__isnull=True, used_by__isnull=True) | Q(used_at__isnull=False, used_by__isnull=False)),
            ),
            models.CheckConstraint(name="invitation_expires_later", condition=Q(expires_at__gt=F("created_at"))),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.name}"

    @property
    def place(self) -> Pharmacy | Chain | Region | None:
        return self.pharmacy or self.chain or self.area


class Authenticator(models.Model):
    """The phone app that shows a person's six digits (TOTP, RFC 6238); there is a row once a first code was right."""

    user = models.OneToOneField(
        User, on_delete=models.CASCADE, primary_key=True, related_name="authenticator", verbose_name="用户"
    )
    seed = models.CharField("种子", max_length=32)
    last_step = models.BigIntegerField("上次使用的时间步")  # of 30 s; a code counts once
    enrolled_at = models.DateTimeField("绑定时间")

    class Meta:
        verbose_name = verbose_name_plural = "动态码"

    def __str__(self) -> str:
        return str(self.user_id)


class RecoveryCode(models.Model):
    """One of the codes printed at enrolment, good for one log-in without the phone."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="recovery_codes", verbose_name="用户")
    digest = models.CharField("摘要", max_length=64)
    used_at = models.DateTimeField("使用时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "恢复码"
        constraints = [models.UniqueConstraint(name="recovery_code_once", fields=["user", "digest"])]

    def __str__(self) -> str:
        return str(self.user_id)


class FailedAttempts(models.Model):
    """How often somebody at an address failed to be the one they said they were (登录失败), and when the next try counts.

    By (account, address): who locks themselves out, or somebody else, does so for that address only.
    """

    account = models.CharField("账号", max_length=150)  # as typed, whether it exists or not
    address = models.CharField("网络地址", max_length=45)  # "" = wherever from: codes after a right password
    failures = models.PositiveIntegerField("失败次数")
    last_at = models.DateTimeField("最近一次")
    not_before = models.DateTimeField("在此之前不再受理")

    class Meta:
        verbose_name = verbose_name_plural = "登录失败"
        constraints = [models.UniqueConstraint(name="failed_attempts_once", fields=["account", "address"])]
        indexes = [models.Index(name="failed_attempts_last", fields=["last_at"])]

    def __str__(self) -> str:
        return f"{self.account} {self.failures}"
