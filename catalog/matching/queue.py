"""What waits for a reviewer: drugs with candidates and no accepted row, those that most people see first."""

import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TextIO

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from catalog.matching.decisions import label
from catalog.matching.rules import CERTAIN, LEAD
from catalog.models import Edition, ListingMatch
from catalog.specs import format_spec

COLUMNS = (
    *("edition", "drug_code", "name", "dosage_form", "spec", "manufacturer", "approval_no", "offers"),
    *("listing", "listing_name", "listing_form", "class", "kind", "restriction", "score", "leads", "reason"),
    *("decision", "note"),
)
YES = "是"


@dataclass(frozen=True, slots=True)
class Waiting:
    """One candidate of a drug. `leads`: nothing else fits the drug as well; a hint, never a decision."""

    match: ListingMatch
    offers: int
    rivals: int  # candidates of the same drug that lead together, this one among them or not
    leads: bool


def pending(edition: Edition) -> QuerySet[ListingMatch]:
    """Open candidates of drugs for which no row of the edition is accepted."""
    accepted = ListingMatch.objects.filter(
        drug=OuterRef("drug"), listing__edition=edition, state=ListingMatch.State.ACCEPTED
    )
    waiting = ListingMatch.objects.filter(listing__edition=edition, state=ListingMatch.State.CANDIDATE)
    return waiting.filter(~Exists(accepted))


def queue(edition: Edition, *, offers: Mapping[int, int] | None = None, limit: int | None = None) -> list[Waiting]:
    """Candidates, those of a drug together: most live offers first (`offers`: drug id -> count), then the drugs that
    most rows fit equally, then the surest. `limit` counts drugs. Two queries."""
    shown = offers or {}
    scores: dict[int, list[float]] = defaultdict(list)
    for drug_id, score in pending(edition).order_by("drug", "-score").values_list("drug_id", "score"):
        scores[drug_id].append(score)
    rivals = {drug_id: _leading(found) for drug_id, found in scores.items()}
    order = sorted(scores, key=lambda drug: (-shown.get(drug, 0), -rivals[drug], -scores[drug][0], drug))[:limit]
    place = {drug_id: number for number, drug_id in enumerate(order)}
    matches = pending(edition).select_related("drug__preparation", "listing")
    matches = matches.defer("drug__search_names", "drug__search_terms")
    if limit is not None:
        matches = matches.filter(drug__in=order)
    ordered = sorted(matches, key=lambda match: (place[match.drug_id], -match.score, match.listing_id))
    return [
        Waiting(
            match,
            shown.get(match.drug_id, 0),
            rivals[match.drug_id],
            rivals[match.drug_id] == 1 and match.score == scores[match.drug_id][0] >= CERTAIN,
        )
        for match in ordered
    ]


def _leading(scores: list[float]) -> int:
    """How many of the scores, highest first, are as good as the best."""
    return sum(scores[0] - score < LEAD for score in scores)


def write_csv(waiting: Iterable[Waiting], edition: Edition, target: TextIO) -> int:
    """The table a reviewer fills in (`decision`: 接受 or 不符), one row a candidate; how many rows."""
    writer = csv.DictWriter(target, COLUMNS)
    writer.writeheader()
    rows = [_row(each, edition) for each in waiting]
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return len(rows)


def _row(each: Waiting, edition: Edition) -> dict[str, str]:
    drug, listing = each.match.drug, each.match.listing
    return {
        "edition": str(edition.year),
        "drug_code": drug.code,
        "name": drug.preparation.generic_name,
        "dosage_form": drug.preparation.dosage_form,
        "spec": format_spec(drug.preparation.strength, drug.pack_count, drug.unit),
        "manufacturer": drug.manufacturer,
        "approval_no": drug.approval_no,
        "offers": str(each.offers),
        "listing": label(listing),
        "listing_name": listing.generic_name,
        "listing_form": listing.dosage_form,
        "class": listing.ins_class,
        "kind": listing.kind,
        "restriction": listing.restriction,
        "score": f"{each.match.score:.2f}",
        "leads": YES if each.leads else "",
        "reason": each.match.reason,
    }


def _cell(text: str) -> str:
    """A text that a spreadsheet would run as a formula is kept a text."""
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠") else text


def summary(each: Waiting) -> str:
    """One line for a terminal."""
    drug, listing = each.match.drug, each.match.listing
    return _("%(code)s %(name)s（%(maker)s） → %(label)s %(listing)s %(form)s %(cls)s  %(score).2f  %(reason)s") % {
        "code": drug.code,
        "name": drug.preparation.generic_name,
        "maker": drug.manufacturer,
        "label": label(listing),
        "listing": listing.generic_name,
        "form": listing.dosage_form,
        "cls": listing.ins_class,
        "score": each.match.score,
        "reason": each.match.reason,
    }
