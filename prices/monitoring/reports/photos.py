"""Photos of citizens: taken small and plain, kept for the officials of the area only, and not for ever."""

import subprocess
import threading
import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils.translation import gettext as _

from prices import apart
from prices.models import Report, ReportGroup
from prices.monitoring.reports import repaint

LARGEST = 15_000_000
SECONDS = 30
AT_ONCE = 2
_at_once = threading.BoundedSemaphore(AT_ONCE)
"""Each may take a gigabyte: of one server process no more than these run at a time, the others wait."""
STARTS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF")


class PhotoProblem(ValueError):
    """It is no photo that can be taken; the message says what to do."""


def plain(data: bytes) -> bytes:
    """A JPEG of at most 1600 × 1600 pixels with nothing in it but the picture. Raises `PhotoProblem`."""
    if len(data) > LARGEST:
        raise too_large()
    if not data.startswith(STARTS):
        raise PhotoProblem(_("这个文件不是照片：请选 JPEG 或 PNG 照片，或不附照片直接发送"))
    if not _at_once.acquire(timeout=SECONDS):
        raise PhotoProblem(_("现在发照片的人太多：请过一会儿再发，或不附照片直接发送"))
    try:
        done = apart.run(repaint, data, seconds=SECONDS)
    except subprocess.TimeoutExpired as error:
        raise too_large() from error
    finally:
        _at_once.release()
    if done.returncode == repaint.TOO_LARGE:
        raise too_large()
    if done.returncode:
        raise PhotoProblem(_("照片打不开：请重新拍一张，或不附照片直接发送"))
    return done.stdout


def too_large() -> PhotoProblem:
    limit = LARGEST // 1_000_000
    return PhotoProblem(_("照片太大（最多 %(limit)d MB）：请用普通清晰度重拍，或不附照片直接发送") % {"limit": limit})


def keep(group: ReportGroup, jpeg: bytes) -> str:
    """Store it; the name under which it lies."""
    return default_storage.save(f"reports/{group.pk}/{uuid.uuid4().hex}.jpg", ContentFile(jpeg))


def load(report: Report) -> bytes | None:
    """The JPEG of a report, or None where it has none any more."""
    if not report.photo or not default_storage.exists(report.photo):
        return None
    with default_storage.open(report.photo) as file:
        return bytes(file.read())


def forget(*, at: datetime) -> int:
    """Photos of what was answered long ago are deleted, unless they belong to a case: its evidence stays."""
    before = at - timedelta(days=settings.REPORT_PHOTO_DAYS)
    old = Report.objects.exclude(photo="").filter(group__answered_at__lt=before, group__case__isnull=True)
    forgotten = 0
    for report in old.order_by("pk"):
        default_storage.delete(report.photo)
        forgotten += Report.objects.filter(pk=report.pk).update(photo="")
    return forgotten
