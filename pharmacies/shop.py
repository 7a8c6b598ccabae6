"""What the people of a pharmacy say about it: phone, hours, services, special days, and where it has moved to.

Each verb records who did it and writes the pharmacy's row of `PharmacyToday` in its own transaction. A place counts only
once an official of the area has said so; that is never the person who proposed it.
"""

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.contrib.gis.geos import Point as GeosPoint
from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone
from django.utils.translation import gettext as _

from pharmacies import audit, geo, today
from pharmacies import hours as opening
from pharmacies.models import Pharmacy, PlaceProposal, Service, SpecialHours, User

PHONE = re.compile(r"\+?[0-9][0-9 ()-]{4,30}(?:转[0-9]{1,6})?")
LONGEST_SPECIAL = timedelta(days=60)
AHEAD = timedelta(days=400)
FAR_M = 200_000
"""Nobody moves a pharmacy out of the province by a slip of the datum."""


class ShopProblem(ValueError):
    """It cannot be as asked; the message says what to change."""


def change(
    pharmacy: Pharmacy, *, phone: str, days: Sequence[str], services: Sequence[str], by: User, at: datetime
) -> Pharmacy:
    """Phone, hours of Monday to Sunday (all seven empty: unknown) and services. Raises `ShopProblem`."""
    phone = phone.strip()
    if phone and not PHONE.fullmatch(phone):
        raise ShopProblem(_("电话无法识别：请写成 027-88880000 或 13800000000"))
    if set(services) - set(Service.values):
        raise ShopProblem(_("服务无法识别：请从列出的服务中选"))
    try:
        text = opening.of_days(days) if any(day.strip() for day in days) else ""
        minutes = opening.parse(text) if text else None
    except opening.HoursError as problem:
        raise ShopProblem(str(problem)) from problem
    with transaction.atomic():
        row = Pharmacy.objects.select_for_update(no_key=True).get(pk=pharmacy.pk)
        before = {"phone": row.phone, "hours": row.hours, "services": row.services}
        row.phone, row.hours, row.open_minutes, row.services = phone, text, minutes, sorted(set(services))
        after = {"phone": row.phone, "hours": row.hours, "services": row.services}
        if before == after:
            return row
        said = {name for name in ("phone", "hours") if before[name] != after[name]}
        row.own_facts = sorted({*row.own_facts, *said})
        row.save(update_fields=["phone", "hours", "open_minutes", "services", "own_facts"])
        audit.record(action="shop.change", by=by, at=at, before=before, after=after, **_about(row))
        today.rebuild(at, [row.pk])
    return row


def add_special(
    pharmacy: Pharmacy, *, first: date, last: date, hours: str, note: str, by: User, at: datetime
) -> SpecialHours:
    """Other hours from `first` to `last` (both included); `hours` empty: closed. Raises `ShopProblem`."""
    hours = hours.strip() or "off"
    on = timezone.localdate(at)
    if last < first or last < on:
        raise ShopProblem(_("日期有误：请填今天或以后的日子，结束不早于开始"))
    if last - first >= LONGEST_SPECIAL or last > on + AHEAD:
        raise ShopProblem(_("节假日营业时间最长 %(n)d 天，最多提前一年") % {"n": LONGEST_SPECIAL.days})
    if not pharmacy.hours:
        raise ShopProblem(_("请先登记平日的营业时间"))
    try:
        opening.of_days([hours] * 7)
    except opening.HoursError as problem:
        raise ShopProblem(str(problem)) from problem
    valid = DateRange(first, last + timedelta(days=1))
    with transaction.atomic():
        Pharmacy.objects.select_for_update(no_key=True).get(pk=pharmacy.pk)
        if SpecialHours.objects.filter(pharmacy=pharmacy, valid__overlap=valid).exists():
            raise ShopProblem(_("这些日子里已有登记：请先删去原来的"))
        row = SpecialHours.objects.create(pharmacy=pharmacy, valid=valid, hours=hours, note=note.strip()[:40])
        said = {"first": first.isoformat(), "last": last.isoformat(), "hours": hours}
        audit.record(action="shop.special", by=by, at=at, after=said, **_about(pharmacy))
        today.rebuild(at, [pharmacy.pk])
    return row


