"""The table of a pharmacy's prices, as its own staff see them."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pharmacies.models import Pharmacy
from prices import members
from prices.ingest import reasons
from prices.ingest.schedule import STOCK_WORDS
from prices.models import Stock
from prices.money import yuan
from prices.sql import statement

FRESH, STALE, HIDDEN = 0, 1, 2

WARNED = {
    "last_price": gettext_lazy("与上次价格相差悬殊"),
    "others_price": gettext_lazy("与其他药店相差悬殊"),
    "per_unit": gettext_lazy("像是一片（粒）的价格"),
    "times_pack": gettext_lazy("像是按片数乘过的价格"),
    "above_peers": gettext_lazy("高于绝大多数药店"),
    "above_standard": gettext_lazy("高于医保支付标准"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """A product on the shelf. `price` in yuan with 2 decimals, `stock` a word of the feed format, `stale` one of FRESH,
    STALE (marked), HIDDEN (citizens no longer see it); `warned` says what to look at, empty where nothing."""

    drug_id: int
    code: str
    name: str
    spec: str
    maker: str
    terms: str
    price: str
    stock: str
    as_of: datetime
    stale: int
    warned: str
    doubted: bool = False  # a newer price was refused as a suspected slip
    member: Decimal | None = None  # 会员价 in yuan

    @property
    def seen(self) -> str:
        return f"{self.price}/{self.stock}"


def shelf(pharmacy: Pharmacy, *, at: datetime) -> list[Row]:
    """Every product on the shelf by name, in two queries."""
    parameters: dict[str, Any] = {
        "pharmacy": pharmacy.pk,
        "at": at,
        "stale_after": settings.STALE_AFTER,
        "hidden_after": settings.HIDDEN_AFTER,
    }
    beside = members.kept(pharmacy.pk)
    with connection.cursor() as cursor:
        cursor.execute(statement("desk_shelf"), parameters)
        return [_row(*values, member=beside.get(values[0])) for values in cursor]


def _row(
    drug_id: int,
    code: str,
    name: str,
    trade: str,
    strength: str,
    pack: int,
    unit: str,
    pack_unit: str,
    maker: str,
    terms: list[str],
    fen: int,
    stock: int,
    as_of: datetime,
    stale: int,
    warnings: list[str],
    reason: str,
    doubts: list[str] | None,
    overtaken_fen: int | None,
    said_by: str,
    *,
    member: Decimal | None,
) -> Row:
    return Row(
        drug_id=drug_id,
        code=code,
        name=f"{name}（{trade}）" if trade else name,
        spec=f"{strength}×{pack}{unit}/{pack_unit}",
        maker=maker,
        terms=" ".join(terms),
        price=f"{fen // 100}.{fen % 100:02d}",  # as `yuan` says it; five thousand times
        stock=STOCK_WORDS[Stock(stock)],
        as_of=as_of,
        stale=stale,
        warned=_warned(warnings, reason, doubts) or _overtaken(overtaken_fen, said_by),
        doubted=bool(doubts),
        member=member,
    )


def _overtaken(fen: int | None, said_by: str) -> str:
    """A till goes on sending the old price: somebody has to change it there."""
    if fen is None:
        return ""
    said = _("窗口改的 %(price)s 元被“%(who)s”后来的报送覆盖：请在那里也改")
    return said % {"price": yuan(fen), "who": said_by}


def _warned(warnings: list[str], reason: str, doubts: list[str] | None) -> str:
    if doubts:
        return _("新报送的价格待核实：%(why)s") % {"why": reasons.says(doubts)}
    if not warnings:
        return ""
    said = "；".join(str(WARNED[code]) for code in warnings if code in WARNED)
    return _("%(what)s。理由：%(reason)s") % {"what": said, "reason": reason}


def matching(rows: list[Row], *, words: list[str], only: str) -> list[Row]:
    """Rows whose name, maker, code or reading in pinyin holds every word; `only` is stale, out, warned or nothing.

    The browser does the same as one types (`desk.js`); this is for pages without it.
    """
    kept = [row for row in rows if _passes(row, only)]
    return [row for row in kept if all(word in _text(row) for word in words)] if words else kept


def _passes(row: Row, only: str) -> bool:
    return {"stale": row.stale > FRESH, "out": row.stock == "out", "warned": bool(row.warned)}.get(only, True)


def _text(row: Row) -> str:
    return f"{row.name} {row.maker} {row.code} {row.terms}".lower()


def counts(rows: list[Row]) -> dict[str, Any]:
    return {"all": len(rows)} | {only: sum(_passes(row, only) for row in rows) for only in ("stale", "out", "warned")}
