"""A read edition into the database: rows are known by (section, number, row), so that matches to them survive."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils.translation import gettext as _

from catalog.models import Category, DrugListEntry, Edition, Herb, Listing, ListingMatch, PaymentStandard
from catalog.nrdl.rows import HerbRow, ListingRow
from catalog.nrdl.standards import Standard
from catalog.nrdl.totals import Totals
from pharmacies.files import FileProblem
from pharmacies.importers.bulk import columns_of, copy_in, overwrite
from pharmacies.importers.reading import half_open, valid_range

Key = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class Release:
    """What the operator says about the edition; days are inclusive, `last` None is open."""

    year: int
    first: date
    last: date | None
    document: str  # "" keeps what is stored, or takes `title`
    title: str
    source: str
    sha256: str


class Counts(NamedTuple):
    created: int
    updated: int
    removed: int


# -- the edition ------------------------------------------------------------------------------------------------------


def edition(release: Release, declared: Totals) -> tuple[Edition, bool, list[str]]:
    """The edition of that year, made (still invisible) or brought up to date, and whether that changed anything.

    An open edition of an earlier year ends where this one begins, which is told last. Raises `FileProblem` when another one is in force.
    """
    stored = Edition.objects.filter(year=release.year).order_by("pk").first()
    valid = _valid(release, stored)
    ended = _make_room(release, valid, stored)
    found = stored or Edition(year=release.year, state=Edition.State.LOADING)
    wanted: dict[str, Any] = {
        "document": release.document or found.document or release.title,
        "valid": valid,
        "declared": {**found.declared, **declared},
        "source": release.source,
        "sha256": release.sha256,
    }
    changed = any(getattr(found, name) != value for name, value in wanted.items())
    for name, value in wanted.items():
        setattr(found, name, value)
    if changed:
        found.save()
    return found, changed, ended


def _valid(release: Release, stored: Edition | None) -> DateRange:
    if release.last is not None and release.last < release.first:
        raise FileProblem(_("--effective-to 早于 --effective-from：请改正"))
    if release.last is None and stored is not None and stored.valid.lower == release.first:
        return stored.valid  # an end that a successor has set is not taken back by reading the file again
    return valid_range(release.first, release.last)


def _make_room(release: Release, valid: DateRange, stored: Edition | None) -> list[str]:
    ended: list[str] = []
    others = Edition.objects.filter(state=Edition.State.READY, valid__overlap=valid)
    if stored is not None:
        others = others.exclude(pk=stored.pk)
    for other in others.order_by("valid"):
        before = other.valid.lower is None or other.valid.lower < release.first
        if other.valid.upper is None and before and other.year < release.year:
            Edition.objects.filter(pk=other.pk).update(valid=half_open(other.valid.lower, release.first))
            ended.append(_("%(edition)s到 %(day)s 止") % {"edition": other, "day": release.first - timedelta(days=1)})
            continue
        raise FileProblem(
            _(
                "与已导入的 %(year)d 年版（%(first)s 至 %(last)s）的有效期重叠：请用 --effective-from 和 --effective-to 错开"
            )
            % {
                "year": other.year,
                "first": other.valid.lower or "…",
                "last": other.valid.upper - timedelta(days=1) if other.valid.upper else "…",
            }
        )
    return ended


# -- listings ---------------------------------------------------------------------------------------------------------


def listings(edition: Edition, rows: Iterable[ListingRow]) -> tuple[Counts, list[str]]:
    """Make the edition's listings those of `rows`; notes for the operator beside the counts."""
    stored: dict[Key, Listing] = {(row.section, row.number, row.row): row for row in edition.listings.all()}
    priced = _stored_standards(edition)
    new: list[ListingRow] = []
    changed: list[Listing] = []
    repriced: list[tuple[int, tuple[Standard, ...]]] = []
    renamed: list[int] = []
    touched: set[int] = set()
    for row in rows:
        old = stored.pop(row.key, None)
        if old is None:
            new.append(row)
            continue
        wanted = _fields(row)
        if (old.generic_name, old.dosage_form) != (row.name, row.form):
            renamed.append(old.pk)
        if any(getattr(old, name) != value for name, value in wanted.items()):
            for name, value in wanted.items():
                setattr(old, name, value)
            changed.append(old)
            touched.add(old.pk)
        if priced.get(old.pk, []) != sorted(row.standards, key=_order):
            repriced.append((old.pk, row.standards))
            touched.add(old.pk)
    notes = _remove(stored.values())
    overwrite(Listing, changed)
    PaymentStandard.objects.filter(listing__in=[pk for pk, _standards in repriced]).delete()
    created = Listing.objects.bulk_create(
        [Listing(edition=edition, section=row.section, number=row.number, row=row.row, **_fields(row)) for row in new],
        batch_size=1000,
    )
    repriced += [(listing.pk, row.standards) for listing, row in zip(created, new, strict=True)]
    copy_in(PaymentStandard, columns_of(PaymentStandard), _payment_standards(repriced))
    return Counts(len(new), len(touched), len(stored)), [*notes, *_to_review_again(renamed)]


