"""The totals a document declares, and counting them: an edition becomes visible only when they agree."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.translation import gettext as _

from catalog.models import Listing
from catalog.nrdl.rows import HerbRow, ListingRow
from catalog.nrdl.standards import Footnote
from pharmacies.files import FileProblem

Totals = dict[str, int]
WESTERN, PATENT, AUCTION = Listing.Section.WESTERN, Listing.Section.PATENT, Listing.Section.AUCTION
TALKS_WESTERN, TALKS_PATENT = Listing.Section.NEGOTIATED_WESTERN, Listing.Section.NEGOTIATED_PATENT

ASKED = ("western", "patent", "negotiated", "class_a_western", "class_a_patent")
"""Without these a document cannot be checked; the others are asserted when it declares them."""

_NUMBER = r"([0-9]{1,5})"
_PRINTED = {
    # as the 凡例 says them, blanks and line breaks taken out
    "western": re.compile(rf"西药部分{_NUMBER}个"),
    "patent": re.compile(rf"中成药部分{_NUMBER}个"),
    "ethnic": re.compile(rf"含民族药{_NUMBER}个"),
    "negotiated": re.compile(rf"协议期内谈判药品(?:（[^）]*）)?部分{_NUMBER}个"),
    "negotiated_western": re.compile(rf"谈判药品(?:（[^）]*）)?部分[0-9]+个（含西药{_NUMBER}个"),
    "negotiated_patent": re.compile(rf"谈判药品(?:（[^）]*）)?部分[0-9]+个（含西药[^）]*?、中成药{_NUMBER}个"),
    "total": re.compile(rf"共计{_NUMBER}个"),
    "class_a_western": re.compile(rf"西药甲类药品{_NUMBER}个"),
    "class_a_patent": re.compile(rf"中成药甲类药品{_NUMBER}个"),
    "herbs": re.compile(rf"支付的品种{_NUMBER}个外"),
}


@dataclass(frozen=True, slots=True)
class Known:
    """What a published edition declares, for its reviewed CSV, which prints neither totals nor footnotes."""

    document: str
    totals: Mapping[str, int]
    footnotes: Mapping[str, Footnote] = field(default_factory=dict)


KNOWN: Mapping[int, Known] = {
    # As their documents say; written down in November 2026. The list of 2025 has not been read by this program yet: only
    # its main totals are asserted.
    2024: Known(
        document="医保发〔2024〕33号",
        totals={
            "western": 1398,
            "patent": 1336,
            "ethnic": 95,
            "negotiated": 425,
            "negotiated_western": 367,
            "negotiated_patent": 58,
            "total": 3159,
            "class_a_western": 393,
            "class_a_patent": 246,
            "herbs": 892,
        },
        footnotes={
            "备注2": Footnote(
                unit="阶梯内单价（元/毫居）",
                tiers=(
                    ("1-10毫居", Decimal("59.00")),
                    ("11-50毫居", Decimal("47.20")),
                    ("51-100毫居", Decimal("38.35")),
                ),
            )
        },
    ),
    2025: Known(
        document="医保发〔2025〕33号",
        totals={
            "western": 1446,
            "patent": 1335,
            "negotiated": 472,
            "total": 3253,
            "class_a_western": 393,
            "class_a_patent": 246,
            "herbs": 892,
        },
    ),
}


def label(name: str) -> str:
    """What a total counts, as the document words it."""
    return {
        "western": _("西药"),
        "patent": _("中成药"),
        "ethnic": _("民族药"),
        "negotiated": _("协议期内谈判药品（含竞价）"),
        "negotiated_western": _("协议期内谈判药品中的西药（含竞价）"),
        "negotiated_patent": _("协议期内谈判药品中的中成药"),
        "total": _("共计"),
        "class_a_western": _("西药甲类"),
        "class_a_patent": _("中成药甲类"),
        "herbs": _("中药饮片"),
    }[name]


# -- declared ---------------------------------------------------------------------------------------------------------


def declared_in(text: str) -> Totals:
    """The totals printed in the 凡例; empty where the text is of another document."""
    plain = re.sub(r"\s", "", text).translate(str.maketrans("()", "（）"))
    found = {name: pattern.search(plain) for name, pattern in _PRINTED.items()}
    return {name: int(match[1]) for name, match in found.items() if match}


def stated(text: str) -> Totals:
    """`western=1398,patent=1336,…` as given to `--totals`. Raises `FileProblem`."""
    totals: Totals = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _equals, number = part.partition("=")
        if name not in _PRINTED or not re.fullmatch(r"[0-9]{1,5}", number) or name in totals:
            raise FileProblem(
                _("--totals 中的“%(part)s”不对：请写成 %(example)s") % {"part": part[:40], "example": example()}
            )
        totals[name] = int(number)
    return totals


def example() -> str:
    return "western=…,patent=…,negotiated=…,class_a_western=…,class_a_patent=…,herbs=…"


def expected(year: int, given: Totals) -> Totals:
    """What a CSV of that year has to add up to: the known document, or what the operator states from it."""
    known = dict(KNOWN[year].totals) if year in KNOWN else {}
    for name, number in given.items():
        if known.get(name, number) != number:
            raise FileProblem(
                _("%(year)d 年版文件所载%(what)s为 %(known)d，与 --totals 的 %(given)d 不符：请核对")
                % {"year": year, "what": label(name), "known": known[name], "given": number}
            )
    totals = {**known, **given}
    if missing := [name for name in ASKED if name not in totals]:
        raise FileProblem(
            _("不知道 %(year)d 年版文件所载的数目（缺 %(missing)s）：请按凡例用 --totals %(example)s 写出")
            % {"year": year, "missing": "、".join(missing), "example": example()}
        )
    totals.setdefault("total", totals["western"] + totals["patent"] + totals["negotiated"])
    return totals


# -- found ------------------------------------------------------------------------------------------------------------


def count(rows: Iterable[ListingRow], herbs: Iterable[HerbRow]) -> Totals:
    """What the rows add up to. A number counts once however many ★ rows it has; it is 甲 when one of them is."""
    numbers: dict[str, set[str]] = {section: set() for section in Listing.Section.values}
    class_a: dict[str, set[str]] = {section: set() for section in Listing.Section.values}
    ethnic: set[str] = set()
    for row in rows:
        numbers[row.section].add(row.number)
        if row.ins_class == Listing.Class.A:
            class_a[row.section].add(row.number)
        if row.section == PATENT and not row.starred and row.category_code.startswith("ZI"):
            ethnic.add(row.number)
    size = {section: len(found) for section, found in numbers.items()}
    western, patent = size[TALKS_WESTERN] + size[AUCTION], size[TALKS_PATENT]
    return {
        "western": size[WESTERN],
        "patent": size[PATENT],
        "ethnic": len(ethnic),
        "negotiated": western + patent,
        "negotiated_western": western,
        "negotiated_patent": patent,
        "total": sum(size.values()),
        "class_a_western": len(class_a[WESTERN]),
        "class_a_patent": len(class_a[PATENT]),
        "herbs": len({herb.number for herb in herbs}),
    }


def compare(declared: Totals, found: Totals, rows: Iterable[ListingRow]) -> None:
    """Raises `FileProblem` with the first total that differs; a number that is missing in between is named."""
    wrong = next((name for name in declared if declared[name] != found[name]), None)
    if wrong is None:
        return
    message = _("%(what)s的数目不符：文件所载 %(declared)d，读出 %(found)d") % {
        "what": label(wrong),
        "declared": declared[wrong],
        "found": found[wrong],
    }
    if gaps := _gaps(rows):
        message += _("（缺编号 %(gaps)s）") % {"gaps": gaps}
    raise FileProblem(message + _("；没有导入任何内容，请核对文件是否完整、年份是否正确"))


def _gaps(rows: Iterable[ListingRow]) -> str:
    numbers: dict[str, set[int]] = {}
    for row in rows:
        numbers.setdefault(row.section, set()).add(int(row.number))
    missing = [
        f"{section} {number}"
        for section, found in numbers.items()
        for number in sorted(set(range(1, max(found))) - found)[:5]
    ]
    return "、".join(missing[:5])
