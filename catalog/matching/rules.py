"""Which rows of an edition fit a product, how well, and why. Pure: no database, no clock.

A row fits only when a name it may carry *equals* the product's name, or what is left of it without form and salt;
a name that merely contains the other never fits (氨氯地平 and 左氨氯地平, 氨氯地平贝那普利, 复方甘草 and 甘草). Rows that
print a form fit only products of that form, or of a kind that 凡例 puts into its group.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

from catalog.codes import CodeError, parse_drug_code
from catalog.matching.forms import printed
from catalog.matching.names import Form, Way, form_of, read
from catalog.matching.text import plain

CERTAIN = 0.6
"""A candidate below this is too weak to be called a match, even when it is the only one."""
LEAD = 0.04
"""Two candidates closer than this fit equally: ambiguous."""
MOST = 6
"""Candidates kept for a product."""

_SURE = {Way.WHOLE: 1.0, Way.CORE: 0.96, Way.SALT: 0.92, Way.ESTER: 0.86, Way.MIXTURE: 0.84}
_WORDS = {
    Way.WHOLE: "通用名与目录名称相同",
    Way.CORE: "除剂型外名称相同",
    Way.SALT: "去掉盐基、酸根后名称相同",
    Way.ESTER: "去掉酯的酸根后名称相同",
    Way.MIXTURE: "去掉各成分的盐基、酸根后名称相同",
}
_PATENT_SECTIONS = ("中成药", "谈判中成药")


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the catalogue, as far as matching reads it."""

    id: int
    section: str
    number: str
    names: tuple[str, ...]
    form: str
    category: str

    @property
    def variety(self) -> tuple[str, str]:
        """品种: rows of one number are forms of the same drug."""
        return self.section, self.number


class Product(NamedTuple):
    """What matching reads of a drug; equal products have equal candidates."""

    name: str
    form: str
    category: str  # X + ATC level 4 of the product code; "" unknown
    kind: Literal["X", "Z", "T", ""]  # western, Chinese patent, herbal piece, unknown


@dataclass(frozen=True, slots=True)
class Fit:
    entry: Entry
    score: float
    reason: str


def product(*, name: str, form: str, code: str = "", approval_no: str = "") -> Product:
    """A product with the evidence of its codes: category and kind by the product code, else kind by the approval."""
    try:
        parsed = parse_drug_code(code) if code else None
    except CodeError:
        parsed = None
    if parsed:
        return Product(name, form, parsed.class_key, parsed.kind)
    return Product(name, form, "", _kind_of_approval(approval_no))


def _kind_of_approval(number: str) -> Literal["X", "Z", ""]:
    letters = "".join(char for char in plain(number) if "a" <= char <= "z")
    if letters.startswith("z"):
        return "Z"
    return "X" if letters[:1] in ("h", "s", "x") else ""


class Catalogue:
    """An edition's rows by every name they may carry."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._whole: dict[str, list[Entry]] = defaultdict(list)  # names that include their form
        self._formed: dict[str, list[Entry]] = defaultdict(list)  # names with the form beside them
        for entry in entries:
            index = self._formed if entry.form else self._whole
            for key in dict.fromkeys(plain(name) for name in entry.names):
                index[key].append(entry)
        self.fits = lru_cache(maxsize=100_000)(self._fits)

    def _fits(self, wanted: Product) -> tuple[Fit, ...]:
        """Candidates, the best first; equal scores in the catalogue's order."""
        if wanted.kind == "T":  # herbal pieces have a list of their own
            return ()
        form = form_of(wanted.name, wanted.form)
        found: dict[int, Fit] = {}
        for way, entry, other in self._named(wanted, form):
            if entry.id not in found:
                found[entry.id] = _weigh(way, entry, wanted, form, other)
        ordered = sorted(found.values(), key=lambda fit: -fit.score)
        return tuple(ordered[:MOST])

    def _named(self, wanted: Product, form: Form) -> Iterator[tuple[Way, Entry, str]]:
        """(way, row, a row that speaks against it): the least changed name that is printed, in a form that fits.

        Where a name is printed only in other forms, a shorter one may still be meant: 双氯芬酸钠 is printed as eye
        drops, the tablets as 双氯芬酸. Rows of the same number are the same drug; of others it is said.
        """
        name = read(wanted.name)
        keys = name.whole if name.words else [*name.whole, *(key + word for key in name.whole for word in form.words)]
        exact = next((self._whole[key] for key in keys if key in self._whole), [])
        if exact:
            yield from ((Way.WHOLE, entry, "") for entry in exact)
            return
        passed: dict[tuple[str, str], str] = {}
        for way, key in name.cores:
            rows = self._formed.get(key, ())
            fitting = [row for row in rows if _form_fits(row, form)]
            for row in fitting:
                other = "" if not passed or row.variety in passed else next(iter(passed.values()))
                yield way, row, other
            if fitting:
                return
            passed.update((row.variety, f"{row.names[0]}{row.form}") for row in rows)


def _form_fits(entry: Entry, form: Form) -> bool:
    return not form.words or not printed(entry.form).isdisjoint(form.words)


def _weigh(way: Way, entry: Entry, wanted: Product, form: Form, other: str) -> Fit:
    score, reasons = _SURE[way], [_WORDS[way]]
    if entry.form:
        factor, said = _form_evidence(entry, form)
        score *= factor
        reasons.append(said)
    if wanted.category and entry.category:
        agrees = wanted.category.startswith(entry.category)
        score *= 1 if agrees else 0.5
        reasons.append(f"药品代码分类 {wanted.category} 与条目分类 {entry.category} {'一致' if agrees else '不一致'}")
    if other:
        score *= 0.7 if wanted.category and wanted.category.startswith(entry.category) else 0.6
        reasons.append(f"目录另有“{other}”")
    patent = entry.section in _PATENT_SECTIONS
    if wanted.kind and patent != (wanted.kind == "Z"):
        score *= 0.5
        reasons.append("产品是中成药，条目在西药部分" if wanted.kind == "Z" else "产品是西药，条目在中成药部分")
    return Fit(entry, round(score, 3), "；".join(reasons))


def _form_evidence(entry: Entry, form: Form) -> tuple[float, str]:
    if not form.words:
        return 0.6, f"产品剂型不明，条目为{entry.form}"
    covered = printed(entry.form)
    said = "或".join(form.words)
    if not covered.issuperset(form.against):
        return 0.6, f"名称与剂型栏不一致，按名称{said}属于{entry.form}"
    if not covered.issuperset(form.words):
        return 0.7, f"剂型写作{said}之一，只有一部分属于{entry.form}"
    if plain(entry.form).removesuffix("剂") in form.words:
        return 1.0, f"剂型同为{entry.form}"
    return 0.99, f"{said}属于{entry.form}"


def leading(fits: tuple[Fit, ...]) -> tuple[Fit, ...]:
    """The candidates that fit equally well at the top: one is a match, several are ambiguous, none is no match."""
    return tuple(fit for fit in fits if fit.score >= CERTAIN and fits[0].score - fit.score < LEAD)


def kind_of(fits: tuple[Fit, ...]) -> Literal["single", "ambiguous", "weak", "none"]:
    """single: one row fits best; ambiguous: several equally; weak: something speaks against every row; none."""
    if not fits:
        return "none"
    ahead = len(leading(fits))
    return "ambiguous" if ahead > 1 else "single" if ahead else "weak"
