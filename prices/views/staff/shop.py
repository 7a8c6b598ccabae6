"""The shop as citizens see it: hours with holidays, phone, services, place; designations; a sticker for the window."""

from datetime import date
from typing import Any

import segno
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from pharmacies import access, geo
from pharmacies import hours as opening
from pharmacies import shop as shops
from pharmacies.access import Action
from pharmacies.models import Designation, Pharmacy, PlaceProposal, SpecialHours
from prices.views import words
from prices.views.staff import sessions, signed_in

VERBS = {
    "change": Action.EDIT_SHOP,
    "special": Action.EDIT_SHOP,
    "special-remove": Action.EDIT_SHOP,
    "place": Action.EDIT_SHOP,
    "place-accept": Action.VERIFY_SHOP,
    "place-refuse": Action.VERIFY_SHOP,
}
"""What the page's forms say in `do`, and who may."""


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def shop(request: HttpRequest, code: str) -> HttpResponse:
    at = timezone.now()
    person = sessions.person(request)
    verb = request.POST.get("do", "") if request.method == "POST" else ""
    pharmacy = access.pharmacy_for(person, VERBS.get(verb, Action.SEE), code, at=at)
    if verb not in VERBS:
        return render(request, "desk/shop.html", _context(request, pharmacy))
    try:
        _do(verb, request, pharmacy)
    except shops.ShopProblem as problem:
        context = _context(request, pharmacy) | {"problem": str(problem), "problem_of": verb.partition("-")[0]}
        return render(request, "desk/shop.html", context | {"typed": request.POST}, status=422)
    said = _("已送交医保经办机构核实") if verb == "place" else _("已保存，市民现在看到的就是这样")
    messages.success(request, said)
    return redirect("staff:desk-shop", code=pharmacy.code)


def _do(verb: str, request: HttpRequest, pharmacy: Pharmacy) -> None:
    sent, by, at = request.POST, sessions.person(request), timezone.now()
    if verb == "change":
        days = [sent.get(f"day{n}", "")[:80] for n in range(7)]
        phone, services = sent.get("phone", "")[:40], sent.getlist("service")
        shops.change(pharmacy, phone=phone, days=days, services=services, by=by, at=at)
    elif verb == "special":
        first, last = _day(sent.get("first", "")), _day(sent.get("last", "") or sent.get("first", ""))
        hours, note = sent.get("hours", "")[:80], sent.get("note", "")
        shops.add_special(pharmacy, first=first, last=last, hours=hours, note=note, by=by, at=at)
    elif verb == "special-remove":
        pk = sent.get("pk", "")
        shops.remove_special(pharmacy, int(pk) if pk.isdecimal() and len(pk) < 12 else 0, by=by, at=at)
    elif verb == "place":
        lng, lat, datum = (sent.get(name, "")[:30] for name in ("lng", "lat", "datum"))
        shops.propose_place(pharmacy, lng=lng, lat=lat, datum=datum, note=sent.get("note", ""), by=by, at=at)
    else:
        accept = verb == "place-accept"
        shops.decide_place(pharmacy, accept=accept, reason=sent.get("reason", ""), by=by, at=at)


def _day(text: str) -> date:
    try:
        read = parse_date(text)
    except ValueError:
        read = None
    if read is None:
        raise shops.ShopProblem(_("日期无法识别：请写成 2026-10-01"))
    return read


def _context(request: HttpRequest, pharmacy: Pharmacy) -> dict[str, Any]:
    at = timezone.now()
    on = timezone.localdate(at)
    person = sessions.person(request)
    hours = opening.by_day(pharmacy.hours) if pharmacy.hours else [""] * 7
    proposals = PlaceProposal.objects.filter(pharmacy=pharmacy).select_related("proposed_by", "decided_by")
    specials = SpecialHours.objects.filter(pharmacy=pharmacy, valid__endswith__gt=on).order_by("valid")
    held = Designation.objects.filter(pharmacy=pharmacy).select_related("area")
    pending = proposals.filter(state=PlaceProposal.State.PENDING).first()
    return {
        "place": pharmacy,
        "at": at,
        "days": [(n, words.WEEKDAYS[n], text) for n, text in enumerate(hours)],
        "services": [(value, label, value in pharmacy.services) for value, label in words.SERVICES.items()],
        "specials": [(row, words.validity(row.valid)) for row in specials],
        "designations": [
            (
                row,
                words.validity(row.valid),
                on in row.valid,
            )
            for row in held.order_by("kind", "valid")
        ],
        "pending": pending,
        "moved_m": round(_moved(pharmacy, pending)) if pending else 0,
        "decided": proposals.exclude(state=PlaceProposal.State.PENDING).order_by("-decided_at").first(),
        "may_edit": access.may(person, Action.EDIT_SHOP, pharmacy, at=at),
        "may_verify": access.may(person, Action.VERIFY_SHOP, pharmacy, at=at),
        "datums": [
            ("wgs84", _("手机定位（WGS-84）")),
            ("gcj02", _("高德、腾讯地图（GCJ-02）")),
            ("bd09", _("百度地图（BD-09）")),
        ],
        "typed": {},
    }


def _moved(pharmacy: Pharmacy, proposal: PlaceProposal) -> float:
    ends = (pharmacy.location, proposal.location)
    here, there = (geo.Wgs84(point.x, point.y) for point in ends)
    return geo.haversine_m(here, there)


@signed_in
@require_safe
def sticker(request: HttpRequest, code: str) -> HttpResponse:
    """To print and put into the window: the shop's name and the code that opens its page."""
    at = timezone.now()
    pharmacy = access.pharmacy_for(sessions.person(request), Action.SEE, code, at=at)
    address = request.build_absolute_uri(reverse("citizen:pharmacy", args=[pharmacy.code])).replace("/en/", "/", 1)
    return render(request, "desk/sticker.html", {"place": pharmacy, "address": address, "qr": _qr(address)})


def _qr(text: str) -> SafeString:
    drawn = segno.make(text, error="q").svg_inline(scale=5, border=4, light="#fff", omitsize=True)
    return mark_safe(drawn)  # noqa: S308  segno draws squares; the text is in none of its attributes
