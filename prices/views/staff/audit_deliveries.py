"""What head office changed at a shop, as lines of the shop's own log: one a delivery, for the event itself is in the
chain's log, where the shop's people do not read."""

from datetime import date, timedelta
from typing import Any

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Value, When
from django.urls import reverse
from django.utils.translation import gettext

from pharmacies.models import Pharmacy
from prices.models import FeedRun, RunPharmacy, Upload
from prices.monitoring.changes import midnight
from prices.views.staff import audit_words
from prices.views.staff.audit_words import Change, Line

_UPLOADED = Exists(Upload.objects.filter(run=OuterRef("run")))
_TAKEN_BACK = Exists(Upload.objects.filter(back_run=OuterRef("run")))


def of(
    pharmacy: Pharmacy,
    *,
    who: str = "",
    action: str = "",
    first: date | None = None,
    last: date | None = None,
) -> QuerySet[Any]:
    """Deliveries of head office's desk that changed prices of the shop, newest first; narrowed as the log is, `who` being
    part of the chain's name. Each with `what`, the action of the chain's log."""
    found = RunPharmacy.objects.filter(
        Q(changed__gt=0) | Q(withdrawn__gt=0),
        pharmacy=pharmacy,
        run__feed__desk=True,
        run__feed__chain__isnull=False,
    )
    if who:
        found = found.filter(run__feed__chain__name__icontains=who)
    if first:
        found = found.filter(run__received_at__gte=midnight(first))
    if last:
        found = found.filter(run__received_at__lt=midnight(last + timedelta(days=1)))
    what = Case(
        When(_UPLOADED, then=Value("sheet.apply")),
        When(_TAKEN_BACK, then=Value("sheet.take_back")),
        When(run__channel=FeedRun.Channel.SCHEDULED, then=Value("chain.announce")),
        default=Value("chain.price"),
    )
    found = found.annotate(what=what).select_related("run__feed__chain").order_by("-run")
    return found.filter(what=action) if action else found


def line(signed: Any, pharmacy: Pharmacy) -> Line:
    """One of `of` in words, with the way to the delivery's page at this shop."""
    run = signed.run
    numbers = ((gettext("变动"), signed.changed), (gettext("下架"), signed.withdrawn))
    return Line(
        at=run.received_at,
        anchor=f"r{run.pk}",
        who=run.feed.chain.name,
        account="",
        role=gettext("连锁总部"),
        action=audit_words.action(signed.what),
        about=" ".join((str(audit_words.SUBJECTS["prices.FeedRun"]), str(run.pk))),
        link=reverse("staff:desk-run", args=[pharmacy.code, run.pk]),
        place="",
        changes=[Change(label, "", str(n)) for label, n in numbers if n],
        more=0,
        reason=run.override_reason,
    )