def _fields(row: ListingRow) -> dict[str, Any]:
    return {
        "page": row.page,
        "category_code": row.category_code,
        "generic_name": row.name,
        "names": list(row.names),
        "dosage_form": row.form,
        "ins_class": row.ins_class,
        "kind": row.kind,
        "restriction": row.restriction,
        "agreement": row.agreement,
    }


def _order(standard: Standard) -> tuple[str, Decimal, bool, str]:
    return standard.spec, standard.amount or Decimal(0), standard.confidential, standard.note


def _stored_standards(edition: Edition) -> dict[int, list[Standard]]:
    found: dict[int, list[Standard]] = {}
    for each in PaymentStandard.objects.filter(listing__edition=edition):
        standard = Standard(each.spec, each.amount, each.confidential, each.note)
        found.setdefault(each.listing_id, []).append(standard)
    return {listing: sorted(standards, key=_order) for listing, standards in found.items()}


def _payment_standards(priced: Iterable[tuple[int, tuple[Standard, ...]]]) -> list[PaymentStandard]:
    return [
        PaymentStandard(
            listing_id=listing,
            spec=standard.spec,
            amount=standard.amount,
            confidential=standard.confidential,
            note=standard.note,
        )
        for listing, standards in priced
        for standard in standards
    ]


def _remove(gone: Iterable[Listing]) -> list[str]:
    """Rows that the file no longer prints; what somebody had decided about them goes too, which is told."""
    keys = [listing.pk for listing in gone]
    named = DrugListEntry.objects.filter(listing__in=keys).select_related("drug_list", "listing").first()
    if named is not None:
        raise FileProblem(
            _("文件不再列出“%(listing)s”，但名单“%(list)s”指向它：请先改正名单")
            % {"listing": named.listing, "list": named.drug_list.document}
        )
    number = ListingMatch.objects.filter(listing__in=keys).exclude(state=ListingMatch.State.CANDIDATE).count()
    Listing.objects.filter(pk__in=keys).delete()
    return [_("%(n)d 个已审核的匹配随文件不再列出的条目移除：请核对文件是否完整") % {"n": number}] if number else []


def _to_review_again(listings: list[int]) -> list[str]:
    """A row that now says another name or form is not what somebody has accepted: its matches wait for a person."""
    decided = ListingMatch.objects.filter(listing__in=listings).exclude(state=ListingMatch.State.CANDIDATE)
    number = decided.update(state=ListingMatch.State.CANDIDATE, note="目录条目的名称或剂型已改，请重新审核")
    return [_("%(n)d 个已审核的匹配因条目名称或剂型改变而退回待核") % {"n": number}] if number else []


# -- beside the listings ----------------------------------------------------------------------------------------------


def herbs(edition: Edition, rows: Iterable[HerbRow]) -> Counts:
    stored = {herb.number: herb for herb in edition.herbs.all()}
    new: list[Herb] = []
    changed: list[Herb] = []
    for row in rows:
        wanted = {"name": row.name, "not_alone": row.not_alone, "restriction": row.restriction}
        old = stored.pop(row.number, None)
        if old is None:
            new.append(Herb(edition=edition, number=row.number, **wanted))
        elif any(getattr(old, name) != value for name, value in wanted.items()):
            for name, value in wanted.items():
                setattr(old, name, value)
            changed.append(old)
    Herb.objects.filter(pk__in=[herb.pk for herb in stored.values()]).delete()
    overwrite(Herb, changed)
    copy_in(Herb, columns_of(Herb), new)
    return Counts(len(new), len(changed), len(stored))


def categories(edition: Edition, names: Mapping[str, str], *, every: bool) -> None:
    """The categories named; those that are not are removed only when the file names every one."""
    stored = {category.code: category for category in edition.categories.all()}
    new = [Category(edition=edition, code=code, name=name) for code, name in names.items() if code not in stored]
    changed = [category for code, category in stored.items() if names.get(code, category.name) != category.name]
    for category in changed:
        category.name = names[category.code]
    if every:
        edition.categories.exclude(code__in=names).delete()
    overwrite(Category, changed)
    copy_in(Category, columns_of(Category), new)
