"""Head office: the chain at a glance, one price for many shops, the shops and their numbers."""

import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalog import search
from catalog.models import Drug
from pharmacies import access, stores
from pharmacies.access import Action
from pharmacies.files import FileProblem
from pharmacies.models import Chain, Pharmacy
from prices.desk import chains
from prices.desk.sheets import reading
from prices.models import FeedRun, ScheduledPrice
from prices.money import yuan
from prices.views.staff import runs, signed_in
from prices.views.staff.sessions import person
from prices.views.staff.uploads import download, received_file

LATE = timedelta(days=7)
A_PAGE, FOUND = 100, 20
STATUS = {"refused": 422, "warned": 422, "unchanged": 200}
STORE_COLUMNS = ("定点代码", "门店编号", "名称", "地址")


def own_shops(request: HttpRequest, chain: Chain, action: Action, at: datetime) -> list[Pharmacy]:
    """The chain's shops in which this person may do that; a sub-account's are those of its region."""
    found = access.pharmacies(request.user, action, at=at).filter(chain=chain)
    # Points and hours take longer to read than all the rest, and nobody asks for them here; shops share their divisions.
    return list(found.defer("location", "open_minutes").prefetch_related("division").order_by("name", "code"))


@signed_in
@require_safe
def home(request: HttpRequest, chain: int) -> HttpResponse:
    at = timezone.now()
    place = access.chain_for(request.user, Action.SEE, chain, at=at)
    shops = own_shops(request, place, Action.SEE, at)
    groups = list(chains.announced(place)[:FOUND])
    drugs = Drug.objects.select_related("preparation").in_bulk([group["drug_id"] for group in groups])
    context = {
        "place": place,
        "at": at,
        "shops": len(shops),
        "late": len(_late(shops, at)),
        "announced": [(drugs[group["drug_id"]], group, yuan(group["price_fen"])) for group in groups],
        "runs": runs.named(FeedRun.objects.filter(feed__chain=place).select_related("feed").order_by("-pk")[:10]),
        "may_edit": _may_edit(request, place, at),
        "may_upload": access.may(request.user, Action.EDIT_CHAIN, place, at=at),
    }
    return render(request, "chain/home.html", context)


def _said(sent: QueryDict, name: str, most: int) -> str:
    """What was typed: trimmed, cut, without the character that no database takes."""
    return _known(sent.get(name, "")).strip()[:most]


def _known(text: str) -> str:
    return text.replace("\x00", "")


def _late(shops: list[Pharmacy], at: datetime) -> list[int]:
    """Those (by key) that no feed has spoken for in a week."""
    heard = chains.last_heard(shops)
    return [shop.pk for shop in shops if heard.get(shop.pk, at - LATE * 2) < at - LATE]


def _may_edit(request: HttpRequest, chain: Chain, at: datetime) -> bool:
    return access.pharmacies(request.user, Action.EDIT_PRICES, at=at).filter(chain=chain).exists()


# -- one price for many shops -----------------------------------------------------------------------------------------


@signed_in
@require_safe
def prices(request: HttpRequest, chain: int) -> HttpResponse:
    """Which product? Without a question: those that the shops, or those of a region, do not price alike."""
    at = timezone.now()
    place = access.chain_for(request.user, Action.SEE, chain, at=at)
    query, region = _said(request.GET, "q", 60), _said(request.GET, "region", 12)
    context: dict[str, Any] = {"place": place, "at": at, "query": query, "region": region}
    if query:
        context["found"] = search.drugs(query, limit=FOUND)
    else:
        own = own_shops(request, place, Action.SEE, at)
        context |= {"regions": chains.regions(own)} | _differing(place, own, region)
    return render(request, "chain/prices.html", context)


