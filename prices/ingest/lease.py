"""Who works on a run: claimed by one conditional update, renewed as work goes on, given up by expiry.

A lease is a matter of machines, not of business time, so it runs on the wall clock.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from django.conf import settings
from django.db.models import F, Q
from django.utils import timezone

from prices.models import FeedRun

Clock = Callable[[], datetime]


class Lost(Exception):
    """Another attempt has taken the run over; this one must not write any more."""


@dataclass(frozen=True)
class Lease:
    run_id: int
    token: uuid.UUID
    clock: Clock

    @classmethod
    def claim(cls, run_id: int, *, clock: Clock = timezone.now) -> Self | None:
        """Take an undecided run that nobody works on; None if there is no such run or its attempts are used up."""
        token, at = uuid.uuid4(), clock()
        free = Q(lease_until__isnull=True) | Q(lease_until__lt=at)
        claimed = FeedRun.objects.in_flight().filter(free, pk=run_id, attempts__lt=settings.MAX_ATTEMPTS)
        taken = claimed.update(lease_until=at + settings.LEASE, lease_token=token, attempts=F("attempts") + 1)
        return cls(run_id, token, clock) if taken else None

    def renew(self, **fields: Any) -> None:
        """Extend the lease and set `fields` with it; raises `Lost`."""
        self._update(lease_until=self.clock() + settings.LEASE, **fields)

    def finish(self, **fields: Any) -> None:
        """Give the run back in its decided state; raises `Lost`."""
        self._update(lease_until=None, lease_token=None, **fields)

    def _update(self, **fields: Any) -> None:
        mine = FeedRun.objects.in_flight().filter(pk=self.run_id, lease_token=self.token)
        if not mine.update(**fields):
            raise Lost(f"run {self.run_id} has been taken over")
