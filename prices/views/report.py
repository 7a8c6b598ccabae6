"""我要纠错: a citizen tells what is wrong with a shop's price or place, and later looks up what became of it.

Nobody logs in and no cookie is set, so a CSRF token has nothing to hold on to, and a forged form would win no rights:
it could only speak in its visitor's stead. So the browser's own word decides where a form stood (`from_here`). What
was typed and the code come in the bodies of POSTs that nobody keeps: no address or log holds either.
"""

import io
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from catalog.models import Drug
from pharmacies.codes import normal_code
from pharmacies.models import Pharmacy
from prices.api.serializers import offer_json
from prices.models import Offer, ReportGroup
from prices.money import yuan
from prices.monitoring.reports import codes, limits, outcomes, photos, sending
from prices.monitoring.reports.sending import Draft, ReportProblem
from prices.search.pharmacies import by_code
from prices.views.bodies import size_of
from prices.views.pages import last_report, text_of
from prices.views.pharmacy import matching
from prices.views.staff.address import address_of

Kind = ReportGroup.Kind
LARGEST_BODY = 100_000_000
"""Bytes; of a larger body nothing is read at all. Of a photo no more is kept than tells that it is too large."""
LARGEST_TRACK = 100_000
"""Ten letters and figures, and what the browser puts around them."""
SHOWN = 30

KINDS = {
    Kind.PRICE: gettext_lazy("店里的价格和这里写的不一样"),
    Kind.CLOSED: gettext_lazy("这家店已经不在了，或者很久没有开门"),
    Kind.HOURS: gettext_lazy("开门、关门的时间不对"),
    Kind.PLACE: gettext_lazy("地址或地图上的位置不对"),
}
ASKED = {
    Kind.PRICE: gettext_lazy("还想说的（可以不填）"),
    Kind.CLOSED: gettext_lazy("还想说的（可以不填）"),
    Kind.HOURS: gettext_lazy("实际的营业时间"),
    Kind.PLACE: gettext_lazy("药店实际在哪里"),
}


class PhotoHandler(FileUploadHandler):
    """Keeps of the one photo what is needed to judge it; the rest of a large one passes by unread, and so do other files."""

    kept: io.BytesIO | None = None

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        if self.field_name != "photo" or self.kept is not None:
            raise SkipFile
        self.kept = io.BytesIO()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if self.kept is not None and start <= photos.LARGEST:
            self.kept.write(raw_data)

    def file_complete(self, file_size: int) -> InMemoryUploadedFile | None:
        if self.kept is None:
            return None
        size = self.kept.tell()
        self.kept.seek(0)
        return InMemoryUploadedFile(self.kept, self.field_name, "photo", self.content_type, size, self.charset)


