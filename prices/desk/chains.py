"""Head office: one price for many shops, now or at midnight; which shops differ; what is announced."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, Max, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from catalog.models import Drug
from pharmacies import audit, stores
from pharmacies.models import Chain, Pharmacy, Region, User
from prices.desk import unusual
from prices.desk.feeds import desk_feed
from prices.desk.sending import Change, Value, hand_in, known, send
from prices.ingest.receive import Refused
from prices.ingest.schedule import STOCK_WORDS
from prices.models import Feed, FeedRun, Offer, PharmacyFeed, ScheduledPrice, Stock
from prices.money import MoneyError, fen_of, yuan
from prices.sql import statement

FURTHEST = 30
"""Days ahead, as the one door has it."""
STEP_UP, STEP_DOWN = 1.5, 0.5
LONGEST_REASON = 200


@dataclass(frozen=True, slots=True)
class Shelf:
    """One shop of the chain and what it asks for the product; None: not on the shelf."""

    shop: Pharmacy
    numbers: list[str]
    value: Value | None
    differs: bool


@dataclass(frozen=True)
class Overview:
    """All shops for one product, those that differ from `usual` (the most frequent price, 分) first."""

    rows: list[Shelf]
    usual: int | None

    @property
    def selling(self) -> int:
        return sum(row.value is not None for row in self.rows)

    @property
    def differing(self) -> int:
        return sum(row.differs for row in self.rows)


def overview(chain: Chain, shops: Sequence[Pharmacy], drug: Drug) -> Overview:
    """What each of `shops` asks for `drug`."""
    offers = Offer.objects.filter(drug_id=drug.pk, pharmacy_id__in=[shop.pk for shop in shops], state=Offer.State.LIVE)
    said = offers.values_list("pharmacy_id", "price_fen", "stock")
    shown = {shop: Value(fen, Stock(stock)) for shop, fen, stock in said}
    prices = Counter(value.fen for value in shown.values())
    usual = max(prices, key=lambda fen: (prices[fen], -fen)) if prices else None
    numbers = stores.numbers(chain)
    rows = []
    for shop in shops:
        value = shown.get(shop.pk)
        rows.append(Shelf(shop, numbers.get(shop.pk, []), value, value is not None and value.fen != usual))
    rows.sort(key=lambda row: (not row.differs, row.value is None, row.shop.name, row.shop.code))
    return Overview(rows, usual)


MOST_COMPARED = 120_000
"""Prices that are compared while somebody waits: the whole shelves of some sixty large shops, of hundreds of small ones."""


@dataclass(frozen=True, slots=True)
class Differing:
    """A product that the shops do not price alike; money in 分."""

    drug: Drug
    shops: int
    low: int
    usual: int
    high: int


def comparable(shops: Sequence[Pharmacy]) -> bool:
    """Whether `shops` together hold few enough prices for `differing`. Counts no further than it must."""
    held = Offer.objects.filter(pharmacy_id__in=[shop.pk for shop in shops])[: MOST_COMPARED + 1]
    return held.count() <= MOST_COMPARED


def differing(shops: Sequence[Pharmacy], *, limit: int) -> list[Differing]:
    """Products with several prices in `shops`, which are `comparable`; the widest apart first."""
    with connection.cursor() as cursor:
        asked: dict[str, Any] = {"pharmacies": [shop.pk for shop in shops], "limit": limit}
        cursor.execute(statement("chain_differing"), asked)
        rows = cursor.fetchall()
    drugs = Drug.objects.select_related("preparation").in_bulk([row[0] for row in rows])
    return [Differing(drugs[pk], *numbers) for pk, *numbers in rows]


# -- which shops ------------------------------------------------------------------------------------------------------


class NotUnderstood(ValueError):
    """What was asked for cannot be done; the message says what to change."""


@dataclass(frozen=True, slots=True)
class Order:
    """What head office asks for: `region` a code, `names` store numbers or codes (both empty: every shop). `missing`:
    also where the product is not on the shelf. `on`: from midnight of that day; None is now."""

    price: str
    region: str = ""
    names: str = ""
    missing: bool = False
    on: str = ""
    reason: str = ""


def regions(shops: Iterable[Pharmacy]) -> list[Region]:
    """The divisions that the shops stand in and the cities above them, for choosing a group."""
    own = {shop.division_id for shop in shops}
    found = Region.objects.filter(Q(pk__in=own) | Q(children__in=own)).distinct()
    return list(found.order_by("code"))


def chosen(chain: Chain, shops: Sequence[Pharmacy], order: Order) -> list[Pharmacy]:
    """Those of `shops` that the order means. Raises `NotUnderstood`."""
    picked = list(shops)
    if order.region:
        within = set(
            Region.objects.filter(Q(code=order.region) | Q(parent__code=order.region)).values_list("pk", flat=True)
        )
        picked = [shop for shop in picked if shop.division_id in within]
    words = order.names.replace("，", " ").replace(",", " ").replace("、", " ").split()
    if words:
        by_name = {shop.code: shop for shop in picked}
        own = {shop.pk: shop for shop in picked}
        for pk, held in stores.numbers(chain).items():
            by_name |= {number: own[pk] for number in held if pk in own}
        if unknown := [word for word in words if word not in by_name]:
            raise NotUnderstood(_("查不到门店 %(names)s：请核对门店编号") % {"names": "、".join(unknown[:5])})
        picked = list({by_name[word].pk: by_name[word] for word in words}.values())
    if not picked:
        raise NotUnderstood(_("这个范围里没有您管的门店"))
    return picked


# -- one price for many -----------------------------------------------------------------------------------------------


@dataclass
class Outcome:
    """`state`: refused, warned (a reason is needed), unchanged, received, announced."""

    state: str
    message: str = ""
    warnings: list[str] = field(default_factory=list)
    run: FeedRun | None = None
    shops: int = 0


def order_price(
    chain: Chain, shops: Sequence[Pharmacy], drug: Drug, order: Order, *, nonce: str, by: User, at: datetime
) -> Outcome:
    """Give `drug` one price in the shops that `order` means among `shops` (all that this person may change)."""
    try:
        fen, moment = _price(order.price), _midnight(order.on, at)
        picked = chosen(chain, shops, order)
    except (NotUnderstood, MoneyError) as problem:
        return Outcome("refused", str(problem))
    with transaction.atomic():
        Feed.objects.select_for_update(no_key=True).get(pk=desk_feed(chain).pk)
        if (run := known(chain, nonce)) is not None:
            return Outcome("received", run=run)
        rows = [row for row in overview(chain, picked, drug).rows if row.value is not None or order.missing]
        changes = [_change(drug, row, fen) for row in rows if moment or row.value is None or row.value.fen != fen]
        if not changes:
            return Outcome("unchanged", _("这些门店已经是这个价格，或没有上架这种药"))
        warnings, reason = _warnings(drug, changes, picked, at), order.reason.strip()[:LONGEST_REASON]
        if warnings and not reason:
            return Outcome("warned", warnings=warnings, shops=len(changes))
        try:
            if moment is None:
                run = send(chain, changes, nonce=nonce, reason=reason, by=by, at=at, action="chain.price")
            else:
                run = _announce(chain, changes, moment, nonce=nonce, reason=reason, by=by, at=at)
        except Refused as problem:
            return Outcome("refused", str(problem))
    return Outcome("received" if moment is None else "announced", run=run, shops=len(changes))


def _price(text: str) -> int:
    return fen_of(text)


def _midnight(text: str, at: datetime) -> datetime | None:
    if not text.strip():
        return None
    try:
        day = date.fromisoformat(text.strip())
    except ValueError as error:
        raise NotUnderstood(_("日期请写成 2026-12-01")) from error
    today = timezone.localdate(at)
    if not today < day <= today + timedelta(days=FURTHEST):
        raise NotUnderstood(_("执行日期应在明天到 %(days)d 天之内") % {"days": FURTHEST})
    return datetime.combine(day, time(0), tzinfo=timezone.get_default_timezone())


def _change(drug: Drug, row: Shelf, fen: int) -> Change:
    new = Value(fen, row.value.stock if row.value else Stock.UNKNOWN)
    return Change(row.shop.pk, row.shop.code, drug.pk, drug.code, row.value, new)


def _warnings(drug: Drug, changes: Sequence[Change], shops: Sequence[Pharmacy], at: datetime) -> list[str]:
    """What is unusual: how many shops take a large step, and what the shop with the most frequent price would be told."""
    new = changes[0].new
    assert new is not None  # noqa: S101  # head office gives prices, it takes none away
    steps = [change for change in changes if change.old and not STEP_DOWN < new.fen / change.old.fen < STEP_UP]
    said = []
    if steps:
        said.append(
            _("有 %(n)d 家门店会变成原价的 1.5 倍以上或一半以下，例如 %(old)s → %(new)s 元")
            % {"n": len(steps), "old": yuan(steps[0].old.fen) if steps[0].old else "", "new": yuan(new.fen)}
        )
    olds = Counter(change.old.fen for change in changes if change.old)
    usual = olds.most_common(1)[0][0] if olds else None
    of = next(change for change in changes if (change.old.fen if change.old else None) == usual)
    shop = next(shop for shop in shops if shop.pk == of.pharmacy_id)
    remarks = unusual.warn(shop, [unusual.Proposal(drug, new.fen, usual)], at=at).get(drug.pk, [])
    return [*said, *(remark.text for remark in remarks if not (steps and remark.code == "last_price"))]


def _announce(
    chain: Chain, changes: Sequence[Change], moment: datetime, *, nonce: str, reason: str, by: User, at: datetime
) -> FeedRun:
    """The same through the one door, with a date: it keeps such prices until their time has come."""
    lines = [
        {
            "pharmacy_code": change.pharmacy_code,
            "drug_code": change.drug_code,
            "price": str(yuan(change.new.fen)),
            "stock": STOCK_WORDS[change.new.stock],
            "effective_at": moment.isoformat(),
        }
        for change in changes
        if change.new
    ]
    after = {
        "drug": changes[0].drug_code,
        "price": lines[0]["price"],
        "shops": len(lines),
        "from": moment.isoformat(),
    }
    return hand_in(chain, lines, nonce=nonce, reason=reason, by=by, at=at, action="chain.announce", after=after)


# -- what is announced ------------------------------------------------------------------------------------------------


def announced(chain: Chain) -> QuerySet[Any]:
    """Prices of the chain's desk that wait for their day: drug_id, effective_at, price_fen, shops."""
    waiting = ScheduledPrice.objects.filter(feed_id=desk_feed(chain).pk, applied_run_id=None)
    groups = waiting.values("drug_id", "effective_at", "price_fen").annotate(shops=Count("pk"))
    return groups.order_by("effective_at", "drug_id", "price_fen")


def withdraw(chain: Chain, shops: Sequence[Pharmacy], drug: Drug, moment: datetime, *, by: User, at: datetime) -> int:
    """Take back what was announced for that moment in these shops; returns how many."""
    with transaction.atomic():
        waiting = ScheduledPrice.objects.filter(
            feed_id=desk_feed(chain).pk,
            applied_run_id=None,
            drug_id=drug.pk,
            effective_at=moment,
            pharmacy_id__in=[shop.pk for shop in shops],
        )
        n, _rows = waiting.delete()
        if n:
            audit.record(
                at=at,
                by=by,
                action="chain.withdraw",
                subject="catalog.Drug",
                subject_id=drug.code,
                place=chain,
                before={"from": moment.isoformat(), "shops": n},
            )
    return n


# -- who has reported -------------------------------------------------------------------------------------------------


def last_heard(shops: Sequence[Pharmacy]) -> dict[int, datetime]:
    """Pharmacy id → when any feed last spoke for it."""
    said = PharmacyFeed.objects.filter(pharmacy_id__in=[shop.pk for shop in shops])
    return dict(said.values("pharmacy_id").annotate(newest=Max("as_of")).values_list("pharmacy_id", "newest"))
