"""What people decided about earlier editions, brought to the equal row of a newer one."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from catalog.matching.decisions import DECISIONS, MAX_NOTE, alike
from catalog.matching.text import plain
from catalog.models import Drug, Edition, Listing, ListingMatch
from catalog.nrdl.names import names as names_in

Key = tuple[frozenset[str], str]


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision as it was made, and the note that says where it comes from."""

    state: str
    reviewer: str
    reviewed_at: datetime | None
    score: float
    reason: str
    note: str

    def applied(self, row: ListingMatch | None, drug_id: int, listing_id: int, at: datetime) -> ListingMatch:
        """The match with this decision: the stored candidate, or a new row."""
        match = row or ListingMatch(drug_id=drug_id, listing_id=listing_id, score=self.score, reason=self.reason)
        match.state, match.note = self.state, self.note
        match.reviewed_by, match.reviewed_at = self.reviewer, self.reviewed_at or at
        return match


def remembered(edition: Edition, drugs: QuerySet[Drug] | None = None) -> dict[int, dict[int, Decision]]:
    """Drug id -> row of `edition` -> what was said last of an equal row (names, form) of an earlier edition.

    The section does not matter: a negotiated drug that moves into the ordinary part stays the same drug. Where several
    rows of the new edition are equal, the one of the same category is meant; if that leaves more than one, or several
    accepted rows that no longer say the same, nobody has decided that yet.
    """
    earlier = ListingMatch.objects.filter(state__in=DECISIONS, listing__edition__year__lt=edition.year)
    if drugs is not None:
        earlier = earlier.filter(drug__in=drugs)
    found: dict[int, dict[int, Decision]] = defaultdict(dict)
    rows = _by_key(edition)
    for match in earlier.select_related("listing__edition").order_by("listing__edition__year", "pk").iterator(2000):
        target = _equal(match.listing, rows)
        if target is not None:
            found[match.drug_id][target.pk] = _decision(match)
    listings = {row.pk: row for group in rows.values() for row in group}
    for said in found.values():
        accepted = [key for key, decision in said.items() if decision.state == ListingMatch.State.ACCEPTED]
        if not alike(listings[key] for key in accepted):
            for key in accepted:
                del said[key]
    return found


def _by_key(edition: Edition) -> dict[Key, list[Listing]]:
    rows: dict[Key, list[Listing]] = defaultdict(list)
    for listing in Listing.objects.filter(edition=edition):
        rows[_key(listing)].append(listing)
    return rows


def _key(listing: Listing) -> Key:
    names = listing.names or names_in(listing.generic_name)
    return frozenset(plain(name) for name in names), plain(listing.dosage_form)


def _equal(listing: Listing, rows: dict[Key, list[Listing]]) -> Listing | None:
    equal = rows.get(_key(listing), [])
    if len(equal) > 1:
        equal = [row for row in equal if row.category_code == listing.category_code]
    return equal[0] if len(equal) == 1 else None


def _decision(match: ListingMatch) -> Decision:
    # Stored texts are Chinese: a row has no reader's language.
    origin = f"沿用{match.listing.edition}的审核"
    note = match.note if match.note.startswith("沿用") else "：".join(filter(None, (origin, match.note)))
    return Decision(
        state=match.state,
        reviewer=match.reviewed_by,
        reviewed_at=match.reviewed_at,
        score=match.score,
        reason=match.reason,
        note=note[:MAX_NOTE],
    )
