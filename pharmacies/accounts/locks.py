"""Slowing down and locking out whoever guesses: by (account, address), so that nobody can lock out somebody else.

An attempt is counted **before** it is looked at, one at a time under a row lock: a hundred at once are not a hundred
free ones. What django-axes offers does not slow down, and counts afterwards.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from pharmacies import audit
from pharmacies.models import FailedAttempts, User

FORGOTTEN_AFTER = timedelta(hours=24)
ANYWHERE = ""
TOLD_AT = 8
"""Failures after which the wait is a minute and more, and the log is told."""
SYSTEM = "system"
ANYBODY = ""
"""In place of an account: no user name is empty."""
KNOCKS, KNOCK_EVERY = 60, timedelta(seconds=10)
UNDECLARED = ("127.0.0.1", "::/64")
"""This machine's own: a proxy that `PROXIES` does not count, and behind it everybody."""


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


def knock(*, address: str, at: datetime) -> timedelta:
    """Count one more password of whatever account that an address wants looked at; 0 when it may be, else how long to wait.

    Sixty that were wrong may come at once, then one every ten seconds: names in turn are guessed no faster than one name,
    and looking at a password takes a processor half a second. Who was right gets theirs back (`knocked_right`), so that
    an office behind one address does not notice.
    """
    if address in UNDECLARED:
        return timedelta(0)
    with transaction.atomic():
        FailedAttempts.objects.get_or_create(
            account=ANYBODY, address=address, defaults={"failures": 0, "last_at": at, "not_before": at}
        )
        row = FailedAttempts.objects.select_for_update().get(account=ANYBODY, address=address)
        full = max(row.not_before, at) + KNOCK_EVERY  # when all of them are free again
        wait = full - KNOCKS * KNOCK_EVERY - at
        if wait > timedelta(0):
            return wait
        row.failures, row.last_at, row.not_before = row.failures + 1, at, full
        row.save()
    return timedelta(0)


def knocked_right(*, address: str) -> None:
    """The last one was right, or not looked at: it does not count."""
    FailedAttempts.objects.filter(account=ANYBODY, address=address, failures__gt=0).update(
        failures=F("failures") - 1, not_before=F("not_before") - KNOCK_EVERY
    )


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
