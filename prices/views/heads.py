"""The head of a comparison page beside its badges: what insurance pays for, what changes with the next edition, and
where the drug is sold at all. Said from `catalog.insurance.Facts`, without a query.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.utils.translation import gettext, ngettext

from catalog.insurance import Facts
from catalog.models import DrugList, Listing
from prices.views import badges, words
from prices.views.sentences import name, sentence


@dataclass(frozen=True, slots=True)
class Restriction:
    """限定支付范围, word for word. `of` names the row where the products' rows differ."""

    text: str
    of: str


@dataclass(frozen=True, slots=True)
class Retail:
    """Where it may be sold. `never`: none of the products in any pharmacy of the province."""

    never: bool
    words: str
    sources: tuple[str, ...]


def restrictions(facts: Facts) -> list[Restriction]:
    rows = facts.listings
    texts = dict.fromkeys(row.restriction.strip() for row in rows if row.restriction.strip())
    alike = len(texts) == 1 and all(row.restriction.strip() in texts for row in rows)
    return [Restriction(text, "" if alike else _rows_with(text, rows)) for text in texts]


def _rows_with(text: str, rows: list[Listing]) -> str:
    return "；".join(f"{row.generic_name} {row.dosage_form}".strip() for row in rows if row.restriction.strip() == text)


def retail(facts: Facts) -> Retail | None:
    """What a list of drugs that are not for retail says; None when none names any of them."""
    lists = facts.naming(DrugList.Kind.NOT_FOR_RETAIL)
    if not lists:
        return None
    everywhere = facts.named_everywhere(DrugList.Kind.NOT_FOR_RETAIL)
    sources = tuple(badges.source(each.area, each.document, each.since) for each in lists)
    if everywhere and len(everywhere) == len(facts.drugs):
        return Retail(True, gettext("本品不在零售药店销售"), sources)
    named = everywhere or {drug for each in lists for drug in each.drug_ids}
    if len(named) < len(facts.drugs):
        text = ngettext("其中 %(n)s 种产品不在零售药店销售", "其中 %(n)s 种产品不在零售药店销售", len(named)) % {
            "n": len(named)
        }
    else:
        text = gettext("本品在部分地区不在零售药店销售")
    return Retail(False, text, sources)


def changes(facts: Facts) -> list[str]:
    """What becomes different with the next edition, one sentence each: `医保乙类改为医保甲类`. Empty without one."""
    said: dict[str, None] = {}
    for row in facts.listings if facts.following else ():
        for text in _changes_of(row, facts.carried.get(row.pk, [])):
            said[text] = None
    return list(said)


def _changes_of(row: Listing, later: list[Listing]) -> list[str]:
    if not later:
        return [gettext("新目录里没有找到同名的条目，是否继续报销还没有核对")]
    found = []
    classes = {each.ins_class for each in later}
    if len(classes) > 1:
        found.append(gettext("新目录里有不同类别的条目，按哪一类报销还没有核对"))
    elif classes != {row.ins_class}:
        before, after = str(badges.CLASSES[row.ins_class][0]), str(badges.CLASSES[classes.pop()][0])
        found.append(gettext("%(before)s改为%(after)s") % {"before": before, "after": after})
    if len(later) == 1:
        found += _changes_between(row, later[0])
    return found


def _changes_between(row: Listing, later: Listing) -> list[str]:
    found = []
    if row.kind != later.kind:
        found.append(_kind_words(row.kind, later.kind))
    elif later.agreement and row.agreement != later.agreement and later.agreement.upper:
        last = words.day(later.agreement.upper - timedelta(days=1))
        found.append(gettext("国家谈判协议有效期改为到 %(day)s") % {"day": last})
    before, after = row.restriction.strip(), later.restriction.strip()
    if before and not after:
        found.append(gettext("不再限定支付范围"))
    elif after != before:
        found.append(sentence(gettext("限定支付范围为：%(text)s"), text=name(after)))
    return found


def _kind_words(before: str, after: str) -> str:
    if after == Listing.Kind.ORDINARY:
        return (
            gettext("不再是国家谈判药，转入常规目录") if before == "谈判" else gettext("不再是竞价药品，转入常规目录")
        )
    return gettext("改为国家谈判药") if after == Listing.Kind.NEGOTIATED else gettext("改为竞价药品")
