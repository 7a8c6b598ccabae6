"""Who works on a row that is work, a run, an upload or a back-test: claimed by one conditional update, renewed as the
work goes on, given up by expiry.

A lease is a matter of machines, not of business time, so it runs on the wall clock.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.db.models import F, Q, QuerySet
from django.utils import timezone

Clock = Callable[[], datetime]

NOBODY: Mapping[str, None] = {"lease_until": None, "lease_token": None}
"""The fields of a row that is taken from whoever works on it, for the update that decides about it."""


class Lost(Exception):
    """Another worker has taken the row over, or a person has decided about it; this one must not write any more."""


@dataclass(frozen=True)
class Lease:
    """One of the undecided `rows` of a `models.leased.Leased`, held for `length` at a time.

    Whatever a worker writes about its row, it writes with or behind a call of `renew` or `finish`: these prove, in the
    transaction where they are called, that the row is still this worker's.
    """

    rows: QuerySet[Any] = field(repr=False, compare=False)
    pk: int
    length: timedelta
    clock: Clock = timezone.now
    token: uuid.UUID = field(default_factory=uuid.uuid4)

    @classmethod
    def claim(
        cls, rows: QuerySet[Any], pk: int, *, length: timedelta, clock: Clock = timezone.now, **fields: Any
    ) -> Self | None:
        """Take the row that nobody works on, and set `fields` with it; None if there is no such row among the undecided
        `rows`, or its attempts are used up."""
        lease, at = cls(rows, pk, length, clock), clock()
        waiting = _free(rows, at).filter(pk=pk, attempts__lt=settings.MAX_ATTEMPTS)
        taken = waiting.update(lease_until=at + length, lease_token=lease.token, attempts=F("attempts") + 1, **fields)
        return lease if taken else None

    def renew(self, **fields: Any) -> None:
        """Extend the lease and set `fields` with it. Raises `Lost`."""
        self._update(lease_until=self.clock() + self.length, **fields)

    def finish(self, **fields: Any) -> None:
        """Give the row back with `fields`. Raises `Lost`."""
        self._update(**NOBODY, **fields)

    def _update(self, **fields: Any) -> None:
        if not self.rows.filter(pk=self.pk, lease_token=self.token).update(**fields):
            raise Lost(f"{self.rows.model._meta.model_name} {self.pk} is no longer this worker's")


def unclaimed(rows: QuerySet[Any], *, at: datetime, failing: Mapping[str, Any]) -> list[Any]:
    """Those of the undecided `rows` that nobody works on, oldest first; those out of attempts are given the fields
    `failing` on the way, which decide about them.

    This is all the recovery there is: a killed worker, a lost broker and a failed `delay()` look the same from here.
    """
    free = _free(rows, at)
    free.filter(attempts__gte=settings.MAX_ATTEMPTS).update(**NOBODY, **failing)
    return list(free.order_by("pk"))


def _free(rows: QuerySet[Any], at: datetime) -> QuerySet[Any]:
    return rows.filter(Q(lease_until__isnull=True) | Q(lease_until__lt=at))
