"""Reading the log: who may read which events, and the same rows as a file for a spreadsheet."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from pharmacies import access
from pharmacies.models import AuditEvent, Chain, Pharmacy, Region

RELATED = ("actor", "pharmacy", "chain", "area")
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def events_of(place: access.Place) -> QuerySet[AuditEvent]:
    """The events of the place and of all it reaches, newest first; the province's also those of no place."""
    found = AuditEvent.objects.select_related(*RELATED).order_by("-pk")
    if isinstance(place, Pharmacy):
        return found.filter(pharmacy=place)
    if isinstance(place, Chain):
        return found.filter(Q(chain=place) | Q(pharmacy__chain=place))
    if place.parent_id is None:
        return found
    regions = Region.objects.within(place)
    outside = Pharmacy.objects.exclude(insurance_area__in=regions).exclude(chain=None)
    return found.filter(
        Q(area__in=regions)
        | Q(pharmacy__insurance_area__in=regions)
        | (Q(chain__isnull=False) & ~Q(chain__in=outside.values("chain")))
    )


def narrowed(
    events: QuerySet[AuditEvent],
    *,
    who: str = "",
    action: str = "",
    first: date | None = None,
    last: date | None = None,
) -> QuerySet[AuditEvent]:
    """Those of a person (user name, or part of the name), of an action, of the days from `first` to `last` (both included, Asia/Shanghai)."""
    if who:
        events = events.filter(Q(actor_name__iexact=who) | Q(actor__first_name__icontains=who))
    if action:
        events = events.filter(action=action)
    if first:
        events = events.filter(at__gte=_midnight(first))
    if last:
        events = events.filter(at__lt=_midnight(last + timedelta(days=1)))
    return events


def _midnight(on: date) -> datetime:
    return datetime.combine(on, time(), timezone.get_default_timezone())


# -- as a file --------------------------------------------------------------------------------------------------------


def rows(events: Iterable[AuditEvent]) -> Iterator[str]:
    """The lines of a CSV file that Excel opens as UTF-8; no cell is a formula there."""
    head = [
        _("编号"),
        _("时间"),
        _("操作人"),
        _("操作"),
        _("对象"),
        _("对象编号"),
        _("地方"),
        _("之前"),
        _("之后"),
        _("理由"),
    ]
    yield "\ufeff" + _line(head)
    for event in events:
        yield _line(
            [
                event.pk,
                timezone.localtime(event.at, timezone.get_default_timezone()).isoformat(timespec="seconds"),
                event.actor_name,
                event.action,
                event.subject,
                event.subject_id,
                str(event.pharmacy or event.chain or event.area or ""),
                *("" if each is None else json.dumps(each, ensure_ascii=False) for each in (event.before, event.after)),
                event.reason,
            ]
        )


def _line(cells: Iterable[Any]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow([escaped(str(cell)) for cell in cells])
    return out.getvalue()


def escaped(cell: str) -> str:
    """A cell that a spreadsheet would take for a formula begins with an apostrophe."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell
