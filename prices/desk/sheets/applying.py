"""A previewed sheet becomes one run of the desk's feed; a wrong one is taken back; a quiet week is confirmed."""

import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import polars as pl
from django.db import connection, transaction
from django.utils.translation import gettext as _

from catalog.models import Drug
from pharmacies import audit
from pharmacies.importers.bulk import columns_of, copy_in
from pharmacies.models import Pharmacy, User
from prices.desk.feeds import desk_feed
from prices.desk.sending import Change, Value, send
from prices.desk.sheets import kept, members, preview
from prices.desk.sheets.uploads import State, UploadProblem, about, move, place_of, recheck
from prices.ingest import runs
from prices.ingest.receive import Refused, receive
from prices.ingest.schedule import STOCK_WORDS
from prices.models import DeskChange, Feed, FeedRun, Offer, RunPharmacy, ScheduledPrice, SourcePrice, Stock, Upload
from prices.models.feeds import Mode
from prices.money import yuan
from prices.sql import statement

SENT = ("pharmacy_code", "drug_code", "price", "stock", "effective_at")
LONGEST_REASON = 200


class PreviewStale(UploadProblem):
    """Prices have changed since the preview; it is being made again."""


def apply(
    upload: Upload, *, mode: str, reason: str, by: User, at: datetime, may_release: bool, anyway: bool = False
) -> FeedRun:
    """Publish what the preview showed, as one run. With a `reason`, doubtful prices too; without, a delta leaves them
    out. `may_release`: this person may let a run through that would be held. `anyway`: also over changes made since.

    Raises `PreviewStale`, `UploadProblem`.
    """
    reason = reason.strip()[:LONGEST_REASON]
    found = kept.load(upload, "preview")
    if found is None or upload.previewed_at is None or upload.state != State.PREVIEWED:
        raise UploadProblem(_("请先等预览完成"))
    _refuse_while_busy(upload.feed)
    if not anyway and _changed_since(upload, found):
        recheck(upload)
        raise PreviewStale(_("预览之后有价格被改动：已重新核对，请再看一眼"))
    rows = _rows_to_send(upload, found, mode, reason)
    release = bool(reason) and may_release
    place = place_of(upload.feed)
    with transaction.atomic():
        Feed.objects.select_for_update(no_key=True).get(pk=upload.feed_id)
        try:
            run = receive(
                feed=upload.feed,
                data=_delivery(rows),
                at=at,
                channel=FeedRun.Channel.DESK,
                mode=mode,
                idempotency_key=f"upload:{upload.pk}",
                operator=by.get_username(),
                override_reason=reason,
                released_by=by.get_username() if release else "",
            )
        except Refused as problem:
            raise UploadProblem(str(problem)) from problem
        counts = upload.counts | members.remember(run, rows)
        move(upload, (State.PREVIEWED,), State.APPLIED, run=run, counts=counts)
        _remember(run, found, rows, mode, reason)
        after = {"run": run.pk, "mode": str(mode), "rows": rows.height, **upload.counts}
        audit.record(by=by, at=at, action="sheet.apply", after=after, reason=reason, **about(upload, place))
    return run


def doubtful() -> pl.Expr:
    """Prices for which a person must give a reason: suspected slips, and what is unusual for this shop."""
    return preview.is_suspected() | (pl.col("warnings").list.len().fill_null(0) > 0)


def _refuse_while_busy(feed: Feed) -> None:
    if feed.runs.in_flight().exists():
        raise UploadProblem(_("这个窗口还有一笔改价正在发布：请过几秒再试"))


def _changed_since(upload: Upload, found: pl.DataFrame) -> bool:
    shops = found["pharmacy_id"].drop_nulls().unique().to_list()
    newer = RunPharmacy.objects.filter(run_id__gt=upload.seen_run_id or 0, pharmacy_id__in=shops)
    return bool(newer.exclude(changed=0, withdrawn=0).exists())


def _rows_to_send(upload: Upload, found: pl.DataFrame, mode: str, reason: str) -> pl.DataFrame:
    rows = found.filter(pl.col("line").is_not_null() & (pl.col("verdict") != "unmatched"))
    if mode == Mode.SNAPSHOT:
        if mode not in upload.holds:
            raise UploadProblem(_("还有待配对的行：配对之后才能下架文件里没有的药品"))
        if not reason and rows.filter(doubtful() & (pl.col("verdict") != "refused")).height:
            raise UploadProblem(_("有不寻常的价格：下架文件里没有的药品之前，请为它们写明理由"))
        return rows
    rows = rows.filter((pl.col("verdict") != "refused") | preview.is_suspected())
    rows = rows if reason else rows.filter(~doubtful())
    if rows.is_empty():
        raise UploadProblem(_("没有可以发布的行：请先处理待配对、退回和不寻常的行"))
    return rows