def citizen_form(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A page with a form that anybody may send and nobody's cache keeps; a database that is away is said in words."""

    @csrf_exempt
    @require_http_methods(["GET", "HEAD", "POST"])
    @cache_control(private=True, no_store=True)
    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        request.upload_handlers = [PhotoHandler(request)]
        try:
            return view(request, *args, **kwargs)
        except OperationalError:
            busy = render(request, "503.html", status=503)
            busy["Retry-After"] = "60"
            return busy

    return answered


def from_here(request: HttpRequest) -> bool:
    """Whether the form stood on a page of this site, as far as the browser says.

    Every browser names the origin of a form that another site sends, if only as `null`; one that says nothing at all is
    no browser on another's page.
    """
    fetched = request.headers.get("Sec-Fetch-Site")
    if fetched is not None:
        return fetched in ("same-origin", "none")
    told = request.headers.get("Origin") or request.headers.get("Referer")
    try:
        return told is None or urlsplit(told).netloc == request.get_host()
    except ValueError:  # what is no address is none of this site
        return False


# -- sending ----------------------------------------------------------------------------------------------------------


@citizen_form
def report(request: HttpRequest, code: str) -> HttpResponse:
    """Which kind, for a price which product, then the form; sent, it answers with the code, however often."""
    at = timezone.now()
    pharmacy = Pharmacy.objects.filter(code=normal_code(code)).first() if code.isalnum() else None
    if pharmacy is None:
        raise Http404
    context: dict[str, Any] = {"pharmacy": pharmacy, "path": request.path, "at": at, "as_of": last_report()}
    if request.method == "POST":
        return _sent(request, pharmacy, context, at)
    kind = request.GET.get("kind", "")
    if kind not in KINDS:
        return render(request, "citizen/report_kinds.html", context | {"kinds": KINDS.items()})
    drug = _drug(request.GET.get("drug", ""))
    if kind == Kind.PRICE and drug is None and "other" not in request.GET:
        return render(request, "citizen/report_drug.html", context | _products(request, pharmacy, at))
    return render(request, "citizen/report.html", context | _form(pharmacy, Kind(kind), drug))


def _sent(request: HttpRequest, pharmacy: Pharmacy, context: dict[str, Any], at: datetime) -> HttpResponse:
    if size_of(request) > LARGEST_BODY:
        form = _form(pharmacy, Kind.PRICE, None) | {"problem": str(photos.too_large())}
        return render(request, "citizen/report.html", context | form, status=413)
    try:
        said = request.POST
    except MultiPartParserError:
        return render(request, "citizen/report_kinds.html", context | {"kinds": KINDS.items()}, status=400)
    if said.get("kind") not in KINDS:
        return render(request, "citizen/report_kinds.html", context | {"kinds": KINDS.items()}, status=422)
    kind, drug = Kind(said["kind"]), _drug(said.get("drug", "")) if said["kind"] == Kind.PRICE else None
    form = _form(pharmacy, kind, drug)
    if not from_here(request):
        problem = gettext("这份反馈不是从本站的页面发出的，没有收下。请在这里填写后再发送。")
        return render(request, "citizen/report.html", context | form | {"problem": problem}, status=403)
    photo = request.FILES.get("photo")
    draft = Draft(
        kind=kind,
        mark=said.get("mark", "")[:64],
        drug=drug,
        price=said.get("price", "")[:60],
        text=said.get("text", "")[: 4 * sending.LONGEST],
        photo=photo.read() if photo else b"",
    )
    form |= {"mark": draft.mark or form["mark"], "price": draft.price, "text": draft.text}
    try:
        number = sending.send(pharmacy, draft, address=address_of(request), at=at)
    except ReportProblem as refused:
        return render(request, "citizen/report.html", context | form | {"problems": refused.fields}, status=422)
    except limits.TooMany as refused:
        answer = render(request, "citizen/report.html", context | form | {"problem": str(refused)}, status=429)
        answer["Retry-After"] = str(int(refused.wait.total_seconds()))
        return answer
    return render(request, "citizen/report_thanks.html", context | form | {"number": codes.spaced(number)})


def _form(pharmacy: Pharmacy, kind: Kind, drug: Drug | None) -> dict[str, Any]:
    """What the form is about, not yet what was typed."""
    offer = (
        Offer.objects.filter(drug_id=drug.pk, pharmacy_id=pharmacy.pk, state=Offer.State.LIVE).first() if drug else None
    )
    return {
        "kind": kind,
        "asked": ASKED[kind] if drug or kind != Kind.PRICE else gettext("哪种药：药名、规格和厂家"),
        "text_needed": kind in (Kind.HOURS, Kind.PLACE) or (kind == Kind.PRICE and drug is None),
        "drug": drug,
        "declared": yuan(offer.price_fen) if offer else None,
        "declared_at": offer.as_of if offer else None,
        "mark": codes.fresh_mark(),
        "longest": sending.LONGEST,
        "photo_most": str(photos.LARGEST),
        "photo_limit": photos.LARGEST // 1_000_000,
    }


def _drug(code: str) -> Drug | None:
    return Drug.objects.select_related("preparation").filter(code=code[:40].replace("\x00", "")).first()


def _products(request: HttpRequest, pharmacy: Pharmacy, at: datetime) -> dict[str, Any]:
    """The products of this shop that what was typed names."""
    name = text_of(request, "name")
    listed = by_code(pharmacy.code) if name else None
    found = matching(listed, name, at)[: SHOWN + 1] if listed else ()
    return {
        "name": name,
        "offers": [offer_json(each, at) for each in found[:SHOWN]],
        "more": len(found) > SHOWN,
    }


# -- looking it up ----------------------------------------------------------------------------------------------------


@citizen_form
def track(request: HttpRequest) -> HttpResponse:
    """What became of a report, for whoever has its code."""
    context: dict[str, Any] = {"path": request.path, "as_of": last_report()}
    if request.method != "POST":
        return render(request, "citizen/track.html", context)
    if size_of(request) > LARGEST_TRACK:
        return HttpResponse(status=413)
    typed = request.POST.get("code", "")[:60]
    code = codes.read(typed)
    found = outcomes.find(code) if code else None
    if code is None or found is None:
        problem = gettext("没有这个查询码：请核对十个字母和数字") if code else gettext("查询码是十个字母和数字，请核对")
        return render(request, "citizen/track.html", context | {"typed": typed, "problem": problem}, status=422)
    group = found.group
    shown = {
        "report": found,
        "group": group,
        "drug": Drug.objects.select_related("preparation").filter(pk=group.drug_id or 0).first(),
        "price": yuan(group.price_fen) if group.price_fen else None,
        "outcome": outcomes.outcome(found),
        "typed": codes.spaced(code),
    }
    return render(request, "citizen/track.html", context | shown)
