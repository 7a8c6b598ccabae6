"""What a worker does with an upload: reads it, proposes its columns, matches and previews it. A killed worker's upload
is taken up again; three times, then it is told."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db.models import F, Max, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from pharmacies.files import FileProblem
from prices.desk.sheets import columns, kept, preview, reading
from prices.desk.sheets.uploads import State
from prices.ingest import store
from prices.models import PharmacyFeed, SheetLayout, Upload

log = logging.getLogger(__name__)
LEASE = timedelta(seconds=60)
ATTEMPTS = 3
Clock = Callable[[], datetime]


def work(upload_id: int, *, clock: Clock = timezone.now) -> Upload:
    """Take the upload as far as it goes without a person, if it is free; return it as it is then."""
    upload: Upload = Upload.objects.select_related("feed__chain").get(pk=upload_id)
    while upload.state in Upload.WORKING and _claim(upload, clock()):
        try:
            _read(upload) if upload.state == State.READING else _check(upload, clock())
        except FileProblem as problem:
            _leave(upload, State.FAILED, error=str(problem))
        upload.refresh_from_db()
    return upload


def unclaimed(*, at: datetime) -> list[Upload]:
    """Uploads that nobody works on; those out of attempts are failed on the way."""
    free = Upload.objects.filter(_free(at), state__in=Upload.WORKING)
    free.filter(attempts__gte=ATTEMPTS).update(
        state=State.FAILED,
        claimed_until=None,
        error=_("处理三次均未完成：请把文件另存为 XLSX 后重新上传，仍不行请联系管理员"),
    )
    return list(free.order_by("pk"))


def _free(at: datetime) -> Q:
    return Q(claimed_until__isnull=True) | Q(claimed_until__lt=at)


def _claim(upload: Upload, at: datetime) -> bool:
    free = Upload.objects.filter(_free(at), pk=upload.pk, state=upload.state, attempts__lt=ATTEMPTS)
    return bool(free.update(claimed_until=at + LEASE, attempts=F("attempts") + 1))


def _leave(upload: Upload, state: str, **fields: object) -> None:
    """Only if it is still where we took it: a person may have given it up meanwhile."""
    mine = Upload.objects.filter(pk=upload.pk, state=upload.state)
    mine.update(state=state, claimed_until=None, attempts=0, **fields)


def _read(upload: Upload) -> None:
    """To `columns`, or straight on to `checking` where these headers are known at this desk."""
    table = reading.read(store.load(upload))
    kept.keep(upload, "sheet", table.rows)
    known = SheetLayout.objects.filter(feed=upload.feed, signature=columns.signature(table.columns)).first()
    mapping = known.mapping if known else columns.propose(table.columns)
    sure = known is not None or columns.is_own_download(table.columns)
    _leave(
        upload,
        State.CHECKING if sure else State.COLUMNS,
        columns=table.columns,
        mapping=mapping,
        skipped=table.skipped,
        progress=25,
    )


def _check(upload: Upload, at: datetime) -> None:
    """To `previewed`."""
    sheet = kept.load(upload, "sheet")
    if sheet is None:
        sheet = reading.read(store.load(upload)).rows
    found, counts, holds = preview.preview(
        upload.feed, sheet, upload.mapping, at=at, progress=lambda percent: _tell(upload, percent)
    )
    shops = found["pharmacy_id"].drop_nulls().unique().to_list()
    seen = PharmacyFeed.objects.filter(pharmacy_id__in=shops).aggregate(newest=Max("last_run_id"))["newest"]
    kept.drop(upload, "preview")
    upload.previewed_at = at
    kept.keep(upload, "preview", found)
    _leave(
        upload,
        State.PREVIEWED,
        counts=counts.as_json(),
        holds=holds,
        previewed_at=at,
        seen_run_id=seen or 0,
        progress=100,
    )


def _tell(upload: Upload, percent: int) -> None:
    Upload.objects.filter(pk=upload.pk, state=upload.state).update(progress=percent)