def _delivery(rows: pl.DataFrame) -> bytes:
    """One CSV for the one door: shelf prices, and member prices beside them."""
    sent = rows.select("delivery").unnest("delivery")
    declared = sent.select(*SENT, pl.lit("").alias("kind"))
    beside = sent.filter(pl.col("member") != "").select(
        "pharmacy_code",
        "drug_code",
        pl.col("member").alias("price"),
        pl.lit("").alias("stock"),
        pl.lit("").alias("effective_at"),
        pl.lit("member").alias("kind"),
    )
    buffer = io.BytesIO()
    pl.concat([declared, beside]).write_csv(buffer)
    return buffer.getvalue()


def _remember(run: FeedRun, found: pl.DataFrame, rows: pl.DataFrame, mode: str, reason: str) -> None:
    """What stood there before: the taking back starts from it."""
    price = pl.col("new_fen").is_not_null() & (pl.col("verdict") != "scheduled")
    differs = (pl.col("old_fen") != pl.col("new_fen")).fill_null(True) | (pl.col("old_stock") != pl.col("new_stock"))
    changes = rows.filter(price & differs)
    if mode == Mode.SNAPSHOT:
        changes = pl.concat([changes, found.filter(pl.col("verdict") == "vanishing")])
    columns = ("pharmacy_id", "drug_id", "old_fen", "old_stock", "new_fen", "new_stock")
    # A suspected slip says so where other rows have their warnings.
    said = pl.when(pl.col("verdict") == "refused").then("reasons").otherwise("warnings").alias("said")
    distinct = changes.select(*columns, said).unique(subset=["pharmacy_id", "drug_id"], maintain_order=True)
    copy_in(DeskChange, columns_of(DeskChange), (_change(run, reason, *row) for row in distinct.iter_rows()))


def _change(
    run: FeedRun,
    reason: str,
    pharmacy_id: int,
    drug_id: int,
    old_fen: int | None,
    old_stock: int | None,
    new_fen: int | None,
    new_stock: int | None,
    said: list[str] | None,
) -> DeskChange:
    warnings = said or []
    return DeskChange(
        run=run,
        pharmacy_id=pharmacy_id,
        drug_id=drug_id,
        old_fen=old_fen,
        old_stock=old_stock,
        new_fen=new_fen,
        new_stock=new_stock,
        warnings=warnings if reason else [],
        reason=reason if warnings else "",
    )


# --- taken back -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TakenBack:
    """How many prices return to what they were, how many somebody has changed since (they stay); the same of member
    prices."""

    run: FeedRun | None
    returned: int
    left: int
    members: int = 0
    members_left: int = 0

    def told(self) -> dict[str, int]:
        """As the upload keeps it, for its page (`said`)."""
        numbers = asdict(self)
        del numbers["run"]
        return numbers


def take_back(upload: Upload, *, by: User, at: datetime) -> TakenBack:
    """Say again what stood there before the upload, as one run, and put its member prices back; a run that is held is
    sent back instead.

    Raises `UploadProblem`.
    """
    run = upload.run
    if upload.state != State.APPLIED or run is None:
        raise UploadProblem(_("这个表格没有发布，不需要撤回"))
    run.refresh_from_db()
    if run.state == FeedRun.State.HELD:
        return _sent_back(upload, run, by=by, at=at)
    _refuse_while_busy(upload.feed)
    place = place_of(upload.feed)
    reason = _("撤回表格 %(name)s（批次 %(run)d）") % {"name": upload.name[:100], "run": run.pk}
    with transaction.atomic():
        Feed.objects.select_for_update(no_key=True).get(pk=upload.feed_id)
        announced, _rows = ScheduledPrice.objects.filter(run_id=run.pk, applied_run_id=None).delete()
        changes = list(run.desk_changes.filter(undone_in=None))
        back = _back(run, changes)
        undone = None
        if back:
            nonce = f"take-back:{upload.pk}"
            try:
                undone = send(
                    place, list(back.values()), nonce=nonce, reason=reason, by=by, at=at, action="sheet.take_back"
                )
            except Refused as problem:
                raise UploadProblem(str(problem)) from problem
            DeskChange.objects.filter(pk__in=list(back)).update(undone_in=undone)
        returned, stayed = members.put_back(run)
        taken = TakenBack(undone, len(back), len(changes) - len(back), returned, stayed)
        told = taken.told() | {"returned": taken.returned + announced}
        move(upload, (State.APPLIED,), State.TAKEN_BACK, back_run=undone, counts=upload.counts | {"back": told})
        after = {"returned": taken.returned, "left": taken.left, **({"member": returned} if returned else {})}
        audit.record(by=by, at=at, action="sheet.take_back", after=after, **about(upload, place))
    return taken


