"""What stands beside a lead's sentences: the price over time, the peers, and the shops around. Reads a few rows each."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from catalog.models import Drug
from pharmacies.geo import Wgs84
from pharmacies.models import Pharmacy
from prices.models import Offer, PriceChange
from prices.models.leads import Finding, Lead
from prices.money import yuan
from prices.monitoring.tables import Column, Row, Table
from prices.search import offers
from prices.search.questions import Target, Where
from prices.statistics.history import Day, daily
from prices.statistics.nights import days
from prices.views import words
from prices.views.console.charts import Chart, Line, Strip, strip

DAYS = 90
AFTERWARDS = timedelta(days=30)
AROUND_M = 5000
NEIGHBOURS = 30


# -- the price over time ----------------------------------------------------------------------------------------------


def series(lead: Lead, *, at: datetime) -> Chart:
    """Ninety days up to a month after the lead: what the shop asked at the end of each, and most shops of the city."""
    last = min(timezone.localdate(at), lead.on + AFTERWARDS)
    first = last - timedelta(days=DAYS - 1)
    shown = list(days(first, last))
    city = {day.on: day for day in daily(lead.drug_id, lead.city_id, first, last)}
    own = _asked(lead.drug_id, lead.pharmacy_id, first, last, at) if lead.pharmacy_id is not None else {}
    usual = {on: _usual(day) for on, day in city.items()}
    lines = [Line(_label(_("多数药店"), usual.values()), [usual.get(on) for on in shown], lead.pharmacy_id is None)]
    if lead.pharmacy_id is not None:
        lines.insert(0, Line(_label(_("这家店"), own.values()), [own[on] for on in shown], True))
    return Chart(
        name=f"lead-{lead.pk}-series",
        title=gettext("这家店和%(city)s药店的标价") % {"city": lead.city.name},
        days=shown,
        lines=lines,
        band=([_edge(city.get(on), "q1_fen") for on in shown], [_edge(city.get(on), "q3_fen") for on in shown]),
        unit=_("元"),
        step=True,
        mark=(lead.on, gettext("发现线索")) if first < lead.on else None,
        table=_series_table(lead, shown, own, city),
    )


def _asked(drug_id: int, pharmacy_id: int, first: date, last: date, at: datetime) -> dict[date, float | None]:
    """The shop's price in yuan at the end of each day; None where the drug was not on the shelf."""
    begin = timezone.make_aware(datetime.combine(first, time.min))
    changes = list(
        PriceChange.objects.filter(drug_id=drug_id, pharmacy_id=pharmacy_id, received_at__gte=begin)
        .filter(received_at__lte=at)
        .order_by("received_at", "run_id")
        .values_list("received_at", "old_fen", "new_fen")
    )
    if changes:
        fen = changes[0][1]
    else:
        live = Offer.objects.filter(drug_id=drug_id, pharmacy_id=pharmacy_id, state=Offer.State.LIVE)
        fen = live.values_list("price_fen", flat=True).first()
    found: dict[date, float | None] = {}
    upcoming = iter(changes)
    change = next(upcoming, None)
    for day in days(first, last):
        while change and timezone.localdate(change[0]) <= day:
            fen, change = change[2], next(upcoming, None)
        found[day] = None if fen is None else fen / 100
    return found


def _usual(day: Day) -> float | None:
    """The mode in yuan; where there are too few shops for one, the middle price."""
    fen = day.mode_fen if day.mode_fen is not None else day.median_fen
    return None if fen is None else fen / 100


def _edge(day: Day | None, name: str) -> float | None:
    fen = getattr(day, name) if day else None
    return None if fen is None else fen / 100


def _label(who: Any, values: Any) -> str:
    known = [value for value in values if value is not None]
    return f"{who} {words.money(f'{known[-1]:.2f}')}" if known else ""


