"""How long files are kept: deliveries as received for `KEEP_FILES`, what was made of spreadsheets for `KEEP_PREVIEWS`.

The rows about them (runs, refused rows, uploads) stay: they say what came of a file after it is gone.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q

from prices.desk.sheets import kept
from prices.ingest import store
from prices.models import FeedRun, Upload

KEEP_PREVIEWS = timedelta(days=30)
"""Of an upload nobody has touched since: its page offers to read the file again."""
LOOK_BACK = timedelta(days=60)
"""Each night looks at what became old enough in these days: a night or a month that was missed is made up for."""
DECIDED = (FeedRun.State.PUBLISHED, FeedRun.State.FAILED, FeedRun.State.REFUSED, FeedRun.State.SUPERSEDED)


def forget(*, at: datetime) -> int:
    """Remove the files that nobody needs any more; returns how many deliveries. Again the same night: none."""
    for upload in Upload.objects.filter(at__range=_became_old(at - KEEP_PREVIEWS)).exclude(state__in=Upload.WORKING):
        for what in kept.KINDS:
            kept.drop(upload, what)
    old = at - settings.KEEP_FILES
    runs = FeedRun.objects.filter(finished_at__range=_became_old(old), state__in=DECIDED)
    digests = set(runs.values_list("sha256", flat=True)) | set(
        Upload.objects.filter(at__range=_became_old(old)).values_list("sha256", flat=True)
    )
    # The same bytes may have come again: a file goes with the last that needs it.
    needed = FeedRun.objects.filter(Q(received_at__gt=old) | ~Q(state__in=DECIDED), sha256__in=digests)
    digests -= set(needed.values_list("sha256", flat=True))
    digests -= set(Upload.objects.filter(at__gt=old, sha256__in=digests).values_list("sha256", flat=True))
    return sum(store.forget(digest) for digest in digests)


def _became_old(day: datetime) -> tuple[datetime, datetime]:
    return day - LOOK_BACK, day