def said(upload: Upload) -> list[str]:
    """What the taking back came to, in sentences of the reader's language; none of a sheet that was not taken back."""
    if upload.state != State.TAKEN_BACK:
        return []
    if upload.note:  # taken back when the sentences themselves were kept
        return [upload.note]
    if "back" not in upload.counts:
        return [_("没有公示过，已整批退回。")]
    back = upload.counts["back"]
    told = [_("已撤回 %(n)d 个改动。") % {"n": back["returned"]}]
    if back["left"]:
        told.append(_("另有 %(n)d 个之后又改过，保持不变。") % {"n": back["left"]})
    if back["members"]:
        told.append(_("恢复了 %(n)d 个会员价。") % {"n": back["members"]})
    if back["members_left"]:
        told.append(_("另有 %(n)d 个会员价之后又改过，保持不变。") % {"n": back["members_left"]})
    if upload.counts.get("member") and not members.remembered(upload):
        told.append(_("表格里的会员价没有撤回：请在下一张表里写上正确的会员价。"))
    return told


def _sent_back(upload: Upload, run: FeedRun, *, by: User, at: datetime) -> TakenBack:
    with transaction.atomic():
        runs.refuse(run.pk, by=by, reason=_("上传人撤回"), at=at)
        move(upload, (State.APPLIED,), State.TAKEN_BACK)
    return TakenBack(None, 0, 0)


def _back(run: FeedRun, changes: Sequence[DeskChange]) -> dict[int, Change]:
    """Those (by their keys) that are still as the run left them, the other way round."""
    codes = dict(Drug.objects.filter(pk__in={each.drug_id for each in changes}).values_list("pk", "code"))
    shops = dict(Pharmacy.objects.filter(pk__in={each.pharmacy_id for each in changes}).values_list("pk", "code"))
    shown = _shown(run, changes)
    back = {}
    for each in changes:
        new = _value(each.new_fen, each.new_stock)
        if (each.drug_id, each.pharmacy_id) not in shown or shown[each.drug_id, each.pharmacy_id] != new:
            continue
        old = _value(each.old_fen, each.old_stock)
        code = shops[each.pharmacy_id]
        back[each.pk] = Change(each.pharmacy_id, code, each.drug_id, codes[each.drug_id], new, old)
    return back


def _value(fen: int | None, stock: int | None) -> Value | None:
    return None if fen is None else Value(fen, Stock(stock or 0))


def _shown(run: FeedRun, changes: Sequence[DeskChange]) -> dict[tuple[int, int], Value | None]:
    """What `run` last said of these products, where nobody has said anything since."""
    pairs = {"drugs": [each.drug_id for each in changes], "pharmacies": [each.pharmacy_id for each in changes]}
    with connection.cursor() as cursor:
        cursor.execute(statement("sheet_published"), pairs | {"run": run.pk})
        return {
            (drug, shop): Value(fen, Stock(stock)) if state == Offer.State.LIVE else None
            for drug, shop, fen, stock, state in cursor.fetchall()
        }


# --- a quiet week -----------------------------------------------------------------------------------


def confirmable(pharmacy: Pharmacy) -> int:
    """How many prices this desk has said itself and may confirm with one press."""
    return Offer.objects.filter(pharmacy_id=pharmacy.pk, feed_id=desk_feed(pharmacy).pk, state=Offer.State.LIVE).count()


def confirm_unchanged(pharmacy: Pharmacy, *, nonce: str, by: User, at: datetime) -> FeedRun:
    """本周无变化: every price this desk has said still holds, member prices too. Raises `UploadProblem`."""
    feed = desk_feed(pharmacy)
    with transaction.atomic():
        Feed.objects.select_for_update(no_key=True).get(pk=feed.pk)
        if (known := feed.runs.filter(delivery_key=f"key:{nonce}").first()) is not None:
            return known  # type: ignore[no-any-return]  # the related manager is untyped
        _refuse_while_busy(feed)
        offers = Offer.objects.filter(pharmacy_id=pharmacy.pk, feed_id=feed.pk, state=Offer.State.LIVE)
        held = list(offers.values_list("drug_id", "price_fen", "stock"))
        if not held:
            raise UploadProblem(_("这个窗口还没有报过价：请先上传一次表格"))
        codes = dict(Drug.objects.filter(pk__in=[drug for drug, _fen, _stock in held]).values_list("pk", "code"))
        lines = [f"{codes[drug]},{yuan(fen)},{STOCK_WORDS[Stock(stock)]}," for drug, fen, stock in held]
        beside = SourcePrice.objects.filter(
            pharmacy_id=pharmacy.pk, feed_id=feed.pk, kind=SourcePrice.Kind.MEMBER, drug_id__in=codes, quantity=1
        )
        lines += [f"{codes[drug]},{total:.2f},,member" for drug, total in beside.values_list("drug_id", "total")]
        try:
            run = receive(
                feed=feed,
                data="\n".join(["drug_code,price,stock,kind", *sorted(lines), ""]).encode(),
                at=at,
                channel=FeedRun.Channel.DESK,
                mode=Mode.DELTA,
                idempotency_key=nonce,
                operator=by.get_username(),
            )
        except Refused as problem:
            raise UploadProblem(str(problem)) from problem
        audit.record(
            at=at,
            by=by,
            action="desk.confirm",
            subject="prices.FeedRun",
            subject_id=run.pk,
            place=pharmacy,
            after={"prices": len(held)},
        )
    return run