def _differing(place: Chain, own: list[Pharmacy], region: str) -> dict[str, Any]:
    try:
        picked = chains.chosen(place, own, chains.Order(price="", region=region))
    except chains.NotUnderstood:
        return {"differing": []}
    if not chains.comparable(picked):
        return {"too_many": len(picked)}
    rows = chains.differing(picked, limit=A_PAGE)
    return {"differing": [(row, yuan(row.low), yuan(row.usual), yuan(row.high)) for row in rows]}


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def price(request: HttpRequest, chain: int, drug: str) -> HttpResponse:
    """One product in all shops: who differs; and one price for all, a group, or some, now or at midnight."""
    at = timezone.now()
    place = access.chain_for(request.user, Action.SEE, chain, at=at)
    product = get_object_or_404(Drug.objects.select_related("preparation"), code=_known(drug))
    order, outcome = chains.Order(price=""), None
    if request.method == "POST":
        shops = own_shops(request, place, Action.EDIT_PRICES, at)
        if not shops:
            raise PermissionDenied
        order, nonce = _order(request), request.POST.get("nonce", "")[:64] or uuid.uuid4().hex
        outcome = chains.order_price(place, shops, product, order, nonce=nonce, by=person(request), at=at)
        if outcome.state in ("received", "announced"):
            return _done(request, place, product, outcome)
    return _shown(request, place, product, order, outcome, at)


def _order(request: HttpRequest) -> chains.Order:
    sent = request.POST
    return chains.Order(
        price=sent.get("price", "")[:40],
        region=_said(sent, "region", 12),
        names=_said(sent, "names", 100_000),
        missing=sent.get("missing") == "on",
        on=sent.get("on", "")[:10] if sent.get("when") == "later" else "",
        reason=sent.get("reason", ""),
    )


def _done(request: HttpRequest, chain: Chain, drug: Drug, outcome: chains.Outcome) -> HttpResponse:
    said = {"n": outcome.shops}
    if outcome.state == "announced":
        messages.success(request, _("已定时：%(n)d 家门店到时自动改价。") % said)
    else:
        messages.success(request, _("已提交：%(n)d 家门店的价格马上公示。") % said)
    run = f"?run={outcome.run.pk}" if outcome.run else ""
    address = redirect("staff:chain-price", chain=chain.pk, drug=drug.code)
    address["Location"] += run
    return address


def _shown(
    request: HttpRequest,
    place: Chain,
    drug: Drug,
    order: chains.Order,
    outcome: chains.Outcome | None,
    at: datetime,
) -> HttpResponse:
    shops = own_shops(request, place, Action.SEE, at)
    seen = chains.overview(place, shops, drug)
    rows = [row for row in seen.rows if row.differs] if request.GET.get("only") == "differs" else seen.rows
    waiting = list(chains.announced(place).filter(drug_id=drug.pk))
    number = request.GET.get("run", "")
    run = FeedRun.objects.filter(feed__chain=place, pk=int(number)).first() if _is_key(number) else None
    context = {
        "place": place,
        "at": at,
        "drug": drug,
        "seen": seen,
        "usual": None if seen.usual is None else yuan(seen.usual),
        "page": Paginator([(row, yuan(row.value.fen) if row.value else "") for row in rows], A_PAGE).get_page(
            request.GET.get("page")
        ),
        "only": request.GET.get("only", ""),
        "order": order,
        "outcome": outcome,
        "nonce": uuid.uuid4().hex,
        "regions": chains.regions(shops),
        "announced": [(group, yuan(group["price_fen"])) for group in waiting],
        "tomorrow": timezone.localdate(at) + timedelta(days=1),
        "furthest": timezone.localdate(at) + timedelta(days=chains.FURTHEST),
        "may_edit": _may_edit(request, place, at),
        "run": run,
        "publishing": run is not None and run.state in FeedRun.IN_FLIGHT,
        "later": run is not None and ScheduledPrice.objects.filter(run_id=run.pk).exists(),
    }
    if "HX-Request" in request.headers:
        return render(request, "chain/_run.html", context)
    return render(request, "chain/price.html", context, status=STATUS[outcome.state] if outcome else 200)


def _is_key(text: str) -> bool:
    return text.isdecimal() and len(text) < 10