def remove_special(pharmacy: Pharmacy, pk: int, *, by: User, at: datetime) -> None:
    """The week's hours hold again on those days; nothing happens where there is no such row."""
    with transaction.atomic():
        row = SpecialHours.objects.filter(pharmacy=pharmacy, pk=pk).first()
        if row is None:
            return
        before = {"first": row.valid.lower.isoformat(), "upto": row.valid.upper.isoformat(), "hours": row.hours}
        row.delete()
        audit.record(action="shop.special_removed", by=by, at=at, before=before, **_about(pharmacy))
        today.rebuild(at, [pharmacy.pk])


def propose_place(
    pharmacy: Pharmacy, *, lng: str, lat: str, datum: str, note: str, by: User, at: datetime
) -> PlaceProposal:
    """Where the shop really stands, for an official to confirm; a newer proposal takes the place of one that waits.
    Raises `ShopProblem`."""
    try:
        point = geo.read_point(lng.strip(), lat.strip(), geo.read_datum(datum))
        place = geo.wgs84_of(point)
    except geo.CoordinateError as problem:
        raise ShopProblem(str(problem)) from problem
    now = geo.Wgs84(pharmacy.location.x, pharmacy.location.y)
    moved = geo.haversine_m(now, place)
    if moved > FAR_M:
        raise ShopProblem(_("离原来的位置 %(km)d 公里：请检查经纬度和坐标系") % {"km": moved / 1000})
    with transaction.atomic():
        Pharmacy.objects.select_for_update(no_key=True).get(pk=pharmacy.pk)
        fields = {
            "location": GeosPoint(place.lng, place.lat, srid=4326),
            "source_lng": point.lng,
            "source_lat": point.lat,
            "source_datum": datum,
            "note": note.strip()[:200],
            "proposed_by": by,
            "proposed_at": at,
        }
        row, _created = PlaceProposal.objects.update_or_create(
            pharmacy=pharmacy, state=PlaceProposal.State.PENDING, defaults=fields
        )
        said = {"lng": round(place.lng, 6), "lat": round(place.lat, 6), "moved_m": round(moved)}
        audit.record(action="place.propose", by=by, at=at, after=said, **_about(pharmacy))
    return row


def decide_place(pharmacy: Pharmacy, *, accept: bool, reason: str, by: User, at: datetime) -> PlaceProposal:
    """An official says whether the shop stands where its people say. Raises `ShopProblem`."""
    with transaction.atomic():
        waiting = PlaceProposal.objects.select_for_update().filter(pharmacy=pharmacy, state=PlaceProposal.State.PENDING)
        row = waiting.first()
        if row is None:
            raise ShopProblem(_("没有待核实的位置变更"))
        if row.proposed_by_id == by.pk:
            raise ShopProblem(_("位置变更要由另一个人核实"))
        if not accept and not reason.strip():
            raise ShopProblem(_("退回请写明理由"))
        row.state = PlaceProposal.State.ACCEPTED if accept else PlaceProposal.State.REFUSED
        row.decided_by, row.decided_at, row.reason = by, at, reason.strip()[:200]
        row.save(update_fields=["state", "decided_by", "decided_at", "reason"])
        before = {"lng": round(pharmacy.location.x, 6), "lat": round(pharmacy.location.y, 6)}
        after = {"lng": round(row.location.x, 6), "lat": round(row.location.y, 6), "state": row.state}
        if accept:
            fields = ("location", "source_lng", "source_lat", "source_datum")
            own = sorted({*Pharmacy.objects.select_for_update(no_key=True).get(pk=pharmacy.pk).own_facts, "place"})
            moved = {name: getattr(row, name) for name in fields}
            Pharmacy.objects.filter(pk=pharmacy.pk).update(own_facts=own, **moved)
            today.rebuild(at, [pharmacy.pk])
        audit.record(
            action="place.decide", by=by, at=at, before=before, after=after, reason=reason.strip(), **_about(pharmacy)
        )
    return row


def _about(pharmacy: Pharmacy) -> audit.About:
    return {"subject": "pharmacies.Pharmacy", "subject_id": pharmacy.code, "place": pharmacy}
