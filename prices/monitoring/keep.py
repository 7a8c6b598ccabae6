"""The one writer of leads, their findings, events and the log of looks. One transaction each, under one lock."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime

import polars as pl
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet

from prices.models import Finding, Lead, PriceEvent, Screening
from prices.monitoring import changes as reading
from prices.monitoring.events import Event
from prices.monitoring.found import Found, Level, level
from prices.monitoring.judging import FINDERS
from prices.monitoring.screen import Screened
from prices.sql import statement

State = Lead.State
OPEN = (State.NEW, State.WITHDRAWN)
"""What nobody has decided about yet: only such leads are changed by a later look."""
BATCH = 1000
OFFER = ["drug_id", "pharmacy_id"]


@contextmanager
def alone() -> Iterator[None]:
    """A transaction in which nobody else writes leads."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('prices.monitoring'))")
        yield


def events(told: Sequence[Event], *, on: date, final: bool) -> list[PriceEvent]:
    """The stored events, in order. `final`: of the whole day, so that their numbers replace what was there."""
    fields = ("kind", "feed_id", "chain_id", "drug_id", "direction", "ratio", "offers", "shops", "drugs")
    rows = [PriceEvent(on=on, key=each.key, **{name: getattr(each, name) for name in fields}) for each in told]
    if final:
        PriceEvent.objects.bulk_create(
            rows, BATCH, update_conflicts=True, unique_fields=["on", "key"], update_fields=list(fields)
        )
    else:
        PriceEvent.objects.bulk_create(rows, BATCH, ignore_conflicts=True)
    stored = {each.key: each for each in PriceEvent.objects.filter(on=on, key__in=[each.key for each in told])}
    return [stored[each.key] for each in told]


def leads(found: Sequence[Found], stored: Sequence[PriceEvent]) -> int:
    """Write those that are new, and what a later look knows better about those nobody has decided about; how many are
    new.

    An event that has a lead already gets no second one.
    """
    having = dict(Lead.objects.standing().filter(event__in=stored).values_list("event_id", "pk"))  # event -> its lead
    known = _stored(found)
    fresh: list[Found] = []
    for each in found:
        event = stored[each.event] if each.event is not None else None
        old = known.get(each.level)
        if event and event.pk in having and (old is None or having[event.pk] != old.pk):
            continue
        each.lead.event = event
        if old is None:
            fresh.append(each)
        elif old.state in OPEN:
            _again(old, each)
    Lead.objects.bulk_create([each.lead for each in fresh], BATCH)
    for each in fresh:
        for finding in each.findings:
            finding.lead = each.lead
    Finding.objects.bulk_create([finding for each in fresh for finding in each.findings], BATCH)
    return len(fresh)


def _again(old: Lead, found: Found) -> None:
    """The same level again, seen among more: its rank and the corrected p values are those of the later look."""
    for name in ("excess", "score", "event"):
        setattr(old, name, getattr(found.lead, name))
    old.state, old.withdrawn_because = State.NEW, ""
    old.save(update_fields=["excess", "score", "event", "state", "withdrawn_because"])
    for finding in found.findings:
        finding.lead = old
    Finding.objects.bulk_create(
        found.findings, update_conflicts=True, unique_fields=["lead", "detector"], update_fields=["adjusted"]
    )


def _stored(found: Sequence[Found]) -> dict[Level, Lead]:
    """The leads that there are already on the levels of `found`, held so that nobody decides about them meanwhile."""
    drugs, begins = ({getattr(each.lead, name) for each in found} for name in ("drug_id", "since"))
    return {level(lead): lead for lead in _held(Lead.objects.filter(drug_id__in=drugs, since__in=begins))}


def _held(some: QuerySet[Lead]) -> QuerySet[Lead]:
    """People decide without the lock of `alone`: what is read to be written waits for them, and makes them wait."""
    return some.order_by("pk").select_for_update(no_key=True, of=("self",))


def withdraw(screened: Screened, kept: Collection[Level], *, on: date) -> int:
    """Take back the day's leads that nobody has decided about and that do not stand when the whole day is looked at."""
    of_changes = Lead.objects.filter(on=on, state=State.NEW).exclude(
        Exists(Finding.objects.filter(lead=OuterRef("pk")).exclude(detector__in=("change", *FINDERS)))
    )
    gone = [lead for lead in _held(of_changes) if level(lead) not in kept]
    reason = _reasons(screened, gone)
    for lead in gone:
        lead.state, lead.withdrawn_because = State.WITHDRAWN, reason(lead)
    Lead.objects.bulk_update(gone, ["state", "withdrawn_because"], BATCH)
    return len(gone)