def _series_table(lead: Lead, shown: Sequence[date], own: dict[date, Any], city: dict[date, Day]) -> Table:
    """A row for each day on which something differs from the day before, newest first."""
    rows: list[Row] = []
    before: tuple[Any, ...] | None = None
    for on in shown:
        day, price = city.get(on), own.get(on)
        says = (price, *((day.mode_fen, day.q1_fen, day.q3_fen, day.count) if day else (None, None, None, None)))
        if says != before:
            fens = [None if fen is None else yuan(int(fen)) for fen in says[1:4]]
            rows.append(
                {
                    "on": on,
                    "price": None if price is None else yuan(round(price * 100)),
                    "mode": fens[0],
                    "q1": fens[1],
                    "q3": fens[2],
                    "shops": says[4],
                }
            )
        before = says
    columns = [
        Column("on", _("自"), "date"),
        *([Column("price", _("这家店"), "yuan")] if lead.pharmacy_id is not None else []),
        Column("mode", _("多数药店价"), "yuan"),
        Column("q1", _("下四分位数"), "yuan"),
        Column("q3", _("上四分位数"), "yuan"),
        Column("shops", _("药店数"), "number"),
    ]
    return Table(
        name="series",
        title=gettext("标价变动"),
        columns=columns,
        rows=rows[::-1],
        caveat=gettext("这家店每天最后公示的标价；%(city)s的数字每天凌晨统计一次，色带是中间一半药店的标价。")
        % {"city": lead.city.name},
        on=shown[-1],
    )


# -- the peers --------------------------------------------------------------------------------------------------------


def peers(lead: Lead, findings: Sequence[Finding]) -> Strip | None:
    """The peers as the finding kept them; None where it did not."""
    for finding in findings:
        kept = finding.inputs.get("peers")
        if kept:
            table = Table(
                name="peers",
                title=gettext("同城药店的标价"),
                columns=[Column("price", _("标价"), "yuan"), Column("shops", _("药店数"), "number")],
                rows=[{"price": yuan(fen), "shops": shops} for fen, shops in kept],
                caveat=gettext("%(city)s卖这种药的零售药店，发现线索时留存，不随后来的变动改变。")
                % {"city": lead.city.name},
                on=lead.on,
            )
            middle = finding.inputs.get("median_fen") or finding.inputs.get("mode_fen") or lead.price_fen
            return strip(kept, lead.price_fen, middle, name=f"lead-{lead.pk}-peers", table=table)
    return None


# -- the shops around -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Around:
    """The shop in question and those near it that sell the drug today: points for a map, and the table behind it."""

    points: str
    table: Table


def around(pharmacy: Pharmacy, drug: Drug, *, at: datetime) -> Around:
    """The nearest shops within 5 km, by the search that citizens use."""
    location: Any = pharmacy.location
    here = Wgs84(location.x, location.y)
    answer = offers.find(Target.of_drug(drug), Where(here, AROUND_M), sort="nearest", at=at, limit=NEIGHBOURS)
    others = [found for found in answer.results if found.shop.id != pharmacy.pk]
    others.sort(key=lambda found: (found.distance_m or 0, found.shop.code))  # the search puts stale prices last
    own = next((found for found in answer.results if found.shop.id == pharmacy.pk), None)
    points = [
        {"lng": each.shop.lng, "lat": each.shop.lat, "label": str(yuan(each.price_fen)), "name": each.shop.name}
        for each in others
    ]
    label = str(yuan(own.price_fen)) if own else gettext("这家店")
    points.append({"lng": here.lng, "lat": here.lat, "label": label, "name": pharmacy.name, "main": True})
    rows = [
        {"name": each.shop.name, "price": yuan(each.price_fen), "distance": words.distance(each.distance_m or 0)}
        for each in others
    ]
    table = Table(
        name="around",
        title=gettext("附近卖同一种药的店"),
        columns=[
            Column("name", _("药店"), foreign=True),
            Column("price", _("标价"), "yuan"),
            Column("distance", _("直线距离")),
        ],
        rows=rows,
        caveat=gettext("5 公里内最近的 %(n)s 家，今天公示的标价；距离是直线距离，不是路程。") % {"n": NEIGHBOURS},
        on=timezone.localdate(at),
        empty=gettext("5 公里内没有别的店卖这种药。"),
    )
    return Around(json.dumps(points, ensure_ascii=False), table)
