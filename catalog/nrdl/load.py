"""Import one edition: read strictly, count, and only then let it be seen."""

import hashlib
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import NamedTuple

from django.utils.translation import gettext as _

from catalog.models import Edition
from catalog.nrdl import layout, pdf, store, totals
from catalog.nrdl.rows import (
    CODE,
    HERB_COLUMNS,
    NEGOTIATED,
    OPTIONAL,
    REQUIRED,
    HerbRow,
    ListingRow,
    categories_of,
    joined,
    read_herbs,
    read_listings,
)
from catalog.nrdl.standards import Footnote
from pharmacies.files import FileProblem, Row, RowProblem, read_table
from pharmacies.importers.outcome import Outcome, Progress, audit, importing, quiet, refusal
from pharmacies.models import User

MAX_DOCUMENT = 120
FIRST_YEAR, LAST_YEAR = 2000, 2199  # the first national list is of 2000
TITLE = "国家基本医疗保险、工伤保险和生育保险药品目录（%d年）"


@dataclass(frozen=True, slots=True)
class Order:
    """What the command asks for. Days are inclusive; `document` "" is the one stored or known; `totals` as typed."""

    year: int
    first: date
    last: date | None = None
    document: str = ""
    source: str = ""  # name of the file
    herbs: bytes | None = None
    categories: bytes | None = None
    totals: str = ""


class Sheets(NamedTuple):
    """A file's rows before they have a meaning, and what the file or the operator declares about them."""

    rows: tuple[Row, ...]
    herbs: tuple[Row, ...] | None
    categories: dict[str, str]
    every_category: bool
    declared: totals.Totals
    footnotes: dict[str, Footnote]
    problems: tuple[RowProblem, ...] = ()
    notes: tuple[str, ...] = ()


def load(
    *, data: bytes, order: Order, at: datetime, by: User | str, dry_run: bool = False, progress: Progress = quiet
) -> Outcome:
    """Import an edition from its PDF or reviewed CSV; all or nothing. Raises `FileProblem`.

    Nothing is written before every total agrees; the edition is visible from the end of the transaction.
    """
    if len(order.document) > MAX_DOCUMENT:
        raise FileProblem(_("--document 最多 %(n)d 个字：请缩短") % {"n": MAX_DOCUMENT})
    if not FIRST_YEAR <= order.year <= LAST_YEAR:
        raise FileProblem(_("--year %(year)d 不是年版：请写成 2024 的样子") % {"year": order.year})
    sheets = _from_pdf(data, order, progress) if pdf.is_pdf(data) else _from_csv(data, order)
    rows, problems = read_listings(sheets.rows, sheets.footnotes)
    herbs, herb_problems = read_herbs(sheets.herbs or ())
    count = len(sheets.rows) + len(sheets.herbs or ())
    if problems := [*sheets.problems, *problems] or [_of_herbs(problem) for problem in herb_problems]:
        return refusal(count, problems, sheets.notes)
    totals.compare(sheets.declared, totals.count(rows, herbs), rows)
    doubts = _doubts(rows, order, strict=pdf.is_pdf(data))
    with importing(dry_run=dry_run):
        outcome = _write(order, sheets, rows, herbs, hashlib.sha256(data).hexdigest(), at=at, by=by)
        progress(_("写入"), count, count)
    return replace(outcome, notes=(*sheets.notes, *doubts, *outcome.notes))


def _doubts(rows: list[ListingRow], order: Order, *, strict: bool) -> list[str]:
    """What a person should look at. A PDF has its footnotes: one that is not found in it is a reason to refuse it."""
    notes = []
    if unknown := [row for row in rows if row.section in NEGOTIATED and not row.standards]:
        place = f"{unknown[0].section} {unknown[0].number}"
        if strict:
            raise FileProblem(_("%(place)s 的支付标准所指的脚注不在 PDF 中：请检查文件是否完整") % {"place": place})
        advice = _("%(n)d 行的支付标准在脚注中（如 %(place)s），CSV 没有脚注：这些支付标准未导入，可改用官方 PDF")
        notes.append(advice % {"n": len(unknown), "place": place})
    if over := [row for row in rows if row.agreement and row.agreement.upper <= order.first]:
        advice = _("%(n)d 行的协议有效期在施行日 %(day)s 之前已结束（如 %(section)s %(number)s）：请核对")
        values = {"n": len(over), "day": order.first, "section": over[0].section, "number": over[0].number}
        notes.append(advice % values)
    return notes