@signed_in
@require_POST
def withdraw(request: HttpRequest, chain: int, drug: str) -> HttpResponse:
    """An announced price is taken back, in the shops that are this person's."""
    at = timezone.now()
    place = access.chain_for(request.user, Action.SEE, chain, at=at)
    shops = own_shops(request, place, Action.EDIT_PRICES, at)
    if not shops:
        raise PermissionDenied
    product = get_object_or_404(Drug, code=_known(drug))
    moment = parse_datetime(request.POST.get("from", ""))
    n = chains.withdraw(place, shops, product, moment, by=person(request), at=at) if moment else 0
    messages.success(request, _("已取消 %(n)d 家门店的定时调价。") % {"n": n})
    return redirect("staff:chain-price", chain=place.pk, drug=product.code)


# -- the shops and their numbers --------------------------------------------------------------------------------------


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def shops(request: HttpRequest, chain: int) -> HttpResponse:
    at = timezone.now()
    place = access.chain_for(request.user, Action.EDIT_CHAIN if request.method == "POST" else Action.SEE, chain, at=at)
    problems: list[str] = []
    if request.method == "POST":
        problems = _renumbered(request, place, at)
        if not problems:
            return redirect("staff:chain-shops", chain=place.pk)
    query, only_late = _said(request.GET, "q", 60), request.GET.get("only") == "late"
    found = access.pharmacies(request.user, Action.SEE, at=at).filter(chain=place).select_related("division")
    if only_late:
        found = found.filter(pk__in=_late(list(found), at))
    if query:
        named = Q(name__icontains=query) | Q(code__startswith=query.upper()) | Q(aliases__store_no=query)
        found = found.filter(named | Q(initials__startswith=query.lower())).distinct()
    page = Paginator(found.order_by("name", "code"), A_PAGE).get_page(request.GET.get("page"))
    heard, numbers = chains.last_heard(list(page)), stores.numbers(place)
    context = {
        "place": place,
        "at": at,
        "page": page,
        "query": query,
        "only_late": only_late,
        "problems": problems[:20],
        "rows": [(shop, numbers.get(shop.pk, []), heard.get(shop.pk)) for shop in page],
        "late": at - LATE,
        "may_edit": access.may(request.user, Action.EDIT_CHAIN, place, at=at),
    }
    return render(request, "chain/shops.html", context, status=422 if problems else 200)


def _renumbered(request: HttpRequest, chain: Chain, at: datetime) -> list[str]:
    """Take the store numbers of an uploaded sheet; what is wrong with it."""
    try:
        data, _name = received_file(request)
        done = stores.renumber(chain, _store_rows(data), by=person(request), at=at)
    except stores.StoresProblem as problem:
        return problem.problems
    except (FileProblem, ValueError) as problem:
        return [str(problem)]
    messages.success(
        request,
        _("门店编号：%(changed)d 家已更新，%(same)d 家不变。") % {"changed": done.changed, "same": done.unchanged},
    )
    return []


def _store_rows(data: bytes) -> Iterator[tuple[int, str, str]]:
    table = reading.read(data)
    missing = [name for name in STORE_COLUMNS[:2] if name not in table.columns]
    if missing:
        raise FileProblem(_("缺少列 %(missing)s：请用这里下载的表格") % {"missing": "、".join(missing)})
    return iter(table.rows.select(reading.LINE, *STORE_COLUMNS[:2]).rows())


@signed_in
@require_safe
def store_sheet(request: HttpRequest, chain: int, kind: str) -> HttpResponse:
    """The shops with their numbers, to edit and bring back."""
    at = timezone.now()
    place = access.chain_for(request.user, Action.EDIT_CHAIN, chain, at=at)
    numbers = stores.numbers(place)
    rows: list[Sequence[object]] = [
        (shop.code, number, shop.name, shop.address)
        for shop in own_shops(request, place, Action.SEE, at)
        for number in numbers.get(shop.pk, [""])
    ]
    if kind not in ("xlsx", "csv"):
        raise Http404
    return download(kind, STORE_COLUMNS, rows, f"{place.name}-门店编号")
