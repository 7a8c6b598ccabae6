"""A person brings a spreadsheet and sees it through: columns confirmed, products matched, given up. Publishing it is
`applying`'s, reading and checking it `work`'s."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from celery import current_app
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from catalog.models import Drug
from pharmacies import audit
from pharmacies.models import Chain, Pharmacy, User
from prices.desk.feeds import desk_feed
from prices.desk.sheets import columns, kept, products
from prices.ingest import store
from prices.leases import NOBODY
from prices.models import Feed, SheetLayout, Upload

State = Upload.State
SMALL_BYTES = 300_000
"""Larger sheets wait in the queue of the large deliveries, so that an edit at the desk never waits behind one."""


class UploadProblem(ValueError):
    """What a person asked for cannot be done; the message says why and what to do."""


def bring(place: Pharmacy | Chain, data: bytes, *, name: str, by: User, at: datetime) -> Upload:
    """Store a spreadsheet for the desk of `place`; a worker reads it. Raises `UploadProblem`."""
    if not data.strip():
        raise UploadProblem(_("文件是空的：请检查导出后重新上传"))
    if len(data) > settings.SHEET_MAX_BYTES:
        raise UploadProblem(
            _("文件超过 %(limit)d MB：请分成几个文件") % {"limit": settings.SHEET_MAX_BYTES // 1_000_000}
        )
    with transaction.atomic():
        upload: Upload = Upload.objects.create(
            feed=desk_feed(place), by=by, at=at, name=name[-200:], sha256=store.save(data), size=len(data)
        )
        after = {"name": upload.name, "sha256": upload.sha256}
        audit.record(by=by, at=at, action="sheet.upload", after=after, **about(upload, place))
        enqueue(upload)
    return upload


def place_of(feed: Feed) -> Pharmacy | Chain:
    """Whose desk it is."""
    return feed.chain if feed.chain is not None else feed.pharmacies.get()


def enqueue(upload: Upload, *, expires: float | None = None) -> None:
    """Tell a worker once the row is there; if that fails the sweep finds the upload."""
    queue = "small" if upload.size <= SMALL_BYTES else "bulk"

    def send() -> None:
        current_app.send_task("prices.tasks.work_on_upload", [upload.pk], queue=queue, retry=False, expires=expires)

    transaction.on_commit(send, robust=True)


def confirm_columns(upload: Upload, mapping: Mapping[str, str], *, by: User, at: datetime) -> Upload:
    """These columns mean that, from now on for every sheet with these headers. Raises `columns.ColumnsUnclear`,
    `UploadProblem`."""
    place = place_of(upload.feed)
    chosen = columns.check(mapping, upload.columns, chain=isinstance(place, Chain))
    with transaction.atomic():
        move(upload, (State.COLUMNS, State.PREVIEWED), State.CHECKING, mapping=chosen, progress=25)
        SheetLayout.objects.update_or_create(
            feed=upload.feed,
            signature=columns.signature(upload.columns),
            defaults={"mapping": chosen, "confirmed_by": by.get_username(), "confirmed_at": at},
        )
        audit.record(by=by, at=at, action="sheet.columns", after=chosen, **about(upload, place))
        enqueue(upload)
    return upload


def pair(upload: Upload, decisions: Iterable[tuple[int, str]], *, by: User, at: datetime) -> int:
    """Rows (line, drug code) are these products: remembered for every sheet to come, and the sheet is checked again.
    Returns how many. Raises `UploadProblem`."""
    wanted = dict(decisions)
    drugs = {drug.code: drug for drug in Drug.objects.filter(code__in=wanted.values())}
    if unknown := sorted(set(wanted.values()) - drugs.keys()):
        raise UploadProblem(_("产品库里没有药品代码 %(code)s") % {"code": unknown[0][:40]})
    frame = kept.load(upload, "preview")
    if frame is None:
        raise UploadProblem(_("预览已过期：请重新核对"))
    rows = frame.filter((frame["verdict"] == "unmatched") & frame["line"].is_in(list(wanted)))
    with transaction.atomic():
        done = set()
        for line, *clues in rows.select("line", *products.CLUES).iter_rows():
            said = products.Clues(*clues)
            if said.key not in done:
                place = place_of(upload.feed)
                products.remember(upload.feed, said, drugs[wanted[line]], place=place, by=by, at=at)
                done.add(said.key)
        if done:
            recheck(upload)
    return len(done)


def recheck(upload: Upload) -> None:
    """Preview again: something has changed since."""
    with transaction.atomic():
        move(upload, (State.PREVIEWED,), State.CHECKING, progress=25)
        enqueue(upload)


def discard(upload: Upload, *, by: User, at: datetime) -> None:
    """Nothing of it is published."""
    with transaction.atomic():
        move(upload, (State.COLUMNS, State.PREVIEWED, *Upload.WORKING), State.DISCARDED)
        audit.record(by=by, at=at, action="sheet.discard", **about(upload, place_of(upload.feed)))


def again(upload: Upload, *, by: User, at: datetime) -> Upload:
    """The same bytes once more, as an upload of their own: rows paired meanwhile come to be published."""
    with transaction.atomic():
        copy: Upload = Upload.objects.create(
            feed=upload.feed, by=by, at=at, name=upload.name, sha256=upload.sha256, size=upload.size
        )
        after = {"again": upload.pk}
        audit.record(by=by, at=at, action="sheet.upload", after=after, **about(copy, place_of(upload.feed)))
        enqueue(copy)
    return copy


def move(upload: Upload, old: tuple[str, ...], new: str, **fields: object) -> None:
    """From one of the states `old` to `new`, once: whoever comes second is told."""
    fields |= {"state": new, "attempts": 0, **NOBODY}
    if not Upload.objects.filter(pk=upload.pk, state__in=old).update(**fields):
        upload.refresh_from_db()
        raise UploadProblem(_("这个表格现在是“%(state)s”：请刷新页面") % {"state": upload.get_state_display()})
    upload.refresh_from_db()


def about(upload: Upload, place: Pharmacy | Chain) -> audit.About:
    return {"subject": "prices.Upload", "subject_id": upload.pk, "place": place}
