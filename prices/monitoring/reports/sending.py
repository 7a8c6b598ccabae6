"""A citizen tells something about a shop: looked at, counted, stored, put with others that say the same."""

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.models import Drug
from pharmacies.models import Pharmacy
from prices.models import Offer, Report, ReportGroup
from prices.money import MoneyError, fen_of
from prices.monitoring import written
from prices.monitoring.reports import codes, limits, observed, photos
from prices.monitoring.reports.photos import PhotoProblem

Kind = ReportGroup.Kind
LONGEST = 500
SAME_FOR = timedelta(days=7)
"""Two reports of one thing stand together when no more time lies between them."""
WRONG_PRICE = {
    "price_missing": gettext_lazy("请写您看到的价格，例如 12.60"),
    "price_unreadable": gettext_lazy("请只写数字，例如 12.60"),
    "price_not_positive": gettext_lazy("价格要大于 0，例如 12.60"),
    "price_decimals": gettext_lazy("最多写两位小数，例如 12.60"),
    "price_too_large": gettext_lazy("这个价格太大了，请核对，例如 12.60"),
}
"""What `prices.money` refuses, said to who stands in the shop."""
_PHONE = re.compile(r"(?<!\d)(1[3-9]\d)\d{4}(\d{4})(?!\d)")
_IDENTITY = re.compile(r"(?<!\d)(\d{6})\d{8}(\d{3}[\dXx])(?!\d)")


@dataclass(frozen=True, slots=True)
class Draft:
    """What the form says: `price` as it was typed, `photo` as it was sent, `mark` the form's own (codes.fresh_mark)."""

    kind: Kind
    mark: str
    drug: Drug | None = None
    price: str = ""
    text: str = ""
    photo: bytes = b""


class ReportProblem(ValueError):
    """It cannot be sent so. `fields` says for each field (price, text, photo) what to change."""

    def __init__(self, fields: dict[str, str]) -> None:
        super().__init__(" ".join(fields.values()))
        self.fields = fields


def send(pharmacy: Pharmacy, draft: Draft, *, address: str, at: datetime) -> str:
    """Take the report and return its code; the same form with the same words is the same report. Nothing is kept that
    says who sent it: of `address` only how much came from there today. Raises `ReportProblem`, `limits.TooMany`."""
    text = cleaned(draft.text)
    fen = _judged(pharmacy, draft, text)
    code = codes.code_of(draft.mark, _content(pharmacy, draft, fen, text))
    if _is_known(code):
        return code
    limits.take(address, at=at)
    try:
        jpeg = photos.plain(draft.photo) if draft.photo else b""
    except PhotoProblem as problem:
        raise ReportProblem({"photo": str(problem)}) from problem
    with transaction.atomic():
        _one_at_a_time(pharmacy)
        if _is_known(code):  # the other click of a double click was faster
            return code
        group = _group(pharmacy, draft, fen, at)
        stored = photos.keep(group, jpeg) if jpeg else ""
        Report.objects.create(group=group, at=at, text=text, photo=stored, code_digest=codes.digest_of(code))
        if draft.drug is not None and fen is not None:
            observed.observe(pharmacy_id=pharmacy.pk, drug_id=draft.drug.pk, fen=fen, at=at)
    return code


def cleaned(text: str) -> str:
    """What somebody wrote, without what cannot be read and without numbers that name a person."""
    return _PHONE.sub(r"\1****\2", _IDENTITY.sub(r"\1********\2", written.plain(text)))


def _judged(pharmacy: Pharmacy, draft: Draft, text: str) -> int | None:
    """The price in 分 of a report about a price. Raises `ReportProblem` with all that is wrong at once."""
    problems, fen = {}, None
    if len(text) > LONGEST:
        problems["text"] = _("最多写 %(n)d 个字") % {"n": LONGEST}
    if draft.kind == Kind.PRICE:
        try:
            fen = fen_of(draft.price)
        except MoneyError as problem:
            problems["price"] = str(WRONG_PRICE[problem.reason])
        if fen and not text and _is_declared(pharmacy, draft.drug, fen):
            problems["price"] = _("这和药店申报的价一样。如果结账时收得更多，请在下面写收了多少")
        if draft.drug is None and not text:
            problems["text"] = _("请写是哪种药：药名、规格和厂家")
    elif draft.kind == Kind.HOURS and not text:
        problems["text"] = _("请写实际的营业时间，例如：周一至周日 8:00 到 21:00")
    elif draft.kind == Kind.PLACE and not text:
        problems["text"] = _("请写药店实际在哪里，例如：在马路对面，中山路 12 号")
    if problems:
        raise ReportProblem(problems)
    return fen


def _is_declared(pharmacy: Pharmacy, drug: Drug | None, fen: int) -> bool:
    key = {"drug_id": drug.pk if drug else 0, "pharmacy_id": pharmacy.pk}
    return Offer.objects.filter(**key, price_fen=fen, state=Offer.State.LIVE).exists()


def _content(pharmacy: Pharmacy, draft: Draft, fen: int | None, text: str) -> bytes:
    drug = draft.drug.pk if draft.drug else None
    photo = hashlib.sha256(draft.photo).hexdigest() if draft.photo else ""
    return json.dumps([pharmacy.pk, draft.kind, drug, fen, text, photo]).encode()


def _is_known(code: str) -> bool:
    return Report.objects.filter(code_digest__in=codes.digests_of(code)).exists()


def _one_at_a_time(pharmacy: Pharmacy) -> None:
    """Reports about one shop follow each other until the transaction ends; its row stays free for publishing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"report:{pharmacy.pk}"])


def _group(pharmacy: Pharmacy, draft: Draft, fen: int | None, at: datetime) -> ReportGroup:
    """The group that says the same and was spoken of lately, or a new one. A price of a product that is named in words
    only stands alone."""
    same = {"pharmacy": pharmacy, "kind": draft.kind, "drug_id": draft.drug.pk if draft.drug else None}
    same |= {"price_fen": fen}
    if draft.drug is not None or draft.kind != Kind.PRICE:
        recent = ReportGroup.objects.growing().filter(**same, last_at__gt=at - SAME_FOR)
        known: ReportGroup | None = recent.order_by("-pk").first()
        if known is not None:
            known.last_at = max(known.last_at, at)
            known.save(update_fields=["last_at"])
            return known
    made: ReportGroup = ReportGroup.objects.create(**same, first_at=at, last_at=at)
    return made
