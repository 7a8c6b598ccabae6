"""What a person says about a candidate: accepted or rejected. Never a machine, never twice against each other."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from catalog.matching.rows import locked
from catalog.models import Listing, ListingMatch
from pharmacies.audit import record
from pharmacies.models import User

DECISIONS = (ListingMatch.State.ACCEPTED, ListingMatch.State.REJECTED)
MAX_NOTE, MAX_WHO = 300, 150


class Refused(ValueError):
    """A decision that cannot stand; `reason` is stable, the message says what to do."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def decide(*, match: ListingMatch, state: str, by: User | str, at: datetime, note: str = "") -> bool:
    """Accept or reject `match`, stored or not (a row nobody proposed); whether that changed anything.

    The other candidates of the drug stay as they are: they leave the queue, and come back when this is rejected later.
    A drug may have two accepted rows of one edition only when both say the same (class, kind, restriction, agreement),
    as when one drug is printed under two categories; otherwise citizens would be told two things. Raises `Refused`.
    """
    who = by.get_username() if isinstance(by, User) else by.strip()
    if state not in DECISIONS:
        raise Refused("decision", _("只能接受或判为不符"))
    if not who:
        raise Refused("by", _("请写明审核人"))
    if len(who) > MAX_WHO:
        raise Refused("too_long", _("审核人最多 %(n)d 个字：请缩短") % {"n": MAX_WHO})
    if len(note) > MAX_NOTE:
        raise Refused("too_long", _("审核说明最多 %(n)d 个字：请缩短") % {"n": MAX_NOTE})
    with transaction.atomic():
        locked(match.listing.edition_id)
        stored = ListingMatch.objects.filter(drug=match.drug_id, listing=match.listing_id)
        row = stored.select_related("drug", "listing").first() or match
        if row.pk and row.state == state:
            return False
        if state == ListingMatch.State.ACCEPTED:
            _refuse_contradiction(row)
        before = {"state": row.state, "by": row.reviewed_by, "note": row.note} if row.pk else None
        row.state, row.reviewed_by, row.reviewed_at, row.note = state, who, at, note
        row.reason = row.reason or "人工指定"
        row.save()
        record(
            at=at,
            by=by,
            action="decide_match",
            subject="catalog.ListingMatch",
            subject_id=row.pk,
            before=before,
            after={"state": state, "drug": row.drug.code, "listing": label(row.listing), "note": note},
            reason=note,
        )
    match.pk, match.state = row.pk, row.state
    return True


def _refuse_contradiction(row: ListingMatch) -> None:
    accepted = ListingMatch.objects.filter(
        drug=row.drug_id, listing__edition=row.listing.edition_id, state=ListingMatch.State.ACCEPTED
    ).exclude(listing=row.listing_id)
    for other in accepted.select_related("listing"):
        if not alike([row.listing, other.listing]):
            raise Refused(
                "other_accepted",
                _("药品 %(code)s 已接受 %(other)s（%(name)s），两条的甲乙类或支付规定不同：请先把那一条判为不符")
                % {"code": row.drug.code, "other": label(other.listing), "name": other.listing.generic_name},
            )


def alike(listings: Iterable[Listing]) -> bool:
    """Whether the rows say the same to whoever buys the drug."""
    return len({(row.ins_class, row.kind, row.restriction, row.agreement) for row in listings}) <= 1


def label(listing: Listing) -> str:
    """西药/123/1: section, number and row, by which a row is named in files and at the command line."""
    return f"{listing.section}/{listing.number}/{listing.row}"
