"""Recovery codes (恢复码): ten, printed once, each good for one log-in without the phone."""

from datetime import datetime

from django.db import transaction
from django.utils.crypto import salted_hmac

from pharmacies import audit
from pharmacies.accounts import keys
from pharmacies.models import RecoveryCode, User

COUNT, LENGTH = 10, 12
"""Twelve signs are 60 bits."""


def _digest(user: User, code: str) -> str:
    return salted_hmac("pharmacies.accounts.recovery", f"{user.pk}:{code}", algorithm="sha256").hexdigest()


@transaction.atomic
def renew(*, user: User, at: datetime) -> list[str]:
    """Ten new codes in place of the old, as they are printed; nobody can be shown them again."""
    codes = [keys.random_code(LENGTH) for _ in range(COUNT)]
    RecoveryCode.objects.filter(user=user).delete()
    RecoveryCode.objects.bulk_create(RecoveryCode(user=user, digest=_digest(user, code)) for code in codes)
    audit.record(
        at=at,
        by=user,
        action="account.recovery_renew",
        subject="pharmacies.User",
        subject_id=user.pk,
        after={"n": COUNT},
    )
    return [keys.grouped(code) for code in codes]


def left(user: User) -> int:
    return RecoveryCode.objects.filter(user=user, used_at__isnull=True).count()


@transaction.atomic
def use(*, user: User, typed: str, at: datetime) -> bool:
    """Whether it is one of this person's unused codes; from now on it is used."""
    found = RecoveryCode.objects.filter(user=user, digest=_digest(user, keys.read(typed)), used_at__isnull=True)
    if not found.update(used_at=at):
        return False
    audit.record(
        at=at,
        by=user,
        action="account.recovery_use",
        subject="pharmacies.User",
        subject_id=user.pk,
        after={"left": left(user)},
    )
    return True
