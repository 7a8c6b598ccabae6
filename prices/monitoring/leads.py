"""What an official may do with a lead by itself; what becomes of it in a case is the case's."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from pharmacies import audit
from pharmacies.models import User
from prices.models import Lead
from prices.monitoring import written

LONGEST_REASON = 200


class NotPossible(ValueError):
    """It cannot be done; the message says why and what to do."""


def dismiss(*, lead: Lead, reason: str, by: User, at: datetime) -> Lead:
    """排除线索: somebody has looked and there is nothing in it. The same level is never a lead again.

    Raises `NotPossible` without a reason, or when the lead is no longer new: somebody else was faster.
    """
    reason = written.line(reason)
    if not reason:
        raise NotPossible(_("请写明排除的理由"))
    if len(reason) > LONGEST_REASON:
        raise NotPossible(_("理由最多 %(n)d 个字") % {"n": LONGEST_REASON})
    with transaction.atomic():
        fields = {"dismissed_by": by, "dismissed_at": at, "reason": reason}
        claimed = Lead.objects.filter(pk=lead.pk, state=Lead.State.NEW).update(state=Lead.State.DISMISSED, **fields)
        lead.refresh_from_db()
        if not claimed:
            raise NotPossible(_("这条线索现在是“%(state)s”，不能再排除") % {"state": lead.get_state_display()})
        audit.record(
            at=at,
            by=by,
            action="lead.dismiss",
            subject="prices.Lead",
            subject_id=lead.pk,
            place=lead.area,
            before={"state": Lead.State.NEW},
            after={"state": lead.state},
            reason=reason,
        )
    return lead
