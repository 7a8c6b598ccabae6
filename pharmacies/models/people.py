"""People who log in, and what they may speak for. Citizens have no account."""

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Lower
from django.utils.crypto import get_random_string, salted_hmac
from django.utils.translation import gettext_lazy as _

from pharmacies.fields import ValidField
from pharmacies.models.pharmacies import Chain, Pharmacy
from pharmacies.models.regions import Region


def new_salt() -> str:
    return get_random_string(32)


class User(AbstractUser):
    """A member of a pharmacy's staff or an official. `first_name` holds the whole name (姓名), as Chinese names go."""

    # Part of what a session is checked against: a new salt ends every session (退出所有设备).
    session_salt = models.CharField("会话盐", max_length=32, default=new_salt, editable=False)
    password_changed_at = models.DateTimeField("密码修改时间", null=True, blank=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = "用户"
        constraints = [models.UniqueConstraint(Lower("username"), name="user_name_once_in_any_case")]

    @property
    def display_name(self) -> str:
        return self.first_name or self.username

    def _get_session_auth_hash(self, secret: str | bytes | None = None) -> str:
        """Django's, with the salt; also called with old SECRET_KEYs."""
        value = f"{self.password}:{self.session_salt}"
        return salted_hmac("pharmacies.models.User.session", value, secret=secret, algorithm="sha256").hexdigest()


class Membership(models.Model):
    """A person speaks for exactly one pharmacy, chain or insurance area, in a role, while the range holds."""

    class Role(models.TextChoices):
        VIEWER = "viewer", _("查看员")
        EDITOR = "editor", _("录入员")
        MANAGER = "manager", _("店长")
        HEAD_OFFICE = "head_office", _("总部管理员")
        ANALYST = "analyst", _("分析员")
        OFFICER = "officer", _("经办人")
        REVIEWER = "reviewer", _("审核人")
        PUBLISHER = "publisher", _("发布人")
        AUDITOR = "auditor", _("审计员")

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships", verbose_name="用户")
    role = models.CharField("角色", max_length=12, choices=Role)
    pharmacy = models.ForeignKey(Pharmacy, on_delete=models.CASCADE, null=True, blank=True, verbose_name="药店")
    chain = models.ForeignKey(Chain, on_delete=models.CASCADE, null=True, blank=True, verbose_name="连锁企业")
    area = models.ForeignKey(Region, on_delete=models.PROTECT, null=True, blank=True, verbose_name="统筹区")
    # A sub-account (子账号) of a chain: only its pharmacies in this region.
    within = models.ForeignKey(
        Region, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="限于地区"
    )
    valid = ValidField()

    class Meta:
        verbose_name = verbose_name_plural = "成员资格"
        constraints = [
            models.CheckConstraint(
                name="membership_for_exactly_one",
                condition=Q(pharmacy__isnull=False, chain__isnull=True, area__isnull=True)
                | Q(pharmacy__isnull=True, chain__isnull=False, area__isnull=True)
                | Q(pharmacy__isnull=True, chain__isnull=True, area__isnull=False),
            ),
            models.CheckConstraint(
                name="membership_role_fits_its_place",
                condition=Q(role="viewer")
                | Q(role__in=["editor", "manager"], area__isnull=True)
                | Q(role="head_office", chain__isnull=False)
                | Q(role__in=["analyst", "officer", "reviewer", "publisher", "auditor"], area__isnull=False),
            ),
            models.CheckConstraint(
                name="membership_only_a_chain_is_limited",
                condition=Q(within__isnull=True) | Q(chain__isnull=False),
            ),
            *(
                # EXCLUDE ignores NULL, so each kind of place has a constraint of its own.
                ExclusionConstraint(
                    name=f"membership_once_per_{place}",
                    expressions=[
                        (F("user"), RangeOperators.EQUAL),
                        (F(place), RangeOperators.EQUAL),
                        (F("role"), RangeOperators.EQUAL),
                        (Coalesce("within", 0, output_field=models.BigIntegerField()), RangeOperators.EQUAL),
                        (F("valid"), RangeOperators.OVERLAPS),
                    ],
                    condition=Q(**{f"{place}__isnull": False}),
                )
                for place in ("pharmacy", "chain", "area")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.role}"
