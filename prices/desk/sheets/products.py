"""Which product is a row about? By code, barcode, or approval number + spec + maker; what is not certain waits for a
person, whose decision is remembered.

All clues that a row gives must agree. A person's earlier decision about exactly this row of the till comes first.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone
from django.utils.translation import gettext_lazy as _lazy

from catalog import search
from catalog.codes import clean_approval_no
from catalog.models import Alias, Drug
from catalog.names import COMPANY_ENDINGS, plain
from catalog.specs import fill_of, format_spec, normal_text, parse_spec, strength_of
from pharmacies import audit
from pharmacies.codes import CodeError, normal_code
from pharmacies.models import Chain, Pharmacy, User
from prices.models import Feed

CLUES = ("drug_code", "their_code", "barcode", "approval_no", "name", "spec", "maker")
MANGLED = re.compile(r"\d(\.\d+)?E\+\d+")


@dataclass(frozen=True, slots=True)
class Clues:
    """What a row says about its product, as typed."""

    drug_code: str = ""
    their_code: str = ""
    barcode: str = ""
    approval_no: str = ""
    name: str = ""
    spec: str = ""
    maker: str = ""

    @property
    def key(self) -> str:
        """What a person's decision about this row is remembered by: any other clue makes it another question."""
        said = "|".join(getattr(self, clue) for clue in CLUES)
        readable = self.their_code or self.drug_code or self.barcode or self.approval_no or self.name
        return f"{readable[:40]}#{hashlib.sha256(said.encode()).hexdigest()[:12]}"


@dataclass(frozen=True, slots=True)
class Match:
    """`drug_id` when all clues agree; else why not (`REASONS`)."""

    drug_id: int | None
    reason: str = ""


REASONS = {
    "nothing_said": _lazy("这一行没有写是哪种药"),
    "mangled": _lazy("编码被表格软件改成了科学计数，后几位已丢失"),
    "not_found": _lazy("产品库里查不到"),
    "name_only": _lazy("没有医保编码、条码或批准文号，只凭品名不能确定"),
    "several": _lazy("像是几种药中的一种"),
    "disagree": _lazy("编码、条码和批准文号指的不是同一种药"),
}


ADVICE = {
    "nothing_said": _lazy("填上医保编码、条码或批准文号"),
    "mangled": _lazy("把该列设为“文本”后从收银软件重新导出"),
    "not_found": _lazy("核对编码；是本店自己的写法，请配对一次，以后自动识别"),
    "name_only": _lazy("请配对一次，以后自动识别"),
    "several": _lazy("请配对一次，以后自动识别"),
    "disagree": _lazy("核对医保编码和条码；都没错，请配对一次"),
}


def match(feed: Feed, rows: Sequence[Clues], *, on: date) -> dict[Clues, Match]:
    """The product of each different row, as the desk feed `feed` means it on that day."""
    distinct = list(dict.fromkeys(rows))
    known = _Known.of(feed, distinct, on)
    return {clues: known.judge(clues) for clues in distinct}


@dataclass(frozen=True, slots=True)
class _Product:
    id: int
    pack_count: int
    unit: str
    strength: str
    maker: str


class _Known:
    """The part of the catalogue that the rows of one sheet can mean."""

    def __init__(self) -> None:
        self.settled: dict[str, int] = {}
        self.theirs: dict[str, set[int]] = defaultdict(set)
        self.by: dict[str, dict[str, dict[int, _Product]]] = {
            field: defaultdict(dict) for field in ("code", "barcode", "approval_no")
        }

    @classmethod
    def of(cls, feed: Feed, rows: Sequence[Clues], on: date) -> "_Known":
        known = cls()
        settled = Alias.objects.valid(on).filter(source=feed.slug, their_code__contains="#")
        known.settled = dict(settled.values_list("their_code", "drug_id"))
        own = {clues.their_code for clues in rows if clues.their_code}
        for their_code, drug_id in _aliases(_feeds_beside(feed), own, on):
            known.theirs[their_code].add(drug_id)
        known._load("code", {normal_code(clues.drug_code) for clues in rows})
        known._load("barcode", {normal_code(clues.barcode) for clues in rows})
        known._load("approval_no", {_approval(clues.approval_no) for clues in rows})
        return known

    def _load(self, field: str, values: set[str]) -> None:
        columns = ("pk", "pack_count", "unit", "preparation__strength", "manufacturer", field)
        found = Drug.objects.filter(**{f"{field}__any_of": values - {""}})
        for *product, value in found.values_list(*columns):
            self.by[field][value][product[0]] = _Product(*product)

    def judge(self, clues: Clues) -> Match:
        if self.settled and (drug_id := self.settled.get(clues.key)) is not None:
            return Match(drug_id)
        if not any(getattr(clues, clue) for clue in CLUES[:5]):
            return Match(None, "nothing_said")
        said = [found for found in self._said(clues) if found]
        if not said:
            if not (clues.drug_code or clues.barcode or clues.approval_no):
                return Match(None, "name_only")
            mangled = any(MANGLED.fullmatch(normal_code(code)) for code in (clues.drug_code, clues.barcode))
            return Match(None, "mangled" if mangled else "not_found")
        agreed = set.intersection(*said)
        if not agreed:
            return Match(None, "disagree")
        return Match(next(iter(agreed))) if len(agreed) == 1 else Match(None, "several")

    def _said(self, clues: Clues) -> Iterable[set[int]]:
        """The products that each clue given allows; empty for one that says nothing we know."""
        if clues.drug_code:
            yield set(self.by["code"].get(normal_code(clues.drug_code), ()))
        if clues.their_code:
            own = self.theirs.get(clues.their_code)
            yield own or set(self.by["code"].get(normal_code(clues.their_code), ()))
        if clues.barcode:
            yield set(self.by["barcode"].get(normal_code(clues.barcode), ()))
        if clues.approval_no:
            licensed = self.by["approval_no"].get(_approval(clues.approval_no), {})
            yield {product.id for product in licensed.values() if _fits(product, clues)}


