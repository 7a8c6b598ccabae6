"""What a worker does with an upload: reads it, proposes its columns, matches and previews it. A killed worker's upload
is taken up again; three times, then it is told."""

import logging
from datetime import datetime

from django.conf import settings
from django.db.models import Max, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from pharmacies.files import FileProblem
from prices import leases
from prices.desk.sheets import columns, kept, preview, reading
from prices.desk.sheets.uploads import State
from prices.ingest import store
from prices.leases import Clock, Lease, Lost
from prices.models import PharmacyFeed, SheetLayout, Upload

log = logging.getLogger(__name__)


def work(upload_id: int, *, clock: Clock = timezone.now) -> Upload:
    """Take the upload as far as it goes without a person, if it is free; return it as it is then."""
    try:
        while (lease := Lease.claim(_undecided(), upload_id, length=settings.LEASE, clock=clock)) is not None:
            _step(_upload(upload_id), lease)
    except Lost:  # to another worker, or to a person who has given it up
        log.warning("upload %s was taken over; this worker stops", upload_id)
    return _upload(upload_id)


def unclaimed(*, at: datetime) -> list[Upload]:
    """Uploads that nobody works on, oldest first; those out of attempts are failed on the way."""
    error = _("处理三次均未完成：请把文件另存为 XLSX 后重新上传，仍不行请联系管理员")
    return leases.unclaimed(_undecided(), at=at, failing={"state": State.FAILED, "error": error})


def _undecided() -> QuerySet[Upload]:
    """Where a worker is needed."""
    found: QuerySet[Upload] = Upload.objects.filter(state__in=Upload.WORKING)
    return found


def _upload(pk: int) -> Upload:
    found: Upload = Upload.objects.select_related("feed__chain").get(pk=pk)
    return found


def _step(upload: Upload, lease: Lease) -> None:
    try:
        _read(upload, lease) if upload.state == State.READING else _check(upload, lease)
    except FileProblem as problem:
        lease.finish(state=State.FAILED, attempts=0, error=str(problem))


def _read(upload: Upload, lease: Lease) -> None:
    """To `columns`, or straight on to `checking` where these headers are known at this desk."""
    table = reading.read(store.load(upload))
    known = SheetLayout.objects.filter(feed=upload.feed, signature=columns.signature(table.columns)).first()
    mapping = known.mapping if known else columns.propose(table.columns)
    sure = known is not None or columns.is_own_download(table.columns)
    lease.renew()
    kept.keep(upload, "sheet", table.rows)
    lease.finish(
        state=State.CHECKING if sure else State.COLUMNS,
        attempts=0,
        columns=table.columns,
        mapping=mapping,
        skipped=table.skipped,
        progress=25,
    )


def _check(upload: Upload, lease: Lease) -> None:
    """To `previewed`."""
    at = lease.clock()
    sheet = kept.load(upload, "sheet")
    if sheet is None:
        sheet = reading.read(store.load(upload)).rows
    found, counts, holds = preview.preview(
        upload.feed, sheet, upload.mapping, at=at, progress=lambda percent: lease.renew(progress=percent)
    )
    shops = found["pharmacy_id"].drop_nulls().unique().to_list()
    seen = PharmacyFeed.objects.filter(pharmacy_id__in=shops).aggregate(newest=Max("last_run_id"))["newest"]
    lease.renew()
    kept.drop(upload, "preview")
    upload.previewed_at = at
    kept.keep(upload, "preview", found)
    lease.finish(
        state=State.PREVIEWED,
        attempts=0,
        counts=counts.as_json(),
        holds=holds,
        previewed_at=at,
        seen_run_id=seen or 0,
        progress=100,
    )
