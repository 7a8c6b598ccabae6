"""Spreadsheets at the desk of a pharmacy, or of a chain: brought, looked through, published, taken back."""

import re
import uuid
from datetime import datetime
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from pharmacies import access
from pharmacies.access import Action
from pharmacies.models import Chain, Pharmacy
from prices.desk.feeds import desk_feed
from prices.desk.sheets import applying, columns, exports, members, uploads
from prices.desk.sheets.uploads import UploadProblem
from prices.ingest import runs
from prices.ingest.outcome import rejections_csv
from prices.models import FeedRun, Upload
from prices.models.feeds import Mode
from prices.views.staff import places, sheet_rows, signed_in
from prices.views.staff.sessions import person

LISTED = 20
FILES = {"xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "csv": "text/csv; charset=utf-8"}
ACTION = {"code": Action.EDIT_PRICES, "chain": Action.EDIT_CHAIN}
"""What one must be allowed to do there: a chain's sheet can change every shop."""


def _place(request: HttpRequest, where: dict[str, Any], at: datetime, action: Action | None = None) -> Pharmacy | Chain:
    action = action or next(action for name, action in ACTION.items() if name in where)
    place = places.fetch(request.user, action, where, at=at)
    assert isinstance(place, Pharmacy | Chain)  # noqa: S101  # these addresses name no area
    return place


def _own(place: Pharmacy | Chain, pk: int) -> Upload:
    """The upload of that number, if it is this desk's. Raises Http404."""
    found = Upload.objects.select_related("feed__chain", "by", "run", "back_run").filter(pk=pk).first()
    if found is None or found.feed_id != desk_feed(place).pk:
        raise Http404
    return found  # type: ignore[no-any-return]  # the manager of Upload is untyped


# -- the list, and bringing one ---------------------------------------------------------------------------------------


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def listed(request: HttpRequest, **where: Any) -> HttpResponse:
    at = timezone.now()
    place = _place(request, where, at)
    problem = ""
    if request.method == "POST":
        try:
            data, name = received_file(request)
            brought = uploads.bring(place, data, name=name, by=person(request), at=at)
            return redirect(places.link(place, "upload", pk=brought.pk))
        except UploadProblem as error:
            problem = str(error)
    shop = place if isinstance(place, Pharmacy) else None
    context = {
        "place": place,
        "at": at,
        "problem": problem,
        "here": places.link(place, "uploads"),
        "uploads": [
            (upload, places.link(place, "upload", pk=upload.pk))
            for upload in Upload.objects.filter(feed=desk_feed(place))
            .select_related("by", "run")
            .order_by("-pk")[:LISTED]
        ],
        "limit": settings.SHEET_MAX_BYTES // 1_000_000,
        "confirmable": applying.confirmable(shop) if shop else 0,
        "nonce": uuid.uuid4().hex,
        "sheets": [(kind.upper(), places.link(place, "sheet", kind=kind)) for kind in FILES] if shop else [],
        "unchanged": places.link(place, "unchanged") if shop else "",
    }
    return render(request, "desk/uploads.html", context, status=422 if problem else 200)


def received_file(request: HttpRequest) -> tuple[bytes, str]:
    """Bytes and name of the file that a form brought. Raises `UploadProblem`."""
    found = request.FILES.get("file")
    if found is None:
        raise UploadProblem(_("请先选择一个文件"))
    if (found.size or 0) > settings.SHEET_MAX_BYTES:
        raise UploadProblem(
            _("文件超过 %(limit)d MB：请分成几个文件") % {"limit": settings.SHEET_MAX_BYTES // 1_000_000}
        )
    return found.read(), PurePath(found.name or "").name


@signed_in
@require_POST
def unchanged(request: HttpRequest, code: str) -> HttpResponse:
    at = timezone.now()
    pharmacy = access.pharmacy_for(request.user, Action.EDIT_PRICES, code, at=at)
    try:
        nonce = request.POST.get("nonce", "")[:64] or uuid.uuid4().hex
        run = applying.confirm_unchanged(pharmacy, nonce=nonce, by=person(request), at=at)
    except UploadProblem as problem:
        messages.error(request, str(problem))
        return redirect(places.link(pharmacy, "uploads"))
    messages.success(request, _("已确认：本周价格无变化。"))
    return redirect("staff:desk-run", code=pharmacy.code, pk=run.pk)


# -- one upload -------------------------------------------------------------------------------------------------------


@signed_in
@require_safe
def upload(request: HttpRequest, pk: int, **where: Any) -> HttpResponse:
    """The page of an upload; while a worker is at it, its own fragment asks again every second."""
    at = timezone.now()
    place = _place(request, where, at)
    found = _own(place, pk)
    context = _context(request, place, found, at)
    return render(request, "desk/_upload.html" if "HX-Request" in request.headers else "desk/upload.html", context)


def _context(request: HttpRequest, place: Pharmacy | Chain, found: Upload, at: datetime) -> dict[str, Any]:
    state, run = found.state, found.back_run or found.run
    publishing = run is not None and run.state in FeedRun.IN_FLIGHT
    context: dict[str, Any] = {
        "place": place,
        "at": at,
        "upload": found,
        "here": places.link(place, "upload", pk=found.pk),
        "back": places.link(place, "uploads"),
        "working": state in Upload.WORKING or publishing,
        "publishing": publishing,
        "run": run,
        "taken_back": applying.said(found),
        "members_stay": found.counts.get("member") and not members.remembered(found),
        "file": places.link(place, "upload-file", pk=found.pk, kind="xlsx"),
    }
    context |= {
        name: places.link(place, f"upload-{name}", pk=found.pk)
        for name in ("columns", "pair", "apply", "discard", "take-back", "again", "release")
    }
    context = {name.replace("-", "_"): value for name, value in context.items()}
    if state in (Upload.State.COLUMNS, Upload.State.PREVIEWED):
        context["mapped"] = _mapped(place, found)
    if state == Upload.State.PREVIEWED:
        context |= _preview(request, place, found, at)
    elif run is not None and not publishing:
        context |= _outcome(request, place, run, at)
    return context


def _mapped(place: Pharmacy | Chain, found: Upload) -> dict[str, Any]:
    """For each of their columns what it means, and examples of what stands in it."""
    sheet = sheet_rows.examples(found)
    return {
        "columns": [(name, found.mapping.get(name, ""), sheet.get(name, "")) for name in found.columns],
        "ours": [(our, label) for our, label in columns.OURS.items() if our != "pharmacy_code" or _is_chain(place)],
    }


def _is_chain(place: Pharmacy | Chain) -> bool:
    return isinstance(place, Chain)


def _preview(request: HttpRequest, place: Pharmacy | Chain, found: Upload, at: datetime) -> dict[str, Any]:
    tabs = sheet_rows.tabs(found)
    asked = request.GET.get("show", "")
    show = asked if asked in {tab["show"] for tab in tabs} else next((tab["show"] for tab in tabs), "same")
    number = request.GET.get("page")
    line = request.GET.get("line", "")
    said: dict[str, Any] = {
        "summary": sheet_rows.summary(found),
        "nothing_new": not sum(found.counts[name] for name in ("changed", "new", "scheduled", "stock")),
        "tabs": tabs,
        "show": show,
        "may_release": access.may(request.user, Action.PUBLISH_HELD, place, at=at),
        "holds_delta": found.holds.get("delta", []),
        "holds_snapshot": found.holds.get("snapshot", []),
        "may_remove": "snapshot" in found.holds and found.counts["vanishing"],
        "doubtful": found.counts["suspected"] + found.counts["warned"],
        "publishable": sum(found.counts[name] for name in ("same", "changed", "new", "scheduled")),
    }
    if show == "unmatched":
        query = request.GET.get("q", "").strip()[:60]
        of = int(line) if line.isdecimal() else None
        said |= {"page": sheet_rows.pairs(found, number, line=of, query=query), "line": of, "query": query}
    else:
        said["page"] = sheet_rows.page_of(found, show, number)
    return said


def _outcome(request: HttpRequest, place: Pharmacy | Chain, run: FeedRun, at: datetime) -> dict[str, Any]:
    return {
        "held": run.state == FeedRun.State.HELD,
        "may_release": access.may(request.user, Action.PUBLISH_HELD, place, at=at),
        "rejected": places.link(place, "upload-refused", pk=run.uploads.values_list("pk", flat=True).first())
        if run.refused and run.uploads.exists()
        else "",
    }


# -- what a person does with it ---------------------------------------------------------------------------------------


@signed_in
@require_POST
def act(request: HttpRequest, pk: int, verb: str, **where: Any) -> HttpResponse:
    """columns, pair, apply, discard, take-back, again, release: then the page of the upload again."""
    at = timezone.now()
    place = _place(request, where, at, Action.PUBLISH_HELD if verb == "release" else None)
    found = _own(place, pk)
    try:
        found = VERBS[verb](request, place, found, at)
    except applying.PreviewStale as problem:
        messages.warning(request, str(problem))
    except (UploadProblem, columns.ColumnsUnclear, runs.NotHeld) as problem:
        messages.error(request, str(problem))
    return redirect(places.link(place, "upload", pk=found.pk))


def _columns(request: HttpRequest, place: Pharmacy | Chain, found: Upload, at: datetime) -> Upload:
    chosen = {name: request.POST.get(f"column-{index}", "") for index, name in enumerate(found.columns)}
    return uploads.confirm_columns(found, chosen, by=person(request), at=at)


def _pair(request: HttpRequest, place: Pharmacy | Chain, found: Upload, at: datetime) -> Upload:
    decisions = {}
    for name, value in request.POST.items():
        match = re.fullmatch(r"pair-(\d{1,9})", name)
        typed = request.POST.get(f"code-{match[1]}", "") if match else ""
        if match and (code := typed.strip().upper() or str(value).strip()):
            decisions[int(match[1])] = code
    if not decisions:
        raise UploadProblem(_("请为至少一行选好药品"))
    n = uploads.pair(found, decisions.items(), by=person(request), at=at)
    messages.success(request, _("已记住 %(n)d 个配对，以后自动识别。") % {"n": n})
    return found


def _apply(request: HttpRequest, place: Pharmacy | Chain, found: Upload, at: datetime) -> Upload:
    mode = Mode.SNAPSHOT if request.POST.get("mode") == Mode.SNAPSHOT else Mode.DELTA
    applying.apply(
        found,
        mode=mode,
        reason=request.POST.get("reason", ""),
        by=person(request),
        at=at,
        may_release=access.may(request.user, Action.PUBLISH_HELD, place, at=at),
    )
    return found


def _discard(request: HttpRequest, place: Pharmacy | Chain, found: Upload, at: datetime) -> Upload:
    uploads.discard(found, by=person(request), at=at)
    return found


def _take_back(request: HttpRequest, place: Pharmacy | Chain, found: Upload, at: datetime) -> Upload:
    applying.take_back(found, by=person(request), at=at)
    return found


def _again(request: HttpRequest, place: Pharmacy | Chain, found: Upload, at: datetime) -> Upload:
    return uploads.again(found, by=person(request), at=at)


def _release(request: HttpRequest, place: Pharmacy | Chain, found: Upload, at: datetime) -> Upload:
    reason = request.POST.get("reason", "").strip()
    if not reason or found.run is None:
        raise UploadProblem(_("请写明理由"))
    runs.release(found.run.pk, by=person(request), reason=reason, at=at)
    return found


VERBS = {
    "columns": _columns,
    "pair": _pair,
    "apply": _apply,
    "discard": _discard,
    "take-back": _take_back,
    "again": _again,
    "release": _release,
}


# -- files ------------------------------------------------------------------------------------------------------------


@signed_in
@require_safe
def sheet(request: HttpRequest, code: str, kind: str) -> HttpResponse:
    """This shop's prices, to edit and bring back."""
    at = timezone.now()
    pharmacy = access.pharmacy_for(request.user, Action.EDIT_PRICES, code, at=at)
    header, rows = exports.shelf(pharmacy)
    return download(kind, header, rows, f"{pharmacy.name}-{timezone.localdate(at):%Y%m%d}")


@signed_in
@require_safe
def file(request: HttpRequest, pk: int, kind: str, **where: Any) -> HttpResponse:
    """The rows that were not taken, with the reasons."""
    place = _place(request, where, timezone.now())
    found = _own(place, pk)
    if found.counts == {}:
        raise Http404
    header, rows = exports.not_taken(found)
    return download(kind, header, rows, f"{PurePath(found.name).stem}-退回")


@signed_in
@require_safe
def refused(request: HttpRequest, pk: int, **where: Any) -> HttpResponse:
    """The rows that the run itself sent back."""
    place = _place(request, where, timezone.now())
    found = _own(place, pk)
    if found.run is None:
        raise Http404
    response = HttpResponse("\ufeff" + "".join(rejections_csv(found.run, cell=exports.safe)), content_type=FILES["csv"])
    response["Content-Disposition"] = f'attachment; filename="run-{found.run.pk}-rejections.csv"'
    return response


def download(kind: str, header: Any, rows: Any, name: str) -> HttpResponse:
    """A table as a file of that kind. Raises Http404 for another one."""
    if kind not in FILES:
        raise Http404
    data = exports.as_xlsx(header, rows) if kind == "xlsx" else exports.as_csv(header, rows)
    response = HttpResponse(data, content_type=FILES[kind])
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}.{kind}"
    return response
