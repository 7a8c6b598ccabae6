"""How many reports are taken from one address and from everybody: limits without puzzles.

An address is kept as a digest whose key changes every day, for a day, and no report points to it. Thousands of phones
may share one address of a mobile network: the limits leave room for them.
"""

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import connection
from django.db.models import Sum
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from prices.models import ReportQuota
from prices.sql import statement

EVERYBODY = ""
FORGOTTEN_AFTER = timedelta(hours=24)


class TooMany(Exception):
    """No more reports for now; the message says so, `wait` is how long."""

    def __init__(self, message: str, wait: timedelta) -> None:
        super().__init__(message)
        self.wait = wait


def take(address: str, *, at: datetime) -> None:
    """Count one more report before it is looked at. Raises `TooMany`; who was refused uses up nobody else's room."""
    hour = at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    wait = hour + timedelta(hours=1) - at
    sender = _digest(address, at)
    of_the_day = ReportQuota.objects.filter(sender=sender).aggregate(n=Sum("count", default=0))["n"]
    if of_the_day >= settings.REPORTS_A_DAY_PER_ADDRESS:
        raise TooMany(_("您所在的网络今天发了很多反馈，请明天再发；急事请拨 12393 或 12315"), _until_tomorrow(at))
    if not _counted(sender, hour, settings.REPORTS_AN_HOUR_PER_ADDRESS):
        raise TooMany(_("您所在的网络刚才发了很多反馈，请过一小时再发；急事请拨 12393 或 12315"), wait)
    if not _counted(EVERYBODY, hour, settings.REPORTS_AN_HOUR):
        raise TooMany(_("现在收到的反馈太多，请过一会儿再发；急事请拨 12393 或 12315"), wait)


def _counted(sender: str, hour: datetime, limit: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(statement("report_quota"), {"sender": sender, "hour": hour, "limit": limit})
        return cursor.fetchone() is not None


def _until_tomorrow(at: datetime) -> timedelta:
    local = timezone.localtime(at, timezone.get_default_timezone())
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + timedelta(days=1) - local


def forget(*, at: datetime) -> int:
    """Counts of yesterday are deleted."""
    return ReportQuota.objects.filter(hour__lt=at - FORGOTTEN_AFTER).delete()[0]


def _digest(address: str, at: datetime) -> str:
    day = timezone.localdate(at, timezone.get_default_timezone())
    return salted_hmac(f"prices.reports.sender.{day}", address, algorithm="sha256").hexdigest()