def _of_herbs(problem: RowProblem) -> RowProblem:
    """The line is one of the herbs' own file."""
    return replace(problem, advice=_("中药饮片表：%(advice)s") % {"advice": problem.advice})


def _write(
    order: Order,
    sheets: Sheets,
    rows: list[ListingRow],
    herbs: list[HerbRow],
    sha256: str,
    *,
    at: datetime,
    by: User | str,
) -> Outcome:
    release = store.Release(
        year=order.year,
        first=order.first,
        last=order.last,
        document=order.document,
        title=totals.KNOWN[order.year].document if order.year in totals.KNOWN else TITLE % order.year,
        source=order.source,
        sha256=sha256,
    )
    edition, changed, ended = store.edition(release, sheets.declared)
    counts, notes = store.listings(edition, rows)
    none = store.Counts(0, 0, 0)
    herb_counts = none if sheets.herbs is None else store.herbs(edition, herbs)
    store.categories(edition, sheets.categories, every=sheets.every_category)
    Edition.objects.filter(pk=edition.pk).update(state=Edition.State.READY)
    created, updated, removed = map(sum, zip(counts, herb_counts, strict=True))
    total = len(rows) + len(herbs)
    outcome = Outcome(total, created, updated, total - created - updated, removed, notes=(*ended, *notes))
    audit(
        outcome,
        what="import_edition",
        model="catalog.Edition",
        at=at,
        by=by,
        reason="；".join((f"{edition} {edition.document}", *ended)),
        beside_the_rows=changed,
    )
    return outcome


# -- the two sources --------------------------------------------------------------------------------------------------


def _from_pdf(data: bytes, order: Order, progress: Progress) -> Sheets:
    for option, value in (("--herbs", order.herbs), ("--categories", order.categories), ("--totals", order.totals)):
        if value:
            raise FileProblem(_("PDF 自带饮片、分类和数目：请不要写 %(option)s") % {"option": option})
    document = layout.read(pdf.pages(data, progress=progress))
    if document.year != order.year:
        raise FileProblem(
            _("--year 是 %(year)d，这份 PDF 是 %(found)d 年版：请核对") % {"year": order.year, "found": document.year}
        )
    if missing := [name for name in (*totals.ASKED, "herbs") if name not in document.declared]:
        labels = "、".join(map(totals.label, missing))
        raise FileProblem(_("PDF 的凡例中找不到 %(totals)s 的数目：请检查文件") % {"totals": labels})
    return Sheets(
        rows=tuple(document.rows),
        herbs=tuple(document.herbs),
        categories=categories_of(document.categories),
        every_category=True,
        declared=document.declared,
        footnotes=document.footnotes,
    )


def _from_csv(data: bytes, order: Order) -> Sheets:
    declared = totals.expected(order.year, totals.stated(order.totals))
    table = read_table(data, required=REQUIRED, optional=OPTIONAL)
    problems, notes, herbs = table.problems, table.notes, None
    if order.herbs is not None:
        herb_table = read_table(order.herbs, required=HERB_COLUMNS)
        problems, notes = problems + herb_table.problems, notes + herb_table.notes
        herbs = herb_table.rows
    elif "herbs" in declared:
        del declared["herbs"]
        notes += (_("没有 --herbs：中药饮片部分不导入，已有的不变"),)
    pairs = [(row.values["category_code"], row.values.get("category_name", "")) for row in table.rows]
    known = totals.KNOWN.get(order.year)
    return Sheets(
        rows=table.rows,
        herbs=herbs,
        categories=categories_of([*pairs, *_stated_categories(order.categories)]),
        every_category=order.categories is not None,
        declared=declared,
        footnotes=dict(known.footnotes) if known else {},
        problems=problems,
        notes=notes,
    )


def _stated_categories(data: bytes | None) -> list[tuple[str, str]]:
    """(code, name) of a file of categories; those that have no row of their own stand only there."""
    if data is None:
        return []
    table = read_table(data, required=("code", "name"))
    pairs = [(row.values["code"], joined(row.values["name"])) for row in table.rows]
    if wrong := [code for code, _name in pairs if not CODE.fullmatch(code)]:
        raise FileProblem(_("--categories 中的分类代码“%(code)s”不对：请改正") % {"code": wrong[0][:20]})
    return pairs