def _fits(product: _Product, clues: Clues) -> bool:
    """An approval number names one maker and one strength; the pack is for the spec to say."""
    if clues.maker and not _same_maker(clues.maker, product.maker):
        return False
    spec = parse_spec(clues.spec)
    if spec is None:
        return normal_text(clues.spec) == normal_text(format_spec(product.strength, product.pack_count, product.unit))
    strength = strength_of(product.strength) or fill_of(product.strength)
    return spec.count == product.pack_count and (strength is None or str(strength) == str(spec.strength))


def _same_maker(a: str, b: str) -> bool:
    a, b = _maker(a), _maker(b)
    return a in b or b in a


def _maker(name: str) -> str:
    name = plain(name)
    for ending in COMPANY_ENDINGS:
        name = name.removesuffix(ending)
    return name


def _approval(text: str) -> str:
    try:
        return clean_approval_no(text if "国药准字" in text else f"国药准字{text.strip()}") if text else ""
    except CodeError:
        return ""


def _feeds_beside(feed: Feed) -> list[str]:
    """The feeds that speak for the same shop or chain, whose till codes have been settled for them already."""
    if feed.chain_id is not None:
        return list(Feed.objects.filter(chain=feed.chain_id).values_list("slug", flat=True))
    shop = feed.pharmacies.values_list("pk", "chain_id").first()
    if shop is None:
        return [feed.slug]
    pk, chain = shop
    own = Feed.objects.filter(scope=Feed.Scope.PHARMACIES, pharmacies=pk).values_list("slug", flat=True)
    theirs = Feed.objects.filter(chain__isnull=False, chain=chain).values_list("slug", flat=True)
    return [*own, *theirs]


def _aliases(sources: list[str], codes: set[str], on: date) -> Iterable[tuple[str, int]]:
    found = Alias.objects.valid(on).filter(source__in=sources, their_code__any_of=codes)
    return found.values_list("their_code", "drug_id")  # type: ignore[no-any-return]  # django-stubs loses the manager's type


def remember(feed: Feed, clues: Clues, drug: Drug, *, place: Pharmacy | Chain, by: User, at: datetime) -> None:
    """A person says which product this row of the till is; it is so from now on, in every sheet of this desk."""
    today = timezone.localdate(at)
    with transaction.atomic():
        before = Alias.objects.valid(today).filter(source=feed.slug, their_code=clues.key).first()
        if before is not None:
            _end(before, today)
        Alias.objects.create(
            source=feed.slug,
            their_code=clues.key,
            drug=drug,
            reviewed_by=by.get_username(),
            valid=DateRange(today, None),
        )
        audit.record(
            at=at,
            by=by,
            action="sheet.match",
            subject="prices.Feed",
            subject_id=feed.slug,
            place=place,
            before={"drug": before.drug.code} if before else None,
            after={"row": {clue: getattr(clues, clue) for clue in CLUES if getattr(clues, clue)}, "drug": drug.code},
        )


def _end(alias: Alias, today: date) -> None:
    if alias.valid.lower is not None and alias.valid.lower >= today:
        alias.delete()
    else:
        Alias.objects.filter(pk=alias.pk).update(valid=DateRange(alias.valid.lower, today))


def likely(clues: Clues, found: Sequence[Drug]) -> Drug | None:
    """The one of `found` whose name, spec and maker are what the row says, for a person to look at first; None where
    there is none or more than one."""
    alike = [drug for drug in found if _says(drug, clues)]
    return alike[0] if len(alike) == 1 else None


def _says(drug: Drug, clues: Clues) -> bool:
    kind = drug.preparation
    named = plain(clues.name) in {plain(kind.generic_name), plain(drug.trade_name)} - {""}
    made = bool(clues.maker) and _maker(clues.maker) == _maker(drug.manufacturer)
    product = _Product(drug.pk, drug.pack_count, drug.unit, kind.strength, drug.manufacturer)
    return named and made and parse_spec(clues.spec) is not None and _fits(product, clues)


def candidates(clues: Clues, *, limit: int = 6) -> list[Drug]:
    """Products the row may mean, likeliest first: by what it says of codes, then by its name and spec."""
    found: dict[int, Drug] = {}
    wanted: dict[str, Any] = {
        "code": normal_code(clues.drug_code),
        "barcode": normal_code(clues.barcode),
        "approval_no": _approval(clues.approval_no),
    }
    for field, value in wanted.items():
        if value:
            for drug in Drug.objects.select_related("preparation").filter(**{field: value}).order_by("code")[:limit]:
                found.setdefault(drug.pk, drug)
    for asked in (f"{clues.name} {clues.spec} {clues.maker}", f"{clues.name} {clues.spec}", clues.name):
        if len(found) < limit and clues.name:
            for drug in search.drugs(asked.strip(), limit=limit):
                found.setdefault(drug.pk, drug)
    return list(found.values())[:limit]
