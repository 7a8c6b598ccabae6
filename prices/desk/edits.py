"""A pharmacist changes prices: judged, warned of, handed in, seen through, taken back.

One submission is one run. Nothing of it is handed in while any of its rows is refused, was changed by somebody else
meanwhile, or is unusual and has no reason; what was typed stays with the editor.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from catalog.models import Drug
from pharmacies.models import Designation, Pharmacy, User
from prices.desk import unusual
from prices.desk.feeds import desk_feed
from prices.desk.sending import Change, Value, known, send
from prices.ingest.receive import Refused
from prices.ingest.retold import retold
from prices.ingest.schedule import STOCK_WORDS
from prices.models import DeskChange, Feed, FeedRun, Offer, Stock
from prices.money import MoneyError, fen_of, yuan

STOCKS = {word: stock for stock, word in STOCK_WORDS.items()}
MOST_EDITS = 20_000
LONGEST_REASON = 200


@dataclass(frozen=True, slots=True)
class Edit:
    """One row as its editor sent it: a drug's code, the price as typed, a stock word, and `seen`, the value that was on
    the screen (`12.60/in`; empty: not on the shelf). `removed`: no longer sold."""

    code: str
    price: str = ""
    stock: str = ""
    seen: str = ""
    removed: bool = False


@dataclass
class Judged:
    """What is to be said about an edit. `current` is what stands there now, announced by whoever was faster included."""

    edit: Edit
    drug: Drug | None = None
    current: Value | None = None
    last_fen: int | None = None
    new: Value | None = None
    errors: list[str] = field(default_factory=list)
    conflict: str = ""
    warnings: list[unusual.Remark] = field(default_factory=list)

    @property
    def now(self) -> str:
        return f"{yuan(self.current.fen)} {self.current.stock.label}" if self.current else ""

    @property
    def changes(self) -> bool:
        return not self.errors and self.new != self.current


@dataclass(frozen=True)
class Outcome:
    """`state`: refused (a row cannot be), conflict (somebody was faster), warned (a reason is needed), unchanged,
    received (`run` is on its way)."""

    state: str
    rows: Sequence[Judged] = ()
    run: FeedRun | None = None
    message: str = ""


def submit(
    pharmacy: Pharmacy, edits: Sequence[Edit], *, nonce: str, by: User, at: datetime, reason: str = ""
) -> Outcome:
    """Judge `edits` and, if nothing stands against them, hand them in as one run. The same `nonce` again is the same
    run again."""
    reason = reason.strip()[:LONGEST_REASON]
    with transaction.atomic():
        Feed.objects.select_for_update(no_key=True).get(pk=desk_feed(pharmacy).pk)  # editors of one shop queue up here
        if (run := known(pharmacy, nonce)) is not None:
            return Outcome("received", run=run)
        if not is_designated(pharmacy, at=at):
            return Outcome("refused", message=_("今天这家药店没有医保定点资格，不能公示价格：请联系医保经办机构"))
        rows = judge(pharmacy, edits, at=at)
        changed = [row for row in rows if row.changes]
        state = _standing(rows, changed, reason)
        if state != "received":
            return Outcome(state, rows)
        try:
            run = send(pharmacy, [_change(pharmacy, row) for row in changed], nonce=nonce, reason=reason, by=by, at=at)
        except Refused as problem:
            return Outcome("refused", rows, message=str(problem))
    return Outcome("received", rows, run)


def _standing(rows: Sequence[Judged], changed: Sequence[Judged], reason: str) -> str:
    if any(row.errors for row in rows):
        return "refused"
    if any(row.conflict for row in changed):
        return "conflict"
    if not changed:
        return "unchanged"
    if not reason and any(row.warnings for row in changed):
        return "warned"
    return "received"


def is_designated(pharmacy: Pharmacy, *, at: datetime) -> bool:
    """Whether the one door takes prices of this pharmacy today."""
    held = Designation.objects.valid(timezone.localdate(at))
    return bool(held.filter(pharmacy=pharmacy, kind=Designation.Kind.DESIGNATED).exists())


def judge(pharmacy: Pharmacy, edits: Sequence[Edit], *, at: datetime) -> list[Judged]:
    """One `Judged` for each edit, in order; nothing is written."""
    codes = {edit.code for edit in edits}
    drugs = {drug.code: drug for drug in Drug.objects.select_related("preparation").filter(code__in=codes)}
    rows = [_read(edit, drugs) for edit in edits]
    if len(codes) < len(edits):
        seen: set[str] = set()
        for row in rows:
            if row.edit.code in seen:
                row.errors.append(_("这个药品在一次提交里出现了两次：请只保留一行"))
            seen.add(row.edit.code)
    if len(edits) > MOST_EDITS:
        rows[0].errors.append(_("一次最多改 %(n)d 个价格：请用表格上传") % {"n": MOST_EDITS})
    _place(pharmacy, rows, at=at)
    proposals = [
        unusual.Proposal(row.drug, row.new.fen, row.last_fen)
        for row in rows
        if row.drug and row.new and row.changes and (row.current is None or row.new.fen != row.current.fen)
    ]
    said = unusual.warn(pharmacy, proposals, at=at)
    for row in rows:
        row.warnings = said.get(row.drug.pk, []) if row.drug and row.changes and row.new else []
    return rows


def _read(edit: Edit, drugs: dict[str, Drug]) -> Judged:
    row = Judged(edit, drugs.get(edit.code))
    if row.drug is None:
        row.errors.append(_("产品库里没有药品代码 %(code)s：请从目录里添加") % {"code": edit.code[:40]})
    if edit.removed:
        return row
    try:
        fen = fen_of(edit.price)
    except MoneyError as problem:
        row.errors.append(str(problem))
        return row
    if edit.stock not in STOCKS:
        row.errors.append(_("库存写法不认识：请选有货、少量、缺货、可预订或未报库存"))
        return row
    row.new = Value(fen, STOCKS[edit.stock])
    return row


def _place(pharmacy: Pharmacy, rows: Sequence[Judged], *, at: datetime) -> None:
    """Beside each row what stands there now, and whether it is still what its editor saw."""
    ids = [row.drug.pk for row in rows if row.drug]
    offers = {offer.drug_id: offer for offer in Offer.objects.filter(pharmacy_id=pharmacy.pk, drug_id__in=ids)}
    coming = {
        change.drug_id: change
        for change in DeskChange.objects.select_related("run")
        .filter(pharmacy_id=pharmacy.pk, drug_id__in=ids, run__state__in=FeedRun.IN_FLIGHT)
        .order_by("run_id")
    }
    for row in rows:
        if row.drug is None:
            continue
        offer, change = offers.get(row.drug.pk), coming.get(row.drug.pk)
        row.last_fen = offer.price_fen if offer else None
        row.current = _value(change) if change else _shown(offer)
        if row.edit.seen != str(row.current or ""):
            row.conflict = _who_was_faster(row.current, change, offer, at)


def _shown(offer: Offer | None) -> Value | None:
    return Value(offer.price_fen, Stock(offer.stock)) if offer and offer.state == Offer.State.LIVE else None


def _value(change: DeskChange) -> Value | None:
    return None if change.new_fen is None else Value(change.new_fen, Stock(change.new_stock or 0))


def _who_was_faster(current: Value | None, change: DeskChange | None, offer: Offer | None, at: datetime) -> str:
    run = (
        change.run
        if change
        else FeedRun.objects.select_related("feed").filter(pk=offer.run_id).first()
        if offer
        else None
    )
    who, when = _("其他来源"), ""
    if run is not None:
        who = run.operator or run.feed.name or run.feed.slug
        when = f"{timezone.localtime(run.received_at):%H:%M}"
    if current is None:
        return _("%(who)s %(when)s已把它下架：仍要公示您的价格，请再提交一次") % {"who": who, "when": when}
    return _("%(who)s %(when)s已改为 %(price)s 元（%(stock)s）：仍要用您的价格，请再提交一次") % {
        "who": who,
        "when": when,
        "price": yuan(current.fen),
        "stock": current.stock.label,
    }


def _change(pharmacy: Pharmacy, row: Judged) -> Change:
    assert row.drug is not None  # noqa: S101  # a row without one has errors and is never handed in
    codes = tuple(warning.code for warning in row.warnings)
    return Change(pharmacy.pk, pharmacy.code, row.drug.pk, row.drug.code, row.current, row.new, codes)


# --- what became of it ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Result:
    """A change of a decided run: `shown` (公示), or not, and why."""

    change: DeskChange
    shown: bool
    why: str = ""


def results(run: FeedRun, pharmacy: Pharmacy) -> list[Result]:
    """For each change of the run at this pharmacy whether citizens see it; a newer word of somebody else wins, and is
    told."""
    changes = list(run.desk_changes.filter(pharmacy_id=pharmacy.pk).order_by("pk"))
    offers = {
        offer.drug_id: offer
        for offer in Offer.objects.filter(pharmacy_id=pharmacy.pk, drug_id__in=[each.drug_id for each in changes])
    }
    said = {row.drug_id: row for row in run.rejections.filter(pharmacy_id=pharmacy.pk)}
    return [_result(run, change, offers.get(change.drug_id), change.drug_id in said) for change in changes]


def _result(run: FeedRun, change: DeskChange, offer: Offer | None, refused: bool) -> Result:
    if run.state == FeedRun.State.HELD:
        return Result(change, False, _("整批待确认：%(why)s") % {"why": _("；").join(map(retold, run.notes))})
    if run.state != FeedRun.State.PUBLISHED or refused:
        return Result(change, False, retold(run.error) or _("没有公示：请查看退回原因"))
    wanted, current = _value(change), _shown(offer)
    if wanted == current:
        return Result(change, True)
    newer = FeedRun.objects.select_related("feed").filter(pk=offer.run_id).first() if offer else None
    who = (newer.operator or newer.feed.name or newer.feed.slug) if newer else _("其他来源")
    if newer is not None and newer.pk > run.pk:
        return Result(change, False, _("%(who)s 随后又改了它，现在以那次为准") % {"who": who})
    return Result(change, False, _("%(who)s 的数据时间更新，您的改动没有生效：请刷新后再改") % {"who": who})


# --- taken back -------------------------------------------------------------------------------------


def undo(run: FeedRun, pharmacy: Pharmacy, *, nonce: str, by: User, at: datetime) -> Outcome:
    """Say again what stood there before `run`, as a run of its own. What somebody has changed since stays as it is."""
    with transaction.atomic():
        Feed.objects.select_for_update(no_key=True).get(pk=desk_feed(pharmacy).pk)
        if (again := known(pharmacy, nonce)) is not None:
            return Outcome("received", run=again)
        changes = list(run.desk_changes.filter(pharmacy_id=pharmacy.pk, undone_in=None))
        back = list(_back(pharmacy, run, changes))
        if not back:
            return Outcome("unchanged", message=_("没有可撤销的改动：它们已撤销，或之后又改过"))
        reason = _("撤销批次 %(run)d") % {"run": run.pk}
        try:
            undone = send(pharmacy, back, nonce=nonce, reason=reason, by=by, at=at, action="desk.undo")
        except Refused as problem:
            return Outcome("refused", message=str(problem))
        DeskChange.objects.filter(run=run, pharmacy_id=pharmacy.pk, drug_id__in=[each.drug_id for each in back]).update(
            undone_in=undone
        )
    left = len(changes) - len(back)
    said = _("其中 %(n)d 个之后又改过，保持不变") % {"n": left} if left else ""
    return Outcome("received", run=undone, message=said)


def _back(pharmacy: Pharmacy, run: FeedRun, changes: Iterable[DeskChange]) -> Iterable[Change]:
    offers = {offer.drug_id: offer for offer in Offer.objects.filter(pharmacy_id=pharmacy.pk, run_id=run.pk)}
    codes = dict(Drug.objects.filter(pk__in=offers).values_list("pk", "code"))
    for change in changes:
        offer = offers.get(change.drug_id)
        if offer is None or _shown(offer) != _value(change):
            continue
        old = None if change.old_fen is None else Value(change.old_fen, Stock(change.old_stock or 0))
        yield Change(pharmacy.pk, pharmacy.code, change.drug_id, codes[change.drug_id], _shown(offer), old)
