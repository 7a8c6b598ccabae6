"""A row that is work for one worker at a time (`prices.leases`)."""

from django.db import models
from django.db.models import Q


class Leased(models.Model):
    """Held by the worker with the token until `lease_until`, unless that one says again that it is alive; then another
    may take it. `attempts`: so many have, since it last got on."""

    lease_until = models.DateTimeField(null=True, blank=True)
    lease_token = models.UUIDField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField("尝试次数", default=0)

    class Meta:
        abstract = True


def lease_and_token_together(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        name=name,
        condition=Q(lease_until__isnull=True, lease_token__isnull=True)
        | Q(lease_until__isnull=False, lease_token__isnull=False),
    )
