"""Cells into rows of the catalogue. The PDF's tables and the reviewed CSV both come here, so that they cannot differ."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils.translation import gettext as _

from catalog.models import Listing
from catalog.nrdl.names import names
from catalog.nrdl.standards import Footnote, Standard, agreement, standards
from pharmacies.files import FileProblem, Row, RowProblem
from pharmacies.importers.reading import CellError, Cells, problem_of, read_rows, whole_number, word

REQUIRED = (
    "section",
    "category_code",
    "ins_class",
    "no",
    "star",
    "name",
    "dosage_form",
    "pay_standard",
    "remark",
    "agreement_valid",
)
OPTIONAL = ("page", "category_name")
HERB_COLUMNS = ("no", "name", "mark")
NEGOTIATED = frozenset({Listing.Section.NEGOTIATED_WESTERN, Listing.Section.NEGOTIATED_PATENT, Listing.Section.AUCTION})
CODE = re.compile(r"[XZ][A-Z](?:[0-9]{2}(?:[A-Z]{1,2})?)?")
NOT_ALONE = "□"
MAX_NAME, MAX_RESTRICTION = 200, 2000
MAX_ONE_NAME = MAX_CATEGORY = 120  # what the columns hold
COLLECTIVE = "◇"
"""In the remarks: the name stands for a group of medicines (凡例（十）). It restricts no payment."""
_LATIN_BREAK = re.compile(r"(?<=[0-9A-Za-z])[ \t]*\r?\n[ \t]*(?=[A-Za-z])")
_BREAK = re.compile(r"[ \t]*\r?\n[ \t]*")


@dataclass(frozen=True, slots=True)
class ListingRow:
    """One printed row; `row` is 1, or 2, 3 … for the ★ rows of a number in the order printed."""

    source: Row
    section: str
    number: str
    starred: bool
    page: int
    category_code: str
    name: str
    names: tuple[str, ...]
    form: str
    ins_class: str
    restriction: str
    agreement: DateRange | None
    standards: tuple[Standard, ...]
    row: int = 1

    @property
    def key(self) -> tuple[str, str, int]:
        return self.section, self.number, self.row

    @property
    def kind(self) -> str:
        if self.section == Listing.Section.AUCTION:
            return Listing.Kind.AUCTION
        return Listing.Kind.NEGOTIATED if self.section in NEGOTIATED else Listing.Kind.ORDINARY


@dataclass(frozen=True, slots=True)
class HerbRow:
    """One 中药饮片; `not_alone`: □."""

    source: Row
    number: int
    name: str
    not_alone: bool
    restriction: str


def joined(text: str) -> str:
    """A cell's text without its line breaks; between a Latin word and a Latin letter the break stood for a blank."""
    return _BREAK.sub("", _LATIN_BREAK.sub(" ", text.strip()))


# -- one row ----------------------------------------------------------------------------------------------------------


def listing_reader(footnotes: Mapping[str, Footnote]) -> Callable[[Cells], ListingRow]:
    """A reader of listing rows; what is wrong stays with the cells."""

    def read(cells: Cells) -> ListingRow:
        section = cells.read("section", word(Listing.Section), "", required=True)
        name = _verbatim(cells, "name", MAX_NAME)
        if not name:
            cells.refuse("missing", _("%(column)s 不能为空") % {"column": "name"})
        held = names(name) if len(name) <= MAX_NAME else ()
        if longest := max((len(each) for each in held if len(each) > MAX_ONE_NAME), default=0):
            cells.refuse("too_long", _too_long("name", longest, MAX_ONE_NAME))
        row = ListingRow(
            source=cells.row,
            section=section,
            number=str(cells.read("no", whole_number(1, 9999), 0, required=True)),
            starred=bool(cells.read("star", whole_number(0, 1), 0, required=True)),
            page=cells.read("page", whole_number(0, 9999), 0),
            category_code=cells.read("category_code", _category_code, "", required=True),
            name=name,
            names=held,
            form=_verbatim(cells, "dosage_form", 120),
            ins_class=cells.read("ins_class", word(Listing.Class), "", required=True),
            restriction=_verbatim(cells, "remark", MAX_RESTRICTION).removeprefix(COLLECTIVE),
            agreement=cells.read("agreement_valid", agreement, None),
            standards=cells.attempt(lambda: standards(_verbatim(cells, "pay_standard", 4000), footnotes), ()),
        )
        _check_part(cells, row)
        return row

    return read


