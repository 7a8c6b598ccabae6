"""Pages of the official PDF into rows with the column names of the reviewed CSV.

The document has ruled tables under a title for each part; the head of a table says its columns. A category stands in a
row of its own, its code first and its name indented, over ruled lines where it is long. A row may go on on the next
page. What does not fit is refused with its page.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.translation import gettext as _

from catalog.models import Listing
from catalog.nrdl.pdf import Page, RuledTable
from catalog.nrdl.rows import joined
from catalog.nrdl.standards import Footnote
from catalog.nrdl.totals import Totals, declared_in
from pharmacies.files import FileProblem, Row

_COLUMNS = {
    "编号": "no",
    "药品名称": "name",
    "剂型": "dosage_form",
    "医保支付标准": "pay_standard",
    "备注": "remark",
    "协议有效期": "agreement_valid",
    "支付标准有效期": "agreement_valid",
}
_HERBS = ["序号", "饮片名称", "备注"]
_NUMBER = re.compile(r"(?P<plain>[0-9]+)|★[(（](?P<starred>[0-9]+)[)）]")
_YEAR = re.compile(r"药品目录[（(]([0-9]{4})年[）)]")
_FOOTNOTE = re.compile(r"(备注[0-9]+)[：:]")
_TIER_UNIT = re.compile(r"规格[（(](?P<unit>[^）)]{1,6})[）)]")
_TIER_AMOUNT = re.compile(r"(?:[^=]*=)?(?P<amount>[0-9]+(?:\.[0-9]{1,4})?)")
_CLASSES = frozenset(Listing.Class.values)


@dataclass
class Document:
    """What the PDF says. `rows` and `herbs` carry the CSV's columns; their `line` counts printed rows, from 2."""

    year: int
    declared: Totals
    rows: list[Row] = field(default_factory=list)
    herbs: list[Row] = field(default_factory=list)
    categories: list[tuple[str, str]] = field(default_factory=list)
    footnotes: dict[str, Footnote] = field(default_factory=dict)


@dataclass
class _State:
    """Where in the document the reading stands."""

    section: str = ""
    columns: dict[int, str] = field(default_factory=dict)  # position in the table -> our column; empty: no table yet
    in_herbs: bool = False
    category: str = ""
    open_row: dict[str, str] | None = None  # the last row, to which the next page may add
    rows: list[dict[str, str]] = field(default_factory=list)
    herbs: list[dict[str, str]] = field(default_factory=list)


def read(pages: Iterable[Page]) -> Document:
    """The document on the pages. Raises `FileProblem` when it is another one."""
    every = list(pages)
    front = "".join(page.text for page in every[:12])
    declared, year = declared_in(front), _YEAR.search(re.sub(r"\s", "", front))
    if year is None or "total" not in declared:
        raise FileProblem(_("这份 PDF 不是国家医保药品目录：找不到年版和凡例所载的数目，请检查文件"))
    document, state = Document(int(year[1]), declared), _State()
    for page in every:
        for table in page.tables:
            _table(document, state, page, table)
    document.rows = [_row(number, values) for number, values in enumerate(state.rows, 2)]
    herbs = sorted(state.herbs, key=lambda values: int(values["no"]))
    document.herbs = [_row(number, values) for number, values in enumerate(herbs, 2)]
    return document


def _row(line: int, values: dict[str, str]) -> Row:
    return Row(line, values, values)


def _table(document: Document, state: _State, page: Page, table: RuledTable) -> None:
    head = [joined(cell) for cell in table.rows[0]]
    rows = list(enumerate(table.rows))
    if head[0] == "药品分类代码":
        _begin(state, page, head)
        rows = rows[1:]
    elif head[:3] == _HERBS:
        state.in_herbs = True
        rows = rows[1:]
    elif _TIER_UNIT.fullmatch(head[0]):
        _tiers(document, page, table)
        return
    elif not state.columns:
        return  # tables of the 凡例
    for at, cells in rows:
        if state.in_herbs:
            _herbs(state, page, cells)
        elif at in table.names:
            _category(document, state, cells, table.names[at])
        else:
            _listing(document, state, page, cells, first=at == 0)


# -- parts ------------------------------------------------------------------------------------------------------------


