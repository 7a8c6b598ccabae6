"""Slowing down and locking out whoever guesses: by (account, address), so that nobody can lock out somebody else.

An attempt is counted **before** it is looked at, one at a time under a row lock: a hundred at once are not a hundred
free ones. What django-axes offers does not slow down, and counts afterwards.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from pharmacies import audit
from pharmacies.models import FailedAttempts, User

FORGOTTEN_AFTER = timedelta(hours=24)
ANYWHERE = ""
TOLD_AT = 8
"""Failures after which the wait is a minute and more, and the log is told."""
SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Policy:
    """`free` failures without a wait, then 2, 4, 8 … seconds, at most `longest`."""

    free: int
    longest: timedelta

    def wait(self, failures: int) -> timedelta:
        if failures < self.free:
            return timedelta(0)
        return min(timedelta(seconds=2 ** min(failures - self.free + 1, 20)), self.longest)


AT_ADDRESS = Policy(free=3, longest=timedelta(minutes=15))
CODES_ANYWHERE = Policy(free=10, longest=timedelta(minutes=1))
"""Who guesses codes knows the password, and may come from a thousand addresses. Three of a million codes are right at any
moment: at one a minute an even chance takes five months, and the log was told on the first day."""


def attempt(*, account: str, address: str, at: datetime, policy: Policy = AT_ADDRESS) -> timedelta:
    """Count one more attempt; 0 when it may be looked at, else how long to wait (it was not counted then)."""
    account = account[:150]
    with transaction.atomic():
        row, _ = FailedAttempts.objects.get_or_create(
            account=account, address=address, defaults={"failures": 0, "last_at": at, "not_before": at}
        )
        row = FailedAttempts.objects.select_for_update().get(pk=row.pk)
        if row.not_before > at:
            return row.not_before - at
        failures = 0 if at - row.last_at > FORGOTTEN_AFTER else row.failures
        row.failures, row.last_at, row.not_before = failures + 1, at, at + policy.wait(failures + 1)
        row.save()
    return timedelta(0)


def succeeded(*, account: str, address: str) -> int:
    """The attempt was right: its failures are forgotten. How many there were before it."""
    row = FailedAttempts.objects.filter(account=account[:150], address=address).first()
    if row is None:
        return 0
    row.delete()
    return row.failures - 1


def failures(*, account: str, address: str) -> int:
    row = FailedAttempts.objects.filter(account=account[:150], address=address).first()
    return row.failures if row else 0


def tell(*, username: str, account: str, address: str, at: datetime) -> bool:
    """Somebody seems to be guessing: the log says so once a day for each address, of accounts that exist."""
    user = User.objects.filter(username=username).first()
    if user is None or failures(account=account, address=address) != TOLD_AT:
        return False
    with transaction.atomic():
        audit.record(
            at=at,
            by=SYSTEM,
            action="account.locked",
            subject="pharmacies.User",
            subject_id=user.pk,
            after={"address": address, "failures": TOLD_AT},
        )
    return True


def forget(*, at: datetime) -> int:
    """Rows that no longer matter are deleted: names that a machine made up would fill the table."""
    return FailedAttempts.objects.filter(last_at__lt=at - FORGOTTEN_AFTER).delete()[0]