def _check_part(cells: Cells, row: ListingRow) -> None:
    """What goes with the part of the document in which the row stands."""
    if row.section not in NEGOTIATED:
        if row.agreement or row.standards:
            cells.refuse("not_negotiated", _("只有谈判和竞价药品有协议有效期和支付标准：请核对 section"))
        return
    if row.ins_class == Listing.Class.A:
        cells.refuse("class", _("谈判和竞价药品一律为乙类：请核对 ins_class"))
    for column in ("pay_standard", "agreement_valid"):
        if not cells.row.values.get(column):
            cells.refuse("missing", _("%(column)s 不能为空") % {"column": column})


def read_herb(cells: Cells) -> HerbRow:
    """`no, name, mark`; the mark is □, a restriction, or both with `;` between."""
    marks = [part.strip() for part in re.split("[;；]", joined(cells.row.values.get("mark", ""))) if part.strip()]
    alone = [part.startswith(NOT_ALONE) for part in marks]
    rest = [part.removeprefix(NOT_ALONE).strip() for part in marks]
    restriction = "；".join(part for part in rest if part)
    if len(restriction) > 200:
        cells.refuse("too_long", _("%(column)s 太长") % {"column": "mark"})
    return HerbRow(
        source=cells.row,
        number=cells.read("no", whole_number(1, 9999), 0, required=True),
        name=cells.text("name", limit=60, required=True),
        not_alone=any(alone),
        restriction=restriction,
    )


def _verbatim(cells: Cells, column: str, limit: int) -> str:
    """The cell as printed, without its line breaks."""
    text = joined(cells.row.values.get(column, ""))
    if len(text) > limit:
        cells.refuse("too_long", _too_long(column, len(text), limit))
    return text


def _too_long(column: str, n: int, limit: int) -> str:
    return _("%(column)s 有 %(n)d 个字，最多 %(limit)d 个") % {"column": column, "n": n, "limit": limit}


def _category_code(text: str) -> str:
    if not CODE.fullmatch(text):
        raise CellError(
            "category", _("药品分类代码“%(text)s”不对：请写成 XA、XA02、XA02B 或 XA02BA 的样子") % {"text": text[:20]}
        )
    return text


# -- rows together ----------------------------------------------------------------------------------------------------


def read_listings(rows: Iterable[Row], footnotes: Mapping[str, Footnote]) -> tuple[list[ListingRow], list[RowProblem]]:
    """Every row read and its ★ rows counted through; rows that contradict each other are problems of the later one."""
    read, problems = read_rows(rows, listing_reader(footnotes), key=lambda row: id(row))
    if problems:  # a ★ row whose number is in a bad row is not itself wrong
        return read, problems
    plain: set[tuple[str, str]] = set()
    for row in read:
        if row.starred:
            continue
        if (place := (row.section, row.number)) in plain:
            problems.append(_problem(row, "repeated", _("编号 %(no)s 在 %(section)s 部分出现两次：请核对")))
        plain.add(place)
    counted: dict[tuple[str, str], int] = {}
    numbered = []
    for row in read:
        place = row.section, row.number
        if row.starred and place not in plain:
            problems.append(_problem(row, "star", _("★(%(no)s) 所指的编号不在 %(section)s 部分：请核对")))
        if row.starred:
            counted[place] = counted.get(place, 1) + 1
        numbered.append(replace(row, row=counted[place]) if row.starred else row)
    return numbered, problems


def read_herbs(rows: Iterable[Row]) -> tuple[list[HerbRow], list[RowProblem]]:
    return read_rows(rows, read_herb, key=lambda row: row.number)


def categories_of(rows: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Code -> name from (code, name) pairs: the first name printed counts, one without a name is not kept.

    Raises `FileProblem` for a name longer than any.
    """
    found: dict[str, str] = {}
    for code, name in rows:
        if name := joined(name):
            if len(name) > MAX_CATEGORY:
                raise FileProblem(
                    _("分类 %(code)s 的名称有 %(n)d 个字，最多 %(limit)d 个：请核对")
                    % {"code": code[:20], "n": len(name), "limit": MAX_CATEGORY}
                )
            found.setdefault(code, name)
    return found


def _problem(row: ListingRow, reason: str, advice: str) -> RowProblem:
    return problem_of(row.source, [(reason, advice % {"no": row.number, "section": row.section})])