def _reasons(screened: Screened, gone: Sequence[Lead]) -> Callable[[Lead], Lead.Withdrawn]:
    offers = _offers(gone)
    why = {
        reason: set(offers.join(rows, on=OFFER, how="semi").iter_rows())
        for reason, rows in (
            (Lead.Withdrawn.SLIP, screened.slipped),
            (Lead.Withdrawn.EVENT, screened.collapsed),
            (Lead.Withdrawn.CAPPED, screened.candidates),
        )
    }
    now = offers.join(screened.moved, on=OFFER).select(*OFFER, "since_us", "new_fen")
    last = {(row[0], row[1]): (reading.moment(row[2]), row[3]) for row in now.iter_rows()}

    def reason(lead: Lead) -> Lead.Withdrawn:
        offer = (lead.drug_id, lead.pharmacy_id)
        known = [name for name, some in why.items() if offer in some]
        other = last.get(offer) != (lead.since, lead.price_fen)
        return known[0] if known and not other else Lead.Withdrawn.CHANGED if other else Lead.Withdrawn.NOT_REJECTED

    return reason


def ended(moved: pl.DataFrame) -> int:
    """The levels that came to an end: of offers in `moved` (as `changes.moved` has them) with a lead on another price."""
    columns = {
        "drugs": "drug_id",
        "pharmacies": "pharmacy_id",
        "fens": "new_fen",
        "sinces": "since_us",
        "received": "received_us",
    }
    parameters = {name: moved[column].to_list() for name, column in columns.items()}
    with connection.cursor() as cursor:
        cursor.execute(statement("monitoring_ended"), parameters)
        return int(cursor.rowcount)


def follow() -> int:
    """Leads to be looked at go to the area that manages their pharmacy now; how many."""
    with connection.cursor() as cursor:
        cursor.execute(statement("monitoring_moved_shops"))
        return int(cursor.rowcount)


def _offers(some: Sequence[Lead]) -> pl.DataFrame:
    """drug_id, pharmacy_id of the leads, each offer once."""
    rows = {(lead.drug_id, lead.pharmacy_id) for lead in some}
    return pl.DataFrame(list(rows), schema={"drug_id": pl.Int32, "pharmacy_id": pl.Int32}, orient="row")


def log(kind: str, *, on: date, at: datetime, counts: Mapping[str, int], seconds: float) -> Screening:
    return Screening.objects.create(kind=kind, on=on, at=at, seconds=round(seconds, 3), **counts)


def more(found: Sequence[Found]) -> int:
    """Leads of another kind than a changed price: a level that has a lead gets the finding added; how many are new.

    What comes out after somebody has decided about the level is a lead of its own, from the moment of the settlement.
    """
    known = _stored(found)
    fresh, added = [], []
    for each in found:
        lead = known.get(each.level)
        if lead and lead.state not in OPEN:
            if each.again_since is None or _said(lead, each):
                continue
            each.lead.since, lead = each.again_since, None
        if lead is None:
            fresh.append(each)
            lead = each.lead
        elif lead.state == State.WITHDRAWN:
            # Its event may have another lead by now; this one stands by itself.
            lead.state, lead.withdrawn_because, lead.event = State.NEW, "", None
            lead.save(update_fields=["state", "withdrawn_because", "event"])
        added.append((lead, each.findings))
    Lead.objects.bulk_create([each.lead for each in fresh], BATCH)
    for lead, findings in added:
        for finding in findings:
            finding.lead = lead
    Finding.objects.bulk_create([one for _lead, some in added for one in some], BATCH, ignore_conflicts=True)
    return len(fresh)


def _said(decided: Lead, found: Found) -> bool:
    """Whether the level has had such a finding: in the lead that was decided about, or in a later one of its own."""
    detectors = [finding.detector for finding in found.findings]
    of_level = Lead.objects.filter(drug_id=decided.drug_id, pharmacy_id=decided.pharmacy_id, since__gte=decided.since)
    return bool(of_level.filter(findings__detector__in=detectors).exists())