def _begin(state: _State, page: Page, head: list[str]) -> None:
    """A table's head: its columns, and the part whose title stands above it."""
    state.columns = {at: _COLUMNS[name] for at, name in enumerate(head) if name in _COLUMNS}
    if not {"no", "name", "remark"} <= set(state.columns.values()):
        raise _unreadable(page, head)
    state.section = _section(page.text.partition("药品分")[0]) or state.section
    if not state.section:
        raise _unreadable(page, head)
    state.open_row = None


def _section(title: str) -> str:
    """The part that a title names, read from its last line up; "" when it names none."""
    talks = "谈判" in title
    for line in reversed(title.split("\n")):
        if "竞价" in line and "谈判" not in line:
            return Listing.Section.AUCTION
        if "中成药" in line:
            return Listing.Section.NEGOTIATED_PATENT if talks else Listing.Section.PATENT
        if "西药" in line:
            return Listing.Section.NEGOTIATED_WESTERN if talks else Listing.Section.WESTERN
    return ""


def _category(document: Document, state: _State, cells: list[str], name: str) -> None:
    state.category = cells[0]
    state.open_row = None
    document.categories.append((cells[0], name))


# -- rows -------------------------------------------------------------------------------------------------------------


def _listing(document: Document, state: _State, page: Page, cells: list[str], *, first: bool) -> None:
    """A printed row, or the rest of one that began on the page before."""
    if len(cells) <= max(state.columns):
        raise _unreadable(page, cells)
    values = {ours: cells[at] for at, ours in state.columns.items()}
    class_at = next(at for at, ours in state.columns.items() if ours == "no") - 1
    *spilled, ins_class = cells[class_at].split("\n")
    before = "".join(cells[:class_at]).strip()
    if first and not (before or ins_class or values["no"]) and state.open_row is not None:
        for ours, text in values.items():
            state.open_row[ours] = "\n".join(filter(None, (state.open_row[ours], text)))
        return
    number = _NUMBER.fullmatch(joined(values["no"]))
    if before or number is None or ins_class not in _CLASSES or not state.category:
        raise _unreadable(page, cells)
    if spilled:  # a category's name, too long for its row, ends in this one
        code, name = document.categories[-1]
        document.categories[-1] = (code, name + joined("\n".join(spilled)))
    state.open_row = {
        "section": str(state.section),
        "page": str(page.number),
        "category_code": state.category,
        "ins_class": ins_class,
        "dosage_form": "",
        "pay_standard": "",
        "agreement_valid": "",
        **values,
        "no": number["plain"] or number["starred"],
        "star": "1" if number["starred"] else "0",
    }
    state.rows.append(state.open_row)


def _herbs(state: _State, page: Page, cells: list[str]) -> None:
    """Two herbs side by side, or one at the end."""
    if len(cells) % 3:
        raise _unreadable(page, cells)
    for at in range(0, len(cells), 3):
        no, name, mark = (joined(cell) for cell in cells[at : at + 3])
        if not (no or name or mark):
            continue
        if not re.fullmatch("[0-9]{1,4}", no):
            raise _unreadable(page, cells)
        state.herbs.append({"no": no, "name": name, "mark": mark})


def _tiers(document: Document, page: Page, table: RuledTable) -> None:
    """A price table below the rows; the footnote it belongs to is the last one named above it."""
    head, *rows = [[joined(cell) for cell in row] for row in table.rows]
    names = _FOOTNOTE.findall(page.text.partition(head[0])[0])
    unit = _TIER_UNIT.fullmatch(head[0])
    if not names or unit is None or len(head) < 2:
        raise _unreadable(page, head)
    tiers = []
    for row in rows:
        amount = _TIER_AMOUNT.fullmatch(row[1])
        if amount is None:
            raise _unreadable(page, row)
        tiers.append((row[0] + unit["unit"], Decimal(amount["amount"])))
    document.footnotes[names[-1]] = Footnote(unit=head[1], tiers=tuple(tiers))


def _unreadable(page: Page, cells: list[str]) -> FileProblem:
    text = " | ".join(filter(None, (joined(cell) for cell in cells)))[:80]
    return FileProblem(
        _("第 %(page)d 页的表格读不通（%(text)s）：请检查 PDF，或改用核对过的 CSV 导入")
        % {"page": page.number, "text": text}
    )
