"""Where a pharmacy stands among its peers, told to nobody but its own people: bands, never a neighbour and never the
lowest price; and how fresh and how sound its data are.

The bands are those of last night's roll-up (`AreaPrice`): the quarter of the pharmacies of the county, or where fewer
than five others sell a product there, of the wider region around it.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from pharmacies.models import Pharmacy, Region
from prices.desk.shelf import FRESH, HIDDEN, Row
from prices.desk.unusual import PEERS_LEAST, around
from prices.ingest import reasons
from prices.models import PharmacyFeed, Rejection, RunPharmacy
from prices.money import fen_of, yuan
from prices.statistics.usual import Usual, usual_prices

BANDS: dict[str, Promise] = {
    "low": _("较低的四分之一"),
    "below": _("中间偏低"),
    "usual": _("与多数药店相同"),
    "above": _("中间偏高"),
    "high": _("较高的四分之一"),
}
RECENT = timedelta(days=30)
RUNS_LOOKED_AT = 60


@dataclass(frozen=True, slots=True)
class Stand:
    """One product: its band among `others` pharmacies of `region`; `usual` is what most of them ask (empty: no such
    price), `over` how far the shop's price lies above the middle one, in per cent."""

    row: Row
    band: str
    region: Region
    others: int
    usual: str
    over: int

    @property
    def under(self) -> int:
        return -self.over


def stands(pharmacy: Pharmacy, rows: Sequence[Row], *, at: datetime) -> list[Stand]:
    """The products of the shelf that can be compared, dearest against the middle first. One query for each region."""
    left = {row.drug_id: row for row in rows if row.stale < HIDDEN and row.stock != "out"}
    found: list[Stand] = []
    for region in around(pharmacy):
        known = usual_prices([(drug_id, region.pk) for drug_id in left], timezone.localdate(at))
        for (drug_id, _region), usual in known.items():
            # The shop is one of those counted.
            if usual.count - 1 >= PEERS_LEAST:
                found.append(_stand(left.pop(drug_id), usual, region))
    return sorted(found, key=lambda stand: (-stand.over, stand.row.name, stand.row.code))


def _stand(row: Row, usual: Usual, region: Region) -> Stand:
    fen = fen_of(row.price)
    over = round(100 * (Decimal(fen) / usual.median_fen - 1))
    mode = _usual(usual)
    return Stand(row, _band(fen, usual), region, usual.count - 1, "" if mode is None else str(yuan(mode)), over)


def _usual(usual: Usual) -> int | None:
    """What most shops ask; not told where it may be what the cheapest one asks and half of them do not."""
    lowest = usual.mode_fen == usual.min_fen and usual.mode_fen != usual.median_fen
    return None if lowest else usual.mode_fen


def _band(fen: int, usual: Usual) -> str:
    if fen == _usual(usual):
        return "usual"
    if fen <= usual.q1_fen:
        return "low"
    if fen > usual.q3_fen:
        return "high"
    return "below" if fen <= usual.median_fen else "above"


def shares(found: Sequence[Stand]) -> list[tuple[str, Promise, int, int]]:
    """(band, its words, products, per cent of those that can be compared), in the order of `BANDS`."""
    counted = Counter(stand.band for stand in found)
    return [
        (band, words, counted[band], round(100 * counted[band] / max(len(found), 1))) for band, words in BANDS.items()
    ]


# -- freshness and soundness ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Report:
    """When a feed last spoke about the shop, and until when what it said counts as fresh."""

    name: str
    as_of: datetime
    due: datetime
    late: bool


@dataclass(frozen=True, slots=True)
class Point:
    """Something to raise: how many of how many, what it means, what to do, and the page where to do it."""

    label: Promise | str
    count: int
    of: int
    advice: Promise | str
    page: str


def reports(pharmacy: Pharmacy, *, at: datetime) -> list[Report]:
    feeds = PharmacyFeed.objects.filter(pharmacy=pharmacy, feed__generated=False).select_related("feed")
    found = []
    for each in feeds.order_by("-as_of"):
        due = each.as_of + each.feed.cadence * settings.STALE_AFTER
        found.append(Report(each.feed.name or each.feed.slug, each.as_of, due, late=at > due))
    return found


def quality(pharmacy: Pharmacy, rows: Sequence[Row], *, at: datetime) -> list[Point]:
    """What keeps the data from being fresh and sound, each with what helps; nothing where all is well."""
    n = len(rows)
    points = [
        Point(
            _("久未更新，排在新价格之后"),
            sum(FRESH < row.stale < HIDDEN for row in rows),
            n,
            _("价格没变也要报：每周上传一次全量表格，或按“本周无变化，一键确认”"),
            "?only=stale",
        ),
        Point(
            _("太久未更新，市民已看不到"),
            sum(row.stale == HIDDEN for row in rows),
            n,
            _("重新公示这些价格；不再销售的请下架"),
            "?only=stale",
        ),
        Point(
            _("未报库存"),
            sum(not row.stock for row in rows),
            n,
            _("报“有货”的价格，市民更愿意来；让收银系统一起报库存"),
            "",
        ),
        Point(
            _("新报送的价格待核实"),
            sum(row.doubted for row in rows),
            n,
            _("看一眼原因：录错的改正，属实的写明理由再公示"),
            "?only=warned",
        ),
    ]
    return [point for point in (*points, *_refused(pharmacy, at=at)) if point.count]


def _refused(pharmacy: Pharmacy, *, at: datetime) -> list[Point]:
    """Rows sent back in the last 30 days and still open, reason by reason, most frequent first."""
    recent = RunPharmacy.objects.filter(pharmacy=pharmacy, run__received_at__gte=at - RECENT).order_by("-run_id")
    runs = list(recent.values_list("run_id", flat=True)[:RUNS_LOOKED_AT])
    rows = Rejection.objects.filter(run__in=runs, pharmacy_id=pharmacy.pk).exclude(state=Rejection.State.SETTLED)
    counted = Counter(code for codes in rows.values_list("reasons", flat=True) for code in codes)
    total = sum(counted.values())
    known = [(code, count) for code, count in counted.most_common(6) if code in reasons.REASONS]
    return [
        Point(_("退回：%s") % reasons.REASONS[code].says, count, total, reasons.REASONS[code].advice, "/runs")
        for code, count in known
    ]
