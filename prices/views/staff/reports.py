"""Citizens' reports and officials' questions about this pharmacy: read, answered, with documents."""

from django.contrib import messages
from django.core.files.storage import default_storage
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from catalog.models import Drug
from pharmacies import access
from pharmacies.access import Action
from pharmacies.models import Pharmacy
from prices.desk import inquiries
from prices.desk.inquiries import Document
from prices.models import Inquiry, InquiryReply
from prices.views.staff import sessions, signed_in

A_PAGE = 30


@signed_in
@require_safe
def reports(request: HttpRequest, code: str) -> HttpResponse:
    at = timezone.now()
    pharmacy = access.pharmacy_for(sessions.person(request), Action.SEE, code, at=at)
    found = Inquiry.objects.filter(pharmacy=pharmacy).order_by("-opened_at", "-pk")
    page = Paginator(found, A_PAGE).get_page(request.GET.get("page"))
    return render(request, "desk/reports.html", {"place": pharmacy, "at": at, "page": page})


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest, code: str, pk: int) -> HttpResponse:
    at = timezone.now()
    person = sessions.person(request)
    action = Action.REPLY if request.method == "POST" else Action.SEE
    pharmacy = access.pharmacy_for(person, action, code, at=at)
    inquiry = _own(pharmacy, pk)
    context = {
        "place": pharmacy,
        "at": at,
        "inquiry": inquiry,
        "drug": Drug.objects.select_related("preparation").filter(pk=inquiry.drug_id or 0).first(),
        "replies": inquiry.replies.select_related("by").order_by("pk"),
        "may_reply": access.may(person, Action.REPLY, pharmacy, at=at) and inquiry.state != Inquiry.State.CLOSED,
    }
    if request.method != "POST":
        return render(request, "desk/report.html", context)
    sent = request.FILES.get("document")
    document = None
    text = request.POST.get("text", "")
    try:
        if sent is not None:
            if (sent.size or 0) > inquiries.LARGEST:
                raise inquiries.ReplyProblem(_("文件应为 5 MB 以内的 PDF、PNG 或 JPEG"))
            document = Document(sent.name or "document", sent.read())
        inquiries.reply(inquiry, text=text, document=document, by=person, at=at)
    except inquiries.ReplyProblem as problem:
        return render(request, "desk/report.html", context | {"problem": str(problem), "text": text}, status=422)
    messages.success(request, _("已回复"))
    return redirect("staff:desk-report", code=pharmacy.code, pk=inquiry.pk)


def _own(pharmacy: Pharmacy, pk: int) -> Inquiry:
    found = Inquiry.objects.select_related("pharmacy").filter(pharmacy=pharmacy, pk=pk).first()
    if found is None:
        raise Http404
    return found


@signed_in
@require_safe
def document(request: HttpRequest, code: str, pk: int, reply: int) -> HttpResponseBase:
    """A document that was sent with an answer: always to be saved, never shown by the browser."""
    pharmacy = access.pharmacy_for(sessions.person(request), Action.SEE, code, at=timezone.now())
    row = InquiryReply.objects.filter(inquiry=_own(pharmacy, pk), pk=reply).exclude(stored="").first()
    if row is None or not default_storage.exists(row.stored):
        raise Http404
    with default_storage.open(row.stored) as file:
        data = file.read()
    answer = HttpResponse(data, content_type=inquiries.type_of(data) or "application/octet-stream")
    answer["Content-Disposition"] = content_disposition_header(True, row.document) or "attachment"
    return answer
